//! Operators that keep a shape, or stretch several to one.

use super::{
    Call, Known, Num, Setting, Type,
    call::{Answer, Fault, broadcast, equal, one, tensor},
    types::Content,
};
use crate::{Dim, Elem};

/// Operators whose output has the shape and element type of the first input.
const SAME: [&str; 57] = [
    "Abs",
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "BitwiseNot",
    "Ceil",
    "Celu",
    "Clip",
    "Cos",
    "Cosh",
    "CumProd",
    "CumSum",
    "Elu",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "InstanceNormalization",
    "LRN",
    "LeakyRelu",
    "Log",
    "LpNormalization",
    "MeanVarianceNormalization",
    "Mish",
    "Neg",
    "Not",
    "RMSNormalization",
    "Reciprocal",
    "Relu",
    "ReverseSequence",
    "RotaryEmbedding",
    "Round",
    "Scatter",
    "ScatterElements",
    "ScatterND",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "SwiGLU",
    "Swish",
    "Tan",
    "Tanh",
    "TensorScatter",
    "ThresholdedRelu",
    "Trilu",
];

pub(super) fn infer(call: &mut Call<'_>) -> Answer {
    match call.op {
        op if SAME.contains(&op) => same(call),
        "Hardmax" | "Softmax" | "LogSoftmax" => {
            if let Some(rank) = call.rank(0) {
                let default = if call.opset < 13 { 1 } else { -1 };
                // Before version 13 the axis is where a matrix begins, and may lie past the last.
                let last = if call.opset < 13 { rank + 1 } else { rank };
                super::call::axis(call.int_or("axis", default), last.max(1))?;
            }
            same(call)
        }
        "Identity" => Ok(Some(vec![call.known(0).cloned().unwrap_or_default()])),
        "Add" | "Sub" | "Mul" | "Div" | "Mod" | "BitShift" | "BitwiseAnd" | "BitwiseOr"
        | "BitwiseXor" | "Pow" => binary(call, call.elem(0)),
        "And" | "Or" | "Xor" | "Equal" | "Greater" | "Less" | "GreaterOrEqual" | "LessOrEqual" => {
            binary(call, Elem::BOOL)
        }
        "StringConcat" => binary(call, Elem::STRING),
        "Max" | "Min" | "Mean" | "Sum" => one(call.elem(0), stretched(call, 0..call.inputs.len())?),
        "Where" => one(call.elem(1), stretched(call, 0..3)?),
        "PRelu" => {
            if let (Some(x), Some(slope)) = (call.dims(0), call.dims(1))
                && call.opset >= 7
            {
                let out = broadcast(&[x.clone(), slope])?;
                if out.len() != x.len() {
                    return super::call::fault("the slope has more axes than the input");
                }
            }
            same(call)
        }
        "IsInf" | "IsNaN" | "RegexFullMatch" => {
            let elem = Elem::BOOL;
            one(elem, call.dims(0))
        }
        "Cast" => {
            let to = call.elem_attribute("to").unwrap_or(Elem(0));
            let mut out = tensor(to, call.dims(0));
            out.content = cast(call, to);
            Ok(Some(vec![out]))
        }
        "CastLike" => {
            let to = call.elem(1);
            let mut out = tensor(to, call.dims(0));
            out.content = cast(call, to);
            Ok(Some(vec![out]))
        }
        "BitCast" => {
            let to = call.elem_attribute("to").unwrap_or(Elem(0));
            if let (Some(a), Some(b)) = (call.elem(0).bits(), to.bits())
                && a != b
            {
                return super::call::fault(format!("{} and {to} differ in size", call.elem(0)));
            }
            one(to, call.dims(0))
        }
        "EyeLike" | "RandomNormalLike" | "RandomUniformLike" | "Bernoulli" => {
            one(call.elem_attribute("dtype").unwrap_or_else(|| call.elem(0)), call.dims(0))
        }
        "Dropout" => {
            let mask = if call.opset < 10 { call.elem(0) } else { Elem::BOOL };
            Ok(Some(vec![tensor(call.elem(0), call.dims(0)), tensor(mask, call.dims(0))]))
        }
        "BatchNormalization" => batch_normalization(call).map(Some),
        "LayerNormalization" => layer_normalization(call).map(Some),
        "QuantizeLinear" => quantize(call),
        "DequantizeLinear" => {
            let elem = call.elem_attribute("output_dtype").unwrap_or_else(|| call.elem(1));
            one(elem, call.dims(0))
        }
        "DynamicQuantizeLinear" => Ok(Some(vec![
            tensor(Elem::UINT8, call.dims(0)),
            tensor(Elem::FLOAT, Some(Vec::new())),
            tensor(Elem::UINT8, Some(Vec::new())),
        ])),
        _ => Ok(None),
    }
}

