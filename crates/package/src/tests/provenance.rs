use std::{path::PathBuf, process::Command};

use super::*;
use crate::{
    codes,
    manifest::{Dataset, PointerKind},
    provenance::{
        DataPointer, State, code_pointer, data_facts, data_pointer, dvc_lock, dvc_parameters,
    },
};

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

/// A repository made by git itself, apart from the settings of whoever runs the test.
struct Repository {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Repository {
    fn new(format: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("r");
        std::fs::create_dir(&root).unwrap();
        let repository = Self { _folder: folder, root };
        repository.git(&["init", "-q", &format!("--object-format={format}")]);
        repository.put("a.txt", "one\n");
        repository.put("a-b/deep/c.txt", "two\n");
        repository.put("a/c.txt", "three\n");
        repository.put("a.b", "four\n");
        repository.git(&["add", "."]);
        repository.git(&["commit", "-q", "-m", "first"]);
        repository
    }

    fn git(&self, words: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "gc.auto=0"])
            .args(words)
            .current_dir(&self.root)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .expect("these tests compare with git itself: install it");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Our answer, which must be that of git where it is not unknown.
    fn state(&self) -> State {
        let pointer = code_pointer(&self.root).unwrap().unwrap();
        assert_eq!(pointer.commit, self.git(&["rev-parse", "HEAD"]).trim());
        let said = self.git(&["status", "--porcelain", "--untracked-files=no"]);
        match pointer.state {
            State::Clean => assert_eq!(said, ""),
            State::Dirty => assert_ne!(said, ""),
            State::Unknown => {}
        }
        for name in &pointer.changed {
            assert!(said.contains(name.as_str()), "{name} is not in {said}");
        }
        pointer.state
    }
}

#[test]
fn clean_and_dirty_are_told_as_git_tells_them() {
    for format in ["sha1", "sha256"] {
        let repository = Repository::new(format);
        assert_eq!(repository.state(), State::Clean, "{format}");
        repository.put("untracked", "x");
        assert_eq!(repository.state(), State::Clean, "{format}");
        // Touched, with the same content: only hashing tells.
        repository.put("a.txt", "one\n");
        assert_eq!(repository.state(), State::Clean, "{format}");
        repository.put("a.txt", "eno\n");
        assert_eq!(repository.state(), State::Dirty, "{format}");
        let pointer = code_pointer(&repository.root).unwrap().unwrap();
        assert_eq!(pointer.changed, ["a.txt"]);
        // Staged: the files are those of the index, the index is not that of the commit.
        repository.git(&["add", "."]);
        assert_eq!(repository.state(), State::Dirty, "{format}");
        repository.git(&["commit", "-q", "-m", "second"]);
        assert_eq!(repository.state(), State::Clean, "{format}");
        std::fs::remove_file(repository.root.join("a/c.txt")).unwrap();
        assert_eq!(repository.state(), State::Dirty, "{format}");
        repository.git(&["checkout", "-q", "."]);
        repository.git(&["rm", "-q", "--cached", "a/c.txt"]);
        assert_eq!(repository.state(), State::Dirty, "{format}");
        repository.git(&["reset", "-q", "--hard"]);
        repository.put("new", "x");
        repository.git(&["add", "-N", "new"]);
        assert_eq!(repository.state(), State::Dirty, "{format}");
    }
}

#[test]
fn packed_commits_and_all_versions_of_the_index_are_read() {
    let repository = Repository::new("sha1");
    for round in 0..30 {
        let long = "a line that compresses with the commits around it\n".repeat(20);
        repository.put("a.txt", &format!("{round}\n"));
        repository.git(&["commit", "-q", "-a", "-m", &format!("{long}{round}")]);
    }
    repository.git(&["repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50"]);
    repository.git(&["prune-packed"]);
    for version in ["2", "3", "4"] {
        repository.git(&["update-index", "--index-version", version]);
        assert_eq!(repository.state(), State::Clean, "{version}");
        repository.git(&["update-index", "--skip-worktree", "a.b"]);
        assert_eq!(repository.state(), State::Clean, "{version}");
        repository.git(&["update-index", "--no-skip-worktree", "a.b"]);
        repository.git(&["checkout", "-q", "HEAD~7"]);
        assert_eq!(repository.state(), State::Clean, "{version}");
    }
    // A clone that borrows the objects.
    let clone = repository.root.parent().unwrap().join("clone");
    repository.git(&["clone", "-q", "--shared", ".", clone.to_str().unwrap()]);
    assert_eq!(code_pointer(&clone).unwrap().unwrap().state, State::Clean);
}

