//! How fast holdall scores rows that are in memory: `steady MODEL ROWS.csv [MOST_ROWS]`.
//!
//! Prints one JSON line for each thread count, with rows a second of the quickest run, and one for
//! single rows, with microseconds a row. `run.py` calls it.
#![expect(clippy::print_stdout, reason = "a program that measures and prints")]

use std::{path::Path, time::Instant};

use holdall_convert::load;
use holdall_diag::Failure;
use holdall_source::{Limits, Source};
use holdall_table::{Column, CsvReader, Data, Matching, Scoring, Table, select_inputs};

const RUNS: usize = 5;
const SINGLE_ROWS: usize = 2000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [model, rows, rest @ ..] = words.as_slice() else {
        return Err("usage: steady MODEL ROWS.csv [MOST_ROWS]".into());
    };
    let most = rest.first().map_or(Ok(100_000), |word| word.parse())?;
    let scoring =
        load(&Source::open(Path::new(model))?, None, Limits::default())?.scoring(false)?;
    let rows = read(&*scoring, rows, most)?;
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let mut best = f64::INFINITY;
        for _ in 0..RUNS {
            let start = Instant::now();
            pool.install(|| scoring.score(&rows))?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!(r#"{{"threads": {threads}, "rows_per_second": {:.0}}}"#, count(rows.rows) / best);
    }
    let singles: Vec<Table> = (0..SINGLE_ROWS.min(rows.rows)).map(|row| one(&rows, row)).collect();
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        for row in &singles {
            scoring.score(row)?;
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!(r#"{{"single_row_microseconds": {:.2}}}"#, best * 1e6 / count(singles.len().max(1)));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows")]
const fn count(rows: usize) -> f64 {
    rows as f64
}

fn read(scoring: &dyn Scoring, path: &str, most: usize) -> Result<Table, Failure> {
    let rows = CsvReader::open(&Source::open(Path::new(path))?)?.batch(most)?.unwrap_or_default();
    // A model that was converted calls its inputs by other names.
    let named = scoring.has_named_inputs()
        && scoring.inputs().iter().all(|port| rows.column(&port.name).is_some());
    let matching = if named { Matching::Name } else { Matching::Position };
    Ok(select_inputs(scoring, &rows, matching)?.0)
}

fn one(rows: &Table, row: usize) -> Table {
    let columns = rows.columns.iter().map(|column| {
        let data = match &column.data {
            Data::F32(v) => Data::F32(vec![v[row]]),
            Data::F64(v) => Data::F64(vec![v[row]]),
            Data::I64(v) => Data::I64(vec![v[row]]),
            Data::Bool(v) => Data::Bool(vec![v[row]]),
            Data::Text(v) => Data::Text(vec![v[row].clone()]),
        };
        let missing = if column.is_missing(row) { vec![true] } else { Vec::new() };
        Column::new(column.name.clone(), data).with_missing(missing)
    });
    Table { columns: columns.collect(), rows: 1, first_row: 0 }
}
