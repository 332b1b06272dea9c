//! Transformers of numbers, column by column or row by row; `preprocessing/_data.py`,
//! `_polynomial.py`, `_discretization.py`.
//!
//! | class | computes |
//! |---|---|
//! | `Binarizer` | 1 where x > `threshold`, else 0 |
//! | `Normalizer` | each row divided by its norm, where that is not 0 |
//! | `PolynomialFeatures` | products in the order of degrees; a product is formed from its last factor |
//! | `SplineTransformer` | the B-splines `bsplines_` of each column, the last one left out without `include_bias` |
//! | `KBinsDiscretizer` | the number of inner edges ≤ x, or its indicators; x made larger until 1.0 |
//! | `PowerTransformer` | Yeo-Johnson or Box-Cox with `lambdas_`, then `_scaler` |
//! | `QuantileTransformer` | the mean of the curve and of the curve read backwards, then the normal quantile |

use holdall_diag::Failure;
use holdall_tabular::{
    Bin, BinaryOp, Categories, Curve, CurveForm, Interval, Kind, Labels, NormalizeBy, OneHot, Op,
    Outside, Polynomial, Spline, SplineOutside, Transform, UnaryOp, Unknown, ValueId,
};

use super::{
    Step,
    answer::Lowered,
    columns::{Lowering, elements, fresh, opens},
    estimator::{Estimator, count, floats},
    matrix::transposed,
    scaler,
    shares::{above, normalize},
};
use crate::codes;

pub(super) fn binarizer(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let arg = lowering.dense(step.columns, step.estimator.value())?;
    let vector = above(lowering, arg, step.estimator.number("threshold")?)?;
    Ok(Lowered::Columns(fresh(vector, step.columns.len())))
}

pub(super) fn normalizer(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let by = match step.estimator.word("norm") {
        Some("l1") => NormalizeBy::L1,
        Some("l2") => NormalizeBy::L2,
        Some("max") => NormalizeBy::MaxAbs,
        Some(_) | None => return Err(step.estimator.unknown("norm")),
    };
    let arg = lowering.dense(step.columns, step.estimator.value())?;
    let vector = normalize(lowering, arg, by)?;
    Ok(Lowered::Columns(fresh(vector, step.columns.len())))
}

/// The products, as lists of factors, the last one first.
fn products(width: u32, least: u32, most: u32, once: bool, bias: bool) -> Vec<Vec<u32>> {
    let mut all = if bias { vec![Vec::new()] } else { Vec::new() };
    let mut level: Vec<Vec<u32>> = vec![Vec::new()];
    for degree in 1..=most {
        let mut next = Vec::new();
        for term in &level {
            let first = term.last().map_or(0, |last| last + u32::from(once));
            for factor in first..width {
                let mut longer = term.clone();
                longer.push(factor);
                next.push(longer);
            }
        }
        level = next;
        if degree >= least {
            all.extend(level.iter().map(|term| term.iter().rev().copied().collect()));
        }
    }
    all
}

/// How many products there are, or too many.
fn product_count(width: u64, most: u64, once: bool) -> u64 {
    let (mut total, mut level) = (1_u64, 1_u64);
    for degree in 1..=most {
        let choices = if once {
            (width + 1).saturating_sub(degree)
        } else {
            width.saturating_add(degree - 1)
        };
        level = level.saturating_mul(choices) / degree;
        total = total.saturating_add(level);
    }
    total
}

