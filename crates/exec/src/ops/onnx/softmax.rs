//! `Softmax`: <https://onnx.ai/onnx/operators/onnx__Softmax.html>. Before version 13 everything
//! from the axis on is one vector.

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{axis, unfit},
        one,
        post_transform::{Real, softmax},
    },
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let flatten = setup.opset() < 13;
    let along = setup.int("axis", if flatten { 1 } else { -1 })?;
    one(move |args: Args<'_>| match args.get(0)? {
        TensorValue::F32(a) => Ok(TensorValue::F32(apply(a, along, flatten)?)),
        TensorValue::F64(a) => Ok(TensorValue::F64(apply(a, along, flatten)?)),
        other @ (TensorValue::I64(_)
        | TensorValue::I32(_)
        | TensorValue::Bool(_)
        | TensorValue::Text(_)
        | TensorValue::Maps { .. }) => Err(unfit(other)),
    })
}

fn apply<T: Real>(array: &Array<T>, along: i64, flatten: bool) -> Result<Array<T>, Failure> {
    let position = axis(along, array.shape().len())?;
    let mut result = array.view().to_owned();
    if flatten {
        let length: usize = array.shape().iter().skip(position).product();
        if let Some(all) = result.as_slice_mut() {
            all.chunks_mut(length.max(1)).for_each(softmax);
        }
        return Ok(Array::of(result));
    }
    for mut lane in result.lanes_mut(ndarray::Axis(position)) {
        let mut values = lane.to_vec();
        softmax(&mut values);
        for (slot, value) in lane.iter_mut().zip(values) {
            *slot = value;
        }
    }
    Ok(Array::of(result))
}
