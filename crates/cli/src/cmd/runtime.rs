//! Scoring with an onnxruntime library, and the process that loads it.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    time::Duration,
};

use holdall_convert::Loaded;
use holdall_diag::Failure;
use holdall_runtime::Runtime;
use holdall_source::Source;
use holdall_table::Scoring;

use crate::{
    cmd::codes,
    ui::{Exit, Ui},
};

/// The name of the verb that is not for people.
const VERB: &str = "runtime-process";

/// Loads a library and a model and answers messages on the standard streams.
#[derive(clap::Args, Debug)]
#[command(hide = true)]
pub(crate) struct Args {
    library: PathBuf,
    model: PathBuf,
}

#[cfg(feature = "runtime")]
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let (from, to) = (std::io::stdin().lock(), std::io::stdout().lock());
    holdall_runtime::serve(&args.library, &args.model, from, to)?;
    Ok(Exit::yes_if(true))
}

#[cfg(not(feature = "runtime"))]
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    Err(missing().with_note(format!("{} for {}", args.library.display(), args.model.display())))
}

#[cfg(not(feature = "runtime"))]
fn missing() -> Failure {
    Failure::unsupported(codes::RUNTIME, "this holdall was built without runtimes")
        .with_help("build it with `--features runtime`")
}

/// How long a library may take to load a model, and for every block of rows.
#[derive(clap::Args, Debug)]
pub(crate) struct Patience {
    /// Seconds that the library may take to load the model, and for each block of rows.
    #[arg(long, value_name = "SECONDS", help_heading = "Limits", default_value = "300")]
    runtime_timeout: NonZero<u32>,
}

/// A graph ready to score rows with a library.
pub(crate) fn scoring(
    loaded: &Loaded,
    model: &Source,
    library: &Path,
    patience: &Patience,
    ui: &Ui,
) -> Result<Box<dyn Scoring>, Failure> {
    #[cfg(not(feature = "runtime"))]
    if !library.as_os_str().is_empty() {
        return Err(missing());
    }
    let refuse = |message: &str, error| Failure::io(codes::RUNTIME, message, error);
    let own = std::env::current_exe().map_err(|e| refuse("this program cannot be found", e))?;
    let library = library.canonicalize().map_err(|e| {
        refuse("the library cannot be opened", e).in_file(&library.display().to_string())
    })?;
    let Some(file) = model.path() else {
        let message = "a runtime reads models from files, and this is none";
        return Err(Failure::usage(codes::RUNTIME, message));
    };
    let file = file.canonicalize().map_err(|e| refuse("the model cannot be opened", e))?;
    let patience = Duration::from_secs(patience.runtime_timeout.get().into());
    let runtime = Runtime::start(&own, &[VERB], &library, &file, patience)
        .map_err(|failure| failure.in_file(model.name()))?;
    ui.note(&format!("note: {} is scored by onnxruntime: {}", model.name(), runtime.version()));
    loaded.scoring_on(Box::new(runtime))
}
