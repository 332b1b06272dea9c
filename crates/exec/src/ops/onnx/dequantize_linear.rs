//! `DequantizeLinear`: <https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html>.

use super::cast::{cast, target};
use crate::ops::prelude::*;

/// How scales lie on a tensor: all alike, along an axis, or in blocks along it.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    axis: i64,
    block: usize,
}

impl Grid {
    pub(super) fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let block = usize::try_from(setup.int("block_size", 0)?)
            .map_err(|error| setup.refuse("`block_size` is negative").caused_by(error))?;
        Ok(Self { axis: setup.int("axis", 1)?, block })
    }

    /// A value for every element.
    pub(super) fn expand(
        self,
        cx: &Context,
        value: &TensorValue,
        shape: &[usize],
    ) -> Result<TensorValue, Failure> {
        if value.len() == 1 && self.block == 0 {
            return elementwise::expand(cx, &value.shaped(&[])?, shape);
        }
        let along = axis(self.axis, shape.len())?;
        if value.shape().len() == 1 && shape.len() != 1 || self.block == 0 {
            let mut own = vec![1; shape.len()];
            if let Some(slot) = own.get_mut(along) {
                *slot = value.len();
            }
            return elementwise::expand(cx, &value.shaped(&own)?, shape);
        }
        let extent = at(value.shape(), along);
        let mut picks = moves::whole(shape);
        if let Some(pick) = picks.get_mut(along) {
            *pick = (0..at(shape, along)).map(|i| i / self.block.max(1)).collect();
        }
        let outside =
            picks.iter().zip(value.shape()).any(|(p, &n)| p.last().is_some_and(|&i| i >= n));
        if outside || value.shape().len() != shape.len() || extent == 0 {
            return Err(misfit(format!("blocks of {:?} do not cover {shape:?}", value.shape())));
        }
        moves::take(cx, value, &picks)
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let grid = Grid::of(setup)?;
    let asked = setup.int("output_dtype", 0)? != 0;
    let to = if asked { Some(target(setup, "output_dtype")?) } else { None };
    one(move |args: Args<'_>| {
        let (value, scale) = (args.get(0)?, args.get(1)?);
        let kind = scale.element_type().ok_or_else(|| unfit(scale))?;
        let shape = value.shape();
        let mut centred = wide(&cast(args.cx, value, ElementType::F64)?)?;
        if let Some(zero) = args.optional(2) {
            let zero = cast(args.cx, zero, ElementType::F64)?;
            let zero = wide(&grid.expand(args.cx, &zero, shape)?)?;
            centred = zip(args.cx, &centred, &zero, |x, z| x - z)?;
        }
        let scale = cast(args.cx, &grid.expand(args.cx, scale, shape)?, ElementType::F64)?;
        let made = zip(args.cx, &centred, &wide(&scale)?, |x, s| x * s)?;
        cast(args.cx, &TensorValue::F64(made), to.unwrap_or(kind))
    })
}
