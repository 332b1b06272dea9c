#![cfg(test)]
//! Constructs written as ONNX, read again and run by the interpreter, beside the scorer's own answers, on rows
//! with NaN, infinities, zeros of both signs, halves and missing values.

mod wider;

use holdall_codec::Policy;
use holdall_convert::{FormatSpec, WriteRequest, load};
use holdall_score::Scorer;
use holdall_source::{Limits, Source};
use holdall_table::{Column, Data, Kind, Matching, Scoring, Table, select_inputs};
use holdall_tabular::{
    AnomalySide, Attribute, BayesForm, BayesInput, Bin, BinaryOp, Call, Categories, Characteristic,
    Cluster, Combine, CombineMethod, Compare, Comparison, Curve, CurveForm, DecisionNodes,
    DecisionTree, Detect, Distances, Estimator, Field, Function, Interval, Kernel, KernelMachine,
    Labels, LeafModel, Likelihood, LinearTrees, Lookup, Machine, Matrix, Member, Metric,
    MissingElement, MissingMember, MissingPolicy, MissingRule, MissingStrategy, Model, NaiveBayes,
    Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, NoTrueChild, NodeAnswer,
    NodeClasses, Normalize, NormalizeBy, ObliviousSplit, ObliviousTrees, Op, Output, Outside, Part,
    Polynomial, ReasonRanking, Reduce, ReduceOp, Rule, RuleSelection, Rules, Scalar, Scorecard,
    Summation, Test, TieRule, Transform, Tree, TreeEnsemble, TreeNodes, UnaryOp, ValueId, VoteForm,
    Votes, validate,
};

const ODD: [f64; 16] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    1.0,
    -1.0,
    3.0,
    0.499_999_999_999_999_94,
    1e9,
    -7.25,
    0.1,
    -0.3,
    4.0,
];

/// Three binary64 fields, missing or NaN in places.
fn start(missing: &MissingPolicy) -> (Model, Vec<ValueId>, ValueId) {
    let mut model = Model::new();
    model.named_inputs = true;
    let mut scalars = Vec::new();
    for name in ["a", "b", "c"] {
        let field = Field::number(name, Kind::F64).with_missing(missing.clone());
        scalars.push(model.push_field(field).unwrap());
    }
    let vector = model.push(Op::Concat(scalars.clone())).unwrap();
    (model, scalars, vector)
}

fn rows(gaps: bool) -> Table {
    let value = |row: usize, column: usize| ODD[(row * 5 + column * 3) % ODD.len()];
    let columns = ["a", "b", "c"].into_iter().enumerate().map(|(c, name)| {
        let mut column = Column::new(name, Data::F64((0..32).map(|r| value(r, c)).collect()));
        if gaps {
            column.missing = (0..32).map(|row| (row + c) % 7 == 0 || row == 30).collect();
        }
        column
    });
    Table { columns: columns.collect(), rows: 32, first_row: 0 }
}

fn number(column: &Column, row: usize) -> Option<f64> {
    if column.is_missing(row) {
        return None;
    }
    match &column.data {
        Data::F32(v) => Some(f64::from(v[row])),
        Data::F64(v) => Some(v[row]).filter(|v| !v.is_nan()),
        Data::I64(_) | Data::Bool(_) | Data::Text(_) => None,
    }
}

/// Holds the answers of the graph to those of the scorer.
fn same(name: &str, model: Model, rows: &Table, tolerance: f64) {
    same_as("onnx", name, model, rows, tolerance);
}

