use holdall_tabular::{
    Aggregate, BinaryOp, Categories, Classify, Decision, Impute, Linear, Link, Matrix,
    MissingPolicy, MissingRule, OneHot, Ordinal, Regress, Scale, ScaleForm, Summation, Test, Tree,
    TreeEnsemble, TreeNodes, UnaryOp, Unknown,
};
use proptest::prelude::*;

use super::*;

fn stumps(arg: ValueId, round_features: bool, summation: Summation) -> TreeEnsemble {
    let mut nodes = TreeNodes::default();
    let mut trees = Vec::new();
    for (root, feature) in [(0, 0), (3, 1), (6, 2)] {
        trees.push(Tree { root, weight: 0.7, output: feature % 2 });
        let rule = MissingRule::YesWithZero;
        nodes.push_split(Test::Le, feature, 0.3, root + 1, root + 2, rule);
        nodes.push_leaf(feature);
        nodes.push_leaf(feature + 1);
    }
    TreeEnsemble {
        arg,
        round_features,
        nodes,
        trees,
        outputs: 2,
        leaf_width: 1,
        leaves: vec![0.1, 0.2, 0.3, -0.4],
        sets: Vec::new(),
        base: vec![0.5, -0.5],
        base_last: round_features,
        summation,
        aggregate: Aggregate::DivideBy(3.0),
    }
}

#[expect(clippy::many_single_char_names, reason = "fields are called as in the rows")]
/// A model that runs through every operation, its choices taken from `pick`.
fn every_operation(pick: u64) -> Model {
    let bit = |i: u32| pick >> i & 1 == 1;
    let mut m = Model::new();
    let policy = if bit(0) { MissingPolicy::AsNan } else { MissingPolicy::Keep };
    let a = m.push_field(Field::number("a", Kind::F64).with_missing(policy)).unwrap();
    let b = m.push_field(Field::number("b", Kind::F64)).unwrap();
    let t = m.push_field(Field::category("t", Kind::Text)).unwrap();
    let two = constant(&mut m, Kind::F64, Labels::F64(vec![2.0]), Width::Scalar);
    let op = BinaryOp::ALL[(pick >> 8) as usize % 7];
    let sum = m.push(Op::Binary { op, left: a, right: two }).unwrap();
    let op = UnaryOp::ALL[(pick >> 12) as usize % 11];
    let curved = m.push(Op::Unary { op, arg: sum }).unwrap();
    let op = BinaryOp::ALL[7 + (pick >> 16) as usize % 6];
    let condition = m.push(Op::Binary { op, left: a, right: b }).unwrap();
    let chosen = m.push(Op::If { condition, yes: curved, no: b }).unwrap();
    let unknown = if bit(1) { Unknown::None } else { Unknown::Code(7.0) };
    let categories = Categories { values: text_labels(&["p", "q"]), missing: bit(2) };
    let codes = vec![0.5; categories.len()];
    let ordinal =
        Ordinal { arg: t, categories: categories.clone(), codes, unknown, kind: Kind::F64 };
    let ordinal = m.push(Op::Ordinal(ordinal)).unwrap();
    let drop = bit(3).then_some(0);
    let unknown = if bit(4) { Unknown::Reject } else { Unknown::None };
    let one_hot = OneHot { arg: t, categories, drop, unknown, kind: Kind::F64 };
    let one_hot = m.push(Op::OneHot(one_hot)).unwrap();
    let all = m.push(Op::Concat(vec![a, chosen, ordinal, one_hot])).unwrap();
    let mut x = m.push(Op::Select { arg: all, indices: vec![2, 1, 0] }).unwrap();
    if bit(5) {
        let with = Labels::F64(vec![1.0, 2.0, 3.0]);
        x = m.push(Op::Impute(Impute { arg: x, nan: bit(6), sentinel: None, with })).unwrap();
    }
    let (offset, factor) = (Some(vec![0.1, 0.2, 0.3]), Some(vec![1.5, 2.5, 3.5]));
    let form = ScaleForm::SubtractDivide;
    x = m.push(Op::Scale(Scale { arg: x, form, offset, factor })).unwrap();
    let mut summation = Summation::SequentialF64;
    if bit(7) {
        x = m.push(Op::Cast { arg: x, to: Kind::F32 }).unwrap();
        summation = Summation::SequentialF32;
    }
    let coefficients = Matrix { rows: 2, columns: 3, data: vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6] };
    let linear = Linear { arg: x, coefficients, intercepts: vec![0.01, 0.02], summation };
    let linear = m.push(Op::Linear(linear)).unwrap();
    let trees = m.push(Op::Trees(Box::new(stumps(x, bit(24), summation)))).unwrap();
    let regress = m.push(Op::Regress(Regress { margins: linear, link: Link::Exp })).unwrap();
    let classify = m
        .push(Op::Classify(Classify {
            margins: trees,
            classes: text_labels(&["n", "y"]),
            link: Link::Softmax,
            decision: Decision::LargestProbability,
            has_probabilities: true,
        }))
        .unwrap();
    let part = m.push(Op::Part { estimate: classify, part: Part::Probability(0) }).unwrap();
    m.outputs = vec![
        Output::new(regress, Part::Values),
        Output::new(classify, Part::Label),
        Output::new(classify, Part::Probabilities),
        Output::new(part, Part::Whole),
    ];
    m
}

/// Rows of a longer table, by a rule that repeats nothing.
fn rows(seed: u32, range: std::ops::Range<u32>) -> Table {
    let mix = |row: u32, salt: u32| (row ^ seed).wrapping_mul(2_654_435_761).rotate_left(salt);
    let number = |salt: u32| {
        let cells = range.clone().map(|row| match mix(row, salt) % 11 {
            0 => None,
            1 => Some(f64::NAN),
            2 => Some(0.0),
            _ => Some(f64::from(mix(row, salt + 7)) / 1e9 - 2.0),
        });
        gaps(&cells.collect::<Vec<_>>())
    };
    let text = |row| [Some("p"), Some("q"), Some("r"), None][mix(row, 11) as usize % 4];
    let t = texts(&range.clone().map(text).collect::<Vec<_>>());
    Table { first_row: u64::from(range.start), ..table(vec![number(3), number(5), t]) }
}

/// Cells of all rows, and the message of each row that was refused.
fn in_batches(scorer: &Scorer, seed: u32, total: u32, batch: u32) -> (Vec<String>, Vec<String>) {
    let (mut answers, mut refused) = (Vec::new(), Vec::new());
    let mut start = 0;
    while start < total {
        let end = (start + batch).min(total);
        let (table, failures) = scorer.score_rows(&rows(seed, start..end)).unwrap();
        answers.extend(cells(&table));
        refused.extend(failures.iter().map(|(_, f)| f.to_string()));
        start = end;
    }
    (answers, refused)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn batch_size_and_threads_change_nothing(pick in any::<u64>(), seed in any::<u32>()) {
        let scorer = compile(every_operation(pick));
        let total = 2100;
        let whole = in_batches(&scorer, seed, total, total);
        prop_assert_eq!(whole.0.len(), total as usize);
        for batch in [1, 7] {
            prop_assert_eq!(&in_batches(&scorer, seed, total, batch), &whole);
        }
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let again = pool.install(|| in_batches(&scorer, seed, total, total));
            prop_assert_eq!(&again, &whole);
        }
    }
}
