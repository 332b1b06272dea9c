use holdall_diag::Failure;
use holdall_tabular::{Spline, SplineOutside};

use super::{Columns, Kernel, Run};
use crate::{codes, run::widened, value::Yield};

impl Kernel for Spline {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let arg = run.scalar(self.arg)?;
        let values = widened(arg)?;
        let basis = Basis::new(self);
        let mut columns = Columns::new(basis.splines, run.rows);
        for (row, &x) in values.iter().enumerate() {
            if arg.is_missing(row) {
                continue;
            }
            let inside = x >= basis.low && x <= basis.high;
            if !inside && self.outside == SplineOutside::Reject {
                run.errors.refuse(row, |number| {
                    Failure::malformed(
                        codes::INVALID,
                        format!(
                            "row {number}: expected a number from {} to {}, found {x}",
                            basis.low, basis.high
                        ),
                    )
                    .with_help("the model's spline does not extend beyond its training range")
                });
                continue;
            }
            columns.set(row, basis.at(x, self.outside));
        }
        Ok(Yield::Value(columns.elements()))
    }
}

/// A knot sequence and where its splines sum to 1.
struct Basis<'s> {
    knots: &'s [f64],
    degree: usize,
    splines: usize,
    low: f64,
    high: f64,
}

impl<'s> Basis<'s> {
    fn new(spline: &'s Spline) -> Self {
        let degree = spline.degree as usize;
        let knots = spline.knots.as_slice();
        let splines = knots.len() - degree - 1;
        Self { knots, degree, splines, low: knots[degree], high: knots[splines] }
    }

    /// All splines at a number.
    fn at(&self, x: f64, outside: SplineOutside) -> Vec<f64> {
        if x.is_nan() {
            return vec![f64::NAN; self.splines];
        }
        let edge = if x < self.low { self.low } else { self.high };
        let beyond = x < self.low || x > self.high;
        match outside {
            SplineOutside::Constant if beyond => self.values(edge),
            SplineOutside::Linear if beyond => {
                let slopes = self.slopes(edge);
                let values = self.values(edge);
                values.iter().zip(slopes).map(|(v, slope)| v + (x - edge) * slope).collect()
            }
            SplineOutside::Periodic => {
                let period = self.high - self.low;
                let turned = (x - self.low) - period * ((x - self.low) / period).floor();
                self.values(self.low + turned)
            }
            SplineOutside::Reject
            | SplineOutside::Constant
            | SplineOutside::Linear
            | SplineOutside::Continue => self.values(x),
        }
    }

    /// The interval of the base range whose polynomials hold at `x`; the last one holds at its end and beyond.
    fn interval(&self, x: f64) -> usize {
        let after = self.knots.partition_point(|&knot| knot <= x);
        after.saturating_sub(1).clamp(self.degree, self.splines - 1)
    }

    fn values(&self, x: f64) -> Vec<f64> {
        let interval = self.interval(x);
        let local = self.local(x, interval, self.degree);
        self.spread(interval, self.degree, &local)
    }

    /// The splines of a degree that are not zero in an interval, first to last (de Boor's triangle).
    fn local(&self, x: f64, interval: usize, degree: usize) -> Vec<f64> {
        let mut values = vec![1.0];
        for d in 1..=degree {
            let mut next = vec![0.0; d + 1];
            for (i, &value) in values.iter().enumerate() {
                let (left, right) = (interval + 1 + i - d, interval + 1 + i);
                let width = self.knots[right] - self.knots[left];
                let share = if width > 0.0 { value / width } else { 0.0 };
                next[i] += (self.knots[right] - x) * share;
                next[i + 1] += (x - self.knots[left]) * share;
            }
            values = next;
        }
        values
    }

    fn spread(&self, interval: usize, degree: usize, local: &[f64]) -> Vec<f64> {
        let mut all = vec![0.0; self.knots.len() - degree - 1];
        for (value, place) in local.iter().zip(interval - degree..) {
            all[place] = *value;
        }
        all
    }

    /// First derivatives: from the splines of one degree less.
    fn slopes(&self, x: f64) -> Vec<f64> {
        let Some(less) = self.degree.checked_sub(1) else { return vec![0.0; self.splines] };
        let interval = self.interval(x);
        let lower = self.spread(interval, less, &self.local(x, interval, less));
        #[expect(clippy::cast_precision_loss, reason = "a degree is at most 32")]
        let degree = self.degree as f64;
        let part = |i: usize| {
            let width = self.knots[i + self.degree] - self.knots[i];
            if width > 0.0 { degree * lower[i] / width } else { 0.0 }
        };
        (0..self.splines).map(|i| part(i) - part(i + 1)).collect()
    }
}
