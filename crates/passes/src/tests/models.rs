//! Models of every construct, with rows that try them.

use holdall_codec::Fate;
use holdall_table::{Column, Data, Table};
use holdall_tabular::{
    Aggregate, BinaryOp, Categories, CategorySet, Classify, Constant, Construct, Decision,
    Decompose, Decomposition, Domain, Estimator, Field, Impute, Interval, InvalidPolicy, Kind,
    Labels, LeafModel, Linear, LinearTrees, Link, Matrix, MissingPolicy, MissingRule, Model,
    OneHot, Op, Ordinal, OutlierPolicy, Output, Part, Regress, Scalar, Scale, ScaleForm, Summation,
    Test, Transform, Tree, TreeEnsemble, TreeNodes, UnaryOp, Unknown, ValueId, Width,
};

use crate::{LowerOptions, support};

/// A model with rows.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) model: Model,
    pub(crate) rows: Table,
}

/// Numbers that look random and are always the same.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end)).unwrap()
    }

    /// Between −4 and 4, with all bits used.
    pub(crate) fn number(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64 * 8.0 - 4.0
    }
}

fn table(columns: Vec<Column>) -> Table {
    let rows = columns[0].data.len();
    Table { columns, rows, first_row: 0 }
}

fn floats(kind: Kind, values: Vec<f64>) -> Data {
    match kind {
        Kind::F32 => Data::F32(values.into_iter().map(|v| v as f32).collect()),
        Kind::F64 => Data::F64(values),
        Kind::I64 | Kind::Bool | Kind::Text => panic!("no float"),
    }
}

/// Rows of `width` numbers: dice, and the given special ones in every column.
fn grid(kind: Kind, width: usize, special: &[f64], rows: usize) -> Table {
    let mut dice = Dice::new(7);
    let columns = (0..width)
        .map(|c| {
            let values = (0..rows)
                .map(|r| {
                    let i = (r + c * 3) % (special.len() + 4);
                    special.get(i).copied().unwrap_or_else(|| dice.number())
                })
                .collect();
            Column::new(format!("x{c}"), floats(kind, values))
        })
        .collect();
    table(columns)
}

fn nan_fields(kind: Kind, width: usize) -> (Model, Vec<ValueId>) {
    let mut model = Model::new();
    let ids = (0..width)
        .map(|c| {
            let field = Field::number(format!("x{c}"), kind).with_missing(MissingPolicy::AsNan);
            model.push_field(field).unwrap()
        })
        .collect();
    model.named_inputs = true;
    (model, ids)
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|&v| v.to_owned()).collect()
}

const RULES: [MissingRule; 6] = [
    MissingRule::Yes,
    MissingRule::No,
    MissingRule::Compare,
    MissingRule::AsZero,
    MissingRule::YesWithZero,
    MissingRule::NoWithZero,
];

const TESTS: [Test; 6] = [Test::Lt, Test::Le, Test::Gt, Test::Ge, Test::Eq, Test::Ne];

/// How an ensemble is made.
#[derive(Clone, Copy)]
pub(crate) struct Forest {
    pub(crate) features: Kind,
    pub(crate) round: bool,
    pub(crate) summation: Summation,
    pub(crate) trees: u32,
    pub(crate) outputs: u32,
    pub(crate) leaf_width: u32,
    pub(crate) base_last: bool,
    pub(crate) divide: bool,
    pub(crate) weighted: bool,
}

pub(crate) const FOREST: Forest = Forest {
    features: Kind::F32,
    round: false,
    summation: Summation::SequentialF32,
    trees: 12,
    outputs: 1,
    leaf_width: 1,
    base_last: false,
    divide: false,
    weighted: false,
};

const FEATURES: usize = 4;

