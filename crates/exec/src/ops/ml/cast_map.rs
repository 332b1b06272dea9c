//! `CastMap`: <https://onnx.ai/onnx/operators/onnx_aionnxml_CastMap.html>. Dense: the values in the
//! order of their keys. Sparse: each at the position of its key.

use crate::{
    Keys,
    ops::{onnx::cast, prelude::*},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let to = setup.word(
        "cast_to",
        &[
            ("TO_FLOAT", ElementType::F32),
            ("TO_STRING", ElementType::Text),
            ("TO_INT64", ElementType::I64),
        ],
    )?;
    let sparse = setup.word("map_form", &[("DENSE", false), ("SPARSE", true)])?;
    let width = usize::try_from(setup.int("max_map", 1)?).ok().filter(|&n| n > 0 || !sparse);
    let width = width.ok_or_else(|| setup.refuse("`max_map` is not positive"))?;
    one(move |args: Args<'_>| {
        let TensorValue::Map(Keys::Ints(keys), values) = args.get(0)? else {
            return Err(unfit(args.get(0)?));
        };
        let zero = TensorValue::zero(values.element_type().ok_or_else(|| unfit(values))?);
        let mut order: Vec<(i64, usize)> = keys.iter().copied().zip(0..).collect();
        order.sort_unstable();
        if order.first().is_some_and(|(key, _)| *key < 0) {
            return Err(misfit("a key is negative"));
        }
        let plan = if sparse {
            let mut plan = vec![values.len(); args.cx.room(&[width], 8)?];
            for (key, i) in order {
                if let Some(slot) = usize::try_from(key).ok().and_then(|key| plan.get_mut(key)) {
                    *slot = i;
                }
            }
            plan
        } else {
            order.into_iter().map(|(_, i)| i).collect()
        };
        let picked = TensorValue::merge(&[values, &zero], &[1, plan.len()], &plan)?;
        // Texts are written with six places, as the runtime's standard library does.
        if let (ElementType::Text, TensorValue::F32(values)) = (to, &picked) {
            return Ok(TensorValue::Text(values.map(|x| format!("{x:.6}"))));
        }
        cast::cast(args.cx, &picked, to)
    })
}
