use holdall_table::Kind;

use super::{
    Check, Fault, fault,
    infer::{Inferred, categories, count, expect_length, fits, margins, value},
    transforms::{comparison, f64_vector, matrix},
    trees,
};
use crate::{
    Aggregate, Arima, Association, BayesianNetwork, Cluster, Combine, CombineMethod,
    CovarianceTerm, DecisionNodes, DecisionTree, Detect, EstimateType, Estimator, GaussianProcess,
    KernelMachine, Labels, Likelihood, LinearTrees, MissingElement, NaiveBayes, Near,
    NeighborAnswer, NeighborWeights, Neighbors, NodeAnswer, NodeClasses, ObliviousTrees, Rules,
    Scorecard, StateSpace, Survival, TimeSeries, TimeSeriesForm, Type, ValueId, VoteForm, Votes,
    Width, codes,
};

const BOOLEAN: (Kind, Width) = (Kind::Bool, Width::Scalar);
const NUMBER: (Kind, Width) = (Kind::F64, Width::Scalar);

/// What an estimator yields.
pub(super) fn infer(check: &Check<'_>, estimator: &Estimator) -> Inferred {
    match estimator {
        Estimator::ObliviousTrees(op) => oblivious_trees(op, value(check, op.arg)?),
        Estimator::LinearTrees(op) => linear_trees(op, value(check, op.trees.arg)?),
        Estimator::BayesianNetwork(op) => bayesian_network(check, op),
        Estimator::TimeSeries(op) => time_series(op, value(check, op.steps)?),
        Estimator::KernelMachine(op) => kernel_machine(op, value(check, op.arg)?),
        Estimator::Votes(op) => votes(op, margins(check, op.arg)?),
        Estimator::NaiveBayes(op) => naive_bayes(check, op),
        Estimator::GaussianProcess(op) => gaussian_process(op, value(check, op.arg)?),
        Estimator::Survival(op) => survival(check, op),
        Estimator::Neighbors(op) => neighbors(op, value(check, op.arg)?),
        Estimator::DecisionTree(op) => decision_tree(check, op),
        Estimator::Rules(op) => rules(check, op),
        Estimator::Scorecard(op) => scorecard(check, op),
        Estimator::Cluster(op) => cluster(op, margins(check, op.distances)?),
        Estimator::Detect(op) => detect(op, value(check, op.score)?),
        Estimator::Association(op) => association(op, value(check, op.arg)?),
        Estimator::Combine(op) => combine(check, op),
    }
}

fn expect(check: &Check<'_>, id: ValueId, expected: (Kind, Width)) -> Result<(), Fault> {
    let found = value(check, id)?;
    if found == expected {
        return Ok(());
    }
    fault(
        codes::TYPE,
        format!(
            "expected {} in {id}, found {}",
            Type::Value(expected.0, expected.1),
            Type::Value(found.0, found.1)
        ),
    )
}

fn class_count(classes: &Labels) -> Result<u32, Fault> {
    let classes = count(classes.len())?;
    if classes == 0 {
        return fault(codes::CLASSES, "there is no class");
    }
    Ok(classes)
}

/// A classification that has no margins.
fn classification(classes: &Labels, count: u32) -> Type {
    Type::Estimate(EstimateType::Classification {
        classes: count,
        margins: 0,
        label: classes.kind(),
        kind: Kind::F64,
    })
}

fn regression(targets: u32) -> Type {
    Type::Estimate(EstimateType::Regression { targets, kind: Kind::F64 })
}

