use std::path::PathBuf;

use holdall_convert::{FormatSpec, Loaded, LoadedBody, load};
use holdall_diag::Failure;
use holdall_source::Source;

use crate::{
    args::{Common, ModelArgs},
    cmd::{
        proof::{self, Rows, Side},
        runtime,
    },
    ui::{Exit, Ui},
};

/// Say whether two models answer alike, and by how much they differ where.
///
/// Both are scored on the rows of a file and on rows made from the first model: every threshold and its
/// neighbours, every category, missing, zeros, infinities, and a seeded random fill.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall prove model.joblib model.onnx --rows rows.csv\n  \
                        holdall prove model.joblib model.pmml --json\n\nExit status: 0 alike; 1 \
                        different; 2 when a model or the rows cannot be read.")]
pub(crate) struct Args {
    #[command(flatten)]
    source: ModelArgs,
    /// The model that is held against it.
    #[arg(value_name = "OTHER")]
    other: PathBuf,
    /// Read the other model as this format.
    #[arg(long, value_name = "FORMAT", help_heading = "Input")]
    other_from: Option<String>,
    /// Rows to compare on, beside those made from the model.
    #[arg(long, value_name = "CSV", help_heading = "Input")]
    rows: Option<PathBuf>,
    /// Score the other model with this onnxruntime library, or the first where the other is no ONNX.
    #[arg(long, value_name = "LIBRARY", help_heading = "Input")]
    runtime: Option<PathBuf>,
    #[command(flatten)]
    patience: runtime::Patience,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let source_file = args.source.source()?;
    let source = args.source.load(common)?;
    let other_file = Source::open(&args.other)?;
    let spec = args.other_from.as_deref().map(FormatSpec::new);
    let other = load(&other_file, spec.as_ref(), common.limits())?;
    let rows =
        args.rows.as_ref().map_or_else(|| "auto".to_owned(), |rows| rows.display().to_string());
    let second = matches!(other.body, LoadedBody::Graph(_));
    let scoring = match &args.runtime {
        Some(library) if !second => {
            runtime::scoring(&source, &source_file, library, &args.patience, ui)?
        }
        _ => source.scoring(false)?,
    };
    let answers = match &args.runtime {
        Some(library) if second => {
            runtime::scoring(&other, &other_file, library, &args.patience, ui)?
        }
        _ => other.scoring(false)?,
    };
    let format = source.format.id;
    // Boundary rows need splits and categories: a graph is raised for them where that is possible.
    let model = boundary_model(source);
    let rows = Rows::gather(&*scoring, model.as_ref(), &rows, ui)?;
    let proven = proof::prove(
        &Side { scoring: &*scoring, source: &source_file, format },
        &Side { scoring: &*answers, source: &other_file, format: other.format.id },
        &rows,
        &args.other.display().to_string(),
        ui,
    )?;
    ui.document(&proven.evidence);
    ui.text(&format!("{}\n", proven.text));
    Ok(Exit::yes_if(proven.holds))
}

fn boundary_model(loaded: Loaded) -> Option<holdall_tabular::ValidModel> {
    match loaded.body {
        LoadedBody::Tabular(model) => Some(*model),
        LoadedBody::Graph(_) => loaded.into_tabular().ok().map(|(model, _)| model),
        LoadedBody::Weights(_) => None,
    }
}
