//! `BlackmanWindow`: <https://onnx.ai/onnx/operators/onnx__BlackmanWindow.html>.

use crate::ops::{cosines::window, prelude::*};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    window(setup, |angle| 0.42 - 0.5 * angle.cos() + 0.08 * (2.0 * angle).cos())
}
