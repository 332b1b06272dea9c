//! The arrays of `sklearn.tree._tree.Tree`: `nodes` (records) and `values`.
//!
//! `nodes` has 56 bytes a record until 1.2 and `missing_go_to_left` from 1.3. A child of −1 makes a
//! leaf. Features are rounded to binary32, then compared `<= threshold` in binary64. `values` has the
//! shape (nodes, targets, classes): weighted counts of the classes until 1.3, shares from 1.4
//! (`predict_proba` of `tree/_classes.py` divides by the sum until then).

use holdall_diag::Failure;
use holdall_pickle::{Object, Value, numpy::Array};
use holdall_source::Budget;
use holdall_tabular::{
    Aggregate, MissingRule, Op, Summation, Test, Tree, TreeEnsemble, TreeNodes, ValueId,
};

use super::estimator::{Estimator, count};
use crate::codes;

/// Trees on their way into one ensemble.
pub(super) struct Grove {
    nodes: TreeNodes,
    leaves: Vec<f64>,
    trees: Vec<Tree>,
    width: usize,
}

/// What all trees of an ensemble have in common.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// Values of a leaf: classes, or targets.
    pub(super) width: usize,
    /// Whether leaves hold counts that must be divided by their sum.
    pub(super) counts: bool,
    /// Whether NaN goes where the node says.
    pub(super) missing: bool,
}

impl Form {
    /// A classifier's trees.
    pub(super) fn of_classes(estimator: &Estimator<'_>, classes: usize, missing: bool) -> Self {
        Self { width: classes, counts: !estimator.since(1, 4), missing }
    }

    /// A regressor's trees.
    pub(super) fn of_values(targets: usize, missing: bool) -> Self {
        Self { width: targets, counts: false, missing }
    }
}

/// Whether a tree takes NaN at prediction, as its `allow_nan` tag says: from 1.3 with the best
/// splitter, from 1.6 with the random one; with the criteria listed and without monotonic constraints
/// until 1.8.
pub(super) fn takes_missing(tree: &Estimator<'_>) -> bool {
    let splitter = match tree.word("splitter") {
        Some("random") => tree.since(1, 6),
        Some(_) | None => tree.since(1, 3),
    };
    let plain =
        tree.get("monotonic_cst").is_none() && tree.word("criterion") != Some("absolute_error");
    splitter && (plain || tree.since(1, 9))
}

impl Grove {
    pub(super) fn new(form: Form) -> Self {
        Self {
            nodes: TreeNodes::default(),
            leaves: Vec::new(),
            trees: Vec::new(),
            width: form.width,
        }
    }

    /// Adds the `tree_` of a decision tree.
    pub(super) fn plant(
        &mut self,
        estimator: &Estimator<'_>,
        form: Form,
        weight: f64,
        output: u32,
        budget: &mut Budget,
    ) -> Result<(), Failure> {
        self.plant_with(estimator, form, weight, output, None, budget)
    }

    /// The same with the columns that its features are, and a value for each node.
    pub(super) fn plant_with(
        &mut self,
        estimator: &Estimator<'_>,
        form: Form,
        weight: f64,
        output: u32,
        instead: Option<(&[i64], Vec<f64>)>,
        budget: &mut Budget,
    ) -> Result<(), Failure> {
        let value = estimator.fitted("tree_")?;
        let tree = value.object()?;
        let nodes = tree.require("nodes")?.array()?;
        let values = tree.require("values")?.array()?;
        budget.charge_elements(nodes.len() as u64, 56)?;
        budget.charge_elements(values.len() as u64, 8)?;
        let mut columns = Columns::read(&nodes, form.missing)?;
        let values = match instead {
            Some((features, values)) => {
                for feature in columns.feature.iter_mut().filter(|feature| **feature >= 0) {
                    let known = usize::try_from(*feature).ok().and_then(|i| features.get(i));
                    *feature = known.copied().unwrap_or(i64::MAX);
                }
                values
            }
            None => leaf_values(&value, &values, nodes.len(), form)?,
        };
        let root = count(&value, self.nodes.len())?;
        count(&value, self.nodes.len().saturating_add(nodes.len()))?;
        self.grow(&tree, &columns, &values, root, form)?;
        self.trees.push(Tree { root, weight, output });
        Ok(())
    }

