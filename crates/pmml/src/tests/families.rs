//! Models of the families beyond linear ones and tree ensembles.

use holdall_tabular::{
    AnomalySide, Attribute, BayesForm, BayesInput, Bin, BinaryOp, Call, Characteristic, Classify,
    Cluster, Combine, CombineMethod, Comparison, Constant, Curve, CurveForm, Decision,
    DecisionNodes, DecisionTree, Detect, Distances, Estimator, Function, Interval, Kernel,
    KernelMachine, Kind, Labels, Likelihood, Link, Lookup, Machine, Matrix, Member, Metric,
    MissingMember, MissingPolicy, MissingStrategy, Model, NaiveBayes, Near, NeighborAnswer,
    NeighborCombine, NeighborWeights, Neighbors, NoTrueChild, NodeAnswer, NodeClasses, Normalize,
    NormalizeBy, Op, Output, Outside, Part, Polynomial, ReasonRanking, Reduce, ReduceOp, Regress,
    Rule, RuleSelection, Rules, Scalar, Scorecard, TieRule, Transform, UnaryOp, ValidModel,
    ValueId, VoteForm, Votes, Width, validate,
};

use super::models::{Made, inputs, texts};

fn made() -> Made {
    inputs(Kind::F64, &MissingPolicy::Reject)
}

fn both(made: &mut Made) -> ValueId {
    made.model.push(Op::Concat(vec![made.a, made.b])).unwrap()
}

fn estimator(model: &mut Model, estimator: Estimator) -> ValueId {
    model.push(Op::Estimator(estimator)).unwrap()
}

fn number(model: &mut Model, value: f64) -> ValueId {
    let values = Labels::F64(vec![value]);
    model.push(Op::Constant(Constant { kind: Kind::F64, width: Width::Scalar, values })).unwrap()
}

fn test(model: &mut Model, op: BinaryOp, left: ValueId, value: f64) -> ValueId {
    let right = number(model, value);
    model.push(Op::Binary { op, left, right }).unwrap()
}

fn classify(made: &mut Made, margins: ValueId, classes: Labels, decision: Decision) -> ValueId {
    let (link, has_probabilities) = (Link::Identity, decision == Decision::LargestProbability);
    let op = Classify { margins, classes, link, decision, has_probabilities };
    let id = made.model.push(Op::Classify(op)).unwrap();
    made.model.outputs.push(Output::new(id, Part::Label));
    id
}

fn points() -> Matrix {
    let data = vec![0.1, -0.5, 2.0, 0.333_333_333_333_333_3, 5.0, -1.0, -0.3, 7.0];
    Matrix { rows: 4, columns: 2, data }
}

fn machines(made: &mut Made, kernel: Kernel, count: u32) -> ValueId {
    let arg = both(made);
    let machine = |i: u32| Machine {
        terms: (0..4).map(|v| (v, 0.7 - f64::from(v + i) * 0.45)).collect(),
        intercept: 0.125 * f64::from(i) - 0.2,
    };
    let machines = (0..count).map(machine).collect();
    let op = KernelMachine { arg, vectors: points(), kernel, machines };
    estimator(&mut made.model, Estimator::KernelMachine(Box::new(op)))
}

fn pairs(kernel: Kernel, form: VoteForm) -> Model {
    let mut made = made();
    let arg = machines(&mut made, kernel, 3);
    let votes = Votes { arg, classes: 3, form };
    let votes = estimator(&mut made.model, Estimator::Votes(votes));
    classify(&mut made, votes, texts(&["p", "q", "r"]), Decision::LargestMargin);
    made.model
}

fn one_machine(decision: Decision) -> Model {
    let mut made = made();
    let kernel = Kernel::Polynomial { gamma: 0.5, coef0: 1.0, degree: 3.0 };
    let margins = machines(&mut made, kernel, 1);
    classify(&mut made, margins, Labels::I64(vec![0, 1]), decision);
    made.model
}

fn machine_regressor() -> Model {
    let mut made = made();
    let margins = machines(&mut made, Kernel::Sigmoid { gamma: 0.1, coef0: 0.25 }, 1);
    values(&mut made, margins);
    made.model
}

fn values(made: &mut Made, margins: ValueId) -> ValueId {
    let link = Link::Identity;
    let id = made.model.push(Op::Regress(Regress { margins, link })).unwrap();
    made.model.outputs.push(Output::new(id, Part::Values));
    id
}

