//! `ReduceLogSumExp`: <https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html>.

use crate::ops::prelude::*;

struct ReduceLogSumExp;

impl Reduction for ReduceLogSumExp {
    fn of<T: Number>(lane: &[T]) -> T {
        let top = lane.iter().fold(f64::NEG_INFINITY, |top, x| top.max(x.wide()));
        if top.is_infinite() {
            return T::of(top);
        }
        T::of(top + lane.iter().fold(0.0, |sum, x| sum + (x.wide() - top).exp()).ln())
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    lanes::reduction::<ReduceLogSumExp>(setup, 18)
}
