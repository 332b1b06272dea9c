//! Functions of elements, of one tensor or of several that broadcast.

use holdall_diag::Failure;

use super::{Args, Kernel, Setup, args, one};
use crate::{
    Array, TensorValue,
    context::Context,
    value::{
        Element, floats,
        number::{Float, Number},
        numbers,
    },
};

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

/// Where the elements of a broadcast tensor come from; `None` when it has the shape already.
pub(super) fn plan(
    cx: &Context,
    from: &[usize],
    to: &[usize],
) -> Result<Option<Vec<usize>>, Failure> {
    if from == to {
        return Ok(None);
    }
    let count = cx.room(to, size_of::<usize>())?;
    let lead = to
        .len()
        .checked_sub(from.len())
        .ok_or_else(|| args::misfit(format!("{from:?} does not broadcast to {to:?}")))?;
    let mut strides = vec![0; to.len()];
    let mut step = 1;
    for (i, &extent) in from.iter().enumerate().rev() {
        let wanted = to.get(i + lead).copied().unwrap_or(0);
        if extent != wanted && extent != 1 {
            return Err(args::misfit(format!("{from:?} does not broadcast to {to:?}")));
        }
        if let Some(slot) = strides.get_mut(i + lead).filter(|_| extent != 1) {
            *slot = step;
        }
        step *= extent;
    }
    let mut out = Vec::with_capacity(count);
    walk(to, &strides, |offset| out.push(offset));
    Ok(Some(out))
}

/// Calls with the offset of every element of a shape, in order.
pub(crate) fn walk(shape: &[usize], strides: &[usize], mut visit: impl FnMut(usize)) {
    if shape.contains(&0) {
        return;
    }
    let mut index = vec![0_usize; shape.len()];
    let mut offset = 0_usize;
    loop {
        visit(offset);
        let mut axis = shape.len();
        loop {
            let Some(next) = axis.checked_sub(1) else { return };
            axis = next;
            let (Some(slot), Some(&extent), Some(&stride)) =
                (index.get_mut(axis), shape.get(axis), strides.get(axis))
            else {
                return;
            };
            *slot += 1;
            offset += stride;
            if *slot < extent {
                break;
            }
            offset -= stride * extent;
            *slot = 0;
        }
    }
}

/// How many innermost axes each of two operands covers whole or with one element for all, and which of the
/// two does so whole.
fn inner(a: &[usize], b: &[usize], shape: &[usize]) -> (usize, [bool; 2]) {
    let mut whole: [Option<bool>; 2] = [None, None];
    let mut axes = 0;
    for (back, &extent) in shape.iter().rev().enumerate() {
        let own = |from: &[usize]| from.iter().rev().nth(back).copied().unwrap_or(1) == extent;
        let found = [own(a), own(b)];
        let fits =
            |(known, found): (&Option<bool>, &bool)| known.is_none_or(|known| known == *found);
        if extent != 1 {
            if !whole.iter().zip(&found).all(fits) {
                break;
            }
            whole = found.map(Some);
        }
        axes += 1;
    }
    (axes, whole.map(|whole| whole.unwrap_or(true)))
}

/// Combines two arrays element by element.
#[expect(clippy::many_single_char_names, reason = "two arrays, two elements, two positions")]
pub(super) fn zip<A, B, C>(
    cx: &Context,
    a: &Array<A>,
    b: &Array<B>,
    f: impl Fn(&A, &B) -> C,
) -> Result<Array<C>, Failure>
where
    A: Clone,
    B: Clone,
    C: Clone,
{
    let shape = broadcast(a.shape(), b.shape())?;
    let total = cx.room(&shape, size_of::<C>())?;
    let (left, right) = (a.data(), b.data());
    if a.shape() == b.shape() {
        return Array::new(&shape, left.iter().zip(right).map(|(x, y)| f(x, y)).collect());
    }
    // Block by block: in each, both run along or one of them stays where it is.
    let (axes, whole) = inner(a.shape(), b.shape(), &shape);
    let (outer, block) = shape.split_at(shape.len() - axes);
    let size = if total == 0 { 0 } else { block.iter().product::<usize>() };
    let starts = |from: &[usize], whole: bool| -> Result<Vec<usize>, Failure> {
        let lead = from.get(..from.len().saturating_sub(axes)).unwrap_or_default();
        let step = if whole { size } else { 1 };
        let count = cx.room(outer, size_of::<usize>())?;
        let plan = plan(cx, lead, outer)?;
        Ok(plan.unwrap_or_else(|| (0..count).collect()).into_iter().map(|i| i * step).collect())
    };
    let (first, second) = (starts(a.shape(), whole[0])?, starts(b.shape(), whole[1])?);
    let mut data = Vec::with_capacity(total);
    for (&i, &j) in first.iter().zip(&second) {
        let (Some(x), Some(y)) = (left.get(i..), right.get(j..)) else { break };
        match (whole, x.first(), y.first()) {
            ([true, true], ..) => data.extend(x.iter().zip(y).take(size).map(|(x, y)| f(x, y))),
            ([true, false], _, Some(y)) => data.extend(x.iter().take(size).map(|x| f(x, y))),
            ([false, true], Some(x), _) => data.extend(y.iter().take(size).map(|y| f(x, y))),
            ([false, false], Some(x), Some(y)) => data.extend((0..size).map(|_| f(x, y))),
            _ => {}
        }
    }
    Array::new(&shape, data)
}

