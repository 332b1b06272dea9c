//! Operators that move elements: reshaping, slicing, gathering, joining.

use super::{
    Call, Content, Known, Num, Setting, Type,
    call::{
        Answer, Fault, axis, broadcast, equal, fault, known, one, open, product, show, sum, tensor,
    },
    elementwise,
};
use crate::{Dim, Elem};

pub(super) fn infer(call: &mut Call<'_>) -> Answer {
    match call.op {
        "Constant" => Ok(Some(vec![elementwise::constant(call)])),
        "ConstantOfShape" => filled(call),
        "Shape" => shape(call),
        "Size" => size(call),
        "Reshape" => reshape(call),
        "Flatten" => flatten(call),
        "Squeeze" => squeeze(call),
        "Unsqueeze" => unsqueeze(call),
        "Transpose" => transpose(call),
        "Concat" => concat(call),
        "Split" => split(call),
        "Slice" => slice(call),
        "Gather" => gather(call),
        "GatherElements" => one(call.elem(0), call.dims(1)),
        "GatherND" => gather_nd(call),
        "Expand" => expand(call),
        "Tile" => tile(call),
        "Pad" => pad(call),
        "OneHot" => one_hot(call),
        "Range" => range(call),
        "NonZero" => {
            let rank = call.rank(0).map_or(Dim::Unknown, |rank| Dim::Known(rank as u64));
            one(Elem::INT64, Some(vec![rank, Dim::Unknown]))
        }
        "Compress" => compress(call),
        "Unique" => unique(call),
        "CenterCropPad" => crop(call),
        "DepthToSpace" | "SpaceToDepth" => blocks(call),
        "RandomNormal" | "RandomUniform" => {
            let dims = call.list("shape").map(|s| s.iter().map(|n| known(*n)).collect());
            one(call.elem_attribute("dtype").unwrap_or(Elem::FLOAT), dims)
        }
        "Multinomial" => {
            let batch = call.dims(0).and_then(|d| d.first().cloned()).unwrap_or(Dim::Unknown);
            let elem = call.elem_attribute("dtype").unwrap_or(Elem::INT32);
            one(elem, Some(vec![batch, known(call.int_or("sample_size", 1))]))
        }
        "StringNormalizer" => one(Elem::STRING, string_normalizer(call)),
        "StringSplit" => {
            let dims = call.dims(0);
            let wide = dims.clone().map(|mut d| {
                d.push(Dim::Unknown);
                d
            });
            Ok(Some(vec![tensor(Elem::STRING, wide), tensor(Elem::INT64, dims)]))
        }
        "TfIdfVectorizer" => tfidf(call),
        "ImageDecoder" => one(Elem::UINT8, Some(vec![Dim::Unknown, Dim::Unknown, Dim::Unknown])),
        _ => Ok(None),
    }
}

