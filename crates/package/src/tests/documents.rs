use serde_json::{Value, json};

use super::*;
use crate::{
    codes, lock, requirements,
    source_form::{Allowance, SourceForm},
};

pub(super) fn full() -> Value {
    let hex = "ab".repeat(32);
    json!({
        "schema": "holdall/manifest/1", "name": "m", "version": "1.2.3", "description": "d",
        "license": "MIT OR LicenseRef-x",
        "people": [{"name": "a", "email": "a@x.example", "role": "owner"}], "created": "2020-01-01T00:00:00Z", "task": "t",
        "tags": ["x"],
        "artifacts": [{"path": "a/m.onnx", "role": "converted-model", "format": "onnx",
            "format_version": "17", "media_type": "application/octet-stream", "size": 3,
            "sha256": hex, "blake3": hex}],
        "inputs": [{"name": "x", "dtype": "f64", "shape": ["N", 3], "description": "d",
            "unit": "cm", "domain": {"min": 0.0, "max": 1.5}, "missing": "impute"}],
        "outputs": [{"name": "y", "dtype": "text", "domain": ["a", "b"]}],
        "dependencies": {"python": ">=3.11", "requirements_file": "requirements.txt",
            "requirements": [{"name": "numpy", "extras": ["e"], "specifier": "==2.0",
                "marker": "python_version > '3'", "hashes": ["sha256:00"]}],
            "training": {"file": "train.txt", "requirements": [{"name": "pandas"}]},
            "lock": {"file": "uv.lock", "format": "uv",
                "packages": [{"name": "numpy", "version": "2.0"}]},
            "found": [{"name": "scikit-learn", "version": "1.5", "artifact": "m",
                "needed_to_load": true}],
            "operator_sets": [{"artifact": "m", "ir_version": 8, "opsets": {"ai.onnx": 17}}],
            "runtimes": [{"name": "onnxruntime", "specifier": ">=1.12", "artifact": "m"}],
            "system": [{"name": "libgomp", "version": "1"}],
            "machine": {"cpu": ["x86_64"], "accelerator": "cuda>=12", "accelerator_memory": 1,
                "memory": 3, "least_memory": 2, "disk": 1}},
        "provenance": {"code": {"vcs": "git", "url": "https://h/x", "commit": "c",
                "branch": "b", "path": "p", "state": "dirty", "changed": ["x"]},
            "pipeline": {"name": "make.py", "run": "7", "url": "https://ci.example/7"},
            "datasets": [{"role": "train", "path": "t.csv", "uri": "s3://x", "version": "1",
                "pointer": {"kind": "dvc", "file": "t.csv.dvc"},
                "size": 1, "files": 1, "sha256": hex, "md5": "0", "rows": 2, "target": "y", "split": "s",
                "seed": 0}],
            "parameters": {"depth": 8, "deep": {"a": [1, 2.5]}},
            "parents": [{"name": "p", "version": "1", "uri": "u", "sha256": hex}],
            "tools": [{"name": "holdall", "version": "0.1.0"}]},
        "evaluation": [{"metric": "f1", "value": 0.5, "dataset": "test", "direction": "higher",
            "threshold": 0.1, "unit": "1", "interval": [0.25, 0.75],
            "interval_level": 0.95, "slice": "s"}],
        "profiles": [{"name": "input", "path": "profiles/input.json", "role": "input"}],
        "evidence": [{"kind": "conversion-proof", "path": "evidence/x.json",
            "source": {"path": "a", "sha256": hex}, "target": {"path": "b", "sha256": hex},
            "verdict": "equal"}],
        "golden": [{"requests": "rows.csv", "expected": "expected.csv", "rows": 2,
            "absolute": 0.0, "relative": 1e-6}],
        "targets": [{"server": "server.json"}],
    })
}

