//! `ArrayFeatureExtractor`:
//! <https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let value = args.get(0)?;
        let last = value.shape().len().checked_sub(1);
        let last = last.ok_or_else(|| misfit("a scalar has no columns to pick"))?;
        let width = at(value.shape(), last);
        let picked = args
            .ints(1)?
            .unwrap_or_default()
            .iter()
            .map(|&i| usize::try_from(i).ok().filter(|&i| i < width))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| misfit(format!("an index is not below {width}")))?;
        let count = picked.len();
        let mut picks = moves::whole(value.shape());
        if let Some(pick) = picks.get_mut(last) {
            *pick = picked;
        }
        let made = moves::take(args.cx, value, &picks)?;
        // A vector becomes one row.
        if last == 0 { made.shaped(&[1, count]) } else { Ok(made) }
    })
}
