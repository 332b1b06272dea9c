//! `HammingWindow`: <https://onnx.ai/onnx/operators/onnx__HammingWindow.html>.

use crate::ops::{cosines::window, prelude::*};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    window(setup, |angle| 25.0 / 46.0 - 21.0 / 46.0 * angle.cos())
}