#[test]
fn submodules_are_looked_into_at_any_depth() {
    let outer = Repository::new("sha1");
    let (middle, inner) = (Repository::new("sha1"), Repository::new("sha1"));
    let add = |to: &Repository, from: &Repository| {
        let path = from.root.to_str().unwrap();
        to.git(&["-c", "protocol.file.allow=always", "submodule", "-q", "add", path, "part"]);
        to.git(&["commit", "-q", "-m", "with a part"]);
    };
    add(&middle, &inner);
    add(&outer, &middle);
    // The inner one is not checked out yet.
    assert_eq!(outer.state(), State::Clean);
    let update = ["submodule", "-q", "update", "--init", "--recursive"];
    outer.git(&[&["-c", "protocol.file.allow=always"], &update[..]].concat());
    assert_eq!(outer.state(), State::Clean);
    outer.put("part/part/untracked", "x");
    assert_eq!(outer.state(), State::Clean);
    outer.put("part/part/a.txt", "changed\n");
    assert_eq!(outer.state(), State::Dirty);
    assert_eq!(code_pointer(&outer.root).unwrap().unwrap().changed, ["part"]);
    outer.put("part/part/a.txt", "one\n");
    assert_eq!(outer.state(), State::Clean);
    outer.git(&["-C", "part", "checkout", "-q", "HEAD~1"]);
    assert_eq!(outer.state(), State::Dirty);
}

#[test]
fn what_only_git_can_tell_is_unknown() {
    let repository = Repository::new("sha1");
    repository.git(&["update-index", "--split-index"]);
    assert_eq!(repository.state(), State::Unknown);
    let repository = Repository::new("sha1");
    repository.put("a.txt", "one\r\n");
    assert_eq!(repository.state(), State::Unknown);
    repository.git(&["config", "core.autocrlf", "true"]);
    std::fs::remove_file(repository.root.join("a.txt")).unwrap();
    repository.git(&["checkout", "-q", "a.txt"]);
    assert_eq!(std::fs::read(repository.root.join("a.txt")).unwrap(), b"one\r\n");
    repository.put("a.txt", "one\r\n");
    assert_eq!(repository.state(), State::Clean);
    let repository = Repository::new("sha1");
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let (first, rest) = commit.trim().split_at(2);
    let object = repository.root.join(".git/objects").join(first).join(rest);
    std::fs::rename(&object, repository.root.join("gone")).unwrap();
    assert_eq!(code_pointer(&repository.root).unwrap().unwrap().state, State::Unknown);
}

#[test]
fn a_damaged_index_or_pack_never_ends_in_a_panic() {
    let repository = Repository::new("sha1");
    repository.git(&["commit", "-q", "--allow-empty", "-m", "second"]);
    repository.git(&["repack", "-q", "-a", "-d"]);
    repository.git(&["prune-packed"]);
    let packs = std::fs::read_dir(repository.root.join(".git/objects/pack")).unwrap();
    let mut files: Vec<PathBuf> = packs.map(|item| item.unwrap().path()).collect();
    files.push(repository.root.join(".git/index"));
    for file in files {
        let good = std::fs::read(&file).unwrap();
        let mut meta = std::fs::metadata(&file).unwrap().permissions();
        #[expect(clippy::permissions_set_readonly_false, reason = "git protects its packs")]
        meta.set_readonly(false);
        std::fs::set_permissions(&file, meta).unwrap();
        for at in 0..good.len().min(2000) {
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            std::fs::write(&file, &bad).unwrap();
            drop(code_pointer(&repository.root));
            if at % 7 == 0 {
                std::fs::write(&file, &good[..at]).unwrap();
                drop(code_pointer(&repository.root));
            }
        }
        std::fs::write(&file, good).unwrap();
    }
}

/// A project folder with these files.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn facts(folder: &tempfile::TempDir, path: &str, dataset: Dataset) -> Result<Dataset, Failure> {
    let mut dataset = dataset;
    data_facts(folder.path(), path, &mut dataset).map(|()| dataset)
}

const CSV: &str = "a,b\n1,\"x\ny\"\n2,z\n";

fn md5_of(text: &str) -> String {
    use md5::Digest;
    holdall_sign::to_hex(&md5::Md5::digest(text))
}

#[test]
fn data_files_and_their_pointers_are_told_apart() {
    let oid = "ab".repeat(32);
    let lfs = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n");
    let folder =
        project(&[("t.csv", CSV), ("lfs.csv", &lfs), ("bad.csv", &lfs.replace("12", "x"))]);
    let csv = facts(&folder, "t.csv", Dataset::default()).unwrap();
    assert_eq!((csv.rows, csv.size), (Some(2), Some(16)));
    assert_eq!(csv.sha256, Some(crate::digest::of_bytes(CSV.as_bytes()).sha256));
    let found = facts(&folder, "lfs.csv", Dataset::default()).unwrap();
    assert_eq!((found.sha256.unwrap().to_string(), found.size, found.rows), (oid, Some(12), None));
    assert_eq!(found.pointer.unwrap().kind, PointerKind::GitLfs);
    let failure = facts(&folder, "bad.csv", Dataset::default()).unwrap_err();
    assert_eq!(failure.code(), codes::POINTER);
    assert!(facts(&folder, "none.csv", Dataset::default()).is_err());
    let declared = Dataset { rows: Some(3), ..Dataset::default() };
    let failure = facts(&folder, "t.csv", declared).unwrap_err();
    assert_eq!(failure.code(), codes::CONTRADICTION);
    assert!(failure.to_string().contains("3 rows"), "{failure}");
}

