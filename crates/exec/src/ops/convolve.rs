//! Convolution, as several operators share it: a product of the kernels and of what they see. A sum adds channel by
//! channel, and in each the cells of the kernel in their order, in the blocks that [`super::panels`] says; what lies
//! outside of the input is zero. Channels on their own, one kernel each, add all cells one after the other.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::{
    iter::{IndexedParallelIterator, ParallelIterator},
    slice::ParallelSliceMut,
};

use super::{
    panels::{LARGE, Left, Product, Right, copy, multiply},
    prelude::*,
    window::{Layout, Window, image},
};
use crate::value::vector::Vector;

/// Channels in groups times kernels, summed over every window, and what is added to each map.
pub(super) fn convolve<T: Vector>(
    cx: &Context,
    window: &Window,
    groups: usize,
    x: &Array<T>,
    w: &Array<T>,
    bias: Option<&Array<T>>,
) -> Result<Array<T>, Failure> {
    let (n, channels, spatial) = image(x.shape())?;
    let (maps, depth, kernel) = image(w.shape())?;
    if groups == 0
        || depth.checked_mul(groups) != Some(channels)
        || !maps.is_multiple_of(groups)
        || window.kernel.as_ref().is_some_and(|k| k != kernel)
    {
        return Err(misfit(format!("kernels of {:?} do not fit {:?}", w.shape(), x.shape())));
    }
    if let Some(bias) = bias.filter(|bias| bias.len() != maps) {
        return Err(misfit(format!("{} values for {maps} channels", bias.len())));
    }
    let layout = window.layout(cx, spatial, kernel)?;
    let cells = layout.cells.len();
    let mut shape = vec![n, maps];
    shape.extend(&layout.places);
    let total = cx.room(&shape, size_of::<T>())?;
    cx.product([total, depth, cells])?;
    let bias = bias.map(Array::data);
    let mut out = vec![T::default(); total];
    let windows = layout.places.iter().product::<usize>();
    if total == 0 {
        return Array::new(&shape, out);
    }
    if depth * cells == 0 {
        for (plane, sums) in out.chunks_mut(windows).enumerate() {
            sums.fill(bias.map_or(T::default(), |b| at(b, plane % maps)));
        }
        return Array::new(&shape, out);
    }
    let size = spatial.iter().product::<usize>();
    if depth == 1 && maps / groups <= ALONE {
        let plane = |(plane, sums): (usize, &mut [T])| {
            let (batch, map) = (plane / maps, plane % maps);
            let from = (batch * channels + map / (maps / groups)) * size;
            let seen = x.data().get(from..from + size).unwrap_or_default();
            let cells = w.data().get(map * cells..(map + 1) * cells).unwrap_or_default();
            let bias = bias.map(|b| at(b, map));
            let alone = Alone { layout: &layout, seen, cells, bias };
            Arch::new().dispatch(Moved { alone, sums });
        };
        if total.saturating_mul(cells) >= LARGE && rayon::current_num_threads() > 1 {
            out.par_chunks_mut(windows).enumerate().for_each(plane);
        } else {
            out.chunks_mut(windows).enumerate().for_each(plane);
        }
        return Array::new(&shape, out);
    }
    let padded = layout.padded(cx, x.data(), n * channels)?;
    let planes = padded.as_deref().unwrap_or(x.data());
    let own = maps / groups;
    let lefts: Vec<Left<T>> =
        w.data().chunks(own * depth * cells).map(|w| Left::new(w, depth * cells)).collect();
    let products = out.chunks_mut(own * windows).enumerate().zip(lefts.iter().cycle());
    let products = products.map(|((i, out), left)| {
        let planes = planes.get(i * depth * layout.size..).unwrap_or_default();
        let group = i % groups * own;
        let bias = bias.and_then(|b| b.get(group..group + own));
        Product { left, right: Patches { layout: &layout, planes }, bias, out }
    });
    multiply(products.collect());
    Array::new(&shape, out)
}

/// Kernels of one channel up to which each is moved over it on its own.
const ALONE: usize = 2;

/// What the cells of a kernel see of channels: a line for every channel and cell, a column for every window.
#[derive(Clone, Copy)]
struct Patches<'p, T> {
    layout: &'p Layout,
    planes: &'p [T],
}

