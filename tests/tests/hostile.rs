#![cfg(test)]
//! Broken and hostile files: one diagnostic with a place, never a panic, a hang or a blow-up.
#![expect(clippy::disallowed_methods, reason = "the corpus is read")]

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use holdall_codec::ReadOptions;
use holdall_convert::{FormatSpec, load, readers};
use holdall_source::{Limits, Source};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Small enough that a reader which allocates from a claimed length is caught.
fn limits() -> Limits {
    Limits { memory: 256 << 20, decompressed: 64 << 20, steps: 50_000_000, ..Limits::default() }
}

/// A real file of every format that is read.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let read = |name: &str| std::fs::read(root().join("testdata").join(name)).unwrap();
    let mut samples = vec![
        ("catboost-cbm", read("catboost/ctr_buckets_1_2_10/model.cbm")),
        ("catboost-json", read("catboost/ctr_buckets_1_2_10/model.json")),
        ("lightgbm-text", read("lightgbm/categorical_4_7/model.txt")),
        ("onnx", read("onnx/pipeline_logistic_1_9/model.onnx")),
        ("safetensors", read("safetensors/types/model.safetensors")),
        ("sklearn-pickle", read("sklearn/pipeline_columns_logistic_1_9/model.pkl")),
        ("sklearn-pickle", read("sklearn/logistic_protocols_1_9/model_p0.pkl")),
        ("sklearn-pickle", read("sklearn/logistic_protocols_1_9/model_p5.pkl")),
        ("sklearn-skops", read("skops/svc_sparse_0_16/model.skops")),
        ("xgboost-json", read("xgboost/categorical_3_2/model.json")),
        ("xgboost-ubj", read("xgboost/categorical_3_2/model.ubj")),
    ];
    for to in ["pmml", "pfa"] {
        let path = root().join("testdata/sklearn/tree_multi_1_9/model.pkl");
        let loaded = load(&Source::open(&path).unwrap(), None, limits()).unwrap();
        let (model, _) = loaded.into_tabular().unwrap();
        let request = holdall_convert::WriteRequest::new(Some(to), "m").unwrap();
        let policy = holdall_codec::Policy { approximate: true, drop: true };
        let (accepted, _) = request.plan(&model).unwrap().accept(policy).unwrap();
        let mut bytes = Vec::new();
        holdall_convert::write(&request, &accepted, &mut bytes).unwrap();
        samples.push((to, bytes));
    }
    samples
}

/// Reads bytes as a format, by content, and inspects them; whatever happens, it ends.
fn meet(id: &str, bytes: &[u8]) {
    let source = Source::from_bytes("hostile", bytes.to_vec());
    for outcome in [
        load(&source, Some(&FormatSpec::new(id)), limits()).map(|_| ()),
        load(&source, None, limits()).map(|_| ()),
    ] {
        if let Err(failure) = outcome {
            assert!(!failure.diagnostic().message.is_empty());
            assert_eq!(failure.location().file.as_deref(), Some("hostile"), "{failure}");
        }
    }
    let options = ReadOptions { limits: limits(), ..ReadOptions::default() };
    if let Some(reader) = readers().into_iter().find(|reader| reader.format().id == id) {
        drop(reader.inspect(&source, &options));
        drop(reader.examine(&source, &options));
        drop(reader.compare(&source, &source, &options));
    }
    if let Some(writer) = holdall_convert::writers().into_iter().find(|w| w.format().id == id) {
        let declared = writer.format().write_options;
        for text in ["packed=false", "external=split", "opset=18,ir=9"] {
            let Ok(options) = holdall_codec::Options::parse(text, declared) else { continue };
            let name = "again".to_owned();
            let request = holdall_codec::RewriteRequest {
                options: &options,
                limits: limits(),
                name,
                same_folder: false,
            };
            drop(writer.rewrite(&source, &request));
        }
    }
}

/// `SplitMix64`.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[test]
fn every_sample_is_read_whole() {
    for (id, bytes) in samples() {
        let source = Source::from_bytes("sample", bytes);
        let loaded = load(&source, None, limits()).unwrap_or_else(|f| panic!("{id}: {f}"));
        assert_eq!(loaded.format.id, id);
    }
}