fn bayes() -> Model {
    let mut made = made();
    let input = |arg, mean: [f64; 2]| BayesInput {
        arg,
        likelihood: Likelihood::Normal { mean: mean.to_vec(), variance: vec![1.5, 0.25] },
    };
    let op = NaiveBayes {
        inputs: vec![input(made.a, [0.5, 2.0]), input(made.b, [-1.0, 0.25])],
        priors: vec![0.375, 0.625],
        threshold: 0.0,
        form: BayesForm::Logarithm,
    };
    let margins = estimator(&mut made.model, Estimator::NaiveBayes(Box::new(op)));
    let id = classify(&mut made, margins, texts(&["no", "yes"]), Decision::LargestMargin);
    if let Some(node) = made.model.nodes.get_mut(id)
        && let Op::Classify(op) = &mut node.op
    {
        (op.link, op.has_probabilities) = (Link::Softmax, true);
    }
    made.model.outputs.push(Output::new(id, Part::Probabilities));
    made.model
}

fn neighbors(answer: NeighborAnswer, near: u32) -> Model {
    let mut made = made();
    let arg = both(&mut made);
    let is_class = matches!(answer, NeighborAnswer::Classes { .. });
    let op = Neighbors {
        arg,
        rows: points(),
        ids: Vec::new(),
        comparison: Comparison::plain(Metric::Euclidean),
        near: Near::Count(near),
        weights: NeighborWeights::Uniform,
        answer,
    };
    let id = estimator(&mut made.model, Estimator::Neighbors(Box::new(op)));
    let part = if is_class { Part::Label } else { Part::Values };
    made.model.outputs.push(Output::new(id, part));
    if is_class {
        made.model.outputs.push(Output::new(id, Part::Probabilities));
    }
    made.model
}

fn near_classes(names: &[&str], of_row: [u32; 4]) -> Model {
    neighbors(
        NeighborAnswer::Classes {
            classes: texts(names),
            of_row: of_row.to_vec(),
            outlier: None,
            ties: TieRule::FirstClass,
        },
        2,
    )
}

fn near_values() -> Model {
    let data = vec![1.0, 10.0, 2.0, 20.0, 4.5, 45.0, 8.25, 80.0];
    let targets = Matrix { rows: 4, columns: 2, data };
    neighbors(NeighborAnswer::Values { targets, combine: NeighborCombine::Mean }, 3)
}

fn clusters(metric: Metric, labels: Labels) -> Model {
    let mut made = made();
    let arg = both(&mut made);
    let distances = Distances { arg, points: points(), comparison: Comparison::plain(metric) };
    let distances = Op::Transform(Transform::Distances(Box::new(distances)));
    let distances = made.model.push(distances).unwrap();
    let op = Cluster { distances, largest: false, labels };
    let id = estimator(&mut made.model, Estimator::Cluster(op));
    made.model.outputs.push(Output::new(id, Part::Label));
    made.model.outputs.push(Output::new(id, Part::Distances));
    made.model
}

fn detector() -> Model {
    let mut made = made();
    let margins = machines(&mut made, Kernel::Rbf { gamma: 0.5 }, 1);
    let (op, skip_missing) = (ReduceOp::Sum, false);
    let reduce = Reduce { arg: margins, op, skip_missing };
    let score = made.model.push(Op::Transform(Transform::Reduce(reduce))).unwrap();
    let labels = Labels::I64(vec![1, -1]);
    let detect = Detect { score, threshold: 0.0, anomaly: AnomalySide::AtMost, labels };
    let id = estimator(&mut made.model, Estimator::Detect(detect));
    made.model.outputs.push(Output::new(id, Part::Label));
    made.model.outputs.push(Output::new(id, Part::Score));
    made.model
}

fn decision_tree(missing: MissingStrategy) -> Model {
    let mut made = inputs(Kind::F64, &MissingPolicy::Keep);
    let low = test(&mut made.model, BinaryOp::Lt, made.a, 0.2);
    let high = test(&mut made.model, BinaryOp::Ge, made.a, 0.2);
    let list = texts(&["x", "y < \"z\""]);
    let listed = Call { function: Function::IsIn(list), args: vec![made.c] };
    let listed = made.model.push(Op::Call(listed)).unwrap();
    let not = made.model.push(Op::Unary { op: UnaryOp::Not, arg: listed }).unwrap();
    let nodes = DecisionNodes {
        when: vec![None, Some(low), Some(high), Some(listed), Some(not)],
        first_child: vec![1, 0, 3, 0, 0],
        children: vec![2, 0, 2, 0, 0],
        default_child: vec![Some(2), None, Some(3), None, None],
        records: vec![10.0, 4.0, 6.0, 2.0, 4.0],
        id: ["n0", "n1", "n2", "n3", "n4"].map(str::to_owned).to_vec(),
    };
    let answer = NodeAnswer::Classes(NodeClasses {
        classes: texts(&["no", "yes"]),
        label: vec![Some(0), Some(1), Some(0), Some(0), Some(1)],
        counts: vec![6.0, 4.0, 1.0, 3.0, 5.0, 1.0, 2.0, 0.0, 1.0, 3.0],
        probability: Vec::new(),
        confidence: Vec::new(),
    });
    let no_true_child = NoTrueChild::Last;
    let tree = DecisionTree { nodes, answer, missing, no_true_child, penalty: 0.75 };
    let id = estimator(&mut made.model, Estimator::DecisionTree(Box::new(tree)));
    for part in [Part::Label, Part::Probabilities, Part::Confidence, Part::Entity(0)] {
        made.model.outputs.push(Output::new(id, part));
    }
    made.model
}

