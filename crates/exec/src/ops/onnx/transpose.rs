//! `Transpose`: <https://onnx.ai/onnx/operators/onnx__Transpose.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let order = setup.ints("perm")?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let rank = value.shape().len();
        let order: Vec<usize> = match &order {
            None => (0..rank).rev().collect(),
            Some(order) => order.iter().map(|&i| axis(i, rank)).collect::<Result<_, _>>()?,
        };
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..rank) {
            return Err(misfit(format!("{order:?} does not order {rank} axes")));
        }
        moves::transpose(args.cx, value, &order)
    })
}
