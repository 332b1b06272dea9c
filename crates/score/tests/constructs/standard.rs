//! Constructs of PMML 4.4 against engines that implement the standard. The models are those of
//! `testdata/constructs/make_pmml.py`.

use holdall_table::Data;
use holdall_tabular::{
    Association, AssociationRule, Attribute, Bin, BinaryOp, Call, Characteristic, Classify,
    Cluster, Combine, CombineMethod, Compare, Comparison, Constant, Curve, CurveForm, Decision,
    DecisionNodes, DecisionTree, Distances, Estimator, Function, Interval, Kind, Labels, Linear,
    Link, LocalWeight, Lookup, Matrix, Member, Metric, MissingElement, MissingMember,
    MissingStrategy, Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors,
    NoTrueChild, NodeAnswer, NodeClasses, Op, Outside, Part, ReasonRanking, Regress, Rule,
    RuleFeature, RuleFires, RuleRank, RuleSelection, Rules, Scalar, Scorecard, Summation,
    TextIndex, TieRule, Transform, UnaryOp, ValueId, Width,
};

use crate::case::{Build, Case, cases, compare};

fn of(file_case: &str) -> Vec<Case> {
    let found: Vec<Case> = cases("standard").into_iter().filter(|c| c.name == file_case).collect();
    assert!(!found.is_empty(), "no case {file_case}");
    found
}

fn texts(list: &[&str]) -> Labels {
    Labels::Text(list.iter().map(|&t| t.to_owned()).collect())
}

fn constant(build: &mut Build, kind: Kind, values: Labels) -> ValueId {
    build.push(Op::Constant(Constant { kind, width: Width::Scalar, values }))
}

fn against(build: &mut Build, x: ValueId, op: BinaryOp, limit: f64) -> ValueId {
    let limit = constant(build, Kind::F64, Labels::F64(vec![limit]));
    build.push(Op::Binary { op, left: x, right: limit })
}

fn is(build: &mut Build, x: ValueId, values: &[&str]) -> ValueId {
    build.push(Op::Call(Call { function: Function::IsIn(texts(values)), args: vec![x] }))
}

fn is_missing(build: &mut Build, x: ValueId) -> ValueId {
    build.push(Op::Unary { op: UnaryOp::IsMissing, arg: x })
}

fn by_name<T: Copy>(all: &[T], name: fn(T) -> &'static str, wanted: &str) -> T {
    *all.iter().find(|v| name(**v) == wanted).unwrap_or_else(|| panic!("no `{wanted}`"))
}

const COUNTS: [[f64; 2]; 7] =
    [[60.0, 40.0], [50.0, 10.0], [38.0, 2.0], [12.0, 8.0], [10.0, 30.0], [5.0, 20.0], [5.0, 10.0]];

fn tree(build: &mut Build, case: &Case, missing: MissingStrategy, last: NoTrueChild) -> ValueId {
    let x = build.scalar(case, "x", Kind::F64);
    let letter = build.scalar(case, "c", Kind::Text);
    let z = build.scalar(case, "z", Kind::F64);
    let low = against(build, x, BinaryOp::Le, 1.0);
    let high = against(build, x, BinaryOp::Gt, 1.0);
    let (is_a, is_b) = (is(build, letter, &["a"]), is(build, letter, &["b"]));
    let more = against(build, z, BinaryOp::Gt, 3.0);
    // A surrogate predicate is the first that is known.
    let args = vec![more, is_b];
    let surrogate = build.push(Op::Call(Call { function: Function::Coalesce, args }));
    let a_or_d = is(build, letter, &["a", "d"]);
    // Nodes 1 2 5 3 4 6 7 of the document, so that children follow each other.
    let order = [0, 1, 4, 2, 3, 5, 6];
    let nodes = DecisionNodes {
        when: vec![
            None,
            Some(low),
            Some(high),
            Some(is_a),
            Some(is_b),
            Some(surrogate),
            Some(a_or_d),
        ],
        first_child: vec![1, 3, 5, 0, 0, 0, 0],
        children: vec![2, 2, 2, 0, 0, 0, 0],
        default_child: vec![Some(2), Some(4), Some(6), None, None, None, None],
        records: order.iter().map(|&i: &usize| COUNTS[i].iter().sum()).collect(),
        id: order.iter().map(|i| (i + 1).to_string()).collect(),
    };
    let labels = [0, 0, 0, 1, 1, 1, 0].map(Some);
    let answer = NodeAnswer::Classes(NodeClasses {
        classes: texts(&["A", "B"]),
        label: order.iter().map(|&i| labels[i]).collect(),
        counts: order.iter().flat_map(|&i| COUNTS[i]).collect(),
        probability: Vec::new(),
        confidence: Vec::new(),
    });
    let tree = DecisionTree { nodes, answer, missing, no_true_child: last, penalty: 0.8 };
    build.push(Op::Estimator(Estimator::DecisionTree(Box::new(tree))))
}

