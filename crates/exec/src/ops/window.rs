//! Windows that slide over the spatial axes: where they stand, and which elements they see.

use super::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Auto {
    Not,
    Upper,
    Lower,
    Valid,
}

/// The attributes of a window.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) kernel: Option<Vec<usize>>,
    pub(super) strides: Vec<usize>,
    pub(super) dilations: Vec<usize>,
    pub(super) pads: Vec<i64>,
    pub(super) auto: Auto,
    pub(super) ceil: bool,
}

/// What one window sees.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// Positions in the kernel, and in the input.
    pub(super) taps: Vec<(usize, usize)>,
    /// How many positions lie within the padded input.
    pub(super) padded: usize,
}

/// Windows over an input.
pub(super) struct Placed {
    pub(super) shape: Vec<usize>,
    pub(super) views: Vec<View>,
}

/// What one cell of a kernel sees on one line of windows: elements at equal steps, for windows side by
/// side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The cell.
    pub(super) cell: usize,
    to: usize,
    from: usize,
    count: usize,
    step: usize,
}

impl Run {
    /// Whether another run of the same cell goes on where this one ends.
    const fn continues(&self, next: &Self) -> bool {
        self.cell == next.cell
            && self.step == 1
            && next.step == 1
            && self.to + self.count == next.to
            && self.from + self.count == next.from
    }

    /// Adds what the cell sees, times its weight, to the windows of a plane.
    pub(super) fn add(&self, windows: &mut [f64], plane: &[f64], weight: f64) {
        let into = windows.get_mut(self.to..self.to + self.count).unwrap_or_default();
        let seen = plane.get(self.from..).unwrap_or_default();
        if self.step == 1 {
            for (sum, x) in into.iter_mut().zip(seen) {
                *sum += x * weight;
            }
        } else {
            for (sum, x) in into.iter_mut().zip(seen.iter().step_by(self.step)) {
                *sum += x * weight;
            }
        }
    }
}

