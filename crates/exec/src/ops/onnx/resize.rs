//! `Resize`: <https://onnx.ai/onnx/operators/onnx__Resize.html>.

use super::cast::cast;
use crate::ops::prelude::*;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Nearest,
    Linear,
    Cubic,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    HalfPixel,
    Symmetric,
    Torch,
    Corners,
    Asymmetric,
    Crop,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Near {
    PreferFloor,
    PreferCeil,
    Floor,
    Ceil,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Policy {
    Stretch,
    NotLarger,
    NotSmaller,
}

/// The attributes.
pub(super) struct Form {
    mode: Mode,
    place: Place,
    near: Near,
    policy: Policy,
    a: f64,
    inside_only: bool,
    outside: f64,
    smooth: bool,
    axes: Option<Vec<i64>>,
}

impl Form {
    fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let old = setup.opset() < 11;
        let place = [
            ("half_pixel", Place::HalfPixel),
            ("half_pixel_symmetric", Place::Symmetric),
            ("pytorch_half_pixel", Place::Torch),
            ("align_corners", Place::Corners),
            ("asymmetric", Place::Asymmetric),
            ("tf_crop_and_resize", Place::Crop),
            ("tf_half_pixel_for_nn", Place::HalfPixel),
        ];
        let near = [
            ("round_prefer_floor", Near::PreferFloor),
            ("round_prefer_ceil", Near::PreferCeil),
            ("floor", Near::Floor),
            ("ceil", Near::Ceil),
        ];
        let policy = [
            ("stretch", Policy::Stretch),
            ("not_larger", Policy::NotLarger),
            ("not_smaller", Policy::NotSmaller),
        ];
        let modes = [
            ("nearest", Mode::Nearest),
            ("linear", Mode::Linear),
            ("cubic", Mode::Cubic),
            ("bilinear", Mode::Linear),
        ];
        Ok(Self {
            mode: setup.word("mode", &modes)?,
            place: if old {
                Place::Asymmetric
            } else {
                setup.word("coordinate_transformation_mode", &place)?
            },
            near: if old { Near::Floor } else { setup.word("nearest_mode", &near)? },
            policy: setup.word("keep_aspect_ratio_policy", &policy)?,
            a: setup.float("cubic_coeff_a", -0.75)?.into(),
            inside_only: setup.flag("exclude_outside", false)?,
            outside: setup.float("extrapolation_value", 0.0)?.into(),
            smooth: setup.flag("antialias", false)?,
            axes: setup.ints("axes")?,
        })
    }

    /// Where an element of the result lies in the input.
    fn origin(&self, x: f64, input: f64, scale: f64, roi: (f64, f64)) -> f64 {
        let wide = scale * input;
        match self.place {
            Place::HalfPixel => (x + 0.5) / scale - 0.5,
            Place::Torch if wide <= 1.0 => -0.5,
            Place::Torch => (x + 0.5) / scale - 0.5,
            Place::Symmetric => {
                let adjust = wide.trunc() / wide;
                input / 2.0 * (1.0 - adjust) + (x + 0.5) / scale - 0.5
            }
            Place::Corners if wide.trunc() <= 1.0 => 0.0,
            Place::Corners => x * (input - 1.0) / (wide - 1.0),
            Place::Asymmetric => x / scale,
            Place::Crop => {
                let (start, span) = (roi.0, roi.1 - roi.0);
                let inside = if wide <= 1.0 {
                    span * (input - 1.0) / 2.0
                } else {
                    x * span * (input - 1.0) / (wide - 1.0)
                };
                inside + start * (input - 1.0)
            }
        }
    }

    /// Weights from the first position on, which is relative to the one below.
    fn weights(&self, ratio: f64, scale: f64) -> (i64, Vec<f64>) {
        let scale = if self.smooth { scale.min(1.0) } else { 1.0 };
        let reach = if self.mode == Mode::Cubic { 2.0 } else { 1.0 };
        let start = (-reach / scale).floor() + 1.0;
        let count = position(2.0 - 2.0 * start);
        let kernel = |t: f64| -> f64 {
            let (t, a) = (t.abs(), self.a);
            match self.mode {
                Mode::Linear | Mode::Nearest => (1.0 - t).max(0.0),
                Mode::Cubic if t <= 1.0 => (a + 2.0) * t.powi(3) - (a + 3.0) * t * t + 1.0,
                Mode::Cubic if t < 2.0 => a * t.powi(3) - 5.0 * a * t * t + 8.0 * a * t - 4.0 * a,
                Mode::Cubic => 0.0,
            }
        };
        let mut list: Vec<f64> =
            (0..count).map(|k| kernel((start + real(k) - ratio) * scale)).collect();
        let sum: f64 = list.iter().sum();
        for w in &mut list {
            *w /= sum;
        }
        (whole(start), list)
    }

    /// The position next to an element of the result.
    fn nearest(&self, x: f64, extent: usize, scale: f64, roi: (f64, f64)) -> usize {
        let origin = self.origin(x, real(extent), scale, roi);
        let (base, ratio) = (origin.floor(), origin - origin.floor());
        let up = match self.near {
            Near::Floor => false,
            Near::Ceil => ratio > 0.0,
            Near::PreferFloor => ratio > 0.5,
            Near::PreferCeil => ratio >= 0.5,
        };
        let near = (whole(base) + i64::from(up)).clamp(0, signed(extent) - 1);
        usize::try_from(near).unwrap_or(0)
    }

    /// Positions and weights of one element of the result; `None` outside of what is cropped.
    fn taps(
        &self,
        x: f64,
        extent: usize,
        scale: f64,
        roi: (f64, f64),
    ) -> Option<Vec<(usize, f64)>> {
        let last = signed(extent) - 1;
        let origin = self.origin(x, real(extent), scale, roi);
        if self.place == Place::Crop && (origin < 0.0 || origin > real_of(last)) {
            return None;
        }
        if self.mode == Mode::Nearest {
            return Some(vec![(self.nearest(x, extent, scale, roi), 1.0)]);
        }
        let clamp = |i: i64| usize::try_from(i.clamp(0, last)).unwrap_or(0);
        let (base, ratio) = (origin.floor(), origin - origin.floor());
        let (start, weights) = self.weights(ratio, scale);
        let first = whole(base) + start;
        let mut taps: Vec<(i64, f64)> = (first..).zip(weights).collect();
        if self.inside_only {
            taps.retain(|(i, _)| (0..=last).contains(i));
            let sum: f64 = taps.iter().map(|(_, w)| w).sum();
            for (_, w) in &mut taps {
                *w /= sum;
            }
        }
        Some(taps.into_iter().map(|(i, w)| (clamp(i), w)).collect())
    }
}

