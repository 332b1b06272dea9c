//! `LeakyRelu`: <https://onnx.ai/onnx/operators/onnx__LeakyRelu.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let alpha = f64::from(setup.float("alpha", 0.01)?);
    elementwise::float(setup, move |x| if x < 0.0 { alpha * x } else { x })
}
