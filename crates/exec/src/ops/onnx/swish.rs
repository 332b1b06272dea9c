//! `Swish`: <https://onnx.ai/onnx/operators/onnx__Swish.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let alpha = f64::from(setup.float("alpha", 1.0)?);
    elementwise::float(setup, move |x| x * logistic(alpha * x))
}
