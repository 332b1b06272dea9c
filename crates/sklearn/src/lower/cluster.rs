//! Clusterings that answer for new rows: the closest of several centres, the first of equals.
//!
//! | class | centres | label | as a step |
//! |---|---|---|---|
//! | `KMeans`, `MiniBatchKMeans` | `cluster_centers_` | position | distances |
//! | `BisectingKMeans` | those of `_bisecting_tree`, from the root | `label` of the leaf | distances to `cluster_centers_` |
//! | `MeanShift`, `AffinityPropagation` | `cluster_centers_` | position | no |
//! | `Birch` | `subcluster_centers_` | `subcluster_labels_` | distances |
//!
//! `cluster/_kmeans.py`, `_bisect_k_means.py`, `_mean_shift.py`, `_affinity_propagation.py`, `_birch.py`.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{
    BinaryOp, Cluster, Comparison, Distances, Estimator as Family, Kind, Labels, Matrix, Metric,
    Op, Transform, ValueId,
};

use super::{
    Step,
    answer::{Clusters, Lowered},
    columns::{Lowering, fresh},
    estimator::{Estimator, count, floats},
};
use crate::codes;

/// Deepest tree of bisections.
const MAX_BISECTIONS: usize = 10_000;

pub(super) fn distances(
    lowering: &mut Lowering<'_>,
    arg: ValueId,
    points: Matrix,
    metric: Metric,
) -> Result<ValueId, Failure> {
    let comparison = Comparison::plain(metric);
    let distances = Distances { arg, points, comparison };
    lowering.op(Op::Transform(Transform::Distances(Box::new(distances))))
}

/// The labels 0, 1, ….
pub(super) fn positions(count: u32) -> Labels {
    Labels::I64((0..i64::from(count)).collect())
}

/// The closest centre answers.
fn closest(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    key: &str,
    labels: Option<Labels>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let centres = e.matrix(key, lowering.budget)?;
    e.expect_width(key, centres.columns as usize, step.columns.len())?;
    let labels = labels.unwrap_or_else(|| positions(centres.rows));
    let rows = centres.rows as usize;
    let arg = lowering.dense(step.columns, e.value())?;
    let distances = distances(lowering, arg, centres, Metric::Euclidean)?;
    if step.transforms {
        return Ok(Lowered::Columns(fresh(distances, rows)));
    }
    let cluster = Cluster { distances, largest: false, labels };
    let label = lowering.op(Op::Estimator(Family::Cluster(cluster)))?;
    Ok(Lowered::Clusters(Clusters { label, distances: true, shares: None }))
}

pub(super) fn centres(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    closest(lowering, step, "cluster_centers_", None)
}

pub(super) fn birch(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let labels = step.estimator.fitted("subcluster_labels_")?.array()?.to_i64()?;
    closest(lowering, step, "subcluster_centers_", Some(Labels::I64(labels)))
}

/// A cluster of the tree: the way to it and what is known there.
struct Open<'p> {
    node: Value<'p>,
    /// 1 where the row comes this way, else 0; none at the root.
    here: Option<ValueId>,
}

pub(super) fn bisecting(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    if step.transforms {
        return centres(lowering, step);
    }
    let e = step.estimator;
    let mean = e.get("_X_mean").map(|value| floats(&value)).transpose()?;
    let arg = lowering.dense(step.columns, e.value())?;
    let mut open = vec![Open { node: e.fitted("_bisecting_tree")?, here: None }];
    let mut leaves: Vec<(i64, ValueId)> = Vec::new();
    let mut seen = 0;
    while let Some(Open { node, here }) = open.pop() {
        seen += 1;
        if seen > MAX_BISECTIONS {
            return Err(Failure::limit(codes::DEPTH, "the tree of clusters is too large"));
        }
        let part = Estimator::new(&node, e.version())?;
        let (Some(left), Some(right)) = (part.get("left"), part.get("right")) else {
            let always = lowering.number(1.0)?;
            leaves.push((part.fitted("label")?.int()?, here.unwrap_or(always)));
            continue;
        };
        let mut points = Vec::new();
        for child in [&left, &right] {
            let mut centre = Estimator::new(child, e.version())?.numbers("center")?;
            e.expect_width("center", centre.len(), step.columns.len())?;
            let mean = mean.iter().flatten();
            centre.iter_mut().zip(mean).for_each(|(centre, mean)| *centre += mean);
            points.extend(centre);
        }
        let columns = count(e.value(), step.columns.len())?;
        let points = Matrix { rows: 2, columns, data: points };
        let both = distances(lowering, arg, points, Metric::SquaredEuclidean)?;
        let (first, second) = (lowering.scalar_of(both, 0)?, lowering.scalar_of(both, 1)?);
        for (child, op) in [(right, BinaryOp::Gt), (left, BinaryOp::Le)] {
            let test = lowering.binary(op, first, second)?;
            let mut way = lowering.op(Op::Cast { arg: test, to: Kind::F64 })?;
            if let Some(here) = here {
                way = lowering.binary(BinaryOp::Mul, here, way)?;
            }
            open.push(Open { node: child, here: Some(way) });
        }
    }
    leaves.sort_by_key(|(label, _)| *label);
    let labels = Labels::I64(leaves.iter().map(|(label, _)| *label).collect());
    let distances = lowering.op(Op::Concat(leaves.into_iter().map(|(_, here)| here).collect()))?;
    let cluster = Cluster { distances, largest: true, labels };
    let label = lowering.op(Op::Estimator(Family::Cluster(cluster)))?;
    Ok(Lowered::Clusters(Clusters { label, distances: false, shares: None }))
}
