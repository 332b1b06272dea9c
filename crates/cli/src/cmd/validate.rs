use holdall_diag::{Failure, FailureKind, Report};
use serde_json::json;

use crate::{
    args::{Common, ModelArgs},
    render,
    ui::{Exit, Ui},
};

/// Check that a model file is sound: readable whole, and consistent in itself.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  holdall validate model.joblib\n  holdall validate model.onnx \
                        --json\n\nExit status: 0 sound; 1 not sound; 2 when the file cannot be \
                        opened or is of no known format."
)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let source = args.model.source()?;
    // Detection failing means that there is nothing to validate.
    if args.model.from.is_none() {
        holdall_convert::detect(&source)?;
    }
    let (format, mut report) = match args.model.load(common) {
        Ok(loaded) => (Some(loaded.format.id), loaded.report),
        Err(failure) => {
            if failure.kind() == FailureKind::Io || failure.kind() == FailureKind::Usage {
                return Err(failure);
            }
            let mut report = Report::new();
            report.push(failure.into_diagnostic());
            (None, report)
        }
    };
    if let Some(file) = args.model.model.to_str() {
        report = in_file(&report, file);
    }
    let sound = !report.has_errors();
    ui.document(&json!({
        "schema": "holdall/validate/1",
        "format": format,
        "sound": sound,
        "findings": render::report_json(&report),
    }));
    ui.report(&report);
    ui.text(if sound { "sound\n" } else { "not sound\n" });
    Ok(Exit::yes_if(sound))
}

fn in_file(report: &Report, file: &str) -> Report {
    let mut located = Report::new();
    for diagnostic in report.entries() {
        let mut diagnostic = diagnostic.clone();
        diagnostic.location = diagnostic.location.in_file(file);
        located.push(diagnostic);
    }
    located
}
