//! Whole files: what Python wrote, cut short, mutated, and nested without end.

use bytes::Bytes;
use holdall_diag::FailureKind;
use holdall_source::{Budget, Limits};

use super::*;
use crate::scan::Verdict;

macro_rules! fixtures {
    ($($name:literal)*) => {
        /// Every file that Python wrote.
        pub(crate) const FIXTURES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../testdata/", $name)))),*];
    };
}

fixtures! {
    "arrays-numpy1-p0.joblib" "arrays-numpy1-p0.pkl" "arrays-numpy1-p1.pkl" "arrays-numpy1-p2.pkl"
    "arrays-numpy1-p3.pkl" "arrays-numpy1-p4.pkl" "arrays-numpy1-p5.pkl"
    "arrays-numpy1-unaligned.joblib" "arrays-numpy1.joblib"
    "arrays-numpy2-p0.joblib" "arrays-numpy2-p0.pkl" "arrays-numpy2-p1.pkl" "arrays-numpy2-p2.pkl"
    "arrays-numpy2-p3.pkl" "arrays-numpy2-p4.pkl" "arrays-numpy2-p5.pkl"
    "arrays-numpy2-unaligned.joblib" "arrays-numpy2.joblib"
    "model-numpy1-p0.pkl" "model-numpy1.joblib" "model-numpy1.pkl"
    "model-numpy2-p0.pkl" "model-numpy2.joblib" "model-numpy2.pkl"
    "out-of-band.pkl"
    "packed-bz2.joblib" "packed-gzip.joblib" "packed-lz4.joblib" "packed-lzma.joblib"
    "packed-xz.joblib" "packed-zlib.joblib"
    "values-p0.pkl" "values-p1.pkl" "values-p2.pkl" "values-p3.pkl" "values-p4.pkl" "values-p5.pkl"
}

pub(crate) fn fixture(name: &str) -> Bytes {
    let (_, bytes) = FIXTURES.iter().find(|(known, _)| *known == name).unwrap();
    Bytes::from_static(bytes)
}

pub(crate) fn read(bytes: &Bytes) -> Result<Pickle, holdall_diag::Failure> {
    let mut budget = Budget::default();
    let unpacked = decompress(bytes, &mut budget)?;
    Pickle::read(&unpacked.bytes, &mut budget)
}

#[test]
fn every_protocol_gives_the_same_values() {
    for protocol in 0..6 {
        let pickle = read(&fixture(&format!("values-p{protocol}.pkl"))).unwrap();
        let root = pickle.root();
        let get = |key: &str| root.require(key).unwrap();
        assert_eq!(pickle.protocol(), if protocol < 2 { 0 } else { protocol });
        assert!(get("none").is_none());
        let flags: Vec<_> = get("flags").items().unwrap().map(|v| v.bool().unwrap()).collect();
        assert_eq!(flags, [true, false]);
        let ints: Vec<_> = get("ints").items().unwrap().map(|v| v.as_int()).collect();
        let small = [0, 255, 256, 65535, 65536, -1, 1 << 31, -(1 << 31) - 1].map(Some);
        assert_eq!(ints[..8], small);
        assert_eq!(ints[8..], [None, Some(i64::MIN), None]);
        let Node::BigInt(big) = get("ints").item(10).unwrap().node() else { panic!("no big int") };
        let mut expected = 10_u128.pow(30).to_le_bytes()[..13].to_vec();
        expected.resize(pickle.blob(big).len(), 0);
        assert_eq!(pickle.blob(big), expected);
        let floats: Vec<_> =
            get("floats").items().unwrap().map(|v| v.float().unwrap().to_bits()).collect();
        assert_eq!(floats, [0.5, -0.0, f64::INFINITY, 1e-300].map(f64::to_bits));
        assert_eq!(get("text").text().unwrap(), "schön ☃ 😀 'quoted' \\u0041\n");
        assert_eq!(get("bytes").bytes().unwrap(), &b"\x00\xff'\\\n"[..]);
        assert_eq!(get("buffer").bytes().unwrap(), &b"ab"[..]);
        let lengths: Vec<_> =
            get("tuples").items().unwrap().map(|t| t.item_ids().unwrap().len()).collect();
        assert_eq!(lengths, [0, 1, 2, 3, 4]);
        let shared = get("shared");
        assert_eq!(shared.item(0).unwrap().id(), shared.item(1).unwrap().id());
        let cycle = get("loop");
        assert_eq!(cycle.item(1).unwrap().id(), cycle.id());
        assert_eq!(cycle.item(0).unwrap().id(), shared.item(0).unwrap().id());
        let long: Vec<_> = get("long").items().unwrap().map(|v| v.int().unwrap()).collect();
        assert_eq!(long, (0..1500).collect::<Vec<_>>());
        let ordered = get("ordered").object().unwrap();
        assert_eq!(ordered.class(), "collections.OrderedDict");
        assert_eq!(get("counted").require("k").unwrap().item(0).unwrap().int().unwrap(), 3);
        assert_eq!(get("moment").object().unwrap().class(), "datetime.datetime");
        assert_eq!(get("money").object().unwrap().argument(0).unwrap().text().unwrap(), "1.50");
        assert_eq!(pickle.end(), pickle.input.len() as u64);
        assert!(pickle.effects().is_empty());
    }
}