/// The shape and element type of the first input.
#[expect(clippy::unnecessary_wraps, reason = "the shape of an answer")]
fn same(call: &Call<'_>) -> Answer {
    let mut out = call.known(0).cloned().unwrap_or_default();
    out.content = None;
    if !matches!(out.ty, Some(Type::Tensor(..)) | None) {
        out.ty = None;
    }
    Ok(Some(vec![out]))
}

fn stretched(call: &Call<'_>, inputs: std::ops::Range<usize>) -> Result<Option<Vec<Dim>>, Fault> {
    let shapes: Option<Vec<Vec<Dim>>> = inputs.map(|i| call.dims(i)).collect();
    shapes.map(|shapes| broadcast(&shapes)).transpose()
}

fn binary(call: &Call<'_>, elem: Elem) -> Answer {
    // Before version 7 the second operand was laid along an axis of the first.
    if call.opset < 7
        && matches!(
            call.op,
            "Add"
                | "Sub"
                | "Mul"
                | "Div"
                | "Pow"
                | "And"
                | "Or"
                | "Xor"
                | "Equal"
                | "Greater"
                | "Less"
        )
    {
        return one(elem, call.dims(0));
    }
    let mut out = tensor(elem, stretched(call, 0..2)?);
    out.content = arithmetic(call);
    Ok(Some(vec![out]))
}

/// What small integer contents give: shapes are computed this way.
fn arithmetic(call: &Call<'_>) -> Option<Content> {
    let (a, b) = (call.nums(0)?, call.nums(1)?);
    let count = match (a.len(), b.len()) {
        (x, y) if x == y => x,
        (1, y) => y,
        (x, 1) => x,
        (_, _) => return None,
    };
    let of = |nums: &[Num], i: usize| nums.get(if nums.len() == 1 { 0 } else { i }).cloned();
    let apply = |a: Num, b: Num| match (call.op, &a, &b) {
        ("Add", Num::Int(x), Num::Int(y)) => x.checked_add(*y).map_or(Num::Unknown, Num::Int),
        ("Sub", Num::Int(x), Num::Int(y)) => x.checked_sub(*y).map_or(Num::Unknown, Num::Int),
        ("Mul", Num::Int(x), Num::Int(y)) => x.checked_mul(*y).map_or(Num::Unknown, Num::Int),
        ("Div", Num::Int(x), Num::Int(y)) => x.checked_div(*y).map_or(Num::Unknown, Num::Int),
        ("Mul", Num::Int(1), _) | ("Add", Num::Int(0), _) => b,
        ("Mul" | "Div", _, Num::Int(1)) | ("Add" | "Sub", _, Num::Int(0)) => a,
        (_, _, _) => Num::Unknown,
    };
    if !matches!(call.op, "Add" | "Sub" | "Mul" | "Div") {
        return None;
    }
    (0..count).map(|i| Some(apply(of(a, i)?, of(b, i)?))).collect::<Option<_>>().map(Content::Ints)
}

