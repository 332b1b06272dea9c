//! Answers that depend on more than the construct.

use holdall_codec::{Plan, Support};
use holdall_tabular::{
    BinaryOp, Construct, EstimateType, Estimator, EstimatorKind, InvalidPolicy, Kind, Labels,
    MissingPolicy, Model, Op, OutlierPolicy, Part, Summation, Transform, TransformKind,
    TreeEnsemble, Type, UnaryOp, Unknown, ValidModel, ValueId,
};

use super::{
    ColumnLayout, LabelKind, LowerOptions, decision, decompose, families, inputs, outputs,
    texts::Texts, trees,
};

/// Sharpens the answers that depend on the model.
pub fn refine(plan: &mut Plan<'_>, options: &LowerOptions) {
    let valid = plan.model();
    let model = valid.model();
    let clash = clash(valid, options);
    let may_miss = may_miss(model);
    let texts = Texts::new(valid);
    plan.refine(|entry| {
        let construct = entry.requirement.construct;
        let classical = matches!(construct, Construct::Trees(_) | Construct::Field(Kind::Text));
        if classical && !(3..=4).contains(&options.ml) {
            return Some(Support::refuse(format!(
                "its operators are those of `ml=3` and `ml=4`, not of {}",
                options.ml
            )));
        }
        if let Construct::Field(kind) = construct {
            return field(model, options, kind);
        }
        if let Construct::Output(part) = construct {
            let found = output(valid, part, clash.as_deref(), &may_miss);
            let maps = options.zipmap && part == Part::Probabilities;
            return found.or_else(|| if maps { mapped(valid, options) } else { None });
        }
        if let Construct::Trees(summation) = construct {
            return tree_sums(model, options, summation);
        }
        if let Some(why) = families::refused(valid, construct, &may_miss) {
            return Some(Support::refuse(why));
        }
        if matches!(
            construct,
            Construct::Transform(TransformKind::Distances)
                | Construct::Estimator(EstimatorKind::Neighbors)
        ) && families::haversine(model)
        {
            let why = "inverse sines and cosines made of others: a relative error of a few units in the \
                       last place";
            return Some(Support::approximate(why));
        }
        if construct == Construct::Transform(TransformKind::Spline) && families::ends(model) {
            return Some(Support::drop(
                "operators cannot refuse a row: beyond its ends a spline's last polynomials go on",
            ));
        }
        if construct == Construct::Transform(TransformKind::Decompose)
            && decompose::refuses_rows(model)
        {
            return Some(Support::drop(
                "a `Loop` in which a row stays as it is once it has come to its end; operators cannot \
                 refuse a row: one with elements below 0 gets an answer that means nothing",
            ));
        }
        if let Construct::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne)) = construct {
            return texts_compared(valid, op, options, &texts);
        }
        if let Construct::Function(kind) = construct {
            return texts.support(valid, kind, options);
        }
        if construct == Construct::MissingKept && keeps_integers(model) {
            return Some(Support::drop(
                "NaN stands for a missing number, the empty text for a missing text; integers and \
                 booleans cannot be missing in tensors, such rows cannot be handed in",
            ));
        }
        (construct == Construct::MissingCategory && empty_category(model)).then(|| {
            Support::refuse("the empty text is a category and would stand for missing too")
        })
    });
}

/// What maps from labels to probabilities cannot say.
fn mapped(valid: &ValidModel, options: &LowerOptions) -> Option<Support> {
    let outputs = valid.model().outputs.iter().filter(|o| o.part == Part::Probabilities);
    let mut rounds = false;
    for output in outputs {
        let labels = valid.classes_of(output.value).map(Labels::kind);
        if options.labels == LabelKind::Auto && matches!(labels, Some(Kind::F64 | Kind::Bool)) {
            return Some(Support::refuse(
                "`ZipMap` has integers or texts for labels: `labels=int` or `labels=string` makes them so",
            ));
        }
        rounds |= !matches!(
            valid.type_of(output.value),
            Type::Estimate(EstimateType::Classification { kind: Kind::F32, .. })
        );
    }
    rounds.then(|| {
        Support::approximate("`ZipMap` takes binary32: probabilities are rounded, by 2⁻²⁴ at most")
    })
}

