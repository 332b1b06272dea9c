use std::{
    io::Write,
    path::{Path, PathBuf},
};

use holdall_codec::{AcceptedPlan, Policy, Rewritten};
use holdall_convert::{FormatSpec, Loaded, WriteRequest, load};
use holdall_diag::{Failure, FailureKind, Report};
use holdall_source::{AtomicFile, Source};
use holdall_tabular::ValidModel;
use serde_json::{Map, Value, json};

use crate::{
    args::{Common, ModelArgs},
    cmd::{
        codes,
        proof::{self, Proven, Rows, Side},
    },
    render,
    ui::{Exit, Ui},
};

/// Convert a model to another format, with a plan before and a proof after.
///
/// Without `--allow`, only what the target can say exactly is written. With `--prove`, source and
/// re-read target are scored on the same rows, and a target that differs is not left behind.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall convert model.joblib model.onnx --plan --allow \
                        approximate\n  holdall convert model.joblib model.onnx --allow approximate \
                        --prove auto\n  holdall convert model.joblib model.pmml --prove rows.csv\n\n\
                        Exit status: 0 written (with --plan: it could be); 1 the target cannot \
                        carry the model as asked, or differs; 2 when the model cannot be read.")]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// The file to write; its extension tells the format unless `--to` does.
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// The format to write, with options: `onnx:opset=17`.
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    to: Option<String>,
    /// Print the plan and write nothing.
    #[arg(long, help_heading = "Plan")]
    plan: bool,
    /// What is accepted beyond exact: `approximate`, `drop`.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', help_heading = "Plan")]
    allow: Vec<Allow>,
    /// Prove the conversion on these rows and on boundary rows, or on boundary rows alone (`auto`).
    #[arg(long, value_name = "CSV|auto", help_heading = "Proof")]
    prove: Option<String>,
}

/// What a user accepts beyond exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Allow {
    Approximate,
    Drop,
}

pub(crate) fn policy(allow: &[Allow]) -> Policy {
    Policy {
        approximate: allow.contains(&Allow::Approximate),
        drop: allow.contains(&Allow::Drop) || Policy::default().drop,
    }
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let out_name = args.out.display().to_string();
    let request = WriteRequest::new(args.to.as_deref(), &out_name)?;
    let same = std::fs::canonicalize(&args.out).ok().zip(args.model.model.canonicalize().ok());
    if same.is_some_and(|(out, source)| out == source) {
        let message = format!("`{out_name}` would be read and written at once");
        return Err(Failure::usage(codes::SAME_FILE, message)
            .with_help("choose another name for the target"));
    }
    let source = args.model.source()?;
    let again =
        match request.rewrite(args.model.spec().as_ref(), &source, common.limits(), &args.out) {
            Ok(again) => again,
            // The file was read, and cannot become what is asked for.
            Err(failure) if failure.kind() == FailureKind::Unsupported => {
                return Ok(refused(args, failure, &request, ui));
            }
            Err(failure) => return Err(failure),
        };
    if let Some(again) = &again
        && (args.plan || args.prove.is_none())
    {
        return write_again(args, again, &request, ui);
    }
    let loaded = args.model.load(common)?;
    ui.report(&loaded.report);
    let original = args.prove.is_some().then(|| loaded.scoring(false)).transpose()?;
    let from = loaded.format.id;
    let head = json!({
        "schema": "holdall/convert/1",
        "source": { "path": loaded.name, "format": from },
        "target": { "path": out_name, "format": request.writer().format().id },
        "findings": [],
    });
    let mut document = head.as_object().cloned().unwrap_or_default();
    let gather = |model: Option<&ValidModel>| {
        let asked = args.prove.as_ref().zip(original.as_ref());
        asked.map(|(rows, original)| Rows::gather(&**original, model, rows, ui)).transpose()
    };
    if args.plan && request.takes_body(&loaded.body) {
        // What goes over as it is has no plan; whether it can be written shows in writing it nowhere.
        request.write_body(&loaded, &mut std::io::sink())?;
        ui.document(&Value::Object(document));
        ui.text(&format!("would write {out_name}\n"));
        return Ok(Exit::Yes);
    }
    let mut data = None;
    let (rows, mut file) = if let Some(again) = again {
        if again.beside.is_some() {
            return Err(proved_later());
        }
        ui.report(&again.report);
        (gather(None)?, write_parts(&args.out, &again.parts)?)
    } else if request.takes_body(&loaded.body) {
        (gather(None)?, write_body(args, &loaded, &request)?)
    } else {
        let (model, report) = loaded.into_tabular()?;
        ui.report(&report);
        if args.plan {
            return show_plan(args, &model, &request, ui);
        }
        let Some(mut accepted) = accept(args, &model, &request, &mut document, ui)? else {
            return Ok(Exit::No);
        };
        let wanted = request.writer().examples(accepted.plan().options())?;
        let mut file;
        (file, data) = write_planned(args, &accepted, &request)?;
        if data.is_some() && args.prove.is_some() {
            return Err(proved_later());
        }
        let rows = gather(Some(&model))?;
        if let (Some(rows), Some(original), true) = (&rows, &original, wanted > 0) {
            // What the target calls its columns is known once it is there.
            let target = reread(&file, &request, common)?.scoring(false)?;
            accepted = accepted.with_examples(rows.examples(&**original, &*target, wanted)?);
            drop(file);
            (file, data) = write_planned(args, &accepted, &request)?;
        }
        (rows, file)
    };
    file.flush_all()?;
    if let (Some(rows), Some(original)) = (&rows, original) {
        let reread = reread(&file, &request, common)?;
        let path = args.model.model.as_path();
        let proven = proof::prove(
            &Side { scoring: &*original, source: &Source::open(path)?, format: from },
            &Side {
                scoring: &*reread.scoring(false)?,
                source: &Source::open(file.temporary())?,
                format: request.writer().format().id,
            },
            rows,
            &out_name,
            ui,
        )?;
        report_proof(&proven, &mut document, ui);
        if !proven.holds {
            ui.document(&Value::Object(document));
            return Ok(Exit::No);
        }
    }
    put(file, data, document, &out_name, ui)?;
    Ok(Exit::Yes)
}

