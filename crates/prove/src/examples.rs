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
        let Some(mut cells) = inputs.columns.iter().map(|c| cell(c, 0)).collect::<Option<Vec<_>>>()
        else {
            continue;
        };
        if answer_cells(&pairs, source.outputs(), (&a, &b), &mut cells) {
            fit.push(cells);
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

/// Adds the answers of a row; says whether all of them can be written.
fn answer_cells(
    pairs: &[Option<usize>],
    ports: &[Port],
    (source, target): (&Row, &Row),
    cells: &mut Vec<Option<String>>,
) -> bool {
    for (i, j) in pairs.iter().enumerate().filter_map(|(i, pair)| Some((i, (*pair)?))) {
        // A label is a word, and the target has words of its own.
        let is_label = ports.get(i).is_some_and(|port| port.role == Some(Role::Label));
        let (side, at) = if is_label { (target, j) } else { (source, i) };
        match side.0.columns.get(at).and_then(|column| cell(column, side.1)) {
            Some(cell) => cells.push(cell),
            None => return false,
        }
    }
    true
}

type Row = (std::rc::Rc<Table>, usize);

/// A cell as text, `Some(None)` where it is missing; nothing for NaN and infinities.
fn cell(column: &Column, row: usize) -> Option<Option<String>> {
    if column.is_missing(row) {
        return Some(None);
    }
    match real(column, row) {
        Some(number) if !number.is_finite() => None,
        _ => Some(Some(column.text(row))),
    }
}

/// Up to `wanted` of the positions below `count`, spread evenly.
fn spread(count: usize, wanted: usize) -> impl Iterator<Item = usize> {
    let taken = wanted.min(count);
    (0..taken).map(move |i| i.saturating_mul(count) / taken.max(1))
}
