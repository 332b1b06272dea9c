//! `ConstantOfShape`: <https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let value =
        setup.tensor("value")?.unwrap_or_else(|| TensorValue::F32(Array::vector(vec![0.0])));
    if value.len() != 1 {
        return Err(setup.refuse("the value is not one element"));
    }
    let value = value.shaped(&[])?;
    one(move |args: Args<'_>| {
        let shape = extents(&args.ints(0)?.unwrap_or_default())?;
        elementwise::expand(args.cx, &value, &shape)
    })
}
