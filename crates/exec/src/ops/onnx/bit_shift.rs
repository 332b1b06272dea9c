//! `BitShift`: <https://onnx.ai/onnx/operators/onnx__BitShift.html>. A shift by all bits or more
//! gives zero.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Number>(
        cx: &Context,
        a: &Array<T>,
        b: &TensorValue,
        left: bool,
    ) -> Result<TensorValue, Failure> {
        let bits = i128::try_from(size_of::<T>() * 8).unwrap_or(64);
        Ok(T::wrap(zip(cx, a, T::want(b)?, |x, by| {
            let by = by.int();
            if by >= bits || by < 0 {
                return T::default();
            }
            T::of_int(if left { x.int() << by } else { x.int() >> by })
        })?))
    }
    let left = setup.word("direction", &[("LEFT", true), ("RIGHT", false)])?;
    one(move |args: Args<'_>| match args.get(0)? {
        TensorValue::U8(a) => run(args.cx, a, args.get(1)?, left),
        TensorValue::U16(a) => run(args.cx, a, args.get(1)?, left),
        TensorValue::U32(a) => run(args.cx, a, args.get(1)?, left),
        TensorValue::U64(a) => run(args.cx, a, args.get(1)?, left),
        other => Err(unfit(other)),
    })
}
