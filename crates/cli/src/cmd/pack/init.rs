//! `pack --init`: a commented `holdall.toml` from what a folder has.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use holdall_diag::{Failure, Location};
use holdall_package::{
    interchange::{Draft, DraftData, kitfile, mlflow, model_card, modelpack},
    manifest::Role,
    provenance,
    source_form::SOURCE_FORM_NAME,
};
use holdall_source::{AtomicFile, Source};
use serde_json::json;

use crate::{
    args::Common,
    cmd::codes,
    ui::{Exit, Ui},
};

/// Names of lock files, the first that is there counts.
const LOCKS: [&str; 6] =
    ["pylock.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.lock"];
/// Names of what is carried because people read it.
const DOCUMENTS: [&str; 4] = ["README.md", "MODEL_CARD.md", "LICENSE", "LICENSE.txt"];

pub(super) fn run(source: &Path, _common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let (folder, model) = if source.is_dir() {
        (source.to_path_buf(), None)
    } else {
        let parent = source.parent().filter(|p| !p.as_os_str().is_empty());
        (parent.unwrap_or(Path::new(".")).to_path_buf(), source.file_name().map(PathBuf::from))
    };
    let target = folder.join(SOURCE_FORM_NAME);
    if target.exists() {
        let message = format!("`{}` is there already", target.display());
        return Err(Failure::usage(codes::ARGUMENT, message)
            .with_help("it is never overwritten: edit it, or delete it to start again"));
    }
    let (draft, sources) = draft(&folder, model.as_deref())?;
    let text = draft.to_toml();
    let mut file = AtomicFile::create(&target)?;
    file.write_all(text.as_bytes()).map_err(|error| {
        Failure::io(holdall_source::codes::WRITE, format!("cannot write: {error}"), error)
            .at(Location::file(target.display().to_string()))
    })?;
    file.commit()?;
    ui.document(&json!({
        "schema": "holdall/pack-init/1",
        "file": target.display().to_string(),
        "found": sources,
        "remarks": draft.remarks,
    }));
    let found = if sources.is_empty() { "nothing".to_owned() } else { sources.join(", ") };
    ui.text(&format!("wrote {} from {found}: read it, then `holdall pack`\n", target.display()));
    Ok(Exit::Yes)
}

/// Everything that is found, and where. What an author wrote for other tools comes before what is guessed
/// from file names.
fn draft(folder: &Path, model: Option<&Path>) -> Result<(Draft, Vec<String>), Failure> {
    let mut draft = Draft::default();
    let mut sources = Vec::new();
    if let Some(name) = model.and_then(Path::to_str) {
        draft.model = Some(name.to_owned());
        sources.push(name.to_owned());
    }
    let open = |name: &str| {
        let path = folder.join(name);
        path.is_file().then(|| Source::open(&path)).transpose()
    };
    if let Some(source) = open(kitfile::NAME)? {
        draft.merge(kitfile::import(&source)?, kitfile::NAME);
        sources.push(kitfile::NAME.to_owned());
    }
    if let Some(source) = open(mlflow::NAME)? {
        draft.merge(mlflow::import(&source)?, mlflow::NAME);
        sources.push(mlflow::NAME.to_owned());
    }
    if let Some(source) = open("config.json")?
        && let Ok(found) = modelpack::import(&source)
    {
        draft.merge(found, "config.json");
        sources.push("config.json".to_owned());
    }
    if let Some(source) = open(model_card::NAME)?
        && let Some(card) = model_card::import(&source)?
    {
        draft.merge(card, model_card::NAME);
        sources.push(model_card::NAME.to_owned());
    }
    if let Some(source) = open("dvc.lock")? {
        let parameters = provenance::dvc_parameters(&source)?;
        draft.merge(Draft { parameters, ..Draft::default() }, "dvc.lock");
        sources.push("dvc.lock".to_owned());
    }
    let names = names(folder)?;
    let has = |name: &str| names.iter().any(|found| found == name);
    let guessed = Draft {
        name: folder_name(folder),
        requirements: has("requirements.txt").then(|| "requirements.txt".to_owned()),
        lock: LOCKS.iter().find(|name| has(name)).map(|name| (*name).to_owned()),
        model: detected(folder, &names),
        datasets: names.iter().filter_map(|name| data(name)).collect(),
        pipeline: names.iter().find(|name| is_script(name)).map(|name| (name.clone(), None)),
        files: DOCUMENTS
            .iter()
            .filter(|name| has(name))
            .map(|name| ((*name).to_owned(), Role::Documentation))
            .collect(),
        ..Draft::default()
    };
    sources.extend(guessed.requirements.clone());
    sources.extend(guessed.lock.clone());
    if draft.model.is_none() {
        sources.extend(guessed.model.clone());
    }
    sources.extend(guessed.datasets.iter().filter_map(|data| data.path.clone()));
    // A guess that another file contradicts is not worth a remark.
    let remarks = draft.remarks.clone();
    draft.merge(guessed, "the folder");
    draft.remarks = remarks;
    if let Some(code) = provenance::code_pointer(folder)? {
        sources.push(format!("git {}", code.commit.chars().take(12).collect::<String>()));
    }
    Ok((draft, sources))
}

fn folder_name(folder: &Path) -> Option<String> {
    let absolute = std::path::absolute(folder).ok()?;
    Some(absolute.file_name()?.to_str()?.to_owned())
}

/// The files of a folder itself, by name.
fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::io(holdall_source::codes::READ, format!("cannot list the folder: {error}"), error)
            .at(Location::file(folder.display().to_string()))
    };
    let mut names = Vec::new();
    for item in std::fs::read_dir(folder).map_err(failed)? {
        let item = item.map_err(failed)?;
        if item.path().is_file()
            && let Ok(name) = item.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The first file whose content is that of a model; originals before ONNX, which is often converted.
fn detected(folder: &Path, names: &[String]) -> Option<String> {
    let found: Vec<(&String, &str)> = names
        .iter()
        .filter_map(|name| {
            let source = Source::open(&folder.join(name)).ok()?;
            let reader = holdall_convert::detect(&source).ok()?;
            Some((name, reader.format().id))
        })
        .collect();
    let original = found.iter().find(|(_, id)| *id != "onnx").or_else(|| found.first());
    original.map(|(name, _)| (*name).clone())
}

/// A data file, or the pointer that DVC keeps for one.
fn data(name: &str) -> Option<DraftData> {
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_suffix(".dvc").unwrap_or(&lower);
    if ![".csv", ".parquet", ".jsonl"].iter().any(|end| plain.ends_with(end)) {
        return None;
    }
    let words = [("train", "train"), ("valid", "validation"), ("test", "test")];
    let (_, role) = words.iter().find(|(word, _)| plain.contains(word))?;
    let path = name.strip_suffix(".dvc").unwrap_or(name);
    Some(DraftData { role: (*role).to_owned(), path: Some(path.to_owned()), uri: None })
}

fn is_script(name: &str) -> bool {
    name.strip_suffix(".py").is_some_and(|stem| {
        ["train", "make", "pipeline", "fit"]
            .iter()
            .any(|word| stem.to_ascii_lowercase().contains(word))
    })
}