/// A tensor broadcast to a shape.
pub(super) fn expand(
    cx: &Context,
    value: &TensorValue,
    shape: &[usize],
) -> Result<TensorValue, Failure> {
    cx.room(shape, value.element_type().map_or(1, crate::ElementType::size))?;
    match plan(cx, value.shape(), shape)? {
        None => Ok(value.clone()),
        Some(plan) => value.pick(shape, &plan),
    }
}

/// A function of two numbers of one type.
pub(super) trait Pair: 'static {
    fn of<T: Number>(a: T, b: T) -> T;
}

/// A function of one number.
pub(super) trait Single: 'static {
    fn of<T: Number>(x: T) -> T;
}

/// How the second input lies on the first before operator set 7: from an axis on, where asked.
pub(super) fn legacy(setup: &Setup<'_>) -> Result<Option<(bool, Option<i64>)>, Failure> {
    setup.ignore(&["consumed_inputs"]);
    if setup.opset() >= 7 {
        return Ok(None);
    }
    let axis = if setup.has("axis") { Some(setup.int("axis", 0)?) } else { None };
    Ok(Some((setup.flag("broadcast", false)?, axis)))
}

/// The second input with ones appended to its shape.
pub(super) fn aligned(
    a: &TensorValue,
    b: &TensorValue,
    way: Option<(bool, Option<i64>)>,
) -> Result<TensorValue, Failure> {
    let Some((broadcast, axis)) = way else { return Ok(b.clone()) };
    let (rank, own) = (a.shape().len(), b.shape().len());
    if !broadcast {
        if a.shape() != b.shape() {
            return Err(args::misfit("shapes differ, and `broadcast` is off"));
        }
        return Ok(b.clone());
    }
    let Some(axis) = axis else { return Ok(b.clone()) };
    let start = args::axis(axis, rank)?;
    let mut shape = b.shape().to_vec();
    shape.resize(rank.saturating_sub(start).max(own), 1);
    b.shaped(&shape)
}

/// An operator of two inputs of one type of numbers.
pub(super) fn pair<P: Pair>(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let way = legacy(setup)?;
    one(move |args: Args<'_>| {
        let a = args.get(0)?;
        apply::<P>(args.cx, a, &aligned(a, args.get(1)?, way)?)
    })
}

/// Combines two values of one type of numbers.
pub(super) fn apply<P: Pair>(
    cx: &Context,
    a: &TensorValue,
    b: &TensorValue,
) -> Result<TensorValue, Failure> {
    fn run<P: Pair, T: Number>(
        cx: &Context,
        a: &Array<T>,
        b: &TensorValue,
    ) -> Result<TensorValue, Failure> {
        Ok(T::wrap(zip(cx, a, T::want(b)?, |x, y| P::of(*x, *y))?))
    }
    numbers!(a, array => run::<P, _>(cx, array, b))
}

/// An operator of any number of inputs, taken from the left.
pub(super) fn fold<P: Pair>(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["consumed_inputs"]);
    one(move |args: Args<'_>| {
        let mut result = args.get(0)?.clone();
        for i in 1..args.len() {
            result = apply::<P>(args.cx, &result, args.get(i)?)?;
        }
        Ok(result)
    })
}

/// An operator of one input of numbers.
pub(super) fn single<S: Single>(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["consumed_inputs"]);
    one(
        |args: Args<'_>| numbers!(args.get(0)?, array => Ok(Element::wrap(array.map(|&x| S::of(x))))),
    )
}

