//! `If`: <https://onnx.ai/onnx/operators/onnx__If.html>. Only the branch that is taken runs.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let yes = setup.subgraph("then_branch")?;
    let no = setup.subgraph("else_branch")?;
    Ok(Box::new(move |args: Args<'_>| {
        let condition = args.flag(0)?.ok_or_else(|| misfit("no condition is given"))?;
        (if condition { &yes } else { &no }).run(args, Vec::new())
    }))
}
