use std::io::Write;

use holdall_codec::{Body, Confidence, Head, ReadOptions};
use holdall_diag::{Failure, FailureKind};
use holdall_source::{Limits, Source};
use holdall_tabular::{Model, validate};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::source;
use crate::{READER, READER_SKOPS, codes};

fn read(bytes: Vec<u8>) -> Result<Model, Failure> {
    let limits = Limits { memory: 1 << 26, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    match READER_SKOPS.read(&Source::from_bytes("m.skops", bytes), &options)?.body {
        Body::Tabular(model) => Ok(*model),
        Body::Graph(_) | Body::Weights(_) => panic!("expected a tabular model"),
    }
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn schema(text: &str) -> Result<Model, Failure> {
    read(archive(&[("schema.json", text.as_bytes())]))
}

fn object(module: &str, class: &str, content: &str) -> String {
    format!(
        r#"{{"__module__": "{module}", "__class__": "{class}", "__loader__": "ObjectNode",
        "content": {{"__module__": "builtins", "__class__": "dict", "__loader__": "DictNode",
        "content": {{{content}}}}}}}"#
    )
}

const LINEAR: (&str, &str) = ("sklearn.linear_model._base", "LinearRegression");

/// The coefficients of a model of one column, in the file called so.
fn linear(file: &str) -> String {
    let array = |name: &str, file: &str| {
        format!(
            r#""{name}": {{"__module__": "numpy", "__class__": "ndarray", "__loader__": "NdArrayNode",
            "type": "numpy", "file": "{file}"}}"#
        )
    };
    object(LINEAR.0, LINEAR.1, &[array("coef_", file), array("intercept_", "2.npy")].join(", "))
}

/// An array of one number.
fn npy(header: &str) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), &2.0_f64.to_le_bytes()].concat()
}

const ONE: &str = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n";

#[test]
fn a_small_model_is_read() {
    let schema = linear("1.npy");
    let arrays = npy(ONE);
    let file =
        archive(&[("1.npy", &arrays), ("2.npy", &arrays), ("schema.json", schema.as_bytes())]);
    let head = Head::of(&Source::from_bytes("m.skops", file.clone())).unwrap();
    assert_eq!(READER_SKOPS.detect(&head), Confidence::Certain);
    assert_eq!(READER.detect(&head), Confidence::No);
    validate(read(file).unwrap()).unwrap();
}

#[test]
fn classes_that_are_not_carried_are_refused_by_name() {
    let failure = schema(&object("my.models", "Scorer", "")).unwrap_err();
    assert_eq!(failure.code(), codes::NOT_AN_ESTIMATOR);
    assert!(failure.to_string().contains("my.models.Scorer"), "{failure}");
    let failure = schema(&object("sklearn.cluster._dbscan", "DBSCAN", "")).unwrap_err();
    assert_eq!(failure.code(), codes::CLASS);
    let node = |loader: &str| {
        let value = format!(
            r#""estimator": {{"__module__": "posix", "__class__": "system", "__loader__": "{loader}"}}"#
        );
        schema(&object(LINEAR.0, LINEAR.1, &value)).unwrap_err()
    };
    let failure = node("MethodNode");
    assert_eq!((failure.kind(), failure.code()), (FailureKind::Unsupported, codes::DANGEROUS));
    assert!(failure.to_string().contains("posix.system"), "{failure}");
    let place = &failure.location().path.as_ref().unwrap().1;
    assert_eq!(&**place, "/content/content/estimator");
    assert_eq!(node("FunctionNode").code(), codes::DANGEROUS);
}

