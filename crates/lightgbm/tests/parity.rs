//! The answers of the library on its own models, against ours.
#![cfg(test)]

use holdall_testkit::{Case, Labels, compare};

/// Cases whose margins mean something else here: random forests answer with the mean before the link
/// and the library with the sum; `sigmoid` is multiplied into the margin; `reg_sqrt` squares it.
const OTHER_MARGINS: [&str; 8] = [
    "binary_sigmoid_4_7",
    "linear_tree_rf_4_7",
    "multiclassova_4_7",
    "regression_sqrt_4_7",
    "rf_3_3",
    "rf_4_7",
    "rf_binary_4_7",
    "rf_multiclass_4_7",
];

#[test]
fn every_case_answers_as_the_library_does() {
    let cases = Case::all("lightgbm");
    assert_eq!(cases.len(), 35);
    for case in cases {
        let name = &case.name;
        let found = case.answers("model.txt", holdall_lightgbm::READER);
        let found = found.unwrap_or_else(|why| panic!("{name}: {why}"));
        let check = |table: &str, near| {
            compare(&case.table(table), &found, near, Labels::ByValue)
                .unwrap_or_else(|why| panic!("{name}, {table}: {why}"));
        };
        check("expected.csv", case.tolerance());
        if !OTHER_MARGINS.contains(&name.as_str()) {
            check("margins.csv", (0.0, 0.0));
        }
    }
}
