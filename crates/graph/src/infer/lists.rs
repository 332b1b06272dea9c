//! Sequences and optional values, and the operators of training.

use super::{
    Call, Known, Setting, Type,
    call::{Answer, axis, one, tensor},
    layout::inner,
};
use crate::{Dim, Elem};

pub(super) fn infer(call: &mut Call<'_>) -> Answer {
    let scalar = |elem| one(elem, Some(Vec::new()));
    match call.op {
        "SequenceEmpty" => {
            let elem = call.elem_attribute("dtype").unwrap_or(Elem::FLOAT);
            list(Type::Tensor(elem, None))
        }
        "SequenceConstruct" => {
            let mut ty = call.ty(0).cloned();
            for i in 1..call.inputs.len() {
                ty = match (ty, call.ty(i)) {
                    (Some(a), Some(b)) => a.join(b).or_else(|| match (a.elem(), b.elem()) {
                        (Some(x), Some(y)) if x == y => Some(Type::Tensor(x, None)),
                        (_, _) => None,
                    }),
                    (_, _) => None,
                };
            }
            ty.map_or(Ok(Some(vec![Known::default()])), list)
        }
        "SequenceInsert" => {
            let merged = match (inner(call.known(0)), call.ty(1)) {
                (Some(a), Some(b)) => {
                    a.join(b).or_else(|| a.elem().map(|elem| Type::Tensor(elem, None)))
                }
                (Some(a), None) => a.elem().map(|elem| Type::Tensor(elem, None)),
                (None, _) => None,
            };
            merged.map_or(Ok(Some(vec![Known::default()])), list)
        }
        "SequenceErase" => Ok(Some(vec![call.known(0).cloned().unwrap_or_default()])),
        "SequenceAt" => Ok(Some(vec![Known { ty: inner(call.known(0)), content: None }])),
        "SequenceLength" => scalar(Elem::INT64),
        "OptionalHasElement" => scalar(Elem::BOOL),
        "OptionalGetElement" => {
            let ty = match call.ty(0) {
                // Since version 18 a value that is there already is taken as it is.
                Some(Type::Optional(inner)) => Some((**inner).clone()),
                other => other.cloned(),
            };
            Ok(Some(vec![Known { ty, content: None }]))
        }
        "Optional" => {
            let given = match (call.setting)("type") {
                Some(Setting::Type(ty)) => Some(ty),
                _ => call.ty(0).cloned(),
            };
            Ok(Some(vec![Known {
                ty: given.map(|ty| Type::Optional(Box::new(ty))),
                content: None,
            }]))
        }
        "ConcatFromSequence" => concat(call),
        "SplitToSequence" => split(call),
        _ => Ok(None),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of an answer")]
fn list(ty: Type) -> Answer {
    Ok(Some(vec![Known::of(Type::Sequence(Box::new(ty)))]))
}

fn concat(call: &Call<'_>) -> Answer {
    let Some(Type::Tensor(elem, dims)) = inner(call.known(0)) else {
        return Ok(Some(vec![Known::default()]));
    };
    let new = call.int_or("new_axis", 0) != 0;
    let Some(mut dims) = dims else { return one(elem, None) };
    let at = axis(call.int_or("axis", 0), dims.len() + usize::from(new))?;
    if new {
        dims.insert(at, Dim::Unknown);
    } else if let Some(slot) = dims.get_mut(at) {
        *slot = Dim::Unknown;
    }
    one(elem, Some(dims))
}

fn split(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(mut dims) = call.dims(0) else { return list(Type::Tensor(elem, None)) };
    let at = axis(call.int_or("axis", 0), dims.len())?;
    if call.has(1) {
        let sizes = call.ints(1);
        let scalar = call.rank(1) == Some(0);
        let size = match (sizes, dims.get(at)) {
            (Some(sizes), Some(Dim::Known(n))) if scalar => sizes
                .first()
                .and_then(|s| u64::try_from(*s).ok())
                .filter(|s| *s > 0 && n % s == 0)
                .map_or(Dim::Unknown, Dim::Known),
            (Some(sizes), _) if !scalar => match sizes.split_first() {
                Some((first, rest)) if rest.iter().all(|s| s == first) => {
                    super::call::known(*first)
                }
                _ => Dim::Unknown,
            },
            (_, _) => Dim::Unknown,
        };
        if let Some(slot) = dims.get_mut(at) {
            *slot = size;
        }
    } else if call.int_or("keepdims", 1) == 0 {
        dims.remove(at);
    } else if let Some(slot) = dims.get_mut(at) {
        *slot = Dim::Known(1);
    }
    list(Type::Tensor(elem, Some(dims)))
}

/// `ai.onnx.preview.training`: tensors and their states are given back in their shapes.
pub(super) fn training(call: &Call<'_>) -> Vec<Known> {
    let per = match call.op {
        "Adagrad" | "Momentum" => 3,
        "Adam" => 4,
        // What is differentiated by comes first.
        "Gradient" => {
            return (0..call.outputs).map(|i| tensor(call.elem(i), call.dims(i))).collect();
        }
        _ => return Vec::new(),
    };
    let count = call.inputs.len().saturating_sub(2) / per;
    (0..call.outputs)
        .map(|i| {
            // Outputs have no gradients: tensors, then states.
            let input = if i < count { 2 + i } else { 2 + count + i };
            tensor(call.elem(input), call.dims(input))
        })
        .collect()
}
