//! Operators that move a window over the axes after the second.

use super::{
    Call,
    call::{Answer, Fault, equal, fault, known, one, open, tensor},
};
use crate::{Dim, Elem};

pub(super) fn infer(call: &mut Call<'_>) -> Answer {
    match call.op {
        "Conv" => convolved(call, 0, 1, call.elem(0)),
        "ConvInteger" => convolved(call, 0, 1, Elem::INT32),
        "QLinearConv" => convolved(call, 0, 3, call.elem(7)),
        "DeformConv" => convolved(call, 0, 1, call.elem(0)),
        "ConvTranspose" => transposed(call),
        "CausalConvWithState" => causal(call),
        "AveragePool" | "MaxPool" | "LpPool" => pooled(call),
        "MaxUnpool" => unpooled(call),
        "MaxRoiPool" => {
            let first = |i: usize, at: usize| call.dims(i).and_then(|d| d.get(at).cloned());
            let mut dims =
                vec![first(1, 0).unwrap_or(Dim::Unknown), first(0, 1).unwrap_or(Dim::Unknown)];
            dims.extend(call.list("pooled_shape").unwrap_or_default().into_iter().map(known));
            one(call.elem(0), Some(dims))
        }
        "RoiAlign" => {
            let first = |i: usize, at: usize| call.dims(i).and_then(|d| d.get(at).cloned());
            let rois = first(1, 0).or_else(|| first(2, 0));
            let dims = vec![
                rois.unwrap_or(Dim::Unknown),
                first(0, 1).unwrap_or(Dim::Unknown),
                known(call.int_or("output_height", 1)),
                known(call.int_or("output_width", 1)),
            ];
            one(call.elem(0), Some(dims))
        }
        "Col2Im" => col2im(call),
        "AffineGrid" => affine_grid(call),
        "GridSample" => grid_sample(call),
        "Resize" | "Upsample" => resize(call),
        _ => Ok(None),
    }
}

/// The settings of a window over so many axes.
struct Window {
    strides: Vec<i64>,
    dilations: Vec<i64>,
    pads: Vec<i64>,
    auto: String,
    ceil: bool,
}

fn window(call: &Call<'_>, axes: usize) -> Result<Window, Fault> {
    let list = |name: &str, fill: i64, count: usize| {
        let found = call.list(name).unwrap_or_else(|| vec![fill; count]);
        if found.len() == count {
            Ok(found)
        } else {
            fault(format!("`{name}` has {} numbers for {axes} axes", found.len()))
        }
    };
    let window = Window {
        strides: list("strides", 1, axes)?,
        dilations: list("dilations", 1, axes)?,
        pads: list("pads", 0, 2 * axes)?,
        auto: call.text("auto_pad", "NOTSET"),
        ceil: call.int_or("ceil_mode", 0) != 0,
    };
    if window.strides.iter().chain(&window.dilations).any(|n| *n <= 0) {
        return fault("strides and dilations must be positive");
    }
    Ok(window)
}

impl Window {
    /// The extent that an axis of the output has.
    fn out(&self, axis: usize, extent: &Dim, kernel: &Dim) -> Dim {
        let get = |list: &[i64], at: usize| list.get(at).copied().unwrap_or(1);
        let stride = get(&self.strides, axis);
        if matches!(self.auto.as_str(), "SAME_UPPER" | "SAME_LOWER") {
            return match extent {
                Dim::Known(n) => Dim::Known(n.div_ceil(u64::try_from(stride).unwrap_or(1))),
                Dim::Symbol(_) | Dim::Unknown if stride == 1 => extent.clone(),
                Dim::Symbol(_) | Dim::Unknown => Dim::Unknown,
            };
        }
        let (Dim::Known(extent), Dim::Known(kernel)) = (extent, kernel) else {
            return Dim::Unknown;
        };
        let (n, k) = (i128::from(*extent), i128::from(*kernel));
        let half = self.pads.len() / 2;
        let valid = self.auto == "VALID";
        let pad =
            |at: usize| if valid { 0 } else { i128::from(self.pads.get(at).copied().unwrap_or(0)) };
        let (before, after) = (pad(axis), pad(axis + half));
        let (stride, dilation) = (i128::from(stride), i128::from(get(&self.dilations, axis)));
        let span = n + before + after - (dilation * (k - 1) + 1);
        if span < 0 {
            return Dim::Unknown;
        }
        let mut count = if self.ceil { (span + stride - 1) / stride } else { span / stride } + 1;
        // A window that starts in the padding behind the data is left out.
        if self.ceil && (count - 1) * stride >= n + before {
            count -= 1;
        }
        u64::try_from(count).map_or(Dim::Unknown, Dim::Known)
    }
}