#[test]
fn trees_follow_every_missing_value_strategy() {
    let mut seen = Vec::new();
    for case in of("tree") {
        let strategy = by_name(MissingStrategy::ALL, MissingStrategy::name, &case.text("strategy"));
        seen.push(strategy);
        let last = if case.text("last") == "returnLastPrediction" {
            NoTrueChild::Last
        } else {
            NoTrueChild::Missing
        };
        let mut build = Build::new();
        let tree = tree(&mut build, &case, strategy, last);
        for part in [Part::Label, Part::Probability(0), Part::Probability(1), Part::Entity(0)] {
            build.output(tree, part);
        }
        let found = build.score();
        compare(&case, "label", &found, 0, 0.0);
        if strategy != MissingStrategy::AggregateNodes {
            compare(&case, "pA", &found, 1, 1e-15);
            compare(&case, "pB", &found, 2, 1e-15);
            compare(&case, "entity", &found, 3, 0.0);
        }
    }
    let untested: Vec<_> = MissingStrategy::ALL.iter().filter(|s| !seen.contains(s)).collect();
    assert_eq!(untested, [&MissingStrategy::WeightedConfidence]);
}

/// PMML 4.4, `TreeModel`, "weightedConfidence": the siblings that are not false, weighted by their records; no engine
/// at hand obeys it, so the numbers are worked out here.
#[test]
fn weighted_confidence_shares_unknown_rows_by_records() {
    let case = &of("tree")[0];
    let mut build = Build::new();
    let missing = MissingStrategy::WeightedConfidence;
    let tree = tree(&mut build, case, missing, NoTrueChild::Missing);
    for part in [Part::Label, Part::Probability(0), Part::Confidence] {
        build.output(tree, part);
    }
    let found = build.score();
    let Data::F64(p) = &found.columns[1].data else { panic!("probabilities are numbers") };
    // Row 3: x = 0 and c missing: nodes 3 and 4, of 40 and 20 records.
    let shared = 38.0 / 40.0 * (40.0 / 60.0) + 12.0 / 20.0 * (20.0 / 60.0);
    assert!((p[3] - shared).abs() < 1e-15);
    // Row 11: nothing is known: both branches by 60 and 40 records, then all leaves.
    let below = shared * 0.6 + (5.0 / 25.0 * (25.0 / 40.0) + 5.0 / 15.0 * (15.0 / 40.0)) * 0.4;
    assert!((p[11] - below).abs() < 1e-15);
    let Data::Text(labels) = &found.columns[0].data else { panic!("labels are texts") };
    assert_eq!(labels[11], "A");
    let Data::F64(sure) = &found.columns[2].data else { panic!("confidences are numbers") };
    assert_eq!(sure[11].to_bits(), p[11].to_bits());
}

#[test]
fn the_confidence_falls_with_each_default_child() {
    let case = &of("tree")[0];
    let mut build = Build::new();
    let tree = tree(&mut build, case, MissingStrategy::DefaultChild, NoTrueChild::Last);
    build.output(tree, Part::Confidence);
    let found = build.score();
    let Data::F64(sure) = &found.columns[0].data else { panic!("confidences are numbers") };
    // Row 0 knows everything; row 3 takes one default child, row 11 two (PMML 4.4, `missingValuePenalty`).
    assert!((sure[0] - 0.95).abs() < 1e-15);
    assert!((sure[3] - 0.4 * 0.8).abs() < 1e-15);
    assert!((sure[11] - 5.0 / 15.0 * 0.8 * 0.8).abs() < 1e-15);
}