pub(super) fn polynomial(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let (least, most) = match (e.get("_min_degree"), e.get("_max_degree"), e.fitted("degree")?) {
        (Some(least), Some(most), _) => (least.int()?, most.int()?),
        (_, _, degree) => (0, degree.int()?),
    };
    let degree = |d: i64| u32::try_from(d).ok().filter(|d| *d <= 64);
    let (least, most) = degree(least).zip(degree(most)).ok_or_else(|| e.unknown("degree"))?;
    let (once, bias) = (e.flag("interaction_only", false), e.flag("include_bias", true));
    let width = count(e.value(), step.columns.len())?;
    let total = product_count(u64::from(width), u64::from(most), once);
    lowering.budget.charge_elements(total, 64)?;
    let terms = products(width, least.max(1), most, once, bias);
    if terms.is_empty() {
        return Err(e.value().failure(codes::SHAPE, "expected at least one product"));
    }
    let total = terms.len();
    let arg = lowering.dense(step.columns, e.value())?;
    let vector = lowering.op(Op::Transform(Transform::Polynomial(Polynomial { arg, terms })))?;
    Ok(Lowered::Columns(fresh(vector, total)))
}

pub(super) fn spline(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let outside = match e.word("extrapolation") {
        Some("error") => SplineOutside::Reject,
        Some("constant") => SplineOutside::Constant,
        Some("linear") => SplineOutside::Linear,
        Some("continue") => SplineOutside::Continue,
        Some("periodic") => SplineOutside::Periodic,
        Some(_) | None => return Err(e.unknown("extrapolation")),
    };
    let splines: Vec<_> = e.fitted("bsplines_")?.items()?.collect();
    e.expect_width("bsplines_", splines.len(), step.columns.len())?;
    let scalars = lowering.scalars(step.columns, e.value())?;
    lowering.refuse_missing(step.columns);
    let mut all = Vec::new();
    for (arg, spline) in scalars.into_iter().zip(&splines) {
        let spline = Estimator::new(spline, e.version())?;
        let key = |new: &'static str, old: &'static str| {
            if spline.get(new).is_some() { new } else { old }
        };
        let knots = spline.numbers(key("_t", "t"))?;
        let degree = count(
            spline.value(),
            usize::try_from(spline.fitted("k")?.int()?).unwrap_or(usize::MAX),
        )?;
        let coefficients = spline.matrix(key("_c", "c"), lowering.budget)?;
        let splines = knots.len().saturating_sub(degree as usize + 1);
        spline.expect_width("c", coefficients.rows as usize, splines)?;
        let op = Spline { arg, knots, degree, outside };
        let basis = lowering.op(Op::Transform(Transform::Spline(op)))?;
        // Splines may be joined: the first and last ones of a periodic basis are one.
        let rows = transposed(&coefficients);
        let joined = lowering.linear(basis, rows.clone(), vec![0.0; rows.rows as usize])?;
        let mut columns = fresh(joined, rows.rows as usize);
        if !e.flag("include_bias", true) {
            columns.pop();
        }
        all.extend(columns);
    }
    Ok(Lowered::Columns(all))
}

pub(super) fn bins(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let edges = e.members("bin_edges_")?;
    e.expect_width("bin_edges_", edges.len(), step.columns.len())?;
    let indicators = match e.word("encode") {
        Some("onehot" | "onehot-dense") => true,
        Some("ordinal") => false,
        Some(_) | None => return Err(e.unknown("encode")),
    };
    let scalars = lowering.scalars(step.columns, e.value())?;
    lowering.refuse_missing(step.columns);
    let mut parts = Vec::new();
    let mut width = 0;
    for (arg, edges) in scalars.into_iter().zip(&edges) {
        let arg = if e.since(1, 1) { arg } else { nudged(lowering, arg)? };
        let edges = floats(edges)?;
        let bins = edges.len().saturating_sub(1);
        let inner = edges.get(1..bins).unwrap_or_default();
        let mut ends = vec![f64::NEG_INFINITY];
        ends.extend(inner);
        ends.push(f64::INFINITY);
        let intervals = ends.windows(2).filter_map(|ends| match ends {
            [low, high] => {
                let last = *high == f64::INFINITY;
                Some(Interval { low: *low, high: *high, low_closed: true, high_closed: last })
            }
            _ => None,
        });
        let intervals: Vec<Interval> = intervals.collect();
        let numbers: Vec<f64> = (0..count(e.value(), intervals.len())?).map(f64::from).collect();
        let values = Labels::F64(numbers.clone());
        let bin = Bin { arg, intervals, values, default: None, missing: None };
        let number = lowering.op(Op::Transform(Transform::Bin(bin)))?;
        if !indicators {
            width += 1;
            parts.push(number);
            continue;
        }
        width += numbers.len();
        let categories = Categories::new(Labels::F64(numbers));
        let (drop, unknown, kind) = (None, Unknown::Reject, Kind::F64);
        let one_hot = OneHot { arg: number, categories, drop, unknown, kind };
        parts.push(lowering.op(Op::OneHot(one_hot))?);
    }
    let vector = lowering.op(Op::Concat(parts))?;
    Ok(Lowered::Columns(fresh(vector, width)))
}

