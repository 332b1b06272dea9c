//! Proofs: rows from a file and from the model itself, two scorings, one document of evidence.

use std::path::Path;

use holdall_codec::{Examples, Nearness};
use holdall_diag::{Diagnostic, Failure};
use holdall_package::digest;
use holdall_prove::{
    BoundaryOptions, Comparison, Evidence, RowCounts, Tolerance, Verdict, boundary_rows, compare,
    examples,
};
use holdall_score::Covered;
use holdall_source::Source;
use holdall_table::{Column, CsvReader, Data, Kind, Matching, Scoring, Table, select_inputs};
use holdall_tabular::ValidModel;
use serde_json::Value;

use crate::{
    cmd::{codes, score::matching},
    render::push,
    ui::Ui,
};

/// Columns of a row that are shown.
const SHOWN_COLUMNS: usize = 40;

/// One side of a proof.
pub(crate) struct Side<'a> {
    pub(crate) scoring: &'a dyn Scoring,
    pub(crate) source: &'a Source,
    pub(crate) format: &'static str,
}

/// The outcome of a proof.
pub(crate) struct Proven {
    /// Whether the sides answer alike.
    pub(crate) holds: bool,
    /// `equal`, `within-tolerance` or `different`.
    pub(crate) verdict: &'static str,
    /// The evidence document.
    pub(crate) evidence: Value,
    /// One line for people.
    pub(crate) text: String,
}

impl Proven {
    /// The error that says so when the sides differ.
    pub(crate) fn finding(&self) -> Option<Diagnostic> {
        (!self.holds).then(|| {
            Diagnostic::error(codes::DIFFERENT, self.text.clone())
                .with_help("nothing was written; `--json` has the evidence")
        })
    }
}

/// What a conversion may differ by: rounding where a side answers in binary32, the last digits of
/// binary64 otherwise. Labels must be equal either way.
fn tolerance(source: &dyn Scoring, target: &dyn Scoring) -> Tolerance {
    if has_binary32(source, target) {
        Tolerance { relative: 1e-6, absolute: 1e-7, ulp: 2 }
    } else {
        Tolerance { relative: 1e-12, absolute: 1e-15, ulp: 2 }
    }
}

/// What another engine may differ by on rows that the target carries: ten times as much, as it may add in another
/// order.
fn nearness(source: &dyn Scoring, target: &dyn Scoring) -> Nearness {
    if has_binary32(source, target) {
        Nearness { relative: 1e-5, zero: 1e-6 }
    } else {
        Nearness { relative: 1e-11, zero: 1e-14 }
    }
}

fn has_binary32(source: &dyn Scoring, target: &dyn Scoring) -> bool {
    source.outputs().iter().chain(target.outputs()).any(|port| port.kind == Kind::F32)
}

/// The rows of a proof.
pub(crate) struct Rows {
    /// Input columns of the source as text: rows of the file first, then those made from the model.
    table: Table,
    counts: RowCounts,
    covered: Covered,
}

impl Rows {
    /// The rows of a file (unless `rows` is `auto`) and those made from `model`.
    pub(crate) fn gather(
        source: &dyn Scoring,
        model: Option<&ValidModel>,
        rows: &str,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let mut table = no_rows(source);
        let mut counts = RowCounts::default();
        if rows != "auto" {
            let file = Source::open(Path::new(rows))?;
            let read = CsvReader::open(&file)?.read_all()?;
            counts = RowCounts::of_file(read.rows as u64);
            let by = matching(source, false);
            append(&mut table, &selected(source, &read, by).map_err(|f| f.in_file(rows))?);
        }
        let mut covered = Covered::default();
        if let Some(model) = model {
            let options = BoundaryOptions::default();
            let bar = ui.progress("making rows");
            let boundary = boundary_rows(model, &options, &mut |done, all| {
                bar.set_length(all);
                bar.set_position(done);
            })?;
            bar.finish_and_clear();
            append(&mut table, &boundary.rows);
            let made = RowCounts::of_boundary(&boundary, options.seed);
            counts = RowCounts { file: counts.file, ..made };
            covered = boundary.covered;
        }
        if table.rows == 0 {
            return Err(Failure::usage(codes::ROWS, "there are no rows to compare on")
                .with_help("name a CSV file with rows"));
        }
        Ok(Self { table, counts, covered })
    }

    /// Some of the rows with the answers of `source`, for the target to carry: of the file, where there is one.
    pub(crate) fn examples(
        &self,
        source: &dyn Scoring,
        target: &dyn Scoring,
        wanted: usize,
    ) -> Result<Examples, Failure> {
        let file = usize::try_from(self.counts.file).unwrap_or(usize::MAX);
        let first = if file == 0 { self.table.rows } else { file };
        examples(source, target, (&self.table, first), nearness(source, target), wanted)
    }
}

