use std::path::{Path, PathBuf};

use holdall_codec::{Body, Confidence, Head, Options, ReadOptions, Support};
use holdall_diag::{Code, Failure, FailureKind};
use holdall_source::Source;
use holdall_tabular::Construct;
use holdall_tensor::{DType, Shape, Tensor};
use holdall_weights::Weights;
use sha2::{Digest, Sha256};

use super::*;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/safetensors")
}

fn read(source: &Source) -> Result<Weights, Failure> {
    match READER.read(source, &ReadOptions::default())?.body {
        Body::Weights(weights) => Ok(weights),
        Body::Tabular(_) | Body::Graph(_) => panic!("safetensors hold weights"),
    }
}

fn file(header: &str, data: &[u8]) -> Source {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    Source::from_bytes("t.safetensors", bytes)
}

fn written(weights: &Weights) -> Vec<u8> {
    let mut out = Vec::new();
    WRITER.write_weights(weights, &Options::none(), &mut out).unwrap();
    out
}

/// What numpy calls the types that are in the test data.
fn numpy_name(dtype: DType) -> &'static str {
    let names = [
        (DType::F64, "float64"),
        (DType::F32, "float32"),
        (DType::F16, "float16"),
        (DType::I64, "int64"),
        (DType::I32, "int32"),
        (DType::I8, "int8"),
        (DType::U8, "uint8"),
    ];
    names.iter().find(|(known, _)| *known == dtype).map_or(dtype.as_str(), |(_, name)| name)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn files_of_the_library_read_as_it_reads_them_and_are_written_to_the_same_bytes() {
    for case in ["mlp", "types"] {
        let folder = testdata().join(case);
        let source = Source::open(&folder.join("model.safetensors")).unwrap();
        let weights = read(&source).unwrap();
        let listing = Source::open(&folder.join("expected.json")).unwrap().bytes().unwrap();
        let listing: serde_json::Value = serde_json::from_slice(&listing).unwrap();
        let expected = listing["tensors"].as_object().unwrap();
        assert_eq!(weights.len(), expected.len());
        for (name, tensor) in weights.iter() {
            let found = serde_json::json!({
                "dtype": numpy_name(tensor.dtype()),
                "shape": tensor.shape().0,
                "sha256": sha256(tensor.bytes()),
            });
            assert_eq!(found, expected[name], "{case}: {name}");
        }
        assert_eq!(serde_json::json!(weights.metadata), listing["metadata"]);
        assert_eq!(written(&weights), source.bytes().unwrap(), "{case}");
    }
}

#[test]
fn every_defect_of_the_corpus_is_named() {
    let expected = [
        ("backwards", codes::OFFSETS),
        ("duplicate_name", codes::DUPLICATE),
        ("empty", codes::TRUNCATED),
        ("header_huge", codes::HEADER_LENGTH),
        ("header_too_long", codes::HEADER_LENGTH),
        ("hole", codes::OFFSETS),
        ("negative_shape", codes::HEADER),
        ("not_json", codes::HEADER),
        ("overflow", codes::SHAPE),
        ("overlap", codes::OFFSETS),
        ("short", codes::TRUNCATED),
        ("trailing", codes::TRAILING),
        ("truncated", codes::TRUNCATED),
        ("unknown_type", codes::DTYPE),
        ("wrong_size", codes::SHAPE),
    ];
    let mut files = 0;
    for entry in std::fs::read_dir(testdata().join("bad")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "safetensors") {
            continue;
        }
        files += 1;
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let failure = read(&Source::open(&path).unwrap()).unwrap_err();
        let code = expected.iter().find(|(name, _)| *name == stem).map(|(_, code)| *code);
        assert_eq!(Some(failure.code()), code, "{stem}: {failure}");
        assert_eq!(failure.kind(), FailureKind::Malformed, "{stem}");
    }
    assert_eq!(files, expected.len());
}

fn code_of(header: &str, data: &[u8]) -> Code {
    read(&file(header, data)).unwrap_err().code()
}

