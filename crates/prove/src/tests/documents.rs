use holdall_score::Covered;

use super::*;

fn evidence(comparison: Comparison, covered: Covered) -> Evidence {
    let side = |path: &str, format: &str| Side {
        path: path.to_owned(),
        format: format.to_owned(),
        sha256: "0".repeat(64),
    };
    let (source, target) = (side("a.json", "xgboost-json"), side("a.onnx", "onnx"));
    Evidence::of_conversion(source, target, RowCounts::of_file(3), covered, comparison)
}

#[test]
fn documents_keep_to_their_schema_and_read_back() {
    let schema = include_str!("../../../../schemas/evidence-1.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut broken = forest(2);
    trees(&mut broken).leaves[0] = 0.125;
    let covered = Covered { splits: 1, all_splits: 2, leaves: 1, all_leaves: 3 };
    for (comparison, covered) in
        [(prove(forest(2), forest(2)), Covered::default()), (prove(forest(2), broken), covered)]
    {
        let evidence = evidence(comparison, covered);
        let text = evidence.to_json().unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{text}");
        assert_eq!(Evidence::from_json(&text).unwrap(), evidence);
        assert_eq!(evidence.to_json().unwrap(), text);
    }
}

#[test]
fn other_documents_are_refused() {
    let comparison = prove(forest(1), forest(1));
    let text = evidence(comparison, Covered::default()).to_json().unwrap();
    let other = text.replace("holdall/evidence/1", "holdall/evidence/9");
    assert_eq!(Evidence::from_json(&other).unwrap_err().code(), codes::EVIDENCE);
    assert_eq!(Evidence::from_json("{}").unwrap_err().code(), codes::EVIDENCE);
}
