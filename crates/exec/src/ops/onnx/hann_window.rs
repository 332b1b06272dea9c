//! `HannWindow`: <https://onnx.ai/onnx/operators/onnx__HannWindow.html>.

use crate::ops::{cosines::window, prelude::*};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    window(setup, |angle| (angle / 2.0).sin().powi(2))
}
