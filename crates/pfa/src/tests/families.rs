//! Tables, texts, distances and the families that score.

use holdall_tabular::{
    Accents, Analyzer, AnomalySide, Association, AssociationRule, Attribute, BayesForm, BayesInput,
    Bin, BinaryOp, Call, Categories, Characteristic, Cluster, Combine, CombineMethod, Compare,
    Comparison, Curve, CurveForm, DecisionNodes, DecisionTree, Detect, Distances, Estimator,
    Function, Interval, Kernel, KernelMachine, Kind, Labels, Likelihood, Lookup, Machine, Matrix,
    Member, Metric, MissingElement, MissingMember, MissingPolicy, MissingStrategy, Model,
    NaiveBayes, Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, NoTrueChild,
    NodeAnswer, NodeClasses, Normalize, NormalizeBy, Op, Output, Outside, Part, ReasonRanking,
    Reduce, ReduceOp, Rule, RuleFeature, RuleFires, RuleRank, RuleSelection, Rules, Scalar,
    Scorecard, TermWeight, Terms, TextVector, TieRule, TokenUnit, Transform, ValidModel, ValueId,
    VoteForm, Votes,
};

use super::{
    checked,
    models::{inputs, push, texts},
};

fn transform(model: &mut Model, transform: Transform) -> ValueId {
    push(model, Op::Transform(transform))
}

fn answered(mut model: Model, values: Vec<ValueId>) -> Model {
    let outputs = values.into_iter().enumerate();
    model.outputs =
        outputs.map(|(i, value)| Output::new(value, Part::Whole).named(format!("v{i}"))).collect();
    model
}

fn constant(model: &mut Model, value: f64) -> ValueId {
    let (width, values) = (holdall_tabular::Width::Scalar, Labels::F64(vec![value]));
    push(model, Op::Constant(holdall_tabular::Constant { kind: Kind::F64, width, values }))
}

fn compared(model: &mut Model, op: BinaryOp, left: ValueId, with: f64) -> ValueId {
    let right = constant(model, with);
    push(model, Op::Binary { op, left, right })
}

/// Tables, intervals, curves and all elements as one.
fn tables(kind: Kind, missing: &MissingPolicy) -> Model {
    let (mut model, [a, b, c]) = inputs(kind, missing);
    let mut values = Vec::new();
    let (two, answers) = (texts(&["x", "y"]), Labels::F64(vec![1.5, f64::NAN]));
    for (default, missing) in [(None, None), (Some(7.0), None), (Some(7.0), Some(8.0))] {
        let scalar = |value: Option<f64>| value.map(Scalar::F64);
        let (default, missing) = (scalar(default), scalar(missing));
        let (args, keys) = (vec![c], vec![two.clone()]);
        let (other, gap) = (default.clone(), missing.clone());
        let one = Lookup { args, keys, values: answers.clone(), default: other, missing: gap };
        values.push(transform(&mut model, Transform::Lookup(one)));
        let (args, keys) = (vec![c, a], vec![two.clone(), Labels::F64(vec![0.1, 0.0])]);
        let values_of = texts(&["first", "second \"2\""]);
        let both = Lookup { args, keys, values: values_of, default: None, missing: None };
        values.push(transform(&mut model, Transform::Lookup(both)));
        let interval = |low, high| Interval { low, high, low_closed: true, high_closed: false };
        let intervals = vec![interval(f64::NEG_INFINITY, 0.1), interval(0.0, 2.5)];
        let bin = Bin { arg: a, intervals, values: answers.clone(), default, missing };
        values.push(transform(&mut model, Transform::Bin(bin)));
    }
    let vector = push(&mut model, Op::Concat(vec![a, b, a]));
    for outside in [Outside::Extend, Outside::Clamp, Outside::Missing] {
        for form in [CurveForm::Slope, CurveForm::Ratio] {
            for arg in [a, vector] {
                let curve = Curve {
                    arg,
                    x: vec![-1.0, 0.1, 0.1, 2.7],
                    y: vec![0.3, 5.0, 7.0, -2.1],
                    outside,
                    form,
                };
                values.push(transform(&mut model, Transform::Curve(curve)));
            }
        }
    }
    for &op in ReduceOp::ALL {
        let arg = match op {
            ReduceOp::Any | ReduceOp::All => {
                let op = BinaryOp::Lt;
                push(&mut model, Op::Binary { op, left: vector, right: a })
            }
            _ => vector,
        };
        for skip_missing in [false, true] {
            let reduce = Reduce { arg, op, skip_missing };
            values.push(transform(&mut model, Transform::Reduce(reduce)));
        }
    }
    for &by in NormalizeBy::ALL {
        values.push(transform(&mut model, Transform::Normalize(Normalize { arg: vector, by })));
    }
    answered(model, values)
}

