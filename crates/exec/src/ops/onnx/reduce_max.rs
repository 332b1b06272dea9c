//! `ReduceMax`: <https://onnx.ai/onnx/operators/onnx__ReduceMax.html>. The axes are an input since
//! version 18.

use holdall_diag::Failure;

use crate::ops::{
    Kernel, Setup,
    reduce::{self, Fold},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let fold = Fold {
        f32: (f32::NEG_INFINITY, |a, b| if a > b || a.is_nan() { a } else { b }),
        f64: (f64::NEG_INFINITY, |a, b| if a > b || a.is_nan() { a } else { b }),
        i64: (i64::MIN, i64::max),
        i32: (i32::MIN, i32::max),
    };
    reduce::compile(setup, 18, fold)
}
