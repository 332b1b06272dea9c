//! `Normalizer`: <https://onnx.ai/onnx/operators/onnx_aionnxml_Normalizer.html>. Under `MAX`
//! onnxruntime divides by the largest value with its sign, the reference by the largest magnitude.

use holdall_diag::Failure;

use crate::{
    Array, Behaviour, TensorValue,
    ops::{Args, Kernel, Setup, args::matrix, one},
};

#[derive(Clone, Copy)]
enum Norm {
    Max,
    L1,
    L2,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let norm = setup.word("norm", &[("MAX", Norm::Max), ("L1", Norm::L1), ("L2", Norm::L2)])?;
    let signed = setup.behaviour == Behaviour::OnnxRuntime;
    one(move |args: Args<'_>| {
        let mut values = args.floats(0)?.data().to_vec();
        let shape = args.get(0)?.shape();
        let (_, width) = matrix(shape)?;
        for row in values.chunks_mut(width.max(1)) {
            let scale = match norm {
                Norm::Max if signed => row.iter().copied().fold(f32::MIN, f32::max),
                Norm::Max => row.iter().fold(0.0, |top: f32, x| top.max(x.abs())),
                Norm::L1 => row.iter().fold(0.0, |sum, x| sum + x.abs()),
                Norm::L2 => row.iter().fold(0.0, |sum, x| sum + x * x).sqrt(),
            };
            if scale.abs() > 0.0 || scale.is_nan() {
                for x in row {
                    *x /= scale;
                }
            }
        }
        Ok(TensorValue::F32(Array::new(shape, values)?))
    })
}
