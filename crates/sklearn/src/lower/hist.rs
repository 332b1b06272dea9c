//! Histogram gradient boosting: `_predictors` is a list (iterations) of lists (scores) of predictors
//! with `nodes` (records) and `raw_left_cat_bitsets`; `_baseline_prediction` is where the scores start;
//! `ensemble/_hist_gradient_boosting/`, `_predictor.pyx`.
//!
//! Thresholds and features are binary64, NaN goes where the node says. A category goes to the left where
//! its bit is set; unknown and negative ones go with NaN. From 1.4 `_preprocessor` numbers the
//! categories and puts their columns first. Before, categories are numbers of the user's own: only those of
//! `_bin_mapper` are known.
//!
//! Two classes: the second where its probability is larger until 1.4, where the score is above 0 from 1.5.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{
    Aggregate, Categories, CategorySet, Decision, Kind, Labels, Link, MissingRule, Op, Ordinal,
    Regress, Summation, Test, Tree, TreeEnsemble, TreeNodes, Unknown, ValueId,
};

use super::{
    Step,
    answer::{Lowered, by_margins},
    column_transformer,
    columns::{Column, Lowering, Origin},
    estimator::{Estimator, classes, count, floats},
};
use crate::codes;

/// The nodes of all trees.
#[derive(Default)]
struct Grove {
    nodes: TreeNodes,
    leaves: Vec<f64>,
    trees: Vec<Tree>,
    sets: Vec<CategorySet>,
}

/// The fields of the records that matter.
struct Records {
    leaf: Vec<bool>,
    value: Vec<f64>,
    feature: Vec<i64>,
    threshold: Vec<f64>,
    missing_left: Vec<bool>,
    left: Vec<i64>,
    right: Vec<i64>,
    categorical: Vec<bool>,
    bitset: Vec<i64>,
    samples: Vec<f64>,
}

impl Records {
    fn read(nodes: &Value<'_>) -> Result<Self, Failure> {
        let nodes = nodes.array()?;
        let truths = |field: &str| -> Result<Vec<bool>, Failure> {
            Ok(nodes.column(field)?.to_i64()?.into_iter().map(|flag| flag != 0).collect())
        };
        let integers = |field: &str| nodes.column(field)?.to_i64();
        let has = |field: &str| nodes.dtype().field(field).is_some();
        let threshold = if has("num_threshold") { "num_threshold" } else { "threshold" };
        let none = || vec![0; nodes.len()];
        Ok(Self {
            leaf: truths("is_leaf")?,
            value: nodes.column("value")?.to_f64()?,
            feature: integers("feature_idx")?,
            threshold: nodes.column(threshold)?.to_f64()?,
            missing_left: truths("missing_go_to_left")?,
            left: integers("left")?,
            right: integers("right")?,
            categorical: if has("is_categorical") {
                truths("is_categorical")?
            } else {
                vec![false; nodes.len()]
            },
            bitset: if has("bitset_idx") { integers("bitset_idx")? } else { none() },
            samples: nodes.column("count")?.to_f64()?,
        })
    }
}

impl Grove {
    fn plant(
        &mut self,
        tree: &Estimator<'_>,
        output: u32,
        lowering: &mut Lowering<'_>,
    ) -> Result<(), Failure> {
        let at = tree.value();
        let records = Records::read(&tree.fitted("nodes")?)?;
        lowering.budget.charge_elements(records.leaf.len() as u64, 64)?;
        let bitsets = match tree.get("raw_left_cat_bitsets") {
            Some(bits) => bits.array()?.to_i64()?,
            None => Vec::new(),
        };
        let root = count(at, self.nodes.len())?;
        let total = records.leaf.len();
        if total == 0 {
            return Err(at.failure(codes::TREE, "the tree has no node"));
        }
        let child = |i: usize, child: i64| {
            let known = usize::try_from(child).ok().filter(|&child| child > i && child < total);
            known.and_then(|child| u32::try_from(child).ok()).map(|child| root + child).ok_or_else(
                || at.failure(codes::TREE, format!("node {i}: there is no child {child}")),
            )
        };
        for i in 0..total {
            let number = |list: &[f64]| list.get(i).copied().unwrap_or(0.0);
            let integer = |list: &[i64]| list.get(i).copied().unwrap_or(0);
            let truth = |list: &[bool]| list.get(i).copied().unwrap_or(false);
            if truth(&records.leaf) {
                self.nodes.push_leaf(count(at, self.leaves.len())?);
                self.leaves.push(number(&records.value));
                continue;
            }
            let (yes, no) = (child(i, integer(&records.left))?, child(i, integer(&records.right))?);
            let feature = u32::try_from(integer(&records.feature)).map_err(|error| {
                at.failure(codes::TREE, format!("node {i}: no such feature")).caused_by(error)
            })?;
            let missing =
                if truth(&records.missing_left) { MissingRule::Yes } else { MissingRule::No };
            if truth(&records.categorical) {
                let set = set(at, &bitsets, integer(&records.bitset))?;
                let number = count(at, self.sets.len())?;
                self.sets.push(set);
                self.nodes.push_split(Test::In(number), feature, 0.0, yes, no, missing);
            } else {
                let threshold = number(&records.threshold);
                self.nodes.push_split(Test::Le, feature, threshold, yes, no, missing);
            }
        }
        self.nodes.samples.extend(&records.samples);
        self.trees.push(Tree { root, weight: 1.0, output });
        Ok(())
    }
}