fn rules(select: RuleSelection) -> Model {
    let mut made = made();
    let first = test(&mut made.model, BinaryOp::Lt, made.a, 0.2);
    let second = test(&mut made.model, BinaryOp::Gt, made.b, -0.3);
    let both = made.model.push(Op::Binary { op: BinaryOp::And, left: first, right: second });
    let rule = |when, id: &str, class, weight| Rule {
        when,
        id: id.to_owned(),
        class,
        weight,
        confidence: weight / 2.0,
    };
    let op = Rules {
        rules: vec![
            rule(both.unwrap(), "both", 1, 0.5),
            rule(first, "first", 0, 0.75),
            rule(second, "second", 1, 0.4),
        ],
        classes: texts(&["no", "yes"]),
        select,
        default: Some(0),
        default_confidence: 0.1,
    };
    let id = estimator(&mut made.model, Estimator::Rules(Box::new(op)));
    for part in [Part::Label, Part::Confidence, Part::Entity(0)] {
        made.model.outputs.push(Output::new(id, part));
    }
    made.model
}

fn scorecard() -> Model {
    let mut made = made();
    let low = test(&mut made.model, BinaryOp::Le, made.a, 0.1);
    let (ten, five, zero) = {
        let model = &mut made.model;
        (number(model, 10.0), number(model, 5.5), number(model, -3.0))
    };
    let attribute =
        |when, score, reason: &str| Attribute { when, score, reason: reason.to_owned() };
    let characteristic = |name: &str, baseline, attributes| Characteristic {
        name: name.to_owned(),
        baseline,
        attributes,
    };
    let op = Scorecard {
        initial: Some(zero),
        characteristics: vec![
            characteristic(
                "size",
                8.0,
                vec![attribute(Some(low), ten, "A"), attribute(None, five, "B")],
            ),
            characteristic("width", 4.0, vec![attribute(None, made.b, "C")]),
        ],
        reasons: Some(ReasonRanking::PointsBelow),
    };
    let id = estimator(&mut made.model, Estimator::Scorecard(Box::new(op)));
    for part in [Part::Values, Part::Reason(0), Part::Reason(1)] {
        made.model.outputs.push(Output::new(id, part));
    }
    made.model
}

fn combined(method: CombineMethod) -> Model {
    let mut made = made();
    let margins = machines(&mut made, Kernel::Linear, 1);
    let first = values(&mut made, margins);
    let sum = made.model.push(Op::Concat(vec![made.b])).unwrap();
    let second = values(&mut made, sum);
    made.model.outputs.clear();
    let when = test(&mut made.model, BinaryOp::Lt, made.a, 0.2);
    let weight = number(&mut made.model, 2.5);
    let member =
        |when, estimate, weight, id: &str| Member { when, estimate, weight, id: id.to_owned() };
    let op = Combine {
        members: vec![
            member(Some(when), first, Some(weight), "one"),
            member(None, second, None, "two"),
        ],
        method,
        missing: MissingMember::Missing,
        threshold: 1.0,
    };
    let id = estimator(&mut made.model, Estimator::Combine(Box::new(op)));
    made.model.outputs.push(Output::new(id, Part::Values));
    made.model
}

