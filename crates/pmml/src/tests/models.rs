//! Models of every shape that the writer knows.

use holdall_tabular::{
    Aggregate, Categories, CategorySet, Classify, Decision, Field, Impute, Kind, Labels, Linear,
    Link, Matrix, MissingPolicy, MissingRule, Model, OneHot, Op, Ordinal, Output, Part, Regress,
    Scale, ScaleForm, Summation, Test, Tree, TreeEnsemble, TreeNodes, Unknown, ValidModel, ValueId,
    validate,
};

/// A model with inputs `a`, `b` (numbers) and `c` (text).
pub(super) struct Made {
    pub(super) model: Model,
    pub(super) a: ValueId,
    pub(super) b: ValueId,
    pub(super) c: ValueId,
}

pub(super) fn inputs(kind: Kind, missing: &MissingPolicy) -> Made {
    let mut model = Model::new();
    model.named_inputs = true;
    let number = |name| Field::number(name, kind).with_missing(missing.clone());
    let a = model.push_field(number("a")).unwrap();
    let b = model.push_field(number("b")).unwrap();
    let c = model.push_field(Field::category("c", Kind::Text)).unwrap();
    Made { model, a, b, c }
}

pub(super) fn texts(list: &[&str]) -> Labels {
    Labels::Text(list.iter().map(|&t| t.to_owned()).collect())
}

/// Impute, scale and one-hot, as one vector of five.
pub(super) fn prepared(made: &mut Made) -> ValueId {
    let model = &mut made.model;
    let ab = model.push(Op::Concat(vec![made.a, made.b])).unwrap();
    let with = Labels::F64(vec![1.5, -0.25]);
    let filled =
        model.push(Op::Impute(Impute { arg: ab, nan: true, sentinel: None, with })).unwrap();
    let scaled = model
        .push(Op::Scale(Scale {
            arg: filled,
            form: ScaleForm::SubtractDivide,
            offset: Some(vec![0.1, 0.2]),
            factor: Some(vec![3.0, 0.7]),
        }))
        .unwrap();
    let hot = model
        .push(Op::OneHot(OneHot {
            arg: made.c,
            categories: Categories::new(texts(&["x", "y < \"z\"", "w"])),
            drop: None,
            unknown: Unknown::None,
            kind: Kind::F64,
        }))
        .unwrap();
    model.push(Op::Concat(vec![scaled, hot])).unwrap()
}

fn linear(model: &mut Model, arg: ValueId, rows: &[[f64; 5]], intercepts: &[f64]) -> ValueId {
    let coefficients = Matrix {
        rows: u32::try_from(rows.len()).unwrap(),
        columns: 5,
        data: rows.as_flattened().to_vec(),
    };
    let summation = Summation::AnyF64;
    let intercepts = intercepts.to_vec();
    model.push(Op::Linear(Linear { arg, coefficients, intercepts, summation })).unwrap()
}

fn classify(model: &mut Model, margins: ValueId, classes: Labels, link: Link, decision: Decision) {
    let estimate = model
        .push(Op::Classify(Classify { margins, classes, link, decision, has_probabilities: true }))
        .unwrap();
    model.outputs.push(Output::new(estimate, Part::Label));
    model.outputs.push(Output::new(estimate, Part::Probabilities));
}

fn logistic(link: Link) -> Model {
    let mut made = inputs(Kind::F64, &MissingPolicy::AsNan);
    let x = prepared(&mut made);
    let margins = linear(&mut made.model, x, &[[0.5, -1.25, 2.0, 0.0, -0.5]], &[0.125]);
    let decision = Decision::MarginAbove(0.0);
    classify(&mut made.model, margins, texts(&["no", "yes"]), link, decision);
    made.model
}

fn multinomial(link: Link) -> Model {
    let mut made = inputs(Kind::F64, &MissingPolicy::AsNan);
    let x = prepared(&mut made);
    let rows =
        [[0.5, -1.25, 2.0, 0.0, -0.5], [1.0, 0.5, -1.0, 0.25, 0.0], [0.0, 0.3, 0.1, -0.2, 1.0]];
    let margins = linear(&mut made.model, x, &rows, &[0.1, -0.2, 0.3]);
    let classes = Labels::I64(vec![10, 20, 30]);
    classify(&mut made.model, margins, classes, link, Decision::LargestProbability);
    made.model
}