fn kernel_of(call: &Call<'_>, weights: usize, axes: usize) -> Result<Vec<Dim>, Fault> {
    if let Some(shape) = call.list("kernel_shape") {
        if shape.len() != axes {
            return fault(format!("`kernel_shape` has {} numbers for {axes} axes", shape.len()));
        }
        let given: Vec<Dim> = shape.into_iter().map(known).collect();
        if let Some(found) = call.dims(weights) {
            for (a, b) in given.iter().zip(found.iter().skip(2)) {
                equal(a, b, "`kernel_shape` and the kernel")?;
            }
        }
        return Ok(given);
    }
    Ok(call.dims(weights).map_or_else(|| open(axes), |w| w.into_iter().skip(2).collect()))
}

fn convolved(call: &Call<'_>, data: usize, weights: usize, elem: Elem) -> Answer {
    let Some(dims) = call.dims(data) else {
        return one(elem, call.rank(weights).map(open));
    };
    let Some(axes) = dims.len().checked_sub(2) else {
        return fault(format!(
            "expected a batch, channels and more axes, found {} axes",
            dims.len()
        ));
    };
    if let Some(rank) = call.rank(weights)
        && rank != dims.len()
    {
        return fault(format!("the data has {} axes, the kernel {rank}", dims.len()));
    }
    let window = window(call, axes)?;
    let kernel = kernel_of(call, weights, axes)?;
    let kernels = call.dims(weights);
    let group = u64::try_from(call.int_or("group", 1)).unwrap_or(0);
    if let (Some(Dim::Known(channels)), Some(Dim::Known(each))) =
        (dims.get(1), kernels.as_ref().and_then(|k| k.get(1)))
        && each.checked_mul(group) != Some(*channels)
    {
        return fault(format!("{channels} channels, and kernels over {each} in {group} groups"));
    }
    let mut out = vec![
        dims.first().cloned().unwrap_or(Dim::Unknown),
        kernels.and_then(|k| k.first().cloned()).unwrap_or(Dim::Unknown),
    ];
    for (axis, (extent, kernel)) in dims.iter().skip(2).zip(&kernel).enumerate() {
        out.push(window.out(axis, extent, kernel));
    }
    one(elem, Some(out))
}

fn transposed(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let (Some(dims), Some(weights)) = (call.dims(0), call.dims(1)) else { return one(elem, None) };
    let Some(axes) = dims.len().checked_sub(2) else {
        return fault(format!(
            "expected a batch, channels and more axes, found {} axes",
            dims.len()
        ));
    };
    let window = window(call, axes)?;
    let kernel = kernel_of(call, 1, axes)?;
    let group = call.int_or("group", 1);
    let channels = match weights.get(1) {
        Some(Dim::Known(n)) => u64::try_from(group)
            .ok()
            .and_then(|g| n.checked_mul(g))
            .map_or(Dim::Unknown, Dim::Known),
        _ => Dim::Unknown,
    };
    let mut out = vec![dims.first().cloned().unwrap_or(Dim::Unknown), channels];
    let shape = call.list("output_shape");
    let extra = call.list("output_padding");
    for (axis, (extent, kernel)) in dims.iter().skip(2).zip(&kernel).enumerate() {
        if let Some(shape) = &shape {
            // Some writers name batch and channels too.
            let skip = shape.len().saturating_sub(axes);
            out.push(shape.get(axis + skip).map_or(Dim::Unknown, |n| known(*n)));
            continue;
        }
        let (Dim::Known(n), Dim::Known(k)) = (extent, kernel) else {
            out.push(Dim::Unknown);
            continue;
        };
        let get = |list: &[i64], at: usize| i128::from(list.get(at).copied().unwrap_or(0));
        let (n, k) = (i128::from(*n), i128::from(*k));
        let stride = get(&window.strides, axis);
        let count = if window.auto.starts_with("SAME") {
            n * stride
        } else {
            let pads = if window.auto == "VALID" {
                0
            } else {
                get(&window.pads, axis) + get(&window.pads, axis + axes)
            };
            let more = extra.as_ref().map_or(0, |e| get(e, axis));
            stride * (n - 1) + more + (k - 1) * get(&window.dilations, axis) + 1 - pads
        };
        out.push(u64::try_from(count).map_or(Dim::Unknown, Dim::Known));
    }
    one(elem, Some(out))
}

