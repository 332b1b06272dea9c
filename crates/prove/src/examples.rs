use holdall_codec::{ExampleColumn, Examples, Nearness};
use holdall_diag::Failure;
use holdall_table::{Column, Port, Role, Scoring, Table};

use crate::compare::{Side, pair, real, slice};

/// Rows that are looked at for each row that is wanted.
const LOOKED_AT: usize = 4;

/// Up to `wanted` of the first rows of a table, so many of which are looked at, spread evenly, with what `source` answers, in the words of `target`: its names of
/// columns and of labels.
///
/// Left out are rows that a side refuses, and rows with a number in them that is NaN or infinite: engines differ in how
/// they read those. There are none where answers depend on the rows before.
pub fn examples(
    source: &dyn Scoring,
    target: &dyn Scoring,
    (rows, among): (&Table, usize),
    near: Nearness,
    wanted: usize,
) -> Result<Examples, Failure> {
    if wanted == 0 || source.history() > 0 {
        return Ok(Examples::default());
    }
    let pairs = pair(source.outputs(), target.outputs())?;
    let mut columns: Vec<ExampleColumn> = Vec::new();
    columns.extend(target.inputs().iter().map(|port| column(port, None)));
    let answers = pairs.iter().flatten().filter_map(|&j| target.outputs().get(j));
    columns.extend(answers.map(|port| column(port, Some(near))));
    let sides = [Side::new(source, rows)?, Side::new(target, rows)?];
    let mut fit: Vec<Vec<Option<String>>> = Vec::new();
    for at in spread(among.min(rows.rows), wanted.saturating_mul(LOOKED_AT)) {
        let row = slice(rows, at..at + 1);
        let [a, b] = sides.each_ref().map(|side| side.try_one(&row));
        let (Ok(a), Ok(b)) = (a, b) else { continue };
        let inputs = sides[1].inputs(&row)?;
        let answers = answer_columns(&pairs, source.outputs(), (&a, &b));
        let given = inputs.columns.iter().map(|column| (column, 0));
        let cells: Vec<(&Column, usize)> = given.chain(answers).collect();
        if cells.iter().all(|(column, row)| is_plain(column, *row)) {
            fit.push(cells.into_iter().map(|(column, row)| cell(column, row)).collect());
        }
    }
    for at in spread(fit.len(), wanted) {
        let row = fit.get_mut(at).map(std::mem::take).unwrap_or_default();
        for (column, cell) in columns.iter_mut().zip(row) {
            column.cells.push(cell);
        }
    }
    Ok(Examples { columns })
}

fn column(port: &Port, near: Option<Nearness>) -> ExampleColumn {
    ExampleColumn { name: port.name.clone(), near, cells: Vec::new() }
}

type Row = (std::rc::Rc<Table>, usize);

/// The answers of a row.
fn answer_columns<'r>(
    pairs: &[Option<usize>],
    ports: &[Port],
    (source, target): (&'r Row, &'r Row),
) -> Vec<(&'r Column, usize)> {
    let answer = |(i, pair): (usize, &Option<usize>)| {
        // A label is a word, and the target has words of its own.
        let is_label = ports.get(i).is_some_and(|port| port.role == Some(Role::Label));
        let (side, at) = if is_label { (target, (*pair)?) } else { (source, pair.map(|_| i)?) };
        Some((side.0.columns.get(at)?, side.1))
    };
    pairs.iter().enumerate().filter_map(answer).collect()
}

/// Whether every engine reads the cell alike: it is no NaN and not infinite.
fn is_plain(column: &Column, row: usize) -> bool {
    column.is_missing(row) || real(column, row).is_none_or(f64::is_finite)
}

/// A cell as text; none where it is missing.
fn cell(column: &Column, row: usize) -> Option<String> {
    (!column.is_missing(row)).then(|| column.text(row))
}

/// Up to `wanted` of the positions below `count`, spread evenly.
fn spread(count: usize, wanted: usize) -> impl Iterator<Item = usize> {
    let taken = wanted.min(count);
    (0..taken).map(move |i| i.saturating_mul(count) / taken.max(1))
}
