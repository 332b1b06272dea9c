//! The elements along some axes: what reductions, sorts and normalisations work on.

use holdall_diag::Failure;

use super::{Args, Kernel, Setup, args, elementwise::walk, one};
use crate::{
    Array, TensorValue,
    context::Context,
    value::{at, number::Number, numbers},
};

/// Steps between neighbours along each axis, in C order.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut step = 1_usize;
    let mut out: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&extent| {
            let own = step;
            step = step.saturating_mul(extent.max(1));
            own
        })
        .collect();
    out.reverse();
    out
}

/// A tensor as lanes: every base plus every offset is an element.
pub(super) struct Lanes {
    /// Extents of the axes that are not within lanes; those within are 1, or gone.
    pub(super) shape: Vec<usize>,
    pub(super) bases: Vec<usize>,
    pub(super) offsets: Vec<usize>,
}

impl Lanes {
    /// The lanes along these axes, which are sorted and exist.
    pub(super) fn new(
        cx: &Context,
        shape: &[usize],
        axes: &[usize],
        keep: bool,
    ) -> Result<Self, Failure> {
        let strides = strides(shape);
        let part = |within: bool| -> (Vec<usize>, Vec<usize>) {
            shape
                .iter()
                .zip(&strides)
                .enumerate()
                .filter(|(i, _)| axes.contains(i) == within)
                .map(|(_, (extent, stride))| (*extent, *stride))
                .unzip()
        };
        let (inner, outer) = (part(true), part(false));
        let list = |(shape, strides): &(Vec<usize>, Vec<usize>)| -> Result<Vec<usize>, Failure> {
            let mut out = Vec::with_capacity(cx.room(shape, size_of::<usize>())?);
            walk(shape, strides, |offset| out.push(offset));
            Ok(out)
        };
        let (bases, offsets) = (list(&outer)?, list(&inner)?);
        let shape = if keep {
            let extent = |(i, n): (usize, &usize)| if axes.contains(&i) { 1 } else { *n };
            shape.iter().enumerate().map(extent).collect()
        } else {
            outer.0
        };
        Ok(Self { shape, bases, offsets })
    }

    /// The elements of one lane.
    pub(super) fn lane<T: Copy + Default>(&self, data: &[T], base: usize, into: &mut Vec<T>) {
        into.clear();
        into.extend(self.offsets.iter().map(|offset| at(data, base + offset)));
    }

    /// A value for every lane.
    pub(super) fn reduce<T: Copy + Default, U: Clone>(
        &self,
        array: &Array<T>,
        mut f: impl FnMut(&[T]) -> U,
    ) -> Result<Array<U>, Failure> {
        let mut lane = Vec::with_capacity(self.offsets.len());
        let data = self
            .bases
            .iter()
            .map(|&base| {
                self.lane(array.data(), base, &mut lane);
                f(&lane)
            })
            .collect();
        Array::new(&self.shape, data)
    }

    /// Every lane changed in place.
    pub(super) fn change<T: Copy + Default>(
        &self,
        array: &Array<T>,
        mut f: impl FnMut(&mut [T]),
    ) -> Result<Array<T>, Failure> {
        let mut data = array.data().to_vec();
        let mut lane = Vec::with_capacity(self.offsets.len());
        for &base in &self.bases {
            self.lane(array.data(), base, &mut lane);
            f(&mut lane);
            for (offset, value) in self.offsets.iter().zip(&lane) {
                if let Some(slot) = data.get_mut(base + offset) {
                    *slot = *value;
                }
            }
        }
        Array::new(array.shape(), data)
    }
}

/// A function of all elements along axes.
pub(super) trait Reduction: 'static {
    fn of<T: Number>(lane: &[T]) -> T;
}

/// Which axes a reduction takes: attribute before version `since`, input from then on.
pub(super) struct Reducing {
    fixed: Option<Vec<i64>>,
    pub(super) keep: bool,
    nothing: bool,
}