#[test]
fn truncated_files_are_refused() {
    for (id, bytes) in samples() {
        let step = (bytes.len() / 150).max(1);
        for end in (0..bytes.len()).step_by(step) {
            meet(id, &bytes[..end]);
        }
    }
}

#[test]
fn mutated_files_never_panic() {
    let mut state = 7;
    for (id, bytes) in samples() {
        for _ in 0..150 {
            let mut mutated = bytes.clone();
            for _ in 0..=next(&mut state) % 4 {
                let at = usize::try_from(next(&mut state)).unwrap() % mutated.len();
                match next(&mut state) % 4 {
                    0 => mutated[at] = u8::try_from(next(&mut state) % 256).unwrap(),
                    1 => mutated[at] ^= 1 << (next(&mut state) % 8),
                    2 => drop(mutated.drain(at..(at + 7).min(mutated.len()))),
                    _ => {
                        let copy = mutated[at..(at + 9).min(mutated.len())].to_vec();
                        mutated.splice(at..at, copy);
                    }
                }
                if mutated.is_empty() {
                    break;
                }
            }
            meet(id, &mutated);
        }
    }
}

#[test]
fn a_million_levels_are_refused_in_no_time() {
    const DEPTH: usize = 1_000_000;
    let xml = format!("<PMML xmlns=\"http://www.dmg.org/PMML-4_4\">{}", "<a>".repeat(DEPTH));
    let json = format!("{{\"input\":{}", "[".repeat(DEPTH));
    let learner = format!("{{\"learner\":{}", "{\"a\":".repeat(DEPTH));
    let nodes = format!("{{\"trees\":[{}", "{\"left\":".repeat(DEPTH));
    let mut ubj = b"{L\0\0\0\0\0\0\0\x07learner".to_vec();
    ubj.extend(std::iter::repeat_n(b'[', DEPTH));
    let mut pickle = b"\x80\x04".to_vec();
    pickle.extend(std::iter::repeat_n(b']', DEPTH));
    let mut onnx = Vec::new();
    for _ in 0..20_000 {
        onnx.extend([0x3a, 0xff, 0x7f]);
    }
    let cases: [(&str, &[u8]); 7] = [
        ("catboost-json", nodes.as_bytes()),
        ("pmml", xml.as_bytes()),
        ("pfa", json.as_bytes()),
        ("xgboost-json", learner.as_bytes()),
        ("xgboost-ubj", &ubj),
        ("sklearn-pickle", &pickle),
        ("onnx", &onnx),
    ];
    for (id, bytes) in cases {
        let start = Instant::now();
        meet(id, bytes);
        let seconds = start.elapsed().as_secs();
        assert!(seconds < 30, "{id} took {seconds} s");
    }
}

#[test]
fn claimed_lengths_are_not_believed() {
    let safetensors = [&(1_u64 << 60).to_le_bytes()[..], b"{}"].concat();
    let pickle = [b"\x80\x04\x8e", &(1_u64 << 60).to_le_bytes()[..], b"x."].concat();
    let ubj = [b"{L\0\0\0\0\0\0\0\x07learner[$d#L", &(1_u64 << 60).to_be_bytes()[..]].concat();
    let onnx = [&[0x08, 0x08, 0x3a][..], &[0xff; 8], &[0x7f]].concat();
    let cbm = [&b"CBM1"[..], &[0xff; 4], &(1_u64 << 60).to_le_bytes(), &[0; 64]].concat();
    for (id, bytes) in [
        ("catboost-cbm", cbm),
        ("safetensors", safetensors),
        ("sklearn-pickle", pickle),
        ("xgboost-ubj", ubj),
        ("onnx", onnx),
    ] {
        let source = Source::from_bytes("hostile", bytes);
        let failure = load(&source, Some(&FormatSpec::new(id)), limits()).unwrap_err();
        assert!(!failure.location().is_none(), "{id}: {failure}");
    }
}