/// A name that an input and an output would share.
fn clash(valid: &ValidModel, options: &LowerOptions) -> Option<String> {
    let model = valid.model();
    let outputs = outputs::output_names(valid);
    let is_input = |name: &String| {
        if inputs::joined(model, options) {
            name == inputs::JOINT
        } else {
            model.fields.iter().any(|(_, field)| field.name == *name)
        }
    };
    outputs.into_iter().find(is_input)
}

fn field(model: &Model, options: &LowerOptions, kind: Kind) -> Option<Support> {
    if options.columns == ColumnLayout::Tensor && !inputs::can_join(model) {
        return Some(Support::refuse(format!(
            "one tensor takes numbers of one kind, and not all fields are {kind}: \
             `columns=columns` gives each its own"
        )));
    }
    None
}

fn keeps_integers(model: &Model) -> bool {
    model.fields.iter().any(|(_, field)| {
        matches!(field.kind, Kind::I64 | Kind::Bool) && field.missing == MissingPolicy::Keep
    })
}

fn output(
    valid: &ValidModel,
    part: Part,
    clash: Option<&str>,
    may_miss: &[bool],
) -> Option<Support> {
    if valid.model().fields.is_empty() {
        return Some(Support::refuse("a graph without inputs has no rows"));
    }
    if let Some(name) = clash {
        return Some(Support::refuse(format!(
            "`{name}` is the name of an input and of an output, which must differ in a graph"
        )));
    }
    let explained = |id: ValueId| match valid.model().nodes.get(id).map(|node| &node.op) {
        Some(Op::Estimator(Estimator::DecisionTree(_) | Estimator::Rules(_))) => {
            part == Part::Confidence
        }
        Some(Op::Estimator(Estimator::Scorecard(_))) => matches!(part, Part::Reason(_)),
        _ => false,
    };
    if matches!(part, Part::Confidence | Part::Reason(_))
        && valid.model().outputs.iter().any(|o| o.part == part && !explained(o.value))
    {
        return Some(Support::refuse("this kind of model has no operators for it"));
    }
    let gap = valid.model().outputs.iter().any(|output| {
        let kind = valid.kind_of(output.value);
        output.part == part
            && part == Part::Whole
            && matches!(kind, Some(Kind::I64 | Kind::Bool))
            && may_miss.get(output.value.index()).copied().unwrap_or(false)
    });
    if gap {
        return Some(Support::refuse(
            "an integer or boolean answer that may be missing has no tensor",
        ));
    }
    let unlabelled = part == Part::Label
        && valid.model().outputs.iter().any(|output| {
            let labels = valid.classes_of(output.value).map(Labels::kind);
            output.part == part
                && matches!(labels, Some(Kind::I64 | Kind::Bool))
                && may_miss.get(output.value.index()).copied().unwrap_or(false)
        });
    unlabelled.then(|| {
        Support::drop(
            "an integer or boolean label cannot be missing in a tensor: a row whose answer is missing \
             gets a label that means nothing",
        )
    })
}

fn tree_sums(model: &Model, options: &LowerOptions, summation: Summation) -> Option<Support> {
    let ensembles: Vec<&TreeEnsemble> = model
        .nodes
        .iter()
        .filter_map(
            |(_, node)| {
                if let Op::Trees(ensemble) = &node.op { Some(&**ensemble) } else { None }
            },
        )
        .filter(|ensemble| ensemble.summation == summation)
        .collect();
    let places: Vec<_> =
        ensembles.iter().map(|ensemble| (trees::place(ensemble, options.sums), ensemble)).collect();
    let too_many = places.iter().any(|((place, _), ensemble)| {
        *place == trees::Place::Numbers && ensemble.nodes.len() >= 1 << 24
    });
    if too_many {
        return Some(Support::refuse(
            "more than 2²⁴ leaves cannot be numbered in binary32: `sums=fast` does without",
        ));
    }
    places
        .iter()
        .all(|((place, exact), _)| *place == trees::Place::Inside && *exact)
        .then(Support::native)
}

