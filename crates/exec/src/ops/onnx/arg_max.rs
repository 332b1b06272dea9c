//! `ArgMax`: <https://onnx.ai/onnx/operators/onnx__ArgMax.html>. Among equals the first, or the last
//! where asked.

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{axis, unfit},
        one,
    },
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 0)?;
    let keep = setup.flag("keepdims", true)?;
    let last = setup.flag("select_last_index", false)?;
    one(move |args: Args<'_>| {
        Ok(TensorValue::I64(match args.get(0)? {
            TensorValue::F32(a) => best(a, along, keep, last)?,
            TensorValue::F64(a) => best(a, along, keep, last)?,
            TensorValue::I64(a) => best(a, along, keep, last)?,
            TensorValue::I32(a) => best(a, along, keep, last)?,
            other @ (TensorValue::Bool(_) | TensorValue::Text(_) | TensorValue::Maps { .. }) => {
                return Err(unfit(other));
            }
        }))
    })
}

fn best<T: PartialOrd + Clone>(
    array: &Array<T>,
    along: i64,
    keep: bool,
    last: bool,
) -> Result<Array<i64>, Failure> {
    let along = ndarray::Axis(axis(along, array.shape().len())?);
    let mut result = array.view().map_axis(along, |lane| {
        let mut found: Option<(i64, &T)> = None;
        for (i, value) in (0_i64..).zip(lane) {
            if found.is_none_or(|(_, top)| value > top || (last && value == top)) {
                found = Some((i, value));
            }
        }
        found.map_or(0, |(i, _)| i)
    });
    if keep {
        result = result.insert_axis(along);
    }
    Ok(Array::of(result))
}
