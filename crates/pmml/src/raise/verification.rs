//! Rows to check a document by: <https://dmg.org/pmml/v4-4-1/ModelVerification.html>.

use std::collections::BTreeSet;

use holdall_codec::Examples;

use crate::{doc::Builder, number};

/// Writes the block, where there are rows. A cell that is not there is missing.
pub(super) fn write(out: &mut Builder, examples: &Examples) {
    let rows = examples.rows();
    if rows == 0 {
        return;
    }
    let columns = columns(examples);
    out.open("ModelVerification")
        .attribute("recordCount", rows)
        .attribute("fieldCount", columns.len());
    out.open("VerificationFields");
    for (field, column) in examples.columns.iter().zip(&columns) {
        out.open("VerificationField").attribute("field", &field.name).attribute("column", column);
        if let Some(near) = field.near {
            out.attribute("precision", number::text(near.relative))
                .attribute("zeroThreshold", number::text(near.zero));
        }
        out.close();
    }
    out.close().open("InlineTable");
    for row in 0..rows {
        out.open("row");
        for (field, column) in examples.columns.iter().zip(&columns) {
            if let Some(Some(cell)) = field.cells.get(row) {
                out.open(column).text(cell).close();
            }
        }
        out.close();
    }
    out.close().close();
}

/// Names of elements for the columns: those of the fields, with `_` for what XML does not allow there.
fn columns(examples: &Examples) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let named = |name: &String| {
        let letter = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' };
        let mut column: String = name.chars().map(letter).collect();
        // A name begins with a letter, none with these three, and engines take one for a row.
        let begins = column.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !begins || column.to_ascii_lowercase().starts_with("xml") || column == "row" {
            column.insert(0, '_');
        }
        while !taken.insert(column.clone()) {
            column.push('_');
        }
        column
    };
    examples.columns.iter().map(|column| &column.name).map(named).collect()
}
