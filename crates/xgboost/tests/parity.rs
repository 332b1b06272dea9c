//! The answers of the library on its own models, against ours.
#![cfg(test)]

use holdall_codec::Reader;
use holdall_testkit::{Case, Labels, compare};

/// Sums of products, whose order differs: their margins agree to the tolerance of the case.
const SUMS_OF_PRODUCTS: &str = "linear_";

#[test]
fn every_case_answers_as_the_library_does() {
    let cases = Case::all("xgboost");
    assert_eq!(cases.len(), 41);
    let forms: [(&str, &dyn Reader); 2] =
        [("model.json", holdall_xgboost::READER_JSON), ("model.ubj", holdall_xgboost::READER_UBJ)];
    for case in cases {
        for (file, reader) in forms {
            let name = &case.name;
            let found = case.answers(file, reader).unwrap_or_else(|why| panic!("{name}: {why}"));
            let check = |table: &str, near| {
                compare(&case.table(table), &found, near, Labels::ByValue)
                    .unwrap_or_else(|why| panic!("{name}, {table}: {why}"));
            };
            check("expected.csv", case.tolerance());
            let sums = name.starts_with(SUMS_OF_PRODUCTS);
            check("margins.csv", if sums { case.tolerance() } else { (0.0, 0.0) });
        }
    }
}
