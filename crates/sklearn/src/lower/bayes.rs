//! Naive Bayes: `naive_bayes.py`. The probabilities are the softmax of the joint logarithms, the label
//! the largest of them.
//!
//! | class | joint logarithm |
//! |---|---|
//! | `GaussianNB` | ln prior + Σ ln N(x; `theta_`, `var_`) (`sigma_` until 0.24) |
//! | `MultinomialNB` | `feature_log_prob_` · x + `class_log_prior_` |
//! | `ComplementNB` | `feature_log_prob_` · x |
//! | `BernoulliNB` | (lp − ln(1 − eˡᵖ)) · x + `class_log_prior_` + Σ ln(1 − eˡᵖ), x above `binarize` |
//! | `CategoricalNB` | Σ `feature_log_prob_[i][:, x]` + `class_log_prior_`; a category beyond the list is refused |

use holdall_diag::Failure;
use holdall_tabular::{
    BayesForm, BayesInput, Categories, Decision, Estimator as Family, Kind, Labels, Likelihood,
    Link, Matrix, NaiveBayes, OneHot, Op, Unknown, ValueId,
};

use super::{
    Step,
    answer::{Lowered, by_margins},
    columns::Lowering,
    estimator::{Estimator, classes, count, matrix},
    matrix::transposed,
    shares::above,
};

fn answer(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    joint: ValueId,
) -> Result<Lowered, Failure> {
    let classes = classes(estimator)?;
    let (link, decision) = (Some(Link::Softmax), Decision::LargestMargin);
    let mut answer = by_margins(lowering, classes, joint, link, decision)?;
    // Naive Bayes has no `decision_function`.
    answer.decision = None;
    Ok(Lowered::Classes(answer))
}

pub(super) fn gaussian(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let variance = if e.get("var_").is_some() { "var_" } else { "sigma_" };
    let (means, variances) =
        (e.matrix("theta_", lowering.budget)?, e.matrix(variance, lowering.budget)?);
    e.expect_width("theta_", means.columns as usize, step.columns.len())?;
    let (means, variances) = (transposed(&means), transposed(&variances));
    let scalars = lowering.scalars(step.columns, e.value())?;
    lowering.refuse_missing(step.columns);
    let inputs = scalars.into_iter().enumerate().map(|(i, arg)| {
        let (mean, variance) = (means.row(i).to_vec(), variances.row(i).to_vec());
        BayesInput { arg, likelihood: Likelihood::Normal { mean, variance } }
    });
    let bayes = NaiveBayes {
        inputs: inputs.collect(),
        priors: e.numbers("class_prior_")?,
        threshold: 0.0,
        form: BayesForm::Logarithm,
    };
    let joint = lowering.op(Op::Estimator(Family::NaiveBayes(Box::new(bayes))))?;
    answer(lowering, e, joint)
}

/// `MultinomialNB` and `ComplementNB`.
pub(super) fn counts(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let logs = e.matrix("feature_log_prob_", lowering.budget)?;
    e.expect_width("feature_log_prob_", logs.columns as usize, step.columns.len())?;
    let priors = if e.object().name() == "ComplementNB" {
        vec![0.0; logs.rows as usize]
    } else {
        e.numbers("class_log_prior_")?
    };
    let arg = lowering.dense(step.columns, e.value())?;
    let joint = lowering.linear(arg, logs, priors)?;
    answer(lowering, e, joint)
}

pub(super) fn bernoulli(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let mut logs = e.matrix("feature_log_prob_", lowering.budget)?;
    e.expect_width("feature_log_prob_", logs.columns as usize, step.columns.len())?;
    let mut intercepts = e.numbers("class_log_prior_")?;
    for (class, intercept) in intercepts.iter_mut().enumerate() {
        *intercept += logs.row(class).iter().map(|p| (1.0 - p.exp()).ln()).sum::<f64>();
    }
    for log in &mut logs.data {
        *log -= (1.0 - log.exp()).ln();
    }
    let mut arg = lowering.dense(step.columns, e.value())?;
    if let Some(limit) = e.get("binarize") {
        arg = above(lowering, arg, limit.float()?)?;
    }
    let joint = lowering.linear(arg, logs, intercepts)?;
    answer(lowering, e, joint)
}

pub(super) fn categorical(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let tables: Vec<_> = e.fitted("feature_log_prob_")?.items()?.collect();
    e.expect_width("feature_log_prob_", tables.len(), step.columns.len())?;
    let scalars = lowering.scalars(step.columns, e.value())?;
    lowering.refuse_missing(step.columns);
    let priors = e.numbers("class_log_prior_")?;
    let mut rows = vec![Vec::new(); priors.len()];
    let mut indicators = Vec::new();
    for (arg, table) in scalars.into_iter().zip(&tables) {
        let (logs, _) = matrix(table)?;
        let values = (0..logs.columns).map(f64::from).collect();
        let categories = Categories::new(Labels::F64(values));
        let (drop, unknown, kind) = (None, Unknown::Reject, Kind::F64);
        indicators.push(lowering.op(Op::OneHot(OneHot {
            arg,
            categories,
            drop,
            unknown,
            kind,
        }))?);
        for (class, row) in rows.iter_mut().enumerate() {
            row.extend_from_slice(logs.row(class));
        }
    }
    let columns = count(e.value(), rows.first().map_or(0, Vec::len))?;
    let logs = Matrix { rows: count(e.value(), rows.len())?, columns, data: rows.concat() };
    let arg = lowering.op(Op::Concat(indicators))?;
    let joint = lowering.linear(arg, logs, priors)?;
    answer(lowering, e, joint)
}
