//! Products, attention, transforms of signals, losses.

use super::{
    Call, Known, Type,
    call::{Answer, Fault, axis, broadcast, equal, fault, known, one, open, product, show, tensor},
};
use crate::{Dim, Elem};

pub(super) fn infer(call: &mut Call<'_>) -> Answer {
    match call.op {
        "MatMul" => one(call.elem(0), product_shape(call.dims(0), call.dims(1))?),
        "MatMulInteger" => one(Elem::INT32, product_shape(call.dims(0), call.dims(1))?),
        "QLinearMatMul" => one(call.elem(7), product_shape(call.dims(0), call.dims(3))?),
        "Gemm" => gemm(call),
        "Einsum" => einsum(call),
        "Det" => {
            let dims = call.dims(0);
            if let Some([.., a, b]) = dims.as_deref() {
                equal(a, b, "the matrix is not square")?;
            }
            let outer = dims.map(|mut d| {
                d.truncate(d.len().saturating_sub(2));
                d
            });
            one(call.elem(0), outer)
        }
        "Attention" => attention(call),
        "LinearAttention" => linear_attention(call),
        "DFT" => dft(call),
        "STFT" => stft(call),
        "MelWeightMatrix" => {
            let scalar = |i: usize| call.ints(i).and_then(|v| v.first().copied());
            let bins = scalar(1).map_or(Dim::Unknown, |n| known(n / 2 + 1));
            let mels = scalar(0).map_or(Dim::Unknown, known);
            one(
                call.elem_attribute("output_datatype").unwrap_or(Elem::FLOAT),
                Some(vec![bins, mels]),
            )
        }
        "BlackmanWindow" | "HammingWindow" | "HannWindow" => {
            let size = call.ints(0).and_then(|v| v.first().copied()).map_or(Dim::Unknown, known);
            one(call.elem_attribute("output_datatype").unwrap_or(Elem::FLOAT), Some(vec![size]))
        }
        "NegativeLogLikelihoodLoss" | "SoftmaxCrossEntropyLoss" => loss(call),
        "NonMaxSuppression" => one(Elem::INT64, Some(vec![Dim::Unknown, Dim::Known(3)])),
        _ => Ok(None),
    }
}

fn product_shape(a: Option<Vec<Dim>>, b: Option<Vec<Dim>>) -> Result<Option<Vec<Dim>>, Fault> {
    let (Some(mut a), Some(mut b)) = (a, b) else { return Ok(None) };
    if a.is_empty() || b.is_empty() {
        return fault("a scalar cannot be multiplied as a matrix");
    }
    let (row, column) = (a.len() == 1, b.len() == 1);
    if row {
        a.insert(0, Dim::Known(1));
    }
    if column {
        b.push(Dim::Known(1));
    }
    let (Some(inner), Some(rows)) = (a.pop(), a.pop()) else { return Ok(None) };
    let (Some(columns), Some(other)) = (b.pop(), b.pop()) else { return Ok(None) };
    equal(&inner, &other, "inner extents")?;
    let mut out = broadcast(&[a, b])?;
    if !row {
        out.push(rows);
    }
    if !column {
        out.push(columns);
    }
    Ok(Some(out))
}

fn gemm(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    call.expect_rank(0, 2)?;
    call.expect_rank(1, 2)?;
    let (Some(a), Some(b)) = (call.dims(0), call.dims(1)) else { return one(elem, Some(open(2))) };
    let pick = |dims: &[Dim], at: usize| dims.get(at).cloned().unwrap_or(Dim::Unknown);
    let turned = |name: &str| call.int_or(name, 0) != 0;
    let (rows, inner) = if turned("transA") { (1, 0) } else { (0, 1) };
    let (other, columns) = if turned("transB") { (1, 0) } else { (0, 1) };
    equal(&pick(&a, inner), &pick(&b, other), "inner extents")?;
    let out = vec![pick(&a, rows), pick(&b, columns)];
    if let Some(c) = call.dims(2)
        && call.opset >= 7
        && broadcast(&[out.clone(), c.clone()])?.len() > 2
    {
        return fault(format!("{} cannot be added to {}", show(&c), show(&out)));
    }
    one(elem, Some(out))
}