impl Window {
    pub(super) fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let list = |name: &str| setup.sizes(name).map(Option::unwrap_or_default);
        let (strides, dilations) = (list("strides")?, list("dilations")?);
        if strides.iter().chain(&dilations).any(|&n| n == 0) {
            return Err(setup.refuse("a stride or dilation of 0 goes nowhere"));
        }
        let words = [
            ("NOTSET", Auto::Not),
            ("SAME_UPPER", Auto::Upper),
            ("SAME_LOWER", Auto::Lower),
            ("VALID", Auto::Valid),
        ];
        Ok(Self {
            kernel: setup.sizes("kernel_shape")?,
            strides,
            dilations,
            pads: setup.ints("pads")?.unwrap_or_default(),
            auto: setup.word("auto_pad", &words)?,
            ceil: setup.flag("ceil_mode", false)?,
        })
    }

    pub(super) fn stride(&self, i: usize) -> usize {
        self.strides.get(i).copied().unwrap_or(1)
    }

    pub(super) fn dilation(&self, i: usize) -> usize {
        self.dilations.get(i).copied().unwrap_or(1)
    }

    /// Extent of the kernel with its gaps.
    pub(super) fn reach(&self, i: usize, kernel: usize) -> i64 {
        let gaps = signed(kernel).saturating_sub(1).max(0);
        gaps.saturating_mul(signed(self.dilation(i))).saturating_add(1)
    }

    /// Windows on one axis, and the padding before and after.
    fn axis(&self, i: usize, rank: usize, extent: usize, kernel: usize) -> (usize, i64, i64) {
        let (extent, stride) = (signed(extent), signed(self.stride(i)));
        let reach = self.reach(i, kernel);
        let (before, after, count) = match self.auto {
            Auto::Not => {
                let (before, after) = (at(&self.pads, i), at(&self.pads, rank + i));
                let room =
                    extent.saturating_add(before).saturating_add(after).saturating_sub(reach);
                let mut count = room.div_euclid(stride) + 1;
                if self.ceil && room > 0 && room % stride != 0 {
                    count += 1;
                    // No window begins behind the input and the padding before it.
                    if (count - 1).saturating_mul(stride) >= extent.saturating_add(before) {
                        count -= 1;
                    }
                }
                (before, after, count)
            }
            Auto::Valid => (0, 0, extent.saturating_sub(reach).div_euclid(stride) + 1),
            Auto::Upper | Auto::Lower => {
                let count = (extent - 1).div_euclid(stride) + 1;
                let total = ((count - 1)
                    .saturating_mul(stride)
                    .saturating_add(reach)
                    .saturating_sub(extent))
                .max(0);
                let half = total / 2;
                let before = if self.auto == Auto::Upper { half } else { total - half };
                (before, total - before, count)
            }
        };
        (usize::try_from(count.max(0)).unwrap_or(0), before, after)
    }

    /// Windows on every axis, and the padding before and after.
    fn axes(&self, input: &[usize], kernel: &[usize]) -> Result<Vec<(usize, i64, i64)>, Failure> {
        let rank = input.len();
        let listed = [self.strides.len(), self.dilations.len(), self.pads.len().div_ceil(2)];
        if kernel.len() != rank || listed.iter().any(|&n| n != 0 && n != rank) {
            return Err(misfit(format!("the window does not have {rank} axes")));
        }
        Ok((0..rank).map(|i| self.axis(i, rank, at(input, i), at(kernel, i))).collect())
    }

    /// How many windows stand on each axis.
    pub(super) fn counts(&self, input: &[usize], kernel: &[usize]) -> Result<Vec<usize>, Failure> {
        Ok(self.axes(input, kernel)?.into_iter().map(|(count, ..)| count).collect())
    }

    /// How many windows stand on each axis, and what the cells of the kernel see of the input, line by
    /// line and each line in the order of the cells.
    pub(super) fn runs(
        &self,
        cx: &Context,
        input: &[usize],
        kernel: &[usize],
    ) -> Result<(Vec<usize>, Vec<Run>), Failure> {
        let axes = self.axes(input, kernel)?;
        let places: Vec<usize> = axes.iter().map(|(count, ..)| *count).collect();
        let Some((&width, lines)) = places.split_last() else {
            // Without axes there is one window of one cell.
            let run = Run { cell: 0, to: 0, from: 0, count: 1, step: 1 };
            return Ok((places, vec![run]));
        };
        let listed: Vec<usize> = lines.iter().chain(kernel).copied().collect();
        cx.room(&listed, size_of::<Run>())?;
        cx.room(lines, size_of::<Vec<usize>>() + 8 * lines.len())?;
        cx.room(kernel, size_of::<Vec<usize>>() + 8 * kernel.len())?;
        let last = lines.len();
        let (steps, cells) = (strides(input), every(kernel));
        // Where a window reads on an axis, before the input as well.
        let read = |i: usize, window: usize, cell: usize| {
            let start = signed(window.saturating_mul(self.stride(i)));
            let gap = signed(cell.saturating_mul(self.dilation(i)));
            let before = axes.get(i).map_or(0, |(_, before, _)| *before);
            start.saturating_add(gap).saturating_sub(before)
        };
        let mut runs: Vec<Run> = Vec::new();
        for (line, index) in every(lines).iter().enumerate() {
            for (k, cell) in cells.iter().enumerate() {
                let mut offset = Some(0);
                for i in 0..last {
                    let x = usize::try_from(read(i, at(index, i), at(cell, i))).ok();
                    let x = x.filter(|&x| x < at(input, i));
                    offset = offset.and_then(|o: usize| Some(o + x? * at(&steps, i)));
                }
                let Some(offset) = offset else { continue };
                let (extent, step) = (signed(at(input, last)), self.stride(last));
                let zero = read(last, 0, at(cell, last));
                // The first window that reads within the input, and the first that does no more.
                let behind = |x: i64| {
                    let missing = x.saturating_sub(zero).max(0);
                    let over = i64::from(missing % signed(step) != 0);
                    usize::try_from(missing / signed(step) + over).unwrap_or(usize::MAX).min(width)
                };
                let (first, end) = (behind(0), behind(extent));
                let from = zero.saturating_add(signed(first.saturating_mul(step)));
                if let (Ok(from), true) = (usize::try_from(from), first < end) {
                    let to = line * width + first;
                    let run = Run { cell: k, to, from: offset + from, count: end - first, step };
                    match runs.last_mut() {
                        // Lines that a kernel of one cell reads whole are one.
                        Some(before) if before.continues(&run) => before.count += run.count,
                        _ => runs.push(run),
                    }
                }
            }
        }
        Ok((places, runs))
    }

    /// Every window over the spatial axes of an input.
    pub(super) fn place(
        &self,
        cx: &Context,
        input: &[usize],
        kernel: &[usize],
    ) -> Result<Placed, Failure> {
        let axes = self.axes(input, kernel)?;
        let shape: Vec<usize> = axes.iter().map(|(count, ..)| *count).collect();
        let taps: Vec<usize> = shape.iter().chain(kernel).copied().collect();
        cx.room(&taps, size_of::<(usize, usize)>())?;
        cx.room(&shape, size_of::<View>())?;
        cx.room(kernel, size_of::<View>())?;
        let (steps, places) = (strides(input), every(kernel));
        let views = every(&shape)
            .iter()
            .map(|window| {
                let mut view = View::default();
                for (k, place) in places.iter().enumerate() {
                    let mut offset = Some(0);
                    let mut inside = true;
                    for (i, &(_, before, after)) in axes.iter().enumerate() {
                        let start = signed(at(window, i).saturating_mul(self.stride(i)));
                        let gap = signed(at(place, i).saturating_mul(self.dilation(i)));
                        let x = start.saturating_add(gap).saturating_sub(before);
                        inside &= x < signed(at(input, i)).saturating_add(after);
                        let x = usize::try_from(x).ok().filter(|&x| x < at(input, i));
                        offset = offset.and_then(|o: usize| Some(o + x? * at(&steps, i)));
                    }
                    view.padded += usize::from(inside);
                    view.taps.extend(offset.map(|offset| (k, offset)));
                }
                view
            })
            .collect();
        Ok(Placed { shape, views })
    }
}