impl<T: Vector> Right<T> for Patches<'_, T> {
    #[expect(clippy::inline_always, reason = "it is to use the registers of its caller")]
    #[inline(always)]
    fn pack(&self, lines: Range<usize>, columns: Range<usize>, panel: &mut [T], width: usize) {
        let Layout { cells, lines: starts, width: long, size, .. } = self.layout;
        let cell = |line: usize| line / cells.len() * size + at(cells, line % cells.len());
        let (first, x) = (columns.start / long, columns.start % long);
        if x + columns.len() <= *long {
            // All columns are windows side by side.
            let start = at(starts, first) + x;
            for (line, to) in lines.zip(panel.chunks_exact_mut(width)) {
                let from = start + cell(line);
                let from = self.planes.get(from..from + columns.len()).unwrap_or_default();
                copy(to, from);
            }
            return;
        }
        for (line, to) in lines.zip(panel.chunks_exact_mut(width)) {
            let (start, mut x, mut row, mut to) = (cell(line), x, first, to);
            let mut left = columns.len();
            while left > 0 {
                let count = left.min(long - x);
                let from = start + at(starts, row) + x;
                let Some((now, rest)) = to.split_at_mut_checked(count) else { break };
                copy(now, self.planes.get(from..from + count).unwrap_or_default());
                (left, row, x, to) = (left - count, row + 1, 0, rest);
            }
        }
    }
}

/// One kernel moved over one channel.
struct Alone<'p, T> {
    layout: &'p Layout,
    seen: &'p [T],
    cells: &'p [T],
    bias: Option<T>,
}

/// The same, and where it goes.
struct Moved<'p, T> {
    alone: Alone<'p, T>,
    sums: &'p mut [T],
}

impl<T: Vector> WithSimd for Moved<'_, T> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "it is to use the registers found")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { alone, sums } = self;
        let lanes = T::lanes::<S>();
        // What stands behind the last line is read by lanes that nobody asks for.
        let mut plane = vec![T::default(); alone.layout.size + lanes];
        alone.layout.pad(alone.seen, &mut plane);
        let mut spare = vec![T::default(); lanes];
        for (&line, sums) in alone.layout.lines.iter().zip(sums.chunks_mut(alone.layout.width)) {
            let whole = sums.len() - sums.len() % (SIDE * lanes);
            let (many, rest) = sums.split_at_mut(whole);
            for (i, sums) in many.chunks_mut(SIDE * lanes).enumerate() {
                alone.sum::<S, SIDE>(simd, plane.get(line + i * SIDE * lanes..), sums);
            }
            for (i, sums) in rest.chunks_mut(lanes).enumerate() {
                let from = plane.get(line + whole + i * lanes..);
                if sums.len() == lanes {
                    alone.sum::<S, 1>(simd, from, sums);
                } else {
                    alone.sum::<S, 1>(simd, from, &mut spare);
                    copy(sums, &spare);
                }
            }
        }
    }
}

/// Registers of sums side by side.
const SIDE: usize = 4;

impl<T: Vector> Alone<'_, T> {
    /// The sums of a few windows, from where they begin.
    #[expect(clippy::inline_always, reason = "it is to use the registers of its caller")]
    #[inline(always)]
    fn sum<S: Simd, const N: usize>(&self, simd: S, plane: Option<&[T]>, to: &mut [T]) {
        let plane = plane.unwrap_or_default();
        let mut sums = [T::splat(simd, T::default()); N];
        for (offset, weight) in self.layout.cells.iter().zip(self.cells) {
            let from = plane.get(*offset..).unwrap_or_default();
            let Some(from) = T::vectors::<S>(from).first_chunk::<N>() else { return };
            let weight = T::splat(simd, *weight);
            for (sum, x) in sums.iter_mut().zip(from) {
                *sum = T::plus(simd, *sum, T::times(simd, *x, weight));
            }
        }
        if let Some(bias) = self.bias {
            let bias = T::splat(simd, bias);
            sums = sums.map(|sum| T::plus(simd, sum, bias));
        }
        if let Some(slots) = T::vectors_mut::<S>(to).first_chunk_mut::<N>() {
            *slots = sums;
        }
    }
}

/// The number of groups.
pub(super) fn groups(setup: &Setup<'_>) -> Result<usize, Failure> {
    usize::try_from(setup.int("group", 1)?)
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| setup.refuse("the number of groups is not positive"))
}
