//! A graph, ready to run: nodes in order over slots, with what each subgraph takes from around it.

use std::collections::BTreeMap;

use holdall_diag::{Failure, Location, PathKind};
use holdall_graph::{Dim, Graph, Origin, ValueId, ValueType};

use crate::{
    TensorValue, codes,
    context::Context,
    ops::{self, Args, Kernel, Setup, World},
    value::element_type,
};

/// A graph in a graph in a graph… goes this deep at most.
const DEEPEST: usize = 40;

/// A graph, ready to run.
#[derive(Debug)]
pub(crate) struct Program {
    constants: Vec<Option<TensorValue>>,
    /// Slots of the inputs without a default.
    given: Vec<usize>,
    /// Slots and names of the outputs.
    outputs: Vec<(usize, String)>,
    /// What the graph says of the outputs.
    types: Vec<Option<ValueType>>,
    /// Names taken from around the graph, and their slots.
    captures: Vec<(String, usize)>,
    slots: usize,
    steps: Vec<Step>,
}

struct Step {
    kernel: Kernel,
    /// Inputs, then what subgraphs take.
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

/// A subgraph of a node, and where the node keeps what it takes from around.
pub(crate) struct Subgraph {
    pub(crate) program: Program,
    pub(crate) slots: Vec<usize>,
}

impl Subgraph {
    /// Runs it with these inputs.
    pub(crate) fn run(
        &self,
        args: Args<'_>,
        inputs: Vec<TensorValue>,
    ) -> Result<Vec<TensorValue>, Failure> {
        let captured: Vec<Option<&TensorValue>> =
            self.slots.iter().map(|&slot| args.optional(slot)).collect();
        self.program.run(inputs, &captured, args.cx)
    }
}

/// The slots of a graph by name, and those added for what comes from around.
struct Slots<'g> {
    names: BTreeMap<&'g str, usize>,
    captures: Vec<(String, usize)>,
    count: usize,
}

impl Slots<'_> {
    fn capture(&mut self, name: &str) -> usize {
        if let Some(&slot) = self.names.get(name) {
            return slot;
        }
        if let Some((_, slot)) = self.captures.iter().find(|(known, _)| known == name) {
            return *slot;
        }
        let slot = self.count;
        self.count += 1;
        self.captures.push((name.to_owned(), slot));
        slot
    }
}

impl Program {
    /// Prepares every node.
    pub(crate) fn compile(graph: &Graph, world: World<'_>) -> Result<Self, Failure> {
        if world.depth > DEEPEST {
            let message = format!("graphs are nested more than {DEEPEST} deep");
            return Err(Failure::limit(codes::GRAPH, message));
        }
        let mut constants = vec![None; graph.values.len()];
        let mut slots =
            Slots { names: BTreeMap::new(), captures: Vec::new(), count: graph.values.len() };
        for (id, value) in graph.values.iter() {
            if value.origin == Origin::Outer {
                slots.captures.push((value.name.clone(), id.index()));
                continue;
            }
            slots.names.insert(&value.name, id.index());
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
        let given = graph.inputs.iter().map(|id| id.index());
        let given = given.filter(|&i| constants.get(i).is_none_or(Option::is_none)).collect();
        let named =
            |id: &ValueId| (id.index(), graph.values.get(*id).map_or("?", |v| &v.name).to_owned());
        let outputs: Vec<(usize, String)> = graph.outputs.iter().map(named).collect();
        let declared = |id: &ValueId| graph.values.get(*id).and_then(|v| v.value_type.clone());
        let types = graph.outputs.iter().map(declared).collect();
        let mut steps = steps(graph, world, &mut slots)?;
        free(&mut steps, &outputs);
        let (captures, slots) = (slots.captures, slots.count);
        Ok(Self { constants, given, outputs, types, captures, slots, steps })
    }

    /// Names that the graph takes from around it.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &str> {
        self.captures.iter().map(|(name, _)| name.as_str())
    }

    /// How many inputs have no default.
    pub(crate) fn inputs(&self) -> usize {
        self.given.len()
    }

    /// How many outputs there are.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// An output that was never computed, stacked along a new axis: no element, extents that the graph
    /// does not know being 0, as onnxruntime has them.
    pub(crate) fn never(&self, output: usize, along: i64) -> Result<TensorValue, Failure> {
        let (name, declared) = (self.outputs.get(output), self.types.get(output));
        let Some(Some(ValueType::Tensor(tensor))) = declared else {
            let name = name.map_or("?", |(_, name)| name);
            let message =
                format!("no turn is made, and nothing says of which type `{name}` would be");
            return Err(Failure::unsupported(codes::INPUT, message)
                .with_help("declare the types of the outputs of the subgraph"));
        };
        let known = |dim: &Dim| match dim {
            Dim::Known(extent) => usize::try_from(*extent).unwrap_or(usize::MAX),
            Dim::Symbol(_) | Dim::Unknown => 0,
        };
        let mut shape: Vec<usize> = tensor.dims.iter().flatten().map(known).collect();
        shape.insert(ops::axis(along, shape.len() + 1)?, 0);
        TensorValue::empty(element_type(tensor.dtype), &shape)
    }