/// Trees over four features, every test and rule in them, some nodes shared; where leaves have a value for
/// each output, every third ensemble has rows without an answer.
pub(crate) fn ensemble(arg: ValueId, forest: Forest, seed: u64) -> (TreeEnsemble, Vec<f64>) {
    let mut dice = Dice::new(seed);
    let mut nodes = TreeNodes::default();
    let mut leaves = Vec::new();
    let mut trees = Vec::new();
    let loses = forest.leaf_width == forest.outputs && seed.is_multiple_of(3);
    let mut special = vec![f64::NAN, 0.0, -0.0, 1e-35_f32.into(), 1.1e-35, -1e-36, 1e30, -0.5];
    let sets = vec![
        CategorySet::new([0, 2, 3]).unwrap(),
        CategorySet::new([1]).unwrap(),
        CategorySet::default(),
        CategorySet::new([5, 6, 70]).unwrap(),
    ];
    for t in 0..forest.trees {
        let root = u32::try_from(nodes.len()).unwrap();
        // A full tree of depth 3: 7 splits, 8 leaves.
        for i in 0..7 {
            let mut rule = RULES[dice.below(6) as usize];
            if loses && matches!(rule, MissingRule::Compare | MissingRule::AsZero) {
                rule = MissingRule::Unanswered;
            }
            let feature = dice.below(4);
            let (test, threshold) = if dice.below(5) == 0 {
                (Test::In(dice.below(4)), 0.0)
            } else {
                let test = TESTS[dice.below(6) as usize];
                let round = dice.below(3) == 0;
                let threshold = dice.number();
                (test, if round { threshold.round() } else { threshold })
            };
            let mut no = root + 2 * i + 2;
            if i == 2 && t % 3 == 1 {
                // Both sides meet below.
                no = root + 2 * i + 1;
            }
            special.push(threshold);
            special.push(threshold.next_up());
            special.push(threshold.next_down());
            special.push(f64::from((threshold as f32).next_up()));
            special.push(f64::from((threshold as f32).next_down()));
            nodes.push_split(test, feature, threshold, root + 2 * i + 1, no, rule);
        }
        for _ in 0..8 {
            let leaf = u32::try_from(leaves.len()).unwrap() / forest.leaf_width;
            for _ in 0..forest.leaf_width {
                let value = dice.number() / 3.0;
                let single = forest.summation.is_f32();
                leaves.push(if single { f64::from(value as f32) } else { value });
            }
            if loses && dice.below(5) == 0 {
                nodes.push_unanswered();
            } else {
                nodes.push_leaf(leaf);
            }
        }
        let weight = if forest.weighted { dice.number() } else { 1.0 };
        let weight = if forest.summation.is_f32() { f64::from(weight as f32) } else { weight };
        let output = t % (forest.outputs - forest.leaf_width + 1);
        trees.push(Tree { root, weight, output });
    }
    let base = (0..forest.outputs).map(|_| f64::from(dice.number() as f32)).collect();
    let ensemble = TreeEnsemble {
        arg,
        round_features: forest.round,
        nodes,
        trees,
        outputs: forest.outputs,
        leaf_width: forest.leaf_width,
        leaves,
        sets,
        base,
        base_last: forest.base_last,
        summation: forest.summation,
        aggregate: if forest.divide { Aggregate::DivideBy(12.0) } else { Aggregate::Sum },
    };
    (ensemble, special)
}

fn forest_case(name: &str, forest: Forest, seed: u64) -> Case {
    let (mut model, ids) = nan_fields(forest.features, FEATURES);
    let x = model.push(Op::Concat(ids)).unwrap();
    let (ensemble, special) = ensemble(x, forest, seed);
    let margins = model.push(Op::Trees(Box::new(ensemble))).unwrap();
    let estimate = model.push(Op::Regress(Regress { margins, link: Link::Identity })).unwrap();
    model.outputs.push(Output::new(estimate, Part::Values));
    let rows = grid(forest.features, FEATURES, &special, 700);
    Case { name: format!("forest-{name}"), model, rows }
}

/// Trees whose leaves are models of up to three terms.
fn linear_leaves(name: &str, forest: Forest, seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let (mut model, ids) = nan_fields(Kind::F64, FEATURES);
    let x = model.push(Op::Concat(ids)).unwrap();
    let (trees, special) = ensemble(x, forest, seed);
    let leaf = |i: usize| LeafModel {
        constant: dice.number(),
        terms: (0..i % 4).map(|_| (dice.below(4), dice.number())).collect(),
    };
    let models = (0..trees.leaves.len()).map(leaf).collect();
    let linear = Estimator::LinearTrees(Box::new(LinearTrees { trees, models }));
    let margins = model.push(Op::Estimator(linear)).unwrap();
    let estimate = model.push(Op::Regress(Regress { margins, link: Link::Identity })).unwrap();
    model.outputs.push(Output::new(estimate, Part::Values));
    let rows = grid(Kind::F64, FEATURES, &special, 700);
    Case { name: format!("linear-leaves-{name}"), model, rows }
}

