//! `Pad`: <https://onnx.ai/onnx/operators/onnx__Pad.html>. Pads and value are inputs since version
//! 11, axes since 18; `wrap` came with 19. Negative pads cut.

use crate::ops::prelude::*;

#[derive(Clone, Copy)]
enum Mode {
    Constant,
    Reflect,
    Edge,
    Wrap,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let mode = setup.word(
        "mode",
        &[
            ("constant", Mode::Constant),
            ("reflect", Mode::Reflect),
            ("edge", Mode::Edge),
            ("wrap", Mode::Wrap),
        ],
    )?;
    let old = setup.opset() < 11;
    let fixed = if old {
        let name = if setup.opset() < 2 { "paddings" } else { "pads" };
        Some((setup.ints(name)?.unwrap_or_default(), setup.float("value", 0.0)?))
    } else {
        None
    };
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let rank = value.shape().len();
        let (pads, along) = match &fixed {
            Some((pads, _)) => (pads.clone(), None),
            None => (args.ints(1)?.unwrap_or_default(), args.ints(3)?),
        };
        let along = match along {
            None => (0..rank).collect(),
            Some(given) => given.iter().map(|&i| axis(i, rank)).collect::<Result<Vec<_>, _>>()?,
        };
        if pads.len() != along.len() * 2 {
            return Err(misfit(format!("{} pads for {} axes", pads.len(), along.len())));
        }
        let mut picks = moves::whole(value.shape());
        let (before, after) = pads.split_at(along.len());
        for ((&i, &before), &after) in along.iter().zip(before).zip(after) {
            let extent = at(value.shape(), i);
            let total = signed(extent).saturating_add(before).saturating_add(after).max(0);
            args.cx.room(&extents(&[total])?, size_of::<usize>())?;
            if let Some(pick) = picks.get_mut(i) {
                *pick = padded(extent, before, total, mode)?;
            }
        }
        let (shape, mut plan) = moves::cartesian(args.cx, value.shape(), &picks)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let fill = match (&fixed, args.optional(2)) {
            (None, Some(given)) if given.len() == 1 => given.clone(),
            (Some((_, given)), _) => {
                numbers!(value, array => Ok(constant(array, (*given).into())))?
            }
            _ => TensorValue::zero(kind),
        };
        for slot in &mut plan {
            if *slot == FILL {
                *slot = value.len();
            }
        }
        TensorValue::merge(&[value, &fill], &shape, &plan)
    })
}

fn constant<T: Number>(_: &Array<T>, value: f64) -> TensorValue {
    T::wrap(Array::scalar(T::of(value)))
}

/// Which element of an axis stands at each place of the padded one.
fn padded(extent: usize, before: i64, total: i64, mode: Mode) -> Result<Vec<usize>, Failure> {
    let n = signed(extent);
    if n == 0 && total > 0 && !matches!(mode, Mode::Constant) {
        return Err(misfit("an axis without elements cannot be continued"));
    }
    Ok((0..total)
        .map(|i| {
            let i = i - before;
            let inside = (0..n).contains(&i);
            let place = match mode {
                Mode::Constant if !inside => return FILL,
                Mode::Constant => i,
                Mode::Edge => i.clamp(0, n - 1),
                Mode::Wrap => i.rem_euclid(n),
                Mode::Reflect if n == 1 => 0,
                Mode::Reflect => {
                    let round = i.rem_euclid(2 * (n - 1));
                    if round < n { round } else { 2 * (n - 1) - round }
                }
            };
            usize::try_from(place).unwrap_or(FILL)
        })
        .collect())
}