/// The same for a target with options.
fn same_as(to: &str, name: &str, model: Model, rows: &Table, tolerance: f64) {
    let valid = validate(model).unwrap_or_else(|report| panic!("{name}: {report:?}"));
    let scorer = Scorer::compile(&valid).unwrap();
    let ours = scorer.score(&select_inputs(&scorer, rows, Matching::Name).unwrap().0).unwrap();
    let request = WriteRequest::new(Some(to), "m").unwrap();
    let plan = request.plan(&valid).unwrap();
    let policy = Policy { approximate: tolerance > 0.0, drop: true };
    let (plan, _) = plan.accept(policy).unwrap_or_else(|report| panic!("{name}: {report:?}"));
    let mut bytes = Vec::new();
    holdall_convert::write(&request, &plan, &mut bytes).unwrap();
    let source = Source::from_bytes("m.onnx", bytes);
    let read = load(&source, Some(&FormatSpec::new("onnx")), Limits::default()).unwrap();
    let session = read.scoring(false).unwrap();
    let inputs = select_inputs(&*session, rows, Matching::Name).unwrap().0;
    let theirs = session.score(&inputs).unwrap_or_else(|failure| panic!("{name}: {failure}"));
    assert_eq!(ours.columns.len(), theirs.columns.len(), "{name}");
    for (a, b) in ours.columns.iter().zip(&theirs.columns) {
        for row in 0..rows.rows {
            let good = match (number(a, row), number(b, row)) {
                (Some(x), Some(y)) => {
                    x.to_bits() == y.to_bits() || (x - y).abs() <= tolerance * x.abs().max(1.0)
                }
                // Missing and NaN are one thing in a tensor.
                (None, None) => {
                    a.is_missing(row)
                        || matches!(a.data, Data::F64(_))
                        || a.text(row) == b.text(row)
                }
                (Some(_), None) | (None, Some(_)) => false,
            };
            assert!(
                good,
                "{name}: row {row}, `{}`: {} written, {} scored",
                a.name,
                b.text(row),
                a.text(row)
            );
        }
    }
}

/// A model that answers one value made of the fields, with and without gaps.
fn value(name: &str, tolerance: f64, make: impl Fn(&mut Model, &[ValueId], ValueId) -> ValueId) {
    for (missing, gaps) in [(MissingPolicy::Keep, true), (MissingPolicy::AsNan, false)] {
        let (mut model, scalars, vector) = start(&missing);
        let made = make(&mut model, &scalars, vector);
        model.outputs.push(Output::new(made, Part::Whole));
        same(&format!("{name}_{gaps}"), model, &rows(gaps), tolerance);
    }
}

/// A model that answers parts of an estimate.
fn parts(
    name: &str,
    parts: &[Part],
    tolerance: f64,
    make: impl Fn(&mut Model, &[ValueId], ValueId) -> ValueId,
) {
    for (missing, gaps) in [(MissingPolicy::Keep, true), (MissingPolicy::AsNan, false)] {
        let (mut model, scalars, vector) = start(&missing);
        let made = make(&mut model, &scalars, vector);
        for &part in parts {
            model.outputs.push(Output::new(made, part));
        }
        same(&format!("{name}_{gaps}"), model, &rows(gaps), tolerance);
    }
}

fn points() -> Matrix {
    let data = vec![0.5, 1.0, -0.5, 0.0, 0.0, 0.0, 1.5, -1.0, 3.0, 0.5, 1.0, -0.5];
    Matrix { rows: 4, columns: 3, data }
}

#[test]
fn functions_of_one_element() {
    let exact = [UnaryOp::Round, UnaryOp::RoundEven, UnaryOp::Trunc, UnaryOp::Sign];
    let near = [
        (UnaryOp::Sin, 1e-15),
        (UnaryOp::Cos, 4e-15),
        (UnaryOp::Tan, 1e-14),
        (UnaryOp::Atan, 1e-14),
        (UnaryOp::Sinh, 1e-15),
        (UnaryOp::Cosh, 1e-15),
        (UnaryOp::Log10, 1e-15),
        (UnaryOp::Log2, 1e-15),
        (UnaryOp::Exp2, 1e-15),
        (UnaryOp::Erf, 1e-15),
        (UnaryOp::NormalPdf, 1e-15),
    ];
    for (op, tolerance) in exact.map(|op| (op, 0.0)).into_iter().chain(near) {
        value(op.name(), tolerance, |model, _, arg| model.push(Op::Unary { op, arg }).unwrap());
    }
}

#[test]
fn divisions_and_remainders() {
    for op in [BinaryOp::Modulo, BinaryOp::Remainder, BinaryOp::FloorDiv] {
        value(op.name(), 0.0, |model, scalars, left| {
            model.push(Op::Binary { op, left, right: scalars[1] }).unwrap()
        });
    }
}

#[test]
fn reductions_with_and_without_what_is_missing() {
    for &op in ReduceOp::ALL {
        if matches!(op, ReduceOp::Any | ReduceOp::All | ReduceOp::Count) {
            continue;
        }
        for skip_missing in [false, true] {
            let places = matches!(op, ReduceOp::Median | ReduceOp::ArgMin | ReduceOp::ArgMax);
            if places {
                continue;
            }
            value(&format!("reduce_{}_{skip_missing}", op.name()), 0.0, |model, _, arg| {
                let reduce = Transform::Reduce(Reduce { arg, op, skip_missing });
                model.push(Op::Transform(reduce)).unwrap()
            });
        }
    }
}

