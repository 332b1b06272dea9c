//! `feature_importances_` of trees and forests, which are computed when asked for:
//! `compute_feature_importances` of `tree/_tree.pyx`, `ensemble/_forest.py`.

use holdall_diag::Failure;

use super::{estimator::Estimator, width};
use crate::codes;

/// The importances of a tree or forest.
pub(super) fn of(model: &Estimator<'_>) -> Result<Vec<f64>, Failure> {
    if model.get("tree_").is_some() {
        return tree(model);
    }
    let forest = model.object().module().ends_with("_forest");
    let members = if forest { model.members("estimators_")? } else { Vec::new() };
    if members.is_empty() {
        return Err(model
            .refuse(codes::PARAMETER, "the importances of this model are not carried")
            .with_help("select with a linear model, a tree or a forest"));
    }
    let mut sum: Vec<f64> = Vec::new();
    let mut used = 0.0;
    for member in &members {
        let member = Estimator::new(member, model.version())?;
        let nodes = member.fitted("tree_")?.object()?.require("nodes")?.array()?;
        if nodes.len() < 2 {
            continue;
        }
        used += 1.0;
        let one = tree(&member)?;
        sum.resize(one.len(), 0.0);
        sum.iter_mut().zip(one).for_each(|(sum, one)| *sum += one);
    }
    for sum in &mut sum {
        *sum /= used;
    }
    let total: f64 = sum.iter().sum();
    Ok(sum.into_iter().map(|x| x / total).collect())
}

fn tree(model: &Estimator<'_>) -> Result<Vec<f64>, Failure> {
    let nodes = model.fitted("tree_")?.object()?.require("nodes")?.array()?;
    let integers = |field: &str| nodes.column(field)?.to_i64();
    let numbers = |field: &str| nodes.column(field)?.to_f64();
    let (left, right, feature) =
        (integers("left_child")?, integers("right_child")?, integers("feature")?);
    let (impurity, weight) = (numbers("impurity")?, numbers("weighted_n_node_samples")?);
    let mut all = vec![0.0; width::of(model)?];
    let of = |i: i64| -> Option<f64> {
        let i = usize::try_from(i).ok()?;
        Some(weight.get(i)? * impurity.get(i)?)
    };
    for (i, ((left, right), feature)) in (0_i64..).zip(left.iter().zip(&right).zip(&feature)) {
        if *left == -1 {
            continue;
        }
        let gain = of(i).zip(of(*left)).zip(of(*right)).map(|((a, b), c)| a - b - c);
        let cell = usize::try_from(*feature).ok().and_then(|feature| all.get_mut(feature));
        if let (Some(cell), Some(gain)) = (cell, gain) {
            *cell += gain;
        }
    }
    let root = weight.first().copied().unwrap_or(1.0);
    for x in &mut all {
        *x /= root;
    }
    let total: f64 = all.iter().sum();
    if total > 0.0 {
        for x in &mut all {
            *x /= total;
        }
    }
    Ok(all)
}