fn causal(call: &Call<'_>) -> Answer {
    call.expect_rank(0, 3)?;
    call.expect_rank(1, 3)?;
    let dims = call.dims(0);
    let kernel = call.dims(1).and_then(|d| d.get(2).cloned());
    let state = call.dims(3).or_else(|| {
        let dims = dims.clone()?;
        let last = match kernel {
            Some(Dim::Known(k)) => Dim::Known(k.saturating_sub(1)),
            _ => Dim::Unknown,
        };
        Some(vec![dims.first()?.clone(), dims.get(1)?.clone(), last])
    });
    Ok(Some(vec![tensor(call.elem(0), dims), tensor(call.elem(0), state)]))
}

fn pooled(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let indices = |dims| tensor(Elem::INT64, dims);
    let Some(dims) = call.dims(0) else {
        return Ok(Some(vec![tensor(elem, None), indices(None)]));
    };
    let Some(axes) = dims.len().checked_sub(2) else {
        return fault(format!(
            "expected a batch, channels and more axes, found {} axes",
            dims.len()
        ));
    };
    let window = window(call, axes)?;
    let kernel = kernel_of(call, usize::MAX, axes)?;
    let mut out: Vec<Dim> = dims.iter().take(2).cloned().collect();
    for (axis, (extent, kernel)) in dims.iter().skip(2).zip(&kernel).enumerate() {
        out.push(window.out(axis, extent, kernel));
    }
    Ok(Some(vec![tensor(elem, Some(out.clone())), indices(Some(out))]))
}

fn unpooled(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    if call.has(2) {
        return one(elem, super::layout::extents(call, 2));
    }
    let Some(dims) = call.dims(0) else { return one(elem, None) };
    let axes = dims.len().saturating_sub(2);
    let window = window(call, axes)?;
    let kernel = kernel_of(call, usize::MAX, axes)?;
    let mut out: Vec<Dim> = dims.iter().take(2).cloned().collect();
    for (axis, (extent, kernel)) in dims.iter().skip(2).zip(&kernel).enumerate() {
        let get = |list: &[i64], at: usize| i128::from(list.get(at).copied().unwrap_or(0));
        out.push(match (extent, kernel) {
            (Dim::Known(n), Dim::Known(k)) => {
                let pads = get(&window.pads, axis) + get(&window.pads, axis + axes);
                let count =
                    (i128::from(*n) - 1) * get(&window.strides, axis) + i128::from(*k) - pads;
                u64::try_from(count).map_or(Dim::Unknown, Dim::Known)
            }
            (_, _) => Dim::Unknown,
        });
    }
    one(elem, Some(out))
}

fn col2im(call: &Call<'_>) -> Answer {
    let Some(dims) = call.dims(0) else { return one(call.elem(0), None) };
    let image = super::layout::extents(call, 1);
    let block = super::layout::extents(call, 2);
    let channels = match (dims.get(1), block.as_deref().map(super::call::product)) {
        (Some(Dim::Known(n)), Some(Dim::Known(b))) if b > 0 => Dim::Known(n / b),
        (_, _) => Dim::Unknown,
    };
    let mut out = vec![dims.first().cloned().unwrap_or(Dim::Unknown), channels];
    match image {
        Some(image) => out.extend(image),
        None => return one(call.elem(0), None),
    }
    one(call.elem(0), Some(out))
}