#[test]
fn every_compression_of_joblib_is_found_by_content() {
    for (method, compression) in [
        ("zlib", Compression::Zlib),
        ("gzip", Compression::Gzip),
        ("bz2", Compression::Bzip2),
        ("xz", Compression::Xz),
        ("lzma", Compression::Lzma),
        ("lz4", Compression::Lz4),
    ] {
        let bytes = fixture(&format!("packed-{method}.joblib"));
        assert_eq!(looks_like_pickle(&bytes), Some(Kind::Compressed(compression)));
        let pickle = read(&bytes).unwrap();
        assert_eq!(pickle.payloads(), 2);
        let array = pickle.root().require("a").unwrap().array().unwrap();
        assert_eq!(array.to_f64().unwrap(), [0.0, 1.0, 2.0, 3.0]);
        let objects = pickle.root().require("o").unwrap().array().unwrap().objects().unwrap();
        assert_eq!(pickle.text(objects[0]), Some("t"));
        let verdict = scan(&bytes, &Limits::default());
        assert_eq!((verdict.verdict, verdict.compression), (Verdict::Safe, Some(compression)));
        let tight = Limits { decompressed: 100, ..Limits::default() };
        let failure = decompress(&bytes, &mut Budget::new(tight)).unwrap_err();
        assert_eq!((failure.code(), failure.kind()), (codes::DECOMPRESSED, FailureKind::Limit));
        assert_eq!(scan(&bytes, &tight).verdict, Verdict::Review);
        let cut = bytes.slice(..bytes.len() / 2);
        assert_ne!(scan(&cut, &Limits::default()).verdict, Verdict::Safe, "{method}");
    }
}

