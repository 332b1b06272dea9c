//! `EyeLike`: <https://onnx.ai/onnx/operators/onnx__EyeLike.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let shift = setup.int("k", 0)?;
    let to = if setup.has("dtype") { Some(super::cast::target(setup, "dtype")?) } else { None };
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let [rows, columns] = *value.shape() else { return Err(misfit("expected a matrix")) };
        let kind = to.or_else(|| value.element_type()).ok_or_else(|| unfit(value))?;
        let count = args.cx.room(&[rows, columns], kind.size())?;
        let eye = (0..count)
            .map(|i| signed(i % columns).saturating_sub(signed(i / columns)) == shift)
            .collect();
        super::cast::cast(args.cx, &TensorValue::Bool(Array::new(&[rows, columns], eye)?), kind)
    })
}