/// An operator on floats, computed in binary64 and rounded once.
pub(super) fn float(
    setup: &Setup<'_>,
    f: impl Fn(f64) -> f64 + Send + Sync + 'static,
) -> Result<Kernel, Failure> {
    fn run<T: Float>(array: &Array<T>, f: &impl Fn(f64) -> f64) -> TensorValue {
        T::wrap(array.map(|x| x.via(f)))
    }
    setup.ignore(&["consumed_inputs"]);
    one(move |args: Args<'_>| floats!(args.get(0)?, array => Ok(run(array, &f))))
}

/// The same where registers can do several at once: `quick` is for what is rounded to fewer bits.
pub(super) fn rounded(
    setup: &Setup<'_>,
    quick: impl Fn(f64) -> f64 + Send + Sync + 'static,
    exact: impl Fn(f64) -> f64 + Send + Sync + 'static,
) -> Result<Kernel, Failure> {
    fn run<T: Float>(
        array: &Array<T>,
        quick: &impl Fn(f64) -> f64,
        exact: &impl Fn(f64) -> f64,
    ) -> TensorValue {
        if size_of::<T>() == 8 {
            return T::wrap(array.map(|x| x.via(exact)));
        }
        T::wrap(pulp::Arch::new().dispatch(|| array.map(|x| x.via(quick))))
    }
    setup.ignore(&["consumed_inputs"]);
    one(move |args: Args<'_>| floats!(args.get(0)?, array => Ok(run(array, &quick, &exact))))
}

/// The same over numbers of any type.
pub(super) fn any(
    setup: &Setup<'_>,
    f: impl Fn(f64) -> f64 + Send + Sync + 'static,
) -> Result<Kernel, Failure> {
    fn run<T: Number>(array: &Array<T>, f: &impl Fn(f64) -> f64) -> TensorValue {
        T::wrap(array.map(|x| x.via(f)))
    }
    setup.ignore(&["consumed_inputs"]);
    one(move |args: Args<'_>| numbers!(args.get(0)?, array => Ok(run(array, &f))))
}

/// A property of floats.
pub(super) fn test(f: impl Fn(f64) -> bool + Send + Sync + 'static) -> Result<Kernel, Failure> {
    one(move |args: Args<'_>| match args.get(0)? {
        // Narrow floats are asked by their numbers.
        TensorValue::Narrow(kind, array) => {
            Ok(TensorValue::Bool(array.map(|&code| f(kind.decode(code)))))
        }
        value => floats!(value, array => Ok(TensorValue::Bool(array.map(|x| f(x.wide()))))),
    })
}

/// An operator that compares values of one type; texts only where `texts` says so.
pub(super) fn compare(
    setup: &Setup<'_>,
    holds: fn(Option<std::cmp::Ordering>) -> bool,
    texts: bool,
) -> Result<Kernel, Failure> {
    fn run<T: Element + PartialOrd>(
        cx: &Context,
        a: &Array<T>,
        b: &TensorValue,
        holds: fn(Option<std::cmp::Ordering>) -> bool,
    ) -> Result<TensorValue, Failure> {
        Ok(TensorValue::Bool(zip(cx, a, T::want(b)?, |x, y| holds(x.partial_cmp(y)))?))
    }
    let way = legacy(setup)?;
    one(move |args: Args<'_>| {
        let a = args.get(0)?;
        let b = &aligned(a, args.get(1)?, way)?;
        match a {
            TensorValue::Bool(a) => run(args.cx, a, b, holds),
            TensorValue::Text(a) if texts => run(args.cx, a, b, holds),
            value => numbers!(value, array => run(args.cx, array, b, holds)),
        }
    })
}

/// An operator on truth values.
pub(super) fn logic(setup: &Setup<'_>, f: fn(bool, bool) -> bool) -> Result<Kernel, Failure> {
    let way = legacy(setup)?;
    one(move |args: Args<'_>| {
        let a = args.get(0)?;
        let b = aligned(a, args.get(1)?, way)?;
        let (a, b) = (bool::want(a)?, bool::want(&b)?);
        Ok(TensorValue::Bool(zip(args.cx, a, b, |x, y| f(*x, *y))?))
    })
}

/// An operator on the bits of integers.
pub(super) fn bits(f: fn(i128, i128) -> i128) -> Result<Kernel, Failure> {
    fn run<T: Number>(
        cx: &Context,
        a: &Array<T>,
        b: &TensorValue,
        f: fn(i128, i128) -> i128,
    ) -> Result<TensorValue, Failure> {
        if T::FLOAT {
            return Err(args::unfit(b));
        }
        Ok(T::wrap(zip(cx, a, T::want(b)?, |x, y| T::of_int(f(x.int(), y.int())))?))
    }
    one(move |args: Args<'_>| numbers!(args.get(0)?, array => run(args.cx, array, args.get(1)?, f)))
}
