//! `ReduceSum`: <https://onnx.ai/onnx/operators/onnx__ReduceSum.html>. The axes are an input since
//! version 13.

use holdall_diag::Failure;

use crate::ops::{
    Kernel, Setup,
    reduce::{self, Fold},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let fold = Fold {
        f32: (0.0, |a, b| a + b),
        f64: (0.0, |a, b| a + b),
        i64: (0, i64::wrapping_add),
        i32: (0, i32::wrapping_add),
    };
    reduce::compile(setup, 13, fold)
}