/// Until 1.0 a number is made larger before it is compared with the edges: x + (1e-8 + 1e-5 · |x|).
fn nudged(lowering: &mut Lowering<'_>, x: ValueId) -> Result<ValueId, Failure> {
    let size = lowering.unary(UnaryOp::Abs, x)?;
    let more = lowering.with_number(BinaryOp::Mul, size, 1e-5)?;
    let more = lowering.with_number(BinaryOp::Add, more, 1e-8)?;
    lowering.binary(BinaryOp::Add, x, more)
}

pub(super) fn power(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let lambdas = e.per_column("lambdas_", step.columns.len())?;
    let opens = opens(step.columns);
    let arg = lowering.numbers(step.columns, e.value())?;
    let mut vector = match e.word("method") {
        Some("box-cox") => {
            let log = lowering.unary(UnaryOp::Ln, arg)?;
            raised(lowering, log, &lambdas)?
        }
        Some("yeo-johnson") => {
            // Either half is 0 where the other one holds.
            let up = lowering.with_number(BinaryOp::Max, arg, 0.0)?;
            let up = lowering.unary(UnaryOp::Ln1p, up)?;
            let up = raised(lowering, up, &lambdas)?;
            let down = lowering.with_number(BinaryOp::Min, arg, 0.0)?;
            let down = lowering.unary(UnaryOp::Neg, down)?;
            let down = lowering.unary(UnaryOp::Ln1p, down)?;
            let mirrored: Vec<f64> = lambdas.iter().map(|lambda| 2.0 - lambda).collect();
            let down = raised(lowering, down, &mirrored)?;
            lowering.binary(BinaryOp::Sub, up, down)?
        }
        Some(_) | None => return Err(e.unknown("method")),
    };
    if e.flag("standardize", true) {
        let inner = Estimator::new(&e.fitted("_scaler")?, e.version())?;
        let columns = elements(vector, &opens);
        let scaled = scaler::standard(lowering, &inner, &columns)?;
        vector = lowering.numbers(&scaled, e.value())?;
    }
    Ok(Lowered::Columns(elements(vector, &opens)))
}

/// (e^(λ l) − 1) ÷ λ of logarithms l; l itself where λ is 0.
fn raised(lowering: &mut Lowering<'_>, logs: ValueId, lambdas: &[f64]) -> Result<ValueId, Failure> {
    let zero = |lambda: &f64| lambda.abs() < f64::EPSILON;
    let factors = lowering.constants(lambdas.to_vec())?;
    let product = lowering.binary(BinaryOp::Mul, logs, factors)?;
    let power = lowering.unary(UnaryOp::Expm1, product)?;
    let by = lambdas.iter().map(|lambda| if zero(lambda) { 1.0 } else { *lambda }).collect();
    let by = lowering.constants(by)?;
    let power = lowering.binary(BinaryOp::Div, power, by)?;
    if !lambdas.iter().any(zero) {
        return Ok(power);
    }
    let keep: Vec<f64> = lambdas.iter().map(|lambda| f64::from(u8::from(zero(lambda)))).collect();
    let drop = lowering.constants(keep.iter().map(|keep| 1.0 - keep).collect())?;
    let keep = lowering.constants(keep)?;
    let logs = lowering.binary(BinaryOp::Mul, logs, keep)?;
    let power = lowering.binary(BinaryOp::Mul, power, drop)?;
    lowering.binary(BinaryOp::Add, logs, power)
}