/// The rules of the fixture, with their label and entity as outputs.
fn rule_set(case: &Case, select: RuleSelection) -> Build {
    let mut build = Build::new();
    let x = build.scalar(case, "x", Kind::F64);
    let c = build.scalar(case, "c", Kind::Text);
    let when = [
        against(&mut build, x, BinaryOp::Lt, 3.0),
        is(&mut build, c, &["b"]),
        against(&mut build, x, BinaryOp::Gt, 0.0),
    ];
    let rule = |i: usize, class, weight, confidence| Rule {
        when: when[i],
        id: format!("r{}", i + 1),
        class,
        weight,
        confidence,
    };
    let rules = Rules {
        rules: vec![rule(0, 0, 0.4, 0.5), rule(1, 1, 0.3, 0.9), rule(2, 1, 0.35, 0.8)],
        classes: texts(&["A", "B", "C"]),
        select,
        default: Some(2),
        default_confidence: 0.1,
    };
    let rules = build.push(Op::Estimator(Estimator::Rules(Box::new(rules))));
    for part in [Part::Label, Part::Entity(0), Part::Confidence] {
        build.output(rules, part);
    }
    build
}

#[test]
fn rule_sets_select_as_the_engine_does() {
    for case in of("rules") {
        let select = by_name(RuleSelection::ALL, RuleSelection::name, &case.text("criterion"));
        let found = rule_set(&case, select).score();
        compare(&case, "label", &found, 0, 0.0);
        compare(&case, "entity", &found, 1, 0.0);
    }
}

/// PMML 4.4, `RuleSetModel`, "weightedMax": the firing rule with the largest weight, and its confidence.
#[test]
fn the_heaviest_rule_answers_with_its_confidence() {
    let found = rule_set(&of("rules")[0], RuleSelection::WeightedMax).score();
    let Data::Text(labels) = &found.columns[0].data else { panic!("labels are texts") };
    assert_eq!(labels, &["A", "A", "A", "B", "B", "B", "C"]);
    let Data::F64(sure) = &found.columns[2].data else { panic!("confidences are numbers") };
    assert_eq!(sure, &[0.5, 0.5, 0.5, 0.8, 0.8, 0.8, 0.1]);
}

#[test]
fn scorecards_add_up_and_give_their_reasons() {
    for case in of("scorecard") {
        let mut build = Build::new();
        let d = build.scalar(&case, "d", Kind::Text);
        let a = build.scalar(&case, "a", Kind::F64);
        let i = build.scalar(&case, "i", Kind::F64);
        let attributes = [
            vec![
                (Some(is_missing(&mut build, d)), -9.0, "D1"),
                (Some(is(&mut build, d, &["m"])), 19.0, "D2"),
                (Some(is(&mut build, d, &["e"])), 3.0, "D3"),
                (None, 6.0, "D4"),
            ],
            vec![
                (Some(against(&mut build, a, BinaryOp::Le, 18.0)), -1.0, "A1"),
                (Some(against(&mut build, a, BinaryOp::Le, 29.0)), 25.0, "A2"),
                (Some(against(&mut build, a, BinaryOp::Gt, 29.0)), 10.0, "A3"),
                (Some(is_missing(&mut build, a)), 8.0, "A4"),
            ],
            vec![
                (Some(against(&mut build, i, BinaryOp::Le, 1000.0)), 26.0, "I1"),
                (Some(against(&mut build, i, BinaryOp::Le, 1500.0)), 5.0, "I2"),
                (Some(against(&mut build, i, BinaryOp::Gt, 1500.0)), -3.0, "I3"),
                (None, 0.0, "I4"),
            ],
        ];
        let mut characteristics = Vec::new();
        for ((name, baseline), list) in
            [("D", 19.0), ("A", 18.0), ("I", 10.0)].iter().zip(attributes)
        {
            let attributes = list
                .into_iter()
                .map(|(when, score, reason)| {
                    let score = constant(&mut build, Kind::F64, Labels::F64(vec![score]));
                    Attribute { when, score, reason: reason.to_owned() }
                })
                .collect();
            let name = (*name).to_owned();
            characteristics.push(Characteristic { name, baseline: *baseline, attributes });
        }
        let initial = Some(constant(&mut build, Kind::F64, Labels::F64(vec![10.0])));
        let ranking = by_name(ReasonRanking::ALL, ReasonRanking::name, &case.text("method"));
        let card = Scorecard { initial, characteristics, reasons: Some(ranking) };
        let card = build.push(Op::Estimator(Estimator::Scorecard(Box::new(card))));
        for part in [Part::Values, Part::Reason(0), Part::Reason(1), Part::Reason(2)] {
            build.output(card, part);
        }
        let found = build.score();
        for (i, name) in ["score", "r1", "r2", "r3"].iter().enumerate() {
            compare(&case, name, &found, i, 0.0);
        }
    }
}