/// What is asked for: scales or sizes.
pub(super) enum Target {
    Scales(Vec<f64>),
    Sizes(Vec<usize>),
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let form = Form::of(setup)?;
    let old = setup.opset() < 11;
    one(move |args: Args<'_>| {
        let rank = args.get(0)?.shape().len();
        let along = match &form.axes {
            None => (0..rank).collect(),
            Some(given) => given.iter().map(|&i| axis(i, rank)).collect::<Result<Vec<_>, _>>()?,
        };
        let scales = if old { args.optional(1) } else { args.optional(2) };
        let target = match (scales.filter(|s| s.len() > 0), args.ints(3)?) {
            (Some(scales), _) => Target::Scales(wide(scales)?.data().to_vec()),
            (None, Some(sizes)) => Target::Sizes(extents(&sizes)?),
            (None, None) => return Err(misfit("neither scales nor sizes are given")),
        };
        let roi = match args.optional(1).filter(|_| form.place == Place::Crop) {
            Some(roi) => wide(roi)?.data().to_vec(),
            None => Vec::new(),
        };
        form.run(args, &along, &target, &roi)
    })
}

impl Form {
    /// Plain scaling, as `Upsample` has it.
    pub(super) fn upsample(setup: &Setup<'_>) -> Result<Self, Failure> {
        let words =
            [("nearest", Mode::Nearest), ("linear", Mode::Linear), ("bilinear", Mode::Linear)];
        Ok(Self {
            mode: setup.word("mode", &words)?,
            place: Place::Asymmetric,
            near: Near::Floor,
            policy: Policy::Stretch,
            a: -0.75,
            inside_only: false,
            outside: 0.0,
            smooth: false,
            axes: None,
        })
    }