#[test]
fn a_file_has_the_verdict_of_a_pickle_of_the_same_objects() {
    let named = |module: &str, class: &str, loader: &str| {
        let value = format!(
            r#""estimator": {{"__module__": "{module}", "__class__": "{class}", "__loader__": "{loader}"}}"#
        );
        let schema = object(LINEAR.0, LINEAR.1, &value);
        let file = archive(&[("schema.json", schema.as_bytes())]);
        READER_SKOPS.scan(&Source::from_bytes("m.skops", file), &ReadOptions::default())
    };
    for (module, class, loader, verdict) in [
        ("os", "system", "FunctionNode", "dangerous"),
        ("os", "system", "TypeNode", "dangerous"),
        ("os", "system", "MethodNode", "dangerous"),
        ("builtins", "eval", "FunctionNode", "dangerous"),
        ("my.models", "Scorer", "TypeNode", "review"),
        ("sklearn.cluster._dbscan", "DBSCAN", "TypeNode", "safe"),
    ] {
        let found = named(module, class, loader).unwrap().unwrap();
        assert_eq!(found.verdict, verdict, "{module}.{class} as {loader}");
        assert_eq!(found.findings.is_empty(), verdict == "safe", "{module}.{class}");
        let told = found.findings.iter().all(|f| f.message.contains(class));
        assert!(told, "{module}.{class}: {:?}", found.findings);
    }
    // What a loader does with a class that nobody calls dangerous is for somebody to look at.
    assert_eq!(named("my.models", "score", "MethodNode").unwrap_err().code(), codes::CLASS);
}

#[test]
fn defects_are_named_and_located() {
    let good = npy(ONE);
    let model = linear("1.npy");
    let with = |first: &[u8]| {
        let entries = [("1.npy", first), ("2.npy", &good), ("schema.json", model.as_bytes())];
        read(archive(&entries)).unwrap_err()
    };
    for header in [
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (9,)}",
        "{'descr': [('a', '<f8', (2,))], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f8', 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "[]",
    ] {
        with(&npy(header));
    }
    assert_eq!(with(b"nothing").code(), codes::NPY);
    assert_eq!(&*with(b"nothing").location().entries[0], "1.npy");
    let missing = schema(&model).unwrap_err();
    assert_eq!((missing.code(), &*missing.location().entries[0]), (codes::ARCHIVE, "1.npy"));
    assert_eq!(read(b"PK\x03\x04".to_vec()).unwrap_err().code(), codes::ARCHIVE);
    assert_eq!(read(archive(&[("a", b"")])).unwrap_err().code(), codes::ARCHIVE);
    for (text, code) in [
        ("{", codes::SCHEMA),
        ("{}", codes::SCHEMA),
        (&"[".repeat(10_000), codes::SCHEMA),
        (r#"{"__loader__": "CachedNode", "__id__": 1}"#, codes::SCHEMA),
        (r#"{"__loader__": "JsonNode", "content": "[1]"}"#, codes::SCHEMA),
        (r#"{"__loader__": "JsonNode", "content": "1"}"#, codes::NOT_AN_ESTIMATOR),
    ] {
        assert_eq!(schema(text).unwrap_err().code(), code, "{text}");
    }
}

#[test]
fn no_truncation_and_no_changed_byte_panics() {
    let bytes = source("skops/svc_sparse_0_16", "model.skops").bytes().unwrap();
    for end in (0..bytes.len()).step_by(7) {
        assert!(read(bytes[..end].to_vec()).is_err(), "cut at {end}");
    }
    let schema = linear("1.npy");
    let array = npy(ONE);
    let small =
        archive(&[("1.npy", &array), ("2.npy", &array), ("schema.json", schema.as_bytes())]);
    for at in 0..schema.len() {
        for change in [0x01, 0x02, 0x08, 0x10, 0x40] {
            let mut changed = schema.clone().into_bytes();
            changed[at] ^= change;
            let entries = [("1.npy", &array[..]), ("2.npy", &array), ("schema.json", &changed)];
            if let Ok(model) = read(archive(&entries)) {
                let _ = validate(model);
            }
        }
    }
    for at in 0..small.len() {
        let mut changed = small.clone();
        changed[at] ^= 0x11;
        let _ = read(changed);
    }
}
