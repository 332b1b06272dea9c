//! Support vector machines of libsvm: `svm/_base.py`, `svm/_classes.py`. The same in all versions
//! since 0.22, which has `_dual_coef_`, `_intercept_` and (since 1.0) `_n_support`, `_probA`, `_probB`
//! beside the public attributes.
//!
//! | class | answer |
//! |---|---|
//! | `SVC`, `NuSVC` of two classes | the second class where the public decision is ≥ 0 |
//! | of several | the class that wins most pairs, the first of equals (`break_ties`: the largest of `decision_function`) |
//! | with `probability=True` | probabilities by Platt's sigmoid, several coupled; the label is that without |
//! | `SVR`, `NuSVR` | the decision |
//! | `OneClassSVM` | an outlier where the decision is ≤ 0 |
//!
//! For two classes the public attributes have the opposite sign of libsvm's.

use holdall_diag::Failure;
use holdall_tabular::{
    AnomalySide, Decision, Detect, Estimator as Family, Kernel, KernelMachine, Labels, Machine,
    Matrix, Op, UnaryOp, ValueId, VoteForm, Votes,
};

use super::{
    Step,
    answer::{Classifier, Lowered, by_margins, by_shares, values},
    columns::Lowering,
    estimator::{Estimator, classes, floats},
};
use crate::codes;

/// The kernel by its name and parameters.
pub(super) fn kernel(estimator: &Estimator<'_>, gamma: f64) -> Result<Kernel, Failure> {
    let coef0 = || estimator.fitted("coef0").and_then(|v| v.float());
    Ok(match estimator.word("kernel") {
        Some("linear") => Kernel::Linear,
        Some("rbf") => Kernel::Rbf { gamma },
        Some("poly" | "polynomial") => {
            let degree = estimator.fitted("degree")?.float()?;
            Kernel::Polynomial { gamma, coef0: coef0()?, degree }
        }
        Some("sigmoid") => Kernel::Sigmoid { gamma, coef0: coef0()? },
        Some("laplacian") => Kernel::Laplacian { gamma },
        Some("cosine") => Kernel::Cosine,
        Some("chi2") => Kernel::ChiSquared { gamma },
        Some("additive_chi2") => Kernel::AdditiveChiSquared,
        Some(_) | None => {
            return Err(estimator
                .unknown("kernel")
                .with_help("fit with a kernel of scikit-learn, given by its name"));
        }
    })
}

fn machine(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    machines: Vec<Machine>,
    vectors: Matrix,
) -> Result<ValueId, Failure> {
    let e = step.estimator;
    e.expect_width("support_vectors_", vectors.columns as usize, step.columns.len())?;
    let kernel = kernel(e, e.number("_gamma")?)?;
    let arg = lowering.dense(step.columns, e.value())?;
    let machine = KernelMachine { arg, vectors, kernel, machines };
    lowering.op(Op::Estimator(Family::KernelMachine(Box::new(machine))))
}

/// The coefficients of libsvm, one row fewer than classes.
fn coefficients(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    public: bool,
) -> Result<(Matrix, Vec<f64>), Failure> {
    let e = step.estimator;
    let key = |name: &'static str, private: &'static str| {
        if !public && e.get(private).is_some() { private } else { name }
    };
    let dual = e.matrix(key("dual_coef_", "_dual_coef_"), lowering.budget)?;
    Ok((dual, e.numbers(key("intercept_", "_intercept_"))?))
}

/// One machine with all support vectors.
fn single(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    public: bool,
) -> Result<ValueId, Failure> {
    let (dual, intercepts) = coefficients(lowering, step, public)?;
    let vectors = step.estimator.matrix("support_vectors_", lowering.budget)?;
    let terms = (0..vectors.rows).zip(dual.row(0).iter().copied()).collect();
    if dual.row(0).len() != vectors.rows as usize {
        return Err(shape(step, "a coefficient for each support vector"));
    }
    let intercept = intercepts.first().copied().unwrap_or(0.0);
    machine(lowering, step, vec![Machine { terms, intercept }], vectors)
}

fn shape(step: &Step<'_, '_>, expected: &str) -> Failure {
    step.estimator.value().failure(codes::SHAPE, format!("expected {expected}"))
}

pub(super) fn regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let margins = single(lowering, step, true)?;
    values(lowering, margins)
}

pub(super) fn one_class(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let score = single(lowering, step, true)?;
    detect(lowering, score, AnomalySide::AtMost)
}

/// Outliers (−1) by the side of 0 on which a vector of one is.
pub(super) fn detect(
    lowering: &mut Lowering<'_>,
    score: ValueId,
    anomaly: AnomalySide,
) -> Result<Lowered, Failure> {
    let score = lowering.sum(score)?;
    let labels = Labels::I64(vec![1, -1]);
    let detect = Detect { score, threshold: 0.0, anomaly, labels };
    Ok(Lowered::Anomaly(lowering.op(Op::Estimator(Family::Detect(detect)))?))
}

