use super::*;

#[test]
#[expect(clippy::disallowed_methods, reason = "the folder is named by who runs this")]
#[ignore = "writes documents and answers for another engine"]
fn dump_for_peer() {
    let dir = std::path::PathBuf::from(std::env::var("PFA_DUMP").unwrap());
    for (i, valid) in models::all().iter().enumerate() {
        std::fs::write(dir.join(format!("{i}.pfa")), written(valid)).unwrap();
        let table = rows(valid);
        let mut inputs = String::new();
        for row in 0..table.rows {
            let cell = |c: &Column| {
                if c.is_missing(row) {
                    serde_json::Value::Null
                } else {
                    match &c.data {
                        Data::F32(v) => serde_json::json!(f64::from(v[row])),
                        Data::F64(v) => serde_json::json!(v[row]),
                        Data::I64(v) => serde_json::json!(v[row]),
                        Data::Bool(v) => serde_json::json!(v[row]),
                        Data::Text(v) => serde_json::json!(v[row]),
                    }
                }
            };
            let cells: Vec<_> = table.columns.iter().map(cell).collect();
            inputs.push_str(&serde_json::json!(cells).to_string());
            inputs.push('\n');
        }
        std::fs::write(dir.join(format!("{i}.rows")), inputs).unwrap();
        let (table, failures) = Scorer::compile(valid).unwrap().score_rows(&rows(valid)).unwrap();
        let mut lines = String::new();
        for row in 0..table.rows {
            let refused = failures.iter().any(|(r, _)| *r == row);
            let cell = |c: &Column| {
                if c.is_missing(row) {
                    "-".to_owned()
                } else {
                    match &c.data {
                        Data::F32(v) => f64::from(v[row]).to_string(),
                        _ => c.text(row),
                    }
                }
            };
            let cells: Vec<String> = table.columns.iter().map(cell).collect();
            let line = if refused { vec!["refused".to_owned()] } else { cells };
            lines.push_str(&serde_json::json!(line).to_string());
            lines.push('\n');
        }
        std::fs::write(dir.join(format!("{i}.want")), lines).unwrap();
    }
}
