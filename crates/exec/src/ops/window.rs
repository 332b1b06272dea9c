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

/// Where the elements that windows see lie in a plane with its padding: at the start of a line of windows, plus
/// where a cell lies in a window, plus the number of the window on its line. To make it so, what steps of the
/// last axis pass over lies behind what they meet.
#[derive(Debug)]
pub(super) struct Layout {
    /// Windows on every axis.
    pub(super) places: Vec<usize>,
    /// Starts of lines of windows.
    pub(super) lines: Vec<usize>,
    /// Windows of a line.
    pub(super) width: usize,
    /// Where the cells of a kernel lie.
    pub(super) cells: Vec<usize>,
    /// Elements of a plane with its padding.
    pub(super) size: usize,
    /// Elements of a plane without.
    own: usize,
    /// How planes get their padding, where they need it.
    padding: Option<Padding>,
}

#[derive(Debug)]
struct Padding {
    input: Vec<usize>,
    before: Vec<i64>,
    /// Extents that windows see.
    seen: Vec<usize>,
    steps: Vec<usize>,
    /// Step of the windows on the last axis, and elements between what one step meets and what it passes over.
    step: usize,
    apart: usize,
}

impl Padding {
    /// Where a position of the input lies on a leading axis.
    fn place(&self, axis: usize, x: usize) -> Option<usize> {
        let p = signed(x).saturating_add(at(&self.before, axis));
        let p = usize::try_from(p).ok().filter(|&p| p < at(&self.seen, axis))?;
        Some(p * at(&self.steps, axis))
    }

    fn fill<T: Copy>(&self, plane: &[T], into: &mut [T]) {
        let last = self.input.len() - 1;
        let (extent, seen) = (at(&self.input, last), at(&self.seen, last));
        let (before, own) = (at(&self.before, last), strides(&self.input));
        for (i, line) in plane.chunks(extent.max(1)).enumerate() {
            let start = (0..last).try_fold(0, |sum, axis| {
                let x = i * extent / at(&own, axis) % at(&self.input, axis);
                self.place(axis, x).map(|place| sum + place)
            });
            let Some(start) = start else { continue };
            for phase in 0..self.step.min(seen) {
                // The first element that such steps meet, and where.
                let near = signed(phase).saturating_sub(before);
                let over = near.rem_euclid(signed(self.step));
                let x = if near >= 0 { near } else { over };
                let place = x.saturating_add(before) / signed(self.step);
                let (Ok(x), Ok(place)) = (usize::try_from(x), usize::try_from(place)) else {
                    continue;
                };
                let most = seen.saturating_sub(phase).div_ceil(self.step).saturating_sub(place);
                let from = start + phase * self.apart + place;
                let slots = into.iter_mut().skip(from).take(most);
                let found = line.iter().skip(x).step_by(self.step);
                slots.zip(found).for_each(|(slot, x)| *slot = *x);
            }
        }
    }
}

impl Layout {
    /// A plane with its padding, in a list of zeros.
    pub(super) fn pad<T: Copy>(&self, plane: &[T], into: &mut [T]) {
        match &self.padding {
            Some(padding) => padding.fill(plane, into),
            None => into.iter_mut().zip(plane).for_each(|(slot, x)| *slot = *x),
        }
    }

    /// Planes with their padding; `None` where they need none.
    pub(super) fn padded<T: Number>(
        &self,
        cx: &Context,
        planes: &[T],
        count: usize,
    ) -> Result<Option<Vec<T>>, Failure> {
        if self.padding.is_none() {
            return Ok(None);
        }
        let total = cx.room(&[count, self.size], size_of::<T>())?;
        let mut out = vec![T::default(); total];
        if self.own > 0 {
            let pairs = planes.chunks(self.own).zip(out.chunks_mut(self.size));
            pairs.for_each(|(plane, into)| self.pad(plane, into));
        }
        Ok(Some(out))
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

    /// Where the elements that windows see lie.
    pub(super) fn layout(
        &self,
        cx: &Context,
        input: &[usize],
        kernel: &[usize],
    ) -> Result<Layout, Failure> {
        let axes = self.axes(input, kernel)?;
        let places: Vec<usize> = axes.iter().map(|(count, ..)| *count).collect();
        let own = cx.room(input, 0)?;
        let empty = Layout {
            places,
            lines: vec![0],
            width: 1,
            cells: vec![0],
            size: own,
            own,
            padding: None,
        };
        let Some(last) = input.len().checked_sub(1) else { return Ok(empty) };
        let places = empty.places;
        if places.contains(&0) || kernel.contains(&0) {
            return Ok(Layout { places, cells: Vec::new(), ..empty });
        }
        let before: Vec<i64> = axes.iter().map(|(_, before, _)| *before).collect();
        let far = |i: usize| {
            let start = signed(at(&places, i) - 1).saturating_mul(signed(self.stride(i)));
            let seen = start.saturating_add(self.reach(i, at(kernel, i)));
            usize::try_from(seen).unwrap_or(usize::MAX)
        };
        let seen: Vec<usize> = (0..=last).map(far).collect();
        let step = self.stride(last);
        let plain = step == 1
            && before.iter().all(|&before| before == 0)
            && seen.iter().zip(input).all(|(seen, own)| seen <= own);
        let apart = at(&seen, last).div_ceil(step);
        let mut extents = if plain { input.to_vec() } else { seen.clone() };
        if let (Some(slot), false) = (extents.last_mut(), plain) {
            *slot = apart.saturating_mul(step);
        }
        let size = cx.room(&extents, 1)?;
        let steps = strides(&extents);
        let (lead, width) = (places.get(..last).unwrap_or_default(), at(&places, last));
        cx.room(lead, size_of::<usize>())?;
        cx.room(kernel, size_of::<usize>())?;
        let list = |shape: &[usize], move_by: &dyn Fn(usize) -> usize| {
            // Where there is one position, its step may be of any size, and is never taken.
            let step = |(i, n): (usize, &usize)| {
                if *n == 1 { 0 } else { at(&steps, i).saturating_mul(move_by(i)) }
            };
            let own: Vec<usize> = shape.iter().enumerate().map(step).collect();
            let mut out = Vec::new();
            walk(shape, &own, |offset| out.push(offset));
            out
        };
        let mut lines = list(lead, &|i| self.stride(i));
        let leading = list(kernel.get(..last).unwrap_or_default(), &|i| self.dilation(i));
        let cell = |c: usize| {
            let p = c * self.dilation(last);
            if plain { p } else { p % step * apart + p / step }
        };
        let row: Vec<usize> = (0..at(kernel, last)).map(cell).collect();
        let cells = leading.iter().flat_map(|lead| row.iter().map(move |c| lead + c)).collect();
        let mut width = width;
        if lines.iter().enumerate().all(|(i, line)| *line == i * width) {
            // Lines that lie one behind the other are one.
            width *= lines.len();
            lines = vec![0];
        }
        let padding =
            (!plain).then(|| Padding { input: input.to_vec(), before, seen, steps, step, apart });
        Ok(Layout { places, lines, width, cells, size, own, padding })
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
