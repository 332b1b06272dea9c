//! `Shape`: <https://onnx.ai/onnx/operators/onnx__Shape.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let start = setup.int("start", 0)?;
    let end = setup.int("end", i64::MAX)?;
    one(move |args: Args<'_>| {
        let shape = args.get(0)?.shape();
        let rank = signed(shape.len());
        let bound = |at: i64| {
            let at = if at < 0 { at.saturating_add(rank) } else { at };
            usize::try_from(at.clamp(0, rank)).unwrap_or(0)
        };
        let picked = shape.iter().take(bound(end)).skip(bound(start)).map(|&n| signed(n)).collect();
        Ok(TensorValue::I64(Array::vector(picked)))
    })
}
