//! Element-wise functions of one value or two, with broadcasting.

use holdall_diag::Failure;
use ndarray::{IxDyn, Zip};

use super::{Args, Kernel, args, one};
use crate::{Array, TensorValue};

/// The shape that two shapes broadcast to.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, Failure> {
    let rank = a.len().max(b.len());
    let extent = |shape: &[usize], i: usize| {
        (i + shape.len()).checked_sub(rank).and_then(|i| shape.get(i).copied()).unwrap_or(1)
    };
    (0..rank)
        .map(|i| match (extent(a, i), extent(b, i)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            (x, y) => Err(args::misfit(format!("extents {x} and {y} do not fit together"))),
        })
        .collect()
}

/// Combines two arrays element by element.
pub(super) fn zip<A: Clone, B: Clone, C: Clone>(
    a: &Array<A>,
    b: &Array<B>,
    f: impl Fn(&A, &B) -> C,
) -> Result<Array<C>, Failure> {
    let shape = broadcast(a.shape(), b.shape())?;
    let no = || args::misfit("shapes do not broadcast");
    let (va, vb) = (a.view(), b.view());
    let va = va.broadcast(IxDyn(&shape)).ok_or_else(no)?;
    let vb = vb.broadcast(IxDyn(&shape)).ok_or_else(no)?;
    Ok(Array::of(Zip::from(va).and(vb).map_collect(f)))
}

/// Functions of two numbers, by element type.
#[derive(Clone, Copy)]
pub(super) struct Binary {
    pub(super) f32: fn(f32, f32) -> f32,
    pub(super) f64: fn(f64, f64) -> f64,
    pub(super) i64: fn(i64, i64) -> i64,
    pub(super) i32: fn(i32, i32) -> i32,
}

impl Binary {
    /// Applies it to two values of one type.
    pub(super) fn apply(self, a: &TensorValue, b: &TensorValue) -> Result<TensorValue, Failure> {
        use TensorValue as V;
        Ok(match (a, b) {
            (V::F32(a), V::F32(b)) => V::F32(zip(a, b, |x, y| (self.f32)(*x, *y))?),
            (V::F64(a), V::F64(b)) => V::F64(zip(a, b, |x, y| (self.f64)(*x, *y))?),
            (V::I64(a), V::I64(b)) => V::I64(zip(a, b, |x, y| (self.i64)(*x, *y))?),
            (V::I32(a), V::I32(b)) => V::I32(zip(a, b, |x, y| (self.i32)(*x, *y))?),
            (_, other) => return Err(args::unfit(other)),
        })
    }

    /// An operator of two inputs.
    pub(super) fn kernel(self) -> Result<Kernel, Failure> {
        one(move |args: Args<'_>| self.apply(args.get(0)?, args.get(1)?))
    }

    /// An operator of any number of inputs, taken from the left.
    pub(super) fn fold(self) -> Result<Kernel, Failure> {
        one(move |args: Args<'_>| {
            let mut result = args.get(0)?.clone();
            for i in 1..args.0.len() {
                result = self.apply(&result, args.get(i)?)?;
            }
            Ok(result)
        })
    }
}

/// An operator on floats.
pub(super) fn floats(
    f32: impl Fn(f32) -> f32 + Send + Sync + 'static,
    f64: impl Fn(f64) -> f64 + Send + Sync + 'static,
) -> Result<Kernel, Failure> {
    one(move |args: Args<'_>| match args.get(0)? {
        TensorValue::F32(a) => Ok(TensorValue::F32(a.map(|x| f32(*x)))),
        TensorValue::F64(a) => Ok(TensorValue::F64(a.map(|x| f64(*x)))),
        other @ (TensorValue::I64(_)
        | TensorValue::I32(_)
        | TensorValue::Bool(_)
        | TensorValue::Text(_)
        | TensorValue::Maps { .. }) => Err(args::unfit(other)),
    })
}

/// An operator on numbers.
pub(super) fn numbers(
    f32: fn(f32) -> f32,
    f64: fn(f64) -> f64,
    i64: fn(i64) -> i64,
    i32: fn(i32) -> i32,
) -> Result<Kernel, Failure> {
    one(move |args: Args<'_>| match args.get(0)? {
        TensorValue::F32(a) => Ok(TensorValue::F32(a.map(|x| f32(*x)))),
        TensorValue::F64(a) => Ok(TensorValue::F64(a.map(|x| f64(*x)))),
        TensorValue::I64(a) => Ok(TensorValue::I64(a.map(|x| i64(*x)))),
        TensorValue::I32(a) => Ok(TensorValue::I32(a.map(|x| i32(*x)))),
        other @ (TensorValue::Bool(_) | TensorValue::Text(_) | TensorValue::Maps { .. }) => {
            Err(args::unfit(other))
        }
    })
}

/// An operator that compares; equal types, and texts only where `texts` says how.
pub(super) fn compare(
    holds: fn(Option<std::cmp::Ordering>) -> bool,
    texts: bool,
) -> Result<Kernel, Failure> {
    use TensorValue as V;
    one(move |args: Args<'_>| {
        Ok(V::Bool(match (args.get(0)?, args.get(1)?) {
            (V::F32(a), V::F32(b)) => zip(a, b, |x, y| holds(x.partial_cmp(y)))?,
            (V::F64(a), V::F64(b)) => zip(a, b, |x, y| holds(x.partial_cmp(y)))?,
            (V::I64(a), V::I64(b)) => zip(a, b, |x, y| holds(x.partial_cmp(y)))?,
            (V::I32(a), V::I32(b)) => zip(a, b, |x, y| holds(x.partial_cmp(y)))?,
            (V::Bool(a), V::Bool(b)) => zip(a, b, |x, y| holds(x.partial_cmp(y)))?,
            (V::Text(a), V::Text(b)) if texts => zip(a, b, |x, y| holds(x.partial_cmp(y)))?,
            (_, other) => return Err(args::unfit(other)),
        }))
    })
}

/// An operator on truth values.
pub(super) fn logic(f: fn(bool, bool) -> bool) -> Result<Kernel, Failure> {
    one(move |args: Args<'_>| {
        Ok(TensorValue::Bool(zip(args.of::<bool>(0)?, args.of::<bool>(1)?, |x, y| f(*x, *y))?))
    })
}