fn oblivious_trees(op: &ObliviousTrees, (kind, width): (Kind, Width)) -> Inferred {
    let Width::Vector(features) = width else {
        return fault(codes::TYPE, "expected a vector, found a scalar");
    };
    if !kind.is_float() || op.outputs == 0 {
        return fault(codes::TYPE, "expected a float vector and at least one margin");
    }
    if let Some(depth) = op.depths.iter().find(|&&depth| depth > 24) {
        return fault(codes::VALUE, format!("a tree of depth {depth}; 24 is the most"));
    }
    let splits: u64 = op.depths.iter().map(|&depth| u64::from(depth)).sum();
    let leaves: u64 = op.depths.iter().map(|&depth| 1_u64 << depth).sum();
    if op.splits.len() as u64 != splits || op.leaves.len() as u64 != leaves * u64::from(op.outputs)
    {
        return fault(
            codes::LENGTH,
            format!("{splits} splits and {leaves} leaves of {} values expected", op.outputs),
        );
    }
    if let Some(split) = op.splits.iter().find(|split| split.feature >= features) {
        return fault(
            codes::FEATURE,
            format!("feature {} of a vector of {features}", split.feature),
        );
    }
    if op.splits.iter().any(|split| split.border.is_nan()) {
        return fault(codes::VALUE, "a border is NaN");
    }
    if let Aggregate::DivideBy(by) = op.aggregate
        && !(by.is_finite() && by > 0.0)
    {
        return fault(codes::VALUE, format!("the sum cannot be divided by {by}"));
    }
    if !op.bias.is_empty() {
        expect_length("biases", op.bias.len(), op.outputs)?;
    }
    let kind = if op.summation.is_f32() { Kind::F32 } else { Kind::F64 };
    Ok(Some(Type::Value(kind, Width::Vector(op.outputs))))
}

fn linear_trees(op: &LinearTrees, arg: (Kind, Width)) -> Inferred {
    let found = trees::infer(&op.trees, arg)?;
    if op.trees.leaf_width != 1 || op.trees.summation.is_f32() || arg.0 != Kind::F64 {
        return fault(codes::TYPE, "linear leaves are binary64 models of one value");
    }
    expect_length("linear models", op.models.len(), count(op.trees.leaves.len())?)?;
    let terms = op.models.iter().flat_map(|model| &model.terms);
    if let Some((beyond, _)) = terms.into_iter().find(|(f, _)| *f >= arg.1.elements()) {
        return fault(
            codes::FEATURE,
            format!("feature {beyond} of a vector of {}", arg.1.elements()),
        );
    }
    Ok(found)
}

fn time_series(op: &TimeSeries, steps: (Kind, Width)) -> Inferred {
    if steps != (Kind::I64, Width::Scalar) {
        return fault(codes::TYPE, "expected a number of steps as an integer scalar");
    }
    if let TimeSeriesForm::StateSpace(space) = &op.form {
        let states = space.state.len();
        if states > StateSpace::MOST_STATES {
            let most = StateSpace::MOST_STATES;
            return fault(codes::TOO_LARGE, format!("a state of {states} numbers, at most {most}"));
        }
        let wide = count(states)?;
        expect_length("the measurement", space.measurement.len(), wide)?;
        let rows = matrix(&space.transition, wide)?;
        expect_length("the transition", rows as usize, wide)?;
    }
    if let TimeSeriesForm::Arima(arima) = &op.form {
        let (back, residuals) = look_back(arima);
        if (arima.history.len() as u64) < back || (arima.residuals.len() as u64) < residuals {
            return fault(
                codes::LENGTH,
                format!("the recursion needs {back} observations and {residuals} residuals"),
            );
        }
    }
    Ok(Some(Type::Value(Kind::F64, Width::Scalar)))
}

/// How many observations and residuals an ARIMA recursion looks back.
fn look_back(arima: &Arima) -> (u64, u64) {
    let (period, seasonal) = (u64::from(arima.period), u64::from(arima.seasonal_difference));
    let back = arima.ar.len() as u64
        + u64::from(arima.difference)
        + period * (arima.seasonal_ar.len() as u64 + seasonal);
    (back, arima.ma.len() as u64 + period * arima.seasonal_ma.len() as u64)
}

