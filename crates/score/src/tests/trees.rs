use holdall_tabular::{
    Aggregate, CategorySet, MissingRule, Summation, Test, Tree, TreeEnsemble, TreeNodes,
};
use proptest::prelude::*;

use super::*;
use crate::{Coverage, Covered};

const FEATURES: u32 = 3;
const TESTS: [Test; 7] = [Test::Lt, Test::Le, Test::Gt, Test::Ge, Test::Eq, Test::Ne, Test::In(0)];
const RULES: [MissingRule; 7] = [
    MissingRule::Yes,
    MissingRule::No,
    MissingRule::Compare,
    MissingRule::AsZero,
    MissingRule::Unanswered,
    MissingRule::YesWithZero,
    MissingRule::NoWithZero,
];
/// Numbers on which comparisons go wrong.
const EDGES: [f64; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    5e-324,
    -1e-45,
    1e-35,
    2.5,
    64.0,
    f64::MAX,
    f64::MIN,
    3.402_823_466_385_288_6e38,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1e-40,
];

fn near(edge: usize, step: u8) -> f64 {
    let x = EDGES[edge % EDGES.len()];
    #[expect(clippy::cast_possible_truncation, reason = "a neighbour in binary32 is wanted")]
    match step % 6 {
        0 | 1 => x,
        2 => x.next_up(),
        3 => x.next_down(),
        4 => f64::from((x as f32).next_up()),
        _ => f64::from((x as f32).next_down()),
    }
}

/// The documentation of the construct, read aloud: none where the row is refused, no margins where it has no answer.
#[expect(clippy::cast_possible_truncation, reason = "the model rounds to binary32")]
#[expect(
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "numbers are in range; tests are exact"
)]
pub(super) fn reference(e: &TreeEnsemble, kind: Kind, row: &[Option<f64>]) -> Option<Vec<f64>> {
    let f32_sums = e.summation.is_f32();
    let round = |x: f64| if f32_sums { f64::from(x as f32) } else { x };
    let mut sums = vec![0.0; e.outputs as usize];
    if !e.base_last {
        sums.iter_mut().zip(&e.base).for_each(|(s, b)| *s = round(*b));
    }
    let mut lost = false;
    'trees: for tree in &e.trees {
        let mut at = tree.root as usize;
        while e.nodes.test[at] != Test::Leaf {
            let value = row[e.nodes.feature[at] as usize];
            let to_f32 = e.round_features || kind == Kind::F32;
            let x = value.map(|x| if to_f32 { f64::from(x as f32) } else { x });
            let t = e.nodes.threshold[at];
            let ask = |x: f64| match e.nodes.test[at] {
                Test::Lt => x < t,
                Test::Le => x <= t,
                Test::Gt => x > t,
                Test::Ge => x >= t,
                Test::Eq => x == t,
                Test::Ne => x != t,
                Test::In(s) => {
                    let whole = x.trunc();
                    (0.0..=16_777_215.0).contains(&whole)
                        && e.sets[s as usize].contains(whole as u32)
                }
                Test::Leaf => panic!("a leaf asks nothing"),
            };
            let gap = x.is_none_or(f64::is_nan);
            let number = x.unwrap_or(f64::NAN);
            let zero = number.abs() <= f64::from(1e-35_f32);
            let yes = match e.nodes.missing[at] {
                MissingRule::Yes => gap || ask(number),
                MissingRule::No => !gap && ask(number),
                MissingRule::Compare => ask(x?),
                MissingRule::Unanswered if x.is_none() => {
                    // What another tree refuses is refused still.
                    lost = true;
                    continue 'trees;
                }
                MissingRule::Unanswered => ask(number),
                MissingRule::AsZero => ask(if gap { 0.0 } else { number }),
                MissingRule::YesWithZero => gap || zero || ask(number),
                MissingRule::NoWithZero => !gap && !zero && ask(number),
            };
            at = if yes { e.nodes.yes[at] } else { e.nodes.no[at] } as usize;
        }
        if e.nodes.is_unanswered(at) {
            lost = true;
            continue;
        }
        let leaf = e.nodes.yes[at] as usize;
        for k in 0..e.leaf_width as usize {
            let mut value = round(e.leaves[leaf * e.leaf_width as usize + k]);
            if tree.weight != 1.0 {
                value = round(value * round(tree.weight));
            }
            let sum = &mut sums[tree.output as usize + k];
            *sum = round(*sum + value);
        }
    }
    if let Aggregate::DivideBy(by) = e.aggregate {
        for sum in &mut sums {
            *sum = round(*sum / round(by));
        }
    }
    if e.base_last {
        sums.iter_mut().zip(&e.base).for_each(|(s, b)| *s = round(*s + round(*b)));
    }
    Some(if lost { Vec::new() } else { sums })
}