/// How close to an end of the training range counts as its end, with a normal output.
const NEAR_END: f64 = 1e-7;

/// Φ⁻¹ of 1e-7 and of 1 − 1e-7, one step of binary64 at 1 beyond.
const NORMAL_ENDS: (f64, f64) = (-5.199_337_582_605_575, 5.199_337_582_703_42);

pub(super) fn quantile(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let normal = match e.word("output_distribution") {
        Some("normal") => true,
        Some("uniform") => false,
        Some(_) | None => return Err(e.unknown("output_distribution")),
    };
    let quantiles = transposed(&e.matrix("quantiles_", lowering.budget)?);
    e.expect_width("quantiles_", quantiles.rows as usize, step.columns.len())?;
    let references = e.numbers("references_")?;
    e.expect_width("references_", references.len(), quantiles.columns as usize)?;
    let opens = opens(step.columns);
    let arg = lowering.numbers(step.columns, e.value())?;
    let mut parts = Vec::new();
    for (i, row) in (0_u32..quantiles.rows).zip(0..) {
        let column = lowering.element(arg, i)?;
        parts.push(along(lowering, column, quantiles.row(row), &references, normal)?);
    }
    let vector = lowering.op(Op::Concat(parts))?;
    Ok(Lowered::Columns(elements(vector, &opens)))
}

fn along(
    lowering: &mut Lowering<'_>,
    x: ValueId,
    quantiles: &[f64],
    references: &[f64],
    normal: bool,
) -> Result<ValueId, Failure> {
    let curve = |lowering: &mut Lowering<'_>, arg, x, y| {
        let (outside, form) = (Outside::Clamp, CurveForm::Slope);
        lowering.op(Op::Transform(Transform::Curve(Curve { arg, x, y, outside, form })))
    };
    let backwards = |list: &[f64]| list.iter().rev().map(|v| -v).collect::<Vec<f64>>();
    let up = curve(lowering, x, quantiles.to_vec(), references.to_vec())?;
    let mirrored = lowering.unary(UnaryOp::Neg, x)?;
    let down = curve(lowering, mirrored, backwards(quantiles), backwards(references))?;
    let both = lowering.binary(BinaryOp::Sub, up, down)?;
    let mean = lowering.with_number(BinaryOp::Mul, both, 0.5)?;
    let (low, high) = (
        quantiles.first().copied().unwrap_or(f64::NAN),
        quantiles.last().copied().unwrap_or(f64::NAN),
    );
    let (at_high, at_low) = if normal {
        let more = lowering.with_number(BinaryOp::Add, x, NEAR_END)?;
        let less = lowering.with_number(BinaryOp::Sub, x, NEAR_END)?;
        (
            lowering.with_number(BinaryOp::Gt, more, high)?,
            lowering.with_number(BinaryOp::Lt, less, low)?,
        )
    } else {
        (lowering.with_number(BinaryOp::Eq, x, high)?, lowering.with_number(BinaryOp::Eq, x, low)?)
    };
    // At the upper end 1; then at the lower end 0, which wins.
    let high = lowering.op(Op::Cast { arg: at_high, to: Kind::F64 })?;
    let low = lowering.op(Op::Cast { arg: at_low, to: Kind::F64 })?;
    let raised = lowering.binary(BinaryOp::Max, mean, high)?;
    let one = lowering.number(1.0)?;
    let keep = lowering.binary(BinaryOp::Sub, one, low)?;
    let kept = lowering.binary(BinaryOp::Mul, raised, keep)?;
    if !normal {
        return Ok(kept);
    }
    let quantile = lowering.unary(UnaryOp::NormalQuantile, kept)?;
    let least = lowering.with_number(BinaryOp::Max, quantile, NORMAL_ENDS.0)?;
    lowering.with_number(BinaryOp::Min, least, NORMAL_ENDS.1)
}
