//! Models that together use every construct.

use holdall_codec::Fate;
use holdall_tabular::{
    Aggregate, BinaryOp, Call, Categories, CategorySet, Classify, Constant, Construct, Decision,
    Domain, Field, Function, Impute, Interval, InvalidPolicy, Kind, Labels, Linear, Link, Matrix,
    MissingPolicy, MissingRule, Model, OneHot, Op, Ordinal, OutlierPolicy, Output, Part, Reduce,
    ReduceOp, Regress, Scalar, Scale, ScaleForm, Summation, Test, Transform, Tree, TreeEnsemble,
    TreeNodes, UnaryOp, Unknown, ValidModel, ValueId, Width,
};

use super::checked;
use crate::support::support;

pub(super) fn texts(list: &[&str]) -> Labels {
    Labels::Text(list.iter().map(|&t| t.to_owned()).collect())
}

pub(super) fn push(model: &mut Model, op: Op) -> ValueId {
    model.push(op).unwrap()
}

pub(super) fn inputs(kind: Kind, missing: &MissingPolicy) -> (Model, [ValueId; 3]) {
    let mut model = Model::new();
    model.named_inputs = true;
    let number = |name: &str| Field::number(name, kind).with_missing(missing.clone());
    let a = model.push_field(number("a b")).unwrap();
    let b = model.push_field(number("a-b")).unwrap();
    let c = model.push_field(Field::category("2c", Kind::Text)).unwrap();
    (model, [a, b, c])
}

/// Impute, scale and one-hot, joined.
fn prepared(model: &mut Model, [a, b, c]: [ValueId; 3], kind: Kind) -> ValueId {
    let ab = push(model, Op::Concat(vec![a, b]));
    let with = Labels::F64(vec![1.5, -0.25]);
    let filled = push(model, Op::Impute(Impute { arg: ab, nan: true, sentinel: None, with }));
    let (offset, factor) = (Some(vec![0.1, 0.2]), Some(vec![3.0, 0.7]));
    let form = ScaleForm::SubtractDivide;
    let scaled = push(model, Op::Scale(Scale { arg: filled, form, offset, factor }));
    let categories = Categories::new(texts(&["x", "y"]));
    let hot = OneHot { arg: c, categories, drop: None, unknown: Unknown::None, kind };
    let hot = push(model, Op::OneHot(hot));
    push(model, Op::Concat(vec![scaled, hot]))
}

fn linear(model: &mut Model, arg: ValueId, rows: u32, kind: Kind) -> ValueId {
    let data = (0..rows * 4).map(|i| f64::from(i * 7 % 11) / 4.7 - 1.0).collect();
    let intercepts = (0..rows).map(|i| f64::from(i) / 3.0).collect();
    let summation =
        if kind == Kind::F32 { Summation::SequentialF32 } else { Summation::SequentialF64 };
    let coefficients = Matrix { rows, columns: 4, data };
    push(model, Op::Linear(Linear { arg, coefficients, intercepts, summation }))
}

fn classified(kind: Kind, link: Link, decision: Decision, margins: u32, classes: Labels) -> Model {
    let (mut model, ids) = inputs(kind, &MissingPolicy::AsNan);
    let x = prepared(&mut model, ids, kind);
    let margins = linear(&mut model, x, margins, kind);
    let classify = Classify { margins, classes, link, decision, has_probabilities: true };
    let estimate = push(&mut model, Op::Classify(classify));
    model.outputs = [Part::Label, Part::Probabilities, Part::Margins, Part::Probability(1)]
        .map(|part| Output::new(estimate, part))
        .to_vec();
    model.header.name = Some("a model".to_owned());
    model.header.producer = Some("maker".to_owned());
    model
}