fn metrics() -> Vec<Metric> {
    vec![
        Metric::Euclidean,
        Metric::SquaredEuclidean,
        Metric::CityBlock,
        Metric::Chebyshev,
        Metric::Minkowski(3.0),
        Metric::Cosine,
        Metric::Hamming,
        Metric::Canberra,
        Metric::BrayCurtis,
    ]
}

fn distances(missing: &MissingPolicy) -> Model {
    let (mut model, [a, b, _]) = inputs(Kind::F64, missing);
    let mut values = Vec::new();
    let arg = push(&mut model, Op::Concat(vec![a, b]));
    let points = || Matrix { rows: 3, columns: 2, data: vec![0.0, 0.1, -1.5, 2.0, 0.1, 0.1] };
    let mut push_one = |model: &mut Model, arg, comparison: Comparison| {
        let points = points();
        let op = Distances { arg, points, comparison };
        values.push(transform(model, Transform::Distances(Box::new(op))));
    };
    for metric in metrics() {
        push_one(&mut model, arg, Comparison::plain(metric));
        let missing = MissingElement::Adjust(vec![0.5, 2.0]);
        push_one(&mut model, arg, Comparison { missing, ..Comparison::plain(metric) });
    }
    push_one(&mut model, arg, Comparison::plain(Metric::Haversine));
    let compare = vec![Compare::GaussSim(1.5), Compare::Equal];
    let comparison = Comparison {
        compare,
        weights: vec![0.25, 3.0],
        ..Comparison::plain(Metric::SquaredEuclidean)
    };
    push_one(&mut model, arg, comparison);
    let flags = compared(&mut model, BinaryOp::Gt, arg, 0.1);
    let flags = push(&mut model, Op::Cast { arg: flags, to: Kind::F64 });
    for metric in [
        Metric::SimpleMatching,
        Metric::Jaccard,
        Metric::Tanimoto,
        Metric::BinarySimilarity([1.0, 0.5, 0.25, 0.0, 2.0, 1.0, 1.0, 0.5]),
    ] {
        let points = Matrix { rows: 2, columns: 2, data: vec![1.0, 0.0, 1.0, 1.0] };
        let comparison = Comparison::plain(metric);
        let op = Distances { arg: flags, points, comparison };
        values.push(transform(&mut model, Transform::Distances(Box::new(op))));
    }
    answered(model, values)
}

