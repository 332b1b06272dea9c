//! `DynamicQuantizeLinear`: <https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html>.

use crate::ops::prelude::*;

#[expect(clippy::unnecessary_wraps, reason = "every operator is prepared alike")]
pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    Ok(Box::new(|args: Args<'_>| {
        let x = args.of::<f32>(0)?;
        let low = x.data().iter().copied().fold(0.0, f32::min);
        let high = x.data().iter().copied().fold(0.0, f32::max);
        let scale = (high - low) / 255.0;
        let zero =
            if scale > 0.0 { (-low / scale).clamp(0.0, 255.0).round_ties_even() } else { 0.0 };
        let quantized = x.map(|x| {
            let x = if scale > 0.0 { x / scale } else { 0.0 };
            u8::of(((x.round_ties_even()) + zero).clamp(0.0, 255.0).into())
        });
        Ok(vec![
            TensorValue::U8(quantized),
            TensorValue::F32(Array::scalar(scale)),
            TensorValue::U8(Array::scalar(u8::of(zero.into()))),
        ])
    }))
}
