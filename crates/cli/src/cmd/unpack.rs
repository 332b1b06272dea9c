use std::path::PathBuf;

use holdall_diag::Failure;
use holdall_package::{
    PackageReader,
    interchange::{kitfile, mlflow, model_card},
};
use serde_json::json;

use crate::{
    args::Common,
    ui::{Exit, Ui},
};

/// Write the files of a package into a new folder.
///
/// All or nothing: the folder appears when every file is written. Names that leave the folder, links,
/// duplicates and bombs are refused.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall unpack breast_cancer.holdall unpacked\n  holdall \
                        unpack breast_cancer.holdall just_onnx --only '*.onnx'\n  holdall \
                        unpack breast_cancer.holdall for_mlflow --as mlflow\n\nExit status: 0; \
                        2 when the package cannot be read or the folder is there already.")]
pub(crate) struct Args {
    /// The package.
    package: PathBuf,
    /// The folder to make.
    folder: PathBuf,
    /// Write only files whose name fits this pattern; `*` stands for any text. May be repeated.
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
    /// Write beside the files what another tool reads of a model.
    #[arg(long = "as", value_name = "TOOL", conflicts_with = "only")]
    form: Option<Form>,
}

/// Tools whose documents can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// `Kitfile` of KitOps.
    Kitfile,
    /// `MLmodel` with the environment files of MLflow.
    Mlflow,
    /// `README.md`, the model card of Hugging Face.
    Huggingface,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let package = PackageReader::open(&args.package, common.limits())?;
    let select = |name: &str| args.only.is_empty() || args.only.iter().any(|p| fits(p, name));
    let more = args.form.map(|form| documents(form, &package)).transpose()?.unwrap_or_default();
    let count = package.unpack_with(&args.folder, &select, &more)?;
    let folder = args.folder.display().to_string();
    ui.document(&json!({ "schema": "holdall/unpack/1", "folder": folder, "files": count }));
    ui.text(&format!("{count} files in {folder}\n"));
    Ok(Exit::Yes)
}

/// The documents of another tool. Files of the package that have their names are replaced by them.
fn documents(form: Form, package: &PackageReader) -> Result<Vec<(String, String)>, Failure> {
    let manifest = package.manifest()?;
    let one = |name: &str, text: String| vec![(name.to_owned(), text)];
    Ok(match form {
        Form::Kitfile => one(kitfile::NAME, kitfile::export(&manifest)),
        Form::Huggingface => one(model_card::NAME, model_card::export(&manifest)),
        Form::Mlflow => mlflow::export(&manifest)?
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text))
            .collect(),
    })
}

/// Whether a name fits a pattern in which `*` stands for any text: greedy, with one way back.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}
