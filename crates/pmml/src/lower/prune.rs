//! Leaving out what no answer needs, and kinds of values.

use holdall_arena::Arena;
use holdall_tabular::{
    Call, Estimator, Function, Kind, Model, NeighborAnswer, NodeAnswer, Op, Part, ReduceOp, Test,
    Transform, UnaryOp, ValueId,
};

/// The model without nodes that nothing uses; inputs stay.
pub(super) fn prune(mut model: Model) -> Model {
    let mut used = vec![false; model.nodes.len()];
    let mark = |used: &mut Vec<bool>, id: ValueId| {
        if let Some(flag) = used.get_mut(id.index()) {
            *flag = true;
        }
    };
    model.outputs.iter().for_each(|output| mark(&mut used, output.value));
    for (id, node) in model.nodes.iter().rev() {
        if matches!(node.op, Op::Input(_)) {
            mark(&mut used, id);
        } else if used.get(id.index()) == Some(&true) {
            node.op.each_arg(&mut |arg| mark(&mut used, arg));
        }
    }
    let mut places: Vec<ValueId> = Vec::with_capacity(used.len());
    let mut kept = Arena::new();
    let old = std::mem::take(&mut model.nodes);
    for (mut node, used) in old.into_vec().into_iter().zip(&used) {
        let place = ValueId::new(u32::try_from(kept.len()).unwrap_or(u32::MAX));
        places.push(place);
        if *used {
            node.op
                .each_arg_mut(&mut |arg| *arg = places.get(arg.index()).copied().unwrap_or(*arg));
            // There are no more nodes than there were.
            let _place = kept.push(node);
        }
    }
    let moved = |id: ValueId| places.get(id.index()).copied().unwrap_or(id);
    model.outputs.iter_mut().for_each(|output| output.value = moved(output.value));
    model.locations.0 = std::mem::take(&mut model.locations.0)
        .into_iter()
        .filter(|(id, _)| used.get(id.index()) == Some(&true))
        .map(|(id, location)| (moved(id), location))
        .collect();
    model.nodes = kept;
    model
}

/// What is known of values, by their places, so that long chains are not followed again and again.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<Option<(Kind, bool)>>);

impl Known {
    /// Finds out about a value that was just made, or changed.
    pub(super) fn learn(&mut self, model: &Model, id: ValueId) {
        if let Some(known) = self.0.get_mut(id.index()) {
            *known = None;
        }
        let found = (kind_of(model, id, self), is_vector(model, id, self));
        if self.0.len() <= id.index() {
            self.0.resize(id.index() + 1, None);
        }
        if let Some(known) = self.0.get_mut(id.index()) {
            *known = Some(found);
        }
    }

    fn get(&self, id: ValueId) -> Option<(Kind, bool)> {
        self.0.get(id.index()).copied().flatten()
    }
}

