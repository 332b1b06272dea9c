use holdall_score::Scorer;
use holdall_table::{Column, Data, Matching, Role, Table, select_inputs};
use holdall_tabular::{ValidModel, validate};

use super::{families, models, reading::read, writing::written};

/// Every pair of numbers around the thresholds, with every text; an empty cell is missing.
fn rows() -> Table {
    let numbers = [
        "",
        "0",
        "-0",
        "0.1",
        "0.10000000149011612",
        "0.10000000000000002",
        "0.2",
        "-0.3",
        "0.3333333333333333",
        "0.33333334",
        "2",
        "2.5",
        "5",
        "5.7",
        "-0.5",
        "-1",
        "7",
        "1e-36",
        "1e30",
    ];
    let mut columns = [Vec::new(), Vec::new(), Vec::new()];
    for a in numbers {
        for b in numbers {
            for c in ["", "x", "y", "y < \"z\"", "w", "other"] {
                for (column, cell) in columns.iter_mut().zip([a, b, c]) {
                    column.push(cell.to_owned());
                }
            }
        }
    }
    let rows = columns[0].len();
    let columns = ["a", "b", "c"].into_iter().zip(columns);
    let columns = columns.map(|(name, cells)| Column::new(name, Data::Text(cells))).collect();
    Table { columns, rows, first_row: 0 }
}

fn score(model: &ValidModel) -> (Table, Vec<usize>) {
    let scorer = Scorer::compile(model).unwrap();
    let (rows, _) = select_inputs(&scorer, &rows(), Matching::Name).unwrap();
    let (table, failed) = scorer.score_rows(&rows).unwrap();
    (table, failed.into_iter().map(|(row, _)| row).collect())
}

/// The column that means the same. Without a role it is the one of that name.
fn same<'t>(column: &Column, index: usize, table: &'t Table) -> Option<&'t Column> {
    match &column.role {
        Some(Role::Transformed(_) | Role::Margin(_)) | None => table.columns.get(index),
        role @ Some(Role::Label | Role::Probability(_) | Role::Value(_)) => {
            let same = table.columns.iter().find(|c| c.role == *role);
            same.or(table.columns.get(index).filter(|c| c.role != Some(Role::Label)))
        }
    }
}

#[test]
fn models_score_the_same_after_writing_and_reading() {
    for (name, model) in models::all().into_iter().chain(families::all()) {
        let back = validate(read(written(&model))).unwrap();
        let ((want, want_failed), (got, got_failed)) = (score(&model), score(&back));
        assert_eq!(got_failed, want_failed, "{name}: other rows fail");
        let tolerance = if name.contains("f32") || name.contains("class") { 1e-6 } else { 1e-14 };
        let mut compared = 0;
        for (index, column) in want.columns.iter().enumerate() {
            let Some(other) = same(column, index, &got) else {
                panic!("{name}: no column for {}", column.name)
            };
            for row in (0..want.rows).filter(|row| !want_failed.contains(row)) {
                let (a, b) = (column.text(row), other.text(row));
                let number = |text: &str| text.parse::<f64>().ok().filter(|v| !v.is_nan());
                let equal = match (number(&a), number(&b)) {
                    (Some(a), Some(b)) => {
                        (a - b).abs() <= tolerance * a.abs() || a.total_cmp(&b).is_eq()
                    }
                    // NaN and missing are one in PMML.
                    (None, None) => a.replace("NaN", "") == b.replace("NaN", ""),
                    _ => false,
                };
                assert!(equal, "{name}: `{}` of row {row}: {a} became {b}", column.name);
                compared += 1;
            }
        }
        assert!(compared > 1000, "{name}: {compared} values");
    }
}
