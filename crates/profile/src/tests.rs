use holdall_table::CsvReader;

use super::*;

fn profile(text: &'static str, batch: usize) -> Profile {
    let mut reader = CsvReader::new("r.csv", text.as_bytes()).unwrap();
    let mut profiler = Profiler::new();
    while let Some(rows) = reader.batch(batch).unwrap() {
        profiler.push(&rows);
    }
    profiler.finish()
}

const ROWS: &str = "a,b,c\n1,x,\n2,y,\n,x,\n4,é,\nNaN,x,\n-3.5,,\n";

#[test]
fn figures_are_those_of_the_data() {
    let profile = profile(ROWS, 100);
    assert_eq!(profile.rows, 6);
    let a = &profile.columns[0];
    assert_eq!((a.logical, a.count, a.missing), (Logical::Number, 5, 1));
    let numeric = a.numeric.as_ref().unwrap();
    assert_eq!((numeric.min, numeric.max, numeric.nan), (-3.5, 4.0, 1));
    assert!((numeric.mean - 0.875).abs() < 1e-15);
    // statistics.pstdev([1, 2, 4, -3.5])
    assert!((numeric.std - 2.747_157_621_979_489).abs() < 1e-12);
    assert_eq!((numeric.negatives, numeric.integers), (1, false));
    let median = numeric.quantiles.iter().find(|q| q.p.total_cmp(&0.5).is_eq()).unwrap();
    assert!(median.value.total_cmp(&1.0).is_eq());
    let b = &profile.columns[1];
    assert_eq!((b.logical, b.missing, b.distinct), (Logical::Text, 1, Some(3)));
    assert_eq!(b.top[0], Category { value: "x".to_owned(), count: 3 });
    assert_eq!(b.text.unwrap().max, 1);
    assert_eq!(profile.columns[2].logical, Logical::Empty);
}

#[test]
fn batches_do_not_change_a_byte() {
    let text = |p: &Profile| serde_json::to_string(p).unwrap();
    assert_eq!(text(&profile(ROWS, 1)), text(&profile(ROWS, 100)));
}

#[test]
fn beyond_the_sample_quantiles_are_near_and_said_to_be_sampled() {
    let mut profiler = Profiler::new();
    let values: Vec<f64> =
        (0..200_000_u32).map(|i| f64::from(i.wrapping_mul(7919) % 200_000)).collect();
    let column = holdall_table::Column::new("v", holdall_table::Data::F64(values));
    profiler.push(&Table { columns: vec![column], rows: 200_000, first_row: 0 });
    let profile = profiler.finish();
    let numeric = profile.columns[0].numeric.as_ref().unwrap();
    assert!(!numeric.quantiles_exact && profile.columns[0].distinct.is_none());
    let median = numeric.quantiles[3];
    assert!((median.value - 100_000.0).abs() < 2_000.0, "{median:?}");
}

#[test]
fn the_document_fits_its_schema() {
    let schema = include_str!("../../../schemas/profile-1.json");
    let schema = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document = serde_json::to_value(profile(ROWS, 10)).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let back: Profile = serde_json::from_value(document).unwrap();
    assert_eq!(back, profile(ROWS, 10));
}
