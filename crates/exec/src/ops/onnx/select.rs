//! `Where`: <https://onnx.ai/onnx/operators/onnx__Where.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{Args, Kernel, Setup, args::unfit, arithmetic::zip, one},
    value::{Element, each},
};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let condition = args.of::<bool>(0)?;
        each!(args.get(1)?, yes => choose(condition, yes, args.get(2)?))
    })
}

fn choose<T: Element>(
    condition: &Array<bool>,
    yes: &Array<T>,
    no: &TensorValue,
) -> Result<TensorValue, Failure> {
    let no = T::take(no).ok_or_else(|| unfit(no))?;
    let pairs = zip(yes, no, |a, b| (a.clone(), b.clone()))?;
    let chosen = zip(condition, &pairs, |c, (a, b)| if *c { a.clone() } else { b.clone() })?;
    Ok(T::wrap(chosen))
}
