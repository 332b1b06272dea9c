//! `ZipMap`: <https://onnx.ai/onnx/operators/onnx_aionnxml_ZipMap.html>

use holdall_diag::Failure;

use super::labels::labels;
use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{matrix, misfit},
        one,
    },
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let keys = labels(setup, "classlabels_int64s", "classlabels_strings")?;
    one(move |args: Args<'_>| {
        let values = args.of::<f32>(0)?;
        let (rows, width) = matrix(values.shape())?;
        if width != keys.len() {
            return Err(misfit(format!("{} keys for {width} columns", keys.len())));
        }
        let values = Array::new(&[rows, width], values.data().to_vec())?;
        Ok(TensorValue::Maps { keys: keys.clone(), values })
    })
}
