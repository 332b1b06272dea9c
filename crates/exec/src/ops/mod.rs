//! The operators: looked up once by domain and name, one file each.

mod args;
mod arithmetic;
mod ml;
mod onnx;
mod post_transform;
mod reduce;
mod setup;

pub(crate) use args::Args;
use holdall_diag::Failure;
use holdall_graph::{AI_ONNX, AI_ONNX_ML};
pub(crate) use setup::Setup;

use crate::{TensorValue, codes};

/// A prepared operator.
pub(crate) type Kernel = Box<dyn Fn(Args<'_>) -> Result<Vec<TensorValue>, Failure> + Send + Sync>;

/// Prepares the operator of a node.
pub(crate) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let found = match setup.node.domain.as_str() {
        AI_ONNX => onnx::find(&setup.node.op_type),
        AI_ONNX_ML => ml::find(&setup.node.op_type),
        _ => None,
    };
    if let Some(prepare) = found {
        return prepare(setup);
    }
    let domain = if setup.node.domain.is_empty() { "ai.onnx" } else { &setup.node.domain };
    Err(Failure::unsupported(
        codes::OPERATOR,
        format!("the operator `{}` of {domain} is not implemented", setup.node.op_type),
    ))
}

/// What prepares an operator.
pub(crate) type Prepare = fn(&Setup<'_>) -> Result<Kernel, Failure>;

/// Wraps a function of one output.
#[expect(clippy::unnecessary_wraps, reason = "operators end with it")]
fn one(
    run: impl Fn(Args<'_>) -> Result<TensorValue, Failure> + Send + Sync + 'static,
) -> Result<Kernel, Failure> {
    Ok(Box::new(move |args| Ok(vec![run(args)?])))
}