#[test]
fn metadata_that_stands_twice_or_is_no_text_is_refused() {
    assert_eq!(code_of(r#"{"__metadata__":{"a":"1","a":"2"}}"#, b""), codes::DUPLICATE);
    assert_eq!(code_of(r#"{"__metadata__":{},"__metadata__":{}}"#, b""), codes::DUPLICATE);
    assert_eq!(code_of(r#"{"__metadata__":{"a":1}}"#, b""), codes::HEADER);
    assert!(read(&file(r#"{"__metadata__":{"a":"1"}}  "#, b"")).unwrap().is_empty());
}

#[test]
fn types_of_the_format_that_are_not_carried_are_unsupported_rather_than_malformed() {
    let header = r#"{"a/b":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[0,1]}}"#;
    let failure = read(&file(header, b"x")).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unsupported);
    assert_eq!(
        failure.to_string(),
        "t.safetensors: /a~1b: elements of type `F8_E8M0` are not carried [safetensors/dtype]"
    );
}

#[test]
fn a_defect_of_the_header_is_located_in_the_file() {
    let failure = read(&file("{\n \"a\": 7}", b"")).unwrap_err();
    assert_eq!(failure.location().bytes, Some(16..16));
}

#[test]
fn tensors_are_written_widest_first_and_the_header_is_padded() {
    let mut weights = Weights::new();
    weights.insert("a", Tensor::new(DType::U8, Shape(vec![1]), vec![7].into()).unwrap()).unwrap();
    weights.insert("c", Tensor::from_f32(Shape(vec![1]), &[1.0]).unwrap()).unwrap();
    weights.insert("b", Tensor::from_f64(Shape(vec![]), &[2.0]).unwrap()).unwrap();
    weights.metadata.insert("z".to_owned(), "é".to_owned());
    let bytes = written(&weights);
    let length = usize::try_from(u64::from_le_bytes(*bytes.first_chunk().unwrap())).unwrap();
    assert_eq!(length % 8, 0);
    let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
    assert_eq!(
        header.trim_end(),
        r#"{"__metadata__":{"z":"é"},"b":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"c":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"a":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}"#
    );
    assert_eq!(read(&Source::from_bytes("x", bytes)).unwrap(), weights);
}

#[test]
fn what_the_format_cannot_hold_is_refused() {
    let mut weights = Weights::new();
    let complex = Tensor::new(DType::C128, Shape(vec![0]), Vec::new().into()).unwrap();
    weights.insert("a", complex).unwrap();
    let mut out = Vec::new();
    let failure = WRITER.write_weights(&weights, &Options::none(), &mut out).unwrap_err();
    assert_eq!((failure.code(), out.len()), (codes::DTYPE, 0));
    let mut weights = Weights::new();
    weights.insert("__metadata__", Tensor::from_i64(Shape(vec![]), &[1]).unwrap()).unwrap();
    let failure = WRITER.write_weights(&weights, &Options::none(), &mut out).unwrap_err();
    assert_eq!(failure.code(), codes::HEADER);
    let support: Support = WRITER.support(Construct::Concat, &Options::none());
    assert_eq!(support.fate, holdall_codec::Fate::Refuse);
}

#[test]
fn inspecting_and_detecting_need_the_header_only() {
    let source = Source::open(&testdata().join("types/model.safetensors")).unwrap();
    assert_eq!(READER.detect(&Head::of(&source).unwrap()), Confidence::Certain);
    let summary = READER.inspect(&source, &ReadOptions::default()).unwrap();
    let fact = |name: &str| &summary.facts.iter().find(|(n, _)| n == name).unwrap().1;
    assert_eq!(fact("tensors"), 9);
    assert_eq!(fact("dtypes")["f32"], 2);
    for bytes in
        [b"".as_slice(), b"\x80\x04", &[0xff; 64], b"{\"learner\":{}}", b"\0\0\0\0\0\0\0\0{"]
    {
        let source = Source::from_bytes("x", bytes.to_vec());
        assert_eq!(READER.detect(&Head::of(&source).unwrap()), Confidence::No);
    }
}

#[test]
fn no_truncation_and_no_changed_byte_panics() {
    let source = Source::open(&testdata().join("types/model.safetensors")).unwrap();
    let bytes = source.bytes().unwrap();
    for end in 0..bytes.len() {
        let cut = Source::from_bytes("x", bytes.slice(..end));
        assert!(read(&cut).is_err(), "cut at {end}");
        let _ = READER.detect(&Head::of(&cut).unwrap());
    }
    for at in 0..bytes.len() {
        for change in [0x01, 0x20, 0x80] {
            let mut changed = bytes.to_vec();
            changed[at] ^= change;
            let _ = read(&Source::from_bytes("x", changed));
        }
    }
}