#[test]
fn a_full_manifest_is_read_written_and_fits_its_schema() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/manifest-1.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let manifest = Manifest::read(full().to_string().as_bytes()).unwrap();
    let bytes = manifest.write().unwrap();
    assert!(bytes.ends_with(b"}\n"));
    let again: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(again, full());
    assert!(validator.is_valid(&again));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&again), keys(&full()));
    let small = Manifest::new("m", semver::Version::new(0, 1, 0)).write().unwrap();
    assert!(validator.is_valid(&serde_json::from_slice(&small).unwrap()));
    // What the types refuse, the schema refuses.
    for pointer in
        ["", "/artifacts/0", "/inputs/0", "/dependencies", "/provenance", "/evidence/0/source"]
    {
        let mut more = full();
        more.pointer_mut(pointer).unwrap()["surplus"] = json!(1);
        assert!(!validator.is_valid(&more), "{pointer}");
        let failure = Manifest::read(more.to_string().as_bytes()).unwrap_err();
        assert_eq!(failure.code(), codes::MANIFEST);
    }
}

#[test]
fn a_manifest_that_lists_itself_or_leaves_the_package_is_refused() {
    for (path, code) in [("holdall.json", codes::MANIFEST), ("../x", codes::NAME)] {
        let mut manifest = full();
        manifest["artifacts"][0]["path"] = json!(path);
        let failure = Manifest::read(manifest.to_string().as_bytes()).unwrap_err();
        assert_eq!(failure.code(), code);
        assert!(failure.to_string().contains("/artifacts/0/path"), "{failure}");
    }
}

#[test]
fn the_source_form_is_read_as_agreed() {
    let text = r#"
name = "m"
version = "1.0.0"
authors = ["a"]
[model]
path = "model.joblib"
[[convert]]
to = "onnx:opset=17"
path = "model.onnx"
allow = ["approximate", "drop"]
[prove]
rows = "rows.csv"
[schema]
inputs = [{ name = "x", unit = "cm", domain = { min = 0.0 } }]
[[schema.outputs]]
name = "y"
domain = ["a", "b"]
[provenance]
parameters = { depth = 8, rate = inf, since = 2020-01-01 }
[[provenance.datasets]]
role = "train"
path = "train.csv"
seed = 0
[[evaluation]]
metric = "f1"
value = 1
dataset = "test"
direction = "higher"
interval = [0.5, 1]
[profile]
input = "train.csv"
[[targets]]
server = "server.json"
[[files]]
path = "make.py"
role = "code"
"#;
    let read = |text: &str| SourceForm::read(&Source::from_bytes("holdall.toml", text.to_owned()));
    let form = read(text).unwrap();
    assert_eq!(form.convert[0].allow, [Allowance::Approximate, Allowance::Drop]);
    assert_eq!(form.files[0].role, Role::Code);
    let parameters: Vec<_> = form.provenance.parameters().collect();
    assert_eq!(parameters[0], ("depth".to_owned(), json!(8)));
    assert!(parameters.contains(&("since".to_owned(), json!("2020-01-01"))));
    let unknown = text.replace("[prove]\nrows", "[prove]\nrow");
    let failure = read(&unknown).unwrap_err();
    assert_eq!(failure.code(), codes::SOURCE_FORM);
    assert_eq!(failure.location().line, Some((12, 1)), "{failure}");
    for (from, to) in [
        ("path = \"train.csv\"\nseed", "seed"),
        ("[model]", "license = \"GPL\"\n[model]"),
        ("[model]", "dependencies.machine.memory = \"2 parsecs\"\n[model]"),
        ("[0.5, 1]", "[1, 0.5]"),
        ("value = 1", "value = nan"),
        ("\"1.0.0\"", "\"1.0\""),
    ] {
        assert_eq!(read(&text.replace(from, to)).unwrap_err().code(), codes::SOURCE_FORM, "{to}");
    }
}

#[test]
fn requirements_are_read_with_extras_markers_and_hashes() {
    let text = "# made by pip\n--index-url https://x\nScikit_Learn[B,a] ==1.5.2 ; python_version < '4' # why\n\
                numpy>=1,<2 \\\n    --hash=sha256:aa --hash sha256:bb\ntool @ https://h/x#egg=tool ; os_name == 'nt'\nplain\n";
    let read = |text: &str| requirements::parse(&Source::from_bytes("r.txt", text.to_owned()));
    let found = read(text).unwrap();
    let shown: Vec<_> = found.iter().map(|r| (r.name.as_str(), r.specifier.as_str())).collect();
    assert_eq!(
        shown,
        [("scikit-learn", "==1.5.2"), ("numpy", ">=1,<2"), ("tool", ""), ("plain", "")]
    );
    assert_eq!(found[0].extras, ["a", "b"]);
    assert_eq!(found[0].marker.as_deref(), Some("python_version < '4'"));
    assert_eq!(found[1].hashes, ["sha256:aa", "sha256:bb"]);
    assert_eq!(found[2].url.as_deref(), Some("https://h/x#egg=tool"));
    for bad in [
        "a\n-r other.txt",
        "a\n./local",
        "a\nb = 1",
        "a\nb[x",
        "a\nb ==",
        "a\n--wrong",
        "a\nb; python",
    ] {
        let failure = read(bad).unwrap_err();
        assert_eq!(failure.code(), codes::REQUIREMENTS, "{bad}");
        assert_eq!(failure.location().line, Some((2, 1)), "{bad}");
    }
}

