//! Feature selection: which columns pass; `feature_selection/`.
//!
//! | class | passes |
//! |---|---|
//! | `VarianceThreshold` | `variances_` above `threshold` |
//! | `SelectKBest` | the `k` largest `scores_`, of equals the later ones; NaN is the smallest |
//! | `SelectPercentile` | `scores_` above the percentile, of those at it the first |
//! | `SelectFpr`, `SelectFwe`, `SelectFdr` | `pvalues_` below `alpha`, by its correction |
//! | `RFE`, `RFECV` (which answer through `estimator_`), `SequentialFeatureSelector` | `support_` |
//! | `SelectFromModel` | importances of `estimator_` at least the threshold: of `coef_`, or stored ones |

use holdall_diag::Failure;
use holdall_pickle::Value;

use super::{
    Step,
    answer::Lowered,
    columns::Lowering,
    estimator::{Estimator, floats, matrix},
    lower_member,
};
use crate::codes;

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let mask = match e.object().name() {
        "VarianceThreshold" => {
            let limit = e.number("threshold")?;
            e.numbers("variances_")?.into_iter().map(|v| v > limit).collect()
        }
        "RFE" | "RFECV" | "SequentialFeatureSelector" => {
            e.fitted("support_")?.array()?.to_bool()?
        }
        "SelectFromModel" => from_model(e)?,
        "GenericUnivariateSelect" => {
            let mode = e.word("mode").ok_or_else(|| e.unknown("mode"))?;
            univariate(e, mode, "param")?
        }
        "SelectKBest" => univariate(e, "k_best", "k")?,
        "SelectPercentile" => univariate(e, "percentile", "percentile")?,
        "SelectFpr" => univariate(e, "fpr", "alpha")?,
        "SelectFwe" => univariate(e, "fwe", "alpha")?,
        "SelectFdr" => univariate(e, "fdr", "alpha")?,
        _ => return Err(e.refuse(codes::CLASS, "a selector that is not known")),
    };
    e.expect_width("the columns that pass", mask.len(), step.columns.len())?;
    let chosen = step.columns.iter().zip(mask).filter(|(_, passes)| *passes);
    let columns: Vec<_> = chosen.map(|(column, _)| *column).collect();
    if columns.is_empty() {
        return Err(e.refuse(codes::SHAPE, "no column passes the selection"));
    }
    if !step.transforms && matches!(e.object().name(), "RFE" | "RFECV") {
        return lower_member(lowering, step, &e.fitted("estimator_")?, &columns);
    }
    // All but the thresholds on variance and models refuse NaN.
    if !matches!(
        e.object().name(),
        "VarianceThreshold" | "SelectFromModel" | "RFE" | "RFECV" | "SequentialFeatureSelector"
    ) {
        lowering.refuse_missing(step.columns);
    }
    Ok(Lowered::Columns(columns))
}

#[expect(clippy::cast_precision_loss, reason = "a number of columns")]
fn univariate(e: &Estimator<'_>, mode: &str, key: &str) -> Result<Vec<bool>, Failure> {
    let parameter = e.fitted(key)?;
    let p = || e.numbers("pvalues_");
    match mode {
        "k_best" if parameter.as_text() == Some("all") => {
            Ok(vec![true; e.numbers("scores_")?.len()])
        }
        "k_best" => {
            let scores = cleaned(&e.fitted("scores_")?)?;
            let k = usize::try_from(parameter.int()?).unwrap_or(0).min(scores.len());
            let mut order: Vec<usize> = (0..scores.len()).collect();
            let at = |i: usize| scores.get(i).copied().unwrap_or(f64::MIN);
            order.sort_by(|&a, &b| at(a).total_cmp(&at(b)));
            let best = order.get(scores.len() - k..).unwrap_or_default();
            Ok(mask_of(best, scores.len()))
        }
        "percentile" => Ok(percentile(&cleaned(&e.fitted("scores_")?)?, parameter.float()?)),
        "fpr" => {
            let alpha = parameter.float()?;
            Ok(p()?.into_iter().map(|p| p < alpha).collect())
        }
        "fwe" => {
            let list = p()?;
            let limit = parameter.float()? / list.len() as f64;
            Ok(list.into_iter().map(|p| p < limit).collect())
        }
        "fdr" => {
            let list = p()?;
            let alpha = parameter.float()?;
            let mut sorted = list.clone();
            sorted.sort_by(f64::total_cmp);
            let total = sorted.len() as f64;
            let places = sorted.iter().zip(1_u32..);
            let passing = places.filter(|(p, i)| **p <= alpha / total * f64::from(*i));
            let most = passing.map(|(p, _)| *p).fold(f64::NEG_INFINITY, f64::max);
            Ok(list.into_iter().map(|p| p <= most).collect())
        }
        _ => Err(e.unknown("mode")),
    }
}

fn cleaned(scores: &Value<'_>) -> Result<Vec<f64>, Failure> {
    Ok(floats(scores)?.into_iter().map(|s| if s.is_nan() { f64::MIN } else { s }).collect())
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions within a list of columns"
)]
fn percentile(scores: &[f64], percent: f64) -> Vec<bool> {
    if percent >= 100.0 {
        return vec![true; scores.len()];
    }
    if percent <= 0.0 {
        return vec![false; scores.len()];
    }
    // As `numpy.percentile`: between the two closest ranks.
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (100.0 - percent) / 100.0 * (scores.len() as f64 - 1.0);
    let (low, share) = (rank.floor(), rank - rank.floor());
    let at = |i: f64| sorted.get(i as usize).or(sorted.last()).copied().unwrap_or(f64::NAN);
    let (a, b) = (at(low), at(low + 1.0));
    let limit = if share < 0.5 { a + (b - a) * share } else { b - (b - a) * (1.0 - share) };
    let mut mask: Vec<bool> = scores.iter().map(|s| *s > limit).collect();
    let most = (scores.len() as f64 * percent / 100.0) as usize;
    let mut left = most.saturating_sub(mask.iter().filter(|m| **m).count());
    for (passes, score) in mask.iter_mut().zip(scores) {
        if score.to_bits() == limit.to_bits() && left > 0 {
            *passes = true;
            left -= 1;
        }
    }
    mask
}

