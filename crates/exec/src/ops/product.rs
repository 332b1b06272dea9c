//! Products of matrices. Products are added in the order of the inner axis, whatever the number of rows.

use holdall_diag::Failure;

use super::{
    args::misfit,
    elementwise::{broadcast, plan},
};
use crate::{Array, context::Context, value::number::Number};

/// Rows and columns of a block whose sums stay in registers.
const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// Rows of `a` times the matrix `b`; halves are added in binary64 and rounded once.
pub(super) fn multiply<T: Number>(a: &[T], b: &[T], inner: usize, columns: usize) -> Vec<T> {
    if T::FLOAT && size_of::<T>() == 2 {
        let wide = |list: &[T]| list.iter().map(|x| x.wide()).collect::<Vec<f64>>();
        let product = multiply(&wide(a), &wide(b), inner, columns);
        return product.into_iter().map(T::of).collect();
    }
    let rows = a.len() / inner.max(1);
    let mut out = vec![T::default(); rows * columns];
    let blocks = rows - rows % ROWS;
    let (whole, rest) = a.split_at(blocks * inner);
    if blocks > 0 {
        let mut panel = vec![[T::default(); COLUMNS]; inner];
        for column in (0..columns).step_by(COLUMNS) {
            let width = COLUMNS.min(columns - column);
            for (to, line) in panel.iter_mut().zip(b.chunks_exact(columns)) {
                for (slot, x) in to.iter_mut().zip(line.iter().skip(column).take(width)) {
                    *slot = *x;
                }
            }
            for (block, lines) in
                whole.chunks_exact(ROWS * inner).zip(out.chunks_mut(ROWS * columns))
            {
                for (line, sums) in lines.chunks_mut(columns).zip(block_sums(block, &panel, inner))
                {
                    for (slot, x) in line.iter_mut().skip(column).zip(sums.iter().take(width)) {
                        *slot = *x;
                    }
                }
            }
        }
    }
    let left = out.get_mut(blocks * columns..).unwrap_or_default();
    for (row, sums) in rest.chunks_exact(inner.max(1)).zip(left.chunks_mut(columns.max(1))) {
        for (&x, line) in row.iter().zip(b.chunks_exact(columns.max(1))) {
            for (sum, &y) in sums.iter_mut().zip(line) {
                *sum = sum.add(x.mul(y));
            }
        }
    }
    out
}

/// The sums of a block: each adds its products in the order of the inner axis.
fn block_sums<T: Number>(
    block: &[T],
    panel: &[[T; COLUMNS]],
    inner: usize,
) -> [[T; COLUMNS]; ROWS] {
    let mut sums = [[T::default(); COLUMNS]; ROWS];
    let mut lines = block.chunks_exact(inner);
    let mut next = || lines.next().unwrap_or_default().iter();
    let (first, second, third, fourth) = (next(), next(), next(), next());
    for ((((y, a), b), c), d) in panel.iter().zip(first).zip(second).zip(third).zip(fourth) {
        for (sums, x) in sums.iter_mut().zip([*a, *b, *c, *d]) {
            for (sum, &y) in sums.iter_mut().zip(y) {
                *sum = sum.add(x.mul(y));
            }
        }
    }
    sums
}

/// The product of two tensors as stacks of matrices; vectors are a row on the left, a column on the
/// right.
pub(super) fn matmul<T: Number>(
    cx: &Context,
    a: &Array<T>,
    b: &Array<T>,
) -> Result<Array<T>, Failure> {
    let (left, rows, inner) = match *a.shape() {
        [inner] => (&[][..], 1, inner),
        [ref left @ .., rows, inner] => (left, rows, inner),
        [] => return Err(misfit("a scalar is not a matrix")),
    };
    let (right, other, columns) = match *b.shape() {
        [inner] => (&[][..], inner, 1),
        [ref right @ .., inner, columns] => (right, inner, columns),
        [] => return Err(misfit("a scalar is not a matrix")),
    };
    if inner != other {
        return Err(misfit(format!("inner extents {inner} and {other} differ")));
    }
    let stack = broadcast(left, right)?;
    let mut shape = stack.clone();
    shape.extend((a.shape().len() > 1).then_some(rows));
    shape.extend((b.shape().len() > 1).then_some(columns));
    let total = cx.room(&shape, size_of::<T>())?;
    cx.product([total, inner, 1])?;
    let count = stack.iter().product::<usize>();
    let all = |plan: Option<Vec<usize>>| plan.unwrap_or_else(|| (0..count).collect());
    let (first, second) = (all(plan(cx, left, &stack)?), all(plan(cx, right, &stack)?));
    let mut data = Vec::with_capacity(total);
    for (i, j) in first.into_iter().zip(second) {
        let x = a.data().get(i * rows * inner..(i + 1) * rows * inner).unwrap_or_default();
        let y = b.data().get(j * inner * columns..(j + 1) * inner * columns).unwrap_or_default();
        if inner == 0 {
            // Nothing says how many rows there are but the shape.
            data.extend(std::iter::repeat_n(T::default(), rows * columns));
        } else {
            data.extend(multiply(x, y, inner, columns));
        }
    }
    Array::new(&shape, data)
}