#[test]
fn markers_are_checked_for_their_form() {
    for good in [
        "python_version < '3.11'",
        "(os_name == \"posix\" or sys_platform not in 'win32 cygwin') and extra == 'x'",
        "'3' <= python_full_version",
        "((python_version~='3.8'))",
    ] {
        assert_eq!(crate::marker::fault(good), None, "{good}");
    }
    for bad in [
        "",
        "python_version",
        "python_version <",
        "python_version < 3",
        "python < '3'",
        "python_version < '3",
        "(python_version < '3'",
        "python_version < '3')",
        "python_version < '3' os_name == 'x'",
        "python_version not '3'",
        "and",
        "é == 'x'",
    ] {
        assert!(crate::marker::fault(bad).is_some(), "{bad}");
    }
}

#[test]
fn lock_files_of_all_tools_are_read() {
    let read = |name: &str, text: &str| {
        lock::parse(&Source::from_bytes(name, text.to_owned()), name).map(|lock| {
            let pins = lock.packages.into_iter().map(|p| format!("{}={}", p.name, p.version));
            format!("{}: {}", lock.format, pins.collect::<Vec<_>>().join(" "))
        })
    };
    let uv = "version = 1\n[[package]]\nname = \"NumPy\"\nversion = \"2.0\"\n[[package]]\nname = \"me\"\n";
    assert_eq!(read("uv.lock", uv).unwrap(), "uv: numpy=2.0");
    assert_eq!(read("poetry.lock", uv).unwrap(), "poetry: numpy=2.0");
    let pylock = "lock-version = '1.0'\n[[packages]]\nname = 'a'\nversion = '1'\n";
    assert_eq!(read("pylock.toml", pylock).unwrap(), "pylock: a=1");
    let pipfile = r#"{"default": {"a-b": {"version": "==1.5"}}, "develop": {}}"#;
    assert_eq!(read("Pipfile.lock", pipfile).unwrap(), "pipenv: a-b=1.5");
    assert_eq!(read("lock.txt", "b==2\na===1\n").unwrap(), "requirements: a=1 b=2");
    for (name, bad) in [
        ("lock.txt", "a>=1"),
        ("uv.lock", "version = 1"),
        ("uv.lock", "version ="),
        ("Pipfile.lock", "{}"),
    ] {
        assert_eq!(read(name, bad).unwrap_err().code(), codes::LOCK, "{bad}");
    }
}

#[test]
fn contradictions_show_both_sides() {
    let messages = |change: &dyn Fn(&mut Value)| {
        let mut document = full();
        change(&mut document);
        let manifest = Manifest::read(document.to_string().as_bytes()).unwrap();
        manifest.contradictions()
    };
    assert_eq!(messages(&|_| ()), []);
    let found = messages(&|d| d["license"] = json!("MIT OR Beer"));
    assert_eq!(found[0].0, "/license");
    assert!(found[0].1.contains("`Beer`"), "{found:?}");
    let found = messages(&|d| d["dependencies"]["machine"]["memory"] = json!(1));
    assert!(found[0].1.contains("1 bytes") && found[0].1.contains("has 2"), "{found:?}");
    let found = messages(&|d| {
        d["dependencies"]["requirements"] = json!([{"name": "scipy"}]);
    });
    assert!(found[0].1.contains("`scipy`") && found[0].1.contains("`uv.lock`"), "{found:?}");
}

#[test]
fn codes_are_unique() {
    let mut texts: Vec<_> = codes::ALL.iter().map(|info| info.code).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), codes::ALL.len());
}
