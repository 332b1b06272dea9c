//! Splines, gaps filled from neighbours, inverse functions, survival, networks, associations, texts.

use holdall_tabular::{
    Association, AssociationRule, Baseline, BayesianNetwork, Constant, Decompose, Decomposition,
    Domain, ImputeNeighbors, InvalidPolicy, MultiplicativeStop, NetworkEvidence, NetworkNode,
    RuleFeature, RuleFires, RuleRank, Spline, SplineOutside, Survival, SurvivalForm, Width,
};

use super::*;

#[test]
fn inverse_functions_and_quantiles() {
    for (op, tolerance) in [
        (UnaryOp::Asin, 4e-15),
        (UnaryOp::Acos, 4e-15),
        (UnaryOp::Asinh, 4e-15),
        (UnaryOp::Acosh, 4e-15),
        (UnaryOp::Atanh, 4e-15),
        (UnaryOp::Cbrt, 1e-15),
        (UnaryOp::NormalCdf, 1e-15),
        (UnaryOp::NormalQuantile, 4e-15),
    ] {
        value(op.name(), tolerance, |model, _, arg| model.push(Op::Unary { op, arg }).unwrap());
    }
}

#[test]
fn splines_within_and_beyond_their_ends() {
    for &outside in SplineOutside::ALL {
        for degree in 0..=4 {
            for inner in [vec![], vec![-0.5, 0.5, 1.0], vec![0.25, 0.25, 0.25]] {
                let mut knots: Vec<f64> =
                    (0..=degree).map(|i| -1.5 - 0.25 * f64::from(i)).collect();
                knots.reverse();
                knots.extend(&inner);
                knots.extend((0..=degree).map(|i| 2.0 + 0.5 * f64::from(i)));
                let name = format!("spline_{}_{degree}_{}", outside.name(), inner.len());
                if outside != SplineOutside::Reject {
                    value(&name, 0.0, |model, s, _| {
                        let spline = Spline { arg: s[0], knots: knots.clone(), degree, outside };
                        model.push(Op::Transform(Transform::Spline(spline))).unwrap()
                    });
                    continue;
                }
                let (mut model, s, _) = start(&MissingPolicy::AsNan);
                let inside = model.push(Op::Unary { op: UnaryOp::Tanh, arg: s[1] }).unwrap();
                let spline = Spline { arg: inside, knots, degree, outside };
                let made = model.push(Op::Transform(Transform::Spline(spline))).unwrap();
                model.outputs.push(Output::new(made, Part::Whole));
                // The runtime's hyperbolic tangent may differ in the last place.
                same(&name, model, &rows(false), 1e-14);
            }
        }
    }
}

#[test]
fn gaps_filled_from_neighbours() {
    let weights =
        [NeighborWeights::Uniform, NeighborWeights::Inverse, NeighborWeights::InverseShifted(0.5)];
    for weights in weights {
        for count in [1, 2, 9] {
            for none_has in [false, true] {
                let name = format!("gaps_{weights:?}_{count}_{none_has}");
                value(&name, 0.0, |model, _, arg| {
                    let mut gaps = vec![false; 12];
                    gaps[1] = true;
                    gaps[5] = true;
                    gaps[6] = true;
                    if none_has {
                        for row in 0..4 {
                            gaps[row * 3 + 2] = true;
                        }
                    }
                    let mut rows = points();
                    for (x, _) in rows.data.iter_mut().zip(&gaps).filter(|(_, gap)| **gap) {
                        *x = f64::NAN;
                    }
                    let op = ImputeNeighbors {
                        arg,
                        rows,
                        gaps,
                        count,
                        weights,
                        with: vec![0.25, f64::NAN, -3.0],
                    };
                    model.push(Op::Transform(Transform::ImputeNeighbors(Box::new(op)))).unwrap()
                });
            }
        }
    }
}

#[test]
fn weights_that_solve_equations_and_paths_within_a_radius() {
    for count in 1..=4 {
        parts(&format!("barycentric_{count}"), &[Part::Values], 0.0, |model, _, arg| {
            let op = neighbors(
                arg,
                Near::Count(count),
                NeighborWeights::Barycentric(1e-3),
                NeighborCombine::Mean,
            );
            model.push(op).unwrap()
        });
    }
    for combine in [NeighborCombine::ShortestPath, NeighborCombine::Reach] {
        parts(&format!("radius_{}", combine.name()), &[Part::Values], 0.0, |model, _, arg| {
            let op = neighbors(arg, Near::Radius(1e10), NeighborWeights::Uniform, combine);
            model.push(op).unwrap()
        });
    }
}