fn all_linear_leaves() -> Vec<Case> {
    let f = Forest { features: Kind::F64, summation: Summation::SequentialF64, ..FOREST };
    vec![
        linear_leaves("one", f, 1),
        linear_leaves("two", Forest { outputs: 2, weighted: true, ..f }, 2),
        linear_leaves("three", Forest { outputs: 3, base_last: true, divide: true, ..f }, 4),
        linear_leaves("divided", Forest { divide: true, weighted: true, ..f }, 5),
    ]
}

fn forests() -> Vec<Case> {
    let f = FOREST;
    let wide = Forest { features: Kind::F64, ..f };
    let double = Forest { summation: Summation::SequentialF64, ..wide };
    [
        ("f32", f),
        ("f32-one", Forest { trees: 1, ..f }),
        ("f32-base-last", Forest { base_last: true, ..f }),
        ("f32-divided-weighted", Forest { divide: true, weighted: true, base_last: true, ..f }),
        ("f32-three", Forest { outputs: 3, ..f }),
        ("f32-uneven", Forest { outputs: 5, ..f }),
        ("f32-vector", Forest { outputs: 3, leaf_width: 3, ..f }),
        ("f64-to-f32", wide),
        ("rounded-to-f32", Forest { round: true, ..wide }),
        ("any-f32", Forest { summation: Summation::AnyF32, trees: 2, ..f }),
        ("f64", double),
        ("f64-one", Forest { trees: 1, ..double }),
        ("f64-rounded", Forest { round: true, divide: true, ..double }),
        ("f64-three", Forest { outputs: 3, base_last: true, ..double }),
        ("f64-vector", Forest { outputs: 3, leaf_width: 3, divide: true, ..double }),
        ("f64-part-vector", Forest { outputs: 4, leaf_width: 2, weighted: true, ..double }),
        ("f32-in-f64", Forest { features: Kind::F32, ..double }),
    ]
    .into_iter()
    .zip(1..)
    .map(|((name, forest), seed)| forest_case(name, forest, seed))
    .collect()
}

fn linear(arg: ValueId, rows: u32, columns: u32, summation: Summation) -> Op {
    let mut dice = Dice::new(u64::from(rows) + 40);
    let count = (rows * columns) as usize;
    let round = |v: f64| if summation.is_f32() { f64::from(v as f32) } else { v };
    let data: Vec<f64> = (0..count).map(|_| round(dice.number())).collect();
    let intercepts = (0..rows).map(|_| round(dice.number())).collect();
    Op::Linear(Linear { arg, coefficients: Matrix { rows, columns, data }, intercepts, summation })
}

fn classifier(
    name: &str,
    summation: Summation,
    link: Link,
    decision: Decision,
    classes: Labels,
    margins: u32,
) -> Case {
    let kind = if summation.is_f32() { Kind::F32 } else { Kind::F64 };
    let (mut model, ids) = nan_fields(kind, 5);
    let x = model.push(Op::Concat(ids)).unwrap();
    let margins = model.push(linear(x, margins, 5, summation)).unwrap();
    let classify = Classify { margins, classes, link, decision, has_probabilities: true };
    let estimate = model.push(Op::Classify(classify)).unwrap();
    model.outputs.push(Output::new(estimate, Part::Label));
    model.outputs.push(Output::new(estimate, Part::Probabilities));
    model.outputs.push(Output::new(estimate, Part::Margins));
    model.outputs.push(Output::new(estimate, Part::Probability(1)));
    let rows = grid(kind, 5, &[0.0, 1.0, -1.0, 100.0, -100.0, 1e5, f64::NAN], 300);
    Case { name: format!("classify-{name}"), model, rows }
}

fn classifiers() -> Vec<Case> {
    let two = || Labels::Text(texts(&["no", "yes"]));
    let three = || Labels::I64(vec![7, -1, 3]);
    let (s32, s64) = (Summation::SequentialF32, Summation::SequentialF64);
    let largest = Decision::LargestProbability;
    vec![
        classifier("logistic-f32", s32, Link::Logistic, Decision::MarginAbove(0.1), two(), 1),
        classifier("logistic-f64", s64, Link::Logistic, Decision::MarginAtLeast(0.0), two(), 1),
        classifier("identity", s64, Link::Identity, Decision::ProbabilityAbove(0.25), two(), 1),
        classifier("symmetric", s64, Link::SoftmaxSymmetric, largest, two(), 1),
        classifier("binary-largest", s32, Link::Logistic, largest, two(), 1),
        classifier("softmax-f64", s64, Link::Softmax, largest, three(), 3),
        classifier("softmax-f32", s32, Link::Softmax, Decision::LargestMargin, three(), 3),
        classifier("one-vs-rest", s64, Link::LogisticNormalized, largest, three(), 3),
        classifier("three-identity", s64, Link::Identity, Decision::LargestMargin, three(), 3),
        classifier("bool", s64, Link::Logistic, largest, Labels::Bool(vec![false, true]), 1),
        classifier("float", s64, Link::Softmax, largest, Labels::F64(vec![0.5, 1.5]), 2),
        classifier("any-order", Summation::AnyF64, Link::Logistic, largest, two(), 1),
    ]
}

