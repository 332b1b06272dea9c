//! `LinearRegressor`: <https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html>

use holdall_diag::Failure;

use super::linear_classifier::scores;
use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{matrix, misfit},
        one,
        post_transform::PostTransform,
    },
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let coefficients = setup
        .floats("coefficients")?
        .ok_or_else(|| setup.refuse("the regressor has no coefficients"))?;
    let intercepts = setup.floats("intercepts")?.unwrap_or_default();
    let targets = usize::try_from(setup.int("targets", 1)?)
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| setup.refuse("the number of targets is not positive"))?;
    let post = PostTransform::of(setup)?;
    let like_runtime = setup.like_runtime();
    one(move |args: Args<'_>| {
        let features = args.floats(0)?;
        let (rows, width) = matrix(features.shape())?;
        if width.checked_mul(targets) != Some(coefficients.len()) {
            return Err(misfit(format!(
                "{} coefficients do not fit {width} features and {targets} targets",
                coefficients.len()
            )));
        }
        let mut out = Vec::with_capacity(rows * targets);
        for row in features.data().chunks_exact(width.max(1)) {
            let start = out.len();
            out.extend(scores(row, &coefficients, &intercepts));
            // With one target onnxruntime applies PROBIT only.
            if targets == 1 && like_runtime && post != PostTransform::Probit {
                continue;
            }
            post.apply(out.get_mut(start..).unwrap_or_default());
        }
        Ok(TensorValue::F32(Array::new(&[rows, targets], out)?))
    })
}
