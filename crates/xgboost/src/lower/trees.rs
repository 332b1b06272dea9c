//! `gbtree` and `dart`: `src/tree/tree_model.cc`, `src/predictor/predict_fn.h`.

use holdall_diag::{Failure, Location};
use holdall_source::Budget;
use holdall_tabular::{
    Aggregate, CategorySet, MissingRule, Model, Op, Summation, Test, TreeEnsemble, TreeNodes,
    ValueId,
};

use super::{Shape, expect_count, fail, parse, widen};
use crate::{
    codes,
    document::{BoosterModel, Flag, Single, Tree},
};

/// Where the trees stand in the file.
pub(super) struct Place {
    pub(super) pointer: &'static str,
    pub(super) location: Location,
}

/// The first iterations of boosting, each of so many trees an output.
pub(super) struct Rounds {
    pub(super) rounds: usize,
    pub(super) parallel: usize,
}

impl Rounds {
    /// How many trees they are.
    fn trees(&self, groups: usize, all: usize, pointer: &str) -> Result<usize, Failure> {
        let trees = self.rounds.saturating_mul(self.parallel.max(1)).saturating_mul(groups);
        if trees <= all {
            return Ok(trees);
        }
        let message = format!("{} iterations are asked for, there are fewer", self.rounds);
        Err(fail(codes::ITERATIONS, message, pointer))
    }
}

/// Adds the trees and yields the sums. `dropped` are the weights of `dart`.
#[expect(clippy::too_many_arguments, reason = "each is a part of the document, used once")]
pub(super) fn lower(
    body: BoosterModel,
    dropped: Option<&[Single]>,
    base: &[f32],
    shape: &Shape,
    arg: ValueId,
    rounds: Option<Rounds>,
    place: &Place,
    model: &mut Model,
    budget: &mut Budget,
) -> Result<ValueId, Failure> {
    let pointer = place.pointer;
    let count = body.trees.len();
    if let Some(param) = &body.gbtree_model_param {
        let pointer = format!("{pointer}/gbtree_model_param/num_trees");
        expect_count("trees", count, parse(&param.num_trees, &pointer)?, &pointer)?;
    }
    expect_count("outputs of trees", body.tree_info.len(), count, &format!("{pointer}/tree_info"))?;
    if let Some(weights) = dropped {
        let pointer = "/learner/gradient_booster/weight_drop";
        expect_count("weights of trees", weights.len(), count, pointer)?;
    }
    let leaf_width = leaf_width(&body.trees, shape, pointer)?;
    let nodes: usize = body.trees.iter().map(|tree| tree.left_children.len()).sum();
    // A node takes 30 bytes in its columns, and a leaf its values.
    budget.charge_elements(nodes as u64, 30 + 8 * leaf_width as usize)?;
    budget.step(nodes as u64)?;
    let mut ensemble = TreeEnsemble {
        arg,
        round_features: false,
        nodes: TreeNodes::default(),
        trees: Vec::with_capacity(count),
        outputs: shape.outputs,
        leaf_width,
        leaves: Vec::new(),
        sets: Vec::new(),
        base: base.iter().map(|&score| f64::from(score)).collect(),
        base_last: false,
        summation: Summation::SequentialF32,
        aggregate: Aggregate::Sum,
    };
    let places = body.trees.iter().map(|tree| tree.id);
    if !places.eq(0..u32::try_from(count).unwrap_or(u32::MAX)) {
        return Err(fail(
            codes::COUNT,
            "expected the trees in the order of their `id`s, from 0",
            &format!("{pointer}/trees"),
        ));
    }
    let groups = if leaf_width == 1 { shape.outputs as usize } else { 1 };
    let kept = rounds.map_or(Ok(count), |rounds| rounds.trees(groups, count, pointer))?;
    for ((i, tree), &output) in body.trees.into_iter().enumerate().zip(&body.tree_info).take(kept) {
        let pointer = format!("{pointer}/trees/{i}");
        if leaf_width == 1 && output >= shape.outputs {
            let message = format!("tree {i}: there is no output {output} of {}", shape.outputs);
            return Err(fail(codes::COUNT, message, &pointer));
        }
        let root = push(&tree, shape.features, &mut ensemble, &pointer, budget)?;
        let weight = dropped.and_then(|weights| weights.get(i)).map_or(1.0, |w| w.0);
        ensemble.trees.push(holdall_tabular::Tree {
            root,
            weight: f64::from(weight),
            output: if leaf_width == 1 { output } else { 0 },
        });
    }
    model.push_at(Op::Trees(Box::new(ensemble)), place.location.clone())
}

