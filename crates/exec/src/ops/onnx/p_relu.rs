//! `PRelu`: <https://onnx.ai/onnx/operators/onnx__PRelu.html>.

use crate::ops::prelude::*;

struct PRelu;

impl Pair for PRelu {
    fn of<T: Number>(a: T, b: T) -> T {
        if a < T::default() { a.mul(b) } else { a }
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["consumed_inputs"]);
    let old = setup.opset() < 7;
    one(move |args: Args<'_>| {
        let x = args.get(0)?;
        let slope = args.get(1)?;
        // Before version 7 a vector of slopes lies on the channels.
        if old && slope.len() > 1 && slope.shape().len() == 1 {
            let mut shape = vec![1; x.shape().len()];
            if let Some(slot) = shape.get_mut(1) {
                *slot = slope.len();
            }
            return elementwise::apply::<PRelu>(args.cx, x, &slope.shaped(&shape)?);
        }
        elementwise::apply::<PRelu>(args.cx, x, slope)
    })
}