fn constant(model: &mut Model, kind: Kind, values: Labels) -> ValueId {
    let width = Width::Scalar;
    model.push(Op::Constant(Constant { kind, width, values })).unwrap()
}

/// What is written in words that are not read as one function again; `tests/lowering.rs` has these.
const fn one_way(op: UnaryOp) -> bool {
    matches!(
        op,
        UnaryOp::Not
            | UnaryOp::Ln1p
            | UnaryOp::Expm1
            | UnaryOp::Sin
            | UnaryOp::Cos
            | UnaryOp::Tan
            | UnaryOp::Atan
            | UnaryOp::Sinh
            | UnaryOp::Cosh
            | UnaryOp::Log10
            | UnaryOp::Log2
            | UnaryOp::Exp2
            | UnaryOp::Round
            | UnaryOp::RoundEven
            | UnaryOp::Trunc
            | UnaryOp::Sign
            | UnaryOp::Erf
            | UnaryOp::NormalPdf
            | UnaryOp::NormalCdf
            | UnaryOp::NormalQuantile
            | UnaryOp::Asin
            | UnaryOp::Acos
            | UnaryOp::Asinh
            | UnaryOp::Acosh
            | UnaryOp::Atanh
            | UnaryOp::Cbrt
    )
}

fn functions(kind: Kind) -> Case {
    let (mut model, ids) = nan_fields(kind, 3);
    let x = model.push(Op::Concat(ids.clone())).unwrap();
    for op in UnaryOp::ALL {
        let written = support(Construct::Unary(op), &LowerOptions::default()).fate != Fate::Refuse;
        if written && !one_way(op) {
            let value = model.push(Op::Unary { op, arg: x }).unwrap();
            model.outputs.push(Output::new(value, Part::Whole).named(op.name()));
        }
    }
    for op in BinaryOp::ALL {
        let written = support(Construct::Binary(op), &LowerOptions::default()).fate != Fate::Refuse;
        let logic = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
        let one_way = matches!(op, BinaryOp::Modulo | BinaryOp::Remainder | BinaryOp::FloorDiv);
        if written && !logic && !one_way {
            let value = model.push(Op::Binary { op, left: x, right: ids[1] }).unwrap();
            model.outputs.push(Output::new(value, Part::Whole).named(op.name()));
        }
    }
    let nan = model.push(Op::Unary { op: UnaryOp::IsNan, arg: ids[0] }).unwrap();
    let less = model.push(Op::Binary { op: BinaryOp::Lt, left: ids[0], right: ids[1] }).unwrap();
    let or = model.push(Op::Binary { op: BinaryOp::Or, left: nan, right: less }).unwrap();
    let not = model.push(Op::Unary { op: UnaryOp::Not, arg: or }).unwrap();
    let choice = model.push(Op::If { condition: not, yes: ids[2], no: ids[1] }).unwrap();
    let picked = model.push(Op::Select { arg: x, indices: vec![2, 0, 2] }).unwrap();
    let one = constant(&mut model, kind, Labels::F64(vec![1.5]));
    let joined = model.push(Op::Concat(vec![picked, one, choice])).unwrap();
    let whole = model.push(Op::Cast { arg: joined, to: Kind::I64 }).unwrap();
    let twice = model.push(Op::Binary { op: BinaryOp::Add, left: whole, right: whole }).unwrap();
    for value in [or, choice, joined, twice] {
        model.outputs.push(Output::new(value, Part::Whole));
    }
    let special = [0.0, -0.0, 1.0, 2.0, -3.0, f64::NAN, 0.5, 1e-30];
    Case { name: format!("functions-{kind}"), model, rows: grid(kind, 3, &special, 200) }
}

