//! Recurrent networks, and operators with subgraphs.

use super::{
    Call, Known, Type,
    call::{Answer, equal, fault, known, tensor},
    layout::inner,
};
use crate::{Dim, Elem};

pub(super) fn infer(call: &mut Call<'_>) -> Answer {
    match call.op {
        "RNN" => network(call, 1),
        "GRU" => network(call, 3),
        "LSTM" => network(call, 4),
        "If" => branches(call),
        "Loop" => repeated(call),
        "Scan" => scanned(call),
        "SequenceMap" => mapped(call),
        _ => Ok(None),
    }
}

fn network(call: &Call<'_>, gates: u64) -> Answer {
    let elem = call.elem(0);
    call.expect_rank(0, 3)?;
    let directions = if call.text("direction", "forward") == "bidirectional" { 2 } else { 1 };
    let directions = Dim::Known(directions);
    let mut hidden = call.int("hidden_size").map_or(Dim::Unknown, known);
    if let Some(weights) = call.dims(1)
        && let [d, rows, _] = weights.as_slice()
    {
        equal(d, &directions, "directions")?;
        if let Dim::Known(rows) = rows {
            hidden = equal(&hidden, &Dim::Known(rows / gates), "hidden size")?;
        }
    }
    let batch_first = call.int_or("layout", 0) != 0;
    let dims = call.dims(0).unwrap_or_else(|| super::call::open(3));
    let pick = |at: usize| dims.get(at).cloned().unwrap_or(Dim::Unknown);
    let (y, last) = if batch_first {
        let (batch, steps) = (pick(0), pick(1));
        (
            vec![batch.clone(), steps, directions.clone(), hidden.clone()],
            vec![batch, directions, hidden],
        )
    } else {
        let (steps, batch) = (pick(0), pick(1));
        (
            vec![steps, directions.clone(), batch.clone(), hidden.clone()],
            vec![directions, batch, hidden],
        )
    };
    Ok(Some(vec![
        tensor(elem, Some(y)),
        tensor(elem, Some(last.clone())),
        tensor(elem, Some(last)),
    ]))
}

fn branches(call: &mut Call<'_>) -> Answer {
    let then = (call.enter)("then_branch", Vec::new());
    let other = (call.enter)("else_branch", Vec::new());
    let (Some(then), Some(other)) = (then, other) else { return Ok(Some(Vec::new())) };
    if then.len() != call.outputs || other.len() != call.outputs {
        return fault(format!(
            "the branches give {} and {} values, the node {}",
            then.len(),
            other.len(),
            call.outputs
        ));
    }
    let mut out = Vec::with_capacity(then.len());
    for (a, b) in then.into_iter().zip(other) {
        let ty = match (a.ty, b.ty) {
            (Some(a), Some(b)) => match (a.join(&b), a.elem(), b.elem()) {
                (Some(ty), _, _) => Some(ty),
                (None, Some(x), Some(y)) if x != y => {
                    return fault(format!("one branch gives {x}, the other {y}"));
                }
                (None, _, _) => None,
            },
            (_, _) => None,
        };
        out.push(Known { ty, content: None });
    }
    Ok(Some(out))
}

/// A value as an iteration carries it: its extents may change where an iteration says so.
fn carried(known: Option<&Known>) -> Known {
    Known { ty: known.and_then(|k| k.ty.clone()), content: None }
}

/// What holds before the first iteration and after each.
fn settle(before: &[Known], after: &[Known]) -> Vec<Known> {
    before
        .iter()
        .zip(after)
        .map(|(a, b)| Known {
            ty: match (&a.ty, &b.ty) {
                (Some(a), Some(b)) => {
                    a.join(b).or_else(|| elements_only(a, b)).or_else(|| given_way(a, b))
                }
                (_, _) => None,
            },
            content: None,
        })
        .collect()
}

fn elements_only(a: &Type, b: &Type) -> Option<Type> {
    let elem = a.elem().filter(|e| b.elem() == Some(*e))?;
    Some(Type::Tensor(elem, None))
}

/// A state that begins as perhaps nothing and is something after each iteration.
fn given_way(before: &Type, after: &Type) -> Option<Type> {
    matches!(before, Type::Optional(_)).then(|| after.clone())
}

