//! The operators: looked up once by domain and name, one file each.

mod args;
mod attend;
mod convolve;
mod cosines;
mod elementwise;
mod fourier;
mod lanes;
mod microsoft;
mod ml;
mod moves;
mod onnx;
mod panels;
mod post_transform;
mod prelude;
mod preview;
mod product;
mod recurrent;
mod sample;
mod setup;
mod soft;
mod training;
mod window;

pub(crate) use args::{Args, axis, misfit, unfit};
pub(crate) use elementwise::walk;
use holdall_diag::Failure;
use holdall_graph::{AI_ONNX, AI_ONNX_ML};
pub(crate) use setup::{Setup, World};

use crate::{TensorValue, codes};

/// A prepared operator.
pub(crate) type Kernel = Box<dyn Fn(Args<'_>) -> Result<Vec<TensorValue>, Failure> + Send + Sync>;

/// What prepares an operator.
pub(crate) type Prepare = fn(&Setup<'_>) -> Result<Kernel, Failure>;

/// An operator that is implemented.
#[derive(Clone, Copy)]
pub(crate) struct Operator {
    pub(crate) name: &'static str,
    /// Versions of the operator set that changed it; all of them are followed.
    pub(crate) since: &'static [i64],
    /// Where onnxruntime and the specification disagree.
    pub(crate) differs: &'static str,
    prepare: Prepare,
}

impl Operator {
    const fn new(name: &'static str, since: &'static [i64], prepare: Prepare) -> Self {
        Self { name, since, differs: "", prepare }
    }

    const fn differs(self, differs: &'static str) -> Self {
        Self { differs, ..self }
    }
}

/// The tables, by domain.
pub(crate) const TABLES: [(&str, &[Operator]); 5] = [
    (AI_ONNX, onnx::TABLE),
    (AI_ONNX_ML, ml::TABLE),
    ("ai.onnx.preview", preview::TABLE),
    ("ai.onnx.preview.training", training::TABLE),
    ("com.microsoft", microsoft::TABLE),
];

/// Prepares the operator of a node.
pub(crate) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (domain, name) = (setup.node.domain.as_str(), setup.node.op_type.as_str());
    let table = TABLES.iter().find(|(known, _)| *known == domain).map_or(&[][..], |(_, t)| t);
    let Some(operator) = table.iter().find(|operator| operator.name == name) else {
        let domain = if domain.is_empty() { "ai.onnx" } else { domain };
        let message = format!("the operator `{name}` of {domain} is not implemented");
        return Err(Failure::unsupported(codes::OPERATOR, message));
    };
    setup.check_opset(operator.since.first().copied().unwrap_or(1))?;
    let kernel = (operator.prepare)(setup)?;
    setup.check()?;
    Ok(kernel)
}

/// Wraps a function of one output.
#[expect(clippy::unnecessary_wraps, reason = "operators end with it")]
fn one(
    run: impl Fn(Args<'_>) -> Result<TensorValue, Failure> + Send + Sync + 'static,
) -> Result<Kernel, Failure> {
    Ok(Box::new(move |args| Ok(vec![run(args)?])))
}
