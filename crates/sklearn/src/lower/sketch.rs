//! `PolynomialCountSketch`: the columns thrown into `n_components` bins by `indexHash_` with the signs of `bitHash_`, once
//! a degree, and the bins of all degrees convolved in a circle; `kernel_approximation.py` (until 0.24
//! `_fit_transform` was the same).
//!
//! The convolution is the product of Fourier transforms. These are matrix products: a bin is one column's, so the first
//! takes a cosine and a sine a column; what comes out is real, so half of the frequencies say all.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{BinaryOp, Matrix, Op, ValueId};

use super::{
    Step,
    answer::Lowered,
    columns::{Lowering, fresh},
    estimator::{Estimator, count, matrix},
};
use crate::codes;

/// A circle of so many bins.
#[derive(Clone, Copy)]
struct Circle {
    bins: u32,
}

impl Circle {
    /// The frequencies that are not the mirror image of another.
    fn frequencies(self) -> u32 {
        self.bins / 2 + 1
    }

    /// Cosine and sine of a frequency at a bin.
    fn wave(self, frequency: u32, bin: u32) -> (f64, f64) {
        let turns = u64::from(frequency) * u64::from(bin) % u64::from(self.bins);
        #[expect(clippy::cast_precision_loss, reason = "less than 2³²")]
        let angle = std::f64::consts::TAU * turns as f64 / f64::from(self.bins);
        (angle.cos(), angle.sin())
    }

    /// What comes back of the frequencies: a row a bin, for the cosines or the sines.
    fn back(self, sine: bool) -> Matrix {
        let half = self.frequencies();
        let cell = |bin: u32, frequency: u32| {
            let single = frequency == 0 || 2 * frequency == self.bins;
            let (cos, sin) = self.wave(frequency, bin);
            let weight = if single { 1.0 } else { 2.0 } / f64::from(self.bins);
            weight * if sine { -sin } else { cos }
        };
        let row = |bin| (0..half).map(move |frequency| cell(bin, frequency));
        Matrix { rows: self.bins, columns: half, data: (0..self.bins).flat_map(row).collect() }
    }
}

/// Real and imaginary parts.
type Complex = (ValueId, ValueId);

/// The transform of one degree's bins.
fn transform(
    lowering: &mut Lowering<'_>,
    arg: ValueId,
    circle: Circle,
    (bins, signs): (&[u32], &[f64]),
    (scale, constant): (f64, f64),
    width: usize,
) -> Result<Complex, Failure> {
    let half = circle.frequencies();
    let part = |sine: bool| {
        let cell = |frequency: u32, (bin, sign): (&u32, &f64)| {
            let (cos, sin) = circle.wave(frequency, *bin);
            sign * if sine { -sin } else { cos }
        };
        let row = |frequency: u32| bins.iter().zip(signs).map(move |pair| cell(frequency, pair));
        let data = (0..half).flat_map(|f| row(f).take(width).map(|cell| cell * scale)).collect();
        let intercepts = (0..half).map(|f| row(f).skip(width).map(|cell| cell * constant).sum());
        (data, intercepts.collect::<Vec<f64>>())
    };
    let mut made = |sine| {
        let (data, intercepts) = part(sine);
        let columns = u32::try_from(width).unwrap_or(u32::MAX);
        lowering.linear(arg, Matrix { rows: half, columns, data }, intercepts)
    };
    Ok((made(false)?, made(true)?))
}

/// The product of complex numbers.
fn product(lowering: &mut Lowering<'_>, a: Complex, b: Complex) -> Result<Complex, Failure> {
    let mut mul = |left, right| lowering.binary(BinaryOp::Mul, left, right);
    let (rr, ii, ri, ir) = (mul(a.0, b.0)?, mul(a.1, b.1)?, mul(a.0, b.1)?, mul(a.1, b.0)?);
    let real = lowering.binary(BinaryOp::Sub, rr, ii)?;
    Ok((real, lowering.binary(BinaryOp::Add, ri, ir)?))
}

/// The bins of each degree.
fn bins(value: &Value<'_>, of: u32) -> Result<Vec<u32>, Failure> {
    let known = |&bin: &i64| u32::try_from(bin).ok().filter(|&bin| bin < of);
    let bins: Option<Vec<u32>> = value.array()?.to_i64()?.iter().map(known).collect();
    bins.ok_or_else(|| value.failure(codes::SHAPE, format!("a bin beyond {of}")))
}

fn setting(e: &Estimator<'_>, key: &str, default: f64) -> Result<f64, Failure> {
    e.get(key).map_or(Ok(default), |value| value.float())
}

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let total = e.fitted("n_components")?;
    let total = usize::try_from(total.int()?)
        .ok()
        .filter(|&total| total > 0)
        .ok_or_else(|| total.failure(codes::SHAPE, "`n_components` is not a count"))?;
    let circle = Circle { bins: count(e.value(), total)? };
    let (signs, _) = matrix(&e.fitted("bitHash_")?)?;
    let bins = bins(&e.fitted("indexHash_")?, circle.bins)?;
    let (scale, coef0) = (setting(e, "gamma", 1.0)?.sqrt(), setting(e, "coef0", 0.0)?);
    let width = step.columns.len();
    let given = width + usize::from(coef0 != 0.0);
    e.expect_width("bitHash_", signs.columns as usize, given)?;
    e.expect_width("indexHash_", bins.len(), signs.data.len())?;
    let cells = (total as u64).saturating_mul(signs.data.len().saturating_add(total) as u64);
    lowering.budget.charge_elements(cells, 8)?;
    let arg = lowering.dense(step.columns, e.value())?;
    let mut whole: Option<Complex> = None;
    for degree in 0..signs.rows as usize {
        let row = bins.get(degree * given..(degree + 1) * given).unwrap_or_default();
        let constants = (scale, coef0.sqrt());
        let next = transform(lowering, arg, circle, (row, signs.row(degree)), constants, width)?;
        whole = Some(match whole {
            Some(before) => product(lowering, before, next)?,
            None => next,
        });
    }
    let Some((real, imaginary)) = whole else { return Err(e.unknown("degree")) };
    let zeros = vec![0.0; total];
    let real = lowering.linear(real, circle.back(false), zeros.clone())?;
    let imaginary = lowering.linear(imaginary, circle.back(true), zeros)?;
    let vector = lowering.op(Op::Binary { op: BinaryOp::Add, left: real, right: imaginary })?;
    Ok(Lowered::Columns(fresh(vector, total)))
}