/// Two computed texts compare in operators from opset 19 on.
fn texts_compared(
    valid: &ValidModel,
    op: BinaryOp,
    options: &LowerOptions,
    texts: &Texts,
) -> Option<Support> {
    let model = valid.model();
    let constant = |id: ValueId| {
        model.nodes.get(id).is_some_and(|node| {
            matches!(&node.op, Op::Constant(c) if matches!(&c.values, Labels::Text(v) if v.len() == 1))
        })
    };
    let needs = model.nodes.iter().any(|(_, node)| {
        if let Op::Binary { op: found, left, right } = node.op {
            let text = found == op && valid.kind_of(left) == Some(Kind::Text);
            let listed = texts.listed(left).or(texts.listed(right)).is_some();
            text && !constant(left) && !constant(right) && !listed
        } else {
            false
        }
    });
    (needs && options.opset < 19).then(|| {
        Support::refuse("texts of two columns that are not listed compare from `opset=19` on only")
    })
}

fn empty_category(model: &Model) -> bool {
    model.nodes.iter().any(|(_, node)| {
        let categories = if let Op::OneHot(one_hot) = &node.op {
            &one_hot.categories
        } else if let Op::Ordinal(ordinal) = &node.op {
            &ordinal.categories
        } else {
            return false;
        };
        categories.missing
            && matches!(&categories.values, Labels::Text(v) if v.iter().any(String::is_empty))
    })
}

/// Whether a node is the constant true.
fn is_true(model: &Model, id: ValueId) -> bool {
    model.nodes.get(id).is_some_and(|node| {
        matches!(&node.op, Op::Constant(c) if matches!(&c.values, Labels::Bool(v) if !v.contains(&false)))
    })
}

/// Whether elements of each node's value may be missing, as far as operators can tell.
fn may_miss(model: &Model) -> Vec<bool> {
    let mut found: Vec<bool> = Vec::with_capacity(model.nodes.len());
    for (_, node) in model.nodes.iter() {
        let of = |id: ValueId| found.get(id.index()).copied().unwrap_or(false);
        let any = || {
            let mut any = false;
            node.op.each_arg(&mut |id| any |= of(id));
            any
        };
        let misses = match &node.op {
            Op::Input(field) => model.fields.get(*field).is_some_and(|field| {
                let makes = matches!(field.outlier, OutlierPolicy::AsMissing { .. })
                    || field.invalid == InvalidPolicy::AsMissing;
                let can = makes || !matches!(field.kind, Kind::I64 | Kind::Bool);
                can && field.missing == MissingPolicy::Keep
            }),
            Op::Constant(_)
            | Op::Impute(_)
            | Op::OneHot(_)
            | Op::Transform(Transform::ImputeNeighbors(_))
            | Op::Unary { op: UnaryOp::IsMissing, .. } => false,
            Op::Trees(ensemble) => ensemble.nodes.may_lose(any()),
            Op::Ordinal(ordinal) => ordinal.unknown == Unknown::None,
            Op::Transform(
                Transform::Normalize(_)
                | Transform::Polynomial(_)
                | Transform::Distances(_)
                | Transform::Reduce(_)
                | Transform::Spline(_)
                | Transform::Decompose(_),
            ) => any(),
            Op::Call(_) | Op::Transform(_) => true,
            // Where every member has a condition, there are rows in which none answers.
            Op::Estimator(Estimator::Combine(op)) => {
                any() || op.members.iter().all(|m| m.when.is_some_and(|id| !is_true(model, id)))
            }
            Op::Estimator(Estimator::DecisionTree(op)) => decision::tree_may_miss(op, any()),
            Op::Estimator(Estimator::Rules(op)) => op.default.is_none(),
            Op::Estimator(Estimator::Scorecard(op)) => decision::card_may_miss(op, any()),
            Op::Cast { .. }
            | Op::Concat(_)
            | Op::Select { .. }
            | Op::Unary { .. }
            | Op::Binary { .. }
            | Op::If { .. }
            | Op::Scale(_)
            | Op::Linear(_)
            | Op::Estimator(_)
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Part { .. }
            | Op::Foreign(_) => any(),
        };
        found.push(misses);
    }
    found
}