/// Values of a leaf: the same in all trees, and 1 or one an output.
fn leaf_width(trees: &[Tree], shape: &Shape, pointer: &str) -> Result<u32, Failure> {
    let mut width = None;
    for (i, tree) in trees.iter().enumerate() {
        let pointer = format!("{pointer}/trees/{i}");
        let text = &tree.param.size_leaf_vector;
        let found: u32 = if text.0.is_empty() { 0 } else { parse(text, &pointer)? };
        let found = found.max(1);
        if *width.get_or_insert(found) != found || (found > 1 && found != shape.outputs) {
            let message = format!("leaves of {found} values for {} outputs", shape.outputs);
            return Err(fail(codes::VECTOR_LEAF, message, &pointer));
        }
        if found > 1 && tree.leaf_weights.is_empty() {
            return Err(Failure::unsupported(
                codes::VECTOR_LEAF,
                "vectors in leaves are carried in the form of XGBoost 3.2 and later",
            )
            .at(super::at(&pointer))
            .with_help("load the model with XGBoost 3.2 and save it again"));
        }
    }
    Ok(width.unwrap_or(1))
}

/// Adds the nodes that can be reached, in the order of the file, and gives the root.
fn push(
    tree: &Tree,
    features: usize,
    ensemble: &mut TreeEnsemble,
    pointer: &str,
    budget: &mut Budget,
) -> Result<u32, Failure> {
    lengths(tree, pointer)?;
    let base = ensemble.nodes.len();
    let numbers = reachable(tree, base, pointer)?;
    let mut sets = Sets::of(tree, pointer)?;
    let rows = tree
        .left_children
        .iter()
        .zip(&tree.right_children)
        .zip(tree.split_indices.iter().zip(&tree.split_conditions))
        .zip(tree.default_left.iter().zip(&numbers))
        .enumerate();
    for (i, (((&left, &right), (&feature, &Single(condition))), (&Flag(is_left), number))) in rows {
        let child = |child: i32| {
            usize::try_from(child).ok().and_then(|child| *numbers.get(child)?).unwrap_or_default()
        };
        if number.is_none() {
            continue;
        }
        if left < 0 {
            let leaf = leaf(tree, right, condition, ensemble, &format!("{pointer}/{i}"))?;
            ensemble.nodes.push_leaf(leaf);
            continue;
        }
        if feature as usize >= features {
            let message = format!("there is no feature {feature}, only {features}");
            return Err(fail(codes::FEATURE, message, &format!("{pointer}/split_indices/{i}")));
        }
        let (left, right) = (child(left), child(right));
        if tree.split_type.get(i).is_some_and(|&kind| kind != 0) {
            // What is in the set goes right: `common::Decision` in `src/common/categorical.h`.
            let set = sets.take(i, budget)?;
            let number = u32::try_from(ensemble.sets.len())
                .map_err(|_error| fail(codes::CATEGORIES, "too many category sets", pointer))?;
            ensemble.sets.push(set);
            let missing = if is_left { MissingRule::No } else { MissingRule::Yes };
            ensemble.nodes.push_split(Test::In(number), feature, 0.0, right, left, missing);
        } else {
            let missing = if is_left { MissingRule::Yes } else { MissingRule::No };
            let threshold = f64::from(condition);
            ensemble.nodes.push_split(Test::Lt, feature, threshold, left, right, missing);
        }
    }
    // The root is the first node, and always reached.
    numbers
        .first()
        .copied()
        .flatten()
        .ok_or_else(|| fail(codes::NODE, "the tree is empty", pointer))
}

fn lengths(tree: &Tree, pointer: &str) -> Result<(), Failure> {
    let nodes = tree.left_children.len();
    let claimed: usize = parse(&tree.param.num_nodes, &format!("{pointer}/tree_param/num_nodes"))?;
    let columns = [
        ("left_children", nodes),
        ("right_children", tree.right_children.len()),
        ("split_indices", tree.split_indices.len()),
        ("split_conditions", tree.split_conditions.len()),
        ("default_left", tree.default_left.len()),
    ];
    for (name, found) in columns {
        expect_count("nodes", found, claimed, &format!("{pointer}/{name}"))?;
    }
    if !tree.split_type.is_empty() {
        let pointer = format!("{pointer}/split_type");
        expect_count("nodes", tree.split_type.len(), claimed, &pointer)?;
    }
    Ok(())
}

