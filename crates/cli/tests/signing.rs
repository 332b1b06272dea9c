#![cfg(test)]
//! Signing where cases cannot reach: links, unreadable files, empty folders, plain folders, digests that are
//! taken over, attestations that are tampered with, and the documents that the documentation shows.
#![expect(clippy::disallowed_methods, reason = "tests arrange files")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the command in a folder; gives exit status, stdout and stderr.
fn run(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_holdall"))
        .args(words)
        .current_dir(folder)
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn good(folder: &Path, words: &[&str]) -> String {
    let (status, stdout, stderr) = run(folder, words);
    assert_eq!(status, 0, "{words:?}\n{stdout}{stderr}");
    stdout
}

fn document(folder: &Path, words: &[&str]) -> Value {
    let (_, stdout, stderr) = run(folder, &[words, &["--json"]].concat());
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{words:?}: {error}\n{stderr}"))
}

/// A folder with two keys and a plain model of three files.
fn scratch() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for key in ["a.pem", "b.pem"] {
        good(path, &["sign", "--generate-key", key]);
    }
    std::fs::create_dir_all(path.join("m/sub")).unwrap();
    for (name, text) in [("m/w.bin", "weights"), ("m/sub/x", "more"), ("m/empty", "")] {
        std::fs::write(path.join(name), text).unwrap();
    }
    folder
}