#[test]
fn places_and_medians_of_rows_without_gaps() {
    for op in [ReduceOp::Median, ReduceOp::ArgMin, ReduceOp::ArgMax] {
        let (mut model, _, arg) = start(&MissingPolicy::AsNan);
        let reduce = Transform::Reduce(Reduce { arg, op, skip_missing: false });
        let mut made = model.push(Op::Transform(reduce)).unwrap();
        if op != ReduceOp::Median {
            made = model.push(Op::Cast { arg: made, to: Kind::F64 }).unwrap();
        }
        model.outputs.push(Output::new(made, Part::Whole));
        same(op.name(), model, &rows(false), 0.0);
    }
}

#[test]
fn elements_in_proportion_and_products() {
    for &by in NormalizeBy::ALL {
        let near = if by == NormalizeBy::Softmax { 1e-15 } else { 0.0 };
        value(&format!("normalize_{}", by.name()), near, |model, _, arg| {
            model.push(Op::Transform(Transform::Normalize(Normalize { arg, by }))).unwrap()
        });
    }
    value("polynomial", 0.0, |model, _, arg| {
        let terms = vec![vec![], vec![1], vec![0, 0, 2], vec![2, 1]];
        model.push(Op::Transform(Transform::Polynomial(Polynomial { arg, terms }))).unwrap()
    });
}

#[test]
fn curves_bins_and_tables() {
    for outside in [Outside::Extend, Outside::Clamp, Outside::Missing] {
        for form in [CurveForm::Slope, CurveForm::Ratio] {
            value(&format!("curve_{outside:?}_{form:?}"), 0.0, |model, _, arg| {
                let (x, y) = (vec![-1.0, 0.0, 0.0, 2.5], vec![2.0, 1.0, 3.0, 0.3]);
                let curve = Curve { arg, x, y, outside, form };
                model.push(Op::Transform(Transform::Curve(curve))).unwrap()
            });
        }
    }
    let interval =
        |low, high, low_closed, high_closed| Interval { low, high, low_closed, high_closed };
    for (default, missing) in [(None, None), (Some(9.0), None), (None, Some(8.0))] {
        value(&format!("bin_{}_{}", default.is_some(), missing.is_some()), 0.0, |model, s, _| {
            let bin = Bin {
                arg: s[0],
                intervals: vec![
                    interval(f64::NEG_INFINITY, 0.0, false, false),
                    interval(0.0, 0.5, true, true),
                    interval(0.5, 3.0, false, false),
                ],
                values: Labels::F64(vec![1.0, 2.0, 3.0]),
                default: default.map(Scalar::F64),
                missing: missing.map(Scalar::F64),
            };
            model.push(Op::Transform(Transform::Bin(bin))).unwrap()
        });
        value(
            &format!("lookup_{}_{}", default.is_some(), missing.is_some()),
            0.0,
            |model, s, _| {
                let keys = |v: [f64; 4]| Labels::F64(v.to_vec());
                let lookup = Lookup {
                    args: vec![s[0], s[1]],
                    keys: vec![keys([0.0, 0.5, 0.0, -0.5]), keys([-0.5, 2.5, -0.5, f64::NAN])],
                    values: Labels::F64(vec![1.0, 2.0, 3.0, 4.0]),
                    default: default.map(Scalar::F64),
                    missing: missing.map(Scalar::F64),
                };
                model.push(Op::Transform(Transform::Lookup(lookup))).unwrap()
            },
        );
    }
    value("coalesce", 0.0, |model, s, _| {
        let call = Call { function: Function::Coalesce, args: s.to_vec() };
        model.push(Op::Call(call)).unwrap()
    });
}

