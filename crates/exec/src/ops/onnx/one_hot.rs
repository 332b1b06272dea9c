//! `OneHot`: <https://onnx.ai/onnx/operators/onnx__OneHot.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", -1)?;
    one(move |args: Args<'_>| {
        let indices = args.get(0)?;
        let depth = whole(at(args.wide(1)?.data(), 0));
        let depth = usize::try_from(depth)
            .map_err(|error| misfit("the depth is negative").caused_by(error))?;
        let values = args.get(2)?;
        if values.len() != 2 {
            return Err(misfit("expected an off value and an on value"));
        }
        let along = axis(along, indices.shape().len() + 1)?;
        let mut shape = indices.shape().to_vec();
        shape.insert(along, depth);
        let count = args.cx.room(&shape, 16)?;
        let inner: usize = indices.shape().iter().skip(along).product();
        let picked: Vec<i64> = wide(indices)?.data().iter().map(|&x| whole(x)).collect();
        let mut plan = vec![0; count];
        for (i, &index) in picked.iter().enumerate() {
            // Indices count from the end when negative; beyond the depth nothing is on.
            if let Ok(index) = axis(index, depth) {
                let place = (i / inner * depth + index) * inner + i % inner;
                if let Some(slot) = plan.get_mut(place) {
                    *slot = 1;
                }
            }
        }
        values.pick(&shape, &plan)
    })
}
