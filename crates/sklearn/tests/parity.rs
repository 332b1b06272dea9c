//! Every model of `testdata/sklearn` and `testdata/skops` answers as scikit-learn did, or is refused with a
//! known code.

#![cfg(test)]

use std::fmt::Write;

use holdall_codec::{ReadOptions, Reader};
use holdall_source::Source;
use holdall_testkit::{Case, Labels, compare};

/// Cases outside what is carried, by the start of their name, and the code that says so.
const REFUSED: [(&str, &str); 1] = [("tree_one_class", "sklearn/outputs")];

fn reader(file: &str) -> &'static dyn Reader {
    match file.rsplit_once('.') {
        Some((_, "skops")) => holdall_sklearn::READER_SKOPS,
        Some(_) | None => holdall_sklearn::READER,
    }
}

fn cases() -> impl Iterator<Item = Case> {
    ["sklearn", "skops"].into_iter().flat_map(Case::all)
}

/// The largest part of the tolerance that a number uses up, or what is wrong.
fn check(case: &Case, file: &str) -> Result<f64, String> {
    let found = case.answers(file, reader(file))?;
    let near = case.tolerance();
    let worst = compare(&case.table("expected.csv"), &found, near, Labels::Exact)?;
    match case.optional("margins.csv") {
        Some(margins) => Ok(worst.max(compare(&margins, &found, near, Labels::Exact)?)),
        None => Ok(worst),
    }
}

fn refusal(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(start, _)| name.starts_with(start)).map(|(_, code)| *code)
}

#[test]
fn every_case_answers_as_scikit_learn_did() {
    let (mut report, mut failures, mut checked) = (String::new(), 0, 0);
    for case in cases() {
        let name = &case.name;
        for file in case.models() {
            checked += 1;
            let outcome = match refusal(name) {
                Some(code) => match case.read(&file, reader(&file)) {
                    Ok(_) => Err(format!("expected the refusal `{code}`, found a model")),
                    Err(failure) if failure.code().as_str() == code => Ok(0.0),
                    Err(failure) => Err(format!("expected the refusal `{code}`, found: {failure}")),
                },
                None => check(&case, &file),
            };
            match outcome {
                Ok(part) => writeln!(report, "ok    {name}/{file}: {part:.4} of the tolerance"),
                Err(message) => {
                    failures += 1;
                    writeln!(report, "FAIL  {name}/{file}: {message}")
                }
            }
            .unwrap();
        }
    }
    assert!(checked >= 900, "only {checked} models were found");
    println!("{report}");
    assert!(failures == 0, "{failures} of {checked} models differ:\n{report}");
}

#[test]
fn all_protocols_and_joblib_forms_of_a_fit_give_equal_models() {
    let mut compared = 0;
    for case in cases() {
        let models = case.models();
        if let Some((first, others)) = models.split_first().filter(|(_, others)| !others.is_empty())
        {
            let first = case.read(first, reader(first)).unwrap();
            for other in others {
                assert_eq!(
                    case.read(other, reader(other)).unwrap(),
                    first,
                    "{} {other}",
                    case.name
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 20, "only {compared} pairs were compared");
}

#[test]
fn every_model_scans_as_safe() {
    let mut others = Vec::new();
    for case in cases() {
        for file in case.models() {
            let source = Source::open(&case.path(&file)).unwrap();
            let summary = reader(&file).inspect(&source, &ReadOptions::default()).unwrap();
            let verdict = summary.facts.iter().find(|(name, _)| name == "verdict");
            if verdict.unwrap().1 != "safe" {
                let risks: Vec<_> = summary.risks.iter().map(|r| r.message.clone()).collect();
                others.push(format!("{} {file}: {risks:?}", case.name));
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}
