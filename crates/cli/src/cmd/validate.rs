use holdall_codec::{Examined, Options, ReadOptions};
use holdall_diag::{Failure, FailureKind, Report};
use holdall_source::Source;
use serde_json::{Map, Value, json};

use crate::{
    args::{Common, ModelArgs},
    cmd::codes,
    render::{self, push},
    ui::{Exit, Ui},
};

/// Check that a model file is sound: readable whole, and consistent in itself.
///
/// ONNX models are held against the rules of every operator in the version that they import, their types and
/// shapes are inferred. PMML documents are held against the schema of the standard, then fields, references and
/// probabilities are checked, and the rows of a `ModelVerification` block are scored. All that is wrong is said at
/// once, each finding with a code and a path.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  holdall validate model.joblib\n  holdall validate model.onnx \
                        --json\n  holdall validate model.onnx --values\n  holdall validate \
                        model.onnx --sarif\n\nExit status: 0 sound; 1 not sound; 2 when the \
                        file cannot be opened or is of no known format."
)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Print the findings as one SARIF 2.1.0 document, as code hosts and editors take it.
    #[arg(long, help_heading = "Output")]
    sarif: bool,
    /// List every value of an ONNX model with its type and shape, declared or inferred.
    #[arg(long, help_heading = "Output")]
    values: bool,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    if args.sarif && common.json {
        return Err(Failure::usage(codes::ARGUMENT, "`--sarif` and `--json` are two documents")
            .with_help("choose one"));
    }
    let source = args.model.source()?;
    let (format, examined) = match examine(args, &source, common) {
        Ok((format, examined)) => (Some(format), examined),
        Err(failure) => {
            if failure.kind() == FailureKind::Io || failure.kind() == FailureKind::Usage {
                return Err(failure);
            }
            let mut report = Report::new();
            report.push(failure.into_diagnostic());
            (None, Examined { report, values: Vec::new() })
        }
    };
    let report = match args.model.model.to_str() {
        Some(file) => in_file(&examined.report, file),
        None => examined.report,
    };
    let sound = !report.has_errors();
    let mut document = Map::new();
    document.insert("schema".to_owned(), "holdall/validate/1".into());
    document.insert("format".to_owned(), format.into());
    document.insert("sound".to_owned(), sound.into());
    document.insert("findings".to_owned(), render::report_json(&report));
    if report.omitted() > 0 {
        document.insert("omitted".to_owned(), report.omitted().into());
    }
    if args.values {
        let value = |v: &holdall_codec::TypedValue| json!({ "path": v.path, "name": v.name, "type": v.value_type });
        document.insert("values".to_owned(), examined.values.iter().map(value).collect());
    }
    ui.document(&Value::Object(document));
    if args.sarif {
        ui.text(&format!("{:#}\n", render::sarif(&report)));
        return Ok(Exit::yes_if(sound));
    }
    ui.report(&report);
    if args.values {
        let mut lines = String::new();
        for value in &examined.values {
            push(
                &mut lines,
                format_args!("{}  {}  {}\n", value.path, value.name, value.value_type),
            );
        }
        ui.text(&lines);
    }
    ui.text(if sound { "sound\n" } else { "not sound\n" });
    Ok(Exit::yes_if(sound))
}

/// The checks of the format, or reading the file whole where it has none of its own.
fn examine(
    args: &Args,
    source: &Source,
    common: &Common,
) -> Result<(&'static str, Examined), Failure> {
    let spec = args.model.spec();
    let reader = match &spec {
        Some(spec) => holdall_convert::reader(&spec.id)?,
        // Detection failing means that there is nothing to validate.
        None => match holdall_convert::detect(source) {
            Ok(reader) => reader,
            Err(failure) => {
                let diagnostic = failure.diagnostic().clone();
                return Err(Failure::new(FailureKind::Usage, diagnostic));
            }
        },
    };
    let format = reader.format();
    let options = spec.map_or(Ok(Options::none()), |spec| spec.options(format.read_options))?;
    let options =
        ReadOptions { limits: common.limits(), options, inner: Some(holdall_convert::detect) };
    if let Some(examined) = reader.examine(source, &options)? {
        return Ok((format.id, examined));
    }
    let loaded = args.model.load(common)?;
    Ok((loaded.format.id, Examined { report: loaded.report, values: Vec::new() }))
}

fn in_file(report: &Report, file: &str) -> Report {
    report.clone().map_locations(|location| location.in_file(file))
}
