use serde_json::{Value, json};

use super::*;
use crate::{
    codes,
    manifest::Dataset,
    provenance::{DataPointer, State, code_pointer, data_facts, data_pointer},
    requirements,
    source_form::{Allowance, SourceForm},
};

fn full() -> Value {
    let hex = "ab".repeat(32);
    json!({
        "schema": "holdall/manifest/1", "name": "m", "version": "1.2.3", "description": "d",
        "license": "MIT", "authors": ["a"], "created": "2020-01-01T00:00:00Z", "task": "t",
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
            "found": [{"name": "scikit-learn", "version": "1.5", "artifact": "m",
                "needed_to_load": true}]},
        "provenance": {"code": {"vcs": "git", "url": "https://h/x", "commit": "c",
                "branch": "b", "path": "p", "state": "unknown"},
            "pipeline": "make.py",
            "datasets": [{"role": "train", "path": "t.csv", "uri": "s3://x", "version": "1",
                "size": 1, "sha256": hex, "md5": "0", "rows": 2, "target": "y", "split": "s",
                "seed": 0}],
            "parameters": {"depth": 8, "deep": {"a": [1, 2.5]}},
            "parents": [{"name": "p", "version": "1", "uri": "u", "sha256": hex}],
            "tools": [{"name": "holdall", "version": "0.1.0"}]},
        "evaluation": [{"metric": "f1", "value": 0.5, "dataset": "test", "direction": "higher",
            "threshold": 0.1, "unit": "1", "interval": [0.25, 0.75], "slice": "s"}],
        "profiles": [{"name": "input", "path": "profiles/input.json", "role": "input"}],
        "evidence": [{"kind": "conversion-proof", "path": "evidence/x.json",
            "source": {"path": "a", "sha256": hex}, "target": {"path": "b", "sha256": hex},
            "verdict": "equal"}],
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
    for bad in ["a\n-r other.txt", "a\n./local", "a\nb = 1", "a\nb[x", "a\nb ==", "a\n--wrong"] {
        let failure = read(bad).unwrap_err();
        assert_eq!(failure.code(), codes::REQUIREMENTS, "{bad}");
        assert_eq!(failure.location().line, Some((2, 1)), "{bad}");
    }
}

#[test]
fn the_code_pointer_is_read_without_git() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let commit = "0123456789abcdef0123456789abcdef01234567";
    put("repository/.git/HEAD", "ref: refs/heads/main\n");
    put("repository/sub/model", "");
    assert_eq!(code_pointer(&root).unwrap(), None);
    put("repository/.git/packed-refs", &format!("# pack-refs\n{commit} refs/heads/main\n"));
    put(
        "repository/.git/config",
        "[remote \"other\"]\n\turl = https://o/x\n[remote \"origin\"]\n\turl = https://me:secret@h.example/x.git?token=1\n",
    );
    let pointer = code_pointer(&root.join("sub")).unwrap().unwrap();
    assert_eq!(pointer.commit, commit);
    assert_eq!(pointer.branch.as_deref(), Some("main"));
    assert_eq!(pointer.url.as_deref(), Some("https://h.example/x.git"));
    assert_eq!((pointer.path.as_str(), pointer.state), ("sub", State::Unknown));
    // A linked work tree: `.git` is a file, the references are shared.
    put("repository/.git/worktrees/w/HEAD", "ref: refs/heads/main\n");
    put("repository/.git/worktrees/w/commondir", "../..\n");
    let tree = root.join(".git/worktrees/w");
    put("tree/.git", &format!("gitdir: {}\n", tree.display()));
    assert_eq!(code_pointer(&folder.path().join("tree")).unwrap().unwrap().commit, commit);
    put("repository/.git/HEAD", "ref: ../../secret\n");
    assert_eq!(code_pointer(&root).unwrap_err().code(), codes::GIT);
    put("repository/.git/refs/heads/a", "ref: refs/heads/a\n");
    put("repository/.git/HEAD", "ref: refs/heads/a\n");
    assert_eq!(code_pointer(&root).unwrap_err().code(), codes::GIT);
}

#[test]
fn data_files_and_their_pointers_are_told_apart() {
    let facts = |name: &str, text: &str| {
        let mut dataset = Dataset { role: "train".to_owned(), ..Dataset::default() };
        data_facts(&Source::from_bytes(name, text.to_owned()), &mut dataset).map(|()| dataset)
    };
    let csv = facts("t.csv", "a,b\n1,\"x\ny\"\n2,z\n").unwrap();
    assert_eq!((csv.rows, csv.size), (Some(2), Some(16)));
    assert_eq!(csv.sha256, Some(crate::digest::of_bytes(b"a,b\n1,\"x\ny\"\n2,z\n").sha256));
    let oid = "ab".repeat(32);
    let lfs = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n");
    let found = facts("t.csv", &lfs).unwrap();
    assert_eq!((found.sha256.unwrap().to_string(), found.size, found.rows), (oid, Some(12), None));
    let dvc = "outs:\n- md5: 22a1a2931c8370d3aeedd7183606fd7f\n  size: 14445097\n  hash: md5\n  path: data.xml\n";
    let pointer = data_pointer(&Source::from_bytes("data.xml.dvc", dvc.to_owned())).unwrap();
    assert_eq!(
        pointer,
        Some(DataPointer::Dvc {
            path: "data.xml".to_owned(),
            md5: "22a1a2931c8370d3aeedd7183606fd7f".to_owned(),
            size: Some(14_445_097),
        })
    );
    let damaged = lfs.replace("size 12", "size many");
    assert_eq!(facts("t.csv", &damaged).unwrap_err().code(), codes::POINTER);
    assert_eq!(facts("x.dvc", "outs: nothing").unwrap_err().code(), codes::POINTER);
}

#[test]
fn codes_are_unique() {
    let mut texts: Vec<_> = codes::ALL.iter().map(|info| info.code).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), codes::ALL.len());
}