/// Extents that an input holds: a vector of numbers whose count is the rank.
pub(super) fn extents(call: &Call<'_>, input: usize) -> Option<Vec<Dim>> {
    if let Some(nums) = call.nums(input) {
        return Some(nums.iter().map(Dim::from).collect());
    }
    match call.ty(input)?.dims()? {
        [Dim::Known(rank)] => usize::try_from(*rank).ok().filter(|r| *r <= 64).map(open),
        _ => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of an answer")]
fn filled(call: &Call<'_>) -> Answer {
    let (elem, fill) = match (call.setting)("value") {
        Some(Setting::Constant(value)) => {
            (value.ty.as_ref().and_then(Type::elem).unwrap_or(Elem(0)), value.content)
        }
        _ => (Elem::FLOAT, None),
    };
    let dims = extents(call, 0);
    let mut out = tensor(elem, dims.clone());
    // A short vector of one number is a constant too.
    if let (Some([Dim::Known(count @ 0..=64)]), Some(Content::Ints(fill))) = (dims.as_deref(), fill)
        && let Some(first) = fill.first()
        && let Ok(count) = usize::try_from(*count)
    {
        out.content = Some(Content::Ints(vec![first.clone(); count]));
    }
    Ok(Some(vec![out]))
}

fn shape(call: &Call<'_>) -> Answer {
    let Some(dims) = call.dims(0) else { return one(Elem::INT64, Some(vec![Dim::Unknown])) };
    let rank = i64::try_from(dims.len()).unwrap_or(i64::MAX);
    let clamp = |at: i64| if at < 0 { at.saturating_add(rank) } else { at }.clamp(0, rank);
    let start = clamp(call.int_or("start", 0));
    let end = clamp(call.int_or("end", rank)).max(start);
    let index = |n: i64| usize::try_from(n).unwrap_or(0);
    let part: Vec<Num> =
        dims.get(index(start)..index(end)).unwrap_or_default().iter().map(Num::from).collect();
    let mut out = tensor(Elem::INT64, Some(vec![Dim::Known(part.len() as u64)]));
    out.content = Some(Content::Ints(part));
    Ok(Some(vec![out]))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of an answer")]
fn size(call: &Call<'_>) -> Answer {
    let mut out = tensor(Elem::INT64, Some(Vec::new()));
    if let Some(dims) = call.dims(0) {
        out.content = Some(Content::Ints(vec![Num::from(&product(&dims))]));
    }
    Ok(Some(vec![out]))
}

fn reshape(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let wanted: Vec<Num> = if call.opset < 5 {
        call.list("shape").unwrap_or_default().into_iter().map(Num::Int).collect()
    } else if let Some(nums) = call.nums(1) {
        nums.to_vec()
    } else {
        return one(elem, extents(call, 1));
    };
    let keep_zero = call.int_or("allowzero", 0) != 0;
    let from = call.dims(0);
    let (mut out, mut rest) = (Vec::with_capacity(wanted.len()), None);
    for (position, num) in wanted.iter().enumerate() {
        out.push(match num {
            Num::Int(0) if !keep_zero => match &from {
                None => Dim::Unknown,
                Some(from) => match from.get(position) {
                    Some(dim) => dim.clone(),
                    None => {
                        return fault(format!(
                            "extent {position} is to be kept, and there is none"
                        ));
                    }
                },
            },
            Num::Int(-1) if rest.is_some() => return fault("two extents are left to be found"),
            Num::Int(-1) => {
                rest = Some(position);
                Dim::Unknown
            }
            Num::Int(extent) if *extent < 0 => return fault(format!("an extent is {extent}")),
            Num::Int(_) | Num::Symbol(_) | Num::Unknown => Dim::from(num),
        });
    }
    if let Some(from) = from {
        reshaped(&from, &mut out, rest)?;
    }
    let mut made = tensor(elem, Some(out));
    made.content = call.known(0).and_then(|k| k.content.clone());
    Ok(Some(vec![made]))
}

/// Finds the extent that is left, and holds the counts of elements against each other.
fn reshaped(from: &[Dim], out: &mut [Dim], rest: Option<usize>) -> Result<(), Fault> {
    // Extents on both sides of the same name cancel each other.
    let mut left: Vec<Dim> = Vec::new();
    let mut right: Vec<Dim> =
        out.iter().enumerate().filter(|(i, _)| Some(*i) != rest).map(|(_, d)| d.clone()).collect();
    for dim in from {
        match right.iter().position(|other| other == dim && *dim != Dim::Unknown) {
            Some(at) => {
                right.remove(at);
            }
            None => left.push(dim.clone()),
        }
    }
    let split = |dims: Vec<Dim>| {
        let (known, open): (Vec<Dim>, Vec<Dim>) =
            dims.into_iter().partition(|dim| matches!(dim, Dim::Known(_)));
        (product(&known), open)
    };
    let ((Dim::Known(all), left), (Dim::Known(named), right)) = (split(left), split(right)) else {
        return Ok(());
    };
    let misfit = || fault(format!("{} elements cannot be laid out as {}", show(from), show(out)));
    match (rest, left.as_slice(), right.as_slice()) {
        (None, [], []) if all != named => misfit(),
        (Some(_), [], []) if named > 0 && all % named != 0 => misfit(),
        (Some(at), [], []) if named > 0 => {
            if let Some(slot) = out.get_mut(at) {
                *slot = Dim::Known(all / named);
            }
            Ok(())
        }
        // What is left over is the extent that only one side names.
        (Some(at), [only], []) if all == named && all > 0 => {
            if let Some(slot) = out.get_mut(at) {
                *slot = only.clone();
            }
            Ok(())
        }
        (_, _, _) => Ok(()),
    }
}

fn flatten(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(dims) = call.dims(0) else { return one(elem, Some(open(2))) };
    let at = match call.int_or("axis", 1) {
        at if at < 0 => axis(at, dims.len())?,
        at => axis(at, dims.len() + 1)?,
    };
    let (before, after) = dims.split_at_checked(at).unwrap_or((&dims, &[]));
    one(elem, Some(vec![product(before), product(after)]))
}

/// Axes from an input or, in older versions, an attribute. `Ok(None)` when they are not known.
#[expect(clippy::option_option, reason = "axes may be left out, or not be known")]
fn axes(call: &Call<'_>, input_since: i64) -> Option<Option<Vec<i64>>> {
    if call.opset < input_since {
        return Some(call.list("axes"));
    }
    if !call.has(1) {
        return Some(None);
    }
    call.ints(1).map(Some)
}

fn squeeze(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let content = call.known(0).and_then(|k| k.content.clone());
    let (Some(dims), Some(axes)) = (call.dims(0), axes(call, 13)) else { return one(elem, None) };
    let kept: Option<Vec<Dim>> = match axes {
        Some(axes) => {
            let gone = axes.iter().map(|a| axis(*a, dims.len())).collect::<Result<Vec<_>, _>>()?;
            for at in &gone {
                if let Some(Dim::Known(extent)) = dims.get(*at)
                    && *extent != 1
                {
                    return fault(format!("axis {at} has {extent} elements and cannot go"));
                }
            }
            let kept = dims.iter().enumerate().filter(|(i, _)| !gone.contains(i));
            Some(kept.map(|(_, d)| d.clone()).collect())
        }
        // An extent that is not known may be 1.
        None if dims.iter().all(|d| matches!(d, Dim::Known(_))) => {
            Some(dims.iter().filter(|d| **d != Dim::Known(1)).cloned().collect())
        }
        None => None,
    };
    let mut out = tensor(elem, kept);
    out.content = content;
    Ok(Some(vec![out]))
}

fn unsqueeze(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let content = call.known(0).and_then(|k| k.content.clone());
    let (Some(dims), Some(Some(axes))) = (call.dims(0), axes(call, 13)) else {
        return one(elem, None);
    };
    let rank = dims.len() + axes.len();
    let mut new = axes.iter().map(|a| axis(*a, rank)).collect::<Result<Vec<_>, _>>()?;
    new.sort_unstable();
    if new.windows(2).any(|pair| pair.first() == pair.last()) {
        return fault("an axis is named twice");
    }
    let mut old = dims.into_iter();
    let out = (0..rank)
        .map(|i| if new.contains(&i) { Dim::Known(1) } else { old.next().unwrap_or(Dim::Unknown) })
        .collect();
    let mut out = tensor(elem, Some(out));
    out.content = content;
    Ok(Some(vec![out]))
}

fn transpose(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(dims) = call.dims(0) else { return one(elem, None) };
    let Some(perm) = call.list("perm") else {
        return one(elem, Some(dims.into_iter().rev().collect()));
    };
    if perm.len() != dims.len() {
        return fault(format!("`perm` names {} axes of {}", perm.len(), dims.len()));
    }
    let mut seen = vec![false; dims.len()];
    let mut out = Vec::with_capacity(dims.len());
    for at in perm {
        let at = axis(at, dims.len())?;
        if seen.get_mut(at).is_none_or(|seen| std::mem::replace(seen, true)) {
            return fault(format!("`perm` names axis {at} twice"));
        }
        out.extend(dims.get(at).cloned());
    }
    one(elem, Some(out))
}

fn concat(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let at = if call.opset < 4 { call.int_or("axis", 1) } else { call.int_or("axis", 0) };
    let shapes: Option<Vec<Vec<Dim>>> = (0..call.inputs.len()).map(|i| call.dims(i)).collect();
    let Some(shapes) = shapes else {
        let rank = (0..call.inputs.len()).find_map(|i| call.rank(i));
        return one(elem, rank.map(open));
    };
    let Some(first) = shapes.first() else { return one(elem, None) };
    let at = axis(at, first.len())?;
    let mut out = first.clone();
    for shape in &shapes {
        if shape.len() != first.len() {
            return fault(format!("{} and {} cannot be joined", show(first), show(shape)));
        }
        for (i, (slot, dim)) in out.iter_mut().zip(shape).enumerate() {
            if i != at {
                *slot = equal(slot, dim, "extents beside the axis")?;
            }
        }
    }
    if let Some(slot) = out.get_mut(at) {
        *slot = sum(&shapes.iter().filter_map(|s| s.get(at).cloned()).collect::<Vec<_>>());
    }
    let mut made = tensor(elem, Some(out));
    if first.len() == 1 {
        made.content = joined(call);
    }
    Ok(Some(vec![made]))
}

/// The contents of joined vectors; a part of known length that is not known itself stays open.
fn joined(call: &Call<'_>) -> Option<Content> {
    let mut all = Vec::new();
    let mut any = false;
    for i in 0..call.inputs.len() {
        match (call.nums(i), call.ty(i).and_then(Type::dims)) {
            (Some(nums), _) => {
                any = true;
                all.extend_from_slice(nums);
            }
            (None, Some([Dim::Known(count @ 0..=64)])) => {
                all.extend((0..*count).map(|_| Num::Unknown));
            }
            (None, _) => return None,
        }
    }
    any.then_some(Content::Ints(all))
}

fn split(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let parts: Option<Vec<Num>> = if call.opset < 13 && call.opset >= 2 {
        call.list("split").map(|s| s.into_iter().map(Num::Int).collect())
    } else {
        call.nums(1).map(<[Num]>::to_vec)
    };
    let Some(dims) = call.dims(0) else {
        return Ok(Some(vec![tensor(elem, None); call.outputs]));
    };
    let at = axis(call.int_or("axis", 0), dims.len())?;
    let count =
        call.int("num_outputs").map_or(call.outputs as u64, |n| u64::try_from(n).unwrap_or(0));
    let whole = dims.get(at).cloned().unwrap_or(Dim::Unknown);
    let given = call.opset >= 13 && call.has(1);
    let sizes: Vec<Dim> = match (&parts, &whole) {
        (Some(parts), _) => parts.iter().map(Dim::from).collect(),
        (None, Dim::Known(extent)) if !given && count > 0 => {
            let each = extent.div_ceil(count);
            if call.opset < 18 && extent % count != 0 {
                return fault(format!("{extent} elements cannot be split in {count} equal parts"));
            }
            (0..count).map(|i| Dim::Known(each.min(extent.saturating_sub(i * each)))).collect()
        }
        (None, _) => vec![Dim::Unknown; call.outputs],
    };
    if let (Some(_), Dim::Known(whole), Dim::Known(all)) = (&parts, &whole, sum(&sizes))
        && *whole != all
    {
        return fault(format!("the parts have {all} elements, the axis {whole}"));
    }
    if parts.is_some() && sizes.len() != call.outputs {
        return fault(format!("{} parts for {} outputs", sizes.len(), call.outputs));
    }
    let out = sizes.into_iter().take(call.outputs).map(|size| {
        let mut dims = dims.clone();
        if let Some(slot) = dims.get_mut(at) {
            *slot = size;
        }
        tensor(elem, Some(dims))
    });
    Ok(Some(out.collect()))
}

fn slice(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(mut dims) = call.dims(0) else { return one(elem, None) };
    let (starts, ends, axes, steps) = if call.opset < 10 {
        (call.list("starts"), call.list("ends"), call.list("axes"), None)
    } else {
        if (call.has(3) && call.ints(3).is_none()) || (!call.has(3) && starts_unknown(call)) {
            return one(elem, Some(open(dims.len())));
        }
        (call.ints(1), call.ints(2), call.ints(3), call.ints(4))
    };
    let count =
        starts.as_ref().map(Vec::len).or_else(|| ends.as_ref().map(Vec::len)).or_else(|| {
            let first = call.dims(1)?.first().cloned()?;
            if let Dim::Known(n) = first { usize::try_from(n).ok() } else { None }
        });
    let axes = match (axes, count) {
        (Some(axes), _) => axes,
        (None, Some(count)) => (0..count).map(|i| i64::try_from(i).unwrap_or(0)).collect(),
        (None, None) => return one(elem, Some(open(dims.len()))),
    };
    let mut bounds = Vec::new();
    let hidden = call.opset >= 10 && call.has(4) && steps.is_none();
    for (i, at) in axes.iter().enumerate() {
        let at = axis(*at, dims.len())?;
        let pick = |list: &Option<Vec<i64>>| list.as_ref().and_then(|l| l.get(i).copied());
        let step = if hidden { None } else { Some(pick(&steps).unwrap_or(1)) };
        if step == Some(0) {
            return fault("a step is 0");
        }
        bounds.push((at, pick(&starts), pick(&ends), step));
    }
    for (at, start, end, step) in &bounds {
        if let Some(slot) = dims.get_mut(*at) {
            *slot = cut(slot, *start, *end, *step);
        }
    }
    let mut out = tensor(elem, Some(dims));
    if let ([(0, Some(start), Some(end), Some(1))], Some(nums)) = (bounds.as_slice(), call.nums(0))
    {
        let len = i64::try_from(nums.len()).unwrap_or(0);
        let clamp =
            |n: i64| usize::try_from(if n < 0 { n + len } else { n }.clamp(0, len)).unwrap_or(0);
        let (start, end) = (clamp(*start), clamp((*end).max(-len)));
        out.content =
            Some(Content::Ints(nums.get(start..end.max(start)).unwrap_or_default().to_vec()));
    }
    Ok(Some(vec![out]))
}

fn starts_unknown(call: &Call<'_>) -> bool {
    call.ints(1).is_none()
        && call.ints(2).is_none()
        && !matches!(call.ty(1).and_then(Type::dims), Some([Dim::Known(_)]))
}

/// How many elements a slice of an axis has.
fn cut(dim: &Dim, start: Option<i64>, end: Option<i64>, step: Option<i64>) -> Dim {
    let Dim::Known(extent) = dim else {
        // All of it, whatever it is.
        let all =
            start == Some(0) && step == Some(1) && end.is_some_and(|e| e >= i64::from(i32::MAX));
        return if all { dim.clone() } else { Dim::Unknown };
    };
    let (Some(start), Some(end), Some(step)) = (start, end, step) else { return Dim::Unknown };
    let n = i128::from(*extent);
    let (start, end, step) = (i128::from(start), i128::from(end), i128::from(step));
    let from_front = |at: i128| if at < 0 { at + n } else { at };
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let first = from_front(start).clamp(low.max(0), high.max(0));
    let last = from_front(end).clamp(low, high);
    let span = if step > 0 { last - first } else { first - last };
    let count = if span <= 0 { 0 } else { (span + step.abs() - 1) / step.abs() };
    u64::try_from(count).map_or(Dim::Unknown, Dim::Known)
}

fn gather(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let (Some(data), Some(indices)) = (call.dims(0), call.dims(1)) else { return one(elem, None) };
    let at = axis(call.int_or("axis", 0), data.len())?;
    let mut out: Vec<Dim> = data.iter().take(at).cloned().collect();
    out.extend(indices.iter().cloned());
    out.extend(data.iter().skip(at + 1).cloned());
    let mut made = tensor(elem, Some(out));
    if let (Some(nums), Some(at), 1) = (call.nums(0), call.ints(1), data.len()) {
        let picked: Option<Vec<Num>> = at
            .iter()
            .map(|at| axis(*at, nums.len()).ok().and_then(|at| nums.get(at).cloned()))
            .collect();
        let Some(picked) = picked else { return fault("an index is outside the axis") };
        made.content = Some(Content::Ints(picked));
    }
    Ok(Some(vec![made]))
}

fn gather_nd(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let (Some(data), Some(indices)) = (call.dims(0), call.dims(1)) else { return one(elem, None) };
    let batch = usize::try_from(call.int_or("batch_dims", 0)).unwrap_or(0);
    let Some((Dim::Known(depth), outer)) = indices.split_last().map(|(l, o)| (l.clone(), o)) else {
        return one(elem, None);
    };
    let depth = usize::try_from(depth).unwrap_or(usize::MAX);
    let Some(rest) = batch.checked_add(depth).and_then(|skip| data.get(skip..)) else {
        return fault(format!("indices of {depth} axes into {}", show(&data)));
    };
    let mut out = outer.to_vec();
    out.extend(rest.iter().cloned());
    one(elem, Some(out))
}

fn expand(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let (Some(from), Some(to)) = (call.dims(0), extents(call, 1)) else { return one(elem, None) };
    one(elem, Some(broadcast(&[from, to])?))
}

fn tile(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(dims) = call.dims(0) else {
        return one(elem, extents(call, 1).map(|d| open(d.len())));
    };
    if call.opset < 6 {
        return one(elem, Some(open(dims.len())));
    }
    let Some(repeats) = call.nums(1) else { return one(elem, Some(open(dims.len()))) };
    if repeats.len() != dims.len() {
        return fault(format!("{} repeats for {} axes", repeats.len(), dims.len()));
    }
    let out = dims.iter().zip(repeats).map(|(dim, n)| product(&[dim.clone(), Dim::from(n)]));
    one(elem, Some(out.collect()))
}

fn pad(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(mut dims) = call.dims(0) else { return one(elem, None) };
    let pads = match call.opset {
        ..2 => call.list("paddings"),
        2..11 => call.list("pads"),
        _ => call.ints(1),
    };
    let axes: Option<Vec<i64>> = if call.has(3) { call.ints(3) } else { None };
    let hidden = call.has(3) && axes.is_none();
    let (Some(pads), false) = (pads, hidden) else { return one(elem, Some(open(dims.len()))) };
    let axes =
        axes.unwrap_or_else(|| (0..dims.len()).filter_map(|i| i64::try_from(i).ok()).collect());
    if pads.len() != 2 * axes.len() {
        return fault(format!("{} pads for {} axes", pads.len(), axes.len()));
    }
    for (i, at) in axes.iter().enumerate() {
        let at = axis(*at, dims.len())?;
        let more = pads
            .get(i)
            .copied()
            .unwrap_or(0)
            .saturating_add(pads.get(i + axes.len()).copied().unwrap_or(0));
        if let Some(slot) = dims.get_mut(at) {
            *slot = match &*slot {
                Dim::Known(extent) => {
                    extent.checked_add_signed(more).map_or(Dim::Unknown, Dim::Known)
                }
                Dim::Symbol(_) | Dim::Unknown if more == 0 => slot.clone(),
                Dim::Symbol(_) | Dim::Unknown => Dim::Unknown,
            };
        }
    }
    one(elem, Some(dims))
}

fn one_hot(call: &Call<'_>) -> Answer {
    let elem = call.elem(2);
    let Some(mut dims) = call.dims(0) else { return one(elem, None) };
    let at = axis(call.int_or("axis", -1), dims.len() + 1)?;
    let depth = call.floats(1).and_then(|d| d.first().copied());
    #[expect(clippy::cast_possible_truncation, reason = "what the operator does")]
    let depth = depth.map_or(Dim::Unknown, |d| known(d.trunc() as i64));
    dims.insert(at, depth);
    one(elem, Some(dims))
}

fn range(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let get = |i: usize| call.floats(i).and_then(|v| v.first().copied());
    let dim = match (get(0), get(1), get(2)) {
        (Some(start), Some(limit), Some(delta)) if delta.abs() > 0.0 => {
            #[expect(clippy::cast_possible_truncation, reason = "far below 2⁵³")]
            let count = ((limit - start) / delta).ceil().max(0.0) as i64;
            known(count)
        }
        (_, _, _) => Dim::Unknown,
    };
    one(elem, Some(vec![dim]))
}

fn compress(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(at) = call.int("axis") else { return one(elem, Some(vec![Dim::Unknown])) };
    let Some(mut dims) = call.dims(0) else { return one(elem, None) };
    let at = axis(at, dims.len())?;
    if let Some(slot) = dims.get_mut(at) {
        *slot = Dim::Unknown;
    }
    one(elem, Some(dims))
}

fn unique(call: &Call<'_>) -> Answer {
    let vector = || tensor(Elem::INT64, Some(vec![Dim::Unknown]));
    let first = match (call.int("axis"), call.dims(0)) {
        (None, _) => Some(vec![Dim::Unknown]),
        (Some(at), Some(mut dims)) => {
            let at = axis(at, dims.len())?;
            if let Some(slot) = dims.get_mut(at) {
                *slot = Dim::Unknown;
            }
            Some(dims)
        }
        (Some(_), None) => None,
    };
    Ok(Some(vec![tensor(call.elem(0), first), vector(), vector(), vector()]))
}

fn crop(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(mut dims) = call.dims(0) else { return one(elem, None) };
    let Some(sizes) = extents(call, 1) else { return one(elem, Some(open(dims.len()))) };
    let axes = call
        .list("axes")
        .unwrap_or_else(|| (0..dims.len()).filter_map(|i| i64::try_from(i).ok()).collect());
    if axes.len() != sizes.len() {
        return fault(format!("{} sizes for {} axes", sizes.len(), axes.len()));
    }
    for (at, size) in axes.iter().zip(sizes) {
        let at = axis(*at, dims.len())?;
        if let Some(slot) = dims.get_mut(at) {
            *slot = size;
        }
    }
    one(elem, Some(dims))
}

fn blocks(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(dims) = call.dims(0) else { return one(elem, None) };
    let size = u64::try_from(call.int_or("blocksize", 1)).unwrap_or(0);
    if size == 0 {
        return fault("`blocksize` must be positive");
    }
    call.expect_rank(0, 4)?;
    let deeper = call.op == "SpaceToDepth";
    let change = |dim: &Dim, multiply: bool, by: u64| match dim {
        Dim::Known(n) if multiply => n.checked_mul(by).map_or(Dim::Unknown, Dim::Known),
        Dim::Known(n) => Dim::Known(n / by.max(1)),
        Dim::Symbol(_) | Dim::Unknown => Dim::Unknown,
    };
    let square = size.saturating_mul(size);
    if let (false, Some(Dim::Known(channels))) = (deeper, dims.get(1))
        && channels % square.max(1) != 0
    {
        return fault(format!("{channels} channels are not a multiple of {square}"));
    }
    let out = dims.iter().enumerate().map(|(i, dim)| match i {
        0 => dim.clone(),
        1 => change(dim, deeper, square),
        _ => change(dim, !deeper, size),
    });
    one(elem, Some(out.collect()))
}

fn string_normalizer(call: &Call<'_>) -> Option<Vec<Dim>> {
    let mut dims = call.dims(0)?;
    // Words that are left out shorten the last axis.
    let stops =
        matches!((call.setting)("stopwords"), Some(Setting::Texts(words)) if !words.is_empty());
    if let (true, Some(last)) = (stops, dims.last_mut()) {
        *last = Dim::Unknown;
    }
    Some(dims)
}

fn tfidf(call: &Call<'_>) -> Answer {
    let Some(mut dims) = call.dims(0) else { return one(Elem::FLOAT, None) };
    let most = call.list("ngram_indexes").and_then(|l| l.into_iter().max());
    let width = most.map_or(Dim::Unknown, |m| known(m.saturating_add(1)));
    match dims.len() {
        0 | 1 => dims = vec![width],
        2 => {
            dims.pop();
            dims.push(width);
        }
        rank => return fault(format!("expected one or two axes, found {rank}")),
    }
    one(Elem::FLOAT, Some(dims))
}

/// What is known of a value that a list holds.
pub(super) fn inner(known: Option<&Known>) -> Option<Type> {
    match known?.ty.as_ref()? {
        Type::Sequence(inner) | Type::Optional(inner) => Some((**inner).clone()),
        Type::Tensor(..) | Type::Sparse(..) | Type::Map(..) | Type::Opaque => None,
    }
}
