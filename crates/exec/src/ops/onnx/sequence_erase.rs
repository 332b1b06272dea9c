//! `SequenceErase`: <https://onnx.ai/onnx/operators/onnx__SequenceErase.html>. The last value,
//! where no position is given.

use std::sync::Arc;

use super::{gather::index, sequence_construct::items};
use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let mut list = items(args.get(0)?)?.to_vec();
        let i = index(args.int(1)?.unwrap_or(-1), list.len())?;
        list.remove(i);
        Ok(TensorValue::Sequence(Arc::new(list)))
    })
}
