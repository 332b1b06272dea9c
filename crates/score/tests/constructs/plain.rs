//! The operations that are no family, each in all its forms, made at random as in `generated`: they validate, can be
//! shown and compared, and answer alike in batches of any size on any number of threads.

use std::collections::BTreeSet;

use holdall_tabular::{
    Aggregate, BinaryOp, Categories, CategorySet, Classify, Constant, Decision, Impute, Kind,
    Labels, Linear, Link, MissingRule, OneHot, Op, Ordinal, Part, Regress, Scalar, Scale,
    ScaleForm, Summation, Test, Tree, TreeEnsemble, TreeNodes, UnaryOp, Unknown, ValueId, Width,
};
use proptest::prelude::{ProptestConfig, any, proptest};

use crate::generated::{Dice, Ground, check, texts};

/// A number for each operation; a new one stops the build until it is tested here.
fn place(op: &Op) -> Option<u32> {
    Some(match op {
        Op::Input(_) => 0,
        Op::Constant(_) => 1,
        Op::Cast { .. } => 2,
        Op::Concat(_) => 3,
        Op::Select { .. } => 4,
        Op::Unary { .. } => 5,
        Op::Binary { .. } => 6,
        Op::If { .. } => 7,
        Op::Impute(_) => 8,
        Op::Scale(_) => 9,
        Op::OneHot(_) => 10,
        Op::Ordinal(_) => 11,
        Op::Linear(_) => 12,
        Op::Trees(_) => 13,
        Op::Regress(_) => 14,
        Op::Classify(_) => 15,
        Op::Part { .. } => 16,
        // Those of `generated`, and what is never scored.
        Op::Call(_) | Op::Transform(_) | Op::Estimator(_) | Op::Foreign(_) => return None,
    })
}

const PLAIN: u32 = 17;

type Make = Box<dyn FnOnce(&mut Dice, &mut Ground) -> Op>;

fn constant(ground: &mut Ground, values: Labels) -> ValueId {
    let width = u32::try_from(values.len()).unwrap();
    let width = if width == 1 { Width::Scalar } else { Width::Vector(width) };
    ground.build.push(Op::Constant(Constant { kind: values.kind(), width, values }))
}

fn cast(ground: &mut Ground, arg: ValueId, to: Kind) -> ValueId {
    ground.build.push(Op::Cast { arg, to })
}

fn functions() -> Vec<Make> {
    let mut all: Vec<Make> = Vec::new();
    for op in UnaryOp::ALL {
        for vector in [false, true] {
            all.push(Box::new(move |_, ground| {
                let arg = match (op, vector) {
                    (UnaryOp::Not, false) => ground.flag,
                    (UnaryOp::Not, true) => ground.bits,
                    (_, false) => ground.x,
                    (_, true) => ground.gaps,
                };
                Op::Unary { op, arg }
            }));
        }
    }
    for op in BinaryOp::ALL {
        for form in 0..4 {
            all.push(Box::new(move |_, ground| {
                let logical = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
                let floats = matches!(op, BinaryOp::Div | BinaryOp::Pow | BinaryOp::Atan2);
                let (left, right) = match form {
                    _ if logical && form == 0 => (ground.flag, ground.flag),
                    _ if logical => (ground.bits, ground.flag),
                    0 => (ground.x, ground.gaps),
                    1 => (ground.gaps, ground.vector),
                    2 if !floats => (ground.n, ground.n),
                    _ => {
                        let right = cast(ground, ground.gaps, Kind::F32);
                        (cast(ground, ground.x, Kind::F32), right)
                    }
                };
                Op::Binary { op, left, right }
            }));
        }
    }
    all
}

