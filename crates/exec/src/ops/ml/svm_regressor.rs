//! `SVMRegressor`: <https://onnx.ai/onnx/operators/onnx_aionnxml_SVMRegressor.html>. Without
//! support vectors the coefficients are those of a linear machine. One class: ±1, and 0 is −1.

use super::svm::Similarity;
use crate::ops::{post_transform::PostTransform, prelude::*};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let coefficients = setup.floats("coefficients")?.unwrap_or_default();
    let vectors = setup.floats("support_vectors")?.unwrap_or_default();
    let count = usize::try_from(setup.int("n_supports", 0)?)
        .map_err(|error| setup.refuse("`n_supports` is negative").caused_by(error))?;
    let one_class = setup.flag("one_class", false)?;
    let rho = at(&setup.floats("rho")?.unwrap_or_default(), 0);
    let post = PostTransform::of(setup)?;
    let similarity = Similarity::of(setup)?;
    let like_runtime = setup.like_runtime();
    let fits = if count > 0 {
        coefficients.len() == count && vectors.len().is_multiple_of(count) && !vectors.is_empty()
    } else {
        !coefficients.is_empty()
    };
    if !fits {
        return Err(setup.refuse(format!(
            "{} coefficients and {} numbers for {count} support vectors",
            coefficients.len(),
            vectors.len()
        )));
    }
    let width = vectors.len().checked_div(count).unwrap_or(coefficients.len());
    one(move |args: Args<'_>| {
        let features = args.floats(0)?;
        let (rows, own) = matrix(features.shape())?;
        if own != width {
            return Err(misfit(format!("expected {width} features, found {own}")));
        }
        args.cx.product([rows, count.max(1), width])?;
        let mut out = Vec::with_capacity(rows);
        for row in features.data().chunks_exact(width) {
            let score = if count > 0 {
                let pairs = vectors.chunks_exact(width).zip(&coefficients);
                pairs.fold(0.0, |sum, (v, w)| sum + w * similarity.apply(row, v)) + rho
            } else {
                similarity.linear().apply(row, &coefficients) + rho
            };
            let signed = if score > 0.0 { 1.0 } else { -1.0 };
            let mut score = [if one_class { signed } else { score }];
            // onnxruntime applies no transform.
            if !like_runtime {
                post.apply(&mut score);
            }
            out.extend(score);
        }
        Ok(TensorValue::F32(Array::new(&[rows, 1], out)?))
    })
}
