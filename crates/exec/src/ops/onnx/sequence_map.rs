//! `SequenceMap`: <https://onnx.ai/onnx/operators/onnx__SequenceMap.html>.

use std::sync::Arc;

use super::sequence_construct::items;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let body = setup.subgraph("body")?;
    let given = setup.node.inputs.len();
    Ok(Box::new(move |args: Args<'_>| {
        let turns = items(args.get(0)?)?.len();
        let mut made: Vec<Vec<TensorValue>> = vec![Vec::new(); body.program.outputs()];
        for turn in 0..turns {
            args.cx.step()?;
            let mut inputs = Vec::with_capacity(given);
            for i in 0..given {
                inputs.push(match args.get(i)? {
                    TensorValue::Sequence(list) => list
                        .get(turn)
                        .cloned()
                        .ok_or_else(|| misfit("the sequences have different lengths"))?,
                    other => other.clone(),
                });
            }
            for (list, value) in made.iter_mut().zip(body.run(args, inputs)?) {
                list.push(value);
            }
        }
        Ok(made.into_iter().map(|list| TensorValue::Sequence(Arc::new(list))).collect())
    }))
}
