use std::path::PathBuf;

use holdall_diag::Failure;
use holdall_package::{PackageReader, Status, VerifyRequest};
use holdall_sign::PublicKey;
use holdall_source::Source;
use serde_json::json;

use crate::{
    args::Common,
    cmd::sign::pem,
    render::push,
    ui::{Exit, Ui},
};

/// Verify a package: digests, manifest, evidence and, with a key, its signature.
///
/// Without a key the signature is not checked, which is said and is no failure.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall verify breast_cancer.holdall\n  holdall verify \
                        breast_cancer.holdall --key key.pub\n\nExit status: 0 everything holds; 1 \
                        something does not; 2 when the package or the key cannot be read.")]
pub(crate) struct Args {
    /// The package or folder.
    package: PathBuf,
    /// The public key that is trusted, as PEM.
    #[arg(long, value_name = "PEM")]
    key: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let key = match &args.key {
        Some(path) => {
            let source = Source::open(path)?;
            Some(PublicKey::from_pem(&pem(&source)?).map_err(|f| f.in_file(source.name()))?)
        }
        None => None,
    };
    let package = PackageReader::open(&args.package, common.limits())?;
    let request = VerifyRequest { key: key.as_ref(), ..VerifyRequest::default() };
    let answer = holdall_package::verify(&package, &request)?;
    let ok = answer.ok();
    ui.document(&json!({
        "schema": "holdall/verify/1",
        "ok": ok,
        "findings": serde_json::to_value(&answer.findings).unwrap_or_default(),
    }));
    let mut out = String::new();
    for finding in &answer.findings {
        let status = match finding.status {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "fail",
        };
        let path = finding.path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
        push(&mut out, format_args!("{status:<4}  {path}{} [{}]\n", finding.message, finding.code));
        if let Some(help) = &finding.help {
            push(&mut out, format_args!("      help: {help}\n"));
        }
    }
    out.push_str(if ok { "verified\n" } else { "not verified\n" });
    ui.text(&out);
    Ok(Exit::yes_if(ok))
}
