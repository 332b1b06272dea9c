//! `Shrink`: <https://onnx.ai/onnx/operators/onnx__Shrink.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let bias = f64::from(setup.float("bias", 0.0)?);
    let lambd = f64::from(setup.float("lambd", 0.5)?);
    elementwise::any(setup, move |x| {
        if x < -lambd {
            x + bias
        } else if x > lambd {
            x - bias
        } else {
            0.0
        }
    })
}
