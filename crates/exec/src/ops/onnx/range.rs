//! `Range`: <https://onnx.ai/onnx/operators/onnx__Range.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Number>(args: Args<'_>, start: &Array<T>) -> Result<TensorValue, Failure> {
        let first = |array: &Array<T>| {
            array.data().first().copied().ok_or_else(|| misfit("a bound has no element"))
        };
        let (start, limit, step) =
            (first(start)?, first(args.of::<T>(1)?)?, first(args.of::<T>(2)?)?);
        if step == T::default() || step.is_nan() {
            return Err(misfit("a step of 0 goes nowhere"));
        }
        let count = if T::FLOAT {
            position(((limit.wide() - start.wide()) / step.wide()).ceil())
        } else {
            let (gap, by) = (limit.int() - start.int(), step.int());
            let steps = if (gap > 0) == (by > 0) { gap.abs() + by.abs() - 1 } else { 0 };
            usize::try_from(steps / by.abs()).unwrap_or(usize::MAX)
        };
        let count = args.cx.room(&[count], size_of::<T>())?;
        let data = (0..count).map(|i| start.add(T::of(real(i)).mul(step))).collect();
        Ok(T::wrap(Array::vector(data)))
    }
    one(|args: Args<'_>| numbers!(args.get(0)?, array => run(args, array)))
}
