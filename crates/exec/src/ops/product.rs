//! Products of matrices. An element adds its products in the order that [`super::panels`] says.

use holdall_diag::Failure;

use super::{
    args::misfit,
    elementwise::{broadcast, plan},
    panels::{Left, Matrix, Product, multiply},
};
use crate::{
    Array,
    context::Context,
    value::{number::Number, vector::Summed},
};

/// How two stacks of matrices meet.
struct Stacks {
    rows: usize,
    inner: usize,
    columns: usize,
    /// Whether the lines of the right matrices are their columns.
    turned: bool,
    /// Matrices of the left and of the right for each of the result.
    pairs: Vec<(usize, usize)>,
}

impl Stacks {
    /// The products, one after the other.
    fn multiply<T: Summed>(mut self, a: &[T], b: &[T]) -> Vec<T> {
        let total = self.pairs.len() * self.rows * self.columns;
        let mut out = vec![T::Sum::default(); total];
        if self.inner == 0 || total == 0 {
            return T::narrower(out);
        }
        self.merge();
        let Self { rows, inner, columns, turned, pairs } = self;
        let (a, b) = (T::wider(a), T::wider(b));
        let (own, other) = (rows * inner, inner * columns);
        let x = |i: usize| a.get(i * own..(i + 1) * own).unwrap_or_default();
        let y = |j: usize| b.get(j * other..(j + 1) * other).unwrap_or_default();
        // A matrix times a column is the column, as a row, times the matrix, turned: lanes are then rows.
        let column = columns == 1 && rows > 1;
        let lefts: Vec<Left<T::Sum>> = pairs
            .iter()
            .map(|&(i, j)| Left::new(if column { y(j) } else { x(i) }, inner))
            .collect();
        let products = pairs.iter().zip(&lefts).zip(out.chunks_mut(rows * columns));
        let products = products.map(|((&(i, j), left), out)| {
            let right = if column {
                Matrix { data: x(i), step: inner, turned: true }
            } else {
                Matrix { data: y(j), step: if turned { inner } else { columns }, turned }
            };
            Product { left, right, bias: None, out }
        });
        multiply(products.collect());
        T::narrower(out)
    }

    /// Makes one matrix of matrices that follow one another and meet the same right one.
    fn merge(&mut self) {
        let Some(&(first, right)) = self.pairs.first() else { return };
        if self.pairs.iter().enumerate().all(|(k, pair)| *pair == (first + k, right)) {
            let count = self.pairs.len();
            if first.is_multiple_of(count) {
                self.rows *= count;
                self.pairs = vec![(first / count, right)];
            }
        }
    }
}

/// The product of two matrices, the right one turned where it is said to be.
pub(super) fn multiply_matrices<T: Number>(
    cx: &Context,
    a: &Array<T>,
    b: &Array<T>,
    turned: bool,
) -> Result<Array<T>, Failure> {
    let ([rows, inner], [first, second]) = (a.shape(), b.shape()) else {
        return Err(misfit("expected a matrix"));
    };
    let (other, columns) = if turned { (*second, *first) } else { (*first, *second) };
    fits(*inner, other)?;
    let shape = [*rows, columns];
    let total = cx.room(&shape, size_of::<T>())?;
    cx.product([total, *inner, 1])?;
    let stacks = Stacks { rows: *rows, inner: *inner, columns, turned, pairs: vec![(0, 0)] };
    Array::new(&shape, stacks.multiply(a.data(), b.data()))
}

fn fits(inner: usize, other: usize) -> Result<(), Failure> {
    if inner == other {
        return Ok(());
    }
    Err(misfit(format!("inner extents {inner} and {other} differ")))
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
    fits(inner, other)?;
    let stack = broadcast(left, right)?;
    let mut shape = stack.clone();
    shape.extend((a.shape().len() > 1).then_some(rows));
    shape.extend((b.shape().len() > 1).then_some(columns));
    let total = cx.room(&shape, size_of::<T>())?;
    cx.product([total, inner, 1])?;
    let count = stack.iter().product::<usize>();
    let all = |plan: Option<Vec<usize>>| plan.unwrap_or_else(|| (0..count).collect());
    let (first, second) = (all(plan(cx, left, &stack)?), all(plan(cx, right, &stack)?));
    let pairs = first.into_iter().zip(second).collect();
    let stacks = Stacks { rows, inner, columns, turned: false, pairs };
    Array::new(&shape, stacks.multiply(a.data(), b.data()))
}
