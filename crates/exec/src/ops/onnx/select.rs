//! `Where`: <https://onnx.ai/onnx/operators/onnx__Where.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let (condition, yes, no) = (args.get(0)?, args.get(1)?, args.get(2)?);
        let shape = broadcast(&broadcast(condition.shape(), yes.shape())?, no.shape())?;
        let chosen = elementwise::expand(args.cx, condition, &shape)?;
        let count = args.cx.room(&shape, size_of::<usize>())?;
        let every = || (0..count).collect::<Vec<_>>();
        let left = elementwise::plan(args.cx, yes.shape(), &shape)?.unwrap_or_else(every);
        let right = elementwise::plan(args.cx, no.shape(), &shape)?.unwrap_or_else(every);
        let plan: Vec<usize> = bool::want(&chosen)?
            .data()
            .iter()
            .zip(left.into_iter().zip(right))
            .map(|(&yes_here, (i, j))| if yes_here { i } else { yes.len() + j })
            .collect();
        TensorValue::merge(&[yes, no], &shape, &plan)
    })
}
