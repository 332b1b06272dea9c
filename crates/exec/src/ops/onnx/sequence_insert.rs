//! `SequenceInsert`: <https://onnx.ai/onnx/operators/onnx__SequenceInsert.html>. At the end, where
//! no position is given.

use std::sync::Arc;

use super::{gather::index, sequence_construct::items};
use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let mut list = items(args.get(0)?)?.to_vec();
        let end = list.len();
        let i = match args.int(2)? {
            None => end,
            Some(i) if i == signed(end) => end,
            Some(i) => index(i, end)?,
        };
        list.insert(i, args.get(1)?.clone());
        Ok(TensorValue::Sequence(Arc::new(list)))
    })
}
