use std::ops::Range;

use holdall_diag::{Failure, Location};
use holdall_table::{Column, Data, Kind};
use holdall_tabular::{Field, Interval, InvalidPolicy, MissingPolicy, OutlierPolicy};

use crate::{
    codes,
    rows::RowErrors,
    value::{CategoryIndex, Cell, Element},
};

/// A field with its treatment: NaN, outlier, invalid, missing, in this order (PMML 4.4, "Mining Schema").
pub(crate) struct FieldStep {
    name: String,
    kind: Kind,
    nan_is_missing: bool,
    outlier: OutlierPolicy,
    listed: Option<CategoryIndex>,
    intervals: Vec<Interval>,
    invalid: InvalidPolicy,
    missing: MissingPolicy,
}

impl FieldStep {
    /// Fails with `score/replacement` when a replacement is not of the field's kind.
    pub(crate) fn new(field: &Field) -> Self {
        Self {
            name: field.name.clone(),
            kind: field.kind,
            nan_is_missing: field.nan_is_missing,
            outlier: field.outlier,
            listed: field.domain.values.as_ref().map(CategoryIndex::new),
            intervals: field.domain.intervals.clone(),
            invalid: field.invalid.clone(),
            missing: field.missing.clone(),
        }
    }

    /// Treats some rows of a column.
    pub(crate) fn run<'a>(
        &'a self,
        column: &'a Column,
        rows: Range<usize>,
        errors: &mut RowErrors,
    ) -> Result<Element<'a>, Failure> {
        let missing = column.missing.get(rows.clone()).unwrap_or_default();
        Ok(match &column.data {
            data if data.kind() != self.kind => {
                return Err(Failure::usage(
                    codes::ROWS,
                    format!("column `{}` is {}, expected {}", self.name, data.kind(), self.kind),
                ));
            }
            Data::F32(v) => self.treat(v[rows].to_vec(), missing, errors),
            Data::F64(v) => self.treat(v[rows].to_vec(), missing, errors),
            Data::I64(v) => self.treat(v[rows].to_vec(), missing, errors),
            Data::Bool(v) => self.treat(v[rows].to_vec(), missing, errors),
            Data::Text(v) => {
                self.treat(v[rows].iter().map(String::as_str).collect(), missing, errors)
            }
        })
    }

    fn treat<'a, C: Cell<'a>>(
        &'a self,
        mut values: Vec<C>,
        missing: &[bool],
        errors: &mut RowErrors,
    ) -> Element<'a> {
        let keeps = self.outlier == OutlierPolicy::Keep && !self.has_domain();
        let nan = |value: &C| self.nan_is_missing && value.is_nan_cell();
        let none_missing = !missing.contains(&true) && !values.iter().any(nan);
        if keeps && none_missing {
            return Element::full(values);
        }
        let mut flags = missing.to_vec();
        flags.resize(values.len(), false);
        for (row, (value, flag)) in values.iter_mut().zip(&mut flags).enumerate() {
            *flag |= nan(value);
            if !*flag {
                self.outlier(value, flag);
            }
            if !*flag && self.has_domain() && !self.is_valid(*value) {
                self.invalid(row, value, flag, errors);
            }
            if *flag {
                self.missing(row, value, flag, errors);
            }
        }
        let missing = flags.contains(&true).then_some(flags);
        Element { data: C::wrap(values), missing }
    }

    const fn has_domain(&self) -> bool {
        self.listed.is_some() || !self.intervals.is_empty()
    }

    fn outlier<'a, C: Cell<'a>>(&self, value: &mut C, flag: &mut bool) {
        let Some(number) = value.number() else { return };
        match self.outlier {
            OutlierPolicy::Keep => {}
            OutlierPolicy::AsMissing { low, high } => *flag = number < low || number > high,
            OutlierPolicy::Clamp { low, high } => {
                let bound = if number < low {
                    C::of_number(low)
                } else if number > high {
                    C::of_number(high)
                } else {
                    None
                };
                *value = bound.unwrap_or(*value);
            }
        }
    }

    fn is_valid<'a, C: Cell<'a>>(&self, value: C) -> bool {
        self.listed.as_ref().is_some_and(|listed| listed.find(value).is_some())
            || value.number().is_some_and(|x| self.intervals.iter().any(|i| holds(i, x)))
    }

    fn invalid<'a, C: Cell<'a>>(
        &'a self,
        row: usize,
        value: &mut C,
        flag: &mut bool,
        errors: &mut RowErrors,
    ) {
        match &self.invalid {
            InvalidPolicy::Keep => {}
            InvalidPolicy::Reject => errors.refuse(row, |number| {
                Failure::malformed(
                    codes::INVALID,
                    format!(
                        "row {number}, column `{}`: `{}` is not a valid value",
                        self.name,
                        value.text()
                    ),
                )
                .at(self.location())
                .with_help("correct the value; the model refuses rows outside the field's domain")
            }),
            InvalidPolicy::AsMissing => *flag = true,
            InvalidPolicy::Replace(scalar) => *value = C::of_scalar(scalar).unwrap_or(*value),
        }
    }

    fn missing<'a, C: Cell<'a>>(
        &'a self,
        row: usize,
        value: &mut C,
        flag: &mut bool,
        errors: &mut RowErrors,
    ) {
        match &self.missing {
            MissingPolicy::Keep => {}
            MissingPolicy::AsNan => {
                *flag = false;
                *value = C::of_number(f64::NAN).unwrap_or(*value);
            }
            MissingPolicy::Reject => errors.refuse(row, |number| {
                Failure::malformed(
                    codes::MISSING,
                    format!("row {number}, column `{}`: expected a value, found none", self.name),
                )
                .at(self.location())
                .with_help("fill the cell; the model refuses rows without this field")
            }),
            MissingPolicy::Replace(scalar) => {
                *flag = false;
                *value = C::of_scalar(scalar).unwrap_or(*value);
            }
        }
    }

    fn location(&self) -> Location {
        Location::model(format!("field `{}`", self.name))
    }
}

/// Whether a number lies in an interval; NaN lies in none.
pub(super) fn holds(interval: &Interval, x: f64) -> bool {
    let above = if interval.low_closed { x >= interval.low } else { x > interval.low };
    let below = if interval.high_closed { x <= interval.high } else { x < interval.high };
    above && below
}
