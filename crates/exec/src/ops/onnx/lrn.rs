//! `LRN`: <https://onnx.ai/onnx/operators/onnx__LRN.html>.

use super::cast::cast;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (alpha, beta) = (setup.float("alpha", 1e-4)?, setup.float("beta", 0.75)?);
    let bias = f64::from(setup.float("bias", 1.0)?);
    let size = usize::try_from(setup.int("size", 0)?)
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| setup.refuse("the size is not positive"))?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        if value.shape().len() < 2 {
            return Err(misfit("expected channels"));
        }
        let lanes = Lanes::new(args.cx, value.shape(), &[1], true)?;
        args.cx.product([value.len(), size.min(at(value.shape(), 1)), 1])?;
        let y = lanes.change(&wide(value)?, |lane| {
            let own = lane.to_vec();
            for (i, x) in lane.iter_mut().enumerate() {
                let (before, after) = ((size - 1) / 2, size / 2);
                let window =
                    own.iter().take(i.saturating_add(after + 1)).skip(i.saturating_sub(before));
                let square: f64 = window.map(|x| x * x).sum();
                *x /= (bias + f64::from(alpha) / real(size) * square).powf(beta.into());
            }
        })?;
        cast(args.cx, &TensorValue::F64(y), kind)
    })
}
