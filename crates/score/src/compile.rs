use holdall_diag::{Failure, Location};
use holdall_table::{Kind, Port, Role};
use holdall_tabular::{
    BinaryOp, Classify, Constant, EstimateType, Linear, Link, Op, Part, Scale, Transform, Type,
    UnaryOp, ValidModel, ValueId,
};

use crate::kernel::{
    self, Kernel, Preparations, call,
    classify::ClassifyStep,
    impute::ImputeStep,
    input::FieldStep,
    linear::{LinearStep, Source, sources},
    one_hot::OneHotStep,
    ordinal::{OrdinalStep, Origin},
    trees::TreesStep,
};

/// What [`Scorer::compile_with`] is asked for beyond the model's own outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScoreOptions {
    /// Adds `margin_<k>`: the untransformed scores of every estimate that has an output, unless the
    /// model answers with them already.
    pub raw: bool,
}

/// A model made ready to score rows. See [`holdall_table::Scoring`].
pub struct Scorer {
    pub(crate) inputs: Vec<Port>,
    pub(crate) named_inputs: bool,
    pub(crate) outputs: Vec<Port>,
    pub(crate) fields: Vec<FieldStep>,
    /// One a node; none where no output depends on it.
    pub(crate) steps: Vec<Option<Step>>,
    pub(crate) answers: Vec<(usize, Part)>,
    /// Rows before a row that its answers depend on.
    pub(crate) history: usize,
}

impl std::fmt::Debug for Scorer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (inputs, outputs) = (self.inputs.len(), self.outputs.len());
        f.debug_struct("Scorer")
            .field("inputs", &inputs)
            .field("outputs", &outputs)
            .finish_non_exhaustive()
    }
}

/// What is done for a node. Operands are positions of earlier nodes.
pub(crate) enum Step {
    Input(usize),
    Constant(Constant),
    Cast(usize, Kind),
    Concat(Vec<usize>),
    Select(usize, Vec<u32>),
    Unary(UnaryOp, usize),
    Binary(BinaryOp, usize, usize),
    If(usize, usize, usize),
    Impute(usize, ImputeStep),
    Scale(usize, Scale),
    OneHot(usize, OneHotStep),
    Ordinal(usize, OrdinalStep),
    Linear(Vec<Terms>, LinearStep),
    Trees(usize, Box<TreesStep>),
    Regress(usize, Link),
    Classify(usize, ClassifyStep),
    Part(usize, Part),
    /// A construct with a kernel of its own.
    Kernel(Box<dyn Kernel>),
}

/// A part of what a linear node adds up.
pub(crate) enum Terms {
    Elements(usize),
    Indicators { category: usize, step: Box<OneHotStep>, width: usize },
}

impl Scorer {
    /// Makes a model ready.
    ///
    /// Fails with `score/too-large` for ensembles beyond 2³¹ nodes, or `score/format` when a pattern or format
    /// cannot be obeyed.
    pub fn compile(model: &ValidModel) -> Result<Self, Failure> {
        Self::compile_with(model, ScoreOptions::default())
    }

    /// Makes a model ready, with further output columns.
    pub fn compile_with(model: &ValidModel, options: ScoreOptions) -> Result<Self, Failure> {
        let body = model.model();
        let mut outputs = model.output_ports();
        let mut answers: Vec<(usize, Part)> =
            body.outputs.iter().map(|o| (o.value.index(), o.part)).collect();
        if options.raw {
            add_margins(model, &mut outputs, &mut answers);
        }
        let live = live_nodes(model);
        let mut known = Preparations::default();
        let steps = body.nodes.iter().zip(&live).map(|((id, _), live)| {
            if *live { step(model, id, &mut known).transpose() } else { None }.transpose()
        });
        Ok(Self {
            inputs: model.input_ports(),
            named_inputs: body.named_inputs,
            outputs,
            fields: body.fields.iter().map(|(_, f)| FieldStep::new(f)).collect(),
            steps: steps.collect::<Result<_, _>>()?,
            answers,
            history: history(model),
        })
    }
}

/// How many rows before a row its answers depend on: the farthest look back along any way to an output.
fn history(model: &ValidModel) -> usize {
    let body = model.model();
    let mut back = vec![0_usize; body.nodes.len()];
    for (id, node) in body.nodes.iter() {
        let mut most = 0;
        node.op.each_arg(&mut |arg| most = most.max(back[arg.index()]));
        if let Op::Transform(Transform::Lag(lag)) = &node.op {
            most += lag.rows as usize;
        }
        back[id.index()] = most;
    }
    body.outputs.iter().map(|output| back[output.value.index()]).max().unwrap_or(0)
}

/// Which nodes an output depends on.
fn live_nodes(model: &ValidModel) -> Vec<bool> {
    let body = model.model();
    let mut live = vec![false; body.nodes.len()];
    for output in &body.outputs {
        live[output.value.index()] = true;
    }
    for (id, node) in body.nodes.iter().rev() {
        if !live[id.index()] {
            continue;
        }
        if let Op::Linear(linear) = &node.op {
            for term in terms(model, linear) {
                let (Terms::Elements(node) | Terms::Indicators { category: node, .. }) = term;
                live[node] = true;
            }
        } else {
            node.op.each_arg(&mut |arg| live[arg.index()] = true);
        }
    }
    live
}

