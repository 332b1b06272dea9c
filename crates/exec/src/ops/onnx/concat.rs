//! `Concat`: <https://onnx.ai/onnx/operators/onnx__Concat.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 1)?;
    one(move |args: Args<'_>| {
        let parts = (0..args.len()).map(|i| args.get(i)).collect::<Result<Vec<_>, _>>()?;
        let rank = args.get(0)?.shape().len();
        moves::join(args.cx, &parts, axis(along, rank)?)
    })
}
