//! `LpNormalization`: <https://onnx.ai/onnx/operators/onnx__LpNormalization.html>. Lanes of zeros
//! stay zero.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Float>(lanes: &Lanes, array: &Array<T>, p: i64) -> Result<TensorValue, Failure> {
        Ok(T::wrap(lanes.change(array, |lane| {
            let size = lane.iter().fold(0.0, |sum, x| {
                let x = x.wide();
                sum + if p == 1 { x.abs() } else { x * x }
            });
            let size = if p == 1 { size } else { size.sqrt() };
            if size > 0.0 {
                for x in lane.iter_mut() {
                    *x = x.via(|x| x / size);
                }
            } else if size.is_nan() {
                lane.fill(T::of(f64::NAN));
            }
        })?))
    }
    let (p, along) = (setup.int("p", 2)?, setup.int("axis", -1)?);
    if p != 1 && p != 2 {
        return Err(setup.refuse(format!("there is no norm {p}")));
    }
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let along = axis(along, value.shape().len())?;
        let lanes = Lanes::new(args.cx, value.shape(), &[along], true)?;
        floats!(value, array => run(&lanes, array, p))
    })
}