fn einsum(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let equation: String =
        call.text("equation", "").chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left.to_owned(), Some(right.to_owned())),
        None => (equation, None),
    };
    let terms: Vec<&str> = left.split(',').collect();
    if terms.len() != call.inputs.len() {
        return fault(format!(
            "the equation has {} terms for {} inputs",
            terms.len(),
            call.inputs.len()
        ));
    }
    let mut letters: std::collections::BTreeMap<char, (Dim, u32)> =
        std::collections::BTreeMap::new();
    let mut dots: Vec<Vec<Dim>> = Vec::new();
    for (position, term) in terms.iter().enumerate() {
        let Some(dims) = call.dims(position) else { return one(elem, None) };
        let named = term.chars().filter(|c| *c != '.').count();
        let has_dots = term.contains("...");
        let hidden = dims.len().checked_sub(named);
        let Some(hidden) = hidden.filter(|h| has_dots || *h == 0) else {
            return fault(format!("`{term}` does not fit {}", show(&dims)));
        };
        let mut at = dims.iter();
        let mut seen_dots = false;
        for letter in term.chars() {
            if letter == '.' {
                if !std::mem::replace(&mut seen_dots, true) {
                    dots.push(at.by_ref().take(hidden).cloned().collect());
                }
                continue;
            }
            let Some(dim) = at.next() else { return one(elem, None) };
            let slot = letters.entry(letter).or_insert_with(|| (Dim::Known(1), 0));
            slot.1 += 1;
            slot.0 = match (&slot.0, dim) {
                (Dim::Known(1), _) => dim.clone(),
                (_, Dim::Known(1)) => slot.0.clone(),
                (a, b) => equal(a, b, "extents of the same letter")?,
            };
        }
    }
    let dots = broadcast(&dots)?;
    let right = right.unwrap_or_else(|| {
        let once = letters.iter().filter(|(_, (_, count))| *count == 1).map(|(letter, _)| *letter);
        let dots = if left.contains("...") { "..." } else { "" };
        format!("{dots}{}", once.collect::<String>())
    });
    let (mut out, mut seen_dots) = (Vec::new(), false);
    for letter in right.chars() {
        if letter == '.' {
            if !std::mem::replace(&mut seen_dots, true) {
                out.extend(dots.iter().cloned());
            }
            continue;
        }
        match letters.get(&letter) {
            Some((dim, _)) => out.push(dim.clone()),
            None => return fault(format!("no input has the letter `{letter}`")),
        }
    }
    one(elem, Some(out))
}

/// Heads and sizes of an operand of attention, from four axes or from three and the count of heads.
fn heads(dims: Option<Vec<Dim>>, count: Option<i64>) -> [Dim; 4] {
    let unknown = || [Dim::Unknown, Dim::Unknown, Dim::Unknown, Dim::Unknown];
    let Some(dims) = dims else { return unknown() };
    match dims.as_slice() {
        [b, h, l, e] => [b.clone(), h.clone(), l.clone(), e.clone()],
        [b, l, hidden] => {
            let each = match (hidden, count.and_then(|c| u64::try_from(c).ok())) {
                (Dim::Known(n), Some(count)) if count > 0 => Dim::Known(n / count),
                (_, _) => Dim::Unknown,
            };
            [b.clone(), count.map_or(Dim::Unknown, known), l.clone(), each]
        }
        _ => unknown(),
    }
}