fn neighbors(arg: ValueId, near: Near, weights: NeighborWeights, combine: NeighborCombine) -> Op {
    Op::Estimator(Estimator::Neighbors(Box::new(Neighbors {
        arg,
        rows: points(),
        ids: Vec::new(),
        comparison: Comparison::plain(Metric::Euclidean),
        near,
        weights,
        answer: NeighborAnswer::Values {
            targets: Matrix {
                rows: 4,
                columns: 2,
                data: (0..8).map(|i| f64::from(i) * 0.3).collect(),
            },
            combine,
        },
    })))
}

#[test]
fn places_on_a_sphere() {
    value("haversine", 1e-14, |model, s, _| {
        let arg = model.push(Op::Concat(vec![s[0], s[2]])).unwrap();
        let points = Matrix { rows: 3, columns: 2, data: vec![0.1, 0.2, -0.5, 1.0, 1.2, -2.5] };
        let comparison = Comparison::plain(Metric::Haversine);
        let distances = Distances { arg, points, comparison };
        model.push(Op::Transform(Transform::Distances(Box::new(distances)))).unwrap()
    });
}

#[test]
fn hazards_with_and_without_strata() {
    for &form in SurvivalForm::ALL {
        for strata in [false, true] {
            value(&format!("{}_{strata}", form.name()), 1e-15, |model, s, _| {
                let baseline = |shift: f64, max_time| Baseline {
                    time: vec![-0.3 + shift, 0.5 + shift, 1.5 + shift],
                    hazard: vec![0.25, 0.5, 1.25],
                    max_time,
                };
                let (stratum, labels, baselines) = if strata {
                    let labels = Labels::F64(vec![0.0, 0.5, 1.0]);
                    let empty = Baseline { time: vec![], hazard: vec![], max_time: 2.0 };
                    let baselines = vec![baseline(0.0, 3.0), baseline(0.5, f64::INFINITY), empty];
                    (Some(s[2]), labels, baselines)
                } else {
                    (None, Labels::F64(vec![]), vec![baseline(0.0, 3.0)])
                };
                let tenth = constant(model, 0.1);
                let op = BinaryOp::Min;
                let one = constant(model, 1.0);
                let margin = model.push(Op::Binary { op, left: s[0], right: one }).unwrap();
                let op = BinaryOp::Mul;
                let margin = model.push(Op::Binary { op, left: margin, right: tenth }).unwrap();
                let survival =
                    Survival { margin, time: s[1], stratum, strata: labels, baselines, form };
                model.push(Op::Estimator(Estimator::Survival(Box::new(survival)))).unwrap()
            });
        }
    }
}

#[test]
fn states_of_a_network() {
    value("network", 0.0, |model, s, vector| {
        let table = |rows, data: &[f64]| Matrix { rows, columns: 2, data: data.to_vec() };
        let states = || Labels::F64(vec![0.5, -0.5]);
        let nodes = vec![
            NetworkNode {
                arg: Some(s[0]),
                states: states(),
                parents: vec![],
                table: table(1, &[0.25, 0.75]),
            },
            NetworkNode {
                arg: None,
                states: states(),
                parents: vec![],
                table: table(1, &[0.5, 0.5]),
            },
            NetworkNode {
                arg: None,
                states: states(),
                parents: vec![0, 1],
                table: table(4, &[0.1, 0.9, 0.3, 0.7, 0.6, 0.4, 1.0, 0.0]),
            },
            NetworkNode {
                arg: Some(s[2]),
                states: Labels::F64(vec![4.0, 1.5]),
                parents: vec![2],
                table: table(2, &[0.2, 0.8, 0.5, 0.5]),
            },
        ];
        let likelihood = model
            .push(Op::Transform(Transform::Normalize(Normalize {
                arg: vector,
                by: NormalizeBy::L2,
            })))
            .unwrap();
        let op = UnaryOp::Abs;
        let likelihood = model.push(Op::Unary { op, arg: likelihood }).unwrap();
        let likelihood = model.push(Op::Select { arg: likelihood, indices: vec![2, 0] }).unwrap();
        let evidence = vec![NetworkEvidence { nodes: vec![2], likelihood }];
        let network = BayesianNetwork { nodes, target: 1, evidence };
        model.push(Op::Estimator(Estimator::BayesianNetwork(Box::new(network)))).unwrap()
    });
}

