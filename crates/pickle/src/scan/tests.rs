use bytes::Bytes;
use holdall_source::Limits;

use super::*;
use crate::tests::FIXTURES;

fn scan_of(stream: &[u8]) -> Scan {
    scan(&Bytes::copy_from_slice(stream), &Limits::default())
}

fn codes_of(scan: &Scan) -> Vec<Code> {
    scan.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn what_numpy_joblib_and_scikit_learn_write_is_safe() {
    for (name, bytes) in FIXTURES.iter().filter(|(name, _)| *name != "out-of-band.pkl") {
        let scan = scan_of(bytes);
        assert_eq!(scan.verdict, Verdict::Safe, "{name}: {:?}", scan.findings);
        assert!(scan.findings.is_empty());
        assert_eq!(scan.joblib, name.ends_with(".joblib"), "{name}");
    }
}

#[test]
fn losses_are_made_as_each_release_makes_them() {
    for stream in [
        // 0.22 to 1.0: without arguments; 1.4: by functions that later releases do without.
        &b"csklearn.ensemble._hist_gradient_boosting.loss\nLeastSquares\n)R."[..],
        b"csklearn._loss._loss\n__pyx_unpickle_CyHuberLoss\n(csklearn._loss._loss\nCyHuberLoss\nI83142977\n(F1.0\nttR.",
        b"csklearn._loss._loss\n__pyx_unpickle_CyExponentialLoss\n(csklearn._loss._loss\nCyExponentialLoss\nI238750788\n(ttR.",
    ] {
        let scan = scan_of(stream);
        assert_eq!(scan.verdict, Verdict::Safe, "{:?}", scan.findings);
    }
}

#[test]
fn every_way_to_run_code_is_dangerous() {
    let cases: &[(&str, &[u8], Code)] = &[
        ("global", b"cposix\nsystem\n(S'echo'\ntR.", codes::DANGEROUS_GLOBAL),
        (
            "stack global",
            b"\x8c\x05posix\x8c\x06system\x93\x8c\x04echo\x85R.",
            codes::DANGEROUS_GLOBAL,
        ),
        ("inst", b"(S'echo'\niposix\nsystem\n.", codes::DANGEROUS_GLOBAL),
        ("obj", b"(cposix\nsystem\nS'echo'\no.", codes::DANGEROUS_GLOBAL),
        ("new object", b"csubprocess\nPopen\n(S'echo'\nt\x81.", codes::DANGEROUS_GLOBAL),
        ("new object ex", b"csubprocess\nPopen\n(S'echo'\nt}\x92.", codes::DANGEROUS_GLOBAL),
        ("only imported", b"cantigravity\nx\n0N.", codes::DANGEROUS_GLOBAL),
        ("python 2 builtins", b"c__builtin__\neval\n(S'1'\ntR.", codes::DANGEROUS_GLOBAL),
        ("unlisted builtin", b"cbuiltins\nprint\n(S'1'\ntR.", codes::DANGEROUS_GLOBAL),
        ("resolve name", b"cpkgutil\nresolve_name\n(S'os:system'\ntR.", codes::DANGEROUS_GLOBAL),
        ("dotted name", b"\x8c\x05numpy\x8c\x0endarray.tofile\x93.", codes::DOTTED_GLOBAL),
        ("builtins of a module", b"c__builtins__\nsize\n.", codes::DOTTED_GLOBAL),
        ("dunder", b"cnumpy\n__import__\n.", codes::DOTTED_GLOBAL),
        (
            "trusted package",
            b"cnumpy.testing._private.utils\nrunstring\n(S'1'\n}tR.",
            codes::DANGEROUS_GLOBAL,
        ),
        (
            "function of a known package",
            b"cscipy.linalg
solve
(NtR.",
            codes::UNLISTED_CALL,
        ),
        ("computed name", b"cbuiltins\nstr\n(S'os'\ntR\x8c\x06system\x93.", codes::COMPUTED_GLOBAL),
        ("computed call", b"cfunctools\npartial\n(cnumpy\nlog\ntR)R.", codes::COMPUTED_CALL),
        ("extension", b"\x82\x01)R.", codes::EXTENSION),
        ("build on a function", b"cnumpy\nlog\n}S'a'\nS'b'\nsb.", codes::EFFECT),
        ("append to a name", b"csys\npath\nS'x'\na.", codes::EFFECT),
        ("set item of a name", b"cnumpy\nlog\nS'a'\nS'b'\ns.", codes::EFFECT),
        (
            "planted method",
            b"cdatetime\ndate\n)\x81}S'__setstate__'\ncnumpy\nlog\nsb.",
            codes::STATE_KEY,
        ),
        ("ufunc", b"cnumpy.core\n_ufunc_reconstruct\n(S'os'\nS'system'\ntR.", codes::ARGUMENTS),
        (
            "generator",
            b"cnumpy.random._pickle\n__generator_ctor\n(S'x'\ncnumpy\nlog\ntR.",
            codes::ARGUMENTS,
        ),
        (
            "memo put and memoize",
            b"S'nt'\nq\x01S'posix'\n\x94S'system'\nq\x05h\x01h\x05\x93)R.",
            codes::DANGEROUS_GLOBAL,
        ),
        ("call, then broken", b"cposix\nsystem\n(S'echo'\ntR\xff", codes::DANGEROUS_GLOBAL),
        ("call, then cut", b"cposix\nsystem\n(S'echo'\ntRX\xff", codes::DANGEROUS_GLOBAL),
        ("second stream", b"N.cposix\nsystem\n(S'echo'\ntR.", codes::SECOND_STREAM),
    ];
    for (name, stream, code) in cases {
        let scan = scan_of(stream);
        assert_eq!(scan.verdict, Verdict::Dangerous, "{name}: {:?}", scan.findings);
        assert!(codes_of(&scan).contains(code), "{name}: {:?}", scan.findings);
        assert!(scan.findings.iter().all(|finding| finding.location.bytes.is_some()));
    }
}

#[test]
fn what_is_not_known_is_for_review() {
    let cases: &[(&str, &[u8], Code)] = &[
        ("own class", b"c__main__\nModel\n)\x81}b.", codes::UNKNOWN_GLOBAL),
        ("class of a package", b"cmypackage.steps\nStep\n)\x81.", codes::UNKNOWN_GLOBAL),
        ("function as a value", b"cmypackage\ntransform\n.", codes::UNKNOWN_GLOBAL),
        ("call of an unknown function", b"cmypackage\nmake\n(S'1'\ntR.", codes::UNKNOWN_GLOBAL),
        ("nested", b"C\x23cposix\nsystem\n(S'echo hello hi'\ntR..", codes::NESTED_STREAM),
        ("far memo", b"Nr\xff\xff\xff\xff.", codes::FAR_MEMO),
        ("buffer elsewhere", b"\x97.", codes::OUT_OF_BAND),
        ("persistent id", b"Pkey\n.", codes::PERSISTENT_ID),
        ("second stream", b"N.N.", codes::SECOND_STREAM),
        ("trailing bytes", b"N.\x00\x00\x00", codes::TRAILING_BYTES),
        ("other encoding", b"c_codecs\nencode\n(VYQ==\nVbase64\ntR.", codes::ARGUMENTS),
        ("huge buffer", b"cbuiltins\nbytearray\n(I1000000000000\ntR.", codes::ARGUMENTS),
        ("range into a list", b"cbuiltins\nlist\n(cbuiltins\nrange\n(I9\ntRtR.", codes::ARGUMENTS),
        ("file behind an array", b"cnumpy\nmemmap\n(S'/tmp/x'\ntR.", codes::ARGUMENTS),
        ("constructor with a file", b"cxgboost.core\nBooster\n(NNS'x'\ntR.", codes::ARGUMENTS),
    ];
    for (name, stream, code) in cases {
        let scan = scan_of(stream);
        assert_eq!(scan.verdict, Verdict::Review, "{name}: {:?}", scan.findings);
        assert_eq!(codes_of(&scan), [*code], "{name}: {:?}", scan.findings);
    }
}

#[test]
fn harmless_files_stay_safe() {
    let cases: &[(&str, &[u8])] = &[
        ("scary strings", b"](S'os.system'\nS'eval'\nS'cposix\\nsystem'\nC\x08__init__e."),
        ("exponential sharing", b"]q\x00]q\x01(h\x00h\x00e](h\x01h\x01e."),
        ("date", b"cdatetime\ndate\n(C\x04\x07\xe8\x02\x1dtR."),
        (
            "reconstructor",
            b"ccopy_reg\n_reconstructor\n(csklearn.svm.classes\nSVC\nc__builtin__\nobject\nNtR}b.",
        ),
        ("set of python 2", b"c__builtin__\nset\n((lp0\nI1\natR."),
        ("zone", b"\x8c\x08zoneinfo\x8c\x12ZoneInfo._unpickle\x93\x8c\x03UTCK\x01\x86R."),
    ];
    for (name, stream) in cases {
        let scan = scan_of(stream);
        assert_eq!(scan.verdict, Verdict::Safe, "{name}: {:?}", scan.findings);
    }
}

#[test]
fn broken_files_are_malformed() {
    for stream in [
        &b""[..],
        b"\x80\x04",
        b"\x80\x04K",
        b"(((",
        b"\xffjunk",
        b"]Na",
        b"S'a'\n)R.",
        b"cnumpy\ndtype\n(S'O'\ntR)R.",
    ] {
        let scan = scan_of(stream);
        assert_eq!(scan.verdict, Verdict::Malformed, "{:?}", scan.findings);
    }
}

#[test]
fn a_joblib_file_is_also_read_as_a_plain_pickle() {
    // The padding of the array is a call for who loads the file without joblib.
    let dtype = b"cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb";
    let head = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(S'shape'\n(K\x19tS'order'\nS'C'\nS'dtype'\n";
    let payload = b"0cposix\nsystem\n(S'e'\ntR.aa";
    let stream = [&head[..], dtype, b"ub", &payload[..25], b"."].concat();
    let read = Pickle::read(&Bytes::from(stream.clone()), &mut Budget::default()).unwrap();
    assert_eq!(read.payloads(), 1);
    assert_eq!(read.globals().count(), 2);
    let scan = scan_of(&stream);
    assert_eq!(scan.verdict, Verdict::Dangerous, "{:?}", scan.findings);
}

#[test]
fn globals_are_listed_with_their_places() {
    let scan = scan_of(b"]cnumpy\nlog\nacposix\nsystem\nacnumpy\nlog\na.");
    let listed: Vec<_> = scan
        .globals
        .iter()
        .map(|g| (&*g.module, &*g.name, g.offset, g.count, g.standing))
        .collect();
    assert_eq!(
        listed,
        [("numpy", "log", 1, 2, Standing::Listed), ("posix", "system", 13, 1, Standing::Dangerous)]
    );
}

#[test]
fn torch_storages_are_references_of_the_program() {
    let stream = b"(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI4\ntQ.";
    assert_eq!(scan_of(stream).verdict, Verdict::Review);
    let options = ScanOptions { persistent_ids: true, ..ScanOptions::default() };
    let scan = scan_with(&Bytes::from_static(stream), &options, &mut Budget::default());
    assert_eq!(scan.verdict, Verdict::Safe, "{:?}", scan.findings);
}

#[test]
fn a_million_names_are_one_finding() {
    let mut stream = vec![b']'];
    for _ in 0..100_000 {
        stream.extend(b"cmy\nC\na");
    }
    stream.push(b'.');
    let scan = scan_of(&stream);
    assert_eq!((scan.findings.len(), scan.globals.len()), (1, 1));
    assert_eq!(scan.globals[0].count, 100_000);
}
