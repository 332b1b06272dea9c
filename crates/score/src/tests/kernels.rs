use std::rc::Rc;

use holdall_diag::Location;
use holdall_tabular::{
    Aggregate, CategorySet, MissingRule, Summation, Test, Tree, TreeEnsemble, TreeNodes, ValueId,
};
use proptest::prelude::*;

use super::{trees::reference, *};
use crate::{
    kernel::trees::{Columns, Forest},
    rows::RowErrors,
    value::{Element, Elements},
};

/// Numbers by a rule that repeats nothing.
struct Mix(u64);

impl Mix {
    fn next(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

/// How large the trees are and what they ask: small ones are all crown, larger ones are walked below
/// it; few thresholds fit into eight bits, more need further columns or sixteen bits.
#[expect(clippy::struct_excessive_bools, reason = "choices that do not depend on each other")]
#[derive(Clone, Copy, Debug)]
struct Shape {
    trees: usize,
    leaves: usize,
    features: usize,
    thresholds: usize,
    outputs: u32,
    leaf_width: u32,
    /// Splits of a chain rather than of a bush.
    chain: bool,
    compares: bool,
    zero_rules: bool,
    /// Whether some tests are no comparisons.
    exact: bool,
    f32_sums: bool,
    kind: Kind,
    seed: u64,
}

fn shapes() -> impl Strategy<Value = Shape> {
    let sizes = (
        1_usize..6,
        prop::sample::select(vec![1, 2, 16, 33, 63, 64, 65, 150]),
        prop::sample::select(vec![1_usize, 3, 30]),
        prop::sample::select(vec![1_usize, 7, 254, 255, 256, 1000, 70_000]),
    );
    let flag = any::<bool>;
    let flags = (flag(), flag(), flag(), flag(), flag());
    (sizes, flags, 1_u32..3, any::<bool>(), any::<u64>()).prop_map(
        |(sizes, flags, width, wide, seed)| Shape {
            trees: sizes.0,
            leaves: sizes.1,
            features: sizes.2,
            thresholds: sizes.3,
            outputs: 2,
            leaf_width: width,
            chain: flags.0,
            compares: flags.1,
            zero_rules: flags.2,
            f32_sums: flags.3,
            exact: flags.4,
            kind: if wide { Kind::F64 } else { Kind::F32 },
            seed,
        },
    )
}

fn threshold(i: usize) -> f64 {
    match i {
        0 => 0.0,
        1 => -0.0,
        2 => f64::INFINITY,
        3 => f64::from(f32::MAX),
        // Neighbours in binary64 that are one number in binary32.
        4 => 0.1,
        5 => 0.1_f64.next_up(),
        _ => (f64::from(u32::try_from(i).unwrap()) - 500.0) / 64.0,
    }
}

fn ensemble(shape: Shape, arg: ValueId) -> TreeEnsemble {
    let mut mix = Mix(shape.seed);
    let mut nodes = TreeNodes::default();
    let (mut trees, mut leaves) = (Vec::new(), Vec::new());
    let tests = [
        Test::Lt,
        Test::Le,
        Test::Gt,
        Test::Ge,
        Test::Eq,
        Test::Ne,
        Test::In(0),
        // The same set again, and no number.
        Test::In(1),
        Test::In(2),
    ];
    let most_tests = if shape.exact { tests.len() } else { 4 };
    let mut rules = vec![MissingRule::Yes, MissingRule::No, MissingRule::AsZero];
    if shape.compares {
        rules.push(MissingRule::Compare);
        if shape.leaf_width == shape.outputs {
            rules.push(MissingRule::Unanswered);
        }
    }
    if shape.zero_rules {
        rules.extend([MissingRule::YesWithZero, MissingRule::NoWithZero]);
    }
    let number = |n: usize| u32::try_from(n).unwrap();
    for tree in 0..shape.trees {
        let root = nodes.len();
        let mut open = vec![root];
        let leaf = |leaves: &mut Vec<f64>| {
            let first = leaves.len();
            leaves.extend((0..shape.leaf_width).map(|k| 0.1 * f64::from(number(first) + k) - 1.0));
            number(first) / shape.leaf_width
        };
        nodes.push_leaf(leaf(&mut leaves));
        while open.len() < shape.leaves {
            let place = if shape.chain { open.len() - 1 } else { mix.next(open.len()) };
            let at = open.remove(place);
            let (yes, no) =
                (nodes.push_leaf(leaf(&mut leaves)), nodes.push_leaf(leaf(&mut leaves)));
            open.extend([yes, no]);
            nodes.test[at] = tests[mix.next(most_tests)];
            nodes.feature[at] = number(mix.next(shape.features));
            nodes.threshold[at] = threshold(mix.next(shape.thresholds));
            nodes.missing[at] = rules[mix.next(rules.len())];
            (nodes.yes[at], nodes.no[at]) = (number(yes), number(no));
        }
        if shape.compares && shape.leaf_width == shape.outputs && mix.next(3) == 0 {
            nodes.missing[open.swap_remove(0)] = MissingRule::Unanswered;
        }
        let weight = if mix.next(2) == 0 { 1.0 } else { 0.3 };
        let output = if shape.leaf_width == 2 { 0 } else { number(tree % 2) };
        trees.push(Tree { root: number(root), weight, output });
    }
    TreeEnsemble {
        arg,
        round_features: shape.seed.is_multiple_of(2),
        nodes,
        trees,
        outputs: shape.outputs,
        leaf_width: shape.leaf_width,
        leaves,
        sets: [&[0, 1, 7][..], &[0, 1, 7], &[]]
            .map(|members| CategorySet::new(members.iter().copied()).unwrap())
            .to_vec(),
        base: vec![0.7, -0.2],
        base_last: shape.seed.is_multiple_of(3),
        summation: if shape.f32_sums { Summation::SequentialF32 } else { Summation::SequentialF64 },
        aggregate: if shape.seed.is_multiple_of(5) {
            Aggregate::DivideBy(3.0)
        } else {
            Aggregate::Sum
        },
    }
}

fn rows(shape: Shape, count: usize, gaps: bool) -> Vec<Vec<Option<f64>>> {
    let mut mix = Mix(shape.seed ^ 0x55);
    let mut cell = || {
        let t = threshold(mix.next(shape.thresholds));
        match mix.next(16) {
            0 => Some(f64::NAN),
            1 if gaps => None,
            2 => Some(f64::INFINITY),
            3 => Some(f64::NEG_INFINITY),
            4 => Some(-0.0),
            5 => Some(1e-36),
            6..9 => Some(t),
            9 => Some(t.next_up()),
            10 => Some(t.next_down()),
            _ => Some(t + 0.01),
        }
    };
    (0..count).map(|_| (0..shape.features).map(|_| cell()).collect()).collect()
}

fn batch(shape: Shape, rows: &[Vec<Option<f64>>]) -> Table {
    let column = |i: usize| {
        gaps(&rows.iter().map(|row| row[i]).collect::<Vec<_>>()).cast(shape.kind, 0).unwrap()
    };
    Table { rows: rows.len(), ..table((0..shape.features).map(column).collect()) }
}

/// Bits of every margin that is there, none for a refused row.
fn bits(scorer: &Scorer, given: &Table) -> Vec<Option<Vec<u64>>> {
    let (answers, refused) = scorer.score_rows(given).unwrap();
    let cell = |column: &Column, row: usize| match &column.data {
        Data::F32(v) => f64::from(v[row]).to_bits(),
        Data::F64(v) => v[row].to_bits(),
        Data::I64(_) | Data::Bool(_) | Data::Text(_) => panic!("margins are floats"),
    };
    let row = |row: usize| {
        let refused = refused.iter().any(|(r, _)| *r == row);
        let there = || answers.columns.iter().filter(|column| !column.is_missing(row));
        (!refused).then(|| there().map(|c| cell(c, row)).collect())
    };
    (0..given.rows).map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn every_kernel_answers_as_the_documentation_reads_in_any_batch(
        shape in shapes(),
        count in prop::sample::select(vec![1_usize, 24, 25, 64, 65, 300, 1100]),
        gaps in any::<bool>(),
    ) {
        let fields = (0..shape.features).map(|i| Field::number(format!("x{i}"), shape.kind));
        let mut built = None;
        let model = model_of(fields.collect(), |m, ids| {
            let arg = m.push(Op::Concat(ids.to_vec())).unwrap();
            let trees = ensemble(shape, arg);
            built = Some(trees.clone());
            m.push(Op::Trees(Box::new(trees))).unwrap()
        });
        let (scorer, ensemble) = (compile(model), built.unwrap());
        let rows = rows(shape, count, gaps);
        let whole = bits(&scorer, &batch(shape, &rows));
        for (row, found) in rows.iter().zip(&whole) {
            let expected = reference(&ensemble, shape.kind, row);
            let expected = expected.map(|margins| margins.iter().map(|x| x.to_bits()).collect());
            prop_assert_eq!(found, &expected, "{:?}", row);
        }
        for size in [1, 7, 100] {
            let parts = rows.chunks(size).take(200).flat_map(|rows| bits(&scorer, &batch(shape, rows)));
            for (found, expected) in parts.zip(&whole) {
                prop_assert_eq!(&found, expected, "in batches of {}", size);
            }
        }
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            prop_assert_eq!(&pool.install(|| bits(&scorer, &batch(shape, &rows))), &whole);
        }
    }
}

/// Margins of rows on a kernel that may take so many columns, and the rows it refused.
fn on(
    shape: Shape,
    trees: &TreeEnsemble,
    rows: &[Vec<Option<f64>>],
    most: Columns,
) -> (Vec<Vec<u64>>, Vec<usize>) {
    let element = |i: usize| {
        let values = rows.iter().map(|row| row[i].unwrap_or(7.0)).collect();
        let flags: Vec<bool> = rows.iter().map(|row| row[i].is_none()).collect();
        let missing = flags.contains(&true).then_some(flags);
        Rc::new(Element { data: Elements::F64(values), missing })
    };
    let arg: Vec<_> = (0..shape.features).map(element).collect();
    let forest = Forest::<f64, f64>::new(trees, most, Location::default()).unwrap();
    let mut errors = RowErrors::new(0);
    let margins = forest.run(&arg, rows.len(), &mut errors).unwrap();
    let bits =
        |m: &Rc<Element<'_>>| m.values::<f64>().unwrap().iter().map(|x| x.to_bits()).collect();
    (margins.iter().map(bits).collect(), errors.into_failures().into_keys().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn all_kernels_agree(shape in shapes(), count in 1_usize..130, gaps in any::<bool>()) {
        let mut model = Model::new();
        let arg = model.push_field(Field::number("x", Kind::F64)).unwrap();
        let trees = ensemble(Shape { kind: Kind::F64, f32_sums: false, ..shape }, arg);
        let rows = rows(shape, count, gaps);
        let whole = on(shape, &trees, &rows, Columns { narrow: 0, wide: 0 });
        for most in [Columns { narrow: 0, wide: 9999 }, Columns { narrow: 9999, wide: 0 }] {
            let (margins, refused) = on(shape, &trees, &rows, most);
            prop_assert_eq!(&refused, &whole.1);
            for (found, expected) in margins.iter().zip(&whole.0) {
                for row in (0..count).filter(|row| !refused.contains(row)) {
                    prop_assert_eq!(found[row], expected[row], "{:?} {:?}", most, &rows[row]);
                }
            }
        }
    }
}
