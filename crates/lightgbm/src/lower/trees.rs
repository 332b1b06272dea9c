//! Trees: `src/io/tree.cpp`, `include/LightGBM/tree.h`.

use holdall_diag::{Failure, Location};
use holdall_source::Budget;
use holdall_tabular::{
    Aggregate, CategorySet, Estimator, LeafModel, LinearTrees, MissingRule, Op, Summation, Test,
    TreeEnsemble, TreeNodes, ValueId,
};

use crate::{
    codes,
    document::{Document, Tree},
};

/// `kZeroThreshold`: binary32 1e-35, widened.
const ZERO: f64 = 1e-35_f32 as f64;

/// Bits of `decision_type`.
const CATEGORY: u8 = 1;
const DEFAULT_LEFT: u8 = 2;

/// All trees; they are given back one by one while their nodes are taken over. Where a leaf of any tree
/// holds a linear model, every leaf does.
pub(super) fn lower(
    document: Document<'_>,
    arg: ValueId,
    aggregate: Aggregate,
    budget: &mut Budget,
) -> Result<Op, Failure> {
    let outputs = document.num_tree_per_iteration;
    let features = document.feature_names.len();
    let leaves: usize = document.trees.iter().map(|tree| tree.leaf_value.len()).sum();
    // A node takes 38 bytes in its columns, a leaf 8 more.
    budget.charge_elements(2 * leaves as u64, 42)?;
    let has_samples = document.trees.iter().all(|tree| {
        tree.leaf_count.len() == tree.leaf_value.len()
            && tree.internal_count.len() == tree.left_child.len()
    });
    let mut ensemble = TreeEnsemble {
        arg,
        round_features: false,
        nodes: TreeNodes::default(),
        trees: Vec::with_capacity(document.trees.len()),
        outputs,
        leaf_width: 1,
        leaves: Vec::with_capacity(leaves),
        sets: Vec::new(),
        base: Vec::new(),
        base_last: false,
        summation: Summation::SequentialF64,
        aggregate,
    };
    let is_linear = document.trees.iter().any(|tree| tree.is_linear);
    let mut models = Vec::new();
    for (tree, output) in document.trees.into_iter().zip((0..outputs).cycle()) {
        let line = tree.line;
        let at = |failure: Failure| failure.at(Location::line(line, 1));
        let root = push(&tree, features, &mut ensemble, budget).map_err(at)?;
        if is_linear {
            leaf_models(&tree, features, &mut models, budget).map_err(at)?;
        }
        ensemble.trees.push(holdall_tabular::Tree { root, weight: 1.0, output });
        if has_samples {
            ensemble.nodes.samples.extend(&tree.internal_count);
            ensemble.nodes.samples.extend(&tree.leaf_count);
        }
    }
    Ok(if is_linear {
        let linear = LinearTrees { trees: ensemble, models };
        Op::Estimator(Estimator::LinearTrees(Box::new(linear)))
    } else {
        Op::Trees(Box::new(ensemble))
    })
}

/// `Tree::Predict` with `is_linear`: the constant and the products in order, as they are in the row;
/// where one of them is NaN, the value of the leaf.
fn leaf_models(
    tree: &Tree,
    features: usize,
    models: &mut Vec<LeafModel>,
    budget: &mut Budget,
) -> Result<(), Failure> {
    budget.charge_elements(tree.leaf_value.len() as u64, size_of::<LeafModel>())?;
    if !tree.is_linear {
        let plain = |&constant: &f64| LeafModel { constant, terms: Vec::new() };
        models.extend(tree.leaf_value.iter().map(plain));
        return Ok(());
    }
    budget.charge_elements(tree.leaf_coeff.len() as u64, size_of::<(u32, f64)>())?;
    if let Some(feature) = tree.leaf_features.iter().find(|&&f| f as usize >= features) {
        let message = format!("a leaf uses feature {feature}, there are only {features}");
        return Err(Failure::malformed(codes::FEATURE, message));
    }
    let mut terms = tree.leaf_features.iter().copied().zip(tree.leaf_coeff.iter().copied());
    models.extend(tree.leaf_const.iter().zip(&tree.num_features).map(|(&constant, &count)| {
        LeafModel { constant, terms: terms.by_ref().take(count as usize).collect() }
    }));
    Ok(())
}

