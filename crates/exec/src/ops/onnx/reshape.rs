//! `Reshape`: <https://onnx.ai/onnx/operators/onnx__Reshape.html>. 0 keeps an extent, −1 takes what
//! is left.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["consumed_inputs"]);
    let keep_zero = setup.flag("allowzero", false)?;
    let fixed = if setup.opset() < 5 { setup.ints("shape")? } else { None };
    one(move |args: Args<'_>| {
        let wanted = match &fixed {
            Some(shape) => shape.clone(),
            None => args.ints(1)?.unwrap_or_default(),
        };
        let value = args.get(0)?;
        value.shaped(&resolve(value.shape(), &wanted, keep_zero)?)
    })
}

fn resolve(own: &[usize], wanted: &[i64], keep_zero: bool) -> Result<Vec<usize>, Failure> {
    let mut open = None;
    let mut shape = Vec::with_capacity(wanted.len());
    for (i, &extent) in wanted.iter().enumerate() {
        shape.push(match usize::try_from(extent) {
            Ok(0) if !keep_zero => own.get(i).copied().ok_or_else(|| {
                misfit(format!("extent {i} is to be kept, there are {}", own.len()))
            })?,
            Ok(extent) => extent,
            Err(_) if extent == -1 && open.is_none() => {
                open = Some(i);
                1
            }
            Err(error) => {
                return Err(misfit(format!("there is no extent {extent}")).caused_by(error));
            }
        });
    }
    let large = || misfit("the shape is too large");
    let others = elements(&shape).ok_or_else(large)?;
    let total = elements(own).ok_or_else(large)?;
    if let Some(slot) = open.and_then(|i| shape.get_mut(i)) {
        *slot = total.checked_div(others).unwrap_or(0);
    }
    Ok(shape)
}