#[test]
fn distances_of_every_measure() {
    let metrics = [
        (Metric::Euclidean, 0.0),
        (Metric::SquaredEuclidean, 0.0),
        (Metric::CityBlock, 0.0),
        (Metric::Chebyshev, 0.0),
        (Metric::Minkowski(1.5), 1e-15),
        (Metric::Cosine, 0.0),
        (Metric::Hamming, 0.0),
        (Metric::Canberra, 0.0),
        (Metric::BrayCurtis, 0.0),
        (Metric::SimpleMatching, 0.0),
        (Metric::Jaccard, 0.0),
        (Metric::Tanimoto, 0.0),
    ];
    for (metric, tolerance) in metrics {
        for adjust in [false, true] {
            let binary = metric.is_binary();
            value(&format!("distance_{metric:?}_{adjust}"), tolerance, |model, s, vector| {
                let mut arg = vector;
                if binary {
                    let mut flags = Vec::new();
                    for &scalar in s {
                        let zero = model
                            .push(Op::Constant(holdall_tabular::Constant {
                                kind: Kind::F64,
                                width: holdall_tabular::Width::Scalar,
                                values: Labels::F64(vec![0.25]),
                            }))
                            .unwrap();
                        let op = BinaryOp::Gt;
                        let test = Op::Binary { op, left: scalar, right: zero };
                        let test = model.push(test).unwrap();
                        flags.push(model.push(Op::Cast { arg: test, to: Kind::F64 }).unwrap());
                    }
                    arg = model.push(Op::Concat(flags)).unwrap();
                }
                let mut comparison = Comparison::plain(metric);
                if adjust && !binary {
                    comparison.missing = MissingElement::Adjust(vec![1.0, 2.0, 0.5]);
                }
                let mut points = points();
                if binary {
                    for x in &mut points.data {
                        *x = f64::from(u8::from(*x > 0.0));
                    }
                }
                let distances = Distances { arg, points, comparison };
                model.push(Op::Transform(Transform::Distances(Box::new(distances)))).unwrap()
            });
        }
    }
    value("distance_mixed", 1e-15, |model, _, arg| {
        let comparison = Comparison {
            compare: vec![Compare::AbsDiff, Compare::GaussSim(2.0), Compare::Delta],
            weights: vec![1.0, 0.5, 3.0],
            ..Comparison::plain(Metric::CityBlock)
        };
        let distances = Distances { arg, points: points(), comparison };
        model.push(Op::Transform(Transform::Distances(Box::new(distances)))).unwrap()
    });
}

fn machine(model: &mut Model, arg: ValueId, kernel: Kernel, machines: u32) -> ValueId {
    let terms = |m: u32| {
        (0..4).filter(move |v| m != 1 || *v != 2).map(move |v| (v, f64::from(v + m) - 1.3))
    };
    let machines = (0..machines)
        .map(|m| Machine { terms: terms(m).collect(), intercept: f64::from(m) * 0.25 - 0.1 });
    let machine = KernelMachine { arg, vectors: points(), kernel, machines: machines.collect() };
    model.push(Op::Estimator(Estimator::KernelMachine(Box::new(machine)))).unwrap()
}

#[test]
fn kernels_of_every_form() {
    let kernels = [
        ("linear", Kernel::Linear, 0.0),
        ("cubic", Kernel::Polynomial { gamma: 0.5, coef0: 1.0, degree: 3.0 }, 0.0),
        ("seventh", Kernel::Polynomial { gamma: 0.5, coef0: 1.0, degree: 7.0 }, 0.0),
        ("rbf", Kernel::Rbf { gamma: 0.1 }, 1e-14),
        ("sigmoid", Kernel::Sigmoid { gamma: 0.1, coef0: 0.2 }, 1e-14),
        ("laplacian", Kernel::Laplacian { gamma: 0.2 }, 1e-14),
        ("cosine", Kernel::Cosine, 0.0),
        ("additive", Kernel::AdditiveChiSquared, 0.0),
    ];
    for (name, kernel, tolerance) in kernels {
        value(&format!("kernel_{name}"), tolerance, |model, _, arg| machine(model, arg, kernel, 3));
    }
}

#[test]
fn votes_of_pairs() {
    let coupled = VoteForm::Coupled {
        a: vec![-1.2, -0.7, -2.0, -1.0, -0.4, -1.7],
        b: vec![0.1, -0.2, 0.3, 0.0, 0.2, -0.1],
    };
    for form in [VoteForm::Count, VoteForm::Confidence, coupled] {
        let near = if matches!(form, VoteForm::Coupled { .. }) { 1e-14 } else { 0.0 };
        value(&format!("votes_{}", near > 0.0), near, |model, _, arg| {
            let kernel = Kernel::Polynomial { gamma: 0.01, coef0: 0.0, degree: 1.0 };
            let arg = machine(model, arg, kernel, 6);
            let arg = model.push(Op::Unary { op: UnaryOp::Tanh, arg }).unwrap();
            let votes = Votes { arg, classes: 4, form: form.clone() };
            model.push(Op::Estimator(Estimator::Votes(votes))).unwrap()
        });
    }
}

