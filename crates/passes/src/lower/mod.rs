//! Tabular models written as ONNX operators. One file an operator family.
//!
//! Every value is a tensor `[N, width]`, scalars have width 1. *Missing* is NaN in float values and
//! the empty text in texts; integers and booleans that may be missing carry a mask beside them.

mod answer;
mod arith;
mod association;
mod bayes;
mod build;
mod combine;
mod curve;
mod decision;
mod decompose;
mod distances;
mod estimate;
mod expression;
mod families;
mod functions;
mod gaps;
mod gaussian;
mod inputs;
mod inverse;
mod kernel;
mod linear;
mod linear_trees;
mod neighbors;
mod nested;
mod network;
mod oblivious;
mod options;
mod outputs;
mod prune;
mod reduce;
mod refine;
mod shares;
mod solve;
mod spline;
mod spread;
mod support;
mod survival;
mod tables;
mod texts;
mod trees;
mod value;
mod vector;
mod votes;

pub use options::{ColumnLayout, InputPrecision, LabelKind, LowerOptions, TreeSums};
pub use refine::refine;
pub use support::support;
pub(crate) use votes::coupled_graph;

use holdall_codec::AcceptedPlan;
use holdall_diag::Failure;
use holdall_graph::{AI_ONNX, AI_ONNX_ML, Graph, Stamp};
use holdall_tabular::{Estimator, Op, Transform, ValidModel, ValueId};

use answer::Answer;
use build::{Builder, inexpressible};
use estimate::Estimate;
use inputs::Inputs;
use texts::Texts;
use value::Val;

/// Metadata key of the names of the columns of the input `X`: a JSON list.
pub const FIELDS_KEY: &str = "holdall.fields";
/// Metadata key of the class labels in the order of the probabilities: a JSON list.
pub const CLASSES_KEY: &str = "holdall.classes";

/// Writes a model as a graph. A failure is a bug in [`support`] or [`refine`].
pub fn lower(plan: &AcceptedPlan<'_>, options: &LowerOptions) -> Result<Graph, Failure> {
    let model = plan.model();
    let mut context = Context {
        valid: model,
        options,
        builder: Builder::new(outputs::names(model).into_iter().collect()),
        inputs: Inputs::default(),
        slots: Vec::with_capacity(model.model().nodes.len()),
        texts: Texts::new(model),
    };
    context.builder.graph.stamp = stamp(options);
    context.builder.graph.name =
        model.model().header.name.clone().unwrap_or_else(|| "model".to_owned());
    context.builder.graph.description =
        model.model().header.description.clone().unwrap_or_default();
    context.declare_inputs()?;
    for (id, node) in model.model().nodes.iter() {
        let slot =
            context.node(id, &node.op).map_err(|failure| failure.at(model.model().location(id)))?;
        context.slots.push(slot);
    }
    context.declare_outputs()?;
    prune::pruned(context.builder.graph)
}

fn stamp(options: &LowerOptions) -> Stamp {
    Stamp {
        ir: options.ir,
        opsets: [(AI_ONNX.to_owned(), options.opset), (AI_ONNX_ML.to_owned(), options.ml)].into(),
        producer: "holdall".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        domain: String::new(),
        model_version: 0,
    }
}

/// What a node of the model became.
enum Slot {
    Value(Val),
    Estimate(Estimate),
    Answer(Answer),
}

/// The state of one lowering.
struct Context<'m> {
    valid: &'m ValidModel,
    options: &'m LowerOptions,
    builder: Builder,
    inputs: Inputs,
    slots: Vec<Slot>,
    texts: Texts,
}

