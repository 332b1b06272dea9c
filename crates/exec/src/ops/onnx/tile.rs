//! `Tile`: <https://onnx.ai/onnx/operators/onnx__Tile.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let old = setup.opset() < 6;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let rank = value.shape().len();
        let mut repeats = vec![1; rank];
        if old {
            let along = axis(args.int(2)?.unwrap_or(0), rank)?;
            if let Some(slot) = repeats.get_mut(along) {
                *slot = args.int(1)?.unwrap_or(1);
            }
        } else {
            repeats = args.ints(1)?.unwrap_or_default();
        }
        let repeats = extents(&repeats)?;
        if repeats.len() != rank {
            return Err(misfit(format!("{} repeats for {rank} axes", repeats.len())));
        }
        let pairs = value.shape().iter().zip(&repeats);
        let made: Vec<usize> = pairs.map(|(n, times)| n.saturating_mul(*times)).collect();
        args.cx.room(&made, size_of::<usize>())?;
        let picks: Vec<Vec<usize>> = value
            .shape()
            .iter()
            .zip(&made)
            .map(|(&n, &total)| (0..total).map(|i| i % n.max(1)).collect())
            .collect();
        moves::take(args.cx, value, &picks)
    })
}
