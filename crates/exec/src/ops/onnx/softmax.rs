//! `Softmax`: <https://onnx.ai/onnx/operators/onnx__Softmax.html>.

use crate::ops::{prelude::*, soft};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    soft::kernel(setup, |lane| {
        let (_, sum) = soft::exponentials(lane);
        lane.iter_mut().for_each(|x| *x /= sum);
    })
}
