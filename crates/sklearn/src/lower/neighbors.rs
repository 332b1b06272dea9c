//! Nearest neighbours: `_fit_X` holds the training rows, `_y` their answers (classes by position);
//! `neighbors/_classification.py`, `_regression.py`. The trees `_tree` only speed the search up.
//!
//! Of rows at equal distance scikit-learn may take either; here the earlier one is taken. Metrics by
//! name are carried, with `p`, `w` and `V`. The same in all versions.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{
    Comparison, Estimator as Family, Labels, Matrix, Metric, Near, NeighborAnswer, NeighborCombine,
    NeighborWeights, Neighbors, Op, Scalar, TieRule,
};

use super::{
    Step,
    answer::{Classifier, Lowered},
    columns::Lowering,
    estimator::{Estimator, classes, floats, labels, matrix},
};
use crate::codes;

/// How two rows are compared.
pub(super) fn comparison(estimator: &Estimator<'_>) -> Result<Comparison, Failure> {
    let key =
        if estimator.get("effective_metric_").is_some() { "effective_metric_" } else { "metric" };
    let parameters =
        estimator.get("effective_metric_params_").or_else(|| estimator.get("metric_params"));
    let parameter = |name: &str| parameters.as_ref().and_then(|value| value.get(name));
    let p = || parameter("p").or_else(|| estimator.get("p")).and_then(|p| p.as_float());
    let metric = match estimator.word(key) {
        Some("euclidean" | "l2") => Metric::Euclidean,
        Some("seuclidean") => Metric::Euclidean,
        Some("sqeuclidean") => Metric::SquaredEuclidean,
        Some("manhattan" | "cityblock" | "l1") => Metric::CityBlock,
        Some("chebyshev" | "infinity") => Metric::Chebyshev,
        Some("minkowski" | "p") => match p() {
            Some(2.0) => Metric::Euclidean,
            Some(1.0) => Metric::CityBlock,
            Some(p) if p.is_infinite() => Metric::Chebyshev,
            Some(p) => Metric::Minkowski(p),
            None => Metric::Euclidean,
        },
        Some("cosine") => Metric::Cosine,
        Some("hamming") => Metric::Hamming,
        Some("canberra") => Metric::Canberra,
        Some("haversine") => Metric::Haversine,
        Some(_) | None => {
            return Err(estimator.unknown(key).with_help(
                "fit with a metric given by its name, such as `euclidean`, `manhattan` or `cosine`",
            ));
        }
    };
    let weights = match (parameter("w"), parameter("V")) {
        (Some(w), _) if !w.is_none() => floats(&w)?,
        (_, Some(v)) => floats(&v)?.into_iter().map(|v| 1.0 / v).collect(),
        (Some(_) | None, None) => Vec::new(),
    };
    Ok(Comparison { weights, ..Comparison::plain(metric) })
}

fn weights(estimator: &Estimator<'_>) -> Result<NeighborWeights, Failure> {
    match estimator.get("weights").map(|value| value.as_text()) {
        None | Some(Some("uniform")) => Ok(NeighborWeights::Uniform),
        Some(Some("distance")) => Ok(NeighborWeights::Inverse),
        Some(_) => Err(estimator.unknown("weights").with_help("use `uniform` or `distance`")),
    }
}

fn near(estimator: &Estimator<'_>) -> Result<Near, Failure> {
    if estimator.object().name().starts_with("Radius") {
        return Ok(Near::Radius(estimator.fitted("radius")?.float()?));
    }
    let count = estimator.fitted("n_neighbors")?;
    let number = u32::try_from(count.int()?).map_err(|error| {
        count.failure(codes::SHAPE, "`n_neighbors` is not a count").caused_by(error)
    })?;
    Ok(Near::Count(number))
}

fn neighbors(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    answer: NeighborAnswer,
) -> Result<holdall_tabular::ValueId, Failure> {
    let e = step.estimator;
    let rows = e.matrix("_fit_X", lowering.budget)?;
    e.expect_width("_fit_X", rows.columns as usize, step.columns.len())?;
    let (comparison, near, weights) = (comparison(e)?, near(e)?, weights(e)?);
    let arg = lowering.dense(step.columns, e.value())?;
    let ids = Vec::new();
    let op = Neighbors { arg, rows, ids, comparison, near, weights, answer };
    lowering.op(Op::Estimator(Family::Neighbors(Box::new(op))))
}

/// The class of a training row, by position.
fn class_of_rows(value: &Value<'_>, classes: usize) -> Result<Vec<u32>, Failure> {
    let positions = value.array()?.to_i64()?;
    let known = |&i: &i64| u32::try_from(i).ok().filter(|&i| (i as usize) < classes);
    let found: Option<Vec<u32>> = positions.iter().map(known).collect();
    found.ok_or_else(|| value.failure(codes::SHAPE, "a training row of an unknown class"))
}

pub(super) fn classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let of_row = class_of_rows(&e.fitted("_y")?, classes.len())?;
    let outlier = outlier(e, &classes)?;
    let answer = NeighborAnswer::Classes {
        classes: classes.clone(),
        of_row,
        outlier,
        ties: TieRule::FirstClass,
    };
    let id = neighbors(lowering, step, answer)?;
    let probabilities = Some(id);
    Ok(Lowered::Classes(Classifier { classes, label: id, probabilities, decision: None }))
}

/// The class that a radius classifier gives where no row is near.
fn outlier(estimator: &Estimator<'_>, classes: &Labels) -> Result<Option<u32>, Failure> {
    let Some(value) = estimator.get("outlier_label_").filter(|_| estimator.get("radius").is_some())
    else {
        return Ok(None);
    };
    let value =
        if value.is_array() || value.as_text().is_some() { value } else { value.item(0)? };
    let label = if value.is_array() {
        labels(&value)?.0.get(0)
    } else if let Some(number) = value.as_int() {
        Some(Scalar::I64(number))
    } else if value.is_none() {
        return Ok(None);
    } else {
        Some(Scalar::Text(value.to_text()?))
    };
    let place = (0_u32..).zip(0..classes.len()).find(|(_, i)| classes.get(*i) == label);
    match place {
        Some((place, _)) => Ok(Some(place)),
        None => Err(estimator
            .unknown("outlier_label")
            .with_help("use the label of one of the classes, or `most_frequent`")),
    }
}

pub(super) fn regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let (targets, flat) = matrix(&step.estimator.fitted("_y")?)?;
    let targets =
        if flat { Matrix { rows: targets.columns, columns: 1, ..targets } } else { targets };
    let answer = NeighborAnswer::Values { targets, combine: NeighborCombine::Mean };
    neighbors(lowering, step, answer).map(Lowered::Values)
}
