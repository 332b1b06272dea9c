//! Reductions along axes, in the order of the elements.

use holdall_diag::Failure;
use ndarray::Axis;

use super::{Args, Kernel, Setup, args, one};
use crate::{Array, TensorValue};

/// Functions that fold an element into what was reduced so far, by element type.
#[derive(Clone, Copy)]
pub(super) struct Fold {
    pub(super) f32: (f32, fn(f32, f32) -> f32),
    pub(super) f64: (f64, fn(f64, f64) -> f64),
    pub(super) i64: (i64, fn(i64, i64) -> i64),
    pub(super) i32: (i32, fn(i32, i32) -> i32),
}

/// Axes are an attribute before version `since`, and an input from then on.
pub(super) fn compile(setup: &Setup<'_>, since: i64, fold: Fold) -> Result<Kernel, Failure> {
    let fixed = if setup.opset() < since { setup.ints("axes")? } else { None };
    let keep = setup.flag("keepdims", true)?;
    let nothing = setup.flag("noop_with_empty_axes", false)?;
    one(move |args: Args<'_>| {
        let axes = match &fixed {
            Some(axes) => Some(axes.clone()),
            None => args.ints(1)?,
        };
        let value = args.get(0)?;
        let rank = value.shape().len();
        let mut axes = axes
            .unwrap_or_default()
            .into_iter()
            .map(|axis| args::axis(axis, rank))
            .collect::<Result<Vec<_>, _>>()?;
        if axes.is_empty() {
            if nothing {
                return Ok(value.clone());
            }
            axes = (0..rank).collect();
        }
        axes.sort_unstable();
        axes.dedup();
        Ok(match value {
            TensorValue::F32(a) => TensorValue::F32(reduce(a, &axes, keep, fold.f32)),
            TensorValue::F64(a) => TensorValue::F64(reduce(a, &axes, keep, fold.f64)),
            TensorValue::I64(a) => TensorValue::I64(reduce(a, &axes, keep, fold.i64)),
            TensorValue::I32(a) => TensorValue::I32(reduce(a, &axes, keep, fold.i32)),
            other @ (TensorValue::Bool(_) | TensorValue::Text(_) | TensorValue::Maps { .. }) => {
                return Err(args::unfit(other));
            }
        })
    })
}

fn reduce<T: Copy>(
    array: &Array<T>,
    axes: &[usize],
    keep: bool,
    (start, fold): (T, fn(T, T) -> T),
) -> Array<T> {
    let mut result = array.view().to_owned();
    for &axis in axes.iter().rev() {
        result = result.fold_axis(Axis(axis), start, |a, b| fold(*a, *b));
        if keep {
            result = result.insert_axis(Axis(axis));
        }
    }
    Array::of(result)
}