#[test]
fn naive_bayes_of_every_likelihood() {
    for form in [BayesForm::Logarithm, BayesForm::Product] {
        value(&format!("bayes_{}", form.name()), 1e-14, |model, s, _| {
            let categories = Categories::new(Labels::F64(vec![0.0, 0.5, -2.5]));
            let table = Matrix { rows: 3, columns: 2, data: vec![0.2, 0.3, 0.5, 0.1, 0.3, 0.0] };
            let likelihoods = [
                Likelihood::Normal { mean: vec![0.5, -1.0], variance: vec![1.5, 0.7] },
                Likelihood::Table { categories, table },
                Likelihood::Uniform { low: vec![-3.0, 0.0], high: vec![2.0, 5.0] },
            ];
            let inputs = s.iter().zip(likelihoods);
            let inputs = inputs.map(|(&arg, likelihood)| BayesInput { arg, likelihood }).collect();
            let bayes = NaiveBayes { inputs, priors: vec![0.4, 0.6], threshold: 1e-3, form };
            model.push(Op::Estimator(Estimator::NaiveBayes(Box::new(bayes)))).unwrap()
        });
    }
}

fn neighbors(arg: ValueId, near: Near, weights: NeighborWeights, answer: NeighborAnswer) -> Op {
    Op::Estimator(Estimator::Neighbors(Box::new(Neighbors {
        arg,
        rows: points(),
        ids: Vec::new(),
        comparison: Comparison::plain(Metric::Euclidean),
        near,
        weights,
        answer,
    })))
}

#[test]
fn nearest_rows_that_answer() {
    let targets =
        Matrix { rows: 4, columns: 2, data: vec![1.0, -2.0, 0.1, 7.0, 3.5, 0.2, 9.0, 4.0] };
    let all =
        [NeighborWeights::Uniform, NeighborWeights::Inverse, NeighborWeights::InverseShifted(0.5)];
    for (i, weights) in all.into_iter().enumerate() {
        for near in [Near::Count(3), Near::Radius(1e12)] {
            let name = format!("neighbors_{i}_{}", matches!(near, Near::Count(_)));
            let classes = |ties| NeighborAnswer::Classes {
                classes: Labels::Text(vec!["x".into(), "y".into(), "z".into()]),
                of_row: vec![1, 0, 2, 1],
                outlier: None,
                ties,
            };
            for ties in [TieRule::FirstClass, TieRule::MostFrequent] {
                let name = format!("{name}_{}", ties.name());
                parts(&name, &[Part::Label, Part::Probabilities], 0.0, |model, _, arg| {
                    model.push(neighbors(arg, near, weights, classes(ties))).unwrap()
                });
            }
            parts(&format!("{name}_mean"), &[Part::Values], 0.0, |model, _, arg| {
                let combine = NeighborCombine::Mean;
                let answer = NeighborAnswer::Values { targets: targets.clone(), combine };
                model.push(neighbors(arg, near, weights, answer)).unwrap()
            });
        }
    }
    for combine in [NeighborCombine::ShortestPath, NeighborCombine::Reach] {
        parts(&format!("neighbors_{}", combine.name()), &[Part::Values], 0.0, |model, _, arg| {
            let answer = NeighborAnswer::Values { targets: targets.clone(), combine };
            model.push(neighbors(arg, Near::Count(3), NeighborWeights::Uniform, answer)).unwrap()
        });
    }
    for count in [2, 3] {
        parts(&format!("neighbors_median_{count}"), &[Part::Values], 0.0, |model, _, arg| {
            let combine = NeighborCombine::Median;
            let answer = NeighborAnswer::Values { targets: targets.clone(), combine };
            model
                .push(neighbors(arg, Near::Count(count), NeighborWeights::Uniform, answer))
                .unwrap()
        });
    }
}