fn texted() -> Model {
    let (mut model, [a, b, c]) = inputs(Kind::F64, &MissingPolicy::Keep);
    let mut values = Vec::new();
    let mut call = |model: &mut Model, function: Function, args: Vec<ValueId>| {
        let id = push(model, Op::Call(Call { function, args }));
        values.push(id);
        id
    };
    let number = call(&mut model, Function::ToText, vec![a]);
    let large = push(&mut model, Op::Binary { op: BinaryOp::Mul, left: a, right: b });
    let huge = compared(&mut model, BinaryOp::Mul, large, 1e22);
    let tiny = compared(&mut model, BinaryOp::Mul, large, 1e-9);
    for value in [huge, tiny] {
        let text = call(&mut model, Function::ToText, vec![value]);
        call(&mut model, Function::ToNumber, vec![text]);
    }
    let flag = compared(&mut model, BinaryOp::Lt, a, 0.0);
    let flag = call(&mut model, Function::ToText, vec![flag]);
    call(&mut model, Function::ToNumber, vec![flag]);
    let joined = call(&mut model, Function::Join, vec![number, c, c, number]);
    call(&mut model, Function::Trim, vec![joined]);
    call(&mut model, Function::ToNumber, vec![joined]);
    let back = call(&mut model, Function::ToNumber, vec![number]);
    call(&mut model, Function::ToText, vec![back]);
    let replace = |pattern: &str, with: &str| Function::Replace {
        pattern: pattern.to_owned(),
        with: with.to_owned(),
    };
    for (pattern, with) in [
        ("[0-4]", ""),
        (r"(\w+)", "1"),
        (r"\W+", "_"),
        (r"\.\d{2}", "$$"),
        ("x", "a b"),
        (r"^-?\d+", "n"),
        (r"\d+$", "end"),
        (r"\b\w\w+\b", "word"),
    ] {
        let again = call(&mut model, replace(pattern, with), vec![joined]);
        call(&mut model, replace("[_b]", " "), vec![again]);
        call(&mut model, Function::Matches { pattern: pattern.to_owned() }, vec![again]);
    }
    call(&mut model, Function::Matches { pattern: "^x$".to_owned() }, vec![c]);
    for (year, days) in [("1970", "-01-0"), ("2000", "-02-2"), ("1900", "-02-2"), ("0000", "-03-0")]
    {
        let text = |text: &str| {
            let (width, values) = (holdall_tabular::Width::Scalar, texts(&[text]));
            Op::Constant(holdall_tabular::Constant { kind: Kind::Text, width, values })
        };
        let (year, days) = (push(&mut model, text(year)), push(&mut model, text(days)));
        let nine = push(&mut model, text("9"));
        let date = call(&mut model, Function::Join, vec![year, days, nine]);
        call(&mut model, Function::ParseDate, vec![date]);
    }
    call(&mut model, Function::ParseDate, vec![c]);
    let parted = call(&mut model, replace(r"[\.xy]", " "), vec![joined]);
    for (weight, norm, ngrams, kind, idf) in [
        (TermWeight::Count, None, (1, 1), Kind::F64, vec![]),
        (TermWeight::Binary, Some(NormalizeBy::L2), (1, 2), Kind::F64, vec![0.5, 1.5, 2.0, 3.0]),
        (TermWeight::Sublinear, Some(NormalizeBy::L1), (1, 1), Kind::F32, vec![]),
    ] {
        let analyzer = Analyzer {
            lowercase: true,
            accents: Accents::Keep,
            unit: TokenUnit::Word { pattern: r"(?u)\b\w+\b".to_owned() },
            stop_words: vec!["2".to_owned()],
            ngrams,
        };
        let terms = ["0", "1", "3", "0 0"].map(str::to_owned).to_vec();
        let terms = Terms::Vocabulary(terms);
        let op = TextVector { arg: parted, analyzer, terms, weight, idf, norm, kind };
        values.push(transform(&mut model, Transform::TextVector(Box::new(op))));
    }
    answered(model, values)
}

fn estimator(model: &mut Model, estimator: Estimator) -> ValueId {
    push(model, Op::Estimator(estimator))
}

/// Three predicates, which may be unknown.
fn predicates(model: &mut Model, [a, b, c]: [ValueId; 3]) -> [ValueId; 3] {
    let first = compared(model, BinaryOp::Lt, a, 0.1);
    let second = compared(model, BinaryOp::Ge, b, 0.0);
    let function = Function::IsIn(texts(&["x", "y"]));
    [first, second, push(model, Op::Call(Call { function, args: vec![c] }))]
}

fn tree(when: [ValueId; 3], missing: MissingStrategy, answer: NodeAnswer, last: bool) -> Estimator {
    let [p, q, r] = when.map(Some);
    Estimator::DecisionTree(Box::new(DecisionTree {
        nodes: DecisionNodes {
            when: vec![None, p, q, r, None, q, p],
            first_child: vec![1, 3, 5, 0, 0, 0, 0],
            children: vec![2, 2, 2, 0, 0, 0, 0],
            default_child: vec![Some(2), Some(4), None, None, None, None, None],
            records: vec![20.0, 10.0, 10.0, 5.0, 5.0, 6.0, 4.0],
            id: (0..7).map(|i| format!("n{i}")).collect(),
        },
        answer,
        missing,
        no_true_child: if last { NoTrueChild::Last } else { NoTrueChild::Missing },
        penalty: 1.0,
    }))
}