    fn grow(
        &mut self,
        tree: &Object<'_>,
        columns: &Columns,
        values: &[f64],
        root: u32,
        form: Form,
    ) -> Result<(), Failure> {
        let total = columns.left.len();
        if total == 0 {
            return Err(tree.value().failure(codes::TREE, "the tree has no node"));
        }
        let child = |i: usize, child: i64| {
            // A child stands behind its parent, so no path returns.
            let known = usize::try_from(child).ok().filter(|&child| child > i && child < total);
            known.and_then(|child| u32::try_from(child).ok()).map(|child| root + child).ok_or_else(
                || {
                    tree.value()
                        .failure(codes::TREE, format!("node {i}: there is no child {child}"))
                },
            )
        };
        let rows =
            columns.left.iter().zip(&columns.right).zip(&columns.feature).zip(&columns.threshold);
        let leaves = values.chunks_exact(self.width);
        for (i, ((((&left, &right), &feature), &threshold), leaf)) in rows.zip(leaves).enumerate() {
            if left == -1 {
                let number = count(tree.value(), self.leaves.len() / self.width)?;
                self.nodes.push_leaf(number);
                if form.counts {
                    push_shares(&mut self.leaves, leaf);
                } else {
                    self.leaves.extend(leaf);
                }
                continue;
            }
            let feature = u32::try_from(feature).map_err(|error| {
                let message = format!("node {i}: there is no feature {feature}");
                tree.value().failure(codes::TREE, message).caused_by(error)
            })?;
            let missing = match columns.missing_left.get(i) {
                Some(true) => MissingRule::Yes,
                Some(false) => MissingRule::No,
                None => MissingRule::Compare,
            };
            let (yes, no) = (child(i, left)?, child(i, right)?);
            self.nodes.push_split(Test::Le, feature, threshold, yes, no, missing);
        }
        self.nodes.samples.extend(&columns.samples);
        Ok(())
    }

    /// The ensemble over a vector of features.
    pub(super) fn into_op(
        self,
        arg: ValueId,
        outputs: u32,
        base: Vec<f64>,
        aggregate: Aggregate,
    ) -> Op {
        Op::Trees(Box::new(TreeEnsemble {
            arg,
            round_features: true,
            nodes: self.nodes,
            trees: self.trees,
            outputs,
            leaf_width: u32::try_from(self.width).unwrap_or(u32::MAX),
            leaves: self.leaves,
            sets: Vec::new(),
            base,
            base_last: false,
            summation: Summation::SequentialF64,
            aggregate,
        }))
    }
}

/// The values of one target of a tree of several targets: its first `width` classes, node by node.
pub(super) fn values_of_target(
    tree: &Estimator<'_>,
    target: usize,
    width: usize,
    budget: &mut Budget,
) -> Result<Vec<f64>, Failure> {
    let value = tree.fitted("tree_")?;
    let values = value.object()?.require("values")?.array()?;
    budget.charge_elements(values.len() as u64, 8)?;
    let (targets, most) = (values.extent(1), values.extent(2));
    if values.ndim() != 3 || target >= targets || width > most {
        let message = format!("there is no target {target} of {width} classes");
        return Err(value.failure(codes::SHAPE, message));
    }
    let all = values.to_f64()?;
    let nodes = all.chunks_exact((targets * most).max(1));
    let own = nodes.filter_map(|node| node.get(target * most..target * most + width));
    Ok(own.flatten().copied().collect())
}

/// The fields of the records that matter.
struct Columns {
    left: Vec<i64>,
    right: Vec<i64>,
    feature: Vec<i64>,
    threshold: Vec<f64>,
    missing_left: Vec<bool>,
    samples: Vec<f64>,
}

impl Columns {
    fn read(nodes: &Array, missing: bool) -> Result<Self, Failure> {
        let missing = missing && nodes.dtype().field("missing_go_to_left").is_some();
        Ok(Self {
            left: nodes.column("left_child")?.to_i64()?,
            right: nodes.column("right_child")?.to_i64()?,
            feature: nodes.column("feature")?.to_i64()?,
            threshold: nodes.column("threshold")?.to_f64()?,
            missing_left: if missing {
                nodes.column("missing_go_to_left")?.to_bool()?
            } else {
                Vec::new()
            },
            samples: nodes.column("n_node_samples")?.to_f64()?,
        })
    }
}

fn leaf_values(
    at: &Value<'_>,
    values: &Array,
    nodes: usize,
    form: Form,
) -> Result<Vec<f64>, Failure> {
    let row = values.extent(1).saturating_mul(values.extent(2));
    if values.extent(0) != nodes || row != form.width || form.width == 0 {
        let message = format!(
            "expected {} values for each of {nodes} nodes, found {row} for each of {}",
            form.width,
            values.extent(0)
        );
        return Err(at.failure(codes::SHAPE, message));
    }
    values.to_f64()
}

/// Counts divided by their sum, which is 1 where it would be 0.
fn push_shares(leaves: &mut Vec<f64>, counts: &[f64]) {
    let sum = numpy_sum(counts);
    let by = if sum == 0.0 { 1.0 } else { sum };
    leaves.extend(counts.iter().map(|count| count / by));
}

/// A sum in the order of NumPy: eight lanes from eight elements on. Beyond 128 elements NumPy halves
/// the list; counts of so many classes are summed in lanes all the same.
fn numpy_sum(values: &[f64]) -> f64 {
    let (blocks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += value;
        }
    }
    // Neighbours, then pairs of neighbours, then the halves.
    let halves = lanes.as_chunks::<4>().0.iter();
    let sum = halves.map(|[a, b, c, d]| (a + b) + (c + d)).sum::<f64>();
    rest.iter().fold(sum, |sum, value| sum + value)
}
