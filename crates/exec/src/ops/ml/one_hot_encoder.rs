//! `OneHotEncoder`: <https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html>. onnxruntime cuts floats
//! towards zero before it compares; the reference wants them equal.

use std::collections::BTreeMap;

use holdall_diag::Failure;

use crate::{
    Array, Behaviour, TensorValue, codes,
    ops::{Args, Kernel, Setup, args::unfit, one},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let texts = setup.texts("cats_strings")?.unwrap_or_default();
    let ints = setup.ints("cats_int64s")?.unwrap_or_default();
    let zeros = setup.flag("zeros", true)?;
    let cut = setup.behaviour == Behaviour::OnnxRuntime;
    let count = texts.len().max(ints.len());
    let by_text: BTreeMap<String, usize> =
        texts.into_iter().enumerate().map(|(i, text)| (text, i)).collect();
    let by_int: BTreeMap<i64, usize> =
        ints.into_iter().enumerate().map(|(i, value)| (value, i)).collect();
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let float = |x: f64| {
            let whole = x.trunc();
            let fits = whole.abs() < 2.0_f64.powi(63) && (cut || whole.total_cmp(&x).is_eq());
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
            fits.then_some(whole as i64).and_then(|i| by_int.get(&i).copied())
        };
        let found: Vec<Option<usize>> = match value {
            TensorValue::Text(a) => a.data().iter().map(|x| by_text.get(x).copied()).collect(),
            TensorValue::I64(a) => a.data().iter().map(|x| by_int.get(x).copied()).collect(),
            TensorValue::I32(a) => {
                a.data().iter().map(|&x| by_int.get(&i64::from(x)).copied()).collect()
            }
            TensorValue::F32(a) => a.data().iter().map(|&x| float(x.into())).collect(),
            TensorValue::F64(a) => a.data().iter().map(|&x| float(x)).collect(),
            other @ (TensorValue::Bool(_) | TensorValue::Maps { .. }) => return Err(unfit(other)),
        };
        let mut out = vec![0.0_f32; found.len() * count];
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
        let shape: Vec<usize> = value.shape().iter().copied().chain([count]).collect();
        Ok(TensorValue::F32(Array::new(&shape, out)?))
    })
}
