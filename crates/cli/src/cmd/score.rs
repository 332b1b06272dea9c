use std::{io::Write, num::NonZero, path::PathBuf};

use holdall_diag::{Failure, Location};
use holdall_source::AtomicFile;
use holdall_table::{Failed, Inputs, Matching, Scoring, Table};
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::{
    args::{Common, ModelArgs},
    cmd::{
        codes, runtime,
        score_io::{Answers, Block, Form, Rows, Sink, is_stdio},
    },
    ui::{Exit, Ui},
};

/// Score rows with a model.
///
/// Rows are CSV with a header row, where an empty cell is missing, or Parquet; answers are CSV, or Parquet
/// when their file is called so, and keep the order of the rows.
/// Columns are matched by name; a model without input names takes them by position. Memory does not
/// grow with the rows.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  holdall score model.joblib --rows rows.csv --out out.parquet\n  \
                        holdall score model.onnx --rows rows.csv --out -\n\nExit status: 0; 1 with \
                        `--keep-going` when a row was refused; 2 when the model or a row cannot be \
                        read or scored."
)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// The rows to score; `-` is stdin.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    rows: PathBuf,
    /// Take columns by position, whatever they are called.
    #[arg(long, help_heading = "Input")]
    by_position: bool,
    /// Go on after a row that cannot be read or scored: its answers are empty, and it is named.
    #[arg(long, help_heading = "Input")]
    keep_going: bool,
    /// Score with this onnxruntime library instead; only ONNX.
    #[arg(long, value_name = "LIBRARY", help_heading = "Input")]
    runtime: Option<PathBuf>,
    /// Where the answers go; `-` is stdout.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    out: PathBuf,
    /// Add the untransformed scores as `margin_<k>`.
    #[arg(long, help_heading = "Output")]
    raw: bool,
    /// Threads to score on; answers do not depend on it [default: one a core].
    #[arg(long, value_name = "N", help_heading = "Limits", hide_default_value = true)]
    threads: Option<NonZero<u16>>,
    #[command(flatten)]
    patience: runtime::Patience,
}

/// Blocks for each thread that are read ahead.
const BLOCKS_A_THREAD: usize = 4;
/// Refused rows that are named.
const NAMED: u64 = 20;

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = args.model.load(common)?;
    ui.report(&loaded.report);
    let scoring = match &args.runtime {
        Some(library) => {
            runtime::scoring(&loaded, &args.model.source()?, library, &args.patience, ui)?
        }
        None => loaded.scoring(args.raw)?,
    };
    let (rows, total) = Rows::open(&args.rows)?;
    let matching = matching(&*scoring, args.by_position);
    let names: Vec<&str> = rows.names().iter().map(String::as_str).collect();
    let inputs = Inputs::find(&*scoring, &names, matching).map_err(|f| in_rows(rows.name(), f))?;
    if !inputs.left_over().is_empty() {
        ui.note(&format!("note: ignored columns: {}", inputs.left_over().join(", ")));
    }
    let job = Job {
        scoring: &*scoring,
        inputs,
        form: Form::of(&args.out),
        keep_going: args.keep_going,
        total,
        ui,
    };
    let threads = args.threads.map_or(0, |threads| usize::from(threads.get()));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
        Failure::usage(codes::ARGUMENT, "cannot start so many threads").caused_by(error)
    })?;
    let refused = if is_stdio(&args.out) {
        pool.install(|| job.run(rows, std::io::stdout()))?
    } else {
        let mut file = AtomicFile::create(&args.out)?;
        let refused = pool.install(|| job.run(rows, &mut file))?;
        file.commit()?;
        refused
    };
    Ok(Exit::yes_if(refused == 0))
}

/// By name where the model has names.
pub(crate) fn matching(scoring: &dyn Scoring, by_position: bool) -> Matching {
    if by_position || !scoring.has_named_inputs() { Matching::Position } else { Matching::Name }
}

fn in_rows(name: &str, failure: Failure) -> Failure {
    failure.map_location(|l| if l.is_none() { Location::file(name) } else { l })
}

struct Job<'j> {
    scoring: &'j dyn Scoring,
    inputs: Inputs,
    form: Form,
    keep_going: bool,
    total: u64,
    ui: &'j Ui,
}

