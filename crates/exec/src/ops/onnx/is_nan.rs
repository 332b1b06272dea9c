//! `IsNaN`: <https://onnx.ai/onnx/operators/onnx__IsNaN.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::test(f64::is_nan)
}
