//! `LogSoftmax`: <https://onnx.ai/onnx/operators/onnx__LogSoftmax.html>.

use crate::ops::{prelude::*, soft};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    soft::kernel(setup, |lane| {
        let mut copy = lane.to_vec();
        let (top, sum) = soft::exponentials(&mut copy);
        for x in lane.iter_mut() {
            *x = *x - top - sum.ln();
        }
    })
}
