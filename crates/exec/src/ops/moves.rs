//! Plans that move elements: for each axis which positions are taken.

use holdall_diag::Failure;

use super::lanes::strides;
use crate::{
    TensorValue,
    context::Context,
    value::{Blocks, Lines, Steps},
};

/// Stands for an element that comes from nowhere.
pub(super) const FILL: usize = usize::MAX;

/// The shape and plan that take these positions along each axis. [`FILL`] stays [`FILL`].
pub(super) fn cartesian(
    cx: &Context,
    shape: &[usize],
    picks: &[Vec<usize>],
) -> Result<(Vec<usize>, Vec<usize>), Failure> {
    let made: Vec<usize> = picks.iter().map(Vec::len).collect();
    let count = cx.room(&made, size_of::<usize>() * 3)?;
    if count == 0 {
        return Ok((made, Vec::new()));
    }
    let mut plan = vec![0];
    for (pick, stride) in picks.iter().zip(strides(shape)) {
        let mut next = Vec::with_capacity(plan.len() * pick.len());
        for &base in &plan {
            next.extend(
                pick.iter().map(
                    |&i| {
                        if base == FILL || i == FILL { FILL } else { base + i * stride }
                    },
                ),
            );
        }
        plan = next;
    }
    Ok((made, plan))
}

/// Every position of each axis.
pub(super) fn whole(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().map(|&n| (0..n).collect()).collect()
}

/// The elements at these positions along each axis.
pub(super) fn take(
    cx: &Context,
    value: &TensorValue,
    picks: &[Vec<usize>],
) -> Result<TensorValue, Failure> {
    let Some((line, lead)) = picks.split_last() else { return Ok(value.clone()) };
    let shape: Vec<usize> = picks.iter().map(Vec::len).collect();
    let total = cx.room(&shape, size_of::<usize>() * 3)?;
    let (_, starts) = cartesian(cx, value.shape(), lead)?;
    TensorValue::laid(&[value], &shape, &Lines { starts: &starts, line, total })
}

/// The elements from `start` on along one axis.
pub(super) fn part(
    cx: &Context,
    value: &TensorValue,
    axis: usize,
    range: std::ops::Range<usize>,
) -> Result<TensorValue, Failure> {
    let mut picks = whole(value.shape());
    if let Some(pick) = picks.get_mut(axis) {
        *pick = range.collect();
    }
    take(cx, value, &picks)
}

/// Axes in another order.
pub(super) fn transpose(
    cx: &Context,
    value: &TensorValue,
    order: &[usize],
) -> Result<TensorValue, Failure> {
    let own = strides(value.shape());
    let shape: Vec<usize> = order.iter().map(|&i| crate::value::at(value.shape(), i)).collect();
    let steps: Vec<usize> = order.iter().map(|&i| crate::value::at(&own, i)).collect();
    cx.room(&shape, size_of::<usize>() * 2)?;
    TensorValue::laid(&[value], &shape, &Steps { shape: &shape, steps: &steps })
}

/// Tensors of one type joined along an axis; the other extents are equal.
pub(super) fn join(
    cx: &Context,
    parts: &[&TensorValue],
    axis: usize,
) -> Result<TensorValue, Failure> {
    let first = parts.first().map_or(&[][..], |p| p.shape());
    let mut shape = first.to_vec();
    let mut total = 0_usize;
    for part in parts {
        let same = part.shape().len() == first.len()
            && part.shape().iter().zip(first).enumerate().all(|(i, (a, b))| i == axis || a == b);
        if !same {
            return Err(super::misfit(format!(
                "{:?} does not join {first:?} along axis {axis}",
                part.shape()
            )));
        }
        total = total.saturating_add(crate::value::at(part.shape(), axis));
    }
    if let Some(slot) = shape.get_mut(axis) {
        *slot = total;
    }
    let total = cx.room(&shape, size_of::<usize>() * 2)?;
    let times: usize = shape.iter().take(axis).product();
    let sizes: Vec<usize> = parts.iter().map(|p| p.shape().iter().skip(axis).product()).collect();
    TensorValue::laid(parts, &shape, &Blocks { sizes: &sizes, times, total })
}