fn regression(build: &mut Build, x: ValueId, coefficient: f64, intercept: f64) -> ValueId {
    let arg = build.push(Op::Concat(vec![x]));
    let margins = build.push(Op::Linear(Linear {
        arg,
        coefficients: Matrix { rows: 1, columns: 1, data: vec![coefficient] },
        intercepts: vec![intercept],
        summation: Summation::SequentialF64,
    }));
    build.push(Op::Regress(Regress { margins, link: Link::Identity }))
}

/// Class A with one of two probabilities, by whether x is below a limit.
fn two_leaves(build: &mut Build, x: ValueId, limit: f64, below: [f64; 2]) -> ValueId {
    let when = against(build, x, BinaryOp::Lt, limit);
    let pick = |build: &mut Build, i: usize| {
        let yes = constant(build, Kind::F64, Labels::F64(vec![below[i]]));
        let no = constant(build, Kind::F64, Labels::F64(vec![below[1 - i]]));
        build.push(Op::If { condition: when, yes, no })
    };
    let both = vec![pick(build, 0), pick(build, 1)];
    let margins = build.push(Op::Concat(both));
    build.push(Op::Classify(Classify {
        margins,
        classes: texts(&["A", "B"]),
        link: Link::Identity,
        decision: Decision::LargestProbability,
        has_probabilities: true,
    }))
}

#[test]
fn combinations_agree_with_the_engine_but_for_ties() {
    for case in of("combine") {
        let mut build = Build::new();
        let x = build.scalar(&case, "x", Kind::F64);
        let s = build.scalar(&case, "s", Kind::F64);
        let regresses = case.text("function") == "regression";
        let when = against(&mut build, s, BinaryOp::Gt, 0.0);
        let members = (0..3)
            .map(|i| {
                let estimate = if regresses {
                    let (slope, intercept) = [(2.0, 1.0), (1.0, -2.0), (-3.0, 0.5)][i];
                    regression(&mut build, x, slope, intercept)
                } else {
                    let below = [[0.6, 0.4], [0.2, 0.8], [0.7, 0.3]][i];
                    two_leaves(&mut build, x, [1.0, 2.0, 3.0][i], below)
                };
                let weight = Labels::F64(vec![[0.5, 2.0, 1.5][i]]);
                let weight = Some(constant(&mut build, Kind::F64, weight));
                let when = (i == 1).then_some(when);
                Member { when, estimate, weight, id: format!("s{i}") }
            })
            .collect();
        let method = by_name(CombineMethod::ALL, CombineMethod::name, &case.text("method"));
        let (missing, threshold) = (MissingMember::Continue, 1.0);
        let op = Combine { members, method, missing, threshold };
        let combined = build.push(Op::Estimator(Estimator::Combine(Box::new(op))));
        if regresses {
            build.output(combined, Part::Values);
            compare(&case, "label", &build.score(), 0, 1e-15);
            continue;
        }
        for part in [Part::Probability(0), Part::Probability(1), Part::Label] {
            build.output(combined, part);
        }
        let found = build.score();
        compare(&case, "pA", &found, 0, 1e-15);
        compare(&case, "pB", &found, 1, 1e-15);
        // Of equal shares the engine takes the class that was voted for first, holdall the class listed first.
        if !matches!(method, CombineMethod::MajorityVote | CombineMethod::WeightedMajorityVote) {
            compare(&case, "label", &found, 2, 0.0);
        }
    }
}