fn classifiers() -> Vec<Model> {
    let above = Decision::MarginAbove(0.25);
    let most = Decision::LargestProbability;
    let three = || Labels::I64(vec![10, 20, 30]);
    let (no_yes, bools) = (|| texts(&["no", "yes \"1\""]), || Labels::Bool(vec![false, true]));
    vec![
        classified(Kind::F64, Link::Logistic, above, 1, no_yes()),
        classified(Kind::F32, Link::Logistic, Decision::MarginAtLeast(0.25), 1, bools()),
        classified(Kind::F64, Link::SoftmaxSymmetric, most, 1, no_yes()),
        classified(Kind::F64, Link::Identity, Decision::ProbabilityAbove(0.25), 1, no_yes()),
        classified(Kind::F64, Link::Softmax, most, 3, three()),
        classified(Kind::F32, Link::Softmax, most, 3, Labels::F64(vec![0.5, 1.0, 2.5])),
        classified(Kind::F64, Link::LogisticNormalized, Decision::LargestMargin, 3, three()),
        classified(Kind::F64, Link::Logistic, most, 3, three()),
        classified(Kind::F64, Link::Identity, Decision::LargestMargin, 3, three()),
    ]
}

/// Margins that may be missing, and no probabilities.
fn kept() -> Model {
    let mut model = Model::new();
    let fields = ["p", "q"].map(|name| model.push_field(Field::number(name, Kind::F64)).unwrap());
    let pq = push(&mut model, Op::Concat(vec![fields[0], fields[1], fields[0], fields[1]]));
    let margins = linear(&mut model, pq, 1, Kind::F64);
    let three = linear(&mut model, pq, 3, Kind::F64);
    let regress = push(&mut model, Op::Regress(Regress { margins, link: Link::Exp }));
    let several = push(&mut model, Op::Regress(Regress { margins: three, link: Link::Identity }));
    let classify = |margins, classes, link, decision, has_probabilities| {
        Op::Classify(Classify { margins, classes, link, decision, has_probabilities })
    };
    let plain = push(
        &mut model,
        classify(margins, texts(&["n", "y"]), Link::Identity, Decision::MarginAbove(0.0), false),
    );
    let soft = push(
        &mut model,
        classify(three, texts(&["u", "v", "w"]), Link::Softmax, Decision::LargestProbability, true),
    );
    let value = push(&mut model, Op::Part { estimate: soft, part: Part::Probability(2) });
    let twice = push(&mut model, Op::Binary { op: BinaryOp::Add, left: value, right: value });
    let all = push(&mut model, Op::Part { estimate: soft, part: Part::Probabilities });
    let more = push(&mut model, Op::Unary { op: UnaryOp::Sqrt, arg: all });
    model.outputs = vec![
        Output::new(regress, Part::Values).named("the value"),
        Output::new(several, Part::Values),
        Output::new(plain, Part::Label),
        Output::new(soft, Part::Probabilities).named("p"),
        Output::new(soft, Part::Label).named("which"),
        Output::new(twice, Part::Whole).named("twice"),
        Output::new(more, Part::Whole),
    ];
    model
}

const TESTS: [Test; 7] = [Test::Lt, Test::Le, Test::Gt, Test::Ge, Test::Eq, Test::Ne, Test::In(1)];
const RULES: [MissingRule; 7] = [
    MissingRule::Yes,
    MissingRule::No,
    MissingRule::Compare,
    MissingRule::AsZero,
    MissingRule::Unanswered,
    MissingRule::YesWithZero,
    MissingRule::NoWithZero,
];

