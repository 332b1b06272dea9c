//! `SplitToSequence`: <https://onnx.ai/onnx/operators/onnx__SplitToSequence.html>.

use std::sync::Arc;

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 0)?;
    let keep = setup.flag("keepdims", true)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let along = axis(along, value.shape().len())?;
        let extent = at(value.shape(), along);
        let split = args.optional(1);
        args.cx.room(&[extent], 64)?;
        let sizes: Vec<usize> = match split {
            None => vec![1; extent],
            Some(one) if one.shape().is_empty() => {
                let size = at(&extents(&ints(one)?)?, 0);
                if size == 0 {
                    return Err(misfit("parts of 0 elements have no end"));
                }
                (0..extent.div_ceil(size)).map(|i| size.min(extent - i * size)).collect()
            }
            Some(list) => extents(&ints(list)?)?,
        };
        if sizes.iter().try_fold(0_usize, |sum, &n| sum.checked_add(n)) != Some(extent) {
            return Err(misfit(format!("parts of {sizes:?} do not make {extent}")));
        }
        let mut start = 0;
        let mut made = Vec::with_capacity(sizes.len());
        for size in sizes {
            let mut part = moves::part(args.cx, value, along, start..start + size)?;
            if split.is_none() && !keep {
                let mut shape = part.shape().to_vec();
                shape.remove(along);
                part = part.shaped(&shape)?;
            }
            made.push(part);
            start += size;
        }
        Ok(TensorValue::Sequence(Arc::new(made)))
    })
}