    /// Computes the outputs.
    pub(crate) fn run(
        &self,
        inputs: Vec<TensorValue>,
        captured: &[Option<&TensorValue>],
        cx: &Context,
    ) -> Result<Vec<TensorValue>, Failure> {
        if self.given.len() != inputs.len() {
            return Err(Failure::usage(
                codes::GRAPH,
                format!("the graph takes {} inputs, {} are given", self.given.len(), inputs.len()),
            ));
        }
        let mut values = Values { own: vec![None; self.slots], constants: &self.constants, cx };
        for (&slot, input) in self.given.iter().zip(inputs) {
            values.set(slot, input)?;
        }
        for ((_, slot), value) in self.captures.iter().zip(captured) {
            if let Some(value) = value {
                values.set(*slot, (*value).clone())?;
            }
        }
        for step in &self.steps {
            cx.step()?;
            step.run(&mut values).map_err(|failure| place(failure, &step.name))?;
        }
        let made = self.outputs.iter().map(|(slot, name)| {
            values.get(*slot).cloned().ok_or_else(|| {
                let message = format!("no node gives the output `{name}`");
                Failure::malformed(codes::GRAPH, message)
            })
        });
        let made = made.collect();
        values.close();
        made
    }
}

/// A failure within a step, with the way to it.
fn place(failure: Failure, step: &str) -> Failure {
    failure.map_location(|at| match &at.path {
        Some((PathKind::Model, inner)) => Location::model(format!("{step} › {inner}")),
        _ => Location::model(step.to_owned()),
    })
}

fn steps<'g>(
    graph: &'g Graph,
    world: World<'_>,
    slots: &mut Slots<'g>,
) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::with_capacity(graph.nodes.len());
    for (id, node) in graph.nodes.iter() {
        let label = if node.name.is_empty() { "" } else { " " };
        let name = format!("node {id} {}{label}{}", node.op_type, node.name);
        let setup = Setup::new(node, world);
        let kernel = ops::compile(&setup).map_err(|failure| place(failure, &name))?;
        let mut inputs: Vec<_> = node.inputs.iter().map(|id| id.map(ValueId::index)).collect();
        let captures = setup.into_captures();
        inputs.extend(captures.iter().map(|name| Some(slots.capture(name))));
        let outputs = node.outputs.iter().map(|id| id.map(ValueId::index)).collect();
        steps.push(Step { kernel, inputs, outputs, last: Vec::new(), name });
    }
    Ok(steps)
}

/// Notes with every step what nobody needs after it.
fn free(steps: &mut [Step], outputs: &[(usize, String)]) {
    let mut last: BTreeMap<usize, usize> = BTreeMap::new();
    for (i, step) in steps.iter().enumerate() {
        for value in step.inputs.iter().chain(&step.outputs).flatten() {
            last.insert(*value, i);
        }
    }
    for (slot, _) in outputs {
        last.remove(slot);
    }
    for (value, step) in last {
        if let Some(step) = steps.get_mut(step) {
            step.last.push(value);
        }
    }
}

/// The values of a run.
struct Values<'p> {
    own: Vec<Option<TensorValue>>,
    constants: &'p [Option<TensorValue>],
    cx: &'p Context,
}

impl Values<'_> {
    fn get(&self, slot: usize) -> Option<&TensorValue> {
        let computed = self.own.get(slot).and_then(Option::as_ref);
        computed.or_else(|| self.constants.get(slot).and_then(Option::as_ref))
    }

    fn set(&mut self, slot: usize, value: TensorValue) -> Result<(), Failure> {
        if let TensorValue::Sequence(items) = &value {
            self.cx.work(items.len() as u64)?;
        }
        self.cx.hold(value.bytes())?;
        if let Some(place) = self.own.get_mut(slot) {
            *place = Some(value);
        }
        Ok(())
    }

    fn clear(&mut self, slot: usize) {
        if let Some(value) = self.own.get_mut(slot).and_then(Option::take) {
            self.cx.release(value.bytes());
        }
    }

    fn close(mut self) {
        for slot in 0..self.own.len() {
            self.clear(slot);
        }
    }
}

impl Step {
    fn run(&self, values: &mut Values<'_>) -> Result<(), Failure> {
        let made = {
            let inputs: Vec<Option<&TensorValue>> =
                self.inputs.iter().map(|input| input.and_then(|i| values.get(i))).collect();
            let outputs = self.outputs.len();
            (self.kernel)(Args { values: &inputs, cx: values.cx, outputs })?
        };
        for (output, value) in self.outputs.iter().zip(made) {
            if let Some(slot) = output {
                values.set(*slot, value)?;
            }
        }
        for value in &self.last {
            values.clear(*value);
        }
        Ok(())
    }
}
