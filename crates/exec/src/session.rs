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

/// Something else that runs a graph, such as another runtime.
pub trait Engine: std::fmt::Debug + Send + Sync {
    /// Computes all outputs in the graph's order from the inputs without a default, by name.
    fn run(&self, inputs: Vec<(String, TensorValue)>) -> Result<Vec<TensorValue>, Failure>;
}

/// What runs the graph.
#[derive(Debug)]
enum Runner {
    Own(Box<Program>, RunLimits),
    Other(Box<dyn Engine>),
}

/// A graph, ready to run.
#[derive(Debug)]
pub struct Session {
    graph: Graph,
    runner: Runner,
    pub(crate) rows: Result<Rows, Failure>,
}

impl Session {
    /// Prepares a graph. Fails with `exec/operator` naming an operator that is not implemented and its
    /// node, or with `exec/attribute` where a setting makes no sense or is not known.
    pub fn compile(graph: Graph, options: SessionOptions) -> Result<Self, Failure> {
        let world = World { stamp: &graph.stamp, behaviour: options.behaviour, depth: 0 };
        let program = Program::compile(&graph, world)?;
        Ok(Self::of(graph, Runner::Own(Box::new(program), options.limits)))
    }

    /// The same graph, run by something else. Operators need not be implemented here.
    pub fn with_engine(graph: Graph, engine: Box<dyn Engine>) -> Self {
        Self::of(graph, Runner::Other(engine))
    }

    fn of(graph: Graph, runner: Runner) -> Self {
        let placeholder = Failure::bug(codes::GRAPH, "the rows are not known yet");
        let mut session = Self { graph, runner, rows: Err(placeholder) };
        session.rows = scoring::rows(&session);
        session
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
        match &self.runner {
            Runner::Own(program, limits) => program.run(inputs, &[], &Context::new(*limits)),
            Runner::Other(engine) => {
                let name = |id| self.graph.values.get(id).map_or("?", |v| &v.name).to_owned();
                let names: Vec<String> = self.given().map(name).collect();
                if names.len() != inputs.len() {
                    let message = format!(
                        "the graph takes {} inputs, {} are given",
                        names.len(),
                        inputs.len()
                    );
                    return Err(Failure::usage(codes::GRAPH, message));
                }
                engine.run(names.into_iter().zip(inputs).collect())
            }
        }
    }
}
