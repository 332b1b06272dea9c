//! Rows placed by their neighbours among the training rows, which `nbrs_` keeps.
//!
//! | class | computes |
//! |---|---|
//! | `Isomap` | the shortest path to each training row, by a near one: `kernel_pca_` of −½ · its square |
//! | `LocallyLinearEmbedding` | the mean of `embedding_` of the near rows, by the weights that come closest to the row |
//!
//! `manifold/_isomap.py`, `_locally_linear.py`. The same in all versions.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Estimator as Family, Matrix, Near, NeighborAnswer, NeighborCombine, NeighborWeights,
    Neighbors, Op, Part, ValueId,
};

use super::{
    Step,
    answer::Lowered,
    columns::{Lowering, fresh},
    estimator::Estimator,
    kernels::components,
    neighbors::{comparison, near},
};

/// What the training rows near a row say of a table with a row each.
fn by_near(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    near: Near,
    weights: NeighborWeights,
    (targets, combine): (Matrix, NeighborCombine),
) -> Result<ValueId, Failure> {
    let e = step.estimator;
    let found = Estimator::new(&e.fitted("nbrs_")?, e.version())?;
    let rows = found.matrix("_fit_X", lowering.budget)?;
    e.expect_width("nbrs_._fit_X", rows.columns as usize, step.columns.len())?;
    let (comparison, ids) = (comparison(&found)?, Vec::new());
    let arg = lowering.dense(step.columns, e.value())?;
    let answer = NeighborAnswer::Values { targets, combine };
    let op = Neighbors { arg, rows, ids, comparison, near, weights, answer };
    let answer = lowering.op(Op::Estimator(Family::Neighbors(Box::new(op))))?;
    lowering.part(answer, Part::Values)
}

pub(super) fn isomap(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let near = if e.get("n_neighbors").is_some() {
        near(e)?
    } else {
        Near::Radius(e.fitted("radius")?.float()?)
    };
    let targets = e.matrix("dist_matrix_", lowering.budget)?;
    let form = (targets, NeighborCombine::ShortestPath);
    let paths = by_near(lowering, step, near, NeighborWeights::Uniform, form)?;
    let squares = lowering.binary(BinaryOp::Mul, paths, paths)?;
    let kernel = lowering.with_number(BinaryOp::Mul, squares, -0.5)?;
    let placed = Estimator::new(&e.fitted("kernel_pca_")?, e.version())?;
    let (vector, total) = components(lowering, &placed, kernel)?;
    Ok(Lowered::Columns(fresh(vector, total)))
}

pub(super) fn locally_linear(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let targets = e.matrix("embedding_", lowering.budget)?;
    let total = targets.columns as usize;
    let weights = NeighborWeights::Barycentric(e.number("reg")?);
    let form = (targets, NeighborCombine::Mean);
    let vector = by_near(lowering, step, near(e)?, weights, form)?;
    Ok(Lowered::Columns(fresh(vector, total)))
}