#[test]
fn clusters_and_detectors() {
    parts("cluster", &[Part::Label, Part::Distances], 0.0, |model, _, arg| {
        let distances =
            Distances { arg, points: points(), comparison: Comparison::plain(Metric::CityBlock) };
        let distances =
            model.push(Op::Transform(Transform::Distances(Box::new(distances)))).unwrap();
        let labels = Labels::Text(["p", "q", "r", "s"].map(str::to_owned).to_vec());
        let cluster = Cluster { distances, largest: false, labels };
        model.push(Op::Estimator(Estimator::Cluster(cluster))).unwrap()
    });
    for &anomaly in AnomalySide::ALL {
        parts(
            &format!("detect_{}", anomaly.name()),
            &[Part::Label, Part::Score],
            0.0,
            |model, s, _| {
                let labels = Labels::Text(vec!["in".into(), "out".into()]);
                let detect = Detect { score: s[0], threshold: 0.5, anomaly, labels };
                model.push(Op::Estimator(Estimator::Detect(detect))).unwrap()
            },
        );
    }
}

#[test]
fn estimates_made_one() {
    for &method in CombineMethod::ALL {
        let sums = matches!(
            method,
            CombineMethod::Sum
                | CombineMethod::WeightedSum
                | CombineMethod::Median
                | CombineMethod::WeightedMedian
        );
        let values = matches!(
            method,
            CombineMethod::Max | CombineMethod::MajorityVote | CombineMethod::WeightedMajorityVote
        );
        let (mut model, scalars, vector) = start(&MissingPolicy::AsNan);
        let members = |model: &mut Model, classes: bool| -> Vec<Member> {
            let mut members = Vec::new();
            for (i, id) in (0_u32..).zip(["m", "n", "o"]) {
                let weights = NeighborWeights::Uniform;
                let answer = if classes {
                    NeighborAnswer::Classes {
                        classes: Labels::Text(vec!["x".into(), "y".into(), "z".into()]),
                        of_row: (0..4).map(|row| (row + i) % 3).collect(),
                        outlier: None,
                        ties: TieRule::FirstClass,
                    }
                } else {
                    let data = (0..4).map(|row| f64::from(row * 3) - f64::from(i)).collect();
                    let targets = Matrix { rows: 4, columns: 1, data };
                    NeighborAnswer::Values { targets, combine: NeighborCombine::Mean }
                };
                let near = Near::Count(1 + u32::from(i == 1));
                let estimate = model.push(neighbors(vector, near, weights, answer)).unwrap();
                let weight = Some(constant(model, 0.5 + f64::from(i)));
                members.push(Member { when: None, estimate, weight, id: id.to_owned() });
            }
            members
        };
        let combine = |members| {
            let missing = MissingMember::Missing;
            let combine = Combine { members, method, missing, threshold: 1.0 };
            Op::Estimator(Estimator::Combine(Box::new(combine)))
        };
        if !sums {
            let members = members(&mut model, true);
            let made = model.push(combine(members)).unwrap();
            model.outputs.push(Output::new(made, Part::Label));
            model.outputs.push(Output::new(made, Part::Probabilities));
            same(&format!("classes_{}", method.name()), model, &rows(false), 0.0);
            model = start(&MissingPolicy::AsNan).0;
        }
        if !values {
            let members = members(&mut model, false);
            let made = model.push(combine(members)).unwrap();
            model.outputs.push(Output::new(made, Part::Values));
            same(&format!("values_{}", method.name()), model, &rows(false), 0.0);
        }
        assert_eq!(scalars.len(), 3);
    }
}

fn constant(model: &mut Model, value: f64) -> ValueId {
    let constant = holdall_tabular::Constant {
        kind: Kind::F64,
        width: holdall_tabular::Width::Scalar,
        values: Labels::F64(vec![value]),
    };
    model.push(Op::Constant(constant)).unwrap()
}

#[test]
fn linear_leaves_are_looked_up() {
    let model = |terms: &[(u32, f64)]| LeafModel { constant: 0.7, terms: terms.to_vec() };
    for (i, base_last) in [false, true].into_iter().enumerate() {
        value(&format!("linear_trees_{i}"), 0.0, |built, _, arg| {
            let mut nodes = TreeNodes::default();
            nodes.push_split(Test::Le, 0, 0.25, 1, 2, MissingRule::Yes);
            nodes.push_leaf(0);
            nodes.push_leaf(1);
            nodes.push_split(Test::Gt, 2, -0.5, 4, 5, MissingRule::No);
            nodes.push_leaf(2);
            nodes.push_leaf(3);
            nodes.push_leaf(4);
            let tree = |root, weight, output| Tree { root, weight, output };
            let trees = TreeEnsemble {
                arg,
                round_features: false,
                nodes,
                trees: vec![tree(0, 1.0, 0), tree(3, 0.3, 1), tree(6, 1.0, 1), tree(3, 0.3, 0)],
                outputs: 2,
                leaf_width: 1,
                leaves: vec![0.1, 0.2, 0.3, 0.4, 0.5],
                sets: Vec::new(),
                base: vec![0.125, -0.1],
                base_last,
                summation: Summation::SequentialF64,
                aggregate: holdall_tabular::Aggregate::DivideBy(3.0),
            };
            let models = vec![
                model(&[(0, 0.1), (1, -3.7), (2, 1.1)]),
                model(&[(1, 2.2)]),
                model(&[]),
                model(&[(2, 0.3), (0, -0.9)]),
                model(&[(1, 1e-3)]),
            ];
            let op = Estimator::LinearTrees(Box::new(LinearTrees { trees, models }));
            built.push(Op::Estimator(op)).unwrap()
        });
    }
}

