#![expect(clippy::disallowed_methods, reason = "the corpus is read and a page is written")]

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use holdall_pickle::{Pickle, decompress};
use holdall_source::{Budget, Limits, Source};

use crate::lower::class;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every class that a model of the corpus names.
fn classes_of_the_corpus() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for folder in fs::read_dir(root().join("testdata/sklearn")).unwrap() {
        let folder = folder.unwrap().path();
        for file in fs::read_dir(folder).into_iter().flatten() {
            let path = file.unwrap().path();
            if !path.extension().is_some_and(|ext| ext == "pkl" || ext == "joblib") {
                continue;
            }
            let mut budget = Budget::new(Limits::default());
            let source = Source::open(&path).unwrap();
            let unpacked = decompress(&source.bytes().unwrap(), &mut budget).unwrap();
            let pickle = Pickle::read(&unpacked.bytes, &mut budget).unwrap();
            let names = pickle.globals().filter_map(|(_, global)| global);
            all.extend(names.map(|(_, name)| name.to_owned()));
        }
    }
    all
}

#[test]
fn the_page_lists_every_public_estimator_with_its_fate() {
    let list = fs::read_to_string(root().join("testdata/sklearn/estimators.txt")).unwrap();
    let shown = classes_of_the_corpus();
    let (mut table, mut read, mut total) = (String::new(), 0, 0);
    let mut unproven = Vec::new();
    for line in list.lines() {
        let (module, name) = line.split_once(' ').unwrap();
        total += 1;
        let fate = if class::is_carried(module, name) {
            read += 1;
            if !shown.contains(name) {
                unproven.push(name);
            }
            "reads".to_owned()
        } else {
            let reason = class::reason(name);
            format!("refuses: {}", reason.unwrap_or_else(|| panic!("no reason for `{name}`")))
        };
        writeln!(table, "| `{name}` | {fate} |").unwrap();
    }
    assert!(unproven.is_empty(), "no model of the corpus shows {unproven:?}");
    let page = format!(
        "# scikit-learn, estimator by estimator\n\nEvery public estimator of scikit-learn 1.9.1 \
         (`sklearn.utils.all_estimators`), and what the reader does with it. **{read} of {total}** are \
         read; a model of `testdata/sklearn` that the library has answered shows each of them. \
         Settings that are not carried are refused by name: see [the format's page](formats/sklearn.md). \
         Written by `crates/sklearn/src/tests/coverage.rs`.\n\n| estimator | fate |\n|---|---|\n{table}"
    );
    let path = root().join("docs/sklearn-coverage.md");
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        fs::write(&path, page).unwrap();
    } else {
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == page,
            "docs/sklearn-coverage.md is out of date: HOLDALL_BLESS=1 rewrites it"
        );
    }
}
