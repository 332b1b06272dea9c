//! `Selu`: <https://onnx.ai/onnx/operators/onnx__Selu.html>. Versions 1 have shorter constants.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let old = setup.opset() < 6;
    let alpha = f64::from(setup.float("alpha", if old { 1.6732 } else { 1.673_263_2 })?);
    let gamma = f64::from(setup.float("gamma", if old { 1.0507 } else { 1.050_701 })?);
    elementwise::float(setup, move |x| gamma * if x > 0.0 { x } else { alpha * x.exp_m1() })
}