fn bayesian_network(check: &Check<'_>, op: &BayesianNetwork) -> Inferred {
    let mut all = 1_u64;
    for (i, node) in op.nodes.iter().enumerate() {
        let states = class_count(&node.states)?;
        all = all.saturating_mul(u64::from(states));
        if let Some(arg) = node.arg {
            let (kind, width) = value(check, arg)?;
            if width != Width::Scalar || !fits(&node.states, kind) {
                return fault(
                    codes::TYPE,
                    format!("the states of node {i} and {arg} have different kinds"),
                );
            }
        }
        let mut rows = 1_u64;
        for &parent in &node.parents {
            let Some(parent) = op.nodes.get(parent as usize).filter(|_| (parent as usize) < i)
            else {
                return fault(codes::ORDER, format!("node {i}: parent {parent} is not before it"));
            };
            rows = rows.saturating_mul(parent.states.len() as u64);
        }
        if u64::from(matrix(&node.table, states)?) != rows {
            return fault(
                codes::LENGTH,
                format!("node {i}: expected {rows} rows of probabilities"),
            );
        }
    }
    if all > BayesianNetwork::MOST_STATES {
        return fault(
            codes::TOO_LARGE,
            format!(
                "the nodes have {all} states together, more than {}",
                BayesianNetwork::MOST_STATES
            ),
        );
    }
    for evidence in &op.evidence {
        let mut width = 1_u64;
        for &node in &evidence.nodes {
            let Some(node) = op.nodes.get(node as usize) else {
                return fault(codes::REFERENCE, format!("there is no node {node}"));
            };
            width = width.saturating_mul(node.states.len() as u64);
        }
        let found = f64_vector(value(check, evidence.likelihood)?)?;
        if u64::from(found) != width {
            return fault(
                codes::LENGTH,
                format!("expected {width} likelihoods in {}, found {found}", evidence.likelihood),
            );
        }
    }
    match op.nodes.get(op.target as usize) {
        Some(target) => {
            let states = count(target.states.len())?;
            Ok(Some(Type::Value(Kind::F64, Width::Vector(states))))
        }
        None => fault(codes::REFERENCE, format!("there is no node {}", op.target)),
    }
}

fn kernel_machine(op: &KernelMachine, arg: (Kind, Width)) -> Inferred {
    let vectors = matrix(&op.vectors, f64_vector(arg)?)?;
    if op.machines.is_empty() {
        return fault(codes::LENGTH, "there is no machine");
    }
    let terms = op.machines.iter().flat_map(|machine| &machine.terms);
    if let Some((vector, _)) = terms.into_iter().find(|(vector, _)| *vector >= vectors) {
        return fault(codes::REFERENCE, format!("there is no vector {vector}"));
    }
    Ok(Some(Type::Value(Kind::F64, Width::Vector(count(op.machines.len())?))))
}

fn votes(op: &Votes, (kind, width): (Kind, u32)) -> Inferred {
    let pairs =
        op.classes.checked_sub(1).map_or(0, |less| u64::from(op.classes) * u64::from(less) / 2);
    if op.classes < 2 || pairs != u64::from(width) {
        return fault(codes::CLASSES, format!("{} classes and {width} pairs", op.classes));
    }
    if let VoteForm::Coupled { a, b } = &op.form {
        expect_length("slopes", a.len(), width)?;
        expect_length("offsets", b.len(), width)?;
    }
    Ok(Some(Type::Value(kind, Width::Vector(op.classes))))
}

fn naive_bayes(check: &Check<'_>, op: &NaiveBayes) -> Inferred {
    let classes = count(op.priors.len())?;
    if classes == 0 {
        return fault(codes::CLASSES, "there is no class");
    }
    for input in &op.inputs {
        let (kind, width) = value(check, input.arg)?;
        let lists = match &input.likelihood {
            Likelihood::Table { categories: list, table } => {
                let rows = categories(list, (kind, width))?;
                expect_length("rows of likelihoods", table.rows as usize, rows)?;
                matrix(table, classes)?;
                continue;
            }
            Likelihood::Normal { mean, variance } => vec![mean, variance],
            Likelihood::Poisson { mean } => vec![mean],
            Likelihood::Uniform { low, high } => vec![low, high],
        };
        if width != Width::Scalar || !kind.is_number() {
            return fault(codes::TYPE, format!("expected a number scalar in {}", input.arg));
        }
        for list in lists {
            expect_length("parameters", list.len(), classes)?;
        }
    }
    Ok(Some(Type::Value(Kind::F64, Width::Vector(classes))))
}