/// The kind of a value that this crate's reader made; follows first operands.
pub(super) fn kind_of(model: &Model, mut id: ValueId, known: &Known) -> Kind {
    loop {
        if let Some((kind, _)) = known.get(id) {
            return kind;
        }
        let Some(node) = model.nodes.get(id) else { return Kind::F64 };
        id = match &node.op {
            Op::Input(field) => return model.fields.get(*field).map_or(Kind::F64, |f| f.kind),
            Op::Constant(constant) => return constant.kind,
            Op::Cast { to, .. } => return *to,
            Op::Unary { op: UnaryOp::Not | UnaryOp::IsMissing | UnaryOp::IsNan, .. } => {
                return Kind::Bool;
            }
            Op::Binary { op, .. } if op.is_test() => return Kind::Bool,
            Op::OneHot(op) => return op.kind,
            Op::Ordinal(op) => return op.kind,
            Op::Linear(op) => return if op.summation.is_f32() { Kind::F32 } else { Kind::F64 },
            Op::Trees(op) => return if op.summation.is_f32() { Kind::F32 } else { Kind::F64 },
            Op::Call(op) => match kind_of_call(op) {
                Ok(kind) => return kind,
                Err(arg) => arg,
            },
            Op::Transform(op) => match kind_of_transform(op) {
                Ok(kind) => return kind,
                Err(arg) => arg,
            },
            Op::Estimator(_) | Op::Foreign(_) => return Kind::F64,
            Op::Part { estimate, part } => {
                if let Some(kind) = kind_of_part(*part) {
                    return kind;
                }
                let mut at = *estimate;
                // A combination answers as its members do.
                loop {
                    match model.nodes.get(at).map(|n| &n.op) {
                        Some(Op::Estimator(op)) => match kind_of_label(op, *part) {
                            Ok(kind) => return kind,
                            Err(member) => at = member,
                        },
                        Some(Op::Classify(op)) if *part == Part::Label => return op.classes.kind(),
                        Some(Op::Classify(op)) => break op.margins,
                        Some(Op::Regress(op)) => break op.margins,
                        _ => return Kind::F64,
                    }
                }
            }
            Op::Concat(args) => match args.first() {
                Some(first) => *first,
                None => return Kind::F64,
            },
            Op::Select { arg, .. } | Op::Unary { arg, .. } => *arg,
            Op::Binary { left, .. } => *left,
            Op::If { yes, .. } => *yes,
            Op::Impute(op) => op.arg,
            Op::Scale(op) => op.arg,
            Op::Regress(op) => op.margins,
            Op::Classify(op) => op.margins,
        };
    }
}

/// Whether a node is a leaf.
pub(super) const fn is_leaf(test: Test) -> bool {
    matches!(test, Test::Leaf)
}

/// The kind of a function's answer, or the operand that has it.
fn kind_of_call(call: &Call) -> Result<Kind, ValueId> {
    match &call.function {
        Function::Uppercase
        | Function::Lowercase
        | Function::Trim
        | Function::Substring
        | Function::Join
        | Function::Replace { .. }
        | Function::ToText
        | Function::FormatNumber(_)
        | Function::FormatDateTime(_) => Ok(Kind::Text),
        Function::Length
        | Function::CityHash
        | Function::ParseDate
        | Function::ParseTime
        | Function::ParseDateTime => Ok(Kind::I64),
        Function::Matches { .. } | Function::IsIn(_) => Ok(Kind::Bool),
        Function::ToNumber => Ok(Kind::F64),
        Function::Coalesce => call.args.first().map_or(Ok(Kind::F64), |arg| Err(*arg)),
    }
}

/// The kind of a transform's answer, or the operand that has it.
fn kind_of_transform(transform: &Transform) -> Result<Kind, ValueId> {
    match transform {
        Transform::Lookup(op) => Ok(op.values.kind()),
        Transform::Bin(op) => Ok(op.values.kind()),
        Transform::Curve(op) => Err(op.arg),
        Transform::Reduce(op) => match op.op {
            ReduceOp::Count | ReduceOp::ArgMin | ReduceOp::ArgMax => Ok(Kind::I64),
            ReduceOp::Any | ReduceOp::All => Ok(Kind::Bool),
            ReduceOp::Sum
            | ReduceOp::Product
            | ReduceOp::Min
            | ReduceOp::Max
            | ReduceOp::Mean
            | ReduceOp::Median
            | ReduceOp::SumAbs
            | ReduceOp::SumSquares
            | ReduceOp::MaxAbs
            | ReduceOp::StdDev => Err(op.arg),
        },
        Transform::Normalize(op) => Err(op.arg),
        Transform::Polynomial(op) => Err(op.arg),
        Transform::Lag(op) => match op.aggregate {
            Some(ReduceOp::Count) => Ok(Kind::I64),
            _ => Err(op.arg),
        },
        Transform::TextVector(op) => Ok(op.kind),
        Transform::Spline(_)
        | Transform::TextIndex(_)
        | Transform::Distances(_)
        | Transform::ImputeNeighbors(_)
        | Transform::Decompose(_) => Ok(Kind::F64),
    }
}

