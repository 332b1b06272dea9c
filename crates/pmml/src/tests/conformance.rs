#![expect(clippy::disallowed_methods, reason = "the documents are files beside the repository")]

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

use holdall_source::{Budget, Source};
use holdall_tabular::validate;

use crate::{decode, encode, lower};

pub(super) fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/pmml");
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains(".pmml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

pub(super) fn bytes(path: &Path) -> Vec<u8> {
    let raw = std::fs::read(path).unwrap();
    if path.extension().is_none_or(|extension| extension != "gz") {
        return raw;
    }
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(raw.as_slice()).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
pub(super) fn documents_of_other_producers_decode_losslessly_and_lower_to_valid_models() {
    let documents = documents();
    if documents.is_empty() {
        println!("the conformance documents are absent: nothing was tested");
        return;
    }
    let mut lowered = 0;
    let mut why: BTreeMap<String, usize> = BTreeMap::new();
    for path in &documents {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let source = Source::from_bytes(name.clone(), bytes(path));
        let document = decode(&source, &mut Budget::default()).unwrap_or_else(|f| panic!("{f}"));
        let mut again = Vec::new();
        encode(&document, &mut again).unwrap();
        let again = decode(&Source::from_bytes(name.clone(), again), &mut Budget::default());
        assert!(again.unwrap() == document, "{name} changes when it is written again");
        match lower(&document) {
            Ok((model, _)) => {
                validate(model).unwrap_or_else(|report| panic!("{name}: {report:?}"));
                lowered += 1;
            }
            Err(failure) => {
                *why.entry(failure.diagnostic().message.clone()).or_default() += 1;
            }
        }
    }
    println!("{lowered} of {} documents lower to a tabular model", documents.len());
    let mut why: Vec<_> = why.into_iter().collect();
    why.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (message, count) in why.iter().take(40) {
        println!("{count:4} {message}");
    }
    assert!(lowered >= 435, "fewer documents lower than before");
}