fn gaussian_process(op: &GaussianProcess, arg: (Kind, Width)) -> Inferred {
    let width = f64_vector(arg)?;
    let rows = matrix(&op.vectors, width)?;
    expect_length("weights", op.alpha.len(), rows)?;
    if let Some(factor) = &op.factor {
        expect_length("rows of the factor", factor.rows as usize, rows)?;
        matrix(factor, rows)?;
    }
    let mut depth = 0_usize;
    for term in &op.kernel.terms {
        let takes = match term {
            CovarianceTerm::Constant(_)
            | CovarianceTerm::White(_)
            | CovarianceTerm::RationalQuadratic { .. }
            | CovarianceTerm::ExpSineSquared { .. }
            | CovarianceTerm::DotProduct { .. } => 0,
            CovarianceTerm::Rbf { length } | CovarianceTerm::AbsoluteExponential { length, .. } => {
                lengths(length, width)?;
                0
            }
            CovarianceTerm::Matern { length, twice_nu } => {
                lengths(length, width)?;
                if !matches!(twice_nu, 1 | 3 | 5) {
                    return fault(
                        codes::VALUE,
                        format!("no Matérn kernel of smoothness {twice_nu}/2"),
                    );
                }
                0
            }
            CovarianceTerm::Power(_) => 1,
            CovarianceTerm::Sum | CovarianceTerm::Product => 2,
        };
        depth = match depth.checked_sub(takes) {
            Some(left) => left + 1,
            None => return fault(codes::VALUE, "a covariance term lacks what it combines"),
        };
    }
    if depth != 1 {
        return fault(codes::VALUE, format!("the covariance function leaves {depth} values"));
    }
    Ok(Some(Type::Value(Kind::F64, Width::Vector(2))))
}

fn lengths(lengths: &[f64], width: u32) -> Result<(), Fault> {
    if lengths.len() == 1 { Ok(()) } else { expect_length("length scales", lengths.len(), width) }
}

fn survival(check: &Check<'_>, op: &Survival) -> Inferred {
    expect(check, op.margin, NUMBER)?;
    expect(check, op.time, NUMBER)?;
    let expected = match op.stratum {
        None => 1,
        Some(stratum) => {
            let (kind, width) = value(check, stratum)?;
            if width != Width::Scalar || !fits(&op.strata, kind) {
                return fault(codes::TYPE, "the strata and their operand have different kinds");
            }
            count(op.strata.len())?
        }
    };
    expect_length("baselines", op.baselines.len(), expected)?;
    for baseline in &op.baselines {
        expect_length("hazards", baseline.hazard.len(), count(baseline.time.len())?)?;
        if !baseline.time.is_sorted() {
            return fault(codes::VALUE, "the times of a baseline fall");
        }
    }
    Ok(Some(Type::Value(Kind::F64, Width::Scalar)))
}

fn neighbors(op: &Neighbors, arg: (Kind, Width)) -> Inferred {
    let width = f64_vector(arg)?;
    let rows = matrix(&op.rows, width)?;
    comparison(&op.comparison, width)?;
    if !op.ids.is_empty() {
        expect_length("row names", op.ids.len(), rows)?;
    }
    if let Near::Count(near) = op.near
        && !(1..=rows).contains(&near)
    {
        return fault(codes::VALUE, format!("{near} of {rows} rows"));
    }
    if matches!(op.weights, NeighborWeights::Barycentric(_))
        && (matches!(op.near, Near::Radius(_))
            || matches!(op.comparison.missing, MissingElement::Adjust(_)))
    {
        return fault(codes::VALUE, "weights by where rows lie ask for a number of whole rows");
    }
    match &op.answer {
        NeighborAnswer::Values { targets, combine: _ } => {
            expect_length("rows of targets", targets.rows as usize, rows)?;
            matrix(targets, targets.columns)?;
            Ok(Some(regression(targets.columns)))
        }
        NeighborAnswer::Classes { classes, of_row, outlier, ties: _ } => {
            expect_length("classes of rows", of_row.len(), rows)?;
            let total = class_count(classes)?;
            if let Some(beyond) = of_row.iter().chain(outlier).find(|&&class| class >= total) {
                return fault(codes::CLASSES, format!("class {beyond} of {total}"));
            }
            Ok(Some(classification(classes, total)))
        }
    }
}