    pub(super) fn run(
        &self,
        args: Args<'_>,
        along: &[usize],
        target: &Target,
        roi: &[f64],
    ) -> Result<TensorValue, Failure> {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let extent = |k: usize| at(value.shape(), at(along, k));
        let (sizes, scales) = self.sizes(along.len(), target, extent)?;
        let mut shape = value.shape().to_vec();
        if self.mode == Mode::Nearest && self.place != Place::Crop {
            // Elements move as they are.
            let mut picks = moves::whole(value.shape());
            for (k, &axis) in along.iter().enumerate() {
                let (size, own) = (at(&sizes, k), extent(k));
                if own == 0 {
                    return Err(misfit("an axis without elements cannot be resized"));
                }
                args.cx.room(&[size], 8)?;
                let near = |i: usize| self.nearest(real(i), own, at(&scales, k), (0.0, 0.0));
                if let Some(pick) = picks.get_mut(axis) {
                    *pick = (0..size).map(near).collect();
                }
            }
            return numbers!(value, _numbers => moves::take(args.cx, value, &picks));
        }
        let mut x = wide(value)?;
        let mut outside: Vec<Vec<bool>> = vec![Vec::new(); shape.len()];
        for (k, &axis) in along.iter().enumerate() {
            let (size, own) = (at(&sizes, k), extent(k));
            if own == 0 {
                return Err(misfit("an axis without elements cannot be resized"));
            }
            if let Some(slot) = shape.get_mut(axis) {
                *slot = size;
            }
            args.cx.room(&shape, 8)?;
            let roi = (at(roi, k), at(roi, along.len() + k));
            let taps: Vec<_> =
                (0..size).map(|i| self.taps(real(i), own, at(&scales, k), roi)).collect();
            if let Some(slot) = outside.get_mut(axis) {
                *slot = taps.iter().map(Option::is_none).collect();
            }
            let taps: Vec<_> = taps.into_iter().map(Option::unwrap_or_default).collect();
            x = resampled(args.cx, &x, axis, &taps, &shape)?;
        }
        if outside.iter().flatten().any(|&o| o) {
            let steps = strides(&shape);
            let mut data = x.data().to_vec();
            for (i, slot) in data.iter_mut().enumerate() {
                let place = |a: usize| i / at(&steps, a) % at(&shape, a);
                if outside.iter().enumerate().any(|(a, list)| at(list, place(a))) {
                    *slot = self.outside;
                }
            }
            x = Array::new(&shape, data)?;
        }
        cast(args.cx, &TensorValue::F64(x), kind)
    }

    fn sizes(
        &self,
        count: usize,
        target: &Target,
        extent: impl Fn(usize) -> usize,
    ) -> Result<(Vec<usize>, Vec<f64>), Failure> {
        let given = match target {
            Target::Scales(list) => list.len(),
            Target::Sizes(list) => list.len(),
        };
        if given != count {
            return Err(misfit(format!("{given} scales or sizes for {count} axes")));
        }
        Ok(match target {
            Target::Scales(scales) => {
                if scales.iter().any(|s| !(*s > 0.0 && s.is_finite())) {
                    return Err(misfit("a scale is not positive"));
                }
                let size = |(k, s): (usize, &f64)| position((s * real(extent(k))).floor());
                (scales.iter().enumerate().map(size).collect(), scales.clone())
            }
            Target::Sizes(sizes) => {
                let ratio = |(k, &n): (usize, &usize)| real(n) / real(extent(k).max(1));
                let ratios: Vec<f64> = sizes.iter().enumerate().map(ratio).collect();
                let common = match self.policy {
                    Policy::Stretch => return Ok((sizes.clone(), ratios)),
                    Policy::NotLarger => ratios.iter().copied().fold(f64::INFINITY, f64::min),
                    Policy::NotSmaller => ratios.iter().copied().fold(0.0, f64::max),
                };
                let size = |k: usize| position((common * real(extent(k)) + 0.5).floor());
                ((0..count).map(size).collect(), vec![common; count])
            }
        })
    }
}

/// Weighted sums along one axis.
fn resampled(
    cx: &Context,
    x: &Array<f64>,
    axis: usize,
    taps: &[Vec<(usize, f64)>],
    shape: &[usize],
) -> Result<Array<f64>, Failure> {
    let inner: usize = shape.iter().skip(axis + 1).product();
    let own = at(x.shape(), axis);
    let outer: usize = shape.iter().take(axis).product();
    let most = taps.iter().map(Vec::len).max().unwrap_or(0);
    cx.product([outer * inner, taps.len(), most])?;
    let mut out = Vec::with_capacity(cx.room(shape, 8)?);
    for row in 0..outer {
        for list in taps {
            for i in 0..inner {
                let x = |k: usize| at(x.data(), (row * own + k) * inner + i);
                out.push(list.iter().map(|(k, w)| w * x(*k)).sum());
            }
        }
    }
    Array::new(shape, out)
}