type Split = (usize, usize, u32, (usize, u8), usize);

/// Trees grown by turning leaves into splits; `plain` keeps to ordering tests.
#[derive(Clone, Debug)]
struct Recipe {
    trees: Vec<Vec<Split>>,
    rows: Vec<Vec<Option<(usize, u8)>>>,
    plain: bool,
    shape: u8,
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let split = (0_usize..7, 0_usize..7, 0..FEATURES, (0_usize..16, 0_u8..6), 0_usize..9);
    let tree = prop::collection::vec(split, 0..9);
    let cell = prop::option::weighted(0.9, (0_usize..17, 0_u8..6));
    let row = prop::collection::vec(cell, FEATURES as usize);
    let rows = prop::collection::vec(row, 1..40);
    (prop::collection::vec(tree, 0..6), rows, any::<bool>(), any::<u8>())
        .prop_map(|(trees, rows, plain, shape)| Recipe { trees, rows, plain, shape })
}

fn ensemble(recipe: &Recipe, arg: ValueId) -> TreeEnsemble {
    let bit = |i: u32| recipe.shape >> i & 1 == 1;
    let leaf_width = 1 + u32::from(bit(0));
    let outputs = 2;
    let mut nodes = TreeNodes::default();
    let mut trees = Vec::new();
    let mut leaves = Vec::new();
    for (i, splits) in recipe.trees.iter().enumerate() {
        let root = nodes.len();
        let mut open = vec![root];
        let leaf = |leaves: &mut Vec<f64>| {
            let first = u32::try_from(leaves.len()).unwrap();
            leaves.extend((0..leaf_width).map(|k| 0.1 * f64::from(first + k) - 1.0));
            u32::try_from(leaves.len() / leaf_width as usize - 1).unwrap()
        };
        nodes.push_leaf(leaf(&mut leaves));
        for &(test, rule, feature, (edge, step), place) in splits {
            let at = open.remove(place % open.len());
            let test = TESTS[if recipe.plain { test % 4 } else { test }];
            let mut rule = RULES[if recipe.plain { rule % 5 } else { rule }];
            if rule == MissingRule::Unanswered && leaf_width != outputs {
                rule = MissingRule::Compare;
            }
            let (yes, no) =
                (nodes.push_leaf(leaf(&mut leaves)), nodes.push_leaf(leaf(&mut leaves)));
            open.extend([yes, no]);
            nodes.test[at] = test;
            nodes.feature[at] = feature;
            nodes.threshold[at] = if let Test::In(_) = test { 0.0 } else { near(edge, step) };
            nodes.missing[at] = rule;
            nodes.yes[at] = u32::try_from(yes).unwrap();
            nodes.no[at] = u32::try_from(no).unwrap();
        }
        // Some leaves have no answer.
        if bit(3) && leaf_width == outputs {
            let at = open.swap_remove(0);
            nodes.missing[at] = MissingRule::Unanswered;
        }
        let weight = if bit(1) && i % 2 == 0 { 0.3 } else { 1.0 };
        let output = if leaf_width == 2 { 0 } else { u32::try_from(i % 2).unwrap() };
        trees.push(Tree { root: u32::try_from(root).unwrap(), weight, output });
    }
    TreeEnsemble {
        arg,
        round_features: bit(2),
        nodes,
        trees,
        outputs,
        leaf_width,
        leaves,
        sets: vec![CategorySet::new([0, 2, 64]).unwrap()],
        base: if bit(3) { vec![0.7, -0.2] } else { Vec::new() },
        base_last: bit(4),
        summation: if bit(5) { Summation::SequentialF32 } else { Summation::SequentialF64 },
        aggregate: if bit(6) { Aggregate::DivideBy(3.0) } else { Aggregate::Sum },
    }
}

