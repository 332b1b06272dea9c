//! Factors and their contrast matrices:
//! <https://dmg.org/pmml/v4-4-1/GeneralRegression.html#xsdElement_Predictor>.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{Labels, Lookup, Op, Transform, ValueId};

use super::{
    Lower, class_place, dictionary, dictionary::DataField, invalid, number, numbers_of, required,
    unsupported,
};
use crate::doc::Element;

/// What stands for a category of a factor: 1 for it and 0 for the others, or a column of a matrix, each column made once.
pub(super) enum Coding<'d> {
    Indicator,
    Contrast { categories: Vec<&'d str>, rows: Vec<Vec<f64>>, made: BTreeMap<usize, ValueId> },
}

/// The factors of a model by name.
pub(super) fn factors<'d>(
    element: Element<'d>,
    data: &BTreeMap<&'d str, DataField<'d>>,
) -> Result<BTreeMap<&'d str, Coding<'d>>, Failure> {
    let mut factors = BTreeMap::new();
    let list = element.child("FactorList");
    let predictors = list.into_iter().flat_map(Element::children);
    for predictor in predictors.filter(|c| c.name() == "Predictor") {
        let name = required(predictor, "name")?;
        let Some(matrix) = predictor.child("Matrix") else {
            factors.insert(name, Coding::Indicator);
            continue;
        };
        let categories = match predictor.child("Categories") {
            Some(list) => {
                let values = list.children().filter(|c| c.name() == "Category");
                values.map(|c| required(c, "value")).collect::<Result<Vec<_>, _>>()?
            }
            None => data.get(name).map(DataField::values).unwrap_or_default(),
        };
        let rows = matrix_rows(matrix, categories.len())?;
        factors.insert(name, Coding::Contrast { categories, rows, made: BTreeMap::new() });
    }
    Ok(factors)
}

/// The rows of a matrix, one a category: as arrays, or as single cells beside defaults.
fn matrix_rows(matrix: Element<'_>, count: usize) -> Result<Vec<Vec<f64>>, Failure> {
    let mut rows = Vec::new();
    for array in matrix.children().filter(|c| c.name() == "Array" || c.name() == "REAL-Array") {
        rows.push(numbers_of(array)?);
    }
    if rows.is_empty() {
        let columns = place(matrix, "nbCols")?;
        if columns > count {
            return Err(invalid(matrix, "nbCols", "at most a column a category"));
        }
        let on = number(matrix, "diagDefault", Some(0.0))?;
        let off = number(matrix, "offDiagDefault", Some(0.0))?;
        let cell = |row, column| if row == column { on } else { off };
        rows = (0..count).map(|row| (0..columns).map(|c| cell(row, c)).collect()).collect();
        for cell in matrix.children().filter(|c| c.name() == "MatCell") {
            let (row, column) = (place(cell, "row")?, place(cell, "col")?);
            let value = crate::number::parse_f64(&cell.text()).ok_or_else(|| unsupported(cell))?;
            let row = row.checked_sub(1).and_then(|row| rows.get_mut(row));
            let slot = column.checked_sub(1).and_then(|column| row.and_then(|r| r.get_mut(column)));
            *slot.ok_or_else(|| invalid(cell, "row", "a place in the matrix"))? = value;
        }
    }
    let width = rows.first().map_or(0, Vec::len);
    if rows.len() != count || width == 0 || rows.iter().any(|row| row.len() != width) {
        return Err(unsupported(matrix));
    }
    Ok(rows)
}

fn place(element: Element<'_>, attribute: &str) -> Result<usize, Failure> {
    let place: Option<usize> = required(element, attribute)?.trim().parse().ok();
    place.ok_or_else(|| invalid(element, attribute, "a whole number"))
}

impl<'d> Lower<'d> {
    /// What a factor contributes to a parameter. A category that the matrix does not have gives missing.
    pub(super) fn coded(
        &mut self,
        cell: Element<'d>,
        value: ValueId,
        coding: &mut Coding<'d>,
    ) -> Result<ValueId, Failure> {
        let category = required(cell, "value")?;
        let (categories, rows, made) = match coding {
            Coding::Indicator => return self.indicator(cell, value, category, None),
            Coding::Contrast { categories, rows, made } => (categories, rows, made),
        };
        let kind = self.kind(value);
        let column = class_place(categories, kind, category);
        if let Some(known) = column.and_then(|column| made.get(&column)) {
            return Ok(*known);
        }
        let answers: Option<Vec<f64>> =
            column.and_then(|column| rows.iter().map(|row| row.get(column).copied()).collect());
        let answers = answers.ok_or_else(|| invalid(cell, "value", "a column of the contrasts"))?;
        let keys = dictionary::labels(categories, kind)
            .ok_or_else(|| invalid(cell, "value", &format!("a value of type {kind}")))?;
        let lookup = Lookup {
            args: vec![value],
            keys: vec![keys],
            values: Labels::F64(answers),
            default: None,
            missing: None,
        };
        let coded = self.push(Op::Transform(Transform::Lookup(lookup)))?;
        if let Some(column) = column {
            made.insert(column, coded);
        }
        Ok(coded)
    }
}
