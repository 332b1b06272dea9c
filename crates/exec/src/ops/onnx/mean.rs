//! `Mean`: <https://onnx.ai/onnx/operators/onnx__Mean.html>.

use super::sum::Sum;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["consumed_inputs"]);
    one(|args: Args<'_>| {
        let mut total = args.get(0)?.clone();
        for i in 1..args.len() {
            total = elementwise::apply::<Sum>(args.cx, &total, args.get(i)?)?;
        }
        let count = real(args.len());
        floats!(&total, array => Ok(Element::wrap(array.map(|x| x.via(|x| x / count)))))
    })
}