fn vectors() -> Vec<Make> {
    let mut all: Vec<Make> = Vec::new();
    all.push(Box::new(|_, ground| Op::Concat(vec![ground.x, ground.gaps, ground.x])));
    all.push(Box::new(|dice, ground| {
        let indices = (0..5).map(|_| dice.below(3)).collect();
        Op::Select { arg: ground.gaps, indices }
    }));
    all.push(Box::new(|_, ground| Op::If {
        condition: ground.flag,
        yes: ground.n,
        no: constant(ground, Labels::I64(vec![7])),
    }));
    for to in [Kind::F32, Kind::F64, Kind::I64] {
        all.push(Box::new(move |_, ground| Op::Cast { arg: ground.gaps, to }));
        all.push(Box::new(move |_, ground| Op::Cast { arg: ground.flag, to }));
        all.push(Box::new(move |_, ground| Op::Cast { arg: ground.n, to }));
    }
    for nan in [false, true] {
        for sentinel in [None, Some(Scalar::F64(0.5))] {
            all.push(Box::new(move |dice, ground| {
                let with = Labels::F64(dice.numbers(3));
                Op::Impute(Impute { arg: ground.gaps, nan, sentinel, with })
            }));
        }
    }
    for form in [ScaleForm::SubtractDivide, ScaleForm::SubtractMultiply, ScaleForm::MultiplyAdd] {
        for parts in [(true, true), (true, false), (false, true)] {
            all.push(Box::new(move |dice, ground| {
                let offset = parts.0.then(|| dice.numbers(3));
                let factor = parts.1.then(|| dice.numbers(3));
                Op::Scale(Scale { arg: ground.gaps, form, offset, factor })
            }));
        }
    }
    all
}

fn categories() -> Vec<Make> {
    let mut all: Vec<Make> = Vec::new();
    let words = |missing| Categories { values: texts(&["red", "-1.5e3", ""]), missing };
    for missing in [false, true] {
        for kind in [Kind::F32, Kind::F64, Kind::I64] {
            for drop in [None, Some(1)] {
                all.push(Box::new(move |_, ground| {
                    let (categories, unknown) = (words(missing), Unknown::None);
                    Op::OneHot(OneHot { arg: ground.text, categories, drop, unknown, kind })
                }));
            }
            for unknown in [Unknown::None, Unknown::Code(-3.0)] {
                all.push(Box::new(move |_, ground| {
                    let categories = words(missing);
                    let codes = vec![2.0, 5.0, 9.0, 4.0][..3 + usize::from(missing)].to_vec();
                    Op::Ordinal(Ordinal { arg: ground.text, categories, codes, unknown, kind })
                }));
            }
        }
    }
    all
}

/// Trees of three levels with tests and rules of every kind.
fn ensemble(dice: &mut Dice, ground: &mut Ground, summation: Summation) -> TreeEnsemble {
    let mut nodes = TreeNodes::default();
    let mut trees = Vec::new();
    let tests = [Test::Lt, Test::Le, Test::Gt, Test::Ge, Test::Eq, Test::Ne, Test::In(0)];
    // What compares missing values refuses their rows: only where there are none.
    let full = dice.below(3) == 0;
    let rules = [
        MissingRule::Yes,
        MissingRule::No,
        MissingRule::AsZero,
        MissingRule::YesWithZero,
        MissingRule::NoWithZero,
        MissingRule::Compare,
    ];
    // Rows without an answer need leaves with a value for every output.
    let loses = dice.below(4) == 0;
    let rules = match (loses, full) {
        (true, _) => &[MissingRule::Unanswered][..],
        (false, true) => &rules[..],
        (false, false) => &rules[..5],
    };
    let leaf_width = if loses { 2 } else { 1 };
    for tree in 0..4 {
        let root = u32::try_from(nodes.len()).unwrap();
        let output = if loses { 0 } else { tree % 2 };
        trees.push(Tree { root, weight: dice.number(), output });
        for split in 0..7 {
            let (yes, no) = (root + 2 * split + 1, root + 2 * split + 2);
            let (test, rule) = (dice.pick(&tests), dice.pick(rules));
            nodes.push_split(test, dice.below(3), dice.number(), yes, no, rule);
        }
        for _ in 0..8 {
            if loses && dice.below(6) == 0 {
                nodes.push_unanswered();
            } else {
                nodes.push_leaf(dice.below(6));
            }
        }
    }
    let aggregates = [Aggregate::Sum, Aggregate::DivideBy(3.0)];
    let arg = if full { ground.vector } else { ground.gaps };
    let single = summation.is_f32();
    TreeEnsemble {
        arg: if single { cast(ground, arg, Kind::F32) } else { arg },
        round_features: single || dice.below(2) == 1,
        nodes,
        trees,
        outputs: 2,
        leaf_width,
        leaves: dice.numbers(6 * leaf_width as usize),
        sets: vec![CategorySet::new([0, 1]).unwrap()],
        base: dice.numbers(2),
        base_last: dice.below(2) == 1,
        summation,
        aggregate: dice.pick(&aggregates),
    }
}