pub(super) fn classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let classes = classes(step.estimator)?;
    if classes.len() == 2 {
        return binary(lowering, step, classes).map(Lowered::Classes);
    }
    several(lowering, step, classes).map(Lowered::Classes)
}

/// Slopes and offsets, one a pair.
type Sigmoids = (Vec<f64>, Vec<f64>);

/// Slope and offset of Platt's sigmoid for each pair; none without `probability=True`.
fn sigmoids(estimator: &Estimator<'_>) -> Result<Option<Sigmoids>, Failure> {
    let list = |keys: [&str; 2]| {
        let found = keys.iter().find_map(|key| estimator.get(key));
        found.map_or_else(|| Ok(Vec::new()), |value| floats(&value))
    };
    let (a, b) = (list(["_probA", "probA_"])?, list(["_probB", "probB_"])?);
    Ok((estimator.flag("probability", false) && !a.is_empty()).then_some((a, b)))
}

fn binary(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    classes: Labels,
) -> Result<Classifier, Failure> {
    let margins = single(lowering, step, true)?;
    let decision = Decision::MarginAtLeast(0.0);
    let answer = by_margins(lowering, classes.clone(), margins, None, decision)?;
    let Some((a, b)) = sigmoids(step.estimator)? else { return Ok(answer) };
    // libsvm's decision has the other sign; it couples the one pair as well, and stops early.
    let arg = lowering.unary(UnaryOp::Neg, margins)?;
    let votes = Votes { arg, classes: 2, form: VoteForm::Coupled { a, b } };
    let shares = lowering.op(Op::Estimator(Family::Votes(votes)))?;
    let shares = by_shares(lowering, classes, shares)?;
    Ok(Classifier { probabilities: shares.probabilities, ..answer })
}

/// One machine for each pair of classes, with the support vectors of both.
fn pairs(step: &Step<'_, '_>, dual: &Matrix, intercepts: &[f64]) -> Result<Vec<Machine>, Failure> {
    let e = step.estimator;
    let counts = match e.get("_n_support").or_else(|| e.get("n_support_")) {
        Some(counts) => counts.array()?.to_i64()?,
        None => e.fitted("n_support_")?.array()?.to_i64()?,
    };
    let counts: Option<Vec<u32>> = counts.iter().map(|&n| u32::try_from(n).ok()).collect();
    let counts = counts.ok_or_else(|| shape(step, "counts of support vectors"))?;
    let total: u64 = counts.iter().map(|&n| u64::from(n)).sum();
    if total != u64::from(dual.columns) || counts.len() != dual.rows as usize + 1 {
        return Err(shape(step, "a row of coefficients fewer than classes"));
    }
    let mut starts = vec![0_u32];
    for count in &counts {
        starts.push(starts.last().copied().unwrap_or(0) + count);
    }
    let mut intercepts = intercepts.iter().copied();
    let mut machines = Vec::new();
    for i in 0..counts.len() {
        for j in i + 1..counts.len() {
            let of = |class: usize, row: usize| {
                let ends = starts.get(class).zip(starts.get(class + 1));
                let range = ends.map_or(0..0, |(&start, &end)| start..end);
                range.filter_map(move |v| Some((v, *dual.row(row).get(v as usize)?)))
            };
            let terms = of(i, j - 1).chain(of(j, i)).collect();
            let intercept = intercepts.next().ok_or_else(|| shape(step, "more intercepts"))?;
            machines.push(Machine { terms, intercept });
        }
    }
    Ok(machines)
}

fn several(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    classes: Labels,
) -> Result<Classifier, Failure> {
    let e = step.estimator;
    let (dual, intercepts) = coefficients(lowering, step, false)?;
    let machines = pairs(step, &dual, &intercepts)?;
    let vectors = e.matrix("support_vectors_", lowering.budget)?;
    let decisions = machine(lowering, step, machines, vectors)?;
    let count = dual.rows + 1;
    let mut vote = |form: VoteForm| {
        let votes = Votes { arg: decisions, classes: count, form };
        lowering.op(Op::Estimator(Family::Votes(votes)))
    };
    let confidence = vote(VoteForm::Confidence)?;
    let one_against_rest = e.word("decision_function_shape") != Some("ovo");
    let label = if e.flag("break_ties", false) && one_against_rest {
        confidence
    } else {
        vote(VoteForm::Count)?
    };
    let coupled = match sigmoids(e)? {
        Some((a, b)) => Some(vote(VoteForm::Coupled { a, b })?),
        None => None,
    };
    let decision = if one_against_rest { confidence } else { decisions };
    let largest = Decision::LargestMargin;
    let answer = by_margins(lowering, classes.clone(), label, None, largest)?;
    let probabilities = match coupled {
        Some(shares) => by_shares(lowering, classes, shares)?.probabilities,
        None => None,
    };
    Ok(Classifier { probabilities, decision: Some(decision), ..answer })
}