impl Context<'_> {
    fn node(&mut self, id: ValueId, op: &Op) -> Result<Slot, Failure> {
        let value = match op {
            Op::Input(field) => self.input(*field)?,
            Op::Constant(constant) => expression::constant(constant),
            Op::Cast { arg, to } => self.cast(*arg, *to)?,
            Op::Concat(args) => self.concat(args)?,
            Op::Select { arg, indices } => self.select(*arg, indices)?,
            Op::Unary { op, arg } => self.unary(*op, *arg)?,
            Op::Binary { op, left, right } => self.binary(*op, *left, *right)?,
            Op::If { condition, yes, no } => self.choose(*condition, *yes, *no)?,
            Op::Impute(impute) => self.impute(impute)?,
            Op::Scale(scale) => self.scale(scale)?,
            Op::OneHot(one_hot) => self.one_hot(one_hot)?,
            Op::Ordinal(ordinal) => self.ordinal(ordinal)?,
            Op::Linear(linear) => self.linear(linear)?,
            Op::Trees(ensemble) => self.trees(ensemble)?,
            Op::Regress(regress) => return self.regress(regress).map(Slot::Estimate),
            Op::Classify(classify) => return self.classify(classify).map(Slot::Estimate),
            Op::Part { estimate, part } => self.part(*estimate, *part)?,
            Op::Call(call) => self.call(id, call)?,
            Op::Transform(transform) => self.transform(transform)?,
            Op::Estimator(estimator) => return self.estimator(id, estimator),
            Op::Foreign(foreign) => {
                return Err(inexpressible(format!("`{}` is not understood", foreign.name)));
            }
        };
        debug_assert_eq!(Some(value.kind), self.valid.kind_of(id), "{}", op.name());
        Ok(Slot::Value(value))
    }

    /// The value that a node yields.
    fn value(&self, id: ValueId) -> Result<Val, Failure> {
        match self.slots.get(id.index()) {
            Some(Slot::Value(value)) => Ok(value.clone()),
            Some(Slot::Estimate(_) | Slot::Answer(_)) | None => {
                Err(inexpressible(format!("{id} is no value")))
            }
        }
    }

    fn transform(&mut self, transform: &Transform) -> Result<Val, Failure> {
        match transform {
            Transform::Lookup(op) => self.lookup(op),
            Transform::Bin(op) => self.bin(op),
            Transform::Curve(op) => self.curve(op),
            Transform::Reduce(op) => self.reduce(*op),
            Transform::Normalize(op) => self.normalize(*op),
            Transform::Polynomial(op) => self.polynomial(op),
            Transform::Distances(op) => self.distances(op),
            Transform::Spline(op) => self.spline(op),
            Transform::ImputeNeighbors(op) => self.impute_neighbors(op),
            Transform::Decompose(op) => self.decompose(op),
            Transform::TextVector(_) | Transform::TextIndex(_) | Transform::Lag(_) => {
                Err(inexpressible(transform.kind().name()))
            }
        }
    }

    fn estimator(&mut self, id: ValueId, estimator: &Estimator) -> Result<Slot, Failure> {
        let value = match estimator {
            Estimator::ObliviousTrees(op) => self.oblivious_trees(op)?,
            Estimator::LinearTrees(op) => self.linear_trees(op)?,
            Estimator::KernelMachine(op) => self.kernel_machine(op)?,
            Estimator::Votes(op) => self.votes(op)?,
            Estimator::NaiveBayes(op) => self.naive_bayes(op)?,
            Estimator::GaussianProcess(op) => self.gaussian_process(id, op)?,
            Estimator::Neighbors(op) => return self.neighbors(op).map(Slot::Answer),
            Estimator::Cluster(op) => return self.cluster(op).map(Slot::Answer),
            Estimator::Detect(op) => return self.detect(op).map(Slot::Answer),
            Estimator::Combine(op) => return self.combined(id, op).map(Slot::Answer),
            Estimator::DecisionTree(op) => return self.decision_tree(op).map(Slot::Answer),
            Estimator::Rules(op) => return self.rules(op).map(Slot::Answer),
            Estimator::Scorecard(op) => return self.scorecard(id, op).map(Slot::Answer),
            Estimator::Association(op) => return self.association(op).map(Slot::Answer),
            Estimator::BayesianNetwork(op) => self.bayesian_network(op)?,
            Estimator::Survival(op) => self.survival(op)?,
            Estimator::TimeSeries(_) => return Err(inexpressible(estimator.kind().name())),
        };
        Ok(Slot::Value(value))
    }
}