/// One stump for each test and rule, each followed by a second split.
fn ensemble(arg: ValueId, summation: Summation, compare: bool) -> TreeEnsemble {
    let mut nodes = TreeNodes::default();
    let (mut trees, mut leaves) = (Vec::new(), Vec::new());
    for (i, test) in TESTS.into_iter().enumerate() {
        for (j, rule) in RULES.into_iter().enumerate() {
            if rule == MissingRule::Compare && !compare {
                continue;
            }
            let root = u32::try_from(nodes.len()).unwrap();
            let leaf = u32::try_from(leaves.len() / 2).unwrap();
            let feature = u32::try_from((i + j) % 2).unwrap();
            let threshold = if let Test::In(_) = test { 0.0 } else { 0.1 * f64::from(feature + 1) };
            nodes.push_split(test, feature, threshold, root + 1, root + 2, rule);
            nodes.push_leaf(leaf);
            nodes.push_split(Test::Le, 1 - feature, -0.3, root + 3, root + 1, MissingRule::No);
            nodes.push_leaf(leaf + 1);
            leaves.extend((0..4).map(|k| f64::from(k + leaf * 3 % 7) / 9.1 - 0.2));
            let weight = if j % 2 == 0 { 1.0 } else { 0.37 };
            trees.push(Tree { root, weight, output: 0 });
        }
    }
    TreeEnsemble {
        arg,
        round_features: true,
        nodes,
        trees,
        outputs: 2,
        leaf_width: 2,
        leaves,
        sets: vec![
            CategorySet::new([1]).unwrap(),
            CategorySet::new([0, 2]).unwrap(),
            CategorySet::default(),
        ],
        base: vec![0.5, -0.25],
        base_last: false,
        summation,
        aggregate: Aggregate::Sum,
    }
}

fn forest(kind: Kind, missing: &MissingPolicy, change: fn(&mut TreeEnsemble)) -> Model {
    let (mut model, [a, b, _]) = inputs(kind, missing);
    let x = push(&mut model, Op::Concat(vec![a, b]));
    let mut trees = ensemble(x, Summation::SequentialF64, *missing != MissingPolicy::Keep);
    change(&mut trees);
    let width = trees.outputs;
    let margins = push(&mut model, Op::Trees(Box::new(trees)));
    let link = Link::Identity;
    let estimate = if width == 1 {
        push(&mut model, Op::Regress(Regress { margins, link }))
    } else {
        let (classes, decision) = (texts(&["n", "y"]), Decision::LargestProbability);
        let link = Link::Softmax;
        let classify = Classify { margins, classes, link, decision, has_probabilities: true };
        push(&mut model, Op::Classify(classify))
    };
    let parts = if width == 1 { vec![Part::Values] } else { vec![Part::Label, Part::Margins] };
    model.outputs = parts.into_iter().map(|part| Output::new(estimate, part)).collect();
    model
}

fn forests() -> Vec<Model> {
    let (nan, keep) = (MissingPolicy::AsNan, MissingPolicy::Keep);
    vec![
        forest(Kind::F64, &nan, |_| {}),
        forest(Kind::F64, &keep, |trees| trees.round_features = false),
        forest(Kind::F64, &MissingPolicy::Reject, |trees| {
            trees.aggregate = Aggregate::DivideBy(3.0);
            trees.base_last = true;
        }),
        forest(Kind::F32, &nan, |trees| {
            trees.round_features = false;
            trees.summation = Summation::SequentialF32;
        }),
        forest(Kind::F64, &keep, |trees| {
            trees.summation = Summation::AnyF32;
            trees.aggregate = Aggregate::DivideBy(7.0);
            trees.base_last = true;
            trees.nodes.threshold[0] = f64::INFINITY;
        }),
        forest(Kind::F64, &nan, |trees| {
            (trees.leaf_width, trees.outputs) = (1, 1);
            trees.base.clear();
            trees.sets.clear();
            for test in &mut trees.nodes.test {
                if let Test::In(_) = test {
                    *test = Test::Le;
                }
            }
        }),
    ]
}

