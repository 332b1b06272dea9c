//! `GatherND`: <https://onnx.ai/onnx/operators/onnx__GatherND.html>.

use super::gather::index;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let batch = usize::try_from(setup.int("batch_dims", 0)?)
        .map_err(|error| setup.refuse("`batch_dims` is negative").caused_by(error))?;
    one(move |args: Args<'_>| {
        let (value, indices) = (args.get(0)?, args.get(1)?);
        let blocks = Blocks::of(value.shape(), indices, batch)?;
        let mut shape: Vec<usize> =
            indices.shape().iter().take(indices.shape().len() - 1).copied().collect();
        shape.extend(value.shape().iter().skip(batch + blocks.depth));
        args.cx.room(&shape, size_of::<usize>())?;
        let plan: Vec<usize> =
            blocks.starts.iter().flat_map(|&start| start..start + blocks.size).collect();
        value.pick(&shape, &plan)
    })
}

/// Blocks of a tensor that tuples of indices name.
pub(super) struct Blocks {
    pub(super) starts: Vec<usize>,
    pub(super) size: usize,
    /// How many indices make a tuple.
    pub(super) depth: usize,
}

impl Blocks {
    pub(super) fn of(
        shape: &[usize],
        indices: &TensorValue,
        batch: usize,
    ) -> Result<Self, Failure> {
        let bad = || misfit(format!("tuples of {:?} do not fit {shape:?}", indices.shape()));
        let depth = *indices.shape().last().ok_or_else(bad)?;
        let same = indices.shape().iter().take(batch).eq(shape.iter().take(batch));
        if batch.saturating_add(depth) > shape.len() || batch >= indices.shape().len() || !same {
            return Err(bad());
        }
        let steps = strides(shape);
        let size = shape.iter().skip(batch + depth).product();
        let given = ints(indices)?;
        let count = indices.shape().iter().rev().skip(1).product::<usize>();
        let batches = shape.iter().take(batch).product::<usize>().max(1);
        let each = (count / batches).max(1);
        let stride = shape.iter().skip(batch).product::<usize>();
        let mut starts = Vec::with_capacity(count);
        for i in 0..count {
            let mut start = i / each * stride;
            for k in 0..depth {
                let along = batch + k;
                start += index(at(&given, i * depth + k), at(shape, along))? * at(&steps, along);
            }
            starts.push(start);
        }
        Ok(Self { starts, size, depth })
    }
}
