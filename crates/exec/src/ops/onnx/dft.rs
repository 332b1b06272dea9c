//! `DFT`: <https://onnx.ai/onnx/operators/onnx__DFT.html>. The axis is an input since version 20. The
//! inverse of one side is real.

use super::cast::cast;
use crate::ops::{
    fourier::{Complex, Transform},
    prelude::*,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let fixed = if setup.opset() < 20 { Some(setup.int("axis", 1)?) } else { None };
    let inverse = setup.flag("inverse", false)?;
    let one_side = setup.flag("onesided", false)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let (rank, parts) = (value.shape().len(), value.shape().last().copied().unwrap_or(0));
        let along = match fixed {
            Some(along) => along,
            None => args.int(2)?.unwrap_or(-2),
        };
        let along = axis(along, rank)?;
        if !matches!(parts, 1 | 2) || along + 1 == rank {
            return Err(misfit(format!("{:?} along axis {along} is no signal", value.shape())));
        }
        if one_side && (inverse == (parts == 1)) {
            let message = if inverse {
                "the inverse of one side takes complex numbers"
            } else {
                "one side says all of a real signal only"
            };
            return Err(misfit(message));
        }
        let extent = at(value.shape(), along);
        let length = match args.int(1)? {
            Some(length) => usize::try_from(length).ok(),
            None if inverse && one_side => Some(extent.saturating_sub(1).saturating_mul(2)),
            None => Some(extent),
        };
        let length = length.filter(|&n| n > 0);
        let length = length.ok_or_else(|| misfit("a transform has at least one element"))?;
        let kept = if one_side && !inverse { length / 2 + 1 } else { length };
        let mut shape = value.shape().to_vec();
        if let Some(slot) = shape.get_mut(along) {
            *slot = kept;
        }
        if let Some(slot) = shape.last_mut() {
            *slot = if one_side && inverse { 1 } else { 2 };
        }
        let mut out = vec![0.0; args.cx.room(&shape, 8)?];
        let transform = Transform::new(args.cx, length, !inverse)?;
        let x = wide(value)?;
        let lanes =
            Lanes::new(args.cx, value.shape().get(..rank - 1).unwrap_or_default(), &[along], true)?;
        args.cx.product([lanes.bases.len(), transform.cost(), 1])?;
        let width = at(&shape, rank - 1);
        let inner: usize = shape.get(along + 1..rank - 1).unwrap_or_default().iter().product();
        for (lane, &base) in lanes.bases.iter().enumerate() {
            let element = |i: usize| -> Complex {
                let Some(offset) = lanes.offsets.get(i) else { return [0.0; 2] };
                let place = (base + offset) * parts;
                [at(x.data(), place), if parts == 2 { at(x.data(), place + 1) } else { 0.0 }]
            };
            let mut data: Vec<Complex> = if one_side && inverse {
                both_sides(length, element)
            } else {
                (0..length).map(element).collect()
            };
            transform.run(&mut data);
            let by = if inverse { real(length).recip() } else { 1.0 };
            let start = lane / inner.max(1) * kept * inner + lane % inner.max(1);
            for (i, number) in data.iter().take(kept).enumerate() {
                let place = (start + i * inner) * width;
                for (slot, x) in out.iter_mut().skip(place).take(width).zip(number) {
                    *slot = x * by;
                }
            }
        }
        cast(args.cx, &TensorValue::F64(Array::new(&shape, out)?), kind)
    })
}

/// The spectrum of a real signal from its first half. Where the other half would contradict it, the
/// imaginary part is nought.
fn both_sides(length: usize, element: impl Fn(usize) -> Complex) -> Vec<Complex> {
    (0..length)
        .map(|i| {
            let mirror = length - i;
            let [a, b] = element(i.min(mirror));
            match i.cmp(&mirror) {
                _ if i == 0 => [element(0)[0], 0.0],
                std::cmp::Ordering::Less => [a, b],
                std::cmp::Ordering::Equal => [a, 0.0],
                std::cmp::Ordering::Greater => [a, -b],
            }
        })
        .collect()
}
