//! `HardSigmoid`: <https://onnx.ai/onnx/operators/onnx__HardSigmoid.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let alpha = f64::from(setup.float("alpha", 0.2)?);
    let beta = f64::from(setup.float("beta", 0.5)?);
    elementwise::float(setup, move |x| (alpha * x + beta).clamp(0.0, 1.0))
}