fn cast(call: &Call<'_>, to: Elem) -> Option<Content> {
    let content = call.known(0)?.content.clone()?;
    match content {
        Content::Ints(_) if matches!(to, Elem::INT32 | Elem::INT64) => Some(content),
        Content::Ints(_) if matches!(to, Elem::FLOAT | Elem::DOUBLE) => {
            call.floats(0).map(Content::Floats)
        }
        Content::Floats(values) if matches!(to, Elem::INT32 | Elem::INT64) => {
            #[expect(clippy::cast_possible_truncation, reason = "what the operator does")]
            let ints = values.iter().map(|v| Num::Int(v.trunc() as i64)).collect();
            Some(Content::Ints(ints))
        }
        Content::Floats(_) if matches!(to, Elem::FLOAT | Elem::DOUBLE) => Some(content),
        Content::Ints(_) | Content::Floats(_) => None,
    }
}

fn batch_normalization(call: &Call<'_>) -> Result<Vec<Known>, Fault> {
    let mut channels = call.dims(0).and_then(|d| d.get(1).cloned()).unwrap_or(Dim::Unknown);
    if call.rank(0) == Some(1) {
        channels = Dim::Known(1);
    }
    for input in 1..5 {
        if call.opset >= 7 {
            call.expect_rank(input, 1)?;
        }
        if let Some([dim]) = call.ty(input).and_then(Type::dims) {
            channels = equal(&channels, dim, "channels")?;
        }
    }
    let mut out = vec![tensor(call.elem(0), call.dims(0))];
    for input in [3, 4, 3, 4] {
        out.push(tensor(call.elem(input), Some(vec![channels.clone()])));
    }
    Ok(out)
}

fn layer_normalization(call: &Call<'_>) -> Result<Vec<Known>, Fault> {
    let stash = call.elem_attribute("stash_type").unwrap_or(Elem::FLOAT);
    let mut reduced = call.dims(0);
    if let Some(dims) = &mut reduced {
        let axis = super::call::axis(call.int_or("axis", -1), dims.len())?;
        for dim in dims.iter_mut().skip(axis) {
            *dim = Dim::Known(1);
        }
    }
    Ok(vec![
        tensor(call.elem(0), call.dims(0)),
        tensor(stash, reduced.clone()),
        tensor(stash, reduced),
    ])
}

fn quantize(call: &Call<'_>) -> Answer {
    let elem = if call.has(2) {
        call.elem(2)
    } else {
        call.elem_attribute("output_dtype").unwrap_or(Elem::UINT8)
    };
    one(elem, call.dims(0))
}

/// The constant in an attribute.
pub(super) fn constant(call: &Call<'_>) -> Known {
    let setting = |name: &str| (call.setting)(name);
    if let Some(Setting::Constant(known)) = setting("value") {
        return known;
    }
    if let Some(Setting::Constant(known)) = setting("sparse_value") {
        return known;
    }
    let count = |n: usize| Some(vec![Dim::Known(n as u64)]);
    let scalar = || Some(Vec::new());
    if let Some(Setting::Int(value)) = setting("value_int") {
        let mut out = tensor(Elem::INT64, scalar());
        out.content = Some(Content::Ints(vec![Num::Int(value)]));
        return out;
    }
    if let Some(Setting::Ints(values)) = setting("value_ints") {
        let mut out = tensor(Elem::INT64, count(values.len()));
        out.content = Some(Content::Ints(values.into_iter().map(Num::Int).collect()));
        return out;
    }
    if let Some(Setting::Float(value)) = setting("value_float") {
        let mut out = tensor(Elem::FLOAT, scalar());
        out.content = Some(Content::Floats(vec![value.into()]));
        return out;
    }
    if let Some(Setting::Floats(values)) = setting("value_floats") {
        let mut out = tensor(Elem::FLOAT, count(values.len()));
        out.content = Some(Content::Floats(values.into_iter().map(f64::from).collect()));
        return out;
    }
    if let Some(Setting::Text(_)) = setting("value_string") {
        return tensor(Elem::STRING, scalar());
    }
    if let Some(Setting::Texts(values)) = setting("value_strings") {
        return tensor(Elem::STRING, count(values.len()));
    }
    Known::default()
}
