//! `DictVectorizer`: <https://onnx.ai/onnx/operators/onnx_aionnxml_DictVectorizer.html>. One map
//! gives one row.

use std::collections::BTreeMap;

use crate::{Keys, ops::prelude::*};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let texts = setup.texts("string_vocabulary")?;
    let numbers = setup.ints("int64_vocabulary")?;
    let by_text: BTreeMap<String, usize> = texts.iter().flatten().cloned().zip(0..).collect();
    let by_number: BTreeMap<i64, usize> = numbers.iter().flatten().copied().zip(0..).collect();
    let width = texts.map_or(0, |t| t.len()).max(numbers.map_or(0, |n| n.len()));
    if width == 0 {
        return Err(setup.refuse("the vocabulary is empty"));
    }
    one(move |args: Args<'_>| {
        let TensorValue::Map(keys, values) = args.get(0)? else { return Err(unfit(args.get(0)?)) };
        let zero = TensorValue::zero(values.element_type().ok_or_else(|| unfit(values))?);
        // What the map does not name is zero, or the empty text.
        let mut plan = vec![values.len(); width];
        let place = |i: usize| match keys {
            Keys::Texts(keys) => keys.get(i).and_then(|k| by_text.get(k)).copied(),
            Keys::Ints(keys) => keys.get(i).and_then(|k| by_number.get(k)).copied(),
        };
        for i in 0..keys.len() {
            if let Some(slot) = place(i).and_then(|at| plan.get_mut(at)) {
                *slot = i;
            }
        }
        TensorValue::merge(&[values, &zero], &[1, width], &plan)
    })
}
