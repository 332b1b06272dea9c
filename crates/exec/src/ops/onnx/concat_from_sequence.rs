//! `ConcatFromSequence`: <https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html>.

use super::{loop_::stack, sequence_construct::items};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 0)?;
    let new = setup.flag("new_axis", false)?;
    one(move |args: Args<'_>| {
        let list = items(args.get(0)?)?;
        let rank = list.first().ok_or_else(|| misfit("the sequence is empty"))?.shape().len();
        if new {
            return stack(args.cx, list, along);
        }
        moves::join(args.cx, &list.iter().collect::<Vec<_>>(), axis(along, rank)?)
    })
}
