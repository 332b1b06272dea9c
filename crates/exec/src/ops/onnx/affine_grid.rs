//! `AffineGrid`: <https://onnx.ai/onnx/operators/onnx__AffineGrid.html>.

use crate::ops::{attend::numbers_of, prelude::*, window::every};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let corners = setup.flag("align_corners", false)?;
    one(move |args: Args<'_>| {
        let theta = args.get(0)?;
        let kind = theta.element_type().ok_or_else(|| unfit(theta))?;
        let size = extents(&args.ints(1)?.unwrap_or_default())?;
        let [batch, _, spatial @ ..] = size.as_slice() else {
            return Err(misfit("expected the size of a batch of channels"));
        };
        let rank = spatial.len();
        if !(2..=3).contains(&rank) || theta.shape() != [*batch, rank, rank + 1] {
            return Err(misfit(format!("matrices of {:?} do not fit {size:?}", theta.shape())));
        }
        let mut shape = vec![*batch];
        shape.extend(spatial);
        shape.push(rank);
        let total = args.cx.room(&shape, 8)?;
        // Every position as a list of its own.
        args.cx.room(spatial, size_of::<Vec<usize>>() + 8 * rank)?;
        let matrix = wide(theta)?;
        let place = |i: usize, n: usize| {
            if !corners {
                (2.0 * real(i) + 1.0) / real(n) - 1.0
            } else if n < 2 {
                -1.0
            } else {
                2.0 * real(i) / (real(n) - 1.0) - 1.0
            }
        };
        let places = every(spatial);
        let mut out = Vec::with_capacity(total);
        for b in 0..*batch {
            for index in &places {
                // The last axis comes first in a point.
                let point: Vec<f64> =
                    index.iter().zip(spatial).rev().map(|(&i, &n)| place(i, n)).collect();
                for row in 0..rank {
                    let start = (b * rank + row) * (rank + 1);
                    let line = matrix.data().get(start..start + rank + 1).unwrap_or_default();
                    let sum: f64 = line.iter().zip(&point).map(|(m, x)| m * x).sum();
                    out.push(sum + at(line, rank));
                }
            }
        }
        numbers_of(args.cx, Array::new(&shape, out)?, kind)
    })
}
