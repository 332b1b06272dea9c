//! `GlobalAveragePool`: <https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html>. Added in binary64.

use crate::ops::{prelude::*, window::image};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Float>(cx: &Context, x: &Array<T>) -> Result<TensorValue, Failure> {
        let (n, channels, spatial) = image(x.shape())?;
        let mut shape = vec![n, channels];
        shape.resize(x.shape().len(), 1);
        let planes = cx.room(&shape, size_of::<T>())?;
        cx.work(x.len() as u64)?;
        let size = spatial.iter().product::<usize>();
        let mean = |plane: usize| {
            let plane = x.data().get(plane * size..(plane + 1) * size).unwrap_or_default();
            T::of(plane.iter().map(|x| x.wide()).sum::<f64>() / real(size))
        };
        Ok(T::wrap(Array::new(&shape, (0..planes).map(mean).collect())?))
    }
    one(|args: Args<'_>| floats!(args.get(0)?, array => run(args.cx, array)))
}