fn decision_tree(check: &Check<'_>, op: &DecisionTree) -> Inferred {
    let nodes = &op.nodes;
    let total = count(nodes.when.len())?;
    if total == 0 {
        return fault(codes::LENGTH, "the tree has no node");
    }
    for (what, length) in [
        ("first children", nodes.first_child.len()),
        ("numbers of children", nodes.children.len()),
        ("default children", nodes.default_child.len()),
        ("record counts", nodes.records.len()),
        ("names", nodes.id.len()),
    ] {
        expect_length(what, length, total)?;
    }
    for &when in nodes.when.iter().flatten() {
        expect(check, when, BOOLEAN)?;
    }
    children(nodes, total)?;
    match &op.answer {
        NodeAnswer::Values(values) => {
            expect_length("values", values.len(), total)?;
            Ok(Some(regression(1)))
        }
        NodeAnswer::Classes(answer) => {
            let classes = node_classes(answer, total)?;
            Ok(Some(classification(&answer.classes, classes)))
        }
    }
}

/// Children come later than their parent and each has one, so the nodes form a tree.
fn children(nodes: &DecisionNodes, total: u32) -> Result<(), Fault> {
    let mut parents = vec![0_u8; total as usize];
    let rows = nodes.first_child.iter().zip(&nodes.children).zip(&nodes.default_child);
    for (node, ((&first, &many), &default)) in (0_u32..).zip(rows) {
        if many == 0 {
            continue;
        }
        let end = first.checked_add(many).filter(|&end| end <= total);
        let Some(end) = end.filter(|_| first > node) else {
            return fault(
                codes::REFERENCE,
                format!(
                    "node {node}: children {first} to {}",
                    u64::from(first) + u64::from(many) - 1
                ),
            );
        };
        if let Some(default) = default.filter(|default| !(first..end).contains(default)) {
            return fault(codes::REFERENCE, format!("node {node}: {default} is no child of it"));
        }
        for child in parents.get_mut(first as usize..end as usize).unwrap_or_default() {
            if *child > 0 {
                return fault(codes::CYCLE, format!("node {node}: a child has two parents"));
            }
            *child = 1;
        }
    }
    Ok(())
}

fn node_classes(answer: &NodeClasses, nodes: u32) -> Result<u32, Fault> {
    let classes = class_count(&answer.classes)?;
    expect_length("labels", answer.label.len(), nodes)?;
    if let Some(beyond) = answer.label.iter().flatten().find(|&&label| label >= classes) {
        return fault(codes::CLASSES, format!("class {beyond} of {classes}"));
    }
    let Some(elements) = classes.checked_mul(nodes) else {
        return fault(codes::LENGTH, "the tree has too many nodes and classes");
    };
    expect_length("class counts", answer.counts.len(), elements)?;
    for (what, list) in
        [("class probabilities", &answer.probability), ("class confidences", &answer.confidence)]
    {
        if !list.is_empty() {
            expect_length(what, list.len(), elements)?;
        }
    }
    Ok(classes)
}

fn rules(check: &Check<'_>, op: &Rules) -> Inferred {
    let classes = class_count(&op.classes)?;
    for rule in &op.rules {
        expect(check, rule.when, BOOLEAN)?;
    }
    let named = op.rules.iter().map(|rule| rule.class).chain(op.default);
    if let Some(beyond) = named.into_iter().find(|&class| class >= classes) {
        return fault(codes::CLASSES, format!("class {beyond} of {classes}"));
    }
    Ok(Some(classification(&op.classes, classes)))
}

