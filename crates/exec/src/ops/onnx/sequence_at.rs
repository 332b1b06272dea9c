//! `SequenceAt`: <https://onnx.ai/onnx/operators/onnx__SequenceAt.html>.

use super::{gather::index, sequence_construct::items};
use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let list = items(args.get(0)?)?;
        let i = index(args.int(1)?.unwrap_or(0), list.len())?;
        list.get(i).cloned().ok_or_else(|| misfit("the sequence is empty"))
    })
}
