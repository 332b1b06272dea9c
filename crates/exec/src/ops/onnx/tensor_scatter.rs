//! `TensorScatter`: <https://onnx.ai/onnx/operators/onnx__TensorScatter.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", -2)?;
    let circular = setup.word("mode", &[("linear", false), ("circular", true)])?;
    one(move |args: Args<'_>| {
        let (cache, update) = (args.get(0)?, args.get(1)?);
        let shape = cache.shape();
        let along = axis(along, shape.len())?;
        let (most, turns) = (at(shape, along), at(update.shape(), along));
        let fits = update.shape().len() == shape.len()
            && shape.iter().zip(update.shape()).enumerate().all(|(i, (a, b))| i == along || a == b);
        if !fits || along == 0 || turns > most {
            return Err(misfit(format!("{:?} does not go into {shape:?}", update.shape())));
        }
        let starts = args.ints(2)?;
        if starts.as_ref().is_some_and(|s| s.len() != at(shape, 0)) {
            return Err(misfit("there is not one place for each sample"));
        }
        let outer: usize = shape.iter().take(along).product();
        let inner: usize = shape.iter().skip(along + 1).product();
        let samples = outer.checked_div(at(shape, 0)).unwrap_or(1).max(1);
        let mut plan: Vec<usize> = Vec::with_capacity(args.cx.room(shape, 16)?);
        plan.extend(0..cache.len());
        for row in 0..outer {
            let start = starts.as_ref().map_or(0, |s| at(s, row / samples));
            for turn in 0..turns {
                let place = start.saturating_add(signed(turn));
                let place = if circular { place.rem_euclid(signed(most)) } else { place };
                let place = usize::try_from(place).ok().filter(|&p| p < most);
                let place = place.ok_or_else(|| {
                    misfit(format!("position {start} + {turn} is not within {most}"))
                })?;
                let (to, from) = ((row * most + place) * inner, (row * turns + turn) * inner);
                for (i, slot) in plan.iter_mut().skip(to).take(inner).enumerate() {
                    *slot = cache.len() + from + i;
                }
            }
        }
        TensorValue::merge(&[cache, update], shape, &plan)
    })
}
