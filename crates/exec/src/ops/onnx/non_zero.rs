//! `NonZero`: <https://onnx.ai/onnx/operators/onnx__NonZero.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    fn positions<T: Default + PartialEq>(data: &[T]) -> Vec<usize> {
        let zero = T::default();
        data.iter().enumerate().filter(|(_, x)| **x != zero).map(|(i, _)| i).collect()
    }
    one(|args: Args<'_>| {
        let value = args.get(0)?;
        let found = match value {
            TensorValue::Bool(array) => positions(array.data()),
            TensorValue::Text(array) => positions(array.data()),
            other => numbers!(other, array => Ok(positions(array.data())))?,
        };
        let shape = value.shape();
        // A scalar is found as if it were a vector of one element.
        let mut out = Vec::with_capacity(args.cx.room(&[shape.len(), found.len()], 8)?);
        for (&extent, step) in shape.iter().zip(strides(shape)) {
            out.extend(found.iter().map(|i| signed(i / step % extent)));
        }
        Ok(TensorValue::I64(Array::new(&[shape.len(), found.len()], out)?))
    })
}
