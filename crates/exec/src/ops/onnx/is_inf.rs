//! `IsInf`: <https://onnx.ai/onnx/operators/onnx__IsInf.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (negative, positive) =
        (setup.flag("detect_negative", true)?, setup.flag("detect_positive", true)?);
    elementwise::test(move |x| x.is_infinite() && if x > 0.0 { positive } else { negative })
}
