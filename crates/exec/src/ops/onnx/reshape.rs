//! `Reshape`: <https://onnx.ai/onnx/operators/onnx__Reshape.html>. 0 keeps an extent, −1 takes what
//! is left.

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{Args, Kernel, Setup, args::misfit, one},
    value::{Element, each},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let keep_zero = setup.flag("allowzero", false)?;
    one(move |args: Args<'_>| {
        let wanted = args.ints(1)?.unwrap_or_default();
        each!(args.get(0)?, array => reshape(array, &wanted, keep_zero))
    })
}

fn reshape<T: Element>(
    array: &Array<T>,
    wanted: &[i64],
    keep_zero: bool,
) -> Result<TensorValue, Failure> {
    let mut open = None;
    let mut shape = Vec::with_capacity(wanted.len());
    for (i, &extent) in wanted.iter().enumerate() {
        shape.push(match usize::try_from(extent) {
            Ok(0) if !keep_zero => array.shape().get(i).copied().ok_or_else(|| {
                misfit(format!("extent {i} is to be kept, there are {}", array.shape().len()))
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
    if let Some(slot) = open.and_then(|i| shape.get_mut(i)) {
        *slot = 0;
        let others: usize = wanted
            .iter()
            .zip(array.shape().iter().map(Some).chain(std::iter::repeat(None)))
            .map(|(&extent, own)| match usize::try_from(extent) {
                Ok(0) if !keep_zero => own.copied().unwrap_or(1),
                Ok(extent) => extent,
                Err(_) => 1,
            })
            .try_fold(1_usize, usize::checked_mul)
            .ok_or_else(|| misfit("the shape is too large"))?;
        *slot = array.len().checked_div(others).unwrap_or(0);
    }
    Ok(T::wrap(Array::new(&shape, array.data().to_vec())?))
}