fn attention(call: &Call<'_>) -> Answer {
    let (q_heads, kv_heads) = (call.int("q_num_heads"), call.int("kv_num_heads"));
    let [b, h, l, _] = heads(call.dims(0), q_heads);
    let [_, kh, ks, ke] = heads(call.dims(1), kv_heads);
    let [_, vh, vs, ve] = heads(call.dims(2), kv_heads);
    let total = |past: usize, now: &Dim| match call.dims(past) {
        Some(dims) => {
            super::call::sum(&[dims.get(2).cloned().unwrap_or(Dim::Unknown), now.clone()])
        }
        None if call.has(past) => Dim::Unknown,
        None => now.clone(),
    };
    let (keys, values) = (total(4, &ks), total(5, &vs));
    let y = match call.rank(0) {
        Some(3) => Some(vec![b.clone(), l.clone(), product(&[h.clone(), ve.clone()])]),
        Some(4) => Some(vec![b.clone(), h.clone(), l.clone(), ve.clone()]),
        Some(rank) => {
            return fault(format!("the query has {rank} axes, three or four are expected"));
        }
        None => None,
    };
    let y = match y {
        // A product of two numbers that are not known is not known, and no fault.
        Some(dims) => Some(dims),
        None => call.rank(0).map(open),
    };
    Ok(Some(vec![
        tensor(call.elem(0), y),
        tensor(call.elem(1), Some(vec![b.clone(), kh, keys.clone(), ke])),
        tensor(call.elem(2), Some(vec![b.clone(), vh, values, ve])),
        tensor(call.elem(0), Some(vec![b, h, l, keys])),
    ]))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of an answer")]
fn linear_attention(call: &Call<'_>) -> Answer {
    let (q_heads, kv_heads) = (call.int("q_num_heads"), call.int("kv_num_heads"));
    let [b, h, l, dk] = heads(call.dims(0), q_heads);
    let [_, vh, _, dv] = heads(call.dims(2), kv_heads);
    let y = vec![b.clone(), l, product(&[h, dv.clone()])];
    let state = call.dims(3).unwrap_or_else(|| vec![b, vh, dk, dv]);
    let elem = if call.has(3) { call.elem(3) } else { call.elem(0) };
    Ok(Some(vec![tensor(call.elem(0), Some(y)), tensor(elem, Some(state))]))
}

/// `ai.onnx.preview.FlexAttention`.
pub(super) fn flex_attention(call: &Call<'_>) -> Result<Vec<Known>, Fault> {
    for input in 0..3 {
        call.expect_rank(input, 4)?;
    }
    let [b, h, l, _] = heads(call.dims(0), None);
    let [.., ve] = heads(call.dims(2), None);
    Ok(vec![tensor(call.elem(0), Some(vec![b, h, l, ve]))])
}

fn dft(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(mut dims) = call.dims(0) else { return one(elem, None) };
    let at = if call.opset < 20 {
        Some(call.int_or("axis", 1))
    } else if call.has(2) {
        call.ints(2).and_then(|v| v.first().copied())
    } else {
        Some(-2)
    };
    let onesided = call.int_or("onesided", 0) != 0;
    let inverse = call.int_or("inverse", 0) != 0;
    let parts = Dim::Known(if onesided && inverse { 1 } else { 2 });
    let Some(at) = at else {
        // Without the axis it is only known which extents do not change.
        if onesided || call.has(1) {
            dims = open(dims.len());
        }
        if let Some(last) = dims.last_mut() {
            *last = parts;
        }
        return one(elem, Some(dims));
    };
    let at = axis(at, dims.len())?;
    let length = if call.has(1) {
        call.ints(1).and_then(|v| v.first().copied()).map(known)
    } else {
        dims.get(at).cloned()
    };
    if let Some(slot) = dims.get_mut(at) {
        *slot = match length {
            Some(Dim::Known(n)) if onesided && inverse && !call.has(1) => {
                Dim::Known(2 * n.saturating_sub(1))
            }
            Some(Dim::Known(n)) if onesided && !inverse => Dim::Known(n / 2 + 1),
            Some(dim) if !onesided || inverse => dim,
            Some(_) | None => Dim::Unknown,
        };
    }
    if let Some(last) = dims.last_mut() {
        *last = parts;
    }
    one(elem, Some(dims))
}

fn stft(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(signal) = call.dims(0) else { return one(elem, None) };
    let scalar = |i: usize| call.ints(i).and_then(|v| v.first().copied());
    let window = call.dims(2).and_then(|d| d.first().cloned());
    let frame = if call.has(3) { scalar(3).map(known) } else { window };
    let length = signal.get(1).cloned().unwrap_or(Dim::Unknown);
    let frame = if call.has(3) || call.has(2) { frame } else { Some(length.clone()) };
    let frames = match (&length, &frame, scalar(1)) {
        (Dim::Known(n), Some(Dim::Known(f)), Some(step)) if step > 0 && n >= f => {
            Dim::Known((n - f) / u64::try_from(step).unwrap_or(1) + 1)
        }
        (_, _, _) => Dim::Unknown,
    };
    let bins = match frame {
        Some(Dim::Known(n)) if call.int_or("onesided", 1) != 0 => Dim::Known(n / 2 + 1),
        Some(dim) if call.int_or("onesided", 1) == 0 => dim,
        Some(_) | None => Dim::Unknown,
    };
    let batch = signal.first().cloned().unwrap_or(Dim::Unknown);
    one(elem, Some(vec![batch, frames, bins, Dim::Known(2)]))
}

fn loss(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let dims =
        if call.text("reduction", "mean") == "none" { call.dims(1) } else { Some(Vec::new()) };
    if let (Some(scores), Some(target)) = (call.dims(0), call.dims(1)) {
        if scores.len() != target.len() + 1 {
            return fault(format!("scores {} and targets {}", show(&scores), show(&target)));
        }
        let places = scores.iter().enumerate().filter(|(i, _)| *i != 1).map(|(_, d)| d);
        for (a, b) in places.zip(&target) {
            equal(a, b, "scores and targets")?;
        }
    }
    let log = Known::of(Type::Tensor(elem, call.dims(0)));
    Ok(Some(vec![tensor(elem, dims), log]))
}
