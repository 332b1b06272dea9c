//! `OneHotEncoder`: <https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html>. onnxruntime
//! cuts floats towards zero before it compares; the reference wants them equal.

use std::collections::BTreeMap;

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let texts = setup.texts("cats_strings")?.unwrap_or_default();
    let ints = setup.ints("cats_int64s")?.unwrap_or_default();
    let zeros = setup.flag("zeros", true)?;
    let cut = setup.like_runtime();
    let count = texts.len().max(ints.len());
    let by_text: BTreeMap<String, usize> = texts.into_iter().zip(0..).collect();
    let by_int: BTreeMap<i64, usize> = ints.into_iter().zip(0..).collect();
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let number = |x: f64| {
            let cut_off = x.trunc();
            let fits = cut_off.abs() < 2.0_f64.powi(63) && (cut || cut_off.total_cmp(&x).is_eq());
            fits.then(|| whole(cut_off)).and_then(|i| by_int.get(&i).copied())
        };
        let found: Vec<Option<usize>> = match value {
            TensorValue::Text(a) => a.data().iter().map(|x| by_text.get(x).copied()).collect(),
            TensorValue::F32(a) => a.data().iter().map(|&x| number(x.into())).collect(),
            TensorValue::F64(a) => a.data().iter().map(|&x| number(x)).collect(),
            other => {
                crate::ops::args::ints(other)?.iter().map(|x| by_int.get(x).copied()).collect()
            }
        };
        let shape: Vec<usize> = value.shape().iter().copied().chain([count]).collect();
        let mut out = vec![0.0_f32; args.cx.room(&shape, 4)?];
        for (row, position) in out.chunks_mut(count.max(1)).zip(&found) {
            match position.and_then(|i| row.get_mut(i)) {
                Some(slot) => *slot = 1.0,
                None if zeros => {}
                None => {
                    let message = "a value is none of the categories, and `zeros` is off";
                    return Err(Failure::malformed(codes::INPUT, message));
                }
            }
        }
        Ok(TensorValue::F32(Array::new(&shape, out)?))
    })
}
