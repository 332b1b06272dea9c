//! `Flatten`: <https://onnx.ai/onnx/operators/onnx__Flatten.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let at = setup.int("axis", 1)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let rank = value.shape().len();
        let split = if at == signed(rank) { rank } else { axis(at, rank)? };
        let rows = value.shape().iter().take(split).product();
        value.shaped(&[rows, value.shape().iter().skip(split).product()])
    })
}