#[test]
fn rules_of_association_by_rank() {
    for &fires in RuleFires::ALL {
        for &rank in RuleRank::ALL {
            let all = [
                RuleFeature::Id,
                RuleFeature::Antecedent,
                RuleFeature::Consequent,
                RuleFeature::Rule,
                RuleFeature::Support,
                RuleFeature::Confidence,
                RuleFeature::Lift,
            ];
            let parts_of: Vec<Part> =
                (0..5).flat_map(|rank| all.map(|feature| Part::Rule(rank, feature))).collect();
            let name = format!("association_{}_{}", fires.name(), rank.name());
            parts(&name, &parts_of, 0.0, |model, s, _| {
                let mut items = Vec::new();
                for (field, limit) in [(0, 0.25), (1, -0.4), (2, 1.0), (0, 2.0)] {
                    items.push(compares(model, BinaryOp::Gt, s[field], limit));
                }
                let arg = model.push(Op::Concat(items)).unwrap();
                let rule =
                    |id: &str, antecedent: &[u32], consequent: &[u32], support, confidence| {
                        AssociationRule {
                            id: id.to_owned(),
                            antecedent: antecedent.to_vec(),
                            consequent: consequent.to_vec(),
                            support,
                            confidence,
                            lift: 2.0 * support + confidence,
                        }
                    };
                let rules = vec![
                    rule("1", &[0], &[1, 2], 0.25, 0.5),
                    rule("2", &[1], &[0], 0.5, 0.5),
                    rule("3", &[1, 2], &[3], 0.125, 0.75),
                    rule("4", &[2], &[0], 0.75, 0.25),
                ];
                let association = Association {
                    arg,
                    items: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
                    rules,
                    rank,
                    fires,
                    answers: 5,
                };
                model.push(Op::Estimator(Estimator::Association(Box::new(association)))).unwrap()
            });
        }
    }
}

/// Two fields of texts that are listed, and one that is not.
fn texts(invalid: &InvalidPolicy) -> (Model, Vec<ValueId>, Table) {
    let mut model = Model::new();
    model.named_inputs = true;
    let mut scalars = Vec::new();
    let listed: [&[&str]; 2] = [&["Äpfel", "nüsse", "12.5", " 7 "], &["ROT", "blau", "x"]];
    for (name, texts) in ["a", "b"].into_iter().zip(listed) {
        let mut field = Field::category(name, Kind::Text).with_missing(MissingPolicy::Keep);
        let values = texts.iter().map(|&text| text.to_owned()).collect();
        field.domain =
            Domain { values: Some(Categories::new(Labels::Text(values))), ..Domain::default() };
        field.invalid = invalid.clone();
        scalars.push(model.push_field(field).unwrap());
    }
    let field = Field::category("c", Kind::Text).with_missing(MissingPolicy::Keep);
    scalars.push(model.push_field(field).unwrap());
    let known = *invalid == InvalidPolicy::Reject;
    let column = |name: &str, offset: usize, texts: &[&str]| {
        let others = if known { [texts[0]; 2] } else { ["Pflaume", "ähnlich"] };
        let all: Vec<&str> = texts.iter().copied().chain(others).collect();
        let text = |row: usize| all[(row * offset + row / 7) % all.len()].to_owned();
        let mut column = Column::new(name, Data::Text((0..32).map(text).collect()));
        column.missing = (0..32).map(|row| row % (5 + offset) == 0).collect();
        column
    };
    let columns =
        vec![column("a", 1, listed[0]), column("b", 3, listed[1]), column("c", 2, listed[1])];
    (model, scalars, Table { columns, rows: 32, first_row: 0 })
}

fn text(model: &mut Model, text: &str) -> ValueId {
    let values = Labels::Text(vec![text.to_owned()]);
    model.push(Op::Constant(Constant { kind: Kind::Text, width: Width::Scalar, values })).unwrap()
}

fn whole(model: &mut Model, value: i64) -> ValueId {
    let values = Labels::I64(vec![value]);
    model.push(Op::Constant(Constant { kind: Kind::I64, width: Width::Scalar, values })).unwrap()
}

fn call(model: &mut Model, function: Function, args: &[ValueId]) -> ValueId {
    model.push(Op::Call(Call { function, args: args.to_vec() })).unwrap()
}

#[test]
fn functions_of_listed_texts_are_tables() {
    for invalid in [
        InvalidPolicy::Reject,
        InvalidPolicy::AsMissing,
        InvalidPolicy::Replace(Scalar::Text("12.5".to_owned())),
    ] {
        let of_number = matches!(invalid, InvalidPolicy::Replace(_));
        let pattern = || "[aeiou]+".to_owned();
        let functions = [
            Function::Uppercase,
            Function::Lowercase,
            Function::Trim,
            Function::Replace { pattern: pattern(), with: "_".to_owned() },
            Function::ToNumber,
        ];
        for function in functions {
            let (mut model, s, rows) = texts(&invalid);
            let name = format!("{function:?}_{of_number}");
            let made = call(&mut model, function, &s[..1]);
            model.outputs.push(Output::new(made, Part::Whole));
            same(&name, model, &rows, 0.0);
        }
        let (mut model, s, rows) = texts(&invalid);
        let (dash, start, length) =
            (text(&mut model, " - "), whole(&mut model, 1), whole(&mut model, 2));
        let short = call(&mut model, Function::Substring, &[s[1], start, length]);
        let small = call(&mut model, Function::Lowercase, &[short]);
        let joined = call(&mut model, Function::Join, &[s[0], dash, small]);
        let long = call(&mut model, Function::Length, &[joined]);
        let long = model.push(Op::Cast { arg: long, to: Kind::F64 }).unwrap();
        let matches = call(&mut model, Function::Matches { pattern: pattern() }, &[joined]);
        let hash = call(&mut model, Function::CityHash, &[s[0]]);
        let hash = model.push(Op::Cast { arg: hash, to: Kind::F64 }).unwrap();
        let same_text =
            model.push(Op::Binary { op: BinaryOp::Eq, left: s[1], right: s[2] }).unwrap();
        let (yes, no) = (text(&mut model, "yes"), text(&mut model, "no"));
        let told = model.push(Op::If { condition: matches, yes, no }).unwrap();
        let equal = model.push(Op::If { condition: same_text, yes, no }).unwrap();
        for made in [joined, small, long, hash, told, equal] {
            model.outputs.push(Output::new(made, Part::Whole));
        }
        same(&format!("joined_{of_number}"), model, &rows, 0.0);
    }
}

