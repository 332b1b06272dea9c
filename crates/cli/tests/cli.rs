#![cfg(test)]
//! Runs every file in `tests/cli/`: commands with their expected streams and exit status.
//!
//! A case runs in a fresh copy of `examples/breast_cancer`. Its lines:
//!
//! | line | meaning |
//! |---|---|
//! | `# text` | a remark |
//! | `+ NAME TEXT` | makes a file with this text (`\n`, `\t`, `\0` and `\xNN` are understood) |
//! | `^ NAME COUNT` | cuts a file after so many bytes |
//! | `$ holdall …` | runs a command; quotes group words |
//! | `= N` | its exit status, 0 when not given |
//! | `> line`, `! line` | what it prints on stdout, stderr; `…` stands for any text, and alone for any output |
//!
//! `HOLDALL_BLESS=1` writes what was printed into the files, with volatile text as it is: look at every
//! change. Adding a case is adding a file.
#![expect(clippy::disallowed_methods, reason = "tests arrange files and read the environment")]

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

const HOLDALL: &str = env!("CARGO_BIN_EXE_holdall");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A scratch copy of the example.
fn scratch() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(root().join("examples/breast_cancer")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    folder
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let mut words = words(line).into_iter();
    assert_eq!(words.next().as_deref(), Some("holdall"), "only holdall is run: {line}");
    let output = Command::new(HOLDALL)
        .args(words)
        .current_dir(folder)
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// Whether a printed line is the expected one, where `…` stands for any text.
fn fits(expected: &str, printed: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = printed.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, rest.first()) {
            (b'\\', Some(b'n')) => out.push(b'\n'),
            (b'\\', Some(b't')) => out.push(b'\t'),
            (b'\\', Some(b'0')) => out.push(0),
            (b'\\', Some(b'x')) => {
                let digits = std::str::from_utf8(&rest[1..3]).unwrap();
                out.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &rest[2..];
            }
            _ => {
                out.push(first);
                continue;
            }
        }
        rest = &rest[1..];
    }
    out
}

#[derive(Default)]
struct Step {
    command: String,
    status: i32,
    stdout: Vec<String>,
    stderr: Vec<String>,
}

/// Runs one file; gives the differences and the file as it would be blessed.
fn case(path: &Path) -> (Vec<String>, String) {
    let text = std::fs::read_to_string(path).unwrap();
    let folder = scratch();
    let mut faults = Vec::new();
    let mut blessed = String::new();
    let mut step: Option<Step> = None;
    for line in text.lines().chain([""]) {
        let (mark, rest) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match (mark, &mut step) {
            ("=", Some(step)) => step.status = rest.parse().unwrap(),
            (">", Some(step)) => step.stdout.push(rest.to_owned()),
            ("!", Some(step)) => step.stderr.push(rest.to_owned()),
            _ => {
                if let Some(step) = step.take() {
                    finish(&step, folder.path(), &mut faults, &mut blessed);
                }
                arrange(mark, rest, folder.path(), &mut step);
                if mark != "$" {
                    writeln!(blessed, "{line}").unwrap();
                }
            }
        }
    }
    (faults, format!("{}\n", blessed.trim_end()))
}

fn arrange(mark: &str, rest: &str, folder: &Path, step: &mut Option<Step>) {
    match mark {
        "$" => *step = Some(Step { command: rest.to_owned(), ..Step::default() }),
        "+" => {
            let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
            std::fs::write(folder.join(name), unescape(text)).unwrap();
        }
        "^" => {
            let (name, count) = rest.split_once(' ').unwrap();
            let bytes = std::fs::read(folder.join(name)).unwrap();
            std::fs::write(folder.join(name), &bytes[..count.parse().unwrap()]).unwrap();
        }
        "#" | "" => {}
        other => panic!("no such line: `{other} {rest}`"),
    }
}

fn finish(step: &Step, folder: &Path, faults: &mut Vec<String>, blessed: &mut String) {
    let (status, stdout, stderr) = run(folder, &step.command);
    writeln!(blessed, "$ {}", step.command).unwrap();
    if status != 0 {
        writeln!(blessed, "= {status}").unwrap();
    }
    if status != step.status {
        faults.push(format!("{}: exit {status}, expected {}", step.command, step.status));
    }
    for (mark, printed, expected) in [(">", stdout, &step.stdout), ("!", stderr, &step.stderr)] {
        if *expected == ["…"] {
            writeln!(blessed, "{mark} …").unwrap();
            continue;
        }
        let printed: Vec<&str> = printed.lines().collect();
        for (i, line) in printed.iter().enumerate() {
            let kept = expected.get(i).filter(|e| fits(e, line)).map_or(*line, String::as_str);
            writeln!(blessed, "{}", format!("{mark} {kept}").trim_end()).unwrap();
        }
        let same = printed.len() == expected.len()
            && printed.iter().zip(expected).all(|(line, expected)| fits(expected, line.trim_end()));
        if !same {
            let printed = printed.join("\n  ");
            faults.push(format!("{}: {mark} printed\n  {printed}", step.command));
        }
    }
}