/// Every function of one and of two elements, scalar and vector, answered as they are.
fn expressions(kind: Kind, missing: &MissingPolicy) -> Model {
    let (mut model, [a, b, _]) = inputs(kind, missing);
    let vector = push(&mut model, Op::Concat(vec![a, b]));
    let swapped = push(&mut model, Op::Select { arg: vector, indices: vec![1, 0, 1] });
    let back = push(&mut model, Op::Select { arg: swapped, indices: vec![2, 1] });
    let mut values = vec![swapped];
    let float = kind.is_float();
    for op in UnaryOp::ALL {
        let written = support(Construct::Unary(op)).fate != Fate::Refuse;
        let fits = match op {
            _ if !written => false,
            UnaryOp::Not => false,
            UnaryOp::Neg | UnaryOp::Abs | UnaryOp::IsMissing => true,
            _ => float,
        };
        if fits {
            values.push(push(&mut model, Op::Unary { op, arg: a }));
            values.push(push(&mut model, Op::Unary { op, arg: vector }));
        }
    }
    for op in BinaryOp::ALL {
        let written = support(Construct::Binary(op)).fate != Fate::Refuse;
        let fits = match op {
            _ if !written => false,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => false,
            BinaryOp::Div | BinaryOp::Pow | BinaryOp::Modulo | BinaryOp::FloorDiv => float,
            _ => true,
        };
        if fits {
            for (left, right) in [(a, b), (vector, back), (vector, b), (a, vector)] {
                values.push(push(&mut model, Op::Binary { op, left, right }));
            }
        }
    }
    let less = push(&mut model, Op::Binary { op: BinaryOp::Lt, left: a, right: b });
    let equal = push(&mut model, Op::Binary { op: BinaryOp::Ne, left: a, right: b });
    for op in [BinaryOp::And, BinaryOp::Or] {
        values.push(push(&mut model, Op::Binary { op, left: less, right: equal }));
    }
    values.push(push(&mut model, Op::Unary { op: UnaryOp::Not, arg: less }));
    values.push(push(&mut model, Op::If { condition: less, yes: b, no: a }));
    for to in [Kind::F32, Kind::F64, Kind::I64] {
        let cast = push(&mut model, Op::Cast { arg: vector, to });
        let flag = push(&mut model, Op::Cast { arg: less, to });
        values.push(push(&mut model, Op::Concat(vec![cast, flag])));
    }
    model.outputs = values.into_iter().map(|v| Output::new(v, Part::Whole)).collect();
    for (i, output) in model.outputs.iter_mut().enumerate() {
        output.name = Some(format!("out {i}"));
    }
    model
}

fn scaled() -> Model {
    let (mut model, [a, b, _]) = inputs(Kind::F64, &MissingPolicy::Keep);
    let mut values = Vec::new();
    let vector = push(&mut model, Op::Concat(vec![a, b]));
    let (offset, factor) = (vec![0.1, -3.0], vec![7.0, 0.3]);
    for form in [ScaleForm::SubtractDivide, ScaleForm::SubtractMultiply, ScaleForm::MultiplyAdd] {
        for (o, f) in [(true, true), (true, false), (false, true)] {
            for (arg, width) in [(a, 1), (vector, 2)] {
                let part = |on: bool, list: &[f64]| on.then(|| list[..width].to_vec());
                let (offset, factor) = (part(o, &offset), part(f, &factor));
                values.push(push(&mut model, Op::Scale(Scale { arg, form, offset, factor })));
            }
        }
    }
    for (nan, sentinel) in [(false, None), (true, None), (true, Some(Scalar::F64(0.1)))] {
        for (arg, with) in [(a, vec![f64::NEG_INFINITY]), (vector, vec![1.0, f64::NAN])] {
            let (sentinel, with) = (sentinel.clone(), Labels::F64(with));
            values.push(push(&mut model, Op::Impute(Impute { arg, nan, sentinel, with })));
        }
    }
    let number = |values| Constant { kind: Kind::F64, width: Width::Vector(2), values };
    let list = push(&mut model, Op::Constant(number(Labels::F64(vec![1.5, f64::INFINITY]))));
    values.push(push(&mut model, Op::Binary { op: BinaryOp::Mul, left: vector, right: list }));
    for (kind, scalar) in [
        (Kind::F64, Labels::F64(vec![0.1])),
        (Kind::I64, Labels::I64(vec![-3])),
        (Kind::Bool, Labels::Bool(vec![true])),
        (Kind::Text, texts(&["a \"text\""])),
    ] {
        let constant = Constant { kind, width: Width::Scalar, values: scalar };
        values.push(push(&mut model, Op::Constant(constant)));
    }
    model.outputs = values.into_iter().map(|v| Output::new(v, Part::Whole)).collect();
    for (i, output) in model.outputs.iter_mut().enumerate() {
        output.name = Some(format!("out {i}"));
    }
    model
}

