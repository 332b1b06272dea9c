use std::{
    io::Write,
    path::{Path, PathBuf},
};

use holdall_diag::{Failure, Location};
use holdall_source::{AtomicFile, Source};
use holdall_table::{CsvReader, CsvWriter, Matching, Scoring, select_inputs};

use crate::{
    args::{Common, ModelArgs},
    ui::{Exit, Ui},
};

/// Score rows with a model.
///
/// Rows are CSV with a header row; an empty cell is missing; answers keep the order of the rows.
/// Columns are matched by name; a model without input names takes them by position.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall score model.joblib --rows rows.csv --out out.csv\n  \
                        holdall score model.onnx --rows rows.csv --out -\n\nExit status: 0; 2 when \
                        the model or a row cannot be read or scored.")]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// The rows to score; `-` is stdin.
    #[arg(long, value_name = "CSV", help_heading = "Input")]
    rows: PathBuf,
    /// Take columns by position, whatever they are called.
    #[arg(long, help_heading = "Input")]
    by_position: bool,
    /// Where the answers go; `-` is stdout.
    #[arg(long, value_name = "CSV", help_heading = "Output")]
    out: PathBuf,
    /// Add the untransformed scores as `margin_<k>`.
    #[arg(long, help_heading = "Output")]
    raw: bool,
}

/// Rows of a batch: enough to keep all cores busy.
const BATCH: usize = 16_384;

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = args.model.load(common)?;
    ui.report(&loaded.report);
    let scoring = loaded.scoring(args.raw)?;
    let (reader, total) = open_rows(&args.rows)?;
    let matching = matching(&*scoring, args.by_position);
    if is_stdio(&args.out) {
        let stdout = std::io::stdout().lock();
        score_all(&*scoring, reader, matching, total, stdout, ui)?;
    } else {
        let mut file = AtomicFile::create(&args.out)?;
        score_all(&*scoring, reader, matching, total, &mut file, ui)?;
        file.commit()?;
    }
    Ok(Exit::Yes)
}

fn is_stdio(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The rows of a file or of stdin, and the length of the file.
pub(crate) fn open_rows(path: &Path) -> Result<(CsvReader, u64), Failure> {
    if is_stdio(path) {
        return Ok((CsvReader::new("stdin", std::io::stdin())?, 0));
    }
    let source = Source::open(path)?;
    Ok((CsvReader::open(&source)?, source.len()))
}

/// By name where the model has names.
pub(crate) fn matching(scoring: &dyn Scoring, by_position: bool) -> Matching {
    if by_position || !scoring.has_named_inputs() { Matching::Position } else { Matching::Name }
}

fn score_all<W: Write>(
    scoring: &dyn Scoring,
    mut rows: CsvReader,
    matching: Matching,
    total: u64,
    out: W,
    ui: &Ui,
) -> Result<(), Failure> {
    let mut writer = CsvWriter::new(out);
    let bar = ui.progress("scoring");
    bar.set_length(total);
    let mut first = true;
    loop {
        let batch = rows.batch(BATCH)?;
        let last = batch.is_none();
        // Without any row the header is written all the same.
        let batch = match batch {
            Some(batch) => batch,
            None if first => rows.read_all()?,
            None => break,
        };
        let in_rows = |failure: Failure| {
            failure.map_location(|l| if l.is_none() { Location::file(rows.name()) } else { l })
        };
        let (inputs, left_over) = select_inputs(scoring, &batch, matching).map_err(in_rows)?;
        if first && !left_over.is_empty() {
            ui.note(&format!("note: ignored columns: {}", left_over.join(", ")));
        }
        first = false;
        writer.write(&scoring.score(&inputs).map_err(in_rows)?)?;
        bar.set_position(rows.position());
        if last {
            break;
        }
    }
    bar.finish_and_clear();
    writer.finish()?.flush().map_err(|error| {
        Failure::io(holdall_source::codes::WRITE, format!("cannot write: {error}"), error)
    })
}