/// The target in its place. It names the file beside it, so that one stands first.
fn put(
    file: AtomicFile,
    data: Option<(PathBuf, AtomicFile)>,
    mut document: Map<String, Value>,
    out_name: &str,
    ui: &Ui,
) -> Result<(), Failure> {
    let beside = data.map(|(path, data)| data.commit().map(|()| path)).transpose()?;
    file.commit()?;
    if let Some(path) = &beside {
        document.insert("beside".to_owned(), path.display().to_string().into());
    }
    ui.document(&Value::Object(document));
    ui.text(&format!("wrote {out_name}\n"));
    if let Some(path) = &beside {
        ui.text(&format!("wrote {}\n", path.display()));
    }
    Ok(())
}

fn proved_later() -> Failure {
    let message = "the target is in two files, and is proved when both are in place";
    Failure::usage(codes::ARGUMENT, message)
        .with_help("leave `--prove` out, then run `holdall prove` on both models")
}

/// Says why a file cannot be written again as asked.
fn refused(args: &Args, failure: Failure, request: &WriteRequest, ui: &Ui) -> Exit {
    let format = request.writer().format().id;
    let mut report = Report::new();
    report.push(failure.into_diagnostic());
    ui.report(&report);
    ui.document(&json!({
        "schema": "holdall/convert/1",
        "source": { "path": args.model.model.display().to_string(), "format": format },
        "target": { "path": args.out.display().to_string(), "format": format },
        "findings": render::report_json(&report),
    }));
    Exit::No
}

/// A file of the target format, written again as a document.
fn write_again(
    args: &Args,
    again: &Rewritten,
    request: &WriteRequest,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let out_name = args.out.display().to_string();
    let format = request.writer().format().id;
    ui.report(&again.report);
    let mut document = json!({
        "schema": "holdall/convert/1",
        "source": { "path": args.model.model.display().to_string(), "format": format },
        "target": { "path": out_name, "format": format },
        "findings": render::report_json(&again.report),
    });
    let beside = again.beside.as_ref().map(|(name, parts)| (args.out.with_file_name(name), parts));
    if let (Some((path, _)), Some(object)) = (&beside, document.as_object_mut()) {
        object.insert("beside".to_owned(), path.display().to_string().into());
    }
    if !args.plan {
        // The model names the file beside it, so that one stands first.
        let data = beside.as_ref().map(|(path, parts)| write_parts(path, parts)).transpose()?;
        let model = write_parts(&args.out, &again.parts)?;
        data.map_or(Ok(()), AtomicFile::commit)?;
        model.commit()?;
    }
    ui.document(&document);
    let verb = if args.plan { "would write" } else { "wrote" };
    ui.text(&format!("{verb} {out_name}\n"));
    if let Some((path, _)) = &beside {
        ui.text(&format!("{verb} {}\n", path.display()));
    }
    Ok(Exit::Yes)
}