#[test]
fn functions_of_texts_that_are_not_listed() {
    let (mut model, s, mut rows) = texts(&InvalidPolicy::Reject);
    let dash = text(&mut model, " - ");
    let joined = call(&mut model, Function::Join, &[s[2], dash, s[0], s[2]]);
    model.outputs.push(Output::new(joined, Part::Whole));
    same_as("onnx:opset=20,ir=9", "join", model, &rows, 0.0);

    let mut model = Model::new();
    model.named_inputs = true;
    let whole = model.push_field(Field::number("c", Kind::I64)).unwrap();
    let written = call(&mut model, Function::ToText, &[whole]);
    model.outputs.push(Output::new(written, Part::Whole));
    let numbers = [0, 7, -15, i64::MAX, i64::MIN, 1 << 53];
    let column = Column::new("c", Data::I64((0..32).map(|row| numbers[row % 6]).collect()));
    rows.columns = vec![column];
    same("to_text", model, &rows, 0.0);

    let mut model = Model::new();
    model.named_inputs = true;
    let field = Field::category("c", Kind::Text).with_missing(MissingPolicy::Keep);
    let told = model.push_field(field).unwrap();
    let number = call(&mut model, Function::ToNumber, &[told]);
    model.outputs.push(Output::new(number, Part::Whole));
    let texts = ["0.1", "-3", "1e-300", "12345678901234567", "2.5e10", "-0.0"];
    let mut column =
        Column::new("c", Data::Text((0..32).map(|row| texts[row % 6].to_owned()).collect()));
    column.missing = (0..32).map(|row| row % 5 == 0).collect();
    rows.columns = vec![column];
    same("to_number", model, &rows, 0.0);
}

#[test]
fn what_vectors_are_made_of() {
    let (divergence, change) = (MultiplicativeStop::Divergence, MultiplicativeStop::Change);
    let multiplied = |beta, stop, penalty| Decomposition::Multiplicative {
        beta,
        penalty,
        stop,
        tolerance: 1e-3,
        most: 60,
    };
    let methods = [
        (Decomposition::Descent { penalty: [0.0, 0.0], tolerance: 1e-4, most: 50 }, 0.0),
        (Decomposition::Descent { penalty: [0.25, 0.5], tolerance: 1e-2, most: 3 }, 0.0),
        (multiplied(2.0, divergence, [0.0, 0.0]), 0.0),
        (multiplied(2.0, change, [0.1, 0.2]), 0.0),
        (multiplied(1.0, divergence, [0.0, 0.1]), 1e-12),
        (multiplied(1.0, change, [0.0, 0.0]), 0.0),
        (multiplied(1.5, divergence, [0.0, 0.0]), 1e-9),
        (multiplied(3.0, change, [0.0, 0.0]), 1e-9),
        (Decomposition::Pursuit { count: 1 }, 0.0),
        (Decomposition::Pursuit { count: 4 }, 0.0),
        (Decomposition::Topics { prior: 0.25, tolerance: 1e-3, most: 100 }, 1e-12),
    ];
    for (method, tolerance) in methods {
        value(&format!("{method:?}"), tolerance, |model, s, _| {
            let mut sizes = Vec::new();
            for &arg in s {
                let size = model.push(Op::Unary { op: UnaryOp::Abs, arg }).unwrap();
                let limit = constant(model, 5.0);
                let op = BinaryOp::Min;
                sizes.push(model.push(Op::Binary { op, left: size, right: limit }).unwrap());
            }
            let arg = model.push(Op::Concat(sizes)).unwrap();
            let mut atoms = points();
            for x in &mut atoms.data {
                *x = x.abs() + 0.125;
            }
            let op = Decompose { arg, atoms, method };
            model.push(Op::Transform(Transform::Decompose(Box::new(op)))).unwrap()
        });
    }
}