fn vectors(kind: Kind) -> Case {
    let (mut model, ids) = nan_fields(kind, 3);
    let x = model.push(Op::Concat(ids)).unwrap();
    let with = Labels::F64(vec![0.5, 0.25, -1.0]);
    let impute = Impute { arg: x, nan: true, sentinel: Some(Scalar::F64(-3.0)), with };
    let mut value = model.push(Op::Impute(impute)).unwrap();
    for form in [ScaleForm::SubtractDivide, ScaleForm::SubtractMultiply, ScaleForm::MultiplyAdd] {
        let offset = Some(vec![f64::from(0.1_f32), 0.75, -2.0]);
        let factor = Some(vec![f64::from(1.3_f32), 3.0, f64::from(0.7_f32)]);
        value = model.push(Op::Scale(Scale { arg: value, form, offset, factor })).unwrap();
    }
    model.outputs.push(Output::new(value, Part::Whole));
    let special = [f64::NAN, -3.0, 0.0];
    Case { name: format!("vectors-{kind}"), model, rows: grid(kind, 3, &special, 100) }
}

fn mixed() -> Case {
    let mut model = Model::new();
    model.named_inputs = true;
    let age = model.push_field(Field::number("age", Kind::F64)).unwrap();
    let city = model.push_field(Field::category("city", Kind::Text)).unwrap();
    let rooms = Field::category("rooms", Kind::I64).with_missing(MissingPolicy::Reject);
    let rooms = model.push_field(rooms).unwrap();
    let mut income =
        Field::number("income", Kind::F64).with_missing(MissingPolicy::Replace(Scalar::F64(12.5)));
    income.outlier = OutlierPolicy::Clamp { low: -2.0, high: 2.0 };
    let income = model.push_field(income).unwrap();
    let mut score = Field::number("score", Kind::F64);
    score.outlier = OutlierPolicy::AsMissing { low: -3.5, high: 3.5 };
    score.domain = Domain {
        values: None,
        intervals: vec![
            Interval { low: -3.0, high: 1.0, low_closed: true, high_closed: false },
            Interval { low: 2.0, high: 3.0, low_closed: false, high_closed: true },
        ],
    };
    score.invalid = InvalidPolicy::Replace(Scalar::F64(0.0));
    let score = model.push_field(score).unwrap();

    let missing = model.push(Op::Unary { op: UnaryOp::IsMissing, arg: age }).unwrap();
    let less = model.push(Op::Binary { op: BinaryOp::Lt, left: age, right: income }).unwrap();
    let or = model.push(Op::Binary { op: BinaryOp::Or, left: missing, right: less }).unwrap();
    let chosen = model.push(Op::If { condition: less, yes: income, no: age }).unwrap();
    let sure = model.push(Op::If { condition: or, yes: income, no: score }).unwrap();
    let paris = constant(&mut model, Kind::Text, Labels::Text(texts(&["paris"])));
    let is_paris = model.push(Op::Binary { op: BinaryOp::Eq, left: city, right: paris }).unwrap();
    let moved = model.push(Op::If { condition: is_paris, yes: sure, no: income }).unwrap();
    let cities =
        Categories { values: Labels::Text(texts(&["paris", "rome", "oslo"])), missing: true };
    let one_hot = |arg, categories, drop| {
        Op::OneHot(OneHot { arg, categories, drop, unknown: Unknown::None, kind: Kind::F64 })
    };
    let hot_city = model.push(one_hot(city, cities.clone(), Some(1))).unwrap();
    let counts = Categories::new(Labels::I64(vec![1, 2, 5]));
    let hot_rooms = model.push(one_hot(rooms, counts.clone(), None)).unwrap();
    let ordinal = Ordinal {
        arg: city,
        categories: cities,
        codes: vec![2.5, 0.25, -1.0, 9.0],
        unknown: Unknown::Code(-7.0),
        kind: Kind::F64,
    };
    let city_code = model.push(Op::Ordinal(ordinal)).unwrap();
    let ordinal = Ordinal {
        arg: rooms,
        categories: counts,
        codes: vec![3.0, 1.0, 2.0],
        unknown: Unknown::None,
        kind: Kind::F64,
    };
    let rooms_code = model.push(Op::Ordinal(ordinal)).unwrap();
    let joined = model
        .push(Op::Concat(vec![
            age, income, score, chosen, sure, moved, hot_city, hot_rooms, city_code, rooms_code,
        ]))
        .unwrap();
    model.outputs.push(Output::new(joined, Part::Whole).named("all"));
    model.outputs.push(Output::new(missing, Part::Whole));

    let numbers = |seed: u64, gap: u64| {
        let mut dice = Dice::new(seed);
        let values: Vec<f64> = (0..120).map(|_| dice.number()).collect();
        let missing = (0..120).map(|i| i % gap == 0).collect();
        (Data::F64(values), missing)
    };
    let column = |name: &str, (data, missing): (Data, Vec<bool>)| {
        Column::new(name, data).with_missing(missing)
    };
    let names = ["paris", "rome", "oslo", "bonn", "x"];
    let city: Vec<String> = (0..120).map(|i| names[i % 5].to_owned()).collect();
    let gaps = (0..120).map(|i| i % 5 == 4).collect();
    let rows = table(vec![
        column("age", numbers(1, 7)),
        column("city", (Data::Text(city), gaps)),
        Column::new("rooms", Data::I64((0..120).map(|i| i % 7).collect())),
        column("income", numbers(2, 5)),
        column("score", numbers(3, 11)),
    ]);
    Case { name: "mixed".to_owned(), model, rows }
}

