//! `SwiGLU`: <https://onnx.ai/onnx/operators/onnx__SwiGLU.html>. The gate is rounded before it is
//! applied.

use crate::ops::{
    attend::{numbers_of, rounder},
    prelude::*,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let alpha = f64::from(setup.float("alpha", 1.0)?);
    one(move |args: Args<'_>| {
        let (a, b) = (args.get(0)?, args.get(1)?);
        if a.shape() != b.shape() || a.element_type() != b.element_type() {
            return Err(misfit("gate and values differ in type or shape"));
        }
        let kind = a.element_type().ok_or_else(|| unfit(a))?;
        let round = rounder(kind)?;
        let made =
            zip(args.cx, &wide(a)?, &wide(b)?, |&a, &b| round(round(a * logistic(alpha * a)) * b))?;
        numbers_of(args.cx, made, kind)
    })
}