fn node_classes() -> NodeAnswer {
    let counts = (0..21).map(|i| f64::from(i * 5 % 7)).collect();
    NodeAnswer::Classes(NodeClasses {
        classes: texts(&["u", "v", "w"]),
        label: vec![None, Some(2), None, Some(0), None, Some(1), None],
        counts,
        probability: Vec::new(),
        confidence: Vec::new(),
    })
}

fn node_values() -> NodeAnswer {
    NodeAnswer::Values(vec![Some(0.5), None, Some(1.5), Some(-2.0), Some(0.1), Some(7.0), None])
}

const STRATEGIES: [MissingStrategy; 4] = [
    MissingStrategy::None,
    MissingStrategy::LastPrediction,
    MissingStrategy::NullPrediction,
    MissingStrategy::DefaultChild,
];

fn trees() -> Model {
    let (mut model, ids) = inputs(Kind::F64, &MissingPolicy::Keep);
    let when = predicates(&mut model, ids);
    for (i, missing) in STRATEGIES.into_iter().enumerate() {
        for last in [false, true] {
            let id = estimator(&mut model, tree(when, missing, node_classes(), last));
            for (j, part) in [
                Part::Label,
                Part::Probabilities,
                Part::Probability(1),
                Part::Entity(0),
                Part::Confidence,
            ]
            .into_iter()
            .enumerate()
            {
                let name = format!("c{i}{last}{j}");
                model.outputs.push(Output::new(id, part).named(name));
            }
            let id = estimator(&mut model, tree(when, missing, node_values(), last));
            for (j, part) in [Part::Values, Part::Margins, Part::Entity(0)].into_iter().enumerate()
            {
                let name = format!("r{i}{last}{j}");
                model.outputs.push(Output::new(id, part).named(name));
            }
        }
    }
    model
}

/// An estimate of each kind without names, to see the names that its columns have.
fn unnamed() -> Vec<Model> {
    let of = |answer: NodeAnswer, parts: &[Part]| {
        let (mut model, ids) = inputs(Kind::F64, &MissingPolicy::Keep);
        let when = predicates(&mut model, ids);
        let id = estimator(&mut model, tree(when, MissingStrategy::None, answer, true));
        model.outputs = parts.iter().map(|&part| Output::new(id, part)).collect();
        model
    };
    vec![
        of(node_classes(), &[Part::Label, Part::Probabilities, Part::Entity(0), Part::Confidence]),
        of(node_values(), &[Part::Values, Part::Margins]),
    ]
}

fn rules() -> Model {
    let (mut model, ids) = inputs(Kind::F64, &MissingPolicy::Keep);
    let when = predicates(&mut model, ids);
    for &select in RuleSelection::ALL {
        for default in [None, Some(1)] {
            let rule = |place: usize, class, weight, confidence| Rule {
                when: when[place],
                id: format!("r{place}{class}"),
                class,
                weight,
                confidence,
            };
            let rules = vec![
                rule(0, 0, 0.5, 0.9),
                rule(1, 1, 0.75, 0.8),
                rule(2, 0, 0.75, 0.7),
                rule(0, 2, 0.25, 0.6),
            ];
            let (classes, default_confidence) = (texts(&["u", "v", "w"]), 0.125);
            let op = Rules { rules, classes, select, default, default_confidence };
            let id = estimator(&mut model, Estimator::Rules(Box::new(op)));
            for part in [Part::Label, Part::Entity(0), Part::Confidence] {
                let name = format!("o{}", model.outputs.len());
                model.outputs.push(Output::new(id, part).named(name));
            }
        }
    }
    model
}