/// A split of `feature` at `threshold` over two leaves, pushed at the end.
fn stump(nodes: &mut TreeNodes, split: (Test, u32, f64, MissingRule), leaves: (u32, u32)) -> u32 {
    let at = u32::try_from(nodes.len()).unwrap();
    nodes.push_split(split.0, split.1, split.2, at + 1, at + 2, split.3);
    nodes.push_leaf(leaves.0);
    nodes.push_leaf(leaves.1);
    at
}

pub(super) fn ensemble(arg: ValueId) -> TreeEnsemble {
    TreeEnsemble {
        arg,
        round_features: true,
        nodes: TreeNodes::default(),
        trees: Vec::new(),
        outputs: 1,
        leaf_width: 1,
        leaves: Vec::new(),
        sets: Vec::new(),
        base: Vec::new(),
        base_last: false,
        summation: Summation::SequentialF64,
        aggregate: Aggregate::Sum,
    }
}

fn forest() -> Model {
    let mut made = inputs(Kind::F64, &MissingPolicy::AsNan);
    let x = prepared(&mut made);
    let mut trees = ensemble(x);
    (trees.outputs, trees.leaf_width) = (2, 2);
    trees.leaves = vec![0.75, 0.25, 0.1, 0.9, 1.0 / 3.0, 2.0 / 3.0];
    let split = (Test::Le, 0, 0.1, MissingRule::Compare);
    let first = stump(&mut trees.nodes, split, (0, 1));
    // A second level below the first tree's yes side.
    let deep = stump(&mut trees.nodes, (Test::Le, 2, 0.5, MissingRule::Yes), (2, 0));
    trees.nodes.yes[first as usize] = deep;
    let second = stump(&mut trees.nodes, (Test::Le, 1, -0.3, MissingRule::No), (1, 2));
    for root in [first, second] {
        trees.trees.push(Tree { root, weight: 1.0, output: 0 });
    }
    trees.aggregate = Aggregate::DivideBy(2.0);
    let margins = made.model.push(Op::Trees(Box::new(trees))).unwrap();
    let decision = Decision::LargestProbability;
    classify(&mut made.model, margins, texts(&["no", "yes"]), Link::Identity, decision);
    made.model
}

fn sums(
    kind: Kind,
    summation: Summation,
    base_last: bool,
    aggregate: Aggregate,
) -> (Made, ValueId) {
    let mut made = inputs(kind, &MissingPolicy::AsNan);
    let x = made.model.push(Op::Concat(vec![made.a, made.b])).unwrap();
    let mut trees = ensemble(x);
    trees.round_features = summation.is_f32();
    trees.leaves = vec![0.1, 0.7, -0.3, 1.1];
    let splits = [
        ((Test::Lt, 0, 0.1, MissingRule::No), (0, 1)),
        ((Test::Ge, 1, 2.5, MissingRule::AsZero), (2, 3)),
        ((Test::Gt, 1, 1.0 / 3.0, MissingRule::YesWithZero), (3, 0)),
        ((Test::In(0), 0, 0.0, MissingRule::No), (1, 2)),
    ];
    trees.sets = vec![CategorySet::new([0, 2, 5]).unwrap()];
    for (split, leaves) in splits {
        let root = stump(&mut trees.nodes, split, leaves);
        trees.trees.push(Tree { root, weight: 0.3, output: 0 });
    }
    trees.base = vec![0.2];
    trees.base_last = base_last;
    trees.summation = summation;
    trees.aggregate = aggregate;
    let margins = made.model.push(Op::Trees(Box::new(trees))).unwrap();
    (made, margins)
}

fn boosted_classifier(kind: Kind, summation: Summation) -> Model {
    let (mut made, margins) = sums(kind, summation, false, Aggregate::Sum);
    let (classes, link) = (Labels::I64(vec![0, 1]), Link::Logistic);
    classify(&mut made.model, margins, classes, link, Decision::LargestProbability);
    let estimate = made.model.outputs[0].value;
    made.model.outputs.push(Output::new(estimate, Part::Margins));
    made.model
}

