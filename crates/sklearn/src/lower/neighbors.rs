//! Nearest neighbours: `_fit_X` holds the training rows, `_y` their answers (classes by position);
//! `neighbors/_classification.py`, `_regression.py`. The trees `_tree` only speed the search up.
//!
//! Of rows at equal distance scikit-learn may take either; here the earlier one is taken. Metrics by
//! name are carried, with `p`, `w` and `V`. The same in all versions.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{
    AnomalySide, BinaryOp, Comparison, Estimator as Family, Labels, Matrix, Metric, Near,
    NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, Op, Part, Scalar, TieRule,
    UnaryOp,
};

use super::{
    Step,
    answer::{Classifier, Lowered},
    columns::Lowering,
    estimator::{Estimator, classes, floats, labels, matrix, target_classes},
    svm::detect,
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

pub(super) fn weights(estimator: &Estimator<'_>) -> Result<NeighborWeights, Failure> {
    match estimator.get("weights").map(|value| value.as_text()) {
        None | Some(Some("uniform")) => Ok(NeighborWeights::Uniform),
        Some(Some("distance")) => Ok(NeighborWeights::Inverse),
        Some(_) => Err(estimator.unknown("weights").with_help("use `uniform` or `distance`")),
    }
}

pub(super) fn near(estimator: &Estimator<'_>) -> Result<Near, Failure> {
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
fn class_of_rows(
    value: &Value<'_>,
    positions: &[i64],
    classes: usize,
) -> Result<Vec<u32>, Failure> {
    let known = |&i: &i64| u32::try_from(i).ok().filter(|&i| (i as usize) < classes);
    let found: Option<Vec<u32>> = positions.iter().map(known).collect();
    found.ok_or_else(|| value.failure(codes::SHAPE, "a training row of an unknown class"))
}

pub(super) fn classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let rows = e.fitted("_y")?;
    let positions = rows.array()?.to_i64()?;
    let Some(targets) = target_classes(e)? else {
        let classes = classes(e)?;
        let of_row = class_of_rows(&rows, &positions, classes.len())?;
        return classes_near(lowering, step, classes, of_row, 0).map(Lowered::Classes);
    };
    let total = targets.len();
    e.expect_width("classes_", total, rows.array()?.extent(1))?;
    let mut answers = Vec::with_capacity(total);
    for (target, classes) in targets.into_iter().enumerate() {
        let of_target: Vec<i64> = positions.iter().skip(target).step_by(total).copied().collect();
        let of_row = class_of_rows(&rows, &of_target, classes.len())?;
        answers.push(classes_near(lowering, step, classes, of_row, target)?);
    }
    Ok(Lowered::Targets(answers))
}

/// The classes of the rows that are near, for one target.
fn classes_near(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    classes: Labels,
    of_row: Vec<u32>,
    target: usize,
) -> Result<Classifier, Failure> {
    let outlier = outlier(step.estimator, &classes, target)?;
    let ties = TieRule::FirstClass;
    let answer = NeighborAnswer::Classes { classes: classes.clone(), of_row, outlier, ties };
    let id = neighbors(lowering, step, answer)?;
    Ok(Classifier { classes, label: id, probabilities: Some(id), decision: None })
}

/// `LocalOutlierFactor` with `novelty=True`: the mean of the densities `_lrd` of the rows that are near,
/// by the density here, which is 1 ÷ (mean(max(distance, distance of the row's own last neighbour)) + 1e-10).
/// `neighbors/_lof.py`.
pub(super) fn outlier_factor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    if !e.flag("novelty", false) {
        let message = "without `novelty` it answers for the rows it was fitted on only";
        return Err(e.refuse(codes::PARAMETER, message).with_help("fit with `novelty=True`"));
    }
    let rows = e.matrix("_fit_X", lowering.budget)?;
    e.expect_width("_fit_X", rows.columns as usize, step.columns.len())?;
    let total = rows.rows as usize;
    let far = e.matrix("_distances_fit_X_", lowering.budget)?;
    e.expect_width("_distances_fit_X_", far.rows as usize, total)?;
    let last: Vec<f64> = (0..total).filter_map(|row| far.row(row).last().copied()).collect();
    let densities = e.numbers("_lrd")?;
    e.expect_width("_lrd", densities.len(), total)?;
    let count = e.fitted("n_neighbors_")?;
    let near = u32::try_from(count.int()?).map_err(|error| {
        count.failure(codes::SHAPE, "`n_neighbors_` is not a count").caused_by(error)
    })?;
    lowering.budget.charge_elements(rows.data.len() as u64, 8)?;
    let comparison = comparison(e)?;
    let arg = lowering.dense(step.columns, e.value())?;
    let asked = |lowering: &mut Lowering<'_>, values, combine| {
        let targets = Matrix { rows: rows.rows, columns: 1, data: values };
        let answer = NeighborAnswer::Values { targets, combine };
        let (ids, weights, near) = (Vec::new(), NeighborWeights::Uniform, Near::Count(near));
        let (rows, comparison) = (rows.clone(), comparison.clone());
        let op = Neighbors { arg, rows, ids, comparison, near, weights, answer };
        let answer = lowering.op(Op::Estimator(Family::Neighbors(Box::new(op))))?;
        lowering.part(answer, Part::Values)
    };
    let density = asked(lowering, densities, NeighborCombine::Mean)?;
    let reach = asked(lowering, last, NeighborCombine::Reach)?;
    let reach = lowering.with_number(BinaryOp::Add, reach, 1e-10)?;
    let score = lowering.binary(BinaryOp::Mul, density, reach)?;
    let score = lowering.unary(UnaryOp::Neg, score)?;
    let decision = lowering.with_number(BinaryOp::Sub, score, e.number("offset_")?)?;
    detect(lowering, decision, AnomalySide::Below)
}

/// The class that a radius classifier gives for a target where no row is near.
fn outlier(
    estimator: &Estimator<'_>,
    classes: &Labels,
    target: usize,
) -> Result<Option<u32>, Failure> {
    let Some(value) = estimator.get("outlier_label_").filter(|_| estimator.get("radius").is_some())
    else {
        return Ok(None);
    };
    let value =
        if value.is_array() || value.as_text().is_some() { value } else { value.item(target)? };
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
