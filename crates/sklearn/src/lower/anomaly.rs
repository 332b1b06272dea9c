//! Detectors of outliers: −1 where the decision is below 0. The score is `decision_function`.
//!
//! | class | decision |
//! |---|---|
//! | `IsolationForest` | −2^(−Σ depth ÷ (trees · c)) − `offset_` |
//! | `EllipticEnvelope` | −(x − μ)ᵀ P (x − μ) − `offset_` |
//! | `SGDOneClassSVM` | `coef_` · x − `offset_` |
//!
//! The depth of a leaf is that of its node plus the expected depth below it, c that of all training
//! rows of a tree; `ensemble/_iforest.py`, `covariance/_elliptic_envelope.py`.

use holdall_diag::Failure;
use holdall_tabular::{
    Aggregate, AnomalySide, BinaryOp, Categories, Kind, Labels, OneHot, Op, UnaryOp, Unknown,
};

use super::{
    Step,
    answer::Lowered,
    columns::{Lowering, fresh},
    estimator::{Estimator, count, matrix},
    mixture::moved,
    svm::detect,
    tree::{Form, Grove},
};
use crate::codes;

/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// The expected depth of a leaf among this many rows.
fn expected_depth(rows: f64) -> f64 {
    if rows <= 1.0 {
        0.0
    } else if rows <= 2.0 {
        1.0
    } else {
        2.0 * ((rows - 1.0).ln() + EULER) - 2.0 * (rows - 1.0) / rows
    }
}

/// What each node of an isolation tree counts, were it a leaf.
fn depths(tree: &Estimator<'_>) -> Result<Vec<f64>, Failure> {
    let value = tree.fitted("tree_")?;
    let nodes = value.object()?.require("nodes")?.array()?;
    let (left, right) =
        (nodes.column("left_child")?.to_i64()?, nodes.column("right_child")?.to_i64()?);
    let samples = nodes.column("n_node_samples")?.to_f64()?;
    let mut depths = vec![1.0; samples.len()];
    for (i, children) in left.iter().zip(&right).enumerate() {
        let below = depths.get(i).copied().unwrap_or(1.0) + 1.0;
        for child in [children.0, children.1] {
            // A child stands behind its parent.
            if let Some(cell) = usize::try_from(*child).ok().and_then(|child| depths.get_mut(child))
            {
                *cell = below;
            }
        }
    }
    Ok(depths.iter().zip(samples).map(|(depth, rows)| depth + expected_depth(rows) - 1.0).collect())
}

#[expect(clippy::cast_precision_loss, reason = "numbers of trees and rows")]
pub(super) fn isolation(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let trees = e.members("estimators_")?;
    let features = e.members("estimators_features_")?;
    let rows = match e.get("_max_samples").or_else(|| e.get("max_samples_")) {
        Some(rows) => rows.float()?,
        None => e.number("max_samples_")?,
    };
    let arg = lowering.numbers(step.columns, e.value())?;
    let takes_missing = e.since(1, 3) && {
        let first = trees.first().map(|tree| Estimator::new(tree, e.version())).transpose()?;
        first.as_ref().is_some_and(super::tree::takes_missing)
    };
    if !takes_missing {
        lowering.refuse_missing(step.columns);
    }
    let form = Form::of_values(1, takes_missing);
    let mut grove = Grove::new(form);
    for (tree, features) in trees.iter().zip(&features) {
        let tree = Estimator::new(tree, e.version())?;
        let features = features.array()?.to_i64()?;
        grove.plant_with(
            &tree,
            form,
            1.0,
            0,
            Some((&features, depths(&tree)?)),
            lowering.budget,
        )?;
    }
    let depths = lowering.op(grove.into_op(arg, 1, Vec::new(), Aggregate::Sum))?;
    let by = trees.len() as f64 * expected_depth(rows);
    if by == 0.0 {
        return Err(e.refuse(codes::SHAPE, "a forest of single rows isolates nothing"));
    }
    let share = lowering.with_number(BinaryOp::Div, depths, by)?;
    let share = lowering.unary(UnaryOp::Neg, share)?;
    let score = lowering.unary(UnaryOp::Exp2, share)?;
    let score = lowering.unary(UnaryOp::Neg, score)?;
    let decision = lowering.with_number(BinaryOp::Sub, score, e.number("offset_")?)?;
    detect(lowering, decision, AnomalySide::Below)
}

pub(super) fn elliptic(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let precision = e.matrix("precision_", lowering.budget)?;
    e.expect_width("precision_", precision.columns as usize, step.columns.len())?;
    let arg = lowering.dense(step.columns, e.value())?;
    let centred = moved(lowering, arg, e.numbers("location_")?)?;
    let zeros = vec![0.0; precision.rows as usize];
    let product = lowering.linear(centred, precision, zeros)?;
    let terms = lowering.binary(BinaryOp::Mul, product, centred)?;
    let sum = lowering.sum(terms)?;
    let negative = lowering.unary(UnaryOp::Neg, sum)?;
    let decision = lowering.with_number(BinaryOp::Sub, negative, e.number("offset_")?)?;
    let decision = lowering.op(Op::Concat(vec![decision]))?;
    detect(lowering, decision, AnomalySide::Below)
}

pub(super) fn sgd(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let (coefficients, _) = matrix(&e.fitted("coef_")?)?;
    e.expect_width("coef_", coefficients.columns as usize, step.columns.len())?;
    let arg = lowering.dense(step.columns, e.value())?;
    let decision = lowering.linear(arg, coefficients, vec![-e.number("offset_")?])?;
    detect(lowering, decision, AnomalySide::Below)
}

/// `RandomTreesEmbedding`: indicators of the leaf that a row falls into, a group a tree.
pub(super) fn embedding(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let trees = e.members("estimators_")?;
    let encoder = Estimator::new(&e.fitted("one_hot_encoder_")?, e.version())?;
    let leaves: Vec<_> = encoder.fitted("categories_")?.items()?.collect();
    e.expect_width("categories_", leaves.len(), trees.len())?;
    let arg = lowering.dense(step.columns, e.value())?;
    let form = Form::of_values(1, false);
    let mut grove = Grove::new(form);
    let all: Vec<i64> = (0..step.columns.len() as u64).map(u64::cast_signed).collect();
    for (i, tree) in trees.iter().enumerate() {
        let tree = Estimator::new(tree, e.version())?;
        let nodes = tree.fitted("tree_")?.object()?.require("nodes")?.array()?.len();
        let names = (0..count(e.value(), nodes)?).map(f64::from).collect();
        let output = count(e.value(), i)?;
        grove.plant_with(&tree, form, 1.0, output, Some((&all, names)), lowering.budget)?;
    }
    let outputs = count(e.value(), trees.len())?;
    let found = lowering.op(grove.into_op(arg, outputs, Vec::new(), Aggregate::Sum))?;
    let mut parts = Vec::new();
    let mut width = 0;
    for (i, leaves) in (0_u32..).zip(&leaves) {
        let arg = lowering.scalar_of(found, i)?;
        let values = leaves.array()?.to_f64()?;
        width += values.len();
        let categories = Categories::new(Labels::F64(values));
        let (drop, unknown, kind) = (None, Unknown::None, Kind::F64);
        parts.push(lowering.op(Op::OneHot(OneHot { arg, categories, drop, unknown, kind }))?);
    }
    let vector = lowering.op(Op::Concat(parts))?;
    Ok(Lowered::Columns(fresh(vector, width)))
}
