//! `StringConcat`: <https://onnx.ai/onnx/operators/onnx__StringConcat.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let (a, b) = (args.of::<String>(0)?, args.of::<String>(1)?);
        // Texts can double at every node: what they need is checked before they are made.
        let longest =
            |array: &Array<String>| array.data().iter().map(String::len).max().unwrap_or(0);
        args.cx.room(&broadcast(a.shape(), b.shape())?, longest(a) + longest(b) + 24)?;
        Ok(TensorValue::Text(zip(args.cx, a, b, |x, y| format!("{x}{y}"))?))
    })
}
