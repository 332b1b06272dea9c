//! Baseline models: <https://dmg.org/pmml/v4-4-1/BaselineModel.html>.
//!
//! `zValue` speaks of one row. `CUSUM` and `scalarProduct` speak of the rows before as well: of as many as `windowSize`
//! says. Without a window they depend on every row since the first, which no scorer of batches can look back at.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Kind, Lag, Link, Op, ReduceOp, Regress, Transform, UnaryOp, ValueId,
};

use super::{Answer, Lower, invalid, number, required, unsupported, unsupported_value};
use crate::doc::Element;

/// The largest window: a sum that starts anew is written out row by row.
const MOST_ROWS: u32 = 1024;

impl<'d> Lower<'d> {
    pub(super) fn baseline_model(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let test = element.child("TestDistributions").ok_or_else(|| unsupported(element))?;
        let value = match required(test, "testStatistic")? {
            "zValue" => self.z_value(test)?,
            "CUSUM" => self.cumulative_sum(test)?,
            "scalarProduct" => self.scalar_product(test)?,
            _ => {
                return Err(unsupported_value(test, "testStatistic")
                    .with_help("the distribution function of χ² is not carried"));
            }
        };
        let margins = self.push(Op::Concat(vec![value]))?;
        let regress = Op::Regress(Regress { margins, link: Link::Identity });
        let estimate = self.model.push_at(regress, element.location())?;
        Ok(Answer { value: Some(margins), ..Answer::new(estimate, None) })
    }

    /// (x − mean) ÷ √variance.
    fn z_value(&mut self, test: Element<'d>) -> Result<ValueId, Failure> {
        let x = self.tested(test)?;
        let baseline = distribution(test, "Baseline")?;
        let (mean, variance) = match baseline.name() {
            "GaussianDistribution" | "AnyDistribution" => moments(baseline)?,
            _ => return Err(unsupported(baseline)),
        };
        let (mean, deviation) =
            (self.float(Kind::F64, mean)?, self.float(Kind::F64, variance.sqrt())?);
        let apart = self.bin(BinaryOp::Sub, x, mean)?;
        self.bin(BinaryOp::Div, apart, deviation)
    }

    /// z ← max(reset, z + ln f₁(x) − ln f₀(x)) over the rows of the window, from 0.
    fn cumulative_sum(&mut self, test: Element<'d>) -> Result<ValueId, Failure> {
        let rows = window(test)?;
        let x = self.tested(test)?;
        let usual = self.log_density(distribution(test, "Baseline")?, x)?;
        let other = self.log_density(distribution(test, "Alternate")?, x)?;
        let ratio = self.bin(BinaryOp::Sub, other, usual)?;
        let reset = self.float(Kind::F64, number(test, "resetValue", Some(0.0))?)?;
        let mut sum = self.float(Kind::F64, 0.0)?;
        for back in (1..rows).rev() {
            let lag = Lag { arg: ratio, rows: back, aggregate: None, blocks: Vec::new() };
            let before = self.push(Op::Transform(Transform::Lag(lag)))?;
            let added = self.bin(BinaryOp::Add, sum, before)?;
            let held = self.bin(BinaryOp::Max, reset, added)?;
            // A row without a value changes nothing.
            sum = self.coalesce(held, sum)?;
        }
        let added = self.bin(BinaryOp::Add, sum, ratio)?;
        self.bin(BinaryOp::Max, reset, added)
    }

    fn log_density(&mut self, element: Element<'d>, x: ValueId) -> Result<ValueId, Failure> {
        match element.name() {
            "GaussianDistribution" => {
                let (mean, variance) = moments(element)?;
                let level = -0.5 * (2.0 * std::f64::consts::PI * variance).ln();
                let (mean, twice, level) = (
                    self.float(Kind::F64, mean)?,
                    self.float(Kind::F64, -2.0 * variance)?,
                    self.float(Kind::F64, level)?,
                );
                let apart = self.bin(BinaryOp::Sub, x, mean)?;
                let square = self.bin(BinaryOp::Mul, apart, apart)?;
                let exponent = self.bin(BinaryOp::Div, square, twice)?;
                self.bin(BinaryOp::Add, exponent, level)
            }
            "PoissonDistribution" => {
                let mean = number(element, "mean", None)?;
                if mean.is_nan() || mean <= 0.0 {
                    return Err(invalid(element, "mean", "a number above 0"));
                }
                let (log, mean, one) = (
                    self.float(Kind::F64, mean.ln())?,
                    self.float(Kind::F64, mean)?,
                    self.float(Kind::F64, 1.0)?,
                );
                let power = self.bin(BinaryOp::Mul, x, log)?;
                let power = self.bin(BinaryOp::Sub, power, mean)?;
                let next = self.bin(BinaryOp::Add, x, one)?;
                let factorial = self.un(UnaryOp::LnGamma, next)?;
                self.bin(BinaryOp::Sub, power, factorial)
            }
            _ => Err(unsupported(element)),
        }
    }