fn categories(kind: Kind, values: &Labels) -> Model {
    let mut model = Model::new();
    model.named_inputs = true;
    let arg = model.push_field(Field::category("c", kind)).unwrap();
    let mut outputs = Vec::new();
    for missing in [false, true] {
        for unknown in [Unknown::None, Unknown::Code(-1.5)] {
            let categories = Categories { values: values.clone(), missing };
            let codes = (0..categories.len()).map(|i| [0.5, 2.0, 7.25][i % 3]).collect();
            let out = if missing { Kind::F64 } else { Kind::I64 };
            let ordinal =
                Ordinal { arg, categories: categories.clone(), codes, unknown, kind: out };
            outputs.push(push(&mut model, Op::Ordinal(ordinal)));
            let drop = missing.then_some(1);
            let unknown = Unknown::None;
            let hot = OneHot { arg, categories, drop, unknown, kind: out };
            outputs.push(push(&mut model, Op::OneHot(hot)));
        }
    }
    model.outputs = outputs.into_iter().map(|v| Output::new(v, Part::Whole)).collect();
    for (i, output) in model.outputs.iter_mut().enumerate() {
        output.name = Some(format!("o{i}"));
    }
    model
}

/// Categories that refuse rows.
fn strict() -> Model {
    let (mut model, [_, _, arg]) = inputs(Kind::F64, &MissingPolicy::Keep);
    let categories = Categories::new(texts(&["x", "y"]));
    let (unknown, kind) = (Unknown::Reject, Kind::F64);
    let codes = vec![1.0, 2.0];
    let ordinal = Ordinal { arg, categories: categories.clone(), codes, unknown, kind };
    let first = push(&mut model, Op::Ordinal(ordinal));
    let hot = OneHot { arg, categories, drop: Some(0), unknown, kind };
    let second = push(&mut model, Op::OneHot(hot));
    model.outputs =
        vec![Output::new(first, Part::Whole), Output::new(second, Part::Whole).named("h")];
    model
}

/// Every treatment of inputs.
fn treated(kind: Kind, missing: &MissingPolicy) -> Model {
    let mut model = Model::new();
    model.named_inputs = true;
    let outliers = [
        OutlierPolicy::Keep,
        OutlierPolicy::AsMissing { low: -3.5, high: f64::INFINITY },
        OutlierPolicy::Clamp { low: -2.0, high: 2.5 },
    ];
    let invalids = [
        InvalidPolicy::Keep,
        InvalidPolicy::Reject,
        InvalidPolicy::AsMissing,
        InvalidPolicy::Replace(Scalar::I64(2)),
    ];
    let interval = |low, high| Interval { low, high, low_closed: true, high_closed: false };
    for (i, outlier) in outliers.into_iter().enumerate() {
        for (j, invalid) in invalids.iter().enumerate() {
            let mut field = Field::number(format!("f{i}{j}"), kind).with_missing(missing.clone());
            (field.outlier, field.invalid) = (outlier, invalid.clone());
            let top = if *invalid == InvalidPolicy::Reject { 9.0 } else { 1.0 };
            field.domain = Domain {
                values: Some(Categories::new(if kind == Kind::I64 {
                    Labels::I64(vec![2])
                } else {
                    Labels::F64(vec![2.0, 0.1])
                })),
                intervals: vec![interval(f64::NEG_INFINITY, top), interval(1.5, 1.75)],
            };
            let value = model.push_field(field).unwrap();
            model.outputs.push(Output::new(value, Part::Whole).named(format!("o{i}{j}")));
        }
    }
    model
}

