//! `ScatterND`: <https://onnx.ai/onnx/operators/onnx__ScatterND.html>.

use super::{
    gather_nd::Blocks,
    scatter_elements::{Reduce, put},
};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let reduce = Reduce::of(setup)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let blocks = Blocks::of(value.shape(), args.get(1)?, 0)?;
        args.cx.room(&[blocks.starts.len(), blocks.size], size_of::<usize>())?;
        let places: Vec<usize> =
            blocks.starts.iter().flat_map(|&start| start..start + blocks.size).collect();
        put(value, args.get(2)?, &places, reduce)
    })
}