#[test]
fn association_rules_fire_by_rank() {
    for case in of("association") {
        let mut build = Build::new();
        let items = ["beer", "chips", "dip"];
        let there = items
            .map(|item| {
                let x = build.scalar(&case, item, Kind::F64);
                against(&mut build, x, BinaryOp::Gt, 0.0)
            })
            .to_vec();
        let arg = build.push(Op::Concat(there));
        let rule =
            |id: &str, antecedent: &[u32], consequent, support, confidence, lift| AssociationRule {
                id: id.to_owned(),
                antecedent: antecedent.to_vec(),
                consequent: vec![consequent],
                support,
                confidence,
                lift,
            };
        let op = Association {
            arg,
            items: items.map(str::to_owned).to_vec(),
            rules: vec![
                rule("r1", &[0], 1, 0.4, 0.6, 1.1),
                rule("r2", &[0], 2, 0.2, 0.8, 1.5),
                rule("r3", &[1], 2, 0.3, 0.7, 1.2),
                rule("r4", &[0, 1], 2, 0.1, 0.9, 1.6),
            ],
            rank: RuleRank::Confidence,
            fires: by_name(RuleFires::ALL, RuleFires::name, &case.text("algorithm")),
            answers: 2,
        };
        let rules = build.push(Op::Estimator(Estimator::Association(Box::new(op))));
        for rank in 0..2 {
            build.output(rules, Part::Rule(rank, RuleFeature::Id));
            build.output(rules, Part::Rule(rank, RuleFeature::Confidence));
        }
        let found = build.score();
        assert_eq!(found.columns[2].name, "rule_id_1");
        let names = ["1_ruleId", "1_confidence", "2_ruleId", "2_confidence"];
        for (i, name) in names.iter().enumerate() {
            compare(&case, name, &found, i, 0.0);
        }
    }
}

fn interval(low: f64, low_closed: bool, high: f64, high_closed: bool) -> Interval {
    Interval { low, high, low_closed, high_closed }
}

#[test]
fn derived_fields_agree_with_the_engine() {
    for case in of("expressions") {
        let mut build = Build::new();
        let x = build.scalar(&case, "x", Kind::F64);
        let c = build.scalar(&case, "c", Kind::Text);
        let d = build.scalar(&case, "d", Kind::Text);
        for outside in [Outside::Extend, Outside::Clamp, Outside::Missing] {
            let (px, py) = (vec![-1.0, 1.0, 3.0], vec![2.0, -3.0, 4.0]);
            let curve = Curve { arg: x, x: px, y: py, outside, form: CurveForm::Ratio };
            let curve = build.push(Op::Transform(Transform::Curve(curve)));
            build.output(curve, Part::Whole);
        }
        let bin = Bin {
            arg: x,
            intervals: vec![
                interval(f64::NEG_INFINITY, false, 0.0, false),
                interval(0.0, true, 0.5, true),
                interval(0.5, false, 3.0, true),
            ],
            values: texts(&["low", "zero", "high"]),
            default: Some(Scalar::Text("far".to_owned())),
            missing: Some(Scalar::Text("none".to_owned())),
        };
        let lookup = Lookup {
            args: vec![c, d],
            keys: vec![texts(&["a", "a", "b"]), texts(&["u", "v", "v"])],
            values: Labels::I64(vec![1, 2, 3]),
            default: Some(Scalar::I64(-1)),
            missing: Some(Scalar::I64(0)),
        };
        for transform in [Transform::Bin(bin), Transform::Lookup(lookup)] {
            let value = build.push(Op::Transform(transform));
            build.output(value, Part::Whole);
        }
        let found = build.score();
        for (i, name) in ["extend", "clamp", "missing", "bin", "map"].iter().enumerate() {
            compare(&case, name, &found, i, 1e-15);
        }
    }
}