const SUMMATIONS: [Summation; 4] =
    [Summation::SequentialF32, Summation::SequentialF64, Summation::AnyF64, Summation::AnyF32];

fn margins(dice: &mut Dice, ground: &mut Ground, rows: u32, summation: Summation) -> ValueId {
    let arg = if summation.is_f32() { cast(ground, ground.gaps, Kind::F32) } else { ground.gaps };
    let (coefficients, intercepts) = (dice.matrix(rows, 3), dice.numbers(rows as usize));
    ground.build.push(Op::Linear(Linear { arg, coefficients, intercepts, summation }))
}

fn sums() -> Vec<Make> {
    let mut all: Vec<Make> = Vec::new();
    for summation in SUMMATIONS {
        all.push(Box::new(move |dice, ground| {
            let arg = margins(dice, ground, 2, summation);
            Op::Select { arg, indices: vec![1, 0] }
        }));
        for link in [Link::Identity, Link::Logistic, Link::Exp] {
            all.push(Box::new(move |dice, ground| {
                let margins = margins(dice, ground, 2, summation);
                Op::Regress(Regress { margins, link })
            }));
        }
    }
    for summation in [Summation::SequentialF32, Summation::SequentialF64] {
        for _ in 0..4 {
            all.push(Box::new(move |dice, ground| {
                Op::Trees(Box::new(ensemble(dice, ground, summation)))
            }));
        }
    }
    all
}

fn classifiers() -> Vec<Make> {
    let mut all: Vec<Make> = Vec::new();
    let mut add = |rows: u32, classes: usize, link: Link, decision: Decision| {
        for summation in [Summation::SequentialF32, Summation::AnyF64] {
            all.push(Box::new(move |dice, ground| {
                let margins = margins(dice, ground, rows, summation);
                let classes = texts(&["p", "q", "r"][..classes]);
                let has_probabilities = true;
                Op::Classify(Classify { margins, classes, link, decision, has_probabilities })
            }));
        }
    };
    for link in [Link::Identity, Link::Logistic, Link::SoftmaxSymmetric] {
        add(1, 2, link, Decision::LargestProbability);
        add(1, 2, link, Decision::MarginAbove(0.25));
        add(1, 2, link, Decision::MarginAtLeast(0.25));
        add(1, 2, link, Decision::ProbabilityAbove(0.6));
    }
    for link in [Link::Identity, Link::Logistic, Link::Softmax, Link::LogisticNormalized] {
        add(3, 3, link, Decision::LargestProbability);
        add(3, 3, link, Decision::LargestMargin);
        add(2, 2, link, Decision::ProbabilityAbove(0.6));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plain_operations_score_alike_in_any_batch(seed in any::<u64>(), gaps in any::<bool>()) {
        let mut dice = Dice(seed);
        let mut seen = BTreeSet::new();
        let all = [functions(), vectors(), categories(), sums(), classifiers()];
        for make in all.into_iter().flatten() {
            let mut ground = Ground::new(&mut dice, gaps);
            let op = make(&mut dice, &mut ground);
            seen.extend(ground.build.model.nodes.iter().filter_map(|(_, node)| place(&node.op)));
            seen.extend(place(&op));
            // A part is a value like any other.
            let op = if matches!(op, Op::Classify(_)) && dice.below(2) == 0 {
                Op::Part { estimate: ground.build.push(op), part: Part::Probability(0) }
            } else {
                op
            };
            seen.extend(place(&op));
            check(ground, op);
        }
        assert_eq!(seen, (0..PLAIN).collect());
    }
}
