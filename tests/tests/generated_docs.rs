#![cfg(test)]
//! Documents made from the code: `docs/codes.md`, `docs/support.md`, the table in the README.
//!
//! `HOLDALL_BLESS=1` writes them anew; otherwise a stale one fails.
#![expect(clippy::disallowed_methods, reason = "documents are read and the environment decides")]

use std::{
    collections::BTreeSet,
    fmt::Write,
    path::{Path, PathBuf},
};

use holdall_codec::{Fate, Options};
use holdall_diag::CodeInfo;
use holdall_tabular::Construct;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn all_codes() -> Vec<(&'static str, &'static [CodeInfo])> {
    vec![
        ("catboost", holdall_catboost::codes::ALL),
        ("codec", holdall_codec::codes::ALL),
        ("compat", holdall_compat::codes::ALL),
        ("convert", holdall_convert::codes::ALL),
        ("exec", holdall_exec::codes::ALL),
        ("graph", holdall_graph::codes::ALL),
        ("lightgbm", holdall_lightgbm::codes::ALL),
        ("onnx", holdall_onnx::codes::ALL),
        ("package", holdall_package::codes::ALL),
        ("parquet", holdall_parquet::codes::ALL),
        ("passes", holdall_passes::codes::ALL),
        ("pfa", holdall_pfa::codes::ALL),
        ("pickle", holdall_pickle::codes::ALL),
        ("pmml", holdall_pmml::codes::ALL),
        ("prove", holdall_prove::codes::ALL),
        ("runtime", holdall_runtime::codes::ALL),
        ("safetensors", holdall_safetensors::codes::ALL),
        ("score", holdall_score::codes::ALL),
        ("sign", holdall_sign::codes::ALL),
        ("sklearn", holdall_sklearn::codes::ALL),
        ("source", holdall_source::codes::ALL),
        ("table", holdall_table::codes::ALL),
        ("tabular", holdall_tabular::codes::ALL),
        ("tensor", holdall_tensor::codes::ALL),
        ("ubjson", holdall_ubjson::codes::ALL),
        ("weights", holdall_weights::codes::ALL),
        ("xgboost", holdall_xgboost::codes::ALL),
    ]
}

/// Compares a document with its file, or writes it.
fn hold(name: &str, text: &str) {
    let path = root().join(name);
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == text, "{name} is stale: run `HOLDALL_BLESS=1 cargo test -p holdall-tests`");
}

#[test]
fn codes_are_unique_and_named_after_their_crate() {
    let mut seen = BTreeSet::new();
    for (name, codes) in all_codes() {
        for info in codes {
            let text = info.code.as_str();
            assert!(seen.insert(text), "`{text}` is declared twice");
            assert!(text.starts_with(&format!("{name}/")), "`{text}` is declared by `{name}`");
            assert!(!info.description.ends_with('.'), "`{text}`: no full stop");
        }
    }
}

#[test]
fn the_list_of_codes_is_up_to_date() {
    let mut page = String::from(
        "# Codes\n\nEvery finding has one of these codes; they are stable. Generated from the \
         code.\n",
    );
    for (name, codes) in all_codes() {
        write!(page, "\n## {name}\n\n| code | meaning |\n|---|---|\n").unwrap();
        for info in codes {
            writeln!(page, "| `{}` | {} |", info.code, info.description).unwrap();
        }
    }
    hold("docs/codes.md", &page);
}

/// Writers of tabular models.
fn writers() -> Vec<&'static dyn holdall_codec::Writer> {
    holdall_convert::writers()
        .into_iter()
        .filter(|w| w.support(Construct::Concat, &Options::none()).fate != Fate::Refuse)
        .collect()
}

#[test]
fn the_support_table_is_up_to_date() {
    let writers = writers();
    let mut page = String::from(
        "# What the targets can say\n\nMade from the same answers that make the plan of a \
         conversion, with default options. *native*: the target says the same, to the bit. \
         *rewrite*: in other words, answers equal to the bit. *approximate*: answers differ as \
         stated; needs `--allow approximate`. *drop*: carries no meaning and is left out. \
         *refuse*: the target cannot say it. A model may get a better or worse answer than its \
         constructs alone: `holdall convert --plan` tells.\n\n| construct |",
    );
    for writer in &writers {
        write!(page, " {} |", writer.format().title).unwrap();
    }
    page.push_str("\n|---|");
    page.push_str(&"---|".repeat(writers.len()));
    page.push('\n');
    for construct in Construct::all() {
        write!(page, "| `{construct}` |").unwrap();
        for writer in &writers {
            let support = writer.support(construct, &Options::none());
            let how = if support.how.is_empty() {
                String::new()
            } else {
                format!(": {}", support.how.replace('|', "\\|"))
            };
            write!(page, " {}{how} |", support.fate).unwrap();
        }
        page.push('\n');
    }
    hold("docs/support.md", &page);
}

#[test]
fn the_table_of_formats_in_the_readme_is_up_to_date() {
    const START: &str = "<!-- formats: generated -->\n";
    const END: &str = "<!-- end of formats -->";
    let mut table = String::from("| format | id | reads | writes |\n|---|---|---|---|\n");
    for (format, reads, writes) in holdall_convert::formats() {
        let mark = |flag| if flag { "yes" } else { "–" };
        let (title, id) = (format.title, format.id);
        writeln!(table, "| {title} | `{id}` | {} | {} |", mark(reads), mark(writes)).unwrap();
    }
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    hold("README.md", &format!("{before}{START}{table}{END}{after}"));
}