#[test]
fn text_indices_agree_with_the_engine() {
    for case in of("text-index") {
        let mut build = Build::new();
        let text = build.scalar(&case, "text", Kind::Text);
        let term = constant(&mut build, Kind::Text, Labels::Text(vec![case.text("term")]));
        let op = TextIndex {
            text,
            term,
            weight: by_name(LocalWeight::ALL, LocalWeight::name, &case.text("weight")),
            case_sensitive: case.value("case_sensitive").as_bool().unwrap(),
            max_levenshtein: case.count("distance"),
            count_all: case.value("all").as_bool().unwrap(),
            separator: r"\s+".to_owned(),
            tokenize: true,
            normalizations: Vec::new(),
        };
        let index = build.push(Op::Transform(Transform::TextIndex(Box::new(op))));
        build.output(index, Part::Whole);
        compare(&case, "o", &build.score(), 0, 1e-15);
    }
}

#[test]
fn comparison_measures_agree_with_the_engine() {
    for case in of("cluster") {
        let mut build = Build::new();
        let fields = ["a", "b"].map(|name| build.scalar(&case, name, Kind::F64));
        let arg = build.push(Op::Concat(fields.to_vec()));
        let compare_by = |scale: f64| match case.text("compare").as_str() {
            "absDiff" => Compare::AbsDiff,
            "gaussSim" => Compare::GaussSim(scale),
            "delta" => Compare::Delta,
            "equal" => Compare::Equal,
            other => panic!("no comparison `{other}`"),
        };
        let metric = match case.text("measure").as_str() {
            "euclidean" => Metric::Euclidean,
            "squaredEuclidean" => Metric::SquaredEuclidean,
            "cityBlock" => Metric::CityBlock,
            "chebychev" => Metric::Chebyshev,
            "minkowski" => Metric::Minkowski(3.0),
            other => panic!("no measure `{other}`"),
        };
        let comparison = Comparison {
            metric,
            compare: vec![compare_by(0.7), compare_by(1.5)],
            weights: vec![2.0, 1.0],
            missing: MissingElement::Propagate,
        };
        let points = Matrix { rows: 2, columns: 2, data: vec![0.1, 1.0, 0.7, 0.0] };
        let distances = Distances { arg, points, comparison };
        let distances = build.push(Op::Transform(Transform::Distances(Box::new(distances))));
        let cluster = Cluster { distances, largest: false, labels: texts(&["k0", "k1"]) };
        let cluster = build.push(Op::Estimator(Estimator::Cluster(cluster)));
        build.output(cluster, Part::Label);
        build.output(cluster, Part::Distances);
        let found = build.score();
        compare(&case, "label", &found, 0, 0.0);
        compare(&case, "d0", &found, 1, 1e-14);
        compare(&case, "d1", &found, 2, 1e-14);
    }
}

#[test]
fn missing_elements_are_made_up_for_by_the_others() {
    for case in of("missing-weights") {
        let mut build = Build::new();
        let fields = ["a", "b", "c"].map(|name| build.scalar(&case, name, Kind::F64));
        let arg = build.push(Op::Concat(fields.to_vec()));
        let mut comparison = Comparison::plain(match case.text("measure").as_str() {
            "euclidean" => Metric::Euclidean,
            "squaredEuclidean" => Metric::SquaredEuclidean,
            _ => Metric::CityBlock,
        });
        comparison.missing = MissingElement::Adjust(vec![1.0, 2.0, 0.5]);
        let points = Matrix { rows: 2, columns: 3, data: vec![0.1, 1.0, 0.3, 0.7, 0.0, 2.0] };
        let distances = Distances { arg, points, comparison };
        let distances = build.push(Op::Transform(Transform::Distances(Box::new(distances))));
        build.output(distances, Part::Whole);
        let found = build.score();
        compare(&case, "d0", &found, 0, 1e-14);
        compare(&case, "d1", &found, 1, 1e-14);
    }
}

