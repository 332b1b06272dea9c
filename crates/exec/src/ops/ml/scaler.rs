//! `Scaler`: <https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{matrix, misfit},
        one,
    },
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let offset = setup.floats("offset")?.unwrap_or_else(|| vec![0.0]);
    let scale = setup.floats("scale")?.unwrap_or_else(|| vec![1.0]);
    one(move |args: Args<'_>| {
        let values = args.floats(0)?;
        let (_, width) = matrix(values.shape())?;
        for (list, what) in [(&offset, "offset"), (&scale, "scale")] {
            if list.len() != 1 && list.len() != width {
                return Err(misfit(format!(
                    "{} values of `{what}` for {width} columns",
                    list.len()
                )));
            }
        }
        let steps = offset.iter().cycle().zip(scale.iter().cycle());
        // Lists of one value go round at every element, longer ones at every row.
        let data = values.data().iter().zip(steps).map(|(x, (o, s))| (x - o) * s).collect();
        Ok(TensorValue::F32(Array::new(values.shape(), data)?))
    })
}