/// The number of each node in the ensemble; none for nodes that were deleted by pruning. Every node is
/// reached once, so the tree has no cycle.
fn reachable(tree: &Tree, base: usize, pointer: &str) -> Result<Vec<Option<u32>>, Failure> {
    let mut seen = vec![false; tree.left_children.len()];
    let mut stack = vec![0_usize];
    while let Some(node) = stack.pop() {
        let place = || format!("{pointer}/left_children/{node}");
        let Some(slot) = seen.get_mut(node) else {
            return Err(fail(codes::NODE, format!("there is no node {node}"), pointer));
        };
        if std::mem::replace(slot, true) {
            return Err(fail(codes::NODE, format!("node {node} has two parents"), &place()));
        }
        let (Some(&left), Some(&right)) =
            (tree.left_children.get(node), tree.right_children.get(node))
        else {
            continue;
        };
        if left < 0 {
            continue;
        }
        for child in [left, right] {
            let child = usize::try_from(child).map_err(|_negative| {
                fail(codes::NODE, format!("there is no node {child}"), &place())
            })?;
            stack.push(child);
        }
    }
    let mut next = base;
    seen.into_iter()
        .map(|seen| {
            if !seen {
                return Ok(None);
            }
            let number = u32::try_from(next).map_err(|_error| {
                Failure::limit(codes::NODE, "the trees have more nodes than can be numbered")
            })?;
            next += 1;
            Ok(Some(number))
        })
        .collect()
}

/// Adds the values of a leaf and gives its number.
fn leaf(
    tree: &Tree,
    right: i32,
    value: f32,
    ensemble: &mut TreeEnsemble,
    pointer: &str,
) -> Result<u32, Failure> {
    let width = ensemble.leaf_width as usize;
    let number = u32::try_from(ensemble.leaves.len() / width.max(1))
        .map_err(|_error| Failure::limit(codes::NODE, "there are too many leaves"))?;
    if width == 1 {
        ensemble.leaves.push(f64::from(value));
        return Ok(number);
    }
    let values = usize::try_from(right)
        .ok()
        .and_then(|leaf| leaf.checked_mul(width))
        .and_then(|begin| tree.leaf_weights.get(begin..begin.checked_add(width)?))
        .ok_or_else(|| fail(codes::NODE, format!("there is no leaf {right}"), pointer))?;
    ensemble.leaves.extend(widen(values));
    Ok(number)
}

/// The category sets of a tree, in the order of its nodes.
struct Sets<'t> {
    tree: &'t Tree,
    pointer: &'t str,
    next: usize,
}

impl<'t> Sets<'t> {
    fn of(tree: &'t Tree, pointer: &'t str) -> Result<Self, Failure> {
        let sets = tree.categories_nodes.len();
        for (name, found) in [
            ("categories_segments", tree.categories_segments.len()),
            ("categories_sizes", tree.categories_sizes.len()),
        ] {
            expect_count("category sets", found, sets, &format!("{pointer}/{name}"))?;
        }
        if !tree.categories_nodes.is_sorted() {
            let pointer = format!("{pointer}/categories_nodes");
            return Err(fail(codes::CATEGORIES, "expected the nodes in order", &pointer));
        }
        Ok(Self { tree, pointer, next: 0 })
    }

    /// The set of a node; nodes are asked for in order.
    fn take(&mut self, node: usize, budget: &mut Budget) -> Result<CategorySet, Failure> {
        let tree = self.tree;
        let nodes = tree.categories_nodes.get(self.next..).unwrap_or_default();
        self.next += nodes.iter().take_while(|&&n| (n as usize) < node).count();
        let wrong = |message: String| fail(codes::CATEGORIES, message, self.pointer);
        if tree.categories_nodes.get(self.next).is_none_or(|&n| n as usize != node) {
            return Err(wrong(format!("node {node} splits by categories and has none")));
        }
        let segment =
            tree.categories_segments.get(self.next).zip(tree.categories_sizes.get(self.next));
        let members = segment.and_then(|(&begin, &size)| {
            let begin = usize::try_from(begin).ok()?;
            tree.categories.get(begin..begin.checked_add(usize::try_from(size).ok()?)?)
        });
        let Some(members) = members else {
            return Err(wrong(format!("the categories of node {node} are not there")));
        };
        let largest = members.iter().max().copied().unwrap_or_default();
        budget.charge(u64::from(largest.min(CategorySet::MAX)) / 8 + 32)?;
        CategorySet::new(members.iter().copied())
            .ok_or_else(|| wrong(format!("the category {largest} is beyond {}", CategorySet::MAX)))
    }
}