    /// Σ expected · observed over the listed values, observed in the window; by norms where said.
    fn scalar_product(&mut self, test: Element<'d>) -> Result<ValueId, Failure> {
        let rows = window(test)?;
        let table = distribution(test, "Baseline")?;
        if !matches!(table.name(), "CountTable" | "NormalizedCountTable") {
            return Err(unsupported(table));
        }
        let field = required(test, "field")?;
        let value = self.field(test, field)?;
        let value = self.scalar(value)?;
        let weight = match test.attribute("weightField") {
            Some(_) => {
                let weight = self.named(test, "weightField")?;
                let weight = self.scalar(weight)?;
                Some(self.cast(test, weight, Kind::F64)?)
            }
            None => None,
        };
        let (mut products, mut squares, mut norm) = (Vec::new(), Vec::new(), 0.0);
        for count in table.proper_children() {
            if count.name() != "FieldValueCount" || count.attribute("field") != Some(field) {
                return Err(unsupported(count));
            }
            let expected = number(count, "count", None)?;
            norm += expected * expected;
            let here = self.indicator(count, value, required(count, "value")?, None)?;
            let here = match weight {
                Some(weight) => self.bin(BinaryOp::Mul, here, weight)?,
                None => here,
            };
            let observed = self.window_sum(here, rows)?;
            let expected = self.float(Kind::F64, expected)?;
            products.push(self.bin(BinaryOp::Mul, expected, observed)?);
            squares.push(self.bin(BinaryOp::Mul, observed, observed)?);
        }
        if products.is_empty() {
            return Err(unsupported(table));
        }
        let product = self.reduce(ReduceOp::Sum, products, false)?;
        // Values that are not listed would count in the norm of what is observed.
        match test.attribute("normalizationScheme") {
            None | Some("None") => Ok(product),
            Some("Independent" | "SizeWeighted") if !self.closed(field) => {
                Err(unsupported_value(test, "normalizationScheme")
                    .with_help("list all values of the field in its `DataField`"))
            }
            Some("Independent") => {
                let seen = self.reduce(ReduceOp::Sum, squares, false)?;
                let seen = self.un(UnaryOp::Sqrt, seen)?;
                let by = self.float(Kind::F64, norm.sqrt())?;
                let share = self.bin(BinaryOp::Div, product, by)?;
                self.bin(BinaryOp::Div, share, seen)
            }
            Some("SizeWeighted") => {
                let seen = self.reduce(ReduceOp::Sum, squares, false)?;
                let (two, norm) = (self.float(Kind::F64, 2.0)?, self.float(Kind::F64, norm)?);
                let twice = self.bin(BinaryOp::Mul, two, product)?;
                let both = self.bin(BinaryOp::Add, norm, seen)?;
                self.bin(BinaryOp::Div, twice, both)
            }
            Some(_) => Err(unsupported_value(test, "normalizationScheme")),
        }
    }

    /// The sum of a value over this row and those of the window before it.
    fn window_sum(&mut self, here: ValueId, rows: u32) -> Result<ValueId, Failure> {
        if rows == 1 {
            return Ok(here);
        }
        let blocks = Vec::new();
        let lag = Lag { arg: here, rows: rows - 1, aggregate: Some(ReduceOp::Sum), blocks };
        let before = self.push(Op::Transform(Transform::Lag(lag)))?;
        let none = self.float(Kind::F64, 0.0)?;
        let before = self.coalesce(before, none)?;
        self.bin(BinaryOp::Add, before, here)
    }

    /// The tested field as a number.
    fn tested(&mut self, test: Element<'d>) -> Result<ValueId, Failure> {
        let value = self.named(test, "field")?;
        let value = self.scalar(value)?;
        self.cast(test, value, Kind::F64)
    }

    /// Whether a field has no values but those that are listed.
    fn closed(&self, field: &str) -> bool {
        self.data.get(field).is_some_and(|data| !data.values().is_empty())
    }
}

/// The distribution or table inside `Baseline` or `Alternate`.
fn distribution<'d>(test: Element<'d>, name: &str) -> Result<Element<'d>, Failure> {
    let holder = test.child(name).ok_or_else(|| unsupported(test))?;
    let inside = holder.proper_children().next();
    inside.ok_or_else(|| unsupported(holder))
}

fn moments(element: Element<'_>) -> Result<(f64, f64), Failure> {
    let variance = number(element, "variance", None)?;
    if variance.is_nan() || variance <= 0.0 {
        return Err(invalid(element, "variance", "a number above 0"));
    }
    Ok((number(element, "mean", None)?, variance))
}

/// How many rows, this one among them, are looked at.
fn window(test: Element<'_>) -> Result<u32, Failure> {
    let rows: Option<u32> = test.attribute("windowSize").unwrap_or("0").trim().parse().ok();
    match rows {
        Some(0) => Err(unsupported_value(test, "testStatistic").with_help(
            "without a window every row since the first counts, and scorers look back at a fixed \
             number: give a `windowSize`",
        )),
        Some(rows) if rows <= MOST_ROWS => Ok(rows),
        _ => Err(invalid(test, "windowSize", &format!("a whole number up to {MOST_ROWS}"))),
    }
}