/// Functions of scalars, and of all elements.
fn scalars(kind: Kind, missing: &MissingPolicy) -> Model {
    let (mut model, [a, b, c]) = inputs(kind, missing);
    let mut values = Vec::new();
    let vector = push(&mut model, Op::Concat(vec![a, b, a]));
    for op in [ReduceOp::Sum, ReduceOp::Product, ReduceOp::Min, ReduceOp::Max, ReduceOp::Mean] {
        let reduce = Reduce { arg: vector, op, skip_missing: false };
        values.push(push(&mut model, Op::Transform(Transform::Reduce(reduce))));
    }
    let one = push(&mut model, Op::Select { arg: vector, indices: vec![1] });
    let one = Reduce { arg: one, op: ReduceOp::Max, skip_missing: true };
    values.push(push(&mut model, Op::Transform(Transform::Reduce(one))));
    let mut call = |function: Function, args: Vec<ValueId>| {
        let id = push(&mut model, Op::Call(Call { function, args }));
        values.push(id);
        id
    };
    let low = call(Function::IsIn(Labels::F64(vec![0.0, 0.1])), vec![a]);
    let known = call(Function::IsIn(texts(&["y", "q"])), vec![c]);
    call(Function::Coalesce, vec![a, b]);
    let upper = call(Function::Uppercase, vec![c]);
    let joined = call(Function::Join, vec![upper, c, upper]);
    call(Function::Lowercase, vec![joined]);
    let length = call(Function::Length, vec![joined]);
    call(Function::Substring, vec![joined, length, length]);
    values.push(push(&mut model, Op::Binary { op: BinaryOp::Xor, left: low, right: known }));
    let whole = |value: i64| {
        let values = Labels::I64(vec![value]);
        Op::Constant(Constant { kind: Kind::I64, width: Width::Scalar, values })
    };
    for (start, length) in [(1, 2), (2, 9), (0, 1), (3, -1), (4, 0)] {
        let (start, length) = (push(&mut model, whole(start)), push(&mut model, whole(length)));
        let args = vec![joined, start, length];
        values.push(push(&mut model, Op::Call(Call { function: Function::Substring, args })));
    }
    let outputs = values.into_iter().enumerate();
    model.outputs =
        outputs.map(|(i, value)| Output::new(value, Part::Whole).named(format!("v{i}"))).collect();
    model
}

pub(super) fn all() -> Vec<ValidModel> {
    let (nan, keep) = (MissingPolicy::AsNan, MissingPolicy::Keep);
    let mut models = classifiers();
    models.extend(forests());
    models.extend([
        kept(),
        expressions(Kind::F64, &keep),
        expressions(Kind::F64, &nan),
        expressions(Kind::F32, &keep),
        expressions(Kind::I64, &keep),
        scaled(),
        categories(Kind::Text, &texts(&["x", "z"])),
        scalars(Kind::F64, &MissingPolicy::Keep),
        scalars(Kind::F64, &MissingPolicy::AsNan),
        scalars(Kind::F32, &MissingPolicy::Keep),
        categories(Kind::F64, &Labels::F64(vec![0.0, 0.1])),
        categories(Kind::I64, &Labels::I64(vec![0, -1, 3])),
        categories(Kind::Bool, &Labels::Bool(vec![true, false])),
        strict(),
        treated(Kind::F64, &keep),
        treated(Kind::F32, &nan),
        treated(Kind::I64, &MissingPolicy::Replace(Scalar::I64(5))),
        treated(Kind::F64, &MissingPolicy::Reject),
    ]);
    models.into_iter().map(checked).chain(super::families::all()).collect()
}
