//! `Shape`: <https://onnx.ai/onnx/operators/onnx__Shape.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{Args, Kernel, Setup, one},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let start = setup.int("start", 0)?;
    let end = setup.int("end", i64::MAX)?;
    one(move |args: Args<'_>| {
        let shape = args.get(0)?.shape();
        let rank = i64::try_from(shape.len()).unwrap_or(i64::MAX);
        let bound = |at: i64| {
            let at = if at < 0 { at.saturating_add(rank) } else { at };
            usize::try_from(at.clamp(0, rank)).unwrap_or(0)
        };
        let picked: Vec<i64> = shape
            .iter()
            .take(bound(end))
            .skip(bound(start))
            .map(|&extent| i64::try_from(extent).unwrap_or(i64::MAX))
            .collect();
        Ok(TensorValue::I64(Array::new(&[picked.len()], picked)?))
    })
}
