use std::path::PathBuf;

use holdall_diag::Failure;
use holdall_profile::{Logical, Profile, Profiler};
use holdall_source::Source;
use holdall_table::CsvReader;

use crate::{
    render::Columns,
    ui::{Exit, Ui},
};

/// Profile the columns of a data file.
///
/// One pass in constant memory; quantiles are exact up to 65,536 values a column and sampled with a
/// fixed seed beyond.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  holdall profile train.csv\n  holdall profile rows.csv --json\n\n\
                        Exit status: 0; 2 when the file cannot be read."
)]
pub(crate) struct Args {
    /// The CSV file, with a header row.
    data: PathBuf,
}

/// Rows of a batch: small enough for the cache, large enough to amortise.
const BATCH: usize = 4096;

/// Profiles a CSV file.
pub(crate) fn profile(source: &Source) -> Result<Profile, Failure> {
    let mut reader = CsvReader::open(source)?;
    let mut profiler = Profiler::new();
    while let Some(rows) = reader.batch(BATCH)? {
        profiler.push(&rows);
    }
    Ok(profiler.finish())
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let profile = profile(&Source::open(&args.data)?)?;
    ui.document(&serde_json::to_value(&profile).unwrap_or_default());
    let mut columns = Columns::new(&[
        "column",
        "values",
        "missing",
        "distinct",
        "min",
        "mean",
        "median",
        "max",
        "most frequent",
    ]);
    for column in &profile.columns {
        let numeric = column.numeric.as_ref();
        let figure = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.6}"));
        let median = numeric.and_then(|n| n.quantiles.iter().find(|q| (0.49..0.51).contains(&q.p)));
        let top = column.top.first().filter(|_| column.logical == Logical::Text);
        columns.row([
            column.name.clone(),
            column.count.to_string(),
            column.missing.to_string(),
            column.distinct.map_or_else(|| "> 4096".to_owned(), |n| n.to_string()),
            figure(numeric.map(|n| n.min)),
            figure(numeric.map(|n| n.mean)),
            figure(median.map(|q| q.value)),
            figure(numeric.map(|n| n.max)),
            top.map_or_else(String::new, |top| format!("{} × {}", top.count, top.value)),
        ]);
    }
    ui.text(&columns.finish());
    ui.text(&format!("{} rows\n", profile.rows));
    Ok(Exit::Yes)
}
