//! `Celu`: <https://onnx.ai/onnx/operators/onnx__Celu.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let alpha = f64::from(setup.float("alpha", 1.0)?);
    elementwise::float(setup, move |x| if x < 0.0 { alpha * (x / alpha).exp_m1() } else { x })
}