#[test]
fn every_case_prints_what_it_says() {
    let folder = root().join("tests/cli");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "case"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "there is no case");
    let bless = std::env::var_os("HOLDALL_BLESS").is_some();
    let mut faults = Vec::new();
    for path in &paths {
        let (found, blessed) = case(path);
        if bless {
            std::fs::write(path, blessed).unwrap();
        } else {
            let name = path.file_name().unwrap().to_string_lossy();
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The verbs in the order in which their examples can be run one after the other.
const VERBS: [&str; 16] = [
    "pack",
    "convert",
    "inspect",
    "validate",
    "scan",
    "score",
    "prove",
    "profile",
    "sign",
    "verify",
    "check",
    "unpack",
    "diff",
    "formats",
    "completions",
    "man",
];

#[test]
fn the_examples_of_every_help_text_run() {
    let folder = scratch();
    for verb in VERBS {
        let (status, help, _) = run(folder.path(), &format!("holdall {verb} --help"));
        assert_eq!(status, 0);
        let examples: Vec<&str> =
            help.lines().map(str::trim).filter(|line| line.starts_with("holdall ")).collect();
        assert!(examples.len() >= 2, "{verb} has fewer than two examples");
        assert!(help.contains("Exit status:"), "{verb} does not say its exit status");
        for example in examples {
            let (status, _, stderr) = run(folder.path(), example);
            assert_eq!(status, 0, "{example}\n{stderr}");
        }
    }
}

#[test]
fn the_command_line_reference_is_up_to_date() {
    let mut page = String::from(
        "# The command line\n\nGenerated from the help texts; `HOLDALL_BLESS=1 cargo test -p \
         holdall-cli` writes it anew.\n",
    );
    let folder = scratch();
    for verb in [&[""], &VERBS[..]].concat() {
        let title = format!("holdall {verb}");
        let (_, help, _) = run(folder.path(), &format!("{title} --help"));
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        write!(page, "\n## `{}`\n\n```text\n{}\n```\n", title.trim(), help.join("\n")).unwrap();
    }
    let path = root().join("docs/cli.md");
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        std::fs::write(path, page).unwrap();
        return;
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == page, "docs/cli.md is stale: run with HOLDALL_BLESS=1");
}

#[test]
fn every_document_fits_its_schema() {
    let folder = scratch();
    for line in [
        "inspect nothing",
        "inspect model.joblib",
        "validate model.joblib",
        "scan model.joblib",
        "convert model.joblib model.onnx --plan",
        "convert model.joblib model.onnx --prove rows.csv",
        "convert model.joblib model.safetensors",
        "prove model.joblib model.onnx --rows rows.csv",
        "inspect model.onnx",
        "validate model.onnx --values",
        "convert model.onnx newer.onnx --to onnx:opset=21,external=split",
        "diff model.onnx newer.onnx",
        "diff model.onnx model.onnx",
        "profile train.csv",
        "pack . -o model.holdall",
        "inspect model.holdall",
        "check model.holdall --server server.json",
        "sign --generate-key key.pem",
        "sign model.holdall --key key.pem",
        "verify model.holdall --key key.pub",
        "sign --generate-key other.pem --curve p521",
        "sign model.holdall --key other.pem --attest slsa,test-result,proof",
        "verify model.holdall --key key.pub --key other.pub --threshold 2",
        "verify model.holdall --key other.pub --only *.onnx",
        "verify model.holdall",
        "sign model.joblib --key key.pem",
        "verify model.joblib --key other.pub --at 2026-01-01",
        "verify model.holdall --key rows.csv",
        "unpack model.holdall unpacked",
        "pack model.holdall -o model.oci",
        "pack model.joblib -o bare.holdall --name bare",
        "diff model.holdall model.oci",
        "diff model.holdall bare.holdall",
        "pack unpacked --init",
        "formats",
    ] {
        let (_, stdout, stderr) = run(folder.path(), &format!("holdall {line} --json"));
        let document: serde_json::Value =
            serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{line}: {e}\n{stderr}"));
        let id = document["schema"].as_str().unwrap();
        let name = id.strip_prefix("holdall/").unwrap().replace('/', "-");
        let schema = std::fs::read(root().join(format!("schemas/{name}.json"))).unwrap();
        let schema = serde_json::from_slice(&schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{line}: {faults:?}");
    }
}