fn scorecard(check: &Check<'_>, op: &Scorecard) -> Inferred {
    if let Some(initial) = op.initial {
        expect(check, initial, NUMBER)?;
    }
    for attribute in op.characteristics.iter().flat_map(|c| &c.attributes) {
        if let Some(when) = attribute.when {
            expect(check, when, BOOLEAN)?;
        }
        expect(check, attribute.score, NUMBER)?;
    }
    Ok(Some(regression(1)))
}

fn cluster(op: &Cluster, (kind, clusters): (Kind, u32)) -> Inferred {
    expect_length("labels", op.labels.len(), clusters)?;
    let label = op.labels.kind();
    Ok(Some(Type::Estimate(EstimateType::Clustering { clusters, label, kind })))
}

fn detect(op: &Detect, (kind, width): (Kind, Width)) -> Inferred {
    if !kind.is_float() || width != Width::Scalar {
        return fault(codes::TYPE, "expected a float scalar");
    }
    expect_length("labels", op.labels.len(), 2)?;
    Ok(Some(Type::Estimate(EstimateType::Anomaly { label: op.labels.kind(), kind })))
}

fn association(op: &Association, (kind, width): (Kind, Width)) -> Inferred {
    let items = count(op.items.len())?;
    if kind != Kind::Bool || width != Width::Vector(items) {
        return fault(codes::TYPE, format!("expected a boolean for each of {items} items"));
    }
    if op.answers == 0 {
        return fault(codes::VALUE, "no rule is answered");
    }
    for rule in &op.rules {
        for side in [&rule.antecedent, &rule.consequent] {
            if !side.is_sorted() || side.last().is_some_and(|&item| item >= items) {
                return fault(
                    codes::FEATURE,
                    format!("rule `{}`: items out of order or range", rule.id),
                );
            }
        }
    }
    Ok(Some(Type::Estimate(EstimateType::Ranking { answers: op.answers })))
}

fn combine(check: &Check<'_>, op: &Combine) -> Inferred {
    let mut found: Option<EstimateType> = None;
    for member in &op.members {
        if let Some(when) = member.when {
            expect(check, when, BOOLEAN)?;
        }
        if let Some(weight) = member.weight {
            expect(check, weight, NUMBER)?;
        }
        let estimate = match check.types.get(member.estimate.index()).copied().flatten() {
            Some(Type::Estimate(EstimateType::Classification { classes, label, kind, .. })) => {
                EstimateType::Classification { classes, margins: 0, label, kind }
            }
            Some(Type::Estimate(regression @ EstimateType::Regression { targets: 1, .. })) => {
                regression
            }
            Some(other) => {
                return fault(
                    codes::TYPE,
                    format!(
                        "expected a classification or a regression of one target, found {other}"
                    ),
                );
            }
            None => {
                return fault(codes::REFERENCE, format!("there is no node {}", member.estimate));
            }
        };
        if *found.get_or_insert(estimate) != estimate {
            return fault(codes::TYPE, format!("{} is another kind of estimate", member.estimate));
        }
    }
    let Some(estimate) = found else {
        return fault(codes::LENGTH, "expected at least one member");
    };
    let classifies = matches!(estimate, EstimateType::Classification { .. });
    let fits = match op.method {
        CombineMethod::Average | CombineMethod::WeightedAverage | CombineMethod::SelectFirst => {
            true
        }
        CombineMethod::Max | CombineMethod::MajorityVote | CombineMethod::WeightedMajorityVote => {
            classifies
        }
        CombineMethod::Sum
        | CombineMethod::WeightedSum
        | CombineMethod::Median
        | CombineMethod::WeightedMedian => !classifies,
    };
    if !fits {
        return fault(codes::VALUE, format!("no {} of such estimates", op.method.name()));
    }
    Ok(Some(Type::Estimate(estimate)))
}