/// The kind of parts that have one whatever the estimate is.
fn kind_of_part(part: Part) -> Option<Kind> {
    match part {
        Part::Entity(_) | Part::Reason(_) => Some(Kind::Text),
        Part::Rule(_, feature) => Some(feature.kind()),
        Part::Whole
        | Part::Label
        | Part::Probabilities
        | Part::Probability(_)
        | Part::Values
        | Part::Margins
        | Part::Distances
        | Part::Score
        | Part::Confidence => None,
    }
}

/// The kind of a family's labels and numbers, or the estimate that has it.
fn kind_of_label(estimator: &Estimator, part: Part) -> Result<Kind, ValueId> {
    if let Estimator::Combine(op) = estimator {
        return op.members.first().map_or(Ok(Kind::F64), |member| Err(member.estimate));
    }
    if part != Part::Label {
        return Ok(Kind::F64);
    }
    Ok(match estimator {
        Estimator::Neighbors(op) => match &op.answer {
            NeighborAnswer::Classes { classes, .. } => classes.kind(),
            NeighborAnswer::Values { .. } => Kind::F64,
        },
        Estimator::DecisionTree(op) => match &op.answer {
            NodeAnswer::Classes(answer) => answer.classes.kind(),
            NodeAnswer::Values(_) => Kind::F64,
        },
        Estimator::Rules(op) => op.classes.kind(),
        Estimator::Cluster(op) => op.labels.kind(),
        Estimator::Detect(op) => op.labels.kind(),
        Estimator::ObliviousTrees(_)
        | Estimator::LinearTrees(_)
        | Estimator::KernelMachine(_)
        | Estimator::Votes(_)
        | Estimator::NaiveBayes(_)
        | Estimator::BayesianNetwork(_)
        | Estimator::TimeSeries(_)
        | Estimator::GaussianProcess(_)
        | Estimator::Survival(_)
        | Estimator::Scorecard(_)
        | Estimator::Association(_)
        | Estimator::Combine(_) => Kind::F64,
    })
}

/// Whether a value is a vector; follows operands.
pub(super) fn is_vector(model: &Model, id: ValueId, known: &Known) -> bool {
    let mut open = vec![id];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(id) = open.pop() {
        match known.get(id) {
            Some((_, true)) => return true,
            Some((_, false)) => continue,
            None => {}
        }
        if !seen.insert(id) {
            continue;
        }
        let Some(node) = model.nodes.get(id) else { return false };
        match &node.op {
            Op::Concat(_) | Op::Select { .. } | Op::OneHot(_) | Op::Linear(_) | Op::Trees(_) => {
                return true;
            }
            Op::Estimator(op) => {
                if !matches!(op, Estimator::Survival(_) | Estimator::TimeSeries(_)) {
                    return true;
                }
            }
            Op::Part { estimate: _, part } => {
                if matches!(
                    part,
                    Part::Values | Part::Probabilities | Part::Margins | Part::Distances
                ) {
                    return true;
                }
            }
            Op::Transform(op) => match op {
                Transform::Normalize(_)
                | Transform::Polynomial(_)
                | Transform::Spline(_)
                | Transform::TextVector(_)
                | Transform::Distances(_)
                | Transform::ImputeNeighbors(_)
                | Transform::Decompose(_) => return true,
                Transform::Curve(op) => open.push(op.arg),
                Transform::Lookup(_)
                | Transform::Bin(_)
                | Transform::Reduce(_)
                | Transform::TextIndex(_)
                | Transform::Lag(_) => {}
            },
            Op::Cast { arg, .. } | Op::Unary { arg, .. } => open.push(*arg),
            Op::Binary { left, right, .. } => open.extend([*right, *left]),
            Op::Impute(op) => open.push(op.arg),
            Op::Scale(op) => open.push(op.arg),
            Op::Input(_)
            | Op::Constant(_)
            | Op::If { .. }
            | Op::Ordinal(_)
            | Op::Call(_)
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Foreign(_) => {}
        }
    }
    false
}
