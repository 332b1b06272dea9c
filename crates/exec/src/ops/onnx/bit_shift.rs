//! `BitShift`: <https://onnx.ai/onnx/operators/onnx__BitShift.html>. A shift by all bits or more
//! leaves what the sign alone gives: −1 to the right of a negative number, else 0.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Number>(
        cx: &Context,
        a: &Array<T>,
        b: &TensorValue,
        left: bool,
    ) -> Result<TensorValue, Failure> {
        let bits = i128::try_from(size_of::<T>() * 8).unwrap_or(64);
        if T::FLOAT {
            return Err(unfit(b));
        }
        Ok(T::wrap(zip(cx, a, T::want(b)?, |x, by| {
            let (x, by) = (x.int(), by.int());
            // Beyond the bits only the sign is left.
            if !(0..bits).contains(&by) {
                return T::of_int(if x < 0 && !left { -1 } else { 0 });
            }
            T::of_int(if left { x << by } else { x >> by })
        })?))
    }
    let left = setup.word("direction", &[("LEFT", true), ("RIGHT", false)])?;
    one(
        move |args: Args<'_>| numbers!(args.get(0)?, array => run(args.cx, array, args.get(1)?, left)),
    )
}
