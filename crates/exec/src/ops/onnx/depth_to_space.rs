//! `DepthToSpace`: <https://onnx.ai/onnx/operators/onnx__DepthToSpace.html>.

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
        let less = c / block.saturating_mul(block);
        let (shape, order) = if columns {
            ([n, less, block, block, h, w], [0, 1, 4, 2, 5, 3])
        } else {
            ([n, block, block, less, h, w], [0, 3, 4, 1, 5, 2])
        };
        let turned = moves::transpose(args.cx, &value.shaped(&shape)?, &order)?;
        turned.shaped(&[n, less, h * block, w * block])
    })
}
