//! Products of matrices in the widest registers of the host, on all its cores, with the same answers on every host.
//!
//! Lanes of a register are different elements of the result. Each element adds its products along the inner axis
//! one after the other, each rounded on its own, in blocks of [`BLOCK`], and then the sums of the blocks in their
//! order: neither registers, nor tiles, nor threads, nor the number of rows change an answer.
#![expect(clippy::inline_always, reason = "what is not inlined does not use the registers found")]

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::value::vector::Vector;

/// Products that are added before their sum is.
const BLOCK: usize = 256;
/// Rows of a tile whose sums stay in registers.
const ROWS: usize = 6;
/// Registers beside each other in a tile.
const WIDTH: usize = 2;
/// Columns that the tiles of every host divide.
const STEP: usize = 64;
/// Multiplications from which on threads share the work.
pub(super) const LARGE: usize = 1 << 18;

/// The right operand of a product, of which panels of columns are taken.
pub(super) trait Right<T>: Sync {
    /// Copies these lines of these columns into a panel of lines of `width`, which is zero elsewhere.
    fn pack(&self, lines: Range<usize>, columns: Range<usize>, panel: &mut [T], width: usize);

    /// The elements and the length of a line, where they lie as in a matrix.
    fn matrix(&self) -> Option<(&[T], usize)> {
        None
    }
}

/// A matrix in C order, or one whose lines are the columns.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'m, T> {
    pub(super) data: &'m [T],
    /// Elements of a line of what is there.
    pub(super) step: usize,
    pub(super) turned: bool,
}

impl<T: Vector> Right<T> for Matrix<'_, T> {
    #[inline(always)]
    fn pack(&self, lines: Range<usize>, columns: Range<usize>, panel: &mut [T], width: usize) {
        if self.turned {
            for (i, column) in columns.enumerate() {
                let start = column * self.step;
                let from = self.data.get(start + lines.start..start + lines.end);
                let slots = panel.iter_mut().skip(i).step_by(width);
                for (to, x) in slots.zip(from.unwrap_or_default()) {
                    *to = *x;
                }
            }
            return;
        }
        for (line, to) in lines.zip(panel.chunks_exact_mut(width)) {
            let start = line * self.step;
            let from = self.data.get(start + columns.start..start + columns.end);
            copy(to, from.unwrap_or_default());
        }
    }

    fn matrix(&self) -> Option<(&[T], usize)> {
        (!self.turned).then_some((self.data, self.step))
    }
}

/// Copies a few elements, where a call would take longer.
#[inline(always)]
pub(super) fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    for (slot, x) in to.iter_mut().zip(from) {
        *slot = *x;
    }
}

/// The left operand of products, its rows side by side in groups of [`ROWS`].
pub(super) struct Left<T> {
    data: Vec<T>,
    rows: usize,
    inner: usize,
}

impl<T: Vector> Left<T> {
    /// Packs the rows of a matrix in C order.
    pub(super) fn new(matrix: &[T], inner: usize) -> Self {
        let rows = matrix.len() / inner.max(1);
        let mut data = Vec::with_capacity(matrix.len());
        for group in matrix.chunks((ROWS * inner).max(1)) {
            match group.len() / inner.max(1) {
                1 => data.extend_from_slice(group),
                count => {
                    let start = data.len();
                    data.resize(start + group.len(), T::default());
                    let to = data.get_mut(start..).unwrap_or_default();
                    for (i, row) in group.chunks_exact(inner.max(1)).enumerate() {
                        for (slot, x) in to.iter_mut().skip(i).step_by(count).zip(row) {
                            *slot = *x;
                        }
                    }
                }
            }
        }
        Self { data, rows, inner }
    }

    /// A group of rows, and how many it has.
    #[inline(always)]
    fn group(&self, first: usize) -> (&[T], usize) {
        let count = ROWS.min(self.rows - first);
        let start = first * self.inner;
        (self.data.get(start..start + count * self.inner).unwrap_or_default(), count)
    }
}

/// One product, and where it goes.
pub(super) struct Product<'p, T, R> {
    pub(super) left: &'p Left<T>,
    pub(super) right: R,
    /// What is added to every row at last.
    pub(super) bias: Option<&'p [T]>,
    /// Rows of the left by columns of the right, in C order.
    pub(super) out: &'p mut [T],
}

/// A part of a product that one thread works at.
struct Part<'p, T, R> {
    left: &'p Left<T>,
    right: R,
    bias: Option<&'p [T]>,
    first_row: usize,
    first_column: usize,
    rows: Vec<&'p mut [T]>,
}

/// Computes products.
pub(super) fn multiply<T: Vector, R: Right<T> + Copy + Send>(products: Vec<Product<'_, T, R>>) {
    let threads = rayon::current_num_threads();
    let size = |p: &Product<'_, T, R>| p.out.len().saturating_mul(p.left.inner);
    let share = threads > 1 && products.iter().map(size).fold(0, usize::saturating_add) >= LARGE;
    // Products enough for every thread need not be divided.
    let pieces = if share { (threads * 4).div_ceil(products.len().max(1)) } else { 1 };
    let parts = products.into_iter().flat_map(|product| divide(product, pieces));
    let arch = Arch::new();
    if share {
        let parts: Vec<_> = parts.collect();
        parts.into_par_iter().for_each(|part| arch.dispatch(part));
    } else {
        parts.for_each(|part| arch.dispatch(part));
    }
}

