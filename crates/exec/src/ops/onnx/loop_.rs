//! `Loop`: <https://onnx.ai/onnx/operators/onnx__Loop.html>. Turns are counted against the limit on
//! steps.

use crate::{ops::prelude::*, program::Program};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let body = setup.subgraph("body")?;
    let states = setup.node.inputs.len().saturating_sub(2);
    if body.program.inputs() != states + 2 || body.program.outputs() <= states {
        return Err(setup.refuse(format!(
            "the body takes {} and gives {} values, for {states} that are carried",
            body.program.inputs(),
            body.program.outputs()
        )));
    }
    Ok(Box::new(move |args: Args<'_>| {
        let limit = args.int(0)?.unwrap_or(i64::MAX);
        let mut going = args.flag(1)?.unwrap_or(true);
        let mut carried =
            (0..states).map(|i| args.get(i + 2).cloned()).collect::<Result<Vec<_>, _>>()?;
        let mut collected: Vec<Vec<TensorValue>> =
            vec![Vec::new(); body.program.outputs() - 1 - states];
        let mut turn = 0;
        let mut held = 0;
        while going && turn < limit {
            args.cx.step()?;
            let mut inputs = vec![
                TensorValue::I64(Array::scalar(turn)),
                TensorValue::Bool(Array::scalar(going)),
            ];
            inputs.append(&mut carried);
            let mut made = body.run(args, inputs)?.into_iter();
            going = made.next().as_ref().and_then(truth).ok_or_else(no_condition)?;
            carried.extend(made.by_ref().take(states));
            for (list, value) in collected.iter_mut().zip(made) {
                args.cx.hold(value.bytes() + 32)?;
                held += value.bytes() + 32;
                list.push(value);
            }
            turn += 1;
        }
        for (i, list) in collected.iter().enumerate() {
            carried.push(stacked(args.cx, &body.program, 1 + states + i, list, 0)?);
        }
        args.cx.release(held);
        Ok(carried)
    }))
}

fn truth(value: &TensorValue) -> Option<bool> {
    if let TensorValue::Bool(array) = value { array.data().first().copied() } else { None }
}

fn no_condition() -> Failure {
    Failure::malformed(codes::INPUT, "the body does not give a condition")
}

/// What a subgraph gave as one of its outputs, turn by turn, as one tensor with a new axis.
pub(super) fn stacked(
    cx: &Context,
    body: &Program,
    output: usize,
    list: &[TensorValue],
    along: i64,
) -> Result<TensorValue, Failure> {
    if list.is_empty() { body.never(output, along) } else { stack(cx, list, along) }
}

/// Values of equal shape as one with a new axis.
pub(super) fn stack(
    cx: &Context,
    list: &[TensorValue],
    along: i64,
) -> Result<TensorValue, Failure> {
    let mut shape = list.first().map_or(&[][..], TensorValue::shape).to_vec();
    let along = axis(along, shape.len() + 1)?;
    shape.insert(along, 1);
    let parts = list.iter().map(|v| v.shaped(&shape)).collect::<Result<Vec<_>, _>>()?;
    moves::join(cx, &parts.iter().collect::<Vec<_>>(), along)
}