fn scorecard() -> Model {
    let (mut model, ids) = inputs(Kind::F64, &MissingPolicy::Keep);
    let when = predicates(&mut model, ids);
    for reasons in [None, Some(ReasonRanking::PointsBelow), Some(ReasonRanking::PointsAbove)] {
        let mut attribute = |when: Option<ValueId>, score: f64, reason: &str| Attribute {
            when,
            score: constant(&mut model, score),
            reason: reason.to_owned(),
        };
        let characteristics = vec![
            Characteristic {
                name: "one".to_owned(),
                baseline: 5.0,
                attributes: vec![
                    attribute(Some(when[0]), 2.5, "A"),
                    attribute(Some(when[1]), 9.0, "B"),
                    attribute(None, 5.0, "C"),
                ],
            },
            Characteristic {
                name: "two".to_owned(),
                baseline: 1.0,
                attributes: vec![
                    attribute(Some(when[2]), 0.5, "B"),
                    attribute(Some(when[1]), 4.0, "A"),
                ],
            },
            Characteristic {
                name: "three".to_owned(),
                baseline: 2.0,
                attributes: vec![attribute(Some(when[1]), 2.0, "D"), attribute(None, 1.75, "C")],
            },
        ];
        let op = Scorecard { initial: Some(ids[0]), characteristics, reasons };
        let id = estimator(&mut model, Estimator::Scorecard(Box::new(op)));
        let ranks = if reasons.is_some() { 3 } else { 0 };
        let parts = (0..ranks).map(Part::Reason).chain([Part::Values, Part::Margins]);
        for part in parts {
            let name = format!("o{}", model.outputs.len());
            model.outputs.push(Output::new(id, part).named(name));
        }
    }
    model
}

fn combined() -> Vec<Model> {
    let mut models = Vec::new();
    for missing in [MissingMember::Continue, MissingMember::Skip, MissingMember::Missing] {
        let (mut model, ids) = inputs(Kind::F64, &MissingPolicy::Keep);
        let when = predicates(&mut model, ids);
        for &method in CombineMethod::ALL {
            for classes in [true, false] {
                let of_values = matches!(
                    method,
                    CombineMethod::Sum
                        | CombineMethod::WeightedSum
                        | CombineMethod::Median
                        | CombineMethod::WeightedMedian
                );
                let of_classes = matches!(
                    method,
                    CombineMethod::Max
                        | CombineMethod::MajorityVote
                        | CombineMethod::WeightedMajorityVote
                );
                if of_values && classes || of_classes && !classes {
                    continue;
                }
                let mut members = Vec::new();
                for (i, strategy) in STRATEGIES.into_iter().enumerate().skip(1) {
                    let answer = if classes { node_classes() } else { node_values() };
                    let id = estimator(&mut model, tree(when, strategy, answer, i == 1));
                    let weight = constant(&mut model, [0.5, 2.0, 0.25, 1.5][i]);
                    let weight = if i == 3 { ids[1] } else { weight };
                    members.push(Member {
                        when: (i == 2).then_some(when[1]),
                        estimate: id,
                        weight: (i != 1).then_some(weight),
                        id: format!("m{i}"),
                    });
                }
                let op = Combine { members, method, missing, threshold: 0.4 };
                let id = estimator(&mut model, Estimator::Combine(Box::new(op)));
                let parts: &[Part] = match (classes, method) {
                    (true, CombineMethod::SelectFirst) => {
                        &[Part::Label, Part::Probabilities, Part::Entity(0)]
                    }
                    (true, _) => &[Part::Label, Part::Probabilities],
                    (false, CombineMethod::SelectFirst) => &[Part::Values, Part::Entity(0)],
                    (false, _) => &[Part::Values],
                };
                for &part in parts {
                    let name = format!("o{}", model.outputs.len());
                    model.outputs.push(Output::new(id, part).named(name));
                }
            }
        }
        models.push(model);
    }
    models
}