/// Adds the splits, then the leaves of a tree, and gives its root.
fn push(
    tree: &Tree,
    features: usize,
    ensemble: &mut TreeEnsemble,
    budget: &mut Budget,
) -> Result<u32, Failure> {
    let shape = Shape {
        base: number(ensemble.nodes.len())?,
        splits: number(tree.left_child.len())?,
        leaves: number(tree.leaf_value.len())?,
    };
    let leaf = number(ensemble.leaves.len())?;
    // The last numbers are checked here, so that none below can overflow.
    number(ensemble.nodes.len() + tree.left_child.len() + tree.leaf_value.len())?;
    number(ensemble.leaves.len() + tree.leaf_value.len())?;
    shape.check(tree)?;
    let first_set = number(ensemble.sets.len())?;
    sets(tree, &mut ensemble.sets, budget)?;
    let splits = tree
        .split_feature
        .iter()
        .zip(&tree.threshold)
        .zip(tree.left_child.iter().zip(&tree.right_child))
        .enumerate();
    for (i, ((&feature, &threshold), (&left, &right))) in splits {
        if feature as usize >= features {
            let message = format!("split {i}: there is no feature {feature}, only {features}");
            return Err(Failure::malformed(codes::FEATURE, message));
        }
        let decision = tree.decision_type.get(i).copied().unwrap_or_default();
        // Without category sets LightGBM does not look at the bit.
        let (test, threshold, missing) = if decision & CATEGORY != 0 && tree.num_cat > 0 {
            let set = set_number(threshold, tree.num_cat).ok_or_else(|| {
                let message = format!("split {i}: there is no category set {threshold}");
                Failure::malformed(codes::CATEGORIES, message)
            })?;
            (Test::In(first_set + set), 0.0, MissingRule::No)
        } else {
            let (test, threshold) = comparison(threshold);
            (test, threshold, missing(decision, i)?)
        };
        let (yes, no) = (shape.node(left), shape.node(right));
        ensemble.nodes.push_split(test, feature, threshold, yes, no, missing);
    }
    for i in 0..shape.leaves {
        ensemble.nodes.push_leaf(leaf + i);
    }
    ensemble.leaves.extend(&tree.leaf_value);
    Ok(shape.base)
}

fn number(count: usize) -> Result<u32, Failure> {
    u32::try_from(count).map_err(|_error| {
        Failure::limit(codes::COUNT, "the trees have more nodes than can be numbered")
    })
}

fn set_number(threshold: f64, sets: u32) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    #[expect(clippy::cast_sign_loss, reason = "the range is checked")]
    (threshold >= 0.0 && threshold < f64::from(sets)).then_some(threshold as u32)
}

/// `x <= threshold`, where every x within ±`ZERO` was made 0 before.
fn comparison(threshold: f64) -> (Test, f64) {
    if (-ZERO..0.0).contains(&threshold) {
        (Test::Lt, -ZERO)
    } else if (0.0..ZERO).contains(&threshold) {
        (Test::Le, ZERO)
    } else {
        (Test::Le, threshold)
    }
}

/// Bits 2 and 3 say what is missing: nothing (NaN is read as 0), zero and NaN, or NaN.
fn missing(decision: u8, split: usize) -> Result<MissingRule, Failure> {
    let left = decision & DEFAULT_LEFT != 0;
    match (decision >> 2, left) {
        (0, _) => Ok(MissingRule::AsZero),
        (1, true) => Ok(MissingRule::YesWithZero),
        (1, false) => Ok(MissingRule::NoWithZero),
        (2, true) => Ok(MissingRule::Yes),
        (2, false) => Ok(MissingRule::No),
        (_, _) => {
            let message = format!("split {split}: the decision type {decision} is unknown");
            Err(Failure::malformed(codes::DECISION, message))
        }
    }
}

/// The category sets of a tree.
fn sets(tree: &Tree, sets: &mut Vec<CategorySet>, budget: &mut Budget) -> Result<(), Failure> {
    for (i, [begin, end]) in tree.cat_boundaries.array_windows().enumerate() {
        let words = tree.cat_threshold.get(*begin as usize..*end as usize).ok_or_else(|| {
            let message = format!("category set {i} reaches from {begin} to {end}");
            Failure::malformed(codes::CATEGORIES, message)
        })?;
        let beyond = || {
            let message = format!("category set {i} has room beyond {}", CategorySet::MAX);
            Failure::unsupported(codes::CATEGORIES, message)
        };
        if words.len() > CategorySet::MAX as usize / 32 + 1 {
            return Err(beyond());
        }
        budget.charge_elements(words.len() as u64 + 8, 4)?;
        let members = (0..).step_by(32).zip(words).flat_map(|(first, word): (u32, _)| {
            (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit)
        });
        sets.push(CategorySet::new(members).ok_or_else(beyond)?);
    }
    Ok(())
}

/// Where the nodes of a tree stand among all nodes.
#[derive(Clone, Copy)]
struct Shape {
    base: u32,
    splits: u32,
    leaves: u32,
}

impl Shape {
    /// The node that a child means; both ranges were checked.
    fn node(self, child: i32) -> u32 {
        match u32::try_from(child) {
            Ok(split) => self.base + split,
            Err(_negative) => self.base + self.splits + leaf(child),
        }
    }

    /// Every split but the first, and every leaf, is the child of exactly one split. As the root is
    /// nobody's child, no cycle can be reached from it.
    fn check(self, tree: &Tree) -> Result<(), Failure> {
        let mut seen = vec![false; self.splits as usize + self.leaves as usize];
        for (i, (&left, &right)) in tree.left_child.iter().zip(&tree.right_child).enumerate() {
            for child in [left, right] {
                let position = match u32::try_from(child) {
                    Ok(split) => (split > 0 && split < self.splits).then_some(split),
                    Err(_negative) => {
                        (leaf(child) < self.leaves).then(|| self.splits + leaf(child))
                    }
                };
                let slot = position.and_then(|position| seen.get_mut(position as usize));
                let Some(slot) = slot else {
                    let message = format!("split {i}: there is no node {child}");
                    return Err(Failure::malformed(codes::NODE, message));
                };
                if std::mem::replace(slot, true) {
                    let message = format!("split {i}: node {child} has a parent already");
                    return Err(Failure::malformed(codes::NODE, message));
                }
            }
        }
        Ok(())
    }
}

/// The leaf that a negative child means.
fn leaf(child: i32) -> u32 {
    (!child).unsigned_abs()
}
