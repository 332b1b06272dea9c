#![cfg(test)]
//! `holdall pack` as a process: killed at many moments, the target is absent, as it was before, or whole;
//! run by other people, elsewhere, on files in another order, the bytes are the same.
#![expect(clippy::disallowed_methods, reason = "the tests arrange files on disk")]

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const HOLDALL: &str = env!("CARGO_BIN_EXE_holdall");

fn holdall(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(HOLDALL);
    command.args(words).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A package folder with one file of 16 MB and 40 small ones, made by packing an empty model.
fn sources(folder: &Path) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/breast_cancer");
    std::fs::copy(example.join("model.joblib"), folder.join("model.joblib")).unwrap();
    let done = holdall(folder, &["pack", "model.joblib", "-o", "parts"]).status().unwrap();
    assert!(done.success());
    let noise: Vec<u8> =
        (0..16_000_000_u32).map(|i| (i.wrapping_mul(i) >> 9).to_le_bytes()[0]).collect();
    std::fs::write(folder.join("parts/weights.bin"), &noise).unwrap();
    for index in 0_u8..40 {
        let text = vec![index; 20_000];
        std::fs::write(folder.join(format!("parts/part-{index}.txt")), text).unwrap();
    }
}

#[test]
fn a_killed_pack_leaves_no_target_or_a_whole_one() {
    for (target, old) in [("p.holdall", true), ("p.tar.gz", false), ("p.oci", false), ("p", false)]
    {
        let folder = tempfile::tempdir().unwrap();
        sources(folder.path());
        let words = ["pack", "parts", "-o", target];
        let path = folder.path().join(target);
        let start = Instant::now();
        assert!(holdall(folder.path(), &words).status().unwrap().success());
        let whole = start.elapsed();
        let before = old.then(|| std::fs::read(&path).unwrap());
        let remove = || {
            if path.is_dir() {
                std::fs::remove_dir_all(&path).unwrap();
            } else if path.exists() {
                std::fs::remove_file(&path).unwrap();
            }
        };
        let (mut killed, mut ended) = (0, 0);
        for moment in 0_u32..22 {
            if !old {
                remove();
            }
            let mut child = holdall(folder.path(), &words).spawn().unwrap();
            std::thread::sleep(whole * moment / 20 + Duration::from_millis(1));
            child.kill().unwrap();
            if child.wait().unwrap().success() {
                ended += 1;
            } else {
                killed += 1;
            }
            if let Some(before) = &before {
                assert!(*before == std::fs::read(&path).unwrap(), "{target} {moment}");
            } else if path.exists() {
                let verified = holdall(folder.path(), &["verify", target]).status().unwrap();
                assert!(verified.success(), "{target} at {moment} of 20 is not whole");
            }
        }
        assert!(killed > 5, "{target}: only {killed} of {} were killed", killed + ended);
    }
}

/// Copies the example, in this order of names, with these permissions and times.
#[cfg(unix)]
fn copy(to: &Path, backwards: bool, mode: u32, seconds: u64) {
    use std::os::unix::fs::PermissionsExt;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/breast_cancer");
    let mut names: Vec<_> =
        std::fs::read_dir(&example).unwrap().map(|item| item.unwrap().file_name()).collect();
    names.sort();
    if backwards {
        names.reverse();
    }
    std::fs::create_dir(to).unwrap();
    for name in names.iter().filter(|name| example.join(name).is_file()) {
        let path = to.join(name);
        std::fs::write(&path, std::fs::read(example.join(name)).unwrap()).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn two_packs_of_the_same_files_are_equal_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("another place"));
    copy(&one, false, 0o644, 1_000_000_000);
    copy(&other, true, 0o600, 1_700_000_000);
    let key = Path::new("key.pem");
    assert!(
        holdall(folder.path(), &["sign", "--generate-key", "key.pem"]).status().unwrap().success()
    );
    for name in ["p.holdall", "p.tar", "p.tar.gz", "p.oci"] {
        let pack = |project: &Path, umask: &str, user: &str, threads: &str| {
            let target = project.with_extension("").with_file_name(format!("{user}-{name}"));
            let line = format!("umask {umask}; exec \"$0\" pack . -o \"$1\" --key \"$2\" --quiet");
            let done = Command::new("sh")
                .args(["-c", &line, HOLDALL])
                .arg(&target)
                .arg(folder.path().join(key))
                .current_dir(project)
                .env("SOURCE_DATE_EPOCH", "1700000000")
                .env("USER", user)
                .env("TZ", if user == "ann" { "Asia/Tokyo" } else { "UTC" })
                .env("LC_ALL", if user == "ann" { "C" } else { "tr_TR.UTF-8" })
                .env("RAYON_NUM_THREADS", threads)
                .stdout(Stdio::null())
                .status()
                .unwrap();
            assert!(done.success(), "{name}");
            target
        };
        let first = pack(&one, "022", "ann", "1");
        let second = pack(&other, "077", "bob", "5");
        assert!(everything(&first) == everything(&second), "{name} differs");
    }
}

/// The file, or the files below the folder by name, with their bytes.
#[cfg(unix)]
fn everything(path: &Path) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut waiting = vec![path.to_path_buf()];
    let mut found = std::collections::BTreeMap::new();
    while let Some(next) = waiting.pop() {
        if next.is_dir() {
            waiting.extend(std::fs::read_dir(&next).unwrap().map(|item| item.unwrap().path()));
        } else {
            let name = next.strip_prefix(path).unwrap().to_path_buf();
            found.insert(name, std::fs::read(&next).unwrap());
        }
    }
    found
}

#[test]
fn two_packages_differ_by_a_weight_of_their_onnx_model() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/breast_cancer");
    let joblib = example.join("model.joblib");
    let run = |words: &[&str]| {
        let mut command = holdall(root, words);
        command.stdout(Stdio::piped()).output().unwrap()
    };
    assert!(run(&["convert", joblib.to_str().unwrap(), "model.onnx"]).status.success());
    assert!(run(&["pack", "model.onnx", "-o", "old.holdall", "--name", "m"]).status.success());
    // One bit of a number of the largest tensor that lies in the file.
    let said: serde_json::Value =
        serde_json::from_slice(&run(&["inspect", "model.onnx", "--json"]).stdout).unwrap();
    let tensor = &said["summary"]["largest"][0];
    let offset = usize::try_from(tensor["offset"].as_u64().unwrap()).unwrap();
    let mut bytes = std::fs::read(root.join("model.onnx")).unwrap();
    bytes[offset] ^= 1;
    std::fs::write(root.join("model.onnx"), bytes).unwrap();
    assert!(run(&["pack", "model.onnx", "-o", "new.holdall", "--name", "m"]).status.success());
    let compared = run(&["diff", "old.holdall", "new.holdall", "--json"]);
    assert_eq!(compared.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&compared.stdout).unwrap();
    let name = tensor["name"].as_str().unwrap();
    let differences = found["differences"].as_array().unwrap();
    let weight: Vec<_> = differences.iter().filter(|d| d["area"] == "weights").collect();
    assert_eq!(weight.len(), 1, "{differences:?}");
    assert!(weight[0]["what"].as_str().unwrap().contains(name), "{weight:?}");
    assert_eq!(weight[0]["why"], "other values");
}