/// What a linear node adds up. Indicators are left out where only sums look at them.
fn terms(model: &ValidModel, linear: &Linear) -> Vec<Terms> {
    let terms = sources(model, linear).into_iter().map(|source| match source {
        Source::Elements(node) => Terms::Elements(node.index()),
        Source::Indicators(node) => match model.model().nodes.get(node).map(|node| &node.op) {
            Some(Op::OneHot(op)) => Terms::Indicators {
                category: op.arg.index(),
                step: Box::new(OneHotStep::new(op, origin(model, node, op.arg))),
                width: model.width_of(node) as usize,
            },
            Some(_) | None => Terms::Elements(node.index()),
        },
    });
    terms.collect()
}

fn add_margins(model: &ValidModel, ports: &mut Vec<Port>, answers: &mut Vec<(usize, Part)>) {
    let mut number = 0;
    let mut seen: Vec<ValueId> = Vec::new();
    for output in &model.model().outputs {
        let Type::Estimate(estimate) = model.type_of(output.value) else { continue };
        let answer = (output.value.index(), Part::Margins);
        if seen.contains(&output.value) || answers.contains(&answer) {
            continue;
        }
        seen.push(output.value);
        answers.push(answer);
        let (margins, kind) = match estimate {
            EstimateType::Regression { targets, kind } => (targets, kind),
            EstimateType::Classification { margins, kind, .. } => (margins, kind),
            EstimateType::Clustering { .. }
            | EstimateType::Anomaly { .. }
            | EstimateType::Ranking { .. } => continue,
        };
        for _ in 0..margins {
            let name = format!("margin_{number}");
            ports.push(Port { name, kind, role: Some(Role::Margin(number)) });
            number += 1;
        }
    }
}

/// `Ok(None)` for what validation lets no model hold.
fn step(
    model: &ValidModel,
    id: ValueId,
    known: &mut Preparations,
) -> Result<Option<Step>, Failure> {
    let Some(node) = model.model().nodes.get(id) else { return Ok(None) };
    Ok(Some(match &node.op {
        Op::Input(field) => Step::Input(field.index()),
        Op::Constant(constant) => Step::Constant(constant.clone()),
        Op::Cast { arg, to } => Step::Cast(arg.index(), *to),
        Op::Concat(args) => Step::Concat(args.iter().map(|arg| arg.index()).collect()),
        Op::Select { arg, indices } => Step::Select(arg.index(), indices.clone()),
        Op::Unary { op, arg } => Step::Unary(*op, arg.index()),
        Op::Binary { op, left, right } => Step::Binary(*op, left.index(), right.index()),
        Op::If { condition, yes, no } => Step::If(condition.index(), yes.index(), no.index()),
        Op::Impute(impute) => Step::Impute(impute.arg.index(), ImputeStep::new(impute)),
        Op::Scale(scale) => Step::Scale(scale.arg.index(), scale.clone()),
        Op::OneHot(op) => {
            Step::OneHot(op.arg.index(), OneHotStep::new(op, origin(model, id, op.arg)))
        }
        Op::Ordinal(op) => {
            Step::Ordinal(op.arg.index(), OrdinalStep::new(op, origin(model, id, op.arg)))
        }
        Op::Call(call) => Step::Kernel(call::compile(call)?),
        Op::Transform(op) => Step::Kernel(kernel::transform(op, known, place(id))?),
        Op::Estimator(op) => Step::Kernel(kernel::estimator(op, model.classes_of(id), place(id))),
        Op::Linear(linear) => Step::Linear(terms(model, linear), LinearStep::new(linear)),
        Op::Trees(trees) => Step::Trees(
            trees.arg.index(),
            Box::new(TreesStep::new(trees, model.kind_of(trees.arg), place(id))?),
        ),
        Op::Regress(regress) => Step::Regress(regress.margins.index(), regress.link),
        Op::Classify(Classify { margins, classes, link, decision, has_probabilities: _ }) => {
            let step = ClassifyStep { classes: classes.clone(), link: *link, decision: *decision };
            Step::Classify(margins.index(), step)
        }
        Op::Part { estimate, part } => Step::Part(estimate.index(), *part),
        Op::Foreign(_) => return Ok(None),
    }))
}

fn place(id: ValueId) -> Location {
    Location::model(format!("node {id}"))
}

/// The field that a category is read from, through what keeps its meaning.
fn origin(model: &ValidModel, node: ValueId, mut arg: ValueId) -> Origin {
    let body = model.model();
    loop {
        let field = match body.nodes.get(arg).map(|node| &node.op) {
            Some(Op::Input(field)) => body.fields.get(*field).map(|f| f.name.clone()),
            Some(Op::Impute(impute)) => {
                arg = impute.arg;
                continue;
            }
            Some(Op::Cast { arg: before, to: _ }) => {
                arg = *before;
                continue;
            }
            Some(_) | None => None,
        };
        return Origin { field, location: place(node) };
    }
}