fn machines() -> Model {
    let (mut model, [a, b, c]) = inputs(Kind::F64, &MissingPolicy::Keep);
    let arg = push(&mut model, Op::Concat(vec![a, b]));
    let mut values = Vec::new();
    for kernel in [
        Kernel::Linear,
        Kernel::Polynomial { gamma: 0.5, coef0: 1.0, degree: 5.0 },
        Kernel::Polynomial { gamma: 0.5, coef0: 9.0, degree: 0.5 },
        Kernel::Rbf { gamma: 0.3 },
        Kernel::Sigmoid { gamma: 0.1, coef0: -0.2 },
        Kernel::Laplacian { gamma: 0.2 },
        Kernel::Cosine,
    ] {
        let vectors = Matrix { rows: 3, columns: 2, data: vec![0.0, 0.1, -1.5, 2.0, 0.1, 0.1] };
        let machine =
            |terms: &[(u32, f64)], intercept| Machine { terms: terms.to_vec(), intercept };
        let machines = vec![
            machine(&[(2, 0.5), (0, -1.25)], 0.1),
            machine(&[(0, 1.0), (1, 0.75), (2, -0.3)], -0.2),
            machine(&[], 0.4),
        ];
        let op = KernelMachine { arg, vectors, kernel, machines };
        let margins = estimator(&mut model, Estimator::KernelMachine(Box::new(op)));
        values.push(margins);
        for form in [VoteForm::Count, VoteForm::Confidence] {
            let op = Votes { arg: margins, classes: 3, form };
            values.push(estimator(&mut model, Estimator::Votes(op)));
        }
    }
    for (form, threshold) in [
        (BayesForm::Product, 0.0),
        (BayesForm::Product, 0.05),
        (BayesForm::Logarithm, 0.0),
        (BayesForm::Logarithm, 0.05),
    ] {
        let table = |missing: bool, least: f64| Likelihood::Table {
            categories: Categories { values: texts(&["x", "z"]), missing },
            table: Matrix {
                rows: if missing { 3 } else { 2 },
                columns: 2,
                data: [0.25, 0.5, least, 0.125, 0.7, 0.6][..if missing { 6 } else { 4 }].to_vec(),
            },
        };
        let normal = Likelihood::Normal { mean: vec![0.1, -1.0], variance: vec![1.5, 0.25] };
        let inputs = vec![
            BayesInput { arg: c, likelihood: table(false, 0.01) },
            BayesInput { arg: a, likelihood: normal },
            BayesInput { arg: c, likelihood: table(true, 0.0) },
        ];
        let op = NaiveBayes { inputs, priors: vec![30.0, 20.0], threshold, form };
        values.push(estimator(&mut model, Estimator::NaiveBayes(Box::new(op))));
    }
    let (kind, outputs) = (holdall_tabular::Summation::SequentialF64, 2);
    for (scale, bias) in [(1.0, vec![]), (0.3, vec![0.1, -0.7])] {
        let split = |feature, border, missing_above| holdall_tabular::ObliviousSplit {
            feature,
            border,
            missing_above,
        };
        let op = holdall_tabular::ObliviousTrees {
            arg,
            round_features: true,
            splits: vec![split(0, 0.1, true), split(1, -0.5, false), split(1, 2.0, true)],
            depths: vec![2, 0, 1],
            outputs,
            leaves: (0..14).map(|i| f64::from(i * 3 % 8) / 7.0 - 0.4).collect(),
            summation: kind,
            aggregate: holdall_tabular::Aggregate::DivideBy(3.0),
            scale,
            bias,
        };
        values.push(estimator(&mut model, Estimator::ObliviousTrees(Box::new(op))));
    }
    let terms = vec![vec![0, 1, 1], vec![], vec![1], vec![0, 0], vec![1, 0]];
    let op = holdall_tabular::Polynomial { arg, terms };
    values.push(transform(&mut model, Transform::Polynomial(op)));
    answered(model, values)
}

