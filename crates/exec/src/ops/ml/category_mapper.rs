//! `CategoryMapper`: <https://onnx.ai/onnx/operators/onnx_aionnxml_CategoryMapper.html>.

use std::collections::BTreeMap;

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let texts = setup.texts("cats_strings")?.unwrap_or_default();
    let numbers = setup.ints("cats_int64s")?.unwrap_or_default();
    if texts.len() != numbers.len() {
        return Err(setup.refuse(format!("{} texts, {} integers", texts.len(), numbers.len())));
    }
    mapper(setup, texts, numbers)
}

/// Texts to integers and back; of equal categories the last counts.
pub(super) fn mapper(
    setup: &Setup<'_>,
    texts: Vec<String>,
    numbers: Vec<i64>,
) -> Result<Kernel, Failure> {
    let (unknown, number) =
        (setup.text("default_string", "_Unused")?, setup.int("default_int64", -1)?);
    let by_text: BTreeMap<String, i64> =
        texts.iter().cloned().zip(numbers.iter().copied()).collect();
    let by_number: BTreeMap<i64, String> = numbers.into_iter().zip(texts).collect();
    one(move |args: Args<'_>| match args.get(0)? {
        TensorValue::Text(array) => {
            Ok(TensorValue::I64(array.map(|text| by_text.get(text).copied().unwrap_or(number))))
        }
        TensorValue::I64(array) => {
            Ok(TensorValue::Text(array.map(|i| by_number.get(i).unwrap_or(&unknown).clone())))
        }
        other => Err(unfit(other)),
    })
}
