//! Windows over signals that are sums of cosines.

use std::f64::consts::PI;

use super::{
    onnx::cast::{cast, target},
    prelude::*,
};

/// A window whose values are the given function of where they stand, as an angle of a full turn.
pub(super) fn window(setup: &Setup<'_>, value: fn(f64) -> f64) -> Result<Kernel, Failure> {
    let periodic = setup.flag("periodic", true)?;
    let kind = if setup.has("output_datatype") {
        target(setup, "output_datatype")?
    } else {
        ElementType::F32
    };
    one(move |args: Args<'_>| {
        let size = args.int(0)?.unwrap_or(0);
        let size = usize::try_from(size).ok().ok_or_else(|| misfit(format!("a size of {size}")))?;
        args.cx.room(&[size], 8)?;
        let turn = real(size) - if periodic { 0.0 } else { 1.0 };
        let made = (0..size).map(|i| value(2.0 * PI * real(i) / turn)).collect();
        cast(args.cx, &TensorValue::F64(Array::vector(made)), kind)
    })
}
