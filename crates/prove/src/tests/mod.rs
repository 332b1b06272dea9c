mod boundaries;
mod comparison;
mod documents;

use holdall_score::Scorer;
use holdall_table::Kind;
use holdall_tabular::{
    Aggregate, Classify, Decision, Field, Labels, Link, MissingPolicy, MissingRule, Model, Op,
    Output, Part, Summation, Test, Tree, TreeEnsemble, TreeNodes, ValidModel, validate,
};

use crate::*;

fn quiet(_: u64, _: u64) {}

#[expect(clippy::cast_possible_truncation, reason = "rounding is what is asked")]
fn narrow(x: f64) -> f32 {
    x as f32
}

/// `depth` levels of splits on two binary64 fields that are rounded, every leaf another value.
fn forest(depth: u32) -> Model {
    let mut model = Model::new();
    model.named_inputs = true;
    let number = |name| Field::number(name, Kind::F64).with_missing(MissingPolicy::AsNan);
    let a = model.push_field(number("a")).unwrap();
    let b = model.push_field(number("b")).unwrap();
    let arg = model.push(Op::Concat(vec![a, b])).unwrap();
    let mut nodes = TreeNodes::default();
    let (mut trees, mut leaves) = (Vec::new(), Vec::new());
    for tree in 0..2_u32 {
        let first = u32::try_from(nodes.len()).unwrap();
        trees.push(Tree { root: first, weight: 1.0, output: 0 });
        let inner: u32 = (1 << depth) - 1;
        for node in 0..inner {
            // A binary search: the level of a node picks the field, its place the threshold.
            let level = (node + 1).ilog2();
            let place = f64::from(2 * (node + 1 - (1 << level)) + 1) / f64::from(2 << level);
            let threshold = f64::from(narrow(place + 0.01 * f64::from(tree)));
            let (yes, no) = (first + 2 * node + 1, first + 2 * node + 2);
            let feature = (level + tree) % 2;
            nodes.push_split(Test::Le, feature, threshold, yes, no, MissingRule::Yes);
        }
        for _ in 0..=inner {
            let leaf = u32::try_from(leaves.len()).unwrap();
            nodes.push_leaf(leaf);
            leaves.push(f64::from(leaf) * if tree == 0 { 1.0 } else { 1000.0 });
        }
    }
    let trees = TreeEnsemble {
        arg,
        round_features: true,
        nodes,
        trees,
        outputs: 1,
        leaf_width: 1,
        leaves,
        sets: Vec::new(),
        base: Vec::new(),
        base_last: false,
        summation: Summation::SequentialF64,
        aggregate: Aggregate::Sum,
    };
    let value = model.push(Op::Trees(Box::new(trees))).unwrap();
    model.outputs.push(Output::new(value, Part::Whole));
    model
}

fn trees(model: &mut Model) -> &mut TreeEnsemble {
    let id = model.nodes.iter().find_map(|(id, n)| matches!(n.op, Op::Trees(_)).then_some(id));
    let Op::Trees(trees) = &mut model.nodes.get_mut(id.unwrap()).unwrap().op else { panic!() };
    trees
}

fn valid(model: Model) -> ValidModel {
    validate(model).unwrap()
}

fn scorer(model: Model) -> Scorer {
    Scorer::compile(&valid(model)).unwrap()
}

/// Compares two models on the boundary rows of the first.
fn prove(source: Model, target: Model) -> Comparison {
    let source = valid(source);
    let options = BoundaryOptions { random_rows: 0, ..BoundaryOptions::default() };
    let boundary = boundary_rows(&source, &options, &mut quiet).unwrap();
    let source = Scorer::compile(&source).unwrap();
    let exact = Tolerance::default();
    compare(&source, &scorer(target), &boundary.rows, &exact, &mut quiet).unwrap()
}
