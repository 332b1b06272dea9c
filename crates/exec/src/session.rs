use std::collections::BTreeMap;

use holdall_diag::{Failure, Location};
use holdall_graph::{Graph, Origin};

use crate::{
    TensorValue, codes,
    ops::{self, Args, Kernel, Setup},
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
}

/// A graph, ready to run.
#[derive(Debug)]
pub struct Session {
    graph: Graph,
    constants: Vec<Option<TensorValue>>,
    steps: Vec<Step>,
    pub(crate) rows: Result<Rows, Failure>,
}

struct Step {
    kernel: Kernel,
    inputs: Vec<Option<usize>>,
    outputs: Vec<Option<usize>>,
    /// Values that nobody needs afterwards.
    last: Vec<usize>,
    name: String,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Session {
    /// Prepares a graph. Fails with `exec/operator` naming an operator that is not implemented and its
    /// node, or with `exec/attribute` where a setting makes no sense.
    pub fn compile(graph: Graph, options: SessionOptions) -> Result<Self, Failure> {
        let mut constants = vec![None; graph.values.len()];
        for (id, value) in graph.values.iter() {
            let (Origin::Weight(weight) | Origin::Input(Some(weight))) = value.origin else {
                continue;
            };
            if let (Some(slot), Some(weight)) =
                (constants.get_mut(id.index()), graph.weights.get(weight))
            {
                let made = TensorValue::of_weight(weight);
                *slot = Some(made.map_err(|f| f.at(Location::model(value.name.clone())))?);
            }
        }
        let mut steps = Vec::with_capacity(graph.nodes.len());
        let mut last: BTreeMap<usize, usize> = BTreeMap::new();
        for (id, node) in graph.nodes.iter() {
            let label = if node.name.is_empty() { "" } else { " " };
            let name = format!("node {id} {}{label}{}", node.op_type, node.name);
            let setup = Setup { node, graph: &graph, behaviour: options.behaviour };
            let kernel = ops::compile(&setup)
                .map_err(|failure| failure.at(Location::model(name.clone())))?;
            let slots = |ids: &[Option<holdall_graph::ValueId>]| -> Vec<Option<usize>> {
                ids.iter().map(|id| id.map(holdall_graph::ValueId::index)).collect()
            };
            let (inputs, outputs) = (slots(&node.inputs), slots(&node.outputs));
            for value in inputs.iter().chain(&outputs).flatten() {
                last.insert(*value, steps.len());
            }
            steps.push(Step { kernel, inputs, outputs, last: Vec::new(), name });
        }
        for id in &graph.outputs {
            last.remove(&id.index());
        }
        for (value, step) in last {
            if let Some(step) = steps.get_mut(step) {
                step.last.push(value);
            }
        }
        let placeholder = Failure::bug(codes::GRAPH, "the rows are not known yet");
        let mut session = Self { graph, constants, steps, rows: Err(placeholder) };
        session.rows = scoring::rows(&session);
        Ok(session)
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The inputs that must be given: those without a default.
    pub(crate) fn given(&self) -> impl Iterator<Item = holdall_graph::ValueId> + '_ {
        self.graph
            .inputs
            .iter()
            .copied()
            .filter(|id| self.constants.get(id.index()).is_none_or(Option::is_none))
    }

    /// Computes the outputs from the inputs, in the graph's order; inputs with a default weight are
    /// not given.
    pub fn run(&self, inputs: Vec<TensorValue>) -> Result<Vec<TensorValue>, Failure> {
        let given: Vec<_> = self.given().collect();
        if given.len() != inputs.len() {
            return Err(Failure::usage(
                codes::GRAPH,
                format!("the graph takes {} inputs, {} are given", given.len(), inputs.len()),
            ));
        }
        let mut values: Vec<Option<TensorValue>> = vec![None; self.graph.values.len()];
        for (id, input) in given.into_iter().zip(inputs) {
            if let Some(slot) = values.get_mut(id.index()) {
                *slot = Some(input);
            }
        }
        for step in &self.steps {
            let made = {
                let inputs: Vec<Option<&TensorValue>> = step
                    .inputs
                    .iter()
                    .map(|input| input.and_then(|i| self.value(&values, i)))
                    .collect();
                (step.kernel)(Args(&inputs)).map_err(|failure| {
                    failure.map_location(|at| {
                        if at.is_none() { Location::model(step.name.clone()) } else { at }
                    })
                })?
            };
            for (output, value) in step.outputs.iter().zip(made) {
                if let Some(slot) = output.and_then(|i| values.get_mut(i)) {
                    *slot = Some(value);
                }
            }
            for value in &step.last {
                if let Some(slot) = values.get_mut(*value) {
                    *slot = None;
                }
            }
        }
        self.graph
            .outputs
            .iter()
            .map(|id| {
                let name = || self.graph.values.get(*id).map_or("?", |v| &v.name).to_owned();
                self.value(&values, id.index()).cloned().ok_or_else(|| {
                    Failure::malformed(
                        codes::GRAPH,
                        format!("no node gives the output `{}`", name()),
                    )
                })
            })
            .collect()
    }

    fn value<'v>(
        &'v self,
        values: &'v [Option<TensorValue>],
        index: usize,
    ) -> Option<&'v TensorValue> {
        let computed = values.get(index).and_then(Option::as_ref);
        computed.or_else(|| self.constants.get(index).and_then(Option::as_ref))
    }
}