#[test]
fn out_of_band_buffers_are_used_when_given() {
    let bytes = fixture("out-of-band.pkl");
    let buffers: [&[u8]; 2] =
        [include_bytes!("../testdata/out-of-band.0"), include_bytes!("../testdata/out-of-band.1")];
    let buffers = buffers.map(Bytes::from_static).to_vec();
    let options = ReadOptions { buffers, ..ReadOptions::default() };
    let pickle = Pickle::read_with(&bytes, &options, &mut Budget::default()).unwrap();
    let array = |key| pickle.root().require(key).unwrap().array().unwrap();
    assert_eq!(array("a").to_f64().unwrap(), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(array("b").to_i64().unwrap(), [0, 1, 2]);
    let without = read(&bytes).unwrap();
    let failure = without.root().require("a").unwrap().array().unwrap_err();
    assert_eq!(failure.code(), codes::TYPE);
}

#[test]
fn a_failure_says_the_path_and_the_byte() {
    for name in
        ["model-numpy1.pkl", "model-numpy2.pkl", "model-numpy2.joblib", "model-numpy1-p0.pkl"]
    {
        let pickle = read(&fixture(name)).unwrap();
        let model = pickle.root().require("logistic").unwrap();
        let last = model.require("steps").unwrap().item(1).unwrap().item(1).unwrap();
        let object = last.object().unwrap();
        assert_eq!(object.class(), "sklearn.linear_model._logistic.LogisticRegression");
        let coef = object.require("coef_").unwrap();
        assert_eq!(coef.array().unwrap().shape(), [1, 5]);
        assert_eq!(coef.path(), "logistic.steps[1][1].coef_");
        let failure = coef.text().unwrap_err();
        assert!(failure.to_string().starts_with("logistic.steps[1][1].coef_: byte "), "{failure}");
        let missing = object.require("coef").unwrap_err();
        assert_eq!(missing.code(), codes::KEY);
        assert!(missing.to_string().contains("`coef`"), "{missing}");
        assert!(object.keys().any(|key| key == "_sklearn_version"));
    }
}

#[test]
fn trees_of_a_real_model_are_read() {
    for (name, fields) in [("model-numpy1", 7), ("model-numpy2", 8)] {
        for extension in [".pkl", "-p0.pkl", ".joblib"] {
            let pickle = read(&fixture(&format!("{name}{extension}"))).unwrap();
            let boosted = pickle.root().require("boosted").unwrap();
            let trees = boosted.require("estimators_").unwrap().array().unwrap();
            assert_eq!(trees.shape(), [2, 1]);
            let first = pickle.value(trees.objects().unwrap()[0]);
            let tree = first.require("tree_").unwrap().object().unwrap();
            assert_eq!(tree.class(), "sklearn.tree._tree.Tree");
            assert_eq!(tree.argument(0).unwrap().int().unwrap(), 3);
            let nodes = tree.require("nodes").unwrap().array().unwrap();
            assert_eq!(nodes.dtype().fields.len(), fields);
            let count = tree.require("node_count").unwrap().int().unwrap();
            let left = nodes.column("left_child").unwrap().to_i64().unwrap();
            assert_eq!(i64::try_from(left.len()).unwrap(), count);
            assert_eq!(left[0], 1);
            let threshold = nodes.column("threshold").unwrap().to_f64().unwrap();
            assert!((0.0..2.0).contains(&threshold[0]), "{threshold:?}");
        }
    }
}

#[test]
fn detection_believes_pickles_and_no_text() {
    for (name, bytes) in FIXTURES {
        assert!(looks_like_pickle(bytes).is_some(), "{name}");
        assert!(looks_like_pickle(&bytes[..bytes.len().min(256)]).is_some(), "{name}");
    }
    for other in [
        &b""[..],
        b"{\"learner\": {}}",
        b"<?xml version=\"1.0\"?>",
        b"tree\nversion=v4\n",
        b"(hello world)",
        b"I am text, not a pickle\n",
        b"N.B. this is text",
        b"PK\x03\x04",
        b"\x80\x09junk",
        b"]()\n",
    ] {
        assert_eq!(looks_like_pickle(other), None, "{}", String::from_utf8_lossy(other));
    }
    assert_eq!(looks_like_pickle(b"\x80\x04N."), Some(Kind::Declared(4)));
    assert_eq!(looks_like_pickle(b"(lp0\nI1\na."), Some(Kind::Undeclared));
    assert_eq!(looks_like_pickle(b"cos\nsystem\n(S'x'\ntR."), Some(Kind::Undeclared));
}

/// Everything a consumer may do with a file, on bytes that may be anything.
fn exercise(bytes: &Bytes) -> Verdict {
    let limits =
        Limits { memory: 64 << 20, steps: 1_000_000, decompressed: 16 << 20, ..Limits::default() };
    let mut budget = Budget::new(limits);
    let Ok(unpacked) = decompress(bytes, &mut budget) else { return Verdict::Malformed };
    let (pickle, failure) =
        Pickle::read_partial(&unpacked.bytes, &ReadOptions::default(), &mut budget);
    for (id, _) in pickle.nodes() {
        let value = pickle.value(id);
        let _ = (value.as_int(), value.as_float(), value.as_text(), value.as_bytes());
        if let Ok(array) = value.array() {
            let _ = (array.to_f64(), array.to_i64(), array.to_f32(), array.strings(&pickle));
            let _ = (array.to_tensor(), array.objects(), array.mask());
            for field in &array.dtype().fields {
                let _ = array.column(&field.name).map(|column| column.to_f64());
            }
        }
    }
    let judged = scan::judge(&pickle, failure, &scan::ScanOptions::default());
    assert!(judged.findings.is_empty() == (judged.verdict == Verdict::Safe));
    scan(bytes, &limits).verdict
}

#[test]
fn a_file_cut_anywhere_is_a_failure_and_never_safe() {
    for (name, bytes) in FIXTURES {
        let step = if bytes.len() < 400 { 1 } else { bytes.len() / 97 };
        for cut in (0..bytes.len()).step_by(step) {
            let cut_bytes = Bytes::copy_from_slice(&bytes[..cut]);
            let verdict = exercise(&cut_bytes);
            // Compressed files may end in a checksum that nothing depends on.
            if Compression::detect(bytes).is_none() {
                assert_ne!(verdict, Verdict::Safe, "{name} cut at {cut}");
            }
        }
    }
}

#[test]
fn mutated_files_never_panic() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 32).unwrap() % below
    };
    for (_, bytes) in FIXTURES {
        for _ in 0..80 {
            let mut mutated = bytes.to_vec();
            for _ in 0..=random(4) {
                let at = random(mutated.len());
                match random(4) {
                    0 => mutated[at] = random(256).to_le_bytes()[0],
                    1 => mutated[at] ^= 1 << random(8),
                    2 => drop(mutated.remove(at)),
                    _ => mutated.insert(at, random(256).to_le_bytes()[0]),
                }
            }
            exercise(&mutated.into());
        }
    }
}

