//! `Hardmax`: <https://onnx.ai/onnx/operators/onnx__Hardmax.html>.

use crate::ops::{prelude::*, soft};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    soft::kernel(setup, |lane| {
        let mut best = (0, f64::NEG_INFINITY);
        for (i, &x) in lane.iter().enumerate() {
            if x > best.1 {
                best = (i, x);
            }
        }
        for (i, x) in lane.iter_mut().enumerate() {
            *x = if i == best.0 { 1.0 } else { 0.0 };
        }
    })
}