fn near() -> Model {
    let (mut model, [a, b, _]) = inputs(Kind::F64, &MissingPolicy::Keep);
    let arg = push(&mut model, Op::Concat(vec![a, b]));
    let rows =
        || Matrix { rows: 4, columns: 2, data: vec![0.0, 0.1, -1.5, 2.0, 0.1, 0.1, 0.0, 0.1] };
    let combines = [
        NeighborCombine::Mean,
        NeighborCombine::Median,
        NeighborCombine::ShortestPath,
        NeighborCombine::Reach,
    ];
    for weights in
        [NeighborWeights::Uniform, NeighborWeights::Inverse, NeighborWeights::InverseShifted(0.25)]
    {
        let mut push_one = |answer: NeighborAnswer, parts: &[Part]| {
            let (comparison, near) = (Comparison::plain(Metric::Euclidean), Near::Count(3));
            let (rows, ids) = (rows(), Vec::new());
            let op = Neighbors { arg, rows, ids, comparison, near, weights, answer };
            let id = estimator(&mut model, Estimator::Neighbors(Box::new(op)));
            for &part in parts {
                let name = format!("o{}", model.outputs.len());
                model.outputs.push(Output::new(id, part).named(name));
            }
        };
        for combine in combines {
            let data = vec![0.5, 1.0, 2.5, -1.0, 0.25, 7.0, 3.5, 0.1];
            let targets = Matrix { rows: 4, columns: 2, data };
            push_one(NeighborAnswer::Values { targets, combine }, &[Part::Values, Part::Entity(1)]);
        }
        for ties in [TieRule::FirstClass, TieRule::MostFrequent] {
            let (classes, of_row) = (texts(&["u", "v", "w"]), vec![2, 0, 1, 1]);
            let answer = NeighborAnswer::Classes { classes, of_row, outlier: None, ties };
            push_one(answer, &[Part::Label, Part::Probabilities, Part::Entity(0)]);
        }
    }
    model
}

fn further() -> Model {
    let (mut model, ids) = inputs(Kind::F64, &MissingPolicy::Keep);
    let when = predicates(&mut model, ids);
    let distances = push(&mut model, Op::Concat(vec![ids[0], ids[1]]));
    let mut outputs = Vec::new();
    for largest in [false, true] {
        let op = Cluster { distances, largest, labels: texts(&["near", "far"]) };
        let id = estimator(&mut model, Estimator::Cluster(op));
        outputs.extend([(id, Part::Label), (id, Part::Distances)]);
    }
    for &anomaly in AnomalySide::ALL {
        let labels = Labels::Bool(vec![false, true]);
        let op = Detect { score: ids[0], threshold: 0.1, anomaly, labels };
        let id = estimator(&mut model, Estimator::Detect(op));
        outputs.extend([(id, Part::Label), (id, Part::Score)]);
    }
    let items = push(&mut model, Op::Concat(when.to_vec()));
    let features = [RuleFeature::Id, RuleFeature::Rule, RuleFeature::Antecedent, RuleFeature::Lift];
    for &fires in RuleFires::ALL {
        let rule = |id: &str, antecedent: &[u32], consequent: &[u32], confidence| AssociationRule {
            id: id.to_owned(),
            antecedent: antecedent.to_vec(),
            consequent: consequent.to_vec(),
            support: 0.25,
            confidence,
            lift: 1.5 * confidence,
        };
        let rules = vec![
            rule("1", &[0], &[1], 0.5),
            rule("2", &[0, 2], &[1], 0.75),
            rule("3", &[2], &[0, 1], 0.5),
        ];
        let items_of = ["p", "q", "r"].map(str::to_owned).to_vec();
        let (rank, answers) = (RuleRank::Confidence, 4);
        let op = Association { arg: items, items: items_of, rules, rank, fires, answers };
        let id = estimator(&mut model, Estimator::Association(Box::new(op)));
        for rank in 0..4 {
            outputs.extend(features.map(|feature| (id, Part::Rule(rank, feature))));
        }
    }
    for (i, (id, part)) in outputs.into_iter().enumerate() {
        model.outputs.push(Output::new(id, part).named(format!("o{i}")));
    }
    model
}

pub(super) fn all() -> Vec<ValidModel> {
    let (nan, keep) = (MissingPolicy::AsNan, MissingPolicy::Keep);
    let mut models = vec![
        tables(Kind::F64, &keep),
        tables(Kind::F64, &nan),
        tables(Kind::F32, &keep),
        distances(&keep),
        distances(&MissingPolicy::Replace(Scalar::F64(1.0))),
        texted(),
        trees(),
        rules(),
        scorecard(),
        machines(),
        near(),
        further(),
    ];
    models.extend(unnamed());
    models.extend(combined());
    models.into_iter().map(checked).collect()
}