#[test]
fn near_rows_answer_as_the_engine_says() {
    for case in of("neighbors") {
        let mut build = Build::new();
        let fields = ["a", "b"].map(|name| build.scalar(&case, name, Kind::F64));
        let arg = build.push(Op::Concat(fields.to_vec()));
        let method = case.text("method");
        let values = case.numbers("values");
        let targets = Matrix { rows: 6, columns: 1, data: values };
        let classifies = method.ends_with("Vote");
        let op = Neighbors {
            arg,
            rows: case.matrix("rows"),
            ids: Vec::new(),
            comparison: Comparison::plain(Metric::Euclidean),
            near: Near::Count(case.count("k")),
            // The standard's default threshold.
            weights: if method.starts_with("weighted") {
                NeighborWeights::InverseShifted(0.001)
            } else {
                NeighborWeights::Uniform
            },
            answer: if classifies {
                NeighborAnswer::Classes {
                    classes: texts(&["A", "B", "C"]),
                    of_row: case.counts("classes"),
                    outlier: None,
                    ties: TieRule::MostFrequent,
                }
            } else if method == "median" {
                NeighborAnswer::Values { targets, combine: NeighborCombine::Median }
            } else {
                NeighborAnswer::Values { targets, combine: NeighborCombine::Mean }
            },
        };
        let near = build.push(Op::Estimator(Estimator::Neighbors(Box::new(op))));
        build.output(near, if classifies { Part::Label } else { Part::Values });
        build.output(near, Part::Entity(0));
        build.output(near, Part::Entity(1));
        let found = build.score();
        compare(&case, "label", &found, 0, 1e-12);
        compare(&case, "e1", &found, 1, 0.0);
        compare(&case, "e2", &found, 2, 0.0);
    }
}

/// PMML 4.4, `TextIndex`: ½ · (1 + n ÷ m), with n hits of the term and m of the most frequent word; 0 without a hit.
#[test]
fn augmented_frequencies_are_relative_to_the_most_frequent_word() {
    let case = &of("text-index")[0];
    let mut build = Build::new();
    let text = build.scalar(case, "text", Kind::Text);
    let term = constant(&mut build, Kind::Text, texts(&["sun"]));
    let op = TextIndex {
        text,
        term,
        weight: LocalWeight::AugmentedNormalized,
        case_sensitive: false,
        max_levenshtein: 0,
        count_all: true,
        separator: r"\s+".to_owned(),
        tokenize: true,
        normalizations: Vec::new(),
    };
    let index = build.push(Op::Transform(Transform::TextIndex(Box::new(op))));
    build.output(index, Part::Whole);
    let found = build.score();
    let Data::F64(values) = &found.columns[0].data else { panic!("the answer is a number") };
    // "under the sun under the sun the": sun twice, the three times.
    assert!((values[4] - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
    assert!((values[0] - 1.0).abs() < 1e-15 && values[2].abs() < 1e-15);
}

/// The measures by which rules are ranked (PMML 4.4, `AssociationModel`).
#[test]
fn rules_rank_by_support_lift_and_leverage() {
    let case = &of("association")[0];
    let first = |rank: RuleRank| {
        let mut build = Build::new();
        let flags = ["beer", "chips"].map(|item| {
            let x = build.scalar(case, item, Kind::F64);
            against(&mut build, x, BinaryOp::Ge, 0.0)
        });
        let arg = build.push(Op::Concat(flags.to_vec()));
        let rule = |id: &str, support, confidence, lift| AssociationRule {
            id: id.to_owned(),
            antecedent: vec![0],
            consequent: vec![1],
            support,
            confidence,
            lift,
        };
        let op = Association {
            arg,
            items: vec!["beer".to_owned(), "chips".to_owned()],
            // Leverage is support − support of one side × support of the other: 0.18, 0.2, 0.075.
            rules: vec![
                rule("a", 0.5, 0.8, 1.5625),
                rule("b", 0.4, 0.5, 2.0),
                rule("c", 0.1, 0.9, 4.0),
            ],
            rank,
            fires: RuleFires::Recommendation,
            answers: 1,
        };
        let rules = build.push(Op::Estimator(Estimator::Association(Box::new(op))));
        build.output(rules, Part::Rule(0, RuleFeature::Id));
        let found = build.score();
        let Data::Text(ids) = &found.columns[0].data else { panic!("ids are texts") };
        ids[0].clone()
    };
    let found =
        [RuleRank::Support, RuleRank::Lift, RuleRank::Leverage, RuleRank::Confidence].map(first);
    assert_eq!(found, ["a", "c", "b", "c"]);
}
