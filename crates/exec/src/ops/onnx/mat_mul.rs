//! `MatMul`: <https://onnx.ai/onnx/operators/onnx__MatMul.html>. Vectors and matrices; sums run
//! along the inner axis in order.

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{misfit, unfit},
        one,
    },
};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    use TensorValue as V;
    one(|args: Args<'_>| match (args.get(0)?, args.get(1)?) {
        (V::F32(a), V::F32(b)) => Ok(V::F32(product(a, b, 0.0, |s, x, y| s + x * y)?)),
        (V::F64(a), V::F64(b)) => Ok(V::F64(product(a, b, 0.0, |s, x, y| s + x * y)?)),
        (V::I64(a), V::I64(b)) => {
            Ok(V::I64(product(a, b, 0, |s, x, y| s.wrapping_add(x.wrapping_mul(y)))?))
        }
        (V::I32(a), V::I32(b)) => {
            Ok(V::I32(product(a, b, 0, |s, x, y| s.wrapping_add(x.wrapping_mul(y)))?))
        }
        (_, other) => Err(unfit(other)),
    })
}

/// Multiplies matrices; products are added in the order of the inner axis, whatever the number of rows.
fn product<T: Copy>(
    a: &Array<T>,
    b: &Array<T>,
    zero: T,
    add: fn(T, T, T) -> T,
) -> Result<Array<T>, Failure> {
    let (left, inner) = match *a.shape() {
        [inner] => (None, inner),
        [rows, inner] => (Some(rows), inner),
        _ => return Err(misfit("products of more than two dimensions are not computed")),
    };
    let (other, right) = match *b.shape() {
        [inner] => (inner, None),
        [inner, columns] => (inner, Some(columns)),
        _ => return Err(misfit("products of more than two dimensions are not computed")),
    };
    if inner != other {
        return Err(misfit(format!("inner extents {inner} and {other} differ")));
    }
    let data = multiply(a.data(), b.data(), inner, right.unwrap_or(1), zero, add);
    let shape: Vec<usize> = left.into_iter().chain(right).collect();
    // Without an inner axis nothing says how many rows there are but the shape.
    let data = if inner == 0 { vec![zero; shape.iter().product()] } else { data };
    Array::new(&shape, data)
}

/// Rows of `a` times the matrix `b`.
pub(super) fn multiply<T: Copy>(
    a: &[T],
    b: &[T],
    inner: usize,
    columns: usize,
    zero: T,
    add: fn(T, T, T) -> T,
) -> Vec<T> {
    let mut out = Vec::with_capacity(a.len() / inner.max(1) * columns);
    let mut sums = vec![zero; columns];
    for row in a.chunks_exact(inner.max(1)) {
        sums.fill(zero);
        for (&x, line) in row.iter().zip(b.chunks_exact(columns.max(1))) {
            for (sum, &y) in sums.iter_mut().zip(line) {
                *sum = add(*sum, x, y);
            }
        }
        out.extend_from_slice(&sums);
    }
    out
}