impl Reducing {
    pub(super) fn of(setup: &Setup<'_>, since: i64) -> Result<Self, Failure> {
        let fixed = if setup.opset() < since { setup.ints("axes")? } else { None };
        let nothing = setup.flag("noop_with_empty_axes", false)?;
        Ok(Self { fixed, keep: setup.flag("keepdims", true)?, nothing })
    }

    /// The axes; `None` when nothing is to be reduced.
    pub(super) fn axes(&self, args: Args<'_>) -> Result<Option<Vec<usize>>, Failure> {
        let rank = args.get(0)?.shape().len();
        let given = match &self.fixed {
            Some(axes) => Some(axes.clone()),
            None => args.ints(1)?,
        };
        let axes = args::axes(&given.unwrap_or_default(), rank)?;
        if !axes.is_empty() {
            return Ok(Some(axes));
        }
        Ok((!self.nothing).then(|| (0..rank).collect()))
    }
}

/// A reduction operator. Where `noop_with_empty_axes` leaves nothing to reduce, each element is a lane.
pub(super) fn reduction<R: Reduction>(setup: &Setup<'_>, since: i64) -> Result<Kernel, Failure> {
    fn run<R: Reduction, T: Number>(
        cx: &Context,
        array: &Array<T>,
        axes: &[usize],
        keep: bool,
    ) -> Result<TensorValue, Failure> {
        let lanes = Lanes::new(cx, array.shape(), axes, keep)?;
        cx.work(array.len() as u64)?;
        Ok(T::wrap(lanes.reduce(array, R::of)?))
    }
    let way = Reducing::of(setup, since)?;
    one(move |args: Args<'_>| {
        let axes = way.axes(args)?.unwrap_or_default();
        numbers!(args.get(0)?, array => run::<R, _>(args.cx, array, &axes, way.keep))
    })
}

/// The sum in order: binary16 is added in binary64 and rounded once, everything else step by step.
pub(super) fn sum<T: Number>(lane: impl Iterator<Item = T>) -> T {
    // bfloat16 has the range of binary32; binary16 ends at 65504.
    if size_of::<T>() == 2 && T::of(1e5) == T::most() {
        return T::of(lane.fold(0.0, |sum, x| sum + x.wide()));
    }
    lane.fold(T::default(), T::add)
}

/// Lets a reduction take booleans, as numbers 0 and 1.
pub(super) fn of_booleans(kernel: Kernel) -> Kernel {
    Box::new(move |args: Args<'_>| {
        let TensorValue::Bool(flags) = args.get(0)? else { return kernel(args) };
        let bytes = TensorValue::U8(flags.map(|&flag| u8::from(flag)));
        let mut values = args.values.to_vec();
        if let Some(slot) = values.first_mut() {
            *slot = Some(&bytes);
        }
        let made = kernel(Args { values: &values, ..args })?;
        Ok(made
            .into_iter()
            .map(|value| match value {
                TensorValue::U8(bytes) => TensorValue::Bool(bytes.map(|&byte| byte == 1)),
                other => other,
            })
            .collect())
    })
}

/// The position of the best element of every lane along one axis.
pub(super) fn best(
    setup: &Setup<'_>,
    better: fn(std::cmp::Ordering) -> bool,
) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 0)?;
    let keep = setup.flag("keepdims", true)?;
    let last = setup.flag("select_last_index", false)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let along = args::axis(along, value.shape().len())?;
        let lanes = Lanes::new(args.cx, value.shape(), &[along], keep)?;
        if lanes.offsets.is_empty() {
            return Err(args::misfit("the axis has no element"));
        }
        numbers!(value, array => Ok(TensorValue::I64(lanes.reduce(array, |lane| {
            let mut found = (0_i64, lane.first().copied().unwrap_or_default());
            for (i, &x) in (0_i64..).zip(lane).skip(1) {
                let wins = x.partial_cmp(&found.1);
                if wins.is_some_and(|o| better(o) || (last && o.is_eq())) {
                    found = (i, x);
                }
            }
            found.0
        })?)))
    })
}