fn codes(answer: &Value, status: &str) -> Vec<String> {
    let findings = answer["findings"].as_array().unwrap().iter();
    let chosen = findings.filter(|finding| finding["status"] == status);
    chosen.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

fn names(answer: &Value, list: &str) -> Vec<String> {
    let list = answer[list].as_array().unwrap().iter();
    list.map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_plain_folder_is_signed_and_every_change_is_found() {
    let folder = scratch();
    let path = folder.path();
    std::fs::create_dir(path.join("m/.git")).unwrap();
    std::fs::write(path.join("m/.git/HEAD"), "x").unwrap();
    good(path, &["sign", "m", "--key", "a.pem"]);
    let verify = || document(path, &["verify", "m", "--key", "a.pub"]);
    let answer = verify();
    assert_eq!(answer["ok"], true);
    assert_eq!(names(&answer, "covered"), ["empty", "sub/x", "w.bin"]);
    assert_eq!(names(&answer, "not_covered"), [".git", "model.sig"]);
    assert_eq!(answer["time"], json!({"at": "2023-11-14T22:13:20Z", "from": "SOURCE_DATE_EPOCH"}));
    std::fs::write(path.join("m/w.bin"), "Weights").unwrap();
    assert_eq!(codes(&verify(), "fail"), ["sign/digest-mismatch"]);
    std::fs::write(path.join("m/w.bin"), "weights").unwrap();
    std::fs::write(path.join("m/extra"), "").unwrap();
    assert_eq!(codes(&verify(), "fail"), ["sign/extra-file"]);
    std::fs::remove_file(path.join("m/extra")).unwrap();
    std::fs::remove_file(path.join("m/sub/x")).unwrap();
    assert_eq!(codes(&verify(), "fail"), ["sign/missing-file"]);
}

#[test]
fn paths_that_the_signer_left_out_are_refused_unless_allowed() {
    let folder = scratch();
    let path = folder.path();
    good(path, &["sign", "m", "--key", "a.pem", "--ignore", "sub"]);
    let answer = document(path, &["verify", "m", "--key", "a.pub"]);
    assert_eq!(codes(&answer, "warn"), ["sign/ignored-path"]);
    assert_eq!(codes(&answer, "fail"), ["sign/hidden-file"]);
    assert_eq!(names(&answer, "not_covered"), ["model.sig", "sub/x"]);
    good(path, &["verify", "m", "--key", "a.pub", "--allow-ignored", "sub"]);
}

#[test]
fn a_second_signer_adds_and_a_changed_model_drops_what_no_longer_holds() {
    let folder = scratch();
    let path = folder.path();
    good(path, &["sign", "m", "--key", "a.pem"]);
    let first = std::fs::read(path.join("m/model.sig")).unwrap();
    let added = document(path, &["sign", "m", "--key", "b.pem"]);
    let place = names(&added, "written").remove(0);
    assert!(place.strip_suffix(".sig").is_some_and(|p| p.starts_with("model.sig.d/")), "{place}");
    let second = std::fs::read(path.join("m").join(&place)).unwrap();
    // Both again: the same files with the same bytes.
    assert_eq!(document(path, &["sign", "m", "--key", "a.pem"])["written"], json!(["model.sig"]));
    assert_eq!(document(path, &["sign", "m", "--key", "b.pem"])["written"], json!([place]));
    assert_eq!(std::fs::read(path.join("m/model.sig")).unwrap(), first);
    assert_eq!(std::fs::read(path.join("m").join(&place)).unwrap(), second);
    good(path, &["verify", "m", "--key", "a.pub", "--key", "b.pub", "--threshold", "2"]);
    std::fs::write(path.join("m/w.bin"), "new").unwrap();
    let again = document(path, &["sign", "m", "--key", "b.pem"]);
    assert_eq!(again["written"], json!(["model.sig"]));
    assert_eq!(again["removed"], json!(["model.sig", place]));
    assert!(!path.join("m/model.sig.d").exists());
    good(path, &["verify", "m", "--key", "b.pub"]);
}

#[test]
fn what_is_no_signature_in_the_folder_for_them_stops_everything() {
    let folder = scratch();
    let path = folder.path();
    good(path, &["sign", "m", "--key", "a.pem"]);
    std::fs::create_dir(path.join("m/model.sig.d")).unwrap();
    std::fs::write(path.join("m/model.sig.d/hidden.bin"), "payload").unwrap();
    for words in [["verify", "m", "--key", "a.pub"], ["sign", "m", "--key", "a.pem"]] {
        let (status, _, stderr) = run(path, &words);
        assert_eq!(status, 2);
        assert!(stderr.contains("m!model.sig.d/hidden.bin"), "{stderr}");
    }
    good(path, &["sign", "m", "--key", "a.pem", "--replace"]);
    good(path, &["verify", "m", "--key", "a.pub"]);
}

#[test]
fn empty_folders_and_detached_signatures() {
    let folder = scratch();
    let path = folder.path();
    std::fs::create_dir(path.join("e")).unwrap();
    let (status, _, stderr) = run(path, &["sign", "e", "--key", "a.pem"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("e: expected files to sign, found none"), "{stderr}");
    assert_eq!(run(path, &["verify", "e", "--key", "a.pub"]).0, 1);
    good(path, &["sign", "m", "--key", "a.pem", "--signature", "out.sig"]);
    assert!(!path.join("m/model.sig").exists());
    good(path, &["verify", "m", "--key", "a.pub", "--signature", "out.sig"]);
    // One that is written into the model is not part of it.
    good(path, &["sign", "m", "--key", "a.pem", "--signature", "m/other.sig"]);
    let answer = document(path, &["verify", "m", "--key", "a.pub", "--signature", "m/other.sig"]);
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(names(&answer, "not_covered"), ["other.sig"]);
}

#[cfg(unix)]
#[test]
fn links_and_unreadable_files_are_named() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = scratch();
    let path = folder.path();
    good(path, &["sign", "m", "--key", "a.pem"]);
    symlink("w.bin", path.join("m/link")).unwrap();
    for words in [["verify", "m", "--key", "a.pub"], ["sign", "m", "--key", "a.pem"]] {
        let (status, _, stderr) = run(path, &words);
        assert_eq!(status, 2);
        assert!(
            stderr.contains("m/link: expected files and folders only, found a link"),
            "{stderr}"
        );
    }
    std::fs::remove_file(path.join("m/link")).unwrap();
    let locked = path.join("m/w.bin");
    std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read(&locked).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let (status, _, stderr) = run(path, &["verify", "m", "--key", "a.pub"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("m/w.bin: cannot open"), "{stderr}");
}

/// The example as a package in a folder, with a key.
fn packed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let example = root().join("examples/breast_cancer").display().to_string();
    good(path, &["pack", &example, "-o", "p"]);
    good(path, &["sign", "--generate-key", "a.pem"]);
    folder
}

#[test]
fn digests_are_taken_over_only_where_nothing_contradicts_them() {
    let folder = packed();
    let path = folder.path();
    let sign = |more: &[&str]| {
        document(path, &[&["sign", "p", "--key", "a.pem"], more].concat())["reused_digests"].clone()
    };
    assert_eq!(sign(&[]), 0);
    let honest = std::fs::read(path.join("p/model.sig")).unwrap();
    let files = |more: &[&str]| {
        document(path, &[&["sign", "p", "--key", "a.pem"], more].concat())["files"]
            .as_u64()
            .unwrap()
    };
    // All but the manifest itself.
    assert_eq!(sign(&["--reuse-digests"]), files(&[]) - 1);
    assert_eq!(std::fs::read(path.join("p/model.sig")).unwrap(), honest);
    // A file that is newer than the manifest is read again, whatever its size.
    let model = path.join("p/model.onnx");
    let mut bytes = std::fs::read(&model).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::thread::sleep(std::time::Duration::from_millis(20));
    std::fs::write(&model, bytes).unwrap();
    assert_eq!(sign(&["--reuse-digests"]), files(&[]) - 2);
    let answer = document(path, &["verify", "p", "--key", "a.pub"]);
    assert_eq!(codes(&answer, "fail"), ["package/digest"], "the signature is about the new bytes");
}

#[test]
fn attestations_say_what_the_manifest_says_or_do_not_hold() {
    let folder = packed();
    let path = folder.path();
    std::fs::write(
        path.join("bom.json"),
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}"#,
    )
    .unwrap();
    let words =
        ["sign", "p", "--key", "a.pem", "--attest", "slsa,test-result,proof", "--bom", "bom.json"];
    let signed = document(path, &words);
    assert_eq!(signed["attested"], json!(["slsa", "test-result", "proof", "bom"]));
    let answer = document(path, &["verify", "p", "--key", "a.pub"]);
    assert_eq!(answer["ok"], true, "{answer}");
    let held: Vec<&Value> =
        answer["attestations"].as_array().unwrap().iter().filter(|a| a["holds"] == true).collect();
    assert_eq!(held.len(), 4);
    let proof = written(&signed, "proof");
    check_proof(&path.join("p").join(&proof));

    // The manifest changes and is signed anew: what was attested is gone, not left to contradict it.
    let manifest = path.join("p/holdall.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("\"threshold\": 0.9"), "{text}");
    let before: Vec<(String, Vec<u8>)> = names(&signed, "written")
        .into_iter()
        .filter(|name| name != "model.sig")
        .map(|name| (name.clone(), std::fs::read(path.join("p").join(name)).unwrap()))
        .collect();
    std::fs::write(&manifest, text.replace("\"threshold\": 0.9", "\"threshold\": 0.99")).unwrap();
    let again = document(path, &["sign", "p", "--key", "a.pem"]);
    assert_eq!(names(&again, "removed").len(), 4);
    // Put back by hand, they are about another model.
    std::fs::create_dir_all(path.join("p/model.sig.d")).unwrap();
    for (name, bytes) in &before {
        std::fs::write(path.join("p").join(name), bytes).unwrap();
    }
    let answer = document(path, &["verify", "p", "--key", "a.pub"]);
    assert_eq!(codes(&answer, "fail"), ["sign/attestation-bad"; 4]);
    for (name, _) in &before {
        std::fs::remove_file(path.join("p").join(name)).unwrap();
    }
    // A test that fails is attested as that, and does not make the package another one.
    document(path, &["sign", "p", "--key", "a.pem", "--attest", "test-result"]);
    let answer = document(path, &["verify", "p", "--key", "a.pub"]);
    assert_eq!(answer["ok"], true);
    assert_eq!(codes(&answer, "warn"), ["sign/attestation"]);
}

