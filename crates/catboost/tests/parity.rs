//! The answers of the library on its own models, against ours, from both forms.
#![cfg(test)]

use holdall_codec::Reader;
use holdall_testkit::{Case, Labels, compare};

/// Their raw values are not margins of the answer.
const OTHER_MARGINS: [&str; 3] = ["uncertainty_", "absent_class_1", "absent_class_ova_"];

#[test]
fn every_case_answers_as_the_library_does() {
    let cases = Case::all("catboost");
    assert_eq!(cases.len(), 166);
    let forms: [(&str, &dyn Reader); 2] = [
        ("model.json", holdall_catboost::READER_JSON),
        ("model.cbm", holdall_catboost::READER_CBM),
    ];
    for case in cases {
        for (file, reader) in forms {
            let name = &case.name;
            let found = case.answers(file, reader).unwrap_or_else(|why| panic!("{name}: {why}"));
            let check = |table: &str, near| {
                compare(&case.table(table), &found, near, Labels::ByValue)
                    .unwrap_or_else(|why| panic!("{name}, {table}: {why}"));
            };
            check("expected.csv", case.tolerance());
            if !OTHER_MARGINS.iter().any(|stem| name.starts_with(stem)) {
                check("margins.csv", (0.0, 0.0));
            }
        }
    }
}
