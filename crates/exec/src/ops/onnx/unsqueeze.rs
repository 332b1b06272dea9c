//! `Unsqueeze`: <https://onnx.ai/onnx/operators/onnx__Unsqueeze.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let fixed = if setup.opset() < 13 { setup.ints("axes")? } else { None };
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let given = match &fixed {
            Some(axes) => axes.clone(),
            None => args.ints(1)?.unwrap_or_default(),
        };
        let rank = value.shape().len() + given.len();
        let made = axes(&given, rank)?;
        if made.len() != given.len() {
            return Err(misfit("an axis is named twice"));
        }
        let mut own = value.shape().iter();
        let shape: Vec<usize> = (0..rank)
            .map(|i| if made.contains(&i) { 1 } else { own.next().copied().unwrap_or(1) })
            .collect();
        value.shaped(&shape)
    })
}