fn write_parts(path: &Path, parts: &[bytes::Bytes]) -> Result<AtomicFile, Failure> {
    let mut file = AtomicFile::create(path)?;
    for part in parts {
        file.write_all(part).map_err(|error| {
            Failure::io(holdall_source::codes::WRITE, format!("cannot write: {error}"), error)
                .at(holdall_diag::Location::file(path.display().to_string()))
        })?;
    }
    Ok(file)
}

fn report_proof(proven: &Proven, document: &mut Map<String, Value>, ui: &Ui) {
    document.insert("evidence".to_owned(), proven.evidence.clone());
    let finding = proven.finding();
    let findings = finding.iter().map(render::diagnostic_json).collect();
    document.insert("findings".to_owned(), findings);
    match &finding {
        Some(finding) => ui.diagnostic(finding),
        None => ui.note(&proven.text),
    }
}

fn show_plan(
    args: &Args,
    model: &ValidModel,
    request: &WriteRequest,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let plan = request.plan(model)?;
    ui.document(&render::plan_json(&plan));
    ui.text(&render::plan(&plan));
    Ok(match plan.accept(policy(&args.allow)) {
        Ok(_) => Exit::Yes,
        Err(report) => {
            ui.report(&report);
            Exit::No
        }
    })
}

/// The plan as accepted; nothing, with the findings told, when it was not.
fn accept<'m>(
    args: &Args,
    model: &'m ValidModel,
    request: &WriteRequest,
    document: &mut Map<String, Value>,
    ui: &Ui,
) -> Result<Option<AcceptedPlan<'m>>, Failure> {
    let plan = request.plan(model)?;
    document.insert("plan".to_owned(), render::plan_json(&plan));
    match plan.accept(policy(&args.allow)) {
        Ok((accepted, report)) => {
            ui.report(&report);
            document.insert("findings".to_owned(), render::report_json(&report));
            Ok(Some(accepted))
        }
        Err(report) => {
            blocked(&report, document, ui);
            Ok(None)
        }
    }
}

/// The target written to its temporary sibling, and what belongs beside it.
fn write_planned(
    args: &Args,
    accepted: &AcceptedPlan<'_>,
    request: &WriteRequest,
) -> Result<(AtomicFile, Option<(PathBuf, AtomicFile)>), Failure> {
    let mut file = AtomicFile::create(&args.out)?;
    let name = args.out.file_name().unwrap_or_default().to_string_lossy();
    let beside = holdall_convert::write_beside(request, accepted, &name, &mut file)?;
    file.flush_all()?;
    let write = |(name, parts): holdall_codec::Beside| {
        let path = args.out.with_file_name(name);
        let mut data = write_parts(&path, &parts)?;
        data.flush_all()?;
        Ok::<_, Failure>((path, data))
    };
    Ok((file, beside.map(write).transpose()?))
}

fn blocked(report: &Report, document: &mut Map<String, Value>, ui: &Ui) {
    ui.report(report);
    document.insert("findings".to_owned(), render::report_json(report));
    ui.document(&Value::Object(document.clone()));
}

fn write_body(args: &Args, source: &Loaded, request: &WriteRequest) -> Result<AtomicFile, Failure> {
    let mut file = AtomicFile::create(&args.out)?;
    let out: &mut dyn Write = &mut file;
    request.write_body(source, out)?;
    Ok(file)
}

fn reread(file: &AtomicFile, request: &WriteRequest, common: &Common) -> Result<Loaded, Failure> {
    let source = Source::open(file.temporary())?;
    let spec = FormatSpec::new(request.writer().format().id);
    load(&source, Some(&spec), common.limits())
}
