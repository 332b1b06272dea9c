mod columns;
mod coverage;
mod facts;
mod hostile;
mod models;
mod skops;

use std::path::Path;

use bytes::Bytes;
use holdall_codec::{Body, ReadOptions, Summary};
use holdall_diag::Failure;
use holdall_source::Source;
use holdall_tabular::Model;

use crate::READER;

/// The first model of a case.
fn source(case: &str, file: &str) -> Source {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(case);
    Source::open(&folder.join(file)).unwrap()
}

fn read_source(source: &Source) -> Result<Model, Failure> {
    match READER.read(source, &ReadOptions::default())?.body {
        Body::Tabular(model) => Ok(*model),
        Body::Graph(_) | Body::Weights(_) => panic!("expected a tabular model"),
    }
}

fn read_case(case: &str) -> Model {
    read_source(&source(&format!("sklearn/{case}"), "model.pkl")).unwrap()
}

fn read_bytes(bytes: &[u8]) -> Result<Model, Failure> {
    read_source(&Source::from_bytes("model.pkl", Bytes::copy_from_slice(bytes)))
}

fn inspect(case: &str, file: &str) -> Summary {
    READER.inspect(&source(case, file), &ReadOptions::default()).unwrap()
}

fn fact(summary: &Summary, name: &str) -> serde_json::Value {
    summary.facts.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap()
}

/// Protocol 4: a short text.
fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x8c, u8::try_from(text.len()).unwrap()];
    bytes.extend(text.as_bytes());
    bytes
}

/// Protocol 4: a name.
fn global(module: &str, name: &str) -> Vec<u8> {
    [text(module), text(name), vec![0x93]].concat()
}

/// A stream of protocol 4.
fn stream(body: &[u8]) -> Vec<u8> {
    [b"\x80\x04", body, b"."].concat()
}