/// Whether a model was fitted with the L1 norm alone, so that the default threshold is 1e-5.
fn sparse(model: &Estimator<'_>) -> Result<bool, Failure> {
    let name = model.object().name();
    if name.contains("Lasso") || model.word("penalty") == Some("l1") {
        return Ok(true);
    }
    let key = match name {
        "ElasticNet" => "l1_ratio",
        "ElasticNetCV" => "l1_ratio_",
        "LogisticRegression" if model.since(1, 8) => "l1_ratio",
        "LogisticRegressionCV" if model.since(1, 8) => "l1_ratio_",
        _ => return Ok(false),
    };
    let Some(value) = model.get(key) else { return Ok(false) };
    let ratios = value.as_float().map_or_else(|| floats(&value), |ratio| Ok(vec![ratio]))?;
    Ok(ratios.iter().all(|ratio| (ratio - 1.0).abs() <= 1e-8 + 1e-5))
}

/// The positions of a list that are among some.
fn mask_of(chosen: &[usize], width: usize) -> Vec<bool> {
    let mut mask = vec![false; width];
    for &i in chosen {
        if let Some(cell) = mask.get_mut(i) {
            *cell = true;
        }
    }
    mask
}

/// Importances of a fitted model: those that are stored, or the sizes of its coefficients.
fn importances(e: &Estimator<'_>, model: &Estimator<'_>) -> Result<Vec<f64>, Failure> {
    if e.word("importance_getter").is_some_and(|getter| getter != "auto") {
        return Err(e.unknown("importance_getter"));
    }
    let Some(coefficients) = model.get("coef_") else {
        return super::importance::of(model);
    };
    let (coefficients, flat) = matrix(&coefficients)?;
    if flat || coefficients.rows == 1 {
        return Ok(coefficients.data.iter().map(|c| c.abs()).collect());
    }
    let order = e.get("norm_order").and_then(|order| order.as_float()).unwrap_or(1.0);
    let sizes = super::matrix::transposed(&coefficients);
    let all: Vec<Vec<f64>> = (0..sizes.rows as usize)
        .map(|column| sizes.row(column).iter().map(|c| c.abs()).collect())
        .collect();
    Ok(all
        .into_iter()
        .map(|sizes| {
            if order.to_bits() == 1.0_f64.to_bits() {
                sizes.iter().sum()
            } else if order.is_infinite() {
                sizes.into_iter().fold(0.0, f64::max)
            } else if order.to_bits() == 2.0_f64.to_bits() {
                sizes.iter().map(|s| s * s).sum::<f64>().sqrt()
            } else {
                sizes.iter().map(|s| s.powf(order)).sum::<f64>().powf(1.0 / order)
            }
        })
        .collect())
}

#[expect(clippy::cast_precision_loss, reason = "a number of columns")]
fn from_model(e: &Estimator<'_>) -> Result<Vec<bool>, Failure> {
    let key = if e.flag("prefit", false) && e.get("estimator_").is_none() {
        "estimator"
    } else {
        "estimator_"
    };
    let model = Estimator::new(&e.fitted(key)?, e.version())?;
    let scores = importances(e, &model)?;
    let mut sorted = scores.clone();
    sorted.sort_by(f64::total_cmp);
    let mean = || scores.iter().sum::<f64>() / scores.len() as f64;
    let median = || {
        let half = sorted.len() / 2;
        let at = |i: usize| sorted.get(i).copied().unwrap_or(f64::NAN);
        if sorted.len() % 2 == 1 { at(half) } else { f64::midpoint(at(half - 1), at(half)) }
    };
    let reference = |name: &str| match name.trim() {
        "mean" => Ok(mean()),
        "median" => Ok(median()),
        _ => Err(e.unknown("threshold")),
    };
    let sparse = sparse(&model)?;
    let limit = match e.get("threshold") {
        None if sparse => 1e-5,
        None => mean(),
        Some(value) => match (value.as_float(), value.as_text()) {
            (Some(number), _) => number,
            (None, Some(text)) => match text.split_once('*') {
                Some((factor, name)) => {
                    let factor: f64 = factor
                        .trim()
                        .parse()
                        .map_err(|error| e.unknown("threshold").caused_by(error))?;
                    factor * reference(name)?
                }
                None => reference(text)?,
            },
            (None, None) => return Err(e.unknown("threshold")),
        },
    };
    let mut mask = vec![true; scores.len()];
    if let Some(most) = e.get("max_features") {
        let most = usize::try_from(most.int()?).unwrap_or(0);
        let mut order: Vec<usize> = (0..scores.len()).collect();
        let at = |i: usize| scores.get(i).copied().unwrap_or(0.0);
        order.sort_by(|&a, &b| at(b).total_cmp(&at(a)));
        order.truncate(most);
        mask = mask_of(&order, scores.len());
    }
    Ok(mask.into_iter().zip(scores).map(|(passes, score)| passes && score >= limit).collect())
}