/// A pipeline as libraries write it: imputed, scaled, classified by trees.
fn pipeline() -> Case {
    let (mut model, ids) = nan_fields(Kind::F64, FEATURES);
    let x = model.push(Op::Concat(ids)).unwrap();
    let with = Labels::F64(vec![0.5; FEATURES]);
    let filled =
        model.push(Op::Impute(Impute { arg: x, nan: true, sentinel: None, with })).unwrap();
    let scale = Scale {
        arg: filled,
        form: ScaleForm::SubtractDivide,
        offset: Some(vec![0.1; FEATURES]),
        factor: Some(vec![1.7; FEATURES]),
    };
    let scaled = model.push(Op::Scale(scale)).unwrap();
    let forest = Forest {
        features: Kind::F64,
        round: true,
        summation: Summation::SequentialF64,
        outputs: 3,
        leaf_width: 3,
        divide: true,
        ..FOREST
    };
    let (trees, _) = ensemble(scaled, forest, 99);
    let margins = model.push(Op::Trees(Box::new(trees))).unwrap();
    let classify = Classify {
        margins,
        classes: Labels::Text(texts(&["a", "b", "c"])),
        link: Link::Identity,
        decision: Decision::LargestProbability,
        has_probabilities: true,
    };
    let estimate = model.push(Op::Classify(classify)).unwrap();
    model.outputs.push(Output::new(estimate, Part::Label));
    model.outputs.push(Output::new(estimate, Part::Probabilities));
    let rows = grid(Kind::F64, FEATURES, &[f64::NAN, 0.0], 300);
    Case { name: "pipeline".to_owned(), model, rows }
}

fn regressions() -> Vec<Case> {
    [(Link::Exp, Summation::AnyF32, 1), (Link::Logistic, Summation::SequentialF64, 2)]
        .into_iter()
        .map(|(link, summation, targets)| {
            let kind = if summation.is_f32() { Kind::F32 } else { Kind::F64 };
            let (mut model, ids) = nan_fields(kind, 5);
            model.named_inputs = targets == 1;
            let x = model.push(Op::Concat(ids)).unwrap();
            let margins = model.push(linear(x, targets, 5, summation)).unwrap();
            let estimate = model.push(Op::Regress(Regress { margins, link })).unwrap();
            model.outputs.push(Output::new(estimate, Part::Values));
            let rows = grid(kind, 5, &[0.0, f64::NAN], 50);
            Case { name: format!("regress-{}", link.name()), model, rows }
        })
        .collect()
}

/// All of them.
/// Atoms whose lines of products are looked up by which one fits best.
fn pursuit() -> Case {
    let mut dice = Dice::new(3);
    let (mut model, ids) = nan_fields(Kind::F64, 4);
    let x = model.push(Op::Concat(ids)).unwrap();
    let atoms = Matrix { rows: 6, columns: 4, data: (0..24).map(|_| dice.number()).collect() };
    let op = Decompose { arg: x, atoms, method: Decomposition::Pursuit { count: 2 } };
    let weights = model.push(Op::Transform(Transform::Decompose(Box::new(op)))).unwrap();
    model.outputs.push(Output::new(weights, Part::Whole));
    let rows = grid(Kind::F64, 4, &[0.0, f64::NAN], 60);
    Case { name: "pursuit".to_owned(), model, rows }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = forests();
    all.extend(all_linear_leaves());
    all.extend(classifiers());
    all.extend([
        functions(Kind::F32),
        functions(Kind::F64),
        vectors(Kind::F32),
        vectors(Kind::F64),
    ]);
    all.extend([mixed(), pipeline(), pursuit()]);
    all.extend(regressions());
    all
}