/// Scores both sides on the rows and compares. `target_name` is what the target will be called.
pub(crate) fn prove(
    source: &Side<'_>,
    target: &Side<'_>,
    rows: &Rows,
    target_name: &str,
    ui: &Ui,
) -> Result<Proven, Failure> {
    let Rows { table, counts, covered } = rows;
    let bar = ui.progress("comparing");
    let allowed = tolerance(source.scoring, target.scoring);
    let compared = compare(source.scoring, target.scoring, table, &allowed, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let verdict = match compared.verdict {
        Verdict::Equal => "equal",
        Verdict::WithinTolerance => "within-tolerance",
        Verdict::Different => "different",
    };
    let mut text = sentence(&compared, counts, covered);
    if compared.verdict == Verdict::Different
        && let Some(row) = shown_row(&compared)
    {
        text.push_str(&row_text(table, row));
    }
    let evidence = Evidence::of_conversion(
        side(source, source.source.name())?,
        side(target, target_name)?,
        *counts,
        *covered,
        compared,
    );
    Ok(Proven {
        holds: verdict != "different",
        verdict,
        evidence: serde_json::to_value(&evidence).unwrap_or_default(),
        text,
    })
}

fn side(side: &Side<'_>, path: &str) -> Result<holdall_prove::Side, Failure> {
    let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(holdall_prove::Side {
        path: name.unwrap_or_else(|| path.to_owned()),
        format: side.format.to_owned(),
        sha256: digest::of(side.source)?.sha256.to_string(),
    })
}

/// The input columns as text, so that rows of a file and rows made from the model stand together;
/// numbers are written so that reading gives the same bits.
fn no_rows(scoring: &dyn Scoring) -> Table {
    let column =
        |port: &holdall_table::Port| Column::new(port.name.clone(), Data::Text(Vec::new()));
    Table { columns: scoring.inputs().iter().map(column).collect(), rows: 0, first_row: 0 }
}

fn append(table: &mut Table, more: &Table) {
    for (column, added) in table.columns.iter_mut().zip(&more.columns) {
        if let Data::Text(texts) = &mut column.data {
            texts.extend((0..more.rows).map(|row| added.text(row)));
        }
    }
    table.rows += more.rows;
}

/// The text of the columns that the model takes, in its order; they are parsed to be checked.
fn selected(scoring: &dyn Scoring, rows: &Table, by: Matching) -> Result<Table, Failure> {
    Ok(select_inputs(scoring, rows, by)?.0)
}

/// The row that shows best how the sides differ, from 1.
fn shown_row(compared: &Comparison) -> Option<u64> {
    let beyond = compared.first_beyond.as_ref().and(compared.largest_absolute.as_ref());
    let label = compared.first_label_change.as_ref().map(|change| &change.at);
    let places = [beyond.map(|l| &l.at), label, compared.first_unlike.as_ref()];
    let cell = places.into_iter().flatten().next().map(|at| at.place.row);
    cell.or(compared.first_refusal.as_ref().map(|refusal| refusal.row))
}

/// The inputs of a row: nobody else knows those of a row that was made.
fn row_text(table: &Table, row: u64) -> String {
    let index = usize::try_from(row.saturating_sub(1)).unwrap_or(usize::MAX);
    let cell = |column: &Column| match &column.data {
        Data::Text(texts) => texts.get(index).filter(|text| !text.is_empty()).cloned(),
        Data::F32(_) | Data::F64(_) | Data::I64(_) | Data::Bool(_) => None,
    };
    let mut text = format!("; row {row} is ");
    for (i, column) in table.columns.iter().take(SHOWN_COLUMNS).enumerate() {
        let value = cell(column).map_or_else(|| "missing".to_owned(), |text| format!("`{text}`"));
        push(&mut text, format_args!("{}{} {value}", if i > 0 { ", " } else { "" }, column.name));
    }
    let more = table.columns.len().saturating_sub(SHOWN_COLUMNS);
    if more > 0 {
        push(&mut text, format_args!(" and {more} more columns"));
    }
    text
}

fn sentence(compared: &Comparison, counts: &RowCounts, covered: &Covered) -> String {
    let mut text = match compared.verdict {
        Verdict::Equal => "proved equal".to_owned(),
        Verdict::WithinTolerance => "proved within tolerance".to_owned(),
        Verdict::Different => "the target answers differently".to_owned(),
    };
    push(
        &mut text,
        format_args!(
            " on {} rows ({} from the file, {} on boundaries, {} at random)",
            counts.file + counts.boundary + counts.random,
            counts.file,
            counts.boundary,
            counts.random
        ),
    );
    if covered.all_leaves > 0 {
        push(
            &mut text,
            format_args!(
                ", reaching {} of {} splits and {} of {} leaves",
                covered.splits, covered.all_splits, covered.leaves, covered.all_leaves
            ),
        );
    }
    if let Some(largest) = &compared.largest_absolute {
        push(
            &mut text,
            format_args!(
                "; largest difference {:.3e} in `{}` of row {}",
                largest.value, largest.at.place.column, largest.at.place.row
            ),
        );
    }
    if compared.label_changes > 0 {
        push(&mut text, format_args!("; {} labels changed", compared.label_changes));
        if let Some(first) = &compared.first_label_change {
            push(
                &mut text,
                format_args!(
                    ", first in row {}: `{}` became `{}`",
                    first.at.place.row, first.at.source, first.at.target
                ),
            );
        }
    }
    if let Some(refusal) = &compared.first_refusal {
        let who = if refusal.by_source { "source" } else { "target" };
        push(
            &mut text,
            format_args!(
                "; {} rows are refused by one side, first row {} by the {who}: {}",
                compared.refused_by_one, refusal.row, refusal.message
            ),
        );
    }
    if let Some(unlike) = &compared.first_unlike {
        push(
            &mut text,
            format_args!(
                "; {} cells have a number on one side only, first `{}` of row {}",
                compared.unlike, unlike.place.column, unlike.place.row
            ),
        );
    }
    if !compared.unpaired.is_empty() {
        push(&mut text, format_args!("; not answered: {}", compared.unpaired.join(", ")));
    }
    text
}