#[test]
fn oblivious_trees_are_written_out() {
    for summation in [Summation::SequentialF64, Summation::SequentialF32] {
        let name = format!("oblivious_{}", summation.is_f32());
        value(&name, 0.0, |model, _, arg| {
            let split =
                |feature, border, missing_above| ObliviousSplit { feature, border, missing_above };
            let trees = ObliviousTrees {
                arg,
                round_features: false,
                splits: vec![split(0, 0.5, true), split(1, 0.0, false), split(2, 2.0, true)],
                depths: vec![2, 0, 1],
                outputs: 2,
                leaves: (0..14).map(|i| f64::from(i) * 0.1).collect(),
                summation,
                aggregate: holdall_tabular::Aggregate::DivideBy(3.0),
                scale: 1.5,
                bias: vec![0.25, -0.75],
            };
            model.push(Op::Estimator(Estimator::ObliviousTrees(Box::new(trees)))).unwrap()
        });
    }
}

/// `field ≤ limit`, or its contrary.
fn compares(model: &mut Model, op: BinaryOp, field: ValueId, limit: f64) -> ValueId {
    let limit = constant(model, limit);
    model.push(Op::Binary { op, left: field, right: limit }).unwrap()
}

/// A root with three children, the first with two: predicates overlap, and some rows meet none.
fn decision_nodes(model: &mut Model, fields: &[ValueId], last_is_sure: bool) -> DecisionNodes {
    let tests = [
        compares(model, BinaryOp::Le, fields[0], 0.5),
        compares(model, BinaryOp::Gt, fields[1], 0.0),
        compares(model, BinaryOp::Lt, fields[2], 2.5),
        compares(model, BinaryOp::Le, fields[1], -0.3),
        compares(model, BinaryOp::Ge, fields[2], 0.1),
    ];
    let mut when = vec![None];
    when.extend(tests.map(Some));
    if last_is_sure {
        when[3] = None;
    }
    DecisionNodes {
        when,
        first_child: vec![1, 4, 0, 0, 0, 0],
        children: vec![3, 2, 0, 0, 0, 0],
        default_child: vec![
            Some(2),
            if last_is_sure { Some(5) } else { None },
            None,
            None,
            None,
            None,
        ],
        records: vec![10.0, 6.0, 3.0, 1.0, 4.0, 2.0],
        id: ["r", "s", "t", "u", "v", "w"].map(str::to_owned).to_vec(),
    }
}