fn affine_grid(call: &Call<'_>) -> Answer {
    let Some(size) = super::layout::extents(call, 1) else { return one(call.elem(0), None) };
    let mut out: Vec<Dim> = size.first().cloned().into_iter().collect();
    out.extend(size.iter().skip(2).cloned());
    out.push(Dim::Known(size.len().saturating_sub(2) as u64));
    one(call.elem(0), Some(out))
}

fn grid_sample(call: &Call<'_>) -> Answer {
    let Some(dims) = call.dims(0) else { return one(call.elem(0), call.rank(1).map(open)) };
    let mut out: Vec<Dim> = dims.iter().take(2).cloned().collect();
    match call.dims(1) {
        Some(grid) => {
            let inner = grid.len().saturating_sub(1);
            out.extend(grid.iter().take(inner).skip(1).cloned());
        }
        None => out.extend(open(dims.len().saturating_sub(2))),
    }
    one(call.elem(0), Some(out))
}

fn resize(call: &Call<'_>) -> Answer {
    let elem = call.elem(0);
    let Some(dims) = call.dims(0) else { return one(elem, None) };
    let (scales, sizes) = match (call.op, call.opset) {
        ("Upsample", ..9) => {
            let given = (call.setting)("scales");
            let list = match given {
                Some(super::Setting::Floats(list)) => {
                    Some(list.into_iter().map(f64::from).collect())
                }
                _ => None,
            };
            (list, None)
        }
        ("Upsample", _) | (_, ..11) => (call.floats(1), None),
        (_, _) => (call.floats(2).filter(|s| !s.is_empty()), call.nums(3)),
    };
    let axes = call
        .list("axes")
        .map(|axes| {
            axes.iter().map(|a| super::call::axis(*a, dims.len())).collect::<Result<Vec<_>, _>>()
        })
        .transpose()?
        .unwrap_or_else(|| (0..dims.len()).collect());
    let mut out = dims.clone();
    if let Some(sizes) = sizes {
        if sizes.len() != axes.len() {
            return fault(format!("{} sizes for {} axes", sizes.len(), axes.len()));
        }
        let policy = call.text("keep_aspect_ratio_policy", "stretch");
        let ratio = |(axis, size): (&usize, &super::Num)| match (dims.get(*axis), size) {
            #[expect(clippy::cast_precision_loss, reason = "extents are far below 2²⁴ in images")]
            (Some(Dim::Known(n)), super::Num::Int(size)) => Some(*size as f32 / *n as f32),
            (_, _) => None,
        };
        let ratios: Option<Vec<f32>> = axes.iter().zip(sizes).map(ratio).collect();
        let scale = match policy.as_str() {
            "not_larger" => ratios.map(|r| r.into_iter().fold(f32::INFINITY, f32::min)),
            "not_smaller" => ratios.map(|r| r.into_iter().fold(0.0, f32::max)),
            _ => None,
        };
        for (axis, size) in axes.iter().zip(sizes) {
            let Some(slot) = out.get_mut(*axis) else { continue };
            *slot = match (policy.as_str(), scale, dims.get(*axis)) {
                ("stretch", _, _) => Dim::from(size),
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    reason = "as the operator computes it"
                )]
                (_, Some(scale), Some(Dim::Known(n))) => {
                    known((*n as f32 * scale + 0.5).floor() as i64)
                }
                (_, _, _) => Dim::Unknown,
            };
        }
    } else if let Some(scales) = scales {
        if scales.len() != axes.len() {
            return fault(format!("{} scales for {} axes", scales.len(), axes.len()));
        }
        for (axis, scale) in axes.iter().zip(scales) {
            let Some(slot) = out.get_mut(*axis) else { continue };
            *slot = match &*slot {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    reason = "as the operator computes it"
                )]
                Dim::Known(n) => known((*n as f64 * scale).floor() as i64),
                Dim::Symbol(_) | Dim::Unknown if (scale - 1.0).abs() < f64::EPSILON => slot.clone(),
                Dim::Symbol(_) | Dim::Unknown => Dim::Unknown,
            };
        }
    } else {
        for axis in &axes {
            if let Some(slot) = out.get_mut(*axis) {
                *slot = Dim::Unknown;
            }
        }
    }
    one(elem, Some(out))
}