#[test]
fn dvc_files_and_locks_stand_for_data_that_may_be_elsewhere() {
    let dvc = "outs:\n- md5: 22a1a2931c8370d3aeedd7183606fd7f\n  size: 14445097\n  hash: md5\n  path: data.xml\n";
    let pointer = data_pointer(&Source::from_bytes("data.xml.dvc", dvc.to_owned())).unwrap();
    let md5 = "22a1a2931c8370d3aeedd7183606fd7f".to_owned();
    assert_eq!(
        pointer,
        Some(DataPointer::Dvc { path: "data.xml".to_owned(), md5, size: Some(14_445_097) })
    );
    let bad = data_pointer(&Source::from_bytes("x.dvc", "outs: nothing".to_owned()));
    assert_eq!(bad.unwrap_err().code(), codes::POINTER);
    let good =
        dvc.replace("22a1a2931c8370d3aeedd7183606fd7f", &md5_of(CSV)).replace("14445097", "16");
    let lock = format!(
        "schema: '2.0'\nstages:\n  train:\n    cmd: python t.py\n    deps:\n    - path: d/raw.csv\n      \
         hash: md5\n      md5: {}\n      size: 5\n    params:\n      params.yaml:\n        depth: 8\n        \
         rate: 0.5\n",
        md5_of("other")
    );
    let folder = project(&[
        ("here.csv", CSV),
        ("here.csv.dvc", &good),
        ("away.csv.dvc", dvc),
        ("changed.csv", CSV),
        ("changed.csv.dvc", dvc),
        ("dvc.lock", &lock),
    ]);
    let found = facts(&folder, "here.csv", Dataset::default()).unwrap();
    assert_eq!((found.md5.clone(), found.rows), (Some(md5_of(CSV)), Some(2)));
    assert!(found.sha256.is_some());
    let away = facts(&folder, "away.csv", Dataset::default()).unwrap();
    assert_eq!((away.size, away.sha256), (Some(14_445_097), None));
    assert_eq!(away.pointer.unwrap().file, "away.csv.dvc");
    let failure = facts(&folder, "changed.csv", Dataset::default()).unwrap_err();
    assert_eq!(failure.code(), codes::CONTRADICTION);
    let locked = facts(&folder, "d/raw.csv", Dataset::default()).unwrap();
    assert_eq!(locked.pointer.unwrap().file, "dvc.lock");
    let source = Source::open(&folder.path().join("dvc.lock")).unwrap();
    assert_eq!(dvc_lock(&source).unwrap().len(), 1);
    let parameters = dvc_parameters(&source).unwrap();
    assert_eq!(parameters[0], ("depth".to_owned(), serde_json::json!(8)));
}

#[test]
fn folders_of_data_have_a_digest_and_may_come_from_lakefs() {
    let reference = "src: lakefs://repo/main/data/\nat_head: 0123abcd\n";
    let folder = project(&[
        ("d/b.csv", "b"),
        ("d/a.csv", "a"),
        ("l/.lakefs_ref.yaml", reference),
        ("l/x", "1"),
        ("bad/.lakefs_ref.yaml", "src: elsewhere\n"),
    ]);
    let found = facts(&folder, "d", Dataset::default()).unwrap();
    assert_eq!((found.files, found.size), (Some(2), Some(2)));
    let [a, b] = ["a", "b"].map(|t| crate::digest::of_bytes(t.as_bytes()).sha256);
    let list = format!("{a}  a.csv\n{b}  b.csv\n");
    assert_eq!(found.sha256, Some(crate::digest::of_bytes(list.as_bytes()).sha256));
    let lake = facts(&folder, "l", Dataset::default()).unwrap();
    assert_eq!(lake.uri.as_deref(), Some("lakefs://repo/main/data/"));
    assert_eq!((lake.version.as_deref(), lake.files), (Some("0123abcd"), Some(1)));
    let other = Dataset { version: Some("ffff".to_owned()), ..Dataset::default() };
    assert_eq!(facts(&folder, "l", other).unwrap_err().code(), codes::CONTRADICTION);
    let bad = facts(&folder, "bad", Dataset::default()).unwrap_err();
    assert_eq!(bad.code(), codes::POINTER);
}
