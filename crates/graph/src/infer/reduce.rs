//! Operators that take axes away.

use super::{
    Call,
    call::{Answer, axis, one, open, tensor},
};
use crate::{Dim, Elem};

pub(super) fn infer(call: &mut Call<'_>) -> Answer {
    match call.op {
        "ArgMax" | "ArgMin" => {
            let Some(mut dims) = call.dims(0) else { return one(Elem::INT64, None) };
            let at = axis(call.int_or("axis", 0), dims.len())?;
            take(&mut dims, &[at], call.int_or("keepdims", 1) != 0);
            one(Elem::INT64, Some(dims))
        }
        "ReduceL1" | "ReduceL2" | "ReduceLogSum" | "ReduceLogSumExp" | "ReduceMax"
        | "ReduceMean" | "ReduceMin" | "ReduceProd" | "ReduceSum" | "ReduceSumSquare" => {
            reduce(call)
        }
        "GlobalAveragePool" | "GlobalMaxPool" | "GlobalLpPool" => {
            let dims = call.dims(0).map(|mut dims| {
                for dim in dims.iter_mut().skip(2) {
                    *dim = Dim::Known(1);
                }
                dims
            });
            one(call.elem(0), dims)
        }
        "TopK" => top(call),
        _ => Ok(None),
    }
}

/// Whether the axes of a reduction are an input in this version.
pub(super) fn axes_are_input(op: &str, opset: i64) -> bool {
    if op == "ReduceSum" { opset >= 13 } else { opset >= 18 }
}

fn reduce(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(mut dims) = call.dims(0) else { return one(elem, None) };
    let keep = call.int_or("keepdims", 1) != 0;
    let all: Vec<usize> = (0..dims.len()).collect();
    let axes = if axes_are_input(call.op, call.opset) {
        match (call.has(1), call.ints(1)) {
            (false, _) => None,
            (true, Some(axes)) => Some(axes),
            (true, None) => {
                // An empty list means all axes or none, and a list that is not known hides the rank.
                let count = call.dims(1).and_then(|d| d.first().cloned());
                return match count {
                    _ if keep => one(elem, Some(open(dims.len()))),
                    Some(Dim::Known(count)) if count > 0 => {
                        let left =
                            usize::try_from(count).ok().and_then(|c| dims.len().checked_sub(c));
                        one(elem, left.map(open))
                    }
                    _ => one(elem, None),
                };
            }
        }
    } else {
        call.list("axes")
    };
    let nothing = call.int_or("noop_with_empty_axes", 0) != 0;
    let axes = match axes {
        Some(axes) if !axes.is_empty() => {
            axes.iter().map(|a| axis(*a, dims.len())).collect::<Result<Vec<_>, _>>()?
        }
        _ if nothing => Vec::new(),
        _ => all,
    };
    take(&mut dims, &axes, keep);
    one(elem, Some(dims))
}

fn take(dims: &mut Vec<Dim>, axes: &[usize], keep: bool) {
    let mut at = 0;
    dims.retain_mut(|dim| {
        let gone = axes.contains(&at);
        at += 1;
        if gone && keep {
            *dim = Dim::Known(1);
        }
        keep || !gone
    });
}

fn top(call: &Call<'_>) -> Answer {
    let count =
        if call.opset < 10 { call.int("k") } else { call.ints(1).and_then(|k| k.first().copied()) };
    let mut dims = call.dims(0);
    if let Some(dims) = &mut dims {
        let at = axis(call.int_or("axis", -1), dims.len())?;
        if let Some(slot) = dims.get_mut(at) {
            if let (Dim::Known(extent), Some(k)) = (&*slot, count)
                && u64::try_from(k).map_or(true, |k| k > *extent)
            {
                return super::call::fault(format!("{k} of {extent} elements are asked for"));
            }
            *slot = count.map_or(Dim::Unknown, super::call::known);
        }
    }
    Ok(Some(vec![tensor(call.elem(0), dims.clone()), tensor(Elem::INT64, dims)]))
}