#[test]
fn a_million_levels_are_neither_slow_nor_deep() {
    let levels = 1_000_000;
    let mut lists = vec![b']'; levels];
    lists.extend(vec![b'a'; levels - 1]);
    lists.push(b'.');
    let lists = Bytes::from(lists);
    let deep = Limits { depth: u32::MAX, ..Limits::default() };
    let pickle = Pickle::read(&lists, &mut Budget::new(deep)).unwrap();
    let mut value = pickle.root();
    for _ in 0..levels - 1 {
        value = value.item(0).unwrap();
    }
    assert!(value.item(0).is_err());
    drop(value);
    assert_eq!(scan(&lists, &deep).verdict, Verdict::Safe);

    let mut tuples = b"N".to_vec();
    tuples.extend(vec![0x85; levels]);
    tuples.push(b'.');
    let mut marks = vec![b'('; levels];
    marks.extend(vec![b't'; levels]);
    marks.push(b'.');
    for nested in [lists, tuples.into(), marks.into()] {
        let failure = read(&nested).unwrap_err();
        assert_eq!(failure.code(), holdall_source::codes::DEPTH);
        assert_eq!(scan(&nested, &Limits::default()).verdict, Verdict::Review);
    }
}

#[test]
fn a_scan_looks_behind_what_is_too_deep_or_too_long() {
    let deep = [vec![b'N'], vec![0x85; 20_000], b"cposix\nsystem\n(S'x'\ntR.".to_vec()].concat();
    assert_eq!(scan(&deep.into(), &Limits::default()).verdict, Verdict::Dangerous);
    let long =
        [b"L".to_vec(), vec![b'1'; 9_999], b"L\ncposix\nsystem\n(S'x'\ntR.".to_vec()].concat();
    assert_eq!(scan(&long.into(), &Limits::default()).verdict, Verdict::Dangerous);
}

#[test]
fn claims_of_length_allocate_nothing() {
    for claim in [
        &b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x0f"[..],
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7fab",
        b"\x80\x04\x8d\x00\x00\x00\x00\x00\x00\x00\x10",
        b"\x80\x02B\xff\xff\xff\xff",
        b"\x80\x02\x8b\xff\xff\xff\x7f",
    ] {
        let mut budget = Budget::new(Limits { memory: 1_000, ..Limits::default() });
        let failure = Pickle::read(&Bytes::from_static(claim), &mut budget).unwrap_err();
        assert_eq!(failure.code(), codes::TRUNCATED);
    }
    // A memo index of four billion costs one entry.
    let far = Bytes::from_static(b"Nr\xff\xff\xff\xffj\xff\xff\xff\xff.");
    assert!(
        Pickle::read(&far, &mut Budget::new(Limits { memory: 1_000, ..Limits::default() })).is_ok()
    );
}

#[test]
fn the_budget_ends_the_work() {
    let bytes = fixture("model-numpy2.pkl");
    for limits in
        [Limits { steps: 100, ..Limits::default() }, Limits { memory: 1_000, ..Limits::default() }]
    {
        let failure = Pickle::read(&bytes, &mut Budget::new(limits)).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Limit);
        assert_eq!(scan(&bytes, &limits).verdict, Verdict::Review);
    }
}

#[test]
fn raw_arrays_share_the_bytes_of_the_file() {
    let bytes = fixture("arrays-numpy2.joblib");
    let pickle = read(&bytes).unwrap();
    let tensor = pickle.root().require("c").unwrap().array().unwrap().to_tensor().unwrap();
    let inside = bytes.as_ptr_range();
    assert!(inside.contains(&tensor.bytes().as_ptr()));
}

#[test]
fn codes_are_described_once() {
    let mut all: Vec<_> = codes::ALL.iter().map(|info| info.code).collect();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
    assert!(codes::ALL.iter().all(|info| info.code.as_str().starts_with("pickle/")));
}
