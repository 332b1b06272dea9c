//! `MeanVarianceNormalization`:
//! <https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Float>(lanes: &Lanes, array: &Array<T>) -> Result<TensorValue, Failure> {
        Ok(T::wrap(lanes.change(array, |lane| {
            let count = real(lane.len());
            let mean = lane.iter().fold(0.0, |sum, x| sum + x.wide()) / count;
            let square = lane.iter().fold(0.0, |sum, x| sum + x.wide() * x.wide()) / count;
            let deviation = (square - mean * mean).max(0.0).sqrt() + 1e-9;
            for x in lane.iter_mut() {
                *x = x.via(|x| (x - mean) / deviation);
            }
        })?))
    }
    let along = setup.ints("axes")?.unwrap_or_else(|| vec![0, 2, 3]);
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let lanes = Lanes::new(args.cx, value.shape(), &axes(&along, value.shape().len())?, true)?;
        floats!(value, array => run(&lanes, array))
    })
}