fn repeated(call: &mut Call<'_>) -> Answer {
    let carried_count = call.inputs.len().saturating_sub(2);
    let start: Vec<Known> = (0..carried_count).map(|i| carried(call.known(i + 2))).collect();
    let mut state = start;
    let mut last = Vec::new();
    // What an iteration changes is open from the first on: twice is enough.
    for _ in 0..2 {
        let mut given =
            vec![tensor(Elem::INT64, Some(Vec::new())), tensor(Elem::BOOL, Some(Vec::new()))];
        given.extend(state.iter().cloned());
        let Some(found) = (call.enter)("body", given) else { return Ok(Some(state)) };
        if found.len() < 1 + carried_count {
            return fault(format!(
                "the body gives {} values, a condition and {carried_count} states are needed",
                found.len()
            ));
        }
        let after: Vec<Known> = found.iter().skip(1).take(carried_count).cloned().collect();
        let settled = settle(&state, &after);
        last = found;
        if std::mem::replace(&mut state, settled.clone()) == settled {
            break;
        }
    }
    let count = call.ints(0).and_then(|m| m.first().copied());
    let certain = !call.has(1);
    let length = count.filter(|_| certain).map_or(Dim::Unknown, known);
    let mut out = state;
    for scan in last.into_iter().skip(1 + carried_count) {
        out.push(stacked(scan, &length, 0));
    }
    if out.len() != call.outputs {
        return fault(format!("the body gives {} values, the node {}", out.len(), call.outputs));
    }
    Ok(Some(out))
}

/// What iterations give, one behind the other along a new axis.
fn stacked(scan: Known, length: &Dim, axis: i64) -> Known {
    let ty = match scan.ty {
        Some(Type::Tensor(elem, Some(mut dims))) => {
            let rank = i64::try_from(dims.len()).unwrap_or(0) + 1;
            let at = usize::try_from(if axis < 0 { axis + rank } else { axis }).unwrap_or(0);
            dims.insert(at.min(dims.len()), length.clone());
            Some(Type::Tensor(elem, Some(dims)))
        }
        Some(Type::Tensor(elem, None)) => Some(Type::Tensor(elem, None)),
        other => other,
    };
    Known { ty, content: None }
}

fn scanned(call: &mut Call<'_>) -> Answer {
    let old = call.opset < 9;
    let inputs = usize::try_from(call.int_or("num_scan_inputs", 0)).unwrap_or(0);
    let skip = usize::from(old);
    let total = call.inputs.len().saturating_sub(skip);
    let Some(states) = total.checked_sub(inputs) else {
        return fault(format!("{inputs} scanned inputs of {total}"));
    };
    let axes = call.list("scan_input_axes").unwrap_or_else(|| vec![0; inputs]);
    let mut length = Dim::Unknown;
    let mut batch = Dim::Unknown;
    let mut elements = Vec::with_capacity(inputs);
    for i in 0..inputs {
        let at = axes.get(i).copied().unwrap_or(0);
        elements.push(match call.ty(skip + states + i).cloned() {
            Some(Type::Tensor(elem, Some(mut dims))) => {
                // Before version 9 a batch stood in front.
                if old && !dims.is_empty() {
                    batch = dims.remove(0);
                }
                let at = super::call::axis(at, dims.len())?;
                let found = dims.remove(at);
                length = equal(&length, &found, "lengths of scanned inputs")?;
                tensor(elem, Some(dims))
            }
            Some(Type::Tensor(elem, None)) => tensor(elem, None),
            _ => Known::default(),
        });
    }
    let unbatched = |known: Known| match known.ty {
        Some(Type::Tensor(elem, Some(dims))) if old => {
            tensor(elem, Some(dims.into_iter().skip(1).collect()))
        }
        _ => known,
    };
    let mut state: Vec<Known> =
        (0..states).map(|i| unbatched(carried(call.known(skip + i)))).collect();
    let mut last = Vec::new();
    for _ in 0..2 {
        let given = state.iter().chain(&elements).cloned().collect();
        let Some(found) = (call.enter)("body", given) else { return Ok(Some(Vec::new())) };
        if found.len() < states {
            return fault(format!(
                "the body gives {} values, {states} states are needed",
                found.len()
            ));
        }
        let settled = settle(&state, found.get(..states).unwrap_or_default());
        last = found;
        if std::mem::replace(&mut state, settled.clone()) == settled {
            break;
        }
    }
    let out_axes = call.list("scan_output_axes").unwrap_or_default();
    let mut out = state;
    for (i, scan) in last.into_iter().skip(states).enumerate() {
        out.push(stacked(scan, &length, out_axes.get(i).copied().unwrap_or(0)));
    }
    if old {
        for known in &mut out {
            if let Some(Type::Tensor(_, Some(dims))) = &mut known.ty {
                dims.insert(0, batch.clone());
            }
        }
    }
    if out.len() != call.outputs {
        return fault(format!("the body gives {} values, the node {}", out.len(), call.outputs));
    }
    Ok(Some(out))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of an answer")]
fn mapped(call: &mut Call<'_>) -> Answer {
    let given = (0..call.inputs.len())
        .map(|i| match call.ty(i) {
            Some(Type::Sequence(_)) => Known { ty: inner(call.known(i)), content: None },
            _ => carried(call.known(i)),
        })
        .collect();
    let Some(found) = (call.enter)("body", given) else { return Ok(Some(Vec::new())) };
    let lists = found
        .into_iter()
        .map(|known| Known { ty: known.ty.map(|ty| Type::Sequence(Box::new(ty))), content: None });
    Ok(Some(lists.collect()))
}