/// Every index of a shape, in order.
pub(super) fn every(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut out = Vec::new();
    let steps = strides(shape);
    let count = elements(shape).unwrap_or(0);
    for i in 0..count {
        out.push(shape.iter().zip(&steps).map(|(n, step)| i / step % n).collect());
    }
    out
}

/// Batch, channels and spatial extents.
pub(super) fn image(shape: &[usize]) -> Result<(usize, usize, &[usize]), Failure> {
    match shape {
        [n, c, rest @ ..] => Ok((*n, *c, rest)),
        _ => Err(misfit("expected a batch of channels")),
    }
}

/// A value for every window and channel, in the type of the input.
pub(super) fn pooled(
    args: Args<'_>,
    window: &Window,
    f: impl Fn(&View, &[f64], usize) -> f64,
) -> Result<TensorValue, Failure> {
    let value = args.get(0)?;
    let kind = value.element_type().ok_or_else(|| unfit(value))?;
    let (n, c, spatial) = image(value.shape())?;
    let kernel = window.kernel.clone().unwrap_or_else(|| spatial.to_vec());
    let placed = window.place(args.cx, spatial, &kernel)?;
    let x = wide(value)?;
    let cells = kernel.iter().product::<usize>();
    args.cx.product([n * c, placed.views.len(), cells])?;
    let size = spatial.iter().product::<usize>();
    let mut out = Vec::new();
    for plane in 0..n * c {
        let own = x.data().get(plane * size..(plane + 1) * size).unwrap_or_default();
        out.extend(placed.views.iter().map(|view| f(view, own, cells)));
    }
    let mut shape = vec![n, c];
    shape.extend(&placed.shape);
    super::onnx::cast::cast(args.cx, &TensorValue::F64(Array::new(&shape, out)?), kind)
}