/// Divides a product into about so many parts: by columns, and by rows where these do not do.
fn divide<T: Vector, R: Copy>(product: Product<'_, T, R>, pieces: usize) -> Vec<Part<'_, T, R>> {
    let Product { left, right, bias, out } = product;
    let columns = out.len() / left.rows.max(1);
    if columns == 0 {
        return Vec::new();
    }
    let length = columns.div_ceil(STEP).div_ceil(pieces) * STEP;
    let by_column = columns.div_ceil(length);
    let groups = left.rows.div_ceil(ROWS);
    let height = groups.div_ceil(pieces.div_ceil(by_column)) * ROWS;
    let mut parts = Vec::new();
    for (i, rows) in out.chunks_mut(height * columns).enumerate() {
        let mut lists: Vec<Vec<&mut [T]>> = (0..by_column).map(|_| Vec::new()).collect();
        for row in rows.chunks_mut(columns) {
            for (list, piece) in lists.iter_mut().zip(row.chunks_mut(length)) {
                list.push(piece);
            }
        }
        parts.extend(lists.into_iter().enumerate().map(|(j, rows)| Part {
            left,
            right,
            bias,
            first_row: i * height,
            first_column: j * length,
            rows,
        }));
    }
    parts
}

impl<T: Vector, R: Right<T>> WithSimd for Part<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = WIDTH * T::lanes::<S>();
        let columns = self.rows.first().map_or(0, |row| row.len());
        let inner = self.left.inner;
        let mut panel = vec![T::default(); width * BLOCK.min(inner)];
        let mut spare = vec![T::default(); ROWS * width];
        // What one row uses is not copied first.
        let direct = self.right.matrix().filter(|_| self.rows.len() == 1 && self.left.rows == 1);
        for start in (0..inner).step_by(BLOCK) {
            let lines = start..inner.min(start + BLOCK);
            for column in (0..columns).step_by(width) {
                let own = column..columns.min(column + width);
                let from = self.first_column + own.start..self.first_column + own.end;
                let mut place = Place { lines: lines.clone(), own, spare: &mut spare };
                match direct {
                    Some((data, step)) if from.len() == width => {
                        let line = |k: usize| {
                            let line = data.get(k * step + from.start..k * step + from.end);
                            line.and_then(|l| T::vectors::<S>(l).first_chunk::<WIDTH>())
                        };
                        let row = self.left.data.get(lines.clone()).unwrap_or_default();
                        let panel = lines.clone().filter_map(line);
                        place.tile::<S, 1>(simd, row.as_chunks().0, panel, &mut self.rows);
                    }
                    _ => {
                        self.right.pack(lines.clone(), from, &mut panel, width);
                        let panel = T::vectors::<S>(&panel).as_chunks::<WIDTH>().0;
                        place.tiles(simd, self.left, self.first_row, panel, &mut self.rows);
                    }
                }
            }
        }
        if let Some(bias) = self.bias {
            let bias = bias.get(self.first_row..).unwrap_or_default();
            for (row, b) in self.rows.iter_mut().zip(bias) {
                for x in row.iter_mut() {
                    *x = x.add(*b);
                }
            }
        }
    }
}

/// Where tiles stand: lines of the inner axis, and columns of the part.
struct Place<'s, T> {
    lines: Range<usize>,
    own: Range<usize>,
    spare: &'s mut [T],
}

impl<T: Vector> Place<'_, T> {
    /// All rows of a panel.
    #[inline(always)]
    fn tiles<S: Simd>(
        &mut self,
        simd: S,
        left: &Left<T>,
        first_row: usize,
        panel: &[[T::Of<S>; WIDTH]],
        rows: &mut [&mut [T]],
    ) {
        for (i, rows) in rows.chunks_mut(ROWS).enumerate() {
            let (group, count) = left.group(first_row + i * ROWS);
            let lines = self.lines.start * count..self.lines.end * count;
            let group = group.get(lines).unwrap_or_default();
            match count {
                1 => self.tile::<S, 1>(simd, group.as_chunks().0, panel.iter(), rows),
                2 => self.tile::<S, 2>(simd, group.as_chunks().0, panel.iter(), rows),
                3 => self.tile::<S, 3>(simd, group.as_chunks().0, panel.iter(), rows),
                4 => self.tile::<S, 4>(simd, group.as_chunks().0, panel.iter(), rows),
                5 => self.tile::<S, 5>(simd, group.as_chunks().0, panel.iter(), rows),
                _ => self.tile::<S, ROWS>(simd, group.as_chunks().0, panel.iter(), rows),
            }
        }
    }

    /// Adds the products of a block to a tile.
    #[inline(always)]
    fn tile<'b, S: Simd, const R: usize>(
        &mut self,
        simd: S,
        left: &[[T; R]],
        panel: impl Iterator<Item = &'b [T::Of<S>; WIDTH]>,
        rows: &mut [&mut [T]],
    ) where
        T::Of<S>: 'b,
    {
        let mut sums = [[T::splat(simd, T::default()); WIDTH]; R];
        for (a, b) in left.iter().zip(panel) {
            for (sums, x) in sums.iter_mut().zip(a) {
                let x = T::splat(simd, *x);
                for (sum, y) in sums.iter_mut().zip(b) {
                    *sum = T::plus(simd, *sum, T::times(simd, x, *y));
                }
            }
        }
        // By way of memory, once: sums that are looked up by a row would be there all the time.
        let spare = T::vectors_mut::<S>(self.spare).as_chunks_mut::<WIDTH>().0;
        if let Some(slots) = spare.first_chunk_mut::<R>() {
            for (slot, sum) in slots.iter_mut().zip(sums) {
                *slot = sum;
            }
        }
        let first = self.lines.start == 0;
        let width = WIDTH * T::lanes::<S>();
        for (row, sums) in rows.iter_mut().zip(self.spare.chunks_exact(width)) {
            let to = row.get_mut(self.own.clone()).unwrap_or_default();
            if first {
                copy(to, sums);
            } else {
                for (slot, sum) in to.iter_mut().zip(sums) {
                    *slot = slot.add(*sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