/// Bins, tables, curves, reductions, shares, products and functions, each an output.
fn transforms(missing: &MissingPolicy) -> Model {
    let mut made = inputs(Kind::F64, missing);
    let x = both(&mut made);
    let interval = |low, high| Interval { low, low_closed: true, high, high_closed: false };
    let bin = Bin {
        arg: made.a,
        intervals: vec![interval(f64::NEG_INFINITY, 0.1), interval(0.1, 2.5)],
        values: texts(&["low", "middle"]),
        default: Some(Scalar::Text("high".to_owned())),
        missing: Some(Scalar::Text("none".to_owned())),
    };
    let lookup = Lookup {
        args: vec![made.c],
        keys: vec![texts(&["x", "w"])],
        values: texts(&["first", "second"]),
        default: None,
        missing: Some(Scalar::Text("gap".to_owned())),
    };
    let curve = |form, outside| {
        let (x, y) = (vec![-0.5, 0.1, 2.0, 5.0], vec![1.0, 0.2, 0.25, -3.0]);
        Transform::Curve(Curve { arg: made.a, x, y, outside, form })
    };
    let reduce = |op, skip_missing| Transform::Reduce(Reduce { arg: x, op, skip_missing });
    let mut all = vec![
        Transform::Bin(bin),
        Transform::Lookup(lookup),
        curve(CurveForm::Ratio, Outside::Extend),
        curve(CurveForm::Ratio, Outside::Missing),
        curve(CurveForm::Slope, Outside::Clamp),
        curve(CurveForm::Slope, Outside::Extend),
        curve(CurveForm::Slope, Outside::Missing),
        Transform::Polynomial(Polynomial { arg: x, terms: vec![vec![0], vec![0, 1, 1]] }),
    ];
    all.extend(
        [ReduceOp::Sum, ReduceOp::Max, ReduceOp::Min, ReduceOp::Mean, ReduceOp::Median]
            .into_iter()
            .flat_map(|op| [reduce(op, false), reduce(op, true)]),
    );
    all.extend(
        [ReduceOp::SumAbs, ReduceOp::SumSquares, ReduceOp::MaxAbs, ReduceOp::ArgMax]
            .map(|op| reduce(op, false)),
    );
    all.extend(
        [
            NormalizeBy::L1,
            NormalizeBy::L2,
            NormalizeBy::MaxAbs,
            NormalizeBy::Sum,
            NormalizeBy::Softmax,
        ]
        .map(|by| Transform::Normalize(Normalize { arg: x, by })),
    );
    for transform in all {
        let id = made.model.push(Op::Transform(transform)).unwrap();
        made.model.outputs.push(Output::new(id, Part::Whole).named(format!("t{}", id.index())));
    }
    for op in [UnaryOp::Round, UnaryOp::Trunc, UnaryOp::Sign, UnaryOp::Erf, UnaryOp::NormalCdf] {
        let id = made.model.push(Op::Unary { op, arg: made.a }).unwrap();
        made.model.outputs.push(Output::new(id, Part::Whole).named(op.name()));
    }
    let upper = Call { function: Function::Uppercase, args: vec![made.c] };
    let upper = made.model.push(Op::Call(upper)).unwrap();
    let coalesce = Call { function: Function::Coalesce, args: vec![made.a, made.b] };
    let coalesce = made.model.push(Op::Call(coalesce)).unwrap();
    made.model.outputs.push(Output::new(upper, Part::Whole).named("upper"));
    made.model.outputs.push(Output::new(coalesce, Part::Whole).named("either"));
    made.model
}

/// Every model by name.
pub(super) fn all() -> Vec<(&'static str, ValidModel)> {
    let rbf = Kernel::Rbf { gamma: 0.25 };
    let numbers = Labels::I64(vec![0, 1, 2, 3]);
    let models = [
        ("machines-count", pairs(rbf, VoteForm::Count)),
        ("machines-confidence", pairs(Kernel::Linear, VoteForm::Confidence)),
        ("machine-at-least", one_machine(Decision::MarginAtLeast(0.0))),
        ("machine-above", one_machine(Decision::MarginAbove(0.0))),
        ("machine-bar", one_machine(Decision::MarginAbove(0.25))),
        ("machine-regressor", machine_regressor()),
        ("bayes", bayes()),
        ("neighbors-two-classes", near_classes(&["b", "a"], [0, 1, 1, 0])),
        ("neighbors-three-classes", near_classes(&["b", "a", "c"], [2, 1, 0, 0])),
        ("neighbors-two-targets", near_values()),
        ("clusters", clusters(Metric::Euclidean, numbers.clone())),
        ("clusters-shared-labels", clusters(Metric::CityBlock, Labels::I64(vec![0, 1, 0, 2]))),
        ("detector", detector()),
        ("tree-default-child", decision_tree(MissingStrategy::DefaultChild)),
        ("tree-last", decision_tree(MissingStrategy::LastPrediction)),
        ("tree-none", decision_tree(MissingStrategy::None)),
        ("tree-weighted", decision_tree(MissingStrategy::WeightedConfidence)),
        ("tree-aggregate", decision_tree(MissingStrategy::AggregateNodes)),
        ("rules-first", rules(RuleSelection::FirstHit)),
        ("rules-sum", rules(RuleSelection::WeightedSum)),
        ("rules-max", rules(RuleSelection::WeightedMax)),
        ("scorecard", scorecard()),
        ("combined-average", combined(CombineMethod::Average)),
        ("combined-weighted", combined(CombineMethod::WeightedSum)),
        ("combined-first", combined(CombineMethod::SelectFirst)),
        ("transforms", transforms(&MissingPolicy::Reject)),
        ("transforms-missing", transforms(&MissingPolicy::Keep)),
    ];
    models.into_iter().map(|(name, model)| (name, validate(model).unwrap())).collect()
}
