//! `SpaceToDepth`: <https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html>. `mode` came with
//! version 28.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let block = usize::try_from(setup.int("blocksize", 0)?)
        .ok()
        .filter(|&b| b > 0)
        .ok_or_else(|| setup.refuse("the block size is not positive"))?;
    let columns = setup.word("mode", &[("DCR", false), ("CRD", true)])?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let [n, c, h, w] = *value.shape() else { return Err(misfit("expected 4 dimensions")) };
        let split = [n, c, h / block, block, w / block, block];
        let order = if columns { [0, 1, 3, 5, 2, 4] } else { [0, 3, 5, 1, 2, 4] };
        let turned = moves::transpose(args.cx, &value.shaped(&split)?, &order)?;
        turned.shaped(&[n, c * block * block, h / block, w / block])
    })
}
