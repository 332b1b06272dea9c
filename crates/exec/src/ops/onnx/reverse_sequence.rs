//! `ReverseSequence`: <https://onnx.ai/onnx/operators/onnx__ReverseSequence.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (time, batch) = (setup.int("time_axis", 0)?, setup.int("batch_axis", 1)?);
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let shape = value.shape();
        let (time, batch) = (axis(time, shape.len())?, axis(batch, shape.len())?);
        let lengths = extents(&args.ints(1)?.unwrap_or_default())?;
        let steps = strides(shape);
        let (size, step) = (at(shape, time), at(&steps, time));
        let (rows, row_step) = (at(shape, batch), at(&steps, batch));
        if lengths.len() != rows || lengths.iter().any(|&n| n > size) {
            return Err(misfit(format!("lengths {lengths:?} do not fit {rows} rows of {size}")));
        }
        let plan: Vec<usize> = (0..value.len())
            .map(|i| {
                let (t, row) = (i / step % size, i / row_step % rows);
                let length = at(&lengths, row);
                if t < length { i - t * step + (length - 1 - t) * step } else { i }
            })
            .collect();
        value.pick(shape, &plan)
    })
}
