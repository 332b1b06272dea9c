//! `Squeeze`: <https://onnx.ai/onnx/operators/onnx__Squeeze.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let fixed = if setup.opset() < 13 { setup.ints("axes")? } else { None };
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let shape = value.shape();
        let given = match &fixed {
            Some(axes) => Some(axes.clone()),
            None => args.ints(1)?,
        };
        let gone = match given {
            Some(given) => axes(&given, shape.len())?,
            None => (0..shape.len()).filter(|&i| at(shape, i) == 1).collect(),
        };
        if let Some(i) = gone.iter().find(|&&i| at(shape, i) != 1) {
            return Err(misfit(format!("extent {} of axis {i} is not 1", at(shape, *i))));
        }
        let kept = shape.iter().enumerate().filter(|(i, _)| !gone.contains(i)).map(|(_, n)| *n);
        value.shaped(&kept.collect::<Vec<_>>())
    })
}
