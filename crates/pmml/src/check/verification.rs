//! Model verification: <https://dmg.org/pmml/v4-4-1/ModelVerification.html>. The rows that a document
//! carries are scored, and the answers compared with those beside them.

use std::collections::BTreeMap;

use holdall_diag::Diagnostic;
use holdall_score::Scorer;
use holdall_table::{Column, Data, Kind, Matching, Port, Table, select_inputs};
use holdall_tabular::ValidModel;

use super::Check;
use crate::{codes, doc::Element, number};

/// Of the larger number, where a field says nothing.
const PRECISION: f64 = 1e-6;
/// What counts as 0, where a field says nothing.
const ZERO: f64 = 1e-16;

/// One field of the block.
struct Field<'d> {
    element: Element<'d>,
    name: &'d str,
    column: &'d str,
    precision: f64,
    zero: f64,
}

/// The name of a column, without the prefix of its namespace.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn fields(block: Element<'_>) -> Vec<Field<'_>> {
    let all = block.child("VerificationFields").into_iter().flat_map(Element::children);
    let all = all.filter(|child| child.name() == "VerificationField");
    let field = |element: Element<'_>| {
        let of =
            |name, default| element.attribute(name).and_then(number::parse_f64).unwrap_or(default);
        let (precision, zero) = (of("precision", PRECISION), of("zeroThreshold", ZERO));
        (precision, zero)
    };
    all.filter_map(|element| {
        let name = element.attribute("field")?;
        let column = local(element.attribute("column").unwrap_or(name));
        let (precision, zero) = field(element);
        Some(Field { element, name, column, precision, zero })
    })
    .collect()
}

/// Scores the rows of a block and tells which answers differ. Nothing is told of a model without one.
pub(super) fn check(check: &mut Check, model: Element<'_>, valid: &ValidModel) {
    let Some(block) = model.child("ModelVerification") else { return };
    let fields = fields(block);
    let rows = block.child("InlineTable").into_iter().flat_map(Element::children);
    let rows: Vec<Element<'_>> = rows.filter(|child| local(child.name()) == "row").collect();
    let declared = block.attribute("recordCount").and_then(number::parse_f64);
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2³² elements")]
    if declared.is_some_and(|declared| (declared - rows.len() as f64).abs() > 0.0) {
        let message = format!("the block says another number of rows than its {}", rows.len());
        check.warning(codes::ARRAY_COUNT, block, message);
    }
    let cells: Vec<BTreeMap<&str, String>> = rows
        .iter()
        .map(|row| row.children().map(|c| (local(c.name()), c.text().into_owned())).collect())
        .collect();
    let scorer = match Scorer::compile(valid) {
        Ok(scorer) => scorer,
        Err(failure) => return check.report.push(failure.into_diagnostic()),
    };
    let ports = valid.input_ports();
    let columns = ports.iter().map(|port| {
        let field = fields.iter().find(|field| field.name == port.name);
        let text = |row: &BTreeMap<&str, String>| {
            let found = field.and_then(|field| row.get(field.column));
            found.map_or_else(String::new, |text| as_input(text, port))
        };
        Column::new(port.name.clone(), Data::Text(cells.iter().map(text).collect()))
    });
    let table = Table { columns: columns.collect(), rows: cells.len(), first_row: 0 };
    let selected = select_inputs(&scorer, &table, Matching::Name);
    let scored = selected.and_then(|(table, _)| scorer.score_rows(&table));
    let (found, refused) = match scored {
        Ok(scored) => scored,
        Err(failure) => {
            let message = format!("the rows cannot be scored: {}", failure.diagnostic().message);
            return check.error(codes::VERIFICATION, block, message);
        }
    };
    let refused: BTreeMap<usize, String> =
        refused.into_iter().map(|(row, why)| (row, why.diagnostic().message.clone())).collect();
    for (row, why) in &refused {
        let Some(element) = rows.get(*row) else { continue };
        check.error(codes::VERIFICATION, *element, format!("the row is refused: {why}"));
    }
    for field in fields.iter().filter(|f| !ports.iter().any(|port| port.name == f.name)) {
        let Some(column) = found.columns.iter().find(|column| column.name == field.name) else {
            let message =
                format!("`{}` is not answered by the model, and not compared", field.name);
            check.warning(codes::VERIFICATION, field.element, message);
            continue;
        };
        for ((at, row), cells) in rows.iter().enumerate().zip(&cells) {
            let (Some(expected), false) = (cells.get(field.column), refused.contains_key(&at))
            else {
                continue;
            };
            let found = column.text(at);
            if !agree(expected, &found, field) {
                let message = format!(
                    "`{}` of row {}: the document expects `{expected}`, the model answers `{found}`",
                    field.name,
                    at + 1
                );
                let finding = Diagnostic::error(codes::VERIFICATION, message).at(row.location());
                let help = "the model is not the one that the block was made of, or holdall reads it otherwise";
                check.report.push(finding.with_help(help));
            }
        }
    }
}

/// The text of a cell as rows have it: truth values as numbers, whole numbers without a fraction.
fn as_input(text: &str, port: &Port) -> String {
    let truth = match text {
        "true" | "TRUE" | "True" if port.kind.is_number() => Some("1"),
        "false" | "FALSE" | "False" if port.kind.is_number() => Some("0"),
        _ => None,
    };
    let whole = number::parse_i64(text).filter(|_| port.kind == Kind::I64);
    whole.map_or_else(|| truth.unwrap_or(text).to_owned(), |number| number.to_string())
}

/// The rule of the standard: numbers near 0 agree by size, others by their ratio; all else is equal.
fn agree(expected: &str, found: &str, field: &Field<'_>) -> bool {
    if expected == found || expected.eq_ignore_ascii_case(found) {
        return true;
    }
    let (Some(e), Some(f)) = (number::parse_f64(expected), number::parse_f64(found)) else {
        return false;
    };
    if e.abs() <= field.zero {
        return f.abs() <= field.zero;
    }
    (e.is_nan() && f.is_nan()) || (f - e).abs() <= field.precision * e.abs()
}
