//! `CastLike`: <https://onnx.ai/onnx/operators/onnx__CastLike.html>.

use super::cast::{Rules, convert};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let rules = Rules::of(setup)?;
    one(move |args: Args<'_>| {
        let like = args.get(1)?;
        let to = like.element_type().ok_or_else(|| unfit(like))?;
        convert(args.cx, args.get(0)?, to, rules)
    })
}