fn written(signed: &Value, kind: &str) -> String {
    let start = format!("model.sig.d/{kind}.");
    names(signed, "written").into_iter().find(|name| name.starts_with(&start)).unwrap()
}

fn fits_schema(name: &str, document: &Value) {
    let schema = std::fs::read(root().join(format!("schemas/{name}.json"))).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{name}: {faults:?}");
}

/// The predicate of a proof fits its schema.
fn check_proof(path: &Path) {
    let bundle = holdall_sign::Bundle::read(&std::fs::read(path).unwrap()).unwrap();
    let attestation = holdall_sign::attest::Attestation::of(&bundle).unwrap();
    fits_schema("conversion-proof-1", &attestation.predicate);
}

#[test]
fn the_trust_file_of_the_documentation_is_one() {
    let page = std::fs::read_to_string(root().join("docs/signing.md")).unwrap();
    let block = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let mut document: Value = serde_json::from_str(block).unwrap();
    fits_schema("trust-1", &document);
    // The files that it names are those of a reader; ours stand in.
    let folder = scratch();
    let path = folder.path();
    let made = std::fs::read(root().join("crates/sign/testdata/made.json")).unwrap();
    let made: Value = serde_json::from_slice(&made).unwrap();
    std::fs::write(path.join("office-ca.pem"), made["certificates"]["root"].as_str().unwrap())
        .unwrap();
    for (key, file) in [("a.pub", "release-2025.pub"), ("b.pub", "release-2026.pub")] {
        std::fs::copy(path.join(key), path.join(file)).unwrap();
    }
    std::fs::write(path.join("trusted_root.json"), "{}").unwrap();
    document["threshold"] = 1.into();
    std::fs::write(path.join("trust.json"), document.to_string()).unwrap();
    good(path, &["sign", "m", "--key", "b.pem"]);
    let at = |time| run(path, &["verify", "m", "--trust", "trust.json", "--at", time]);
    let (status, stdout, stderr) = at("2026-06-01");
    assert_eq!(status, 0, "{stdout}{stderr}");
    assert!(stdout.contains("signed by `release 2026`"), "{stdout}");
    assert_eq!(at("2024-06-01").0, 1);
}
