//! `CumSum`: <https://onnx.ai/onnx/operators/onnx__CumSum.html>. Running sums along one axis, one
//! addition after the other; the first sum is the first element itself.

use holdall_diag::Failure;
use ndarray::Axis;

use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{axis, unfit},
        one,
    },
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let exclusive = setup.flag("exclusive", false)?;
    let reverse = setup.flag("reverse", false)?;
    let way = Way { exclusive, reverse };
    one(move |args: Args<'_>| {
        let along = args.ints(1)?.and_then(|axes| axes.first().copied()).unwrap_or(0);
        let value = args.get(0)?;
        let along = Axis(axis(along, value.shape().len())?);
        Ok(match value {
            TensorValue::F32(a) => TensorValue::F32(run(a, along, way, 0.0, |a, b| a + b)),
            TensorValue::F64(a) => TensorValue::F64(run(a, along, way, 0.0, |a, b| a + b)),
            TensorValue::I64(a) => TensorValue::I64(run(a, along, way, 0, i64::wrapping_add)),
            TensorValue::I32(a) => TensorValue::I32(run(a, along, way, 0, i32::wrapping_add)),
            other @ (TensorValue::Bool(_) | TensorValue::Text(_) | TensorValue::Maps { .. }) => {
                return Err(unfit(other));
            }
        })
    })
}

#[derive(Clone, Copy)]
struct Way {
    exclusive: bool,
    reverse: bool,
}

fn run<T: Copy>(
    array: &Array<T>,
    along: Axis,
    way: Way,
    zero: T,
    add: impl Fn(T, T) -> T,
) -> Array<T> {
    let mut result = array.view().to_owned();
    for mut lane in result.lanes_mut(along) {
        if way.reverse {
            lane.invert_axis(Axis(0));
        }
        let mut sum: Option<T> = None;
        for element in &mut lane {
            let next = sum.map_or(*element, |sum| add(sum, *element));
            *element = if way.exclusive { sum.unwrap_or(zero) } else { next };
            sum = Some(next);
        }
    }
    Array::of(result)
}
