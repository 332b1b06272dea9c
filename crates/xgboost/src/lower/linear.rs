//! `gblinear`: `src/gbm/gblinear.cc`.

use holdall_diag::{Failure, Location};
use holdall_tabular::{Impute, Labels, Linear, Matrix, Model, Op, Summation, ValueId};

use super::{Shape, expect_count, fail};
use crate::{
    codes,
    document::{BoosterModel, Single},
};

/// The sums. A missing value takes no part, which is a 0. XGBoost starts with the bias and adds the
/// features to it; here the bias comes last, so that the sums agree to rounding.
pub(super) fn lower(
    body: &BoosterModel,
    base: &[f32],
    shape: &Shape,
    features: ValueId,
    model: &mut Model,
    location: Location,
) -> Result<ValueId, Failure> {
    let pointer = "/learner/gradient_booster/model/weights";
    let weights = body
        .weights
        .as_ref()
        .ok_or_else(|| fail(codes::MISSING, "a linear booster has weights", pointer))?;
    let outputs = shape.outputs as usize;
    expect_count("weights", weights.len(), (shape.features + 1).saturating_mul(outputs), pointer)?;
    let by_output = |output: usize| weights.iter().skip(output).step_by(outputs);
    let mut data = Vec::with_capacity(shape.features.saturating_mul(outputs));
    let mut intercepts = Vec::with_capacity(outputs);
    // The base score of the first output goes to all of them.
    let base = base.first().copied().unwrap_or_default();
    for output in 0..outputs {
        let column = by_output(output).map(|&Single(weight)| f64::from(weight));
        data.extend(column.take(shape.features));
        let bias = by_output(output).next_back().map_or(0.0, |&Single(bias)| bias);
        intercepts.push(f64::from(bias + base));
    }
    let columns = u32::try_from(shape.features)
        .map_err(|_error| fail(codes::COUNT, "the model has too many features", pointer))?;
    let arg = model.push(Op::Impute(Impute {
        arg: features,
        nan: true,
        sentinel: None,
        with: Labels::F64(vec![0.0; shape.features]),
    }))?;
    let linear = Linear {
        arg,
        coefficients: Matrix { rows: shape.outputs, columns, data },
        intercepts,
        summation: Summation::AnyF32,
    };
    model.push_at(Op::Linear(linear), location)
}
