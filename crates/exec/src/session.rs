use holdall_diag::Failure;
use holdall_graph::{Graph, Origin};

use crate::{
    TensorValue, codes,
    context::{Context, RunLimits},
    ops::World,
    program::Program,
    scoring::{self, Rows},
};

/// Whom to follow where the specification and onnxruntime disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// The text of the specification, and its reference implementation where the text is silent.
    Spec,
    /// What onnxruntime computes since 1.28.
    #[default]
    OnnxRuntime,
}

/// How to run a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionOptions {
    /// Whom to follow.
    pub behaviour: Behaviour,
    /// What a run may spend.
    pub limits: RunLimits,
}

/// A graph, ready to run.
#[derive(Debug)]
pub struct Session {
    graph: Graph,
    program: Program,
    limits: RunLimits,
    pub(crate) rows: Result<Rows, Failure>,
}

impl Session {
    /// Prepares a graph. Fails with `exec/operator` naming an operator that is not implemented and its
    /// node, or with `exec/attribute` where a setting makes no sense or is not known.
    pub fn compile(graph: Graph, options: SessionOptions) -> Result<Self, Failure> {
        let world = World { stamp: &graph.stamp, behaviour: options.behaviour, depth: 0 };
        let program = Program::compile(&graph, world)?;
        let placeholder = Failure::bug(codes::GRAPH, "the rows are not known yet");
        let mut session = Self { graph, program, limits: options.limits, rows: Err(placeholder) };
        session.rows = scoring::rows(&session);
        Ok(session)
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The inputs that must be given: those without a default.
    pub(crate) fn given(&self) -> impl Iterator<Item = holdall_graph::ValueId> + '_ {
        let values = &self.graph.values;
        self.graph.inputs.iter().copied().filter(|id| {
            values.get(*id).is_none_or(|v| !matches!(v.origin, Origin::Input(Some(_))))
        })
    }

    /// Computes the outputs from the inputs, in the graph's order; inputs with a default weight are
    /// not given. Fails with `exec/memory`, `exec/steps` or `exec/work` where the limits are passed.
    pub fn run(&self, inputs: Vec<TensorValue>) -> Result<Vec<TensorValue>, Failure> {
        self.program.run(inputs, &[], &Context::new(self.limits))
    }
}
