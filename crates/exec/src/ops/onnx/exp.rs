//! `Exp`: <https://onnx.ai/onnx/operators/onnx__Exp.html>.

use crate::{ops::prelude::*, value::exp::exp};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::rounded(setup, exp, f64::exp)
}