/// What came of a block: its answers, and its rows that were refused, in order.
struct Done {
    answers: Answers,
    refused: Vec<Failed>,
}

impl Job<'_> {
    /// Reads, scores and writes side by side, and says how many rows were refused.
    fn run(&self, mut rows: Rows, out: impl Write + Send) -> Result<u64, Failure> {
        let bar = self.ui.progress("scoring");
        bar.set_length(self.total);
        let mut sink = Sink::new(self.form, out, self.scoring.outputs())?;
        let mut waiting = Vec::new();
        let mut blocks = self.read_ahead(&mut rows)?;
        let mut refused = 0;
        let mut before = Table::default();
        while !blocks.is_empty() {
            let (done, (next, written)) = rayon::join(
                || self.answers(&blocks, &mut before),
                || (self.read_ahead(&mut rows), sink.write(std::mem::take(&mut waiting))),
            );
            written?;
            for done in done {
                let done = done.map_err(|failure| in_rows(rows.name(), failure))?;
                for (_, failure) in done.refused {
                    let failure = in_rows(rows.name(), failure);
                    if !self.keep_going {
                        return Err(failure);
                    }
                    refused += 1;
                    if refused <= NAMED {
                        self.ui.diagnostic(&failure.into_diagnostic());
                    }
                }
                waiting.push(done.answers);
            }
            bar.set_position(rows.position());
            blocks = next?;
        }
        bar.finish_and_clear();
        if refused > NAMED {
            self.ui.note(&format!("… and {} more rows were refused", refused - NAMED));
        }
        sink.write(waiting)?;
        sink.finish()?;
        Ok(refused)
    }

    fn read_ahead(&self, rows: &mut Rows) -> Result<Vec<Block>, Failure> {
        let mut blocks = Vec::new();
        while blocks.len() < BLOCKS_A_THREAD * rayon::current_num_threads() {
            let Some(block) = rows.next_block(&self.inputs)? else { break };
            blocks.push(block);
        }
        Ok(blocks)
    }

    /// The answers of blocks, side by side. `before` are the last rows of the blocks before these, for models
    /// that look back; it becomes the last rows of these.
    fn answers(&self, blocks: &[Block], before: &mut Table) -> Vec<Result<Done, Failure>> {
        let history = self.scoring.history();
        if history == 0 {
            let one = |block: &Block| self.answer(block.read(&self.inputs)?, 0);
            return blocks.par_iter().map(one).collect();
        }
        let read = blocks.par_iter().map(|block| block.read(&self.inputs)).collect::<Vec<_>>();
        let mut tables = Vec::with_capacity(read.len());
        for read in read {
            tables.push(read.map(|(table, unread)| {
                let lead = before.rows;
                if lead == 0 {
                    *before = table;
                } else {
                    before.append(&table);
                }
                let whole = before.clone();
                before.drop_first(before.rows.saturating_sub(history));
                (whole, unread, lead)
            }));
        }
        let one = |read| {
            let (table, unread, lead) = read?;
            self.answer((table, unread), lead)
        };
        tables.into_par_iter().map(one).collect()
    }

    /// The answers of rows but for the first `lead`, which are only looked back at.
    fn answer(&self, (table, unread): (Table, Vec<Failed>), lead: usize) -> Result<Done, Failure> {
        let (mut answers, unscored) = self.scoring.score_rows(&table)?;
        answers.drop_first(lead);
        let unscored = unscored.into_iter();
        let unscored =
            unscored.filter_map(|(row, why)| Some((row.checked_sub(lead)?, why))).collect();
        for column in &mut answers.columns {
            if !unread.is_empty() {
                column.missing.resize(answers.rows, false);
            }
            for (row, _) in &unread {
                if let Some(missing) = column.missing.get_mut(*row) {
                    *missing = true;
                }
            }
        }
        Ok(Done { answers: self.form.answers(answers), refused: merge(unread, unscored) })
    }
}

/// Failures in row order. A row that could not be read was not worth scoring.
fn merge(unread: Vec<Failed>, unscored: Vec<Failed>) -> Vec<Failed> {
    let mut all = unread;
    all.extend(unscored);
    // Sorting keeps the order of equals.
    all.sort_by_key(|(row, _)| *row);
    all.dedup_by_key(|(row, _)| *row);
    all
}