fn regressor(base_last: bool, aggregate: Aggregate, link: Link) -> Model {
    let (mut made, margins) = sums(Kind::F64, Summation::SequentialF64, base_last, aggregate);
    let estimate = made.model.push(Op::Regress(Regress { margins, link })).unwrap();
    made.model.outputs.push(Output::new(estimate, Part::Values));
    made.model
}

fn boosted_multiclass() -> Model {
    let mut made = inputs(Kind::F32, &MissingPolicy::AsNan);
    let x = made.model.push(Op::Concat(vec![made.a, made.b])).unwrap();
    let mut trees = ensemble(x);
    trees.outputs = 3;
    trees.summation = Summation::SequentialF32;
    trees.leaves = vec![0.1, 0.7, -0.3, 1.1];
    trees.base = vec![0.5, 0.25, 0.125];
    for output in 0..3 {
        let threshold = f64::from(0.1_f32) * f64::from(output + 1);
        let split = (Test::Lt, output % 2, threshold, MissingRule::Yes);
        let root = stump(&mut trees.nodes, split, (output, output + 1));
        trees.trees.push(Tree { root, weight: 1.0, output });
    }
    let margins = made.model.push(Op::Trees(Box::new(trees))).unwrap();
    let classes = texts(&["p", "q", "r"]);
    classify(&mut made.model, margins, classes, Link::Softmax, Decision::LargestProbability);
    made.model
}

fn stacked() -> Model {
    let mut model = logistic(Link::Logistic);
    let estimate = model.outputs[0].value;
    model.outputs.clear();
    let p = model.push(Op::Part { estimate, part: Part::Probability(1) }).unwrap();
    let margin = model.push(Op::Part { estimate, part: Part::Margins }).unwrap();
    let x = model.push(Op::Concat(vec![p, margin])).unwrap();
    let margins = model
        .push(Op::Linear(Linear {
            arg: x,
            coefficients: Matrix { rows: 1, columns: 2, data: vec![2.0, 0.5] },
            intercepts: vec![-1.0],
            summation: Summation::AnyF64,
        }))
        .unwrap();
    let estimate = model.push(Op::Regress(Regress { margins, link: Link::Exp })).unwrap();
    model.outputs.push(Output::new(estimate, Part::Values).named("answer"));
    model
}

fn encoded() -> Model {
    let mut made = inputs(Kind::F64, &MissingPolicy::Keep);
    let code = made
        .model
        .push(Op::Ordinal(Ordinal {
            arg: made.c,
            categories: Categories { values: texts(&["x", "y"]), missing: true },
            codes: vec![1.0, 2.5, -1.0],
            unknown: Unknown::Reject,
            kind: Kind::F64,
        }))
        .unwrap();
    made.model.outputs.push(Output::new(code, Part::Whole).named("code"));
    made.model.outputs.push(Output::new(made.a, Part::Whole).named("same"));
    made.model
}

/// Every model by name.
pub(super) fn all() -> Vec<(&'static str, ValidModel)> {
    let models = [
        ("logistic", logistic(Link::Logistic)),
        ("logistic-symmetric", logistic(Link::SoftmaxSymmetric)),
        ("multinomial", multinomial(Link::Softmax)),
        ("one-vs-rest", multinomial(Link::LogisticNormalized)),
        ("forest", forest()),
        ("boosted-f64", boosted_classifier(Kind::F64, Summation::SequentialF64)),
        ("boosted-f32", boosted_classifier(Kind::F32, Summation::SequentialF32)),
        ("boosted-multiclass", boosted_multiclass()),
        ("regressor", regressor(false, Aggregate::Sum, Link::Identity)),
        ("regressor-base-last", regressor(true, Aggregate::Sum, Link::Exp)),
        ("regressor-mean", regressor(true, Aggregate::DivideBy(4.0), Link::Identity)),
        ("regressor-divided", regressor(false, Aggregate::DivideBy(3.0), Link::Logistic)),
        ("stacked", stacked()),
        ("encoded", encoded()),
    ];
    models.into_iter().map(|(name, model)| (name, validate(model).unwrap())).collect()
}
