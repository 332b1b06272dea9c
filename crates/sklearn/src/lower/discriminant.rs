//! `QuadraticDiscriminantAnalysis` and `NearestCentroid`: a score for each class from the distance to its
//! centre; `discriminant_analysis.py`, `neighbors/_nearest_centroid.py`.
//!
//! QDA: −½ (|(x − mean) · R ÷ √S|² + Σ ln S) + ln prior. Nearest centroid: the closest of `centroids_`;
//! from 1.6 with unequal priors the largest of −d² + 2 ln prior, d measured in deviations.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Decision, Link, Matrix, Metric, Op, Scale, ScaleForm, UnaryOp, ValueId,
};

use super::{
    Step,
    answer::{Classifier, Lowered, by_margins},
    cluster::distances,
    columns::Lowering,
    estimator::{classes, floats, matrix},
    matrix::transposed,
    mixture::moved,
    shares::squared,
};
use crate::codes;

/// Several classes have a score each, two the difference of theirs.
fn decision(
    lowering: &mut Lowering<'_>,
    scores: ValueId,
    classes: usize,
) -> Result<ValueId, Failure> {
    if classes != 2 {
        return Ok(scores);
    }
    let coefficients = Matrix { rows: 1, columns: 2, data: vec![-1.0, 1.0] };
    lowering.linear(scores, coefficients, vec![0.0])
}

pub(super) fn quadratic(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let means = e.matrix("means_", lowering.budget)?;
    e.expect_width("means_", means.columns as usize, step.columns.len())?;
    let (rotations, scalings) = (e.members("rotations_")?, e.members("scalings_")?);
    let priors = e.numbers("priors_")?;
    e.expect_width("rotations_", rotations.len(), classes.len())?;
    e.expect_width("scalings_", scalings.len(), classes.len())?;
    e.expect_width("priors_", priors.len(), classes.len())?;
    let arg = lowering.dense(step.columns, e.value())?;
    let (mut norms, mut constants) = (Vec::new(), Vec::new());
    for (class, ((rotation, scaling), prior)) in
        rotations.iter().zip(&scalings).zip(priors).enumerate()
    {
        let scaling = floats(scaling)?;
        let mut rows = transposed(&matrix(rotation)?.0);
        let width = (rows.columns as usize).max(1);
        for (row, s) in rows.data.chunks_mut(width).zip(&scaling) {
            for cell in row {
                *cell *= s.powf(-0.5);
            }
        }
        let centred = moved(lowering, arg, means.row(class).to_vec())?;
        let zeros = vec![0.0; rows.rows as usize];
        let projected = lowering.linear(centred, rows, zeros)?;
        let squares = squared(lowering, projected)?;
        norms.push(lowering.sum(squares)?);
        constants.push(-0.5 * scaling.iter().map(|s| s.ln()).sum::<f64>() + prior.ln());
    }
    let norms = lowering.op(Op::Concat(norms))?;
    let halved = lowering.with_number(BinaryOp::Mul, norms, -0.5)?;
    let constants = lowering.constants(constants)?;
    let scores = lowering.binary(BinaryOp::Add, halved, constants)?;
    let total = classes.len();
    let (link, largest) = (Some(Link::Softmax), Decision::LargestMargin);
    let mut answer = by_margins(lowering, classes.clone(), scores, link, largest)?;
    let margins = decision(lowering, scores, total)?;
    if total == 2 {
        let (link, above) = (Some(Link::Logistic), Decision::MarginAbove(0.0));
        let pair = by_margins(lowering, classes, margins, link, above)?;
        answer.label = pair.label;
    }
    answer.decision = Some(margins);
    Ok(Lowered::Classes(answer))
}

pub(super) fn centroid(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let metric = match e.word("metric") {
        Some("euclidean") => Metric::Euclidean,
        Some("manhattan") => Metric::CityBlock,
        Some(_) | None => return Err(e.unknown("metric")),
    };
    let centroids = e.matrix("centroids_", lowering.budget)?;
    e.expect_width("centroids_", centroids.columns as usize, step.columns.len())?;
    let arg = lowering.dense(step.columns, e.value())?;
    let far = distances(lowering, arg, centroids.clone(), metric)?;
    let near = lowering.unary(UnaryOp::Neg, far)?;
    let largest = Decision::LargestMargin;
    let closest = by_margins(lowering, classes.clone(), near, None, largest)?;
    let Some(priors) = e.get("class_prior_").filter(|_| e.since(1, 6)) else {
        return Ok(Lowered::Classes(Classifier { decision: None, ..closest }));
    };
    let priors = floats(&priors)?;
    #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
    let share = 1.0 / classes.len() as f64;
    // `numpy.isclose`.
    let equal = priors.iter().all(|p| (p - share).abs() <= 1e-8 + 1e-5 * share);
    let deviations = e.per_column("within_class_std_dev_", step.columns.len())?;
    let by: Vec<f64> = deviations.iter().map(|&d| if d == 0.0 { 1.0 } else { d }).collect();
    let mut points = centroids;
    points.data.iter_mut().zip(by.iter().cycle()).for_each(|(cell, by)| *cell /= by);
    let (form, factor) = (ScaleForm::SubtractDivide, Some(by));
    let scaled = lowering.op(Op::Scale(Scale { arg, form, offset: None, factor }))?;
    let far = distances(lowering, scaled, points, metric)?;
    let squares = squared(lowering, far)?;
    let constants = lowering.constants(priors.iter().map(|p| 2.0 * p.ln()).collect())?;
    if priors.len() != classes.len() {
        return Err(e.value().failure(codes::SHAPE, "expected a prior for each class"));
    }
    let scores = lowering.binary(BinaryOp::Sub, constants, squares)?;
    let total = classes.len();
    let (link, largest) = (Some(Link::Softmax), Decision::LargestMargin);
    let answer = by_margins(lowering, classes, scores, link, largest)?;
    let margins = decision(lowering, scores, total)?;
    let label = if equal { closest.label } else { answer.label };
    if metric != Metric::Euclidean {
        // Scores are said to mean something for the Euclidean metric only.
        let (probabilities, decision) = (None, None);
        return Ok(Lowered::Classes(Classifier { label, probabilities, decision, ..answer }));
    }
    Ok(Lowered::Classes(Classifier { label, decision: Some(margins), ..answer }))
}