/// The categories whose bits are set: eight words of 32 bits a set.
fn set(at: &Value<'_>, bitsets: &[i64], number: i64) -> Result<CategorySet, Failure> {
    let missing = || at.failure(codes::TREE, format!("there is no set of categories {number}"));
    let start = usize::try_from(number).ok().and_then(|n| n.checked_mul(8)).ok_or_else(missing)?;
    let words = bitsets.get(start..).and_then(|rest| rest.get(..8)).ok_or_else(missing)?;
    let members = (0_u32..).zip(words).flat_map(|(i, &word)| {
        (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| i * 32 + bit)
    });
    CategorySet::new(members).ok_or_else(missing)
}

/// Columns as the trees see them.
fn columns(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Vec<Column>, Failure> {
    let e = step.estimator;
    if let Some(preprocessor) = e.get("_preprocessor") {
        let preprocessor = Estimator::new(&preprocessor, e.version())?;
        return column_transformer::lower(lowering, &preprocessor, step.columns, step.depth + 1);
    }
    let Some(categorical) = e.get("is_categorical_") else { return Ok(step.columns.to_vec()) };
    let categorical = categorical.array()?.to_bool()?;
    e.expect_width("is_categorical_", categorical.len(), step.columns.len())?;
    let mapper = Estimator::new(&e.fitted("_bin_mapper")?, e.version())?;
    let known: Vec<Value<'_>> = mapper.fitted("bin_thresholds_")?.items()?.collect();
    let mut all = Vec::new();
    for ((column, categorical), known) in step.columns.iter().zip(categorical).zip(&known) {
        if !categorical {
            all.push(*column);
            continue;
        }
        let arg = lowering.scalars(std::slice::from_ref(column), e.value())?;
        let Some(&arg) = arg.first() else { continue };
        let codes = floats(known)?;
        let categories = Categories::new(Labels::F64(codes.clone()));
        let (unknown, kind) = (Unknown::Code(f64::NAN), Kind::F64);
        let id = lowering.op(Op::Ordinal(Ordinal { arg, categories, codes, unknown, kind }))?;
        all.push(Column { source: Origin::Scalar(id, kind), open: None });
    }
    e.expect_width("bin_thresholds_", all.len(), step.columns.len())?;
    Ok(all)
}

fn margins(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<(ValueId, usize), Failure> {
    let e = step.estimator;
    let base = floats(&e.fitted("_baseline_prediction")?)
        .or_else(|_not_a_list| e.number("_baseline_prediction").map(|number| vec![number]))?;
    let columns = columns(lowering, step)?;
    let arg = lowering.numbers(&columns, e.value())?;
    let mut grove = Grove::default();
    for iteration in e.fitted("_predictors")?.items()? {
        for (score, tree) in iteration.items()?.enumerate() {
            if score >= base.len() {
                return Err(tree.failure(codes::SHAPE, "more trees an iteration than scores"));
            }
            let tree = Estimator::new(&tree, e.version())?;
            grove.plant(&tree, count(e.value(), score)?, lowering)?;
        }
    }
    let outputs = base.len();
    let ensemble = TreeEnsemble {
        arg,
        round_features: false,
        nodes: grove.nodes,
        trees: grove.trees,
        outputs: count(e.value(), outputs)?,
        leaf_width: 1,
        leaves: grove.leaves,
        sets: grove.sets,
        base,
        base_last: false,
        summation: Summation::SequentialF64,
        aggregate: Aggregate::Sum,
    };
    Ok((lowering.op(Op::Trees(Box::new(ensemble)))?, outputs))
}

pub(super) fn classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let (margins, scores) = margins(lowering, step)?;
    let newer = e.since(1, 5);
    let (link, decision) = match scores {
        1 if newer => (Link::Logistic, Decision::MarginAbove(0.0)),
        1 => (Link::Logistic, Decision::LargestProbability),
        _ if newer => (Link::Softmax, Decision::LargestMargin),
        _ => (Link::Softmax, Decision::LargestProbability),
    };
    by_margins(lowering, classes, margins, Some(link), decision).map(Lowered::Classes)
}

pub(super) fn regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let link = match step.estimator.word("loss") {
        Some("poisson" | "gamma") => Link::Exp,
        Some(
            "squared_error"
            | "least_squares"
            | "absolute_error"
            | "least_absolute_deviation"
            | "quantile",
        )
        | None => Link::Identity,
        Some(_) => return Err(step.estimator.unknown("loss")),
    };
    let (margins, _) = margins(lowering, step)?;
    Ok(Lowered::Values(lowering.op(Op::Regress(Regress { margins, link }))?))
}
