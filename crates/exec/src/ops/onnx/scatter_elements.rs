//! `ScatterElements`: <https://onnx.ai/onnx/operators/onnx__ScatterElements.html>. Updates of one
//! place are taken in order.

use super::gather_elements::positions;
use crate::ops::prelude::*;

/// What becomes of the element that an update meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reduce {
    None,
    Add,
    Mul,
    Max,
    Min,
}

impl Reduce {
    pub(super) fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let words = [
            ("none", Self::None),
            ("add", Self::Add),
            ("mul", Self::Mul),
            ("max", Self::Max),
            ("min", Self::Min),
        ];
        setup.word("reduction", &words)
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 0)?;
    let reduce = Reduce::of(setup)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let places = positions(args.cx, value.shape(), args.get(1)?, along)?;
        put(value, args.get(2)?, &places, reduce)
    })
}

/// Puts updates into a tensor at these positions, in order.
pub(super) fn put(
    value: &TensorValue,
    updates: &TensorValue,
    places: &[usize],
    reduce: Reduce,
) -> Result<TensorValue, Failure> {
    fn run<T: Number>(
        array: &Array<T>,
        updates: &TensorValue,
        places: &[usize],
        reduce: Reduce,
    ) -> Result<TensorValue, Failure> {
        let mut data = array.data().to_vec();
        for (&place, &update) in places.iter().zip(T::want(updates)?.data()) {
            let Some(slot) = data.get_mut(place) else { continue };
            *slot = match reduce {
                Reduce::None => update,
                Reduce::Add => slot.add(update),
                Reduce::Mul => slot.mul(update),
                Reduce::Max if update > *slot || update.is_nan() => update,
                Reduce::Min if update < *slot || update.is_nan() => update,
                Reduce::Max | Reduce::Min => *slot,
            };
        }
        Ok(T::wrap(Array::new(array.shape(), data)?))
    }
    if places.len() != updates.len() {
        return Err(misfit(format!("{} updates for {} places", updates.len(), places.len())));
    }
    if reduce == Reduce::None {
        let mut plan: Vec<usize> = (0..value.len()).collect();
        for (i, &place) in places.iter().enumerate() {
            if let Some(slot) = plan.get_mut(place) {
                *slot = value.len() + i;
            }
        }
        return TensorValue::merge(&[value, updates], value.shape(), &plan);
    }
    numbers!(value, array => run(array, updates, places, reduce))
}