fn model(kind: Kind, build: impl FnOnce(ValueId) -> TreeEnsemble) -> (Model, TreeEnsemble) {
    let mut ensemble = None;
    let fields = (0..FEATURES).map(|i| Field::number(format!("x{i}"), kind)).collect();
    let model = model_of(fields, |m, ids| {
        let arg = m.push(Op::Concat(ids.to_vec())).unwrap();
        let built = build(arg);
        ensemble = Some(built.clone());
        m.push(Op::Trees(Box::new(built))).unwrap()
    });
    (model, ensemble.unwrap())
}

fn columns(kind: Kind, rows: &[Vec<Option<f64>>]) -> Table {
    let column = |i: usize| {
        let wide = gaps(&rows.iter().map(|row| row[i]).collect::<Vec<_>>());
        wide.cast(kind, 0).unwrap()
    };
    table((0..FEATURES as usize).map(column).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_layout_decides_as_the_documentation_reads(recipe in recipes()) {
        let kind = if recipe.shape & 0x80 == 0 { Kind::F64 } else { Kind::F32 };
        let (model, ensemble) = model(kind, |arg| ensemble(&recipe, arg));
        let cell = |&(edge, step): &(usize, u8)| {
            if edge == EDGES.len() { f64::NAN } else { near(edge, step) }
        };
        let rows: Vec<Vec<Option<f64>>> =
            recipe.rows.iter().map(|row| row.iter().map(|c| c.as_ref().map(cell)).collect()).collect();
        let valid = validate(model).unwrap();
        let scorer = Scorer::compile(&valid).unwrap();
        let given = columns(kind, &rows);
        let (answers, failures) = scorer.score_rows(&given).unwrap();
        for (i, row) in rows.iter().enumerate() {
            let refused = failures.iter().any(|(row, _)| *row == i);
            let found: Vec<u64> = answers.columns.iter().map(|c| match &c.data {
                Data::F32(v) => f64::from(v[i]).to_bits(),
                Data::F64(v) => v[i].to_bits(),
                Data::I64(_) | Data::Bool(_) | Data::Text(_) => panic!(),
            }).collect();
            match reference(&ensemble, kind, row) {
                None => prop_assert!(refused, "row {i} {row:?}"),
                Some(expected) if expected.is_empty() => {
                    prop_assert!(!refused, "row {i} {row:?}");
                    let lost = answers.columns.iter().all(|c| c.is_missing(i));
                    prop_assert!(lost, "row {i} {row:?}");
                }
                Some(expected) => {
                    let expected: Vec<u64> = expected.iter().map(|x| x.to_bits()).collect();
                    prop_assert!(!refused, "row {i} {row:?}");
                    prop_assert_eq!(found, expected, "row {} {:?}", i, row);
                }
            }
        }
        let mut coverage = Coverage::new(&valid);
        coverage.add(&scorer, &given).unwrap();
        let Covered { splits, all_splits, leaves, all_leaves } = coverage.covered();
        prop_assert!(splits <= all_splits && leaves <= all_leaves);
        prop_assert_eq!(all_leaves, all_splits + recipe.trees.len() as u64);
    }
}

/// One split on feature 0 with leaves 1 (yes) and 0 (no).
fn stump(test: Test, threshold: f64, rule: MissingRule, round_features: bool) -> Model {
    let build = |arg| {
        let mut nodes = TreeNodes::default();
        nodes.push_split(test, 0, threshold, 1, 2, rule);
        nodes.push_leaf(0);
        nodes.push_leaf(1);
        TreeEnsemble {
            arg,
            round_features,
            nodes,
            trees: vec![Tree { root: 0, weight: 1.0, output: 0 }],
            outputs: 1,
            leaf_width: 1,
            leaves: vec![1.0, 0.0],
            sets: Vec::new(),
            base: Vec::new(),
            base_last: false,
            summation: Summation::SequentialF64,
            aggregate: Aggregate::Sum,
        }
    };
    model(Kind::F64, build).0
}

fn ask(model: Model, values: &[Option<f64>]) -> Vec<String> {
    let rows: Vec<_> = values.iter().map(|v| vec![*v, Some(0.0), Some(0.0)]).collect();
    score(model, columns(Kind::F64, &rows).columns)
}

#[test]
fn rounded_features_are_compared_with_exact_thresholds() {
    // 0.1 lies below its nearest binary32.
    let above = f64::from(0.1_f32);
    let x = [Some(0.1), Some(above), Some(f64::from(0.1_f32.next_down()))];
    let le = |round| ask(stump(Test::Le, 0.1, MissingRule::Yes, round), &x);
    assert_eq!(le(true), ["0", "0", "1"]);
    assert_eq!(le(false), ["1", "0", "1"]);
    let lt = ask(stump(Test::Lt, above, MissingRule::Yes, true), &x);
    assert_eq!(lt, ["0", "0", "1"]);
}

#[test]
fn missing_meets_a_comparison_and_the_row_is_refused() {
    let scorer = compile(stump(Test::Le, 0.0, MissingRule::Compare, false));
    let rows = columns(Kind::F64, &[vec![Some(0.0); 3], vec![None, Some(0.0), Some(0.0)]]);
    let failure = scorer.score(&rows).unwrap_err();
    assert_eq!(failure.code(), codes::MISSING);
    assert!(failure.to_string().contains("row 2"), "{failure}");
    let nan = ask(stump(Test::Ne, 0.0, MissingRule::Compare, false), &[Some(f64::NAN)]);
    assert_eq!(nan, ["1"]);
}

#[test]
fn missing_meets_a_split_that_leaves_the_row_without_an_answer() {
    let x = [Some(0.0), None, Some(f64::NAN), Some(1.0)];
    let answers = ask(stump(Test::Le, 0.0, MissingRule::Unanswered, false), &x);
    assert_eq!(answers, ["1", "-", "0", "0"]);
}

#[test]
fn nodes_shared_by_many_paths_are_laid_out_once() {
    // A lattice of 2⁴⁰ paths.
    let depth = 40_u32;
    let build = |arg| {
        let mut nodes = TreeNodes::default();
        for level in 0..depth {
            let next = 2 * (level + 1);
            for _ in 0..2 {
                nodes.push_split(Test::Le, level % FEATURES, 0.5, next, next + 1, MissingRule::Yes);
            }
        }
        nodes.push_leaf(0);
        nodes.push_leaf(1);
        TreeEnsemble {
            arg,
            round_features: false,
            nodes,
            trees: vec![Tree { root: 0, weight: 1.0, output: 0 }; 3],
            outputs: 1,
            leaf_width: 1,
            leaves: vec![1.0, 0.0],
            sets: Vec::new(),
            base: Vec::new(),
            base_last: false,
            summation: Summation::SequentialF64,
            aggregate: Aggregate::Sum,
        }
    };
    let (model, _) = model(Kind::F64, build);
    let rows = columns(Kind::F64, &[vec![Some(0.0); 3], vec![Some(1.0); 3]]);
    assert_eq!(score(model, rows.columns), ["3", "0"]);
}
