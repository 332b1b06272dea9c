//! `Expand`: <https://onnx.ai/onnx/operators/onnx__Expand.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let value = args.get(0)?;
        let wanted = extents(&args.ints(1)?.unwrap_or_default())?;
        elementwise::expand(args.cx, value, &broadcast(value.shape(), &wanted)?)
    })
}