#[test]
fn trees_with_predicates() {
    let strategies = [
        MissingStrategy::None,
        MissingStrategy::LastPrediction,
        MissingStrategy::NullPrediction,
        MissingStrategy::DefaultChild,
        MissingStrategy::WeightedConfidence,
        MissingStrategy::AggregateNodes,
    ];
    for missing in strategies {
        for no_true_child in [NoTrueChild::Missing, NoTrueChild::Last] {
            for sure in [false, true] {
                for gaps in [false, true] {
                    let name = format!("{}_{}_{sure}_{gaps}", missing.name(), no_true_child.name());
                    let policy = if gaps { MissingPolicy::Keep } else { MissingPolicy::AsNan };
                    let (mut model, fields, _) = start(&policy);
                    let nodes = decision_nodes(&mut model, &fields, sure);
                    let classes = NodeClasses {
                        classes: Labels::Text(vec!["x".into(), "y".into(), "z".into()]),
                        label: vec![Some(0), None, Some(1), Some(2), None, Some(0)],
                        counts: (0..18).map(|i| f64::from(i * 7 % 5)).collect(),
                        probability: Vec::new(),
                        confidence: if sure {
                            (0..18).map(|i| f64::from(i) / 20.0).collect()
                        } else {
                            Vec::new()
                        },
                    };
                    let tree = |nodes, answer| {
                        let tree =
                            DecisionTree { nodes, answer, missing, no_true_child, penalty: 1.0 };
                        Op::Estimator(Estimator::DecisionTree(Box::new(tree)))
                    };
                    let made =
                        model.push(tree(nodes.clone(), NodeAnswer::Classes(classes))).unwrap();
                    for part in
                        [Part::Label, Part::Probabilities, Part::Confidence, Part::Entity(0)]
                    {
                        model.outputs.push(Output::new(made, part));
                    }
                    let values =
                        vec![Some(0.5), None, Some(-2.0), Some(0.1), Some(7.0), Some(1e300)];
                    let made = model.push(tree(nodes, NodeAnswer::Values(values))).unwrap();
                    model.outputs.push(Output::new(made, Part::Values));
                    same(&name, model, &rows(gaps), 0.0);
                }
            }
        }
    }
}

#[test]
fn rules_by_every_selection() {
    for &select in RuleSelection::ALL {
        for default in [None, Some(1)] {
            for gaps in [false, true] {
                let policy = if gaps { MissingPolicy::Keep } else { MissingPolicy::AsNan };
                let (mut model, fields, _) = start(&policy);
                let limits = [(0, -0.4), (1, 0.5), (2, 2.0), (0, 1.0), (1, -3.0)];
                let rules = (limits.iter().zip([2.0, 3.0, 3.0, 0.5, 2.5]).enumerate())
                    .map(|(i, (&(field, limit), weight))| Rule {
                        when: compares(&mut model, BinaryOp::Gt, fields[field], limit),
                        id: format!("rule {i}"),
                        class: u32::try_from(i * 2 % 3).unwrap(),
                        weight,
                        confidence: 0.1 * weight,
                    })
                    .collect();
                let classes = Labels::Text(vec!["x".into(), "y".into(), "z".into()]);
                let rules = Rules { rules, classes, select, default, default_confidence: 0.125 };
                let made = model.push(Op::Estimator(Estimator::Rules(Box::new(rules)))).unwrap();
                for part in [Part::Label, Part::Confidence, Part::Entity(0)] {
                    model.outputs.push(Output::new(made, part));
                }
                same(&format!("{}_{default:?}_{gaps}", select.name()), model, &rows(gaps), 0.0);
            }
        }
    }
}

#[test]
fn scorecards_with_their_reasons() {
    for reasons in [None, Some(ReasonRanking::PointsAbove), Some(ReasonRanking::PointsBelow)] {
        for sure in [false, true] {
            for gaps in [false, true] {
                let policy = if gaps { MissingPolicy::Keep } else { MissingPolicy::AsNan };
                let (mut model, fields, _) = start(&policy);
                let mut characteristics = Vec::new();
                for (i, &field) in fields.iter().enumerate() {
                    let mut attributes = Vec::new();
                    for (j, limit) in [-1.0, 0.5].into_iter().enumerate() {
                        attributes.push(Attribute {
                            when: Some(compares(&mut model, BinaryOp::Le, field, limit)),
                            score: constant(&mut model, [3.0, -2.5, 0.1][(i + j) % 3]),
                            // Two characteristics share a reason.
                            reason: ["far", "near", "far"][(i + j) % 3].to_owned(),
                        });
                    }
                    if sure {
                        let score = constant(&mut model, 1.0);
                        let reason = "rest".to_owned();
                        attributes.push(Attribute { when: None, score, reason });
                    }
                    let name = format!("c{i}");
                    characteristics.push(Characteristic { name, baseline: 0.5, attributes });
                }
                let initial = sure.then(|| constant(&mut model, 10.25));
                let card = Scorecard { initial, characteristics, reasons };
                let made = model.push(Op::Estimator(Estimator::Scorecard(Box::new(card)))).unwrap();
                model.outputs.push(Output::new(made, Part::Values));
                if reasons.is_some() {
                    for rank in 0..3 {
                        model.outputs.push(Output::new(made, Part::Reason(rank)));
                    }
                }
                same(&format!("{reasons:?}_{sure}_{gaps}"), model, &rows(gaps), 0.0);
            }
        }
    }
}
