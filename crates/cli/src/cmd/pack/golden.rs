//! Golden requests: rows with the answers that a server must give.

use holdall_convert::Loaded;
use holdall_diag::Failure;
use holdall_package::{manifest::Golden, source_form::GoldenForm};
use holdall_source::Source;
use holdall_table::{Column, CsvReader, CsvWriter, Table, select_inputs};

use super::packing::{Base, contradiction};
use crate::cmd::score::matching;

/// Golden requests that hold, and the file with the answers.
pub(super) struct Found {
    pub(super) golden: Golden,
    pub(super) expected: Source,
}

/// Scores the requests. The author's answers must be those of the model within the tolerance, otherwise
/// both are shown; without answers of the author, those of the model are recorded.
pub(super) fn golden(form: &GoldenForm, loaded: &Loaded, base: &Base) -> Result<Found, Failure> {
    let requests = base.open(&form.requests)?;
    let rows = CsvReader::open(&requests)?.read_all()?;
    let scoring = loaded.scoring(false)?;
    let in_file = |failure: Failure| failure.in_file(&form.requests);
    let by = matching(&*scoring, false);
    let (inputs, _) = select_inputs(&*scoring, &rows, by).map_err(in_file)?;
    let answers = scoring.score(&inputs).map_err(in_file)?;
    let (name, expected) = if let Some(name) = &form.expected {
        let source = base.open(name)?;
        let declared = CsvReader::open(&source)?.read_all()?;
        compare(form, name, &declared, &answers)?;
        (name.clone(), source)
    } else {
        let name = format!("golden/{}.expected.csv", form.requests.replace('/', "_"));
        let mut writer = CsvWriter::new(Vec::new());
        writer.write(&answers)?;
        (name.clone(), Source::from_bytes(name.as_str(), writer.finish()?))
    };
    let golden = Golden {
        requests: form.requests.clone(),
        expected: name,
        rows: rows.rows as u64,
        absolute: form.absolute,
        relative: form.relative,
    };
    Ok(Found { golden, expected })
}

fn compare(form: &GoldenForm, name: &str, declared: &Table, found: &Table) -> Result<(), Failure> {
    if declared.rows != found.rows {
        return Err(contradiction(format!(
            "`{name}` has {} answers, `{}` has {} requests",
            declared.rows, form.requests, found.rows
        )));
    }
    for column in &declared.columns {
        let Some(answer) = found.column(&column.name) else {
            let names: Vec<&str> = found.columns.iter().map(|c| c.name.as_str()).collect();
            return Err(contradiction(format!(
                "`{name}` expects `{}`, the model answers with {}",
                column.name,
                names.join(", ")
            )));
        };
        for row in 0..declared.rows {
            if !same(form, column, answer, row) {
                return Err(contradiction(format!(
                    "row {} of `{}`: `{name}` expects {} {}, the model answers {}",
                    row + 1,
                    form.requests,
                    column.name,
                    column.text(row),
                    answer.text(row)
                )));
            }
        }
    }
    Ok(())
}

fn same(form: &GoldenForm, declared: &Column, found: &Column, row: usize) -> bool {
    if declared.is_missing(row) || found.is_missing(row) {
        return declared.is_missing(row) == found.is_missing(row);
    }
    let (a, b) = (declared.text(row), found.text(row));
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => {
            let apart = (x - y).abs();
            a == b || apart <= form.absolute || apart <= form.relative * x.abs().max(y.abs())
        }
        _ => a == b,
    }
}
