//! `Sigmoid`: <https://onnx.ai/onnx/operators/onnx__Sigmoid.html>.

use crate::{ops::prelude::*, value::exp::exp};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let quick = |x: f64| {
        let v = 1.0 / (1.0 + exp(-x.abs()));
        if x < 0.0 { 1.0 - v } else { v }
    };
    elementwise::rounded(setup, quick, logistic)
}
