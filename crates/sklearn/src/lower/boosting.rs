//! Gradient boosting: `estimators_` is an object array (stages, scores) of regression trees,
//! `init_` what the scores start from; `ensemble/_gb.py`, `_gradient_boosting.pyx`.
//!
//! score = start + `learning_rate` × leaf of each stage, added in order in binary64. NaN is refused.
//! `init_` is a `DummyClassifier` (shares of the classes), a `DummyRegressor` (a constant) or `'zero'`;
//! an estimator of the user's choice is not carried. The losses of regressors leave the score as it is.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{Aggregate, Link, Op, Regress, ValueId};

use super::{
    answer::{Lowered, by_margins},
    columns::{Column, Lowering},
    estimator::{Estimator, classes, count, floats},
    loss::Loss,
    tree::{Form, Grove},
};
use crate::codes;

pub(crate) fn classifier(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Lowered, Failure> {
    let classes = classes(estimator)?;
    let loss = Loss::of(estimator)?;
    let scores = if classes.len() == 2 { 1 } else { classes.len() };
    let start = match init(estimator, "DummyClassifier")? {
        None => vec![0.0; scores],
        Some(dummy) => {
            prior_only(&dummy)?;
            loss.start(&dummy.per_column("class_prior_", classes.len())?, estimator.since(1, 9))
        }
    };
    let margins = sum(lowering, estimator, columns, start, scores)?;
    by_margins(lowering, classes, margins, Some(loss.link()), loss.decision()).map(Lowered::Classes)
}

pub(crate) fn regressor(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<ValueId, Failure> {
    let start = match init(estimator, "DummyRegressor")? {
        None => vec![0.0],
        Some(dummy) => {
            let value = dummy.fitted("constant_")?;
            value.as_float().map_or_else(|| floats(&value), |constant| Ok(vec![constant]))?
        }
    };
    let margins = sum(lowering, estimator, columns, start, 1)?;
    lowering.push(Op::Regress(Regress { margins, link: Link::Identity }), estimator.value())
}

/// The dummy that the scores start from; `None` for `'zero'`.
fn init<'p>(estimator: &Estimator<'p>, class: &str) -> Result<Option<Estimator<'p>>, Failure> {
    let value = estimator.fitted("init_")?;
    if value.as_text() == Some("zero") {
        return Ok(None);
    }
    let dummy = Estimator::new(&value, estimator.version())?;
    if dummy.object().module() == "sklearn.dummy" && dummy.object().name() == class {
        return Ok(Some(dummy));
    }
    Err(dummy
        .refuse(codes::PARAMETER, format!("`init={}` is not carried", dummy.object().class()))
        .with_help("fit with `init=None` or `init='zero'`"))
}

fn prior_only(dummy: &Estimator<'_>) -> Result<(), Failure> {
    let strategy = dummy.word("_strategy").or_else(|| dummy.word("strategy"));
    if matches!(strategy, Some("prior")) {
        return Ok(());
    }
    let strategy = strategy.unwrap_or("nothing");
    Err(dummy
        .refuse(codes::PARAMETER, format!("`init` with `strategy={strategy}` is not carried"))
        .with_help("fit with `init=None` or `init='zero'`"))
}

fn sum(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
    start: Vec<f64>,
    scores: usize,
) -> Result<ValueId, Failure> {
    let at = estimator.value();
    let rate = estimator.fitted("learning_rate")?.float()?;
    let trees = estimator.fitted("estimators_")?;
    if start.len() != scores {
        let message = format!("expected {scores} start values, found {}", start.len());
        return Err(at.failure(codes::SHAPE, message));
    }
    let arg = lowering.numbers(columns, at)?;
    lowering.refuse_missing(columns);
    let form = Form::of_values(1, false);
    let mut grove = Grove::new(form);
    for (i, tree) in stages(&trees, scores)?.into_iter().enumerate() {
        let tree = Estimator::new(&tree, estimator.version())?;
        grove.plant(&tree, form, rate, count(at, i % scores)?, lowering.budget)?;
    }
    let op = grove.into_op(arg, count(at, scores)?, start, Aggregate::Sum);
    lowering.push(op, at)
}

/// The trees, stage by stage.
fn stages<'p>(value: &Value<'p>, scores: usize) -> Result<Vec<Value<'p>>, Failure> {
    let array = value.array()?;
    if array.extent(1) != scores || array.ndim() != 2 {
        let message = format!("expected {scores} trees a stage, found {}", array.extent(1));
        return Err(value.failure(codes::SHAPE, message));
    }
    Ok(array.objects()?.into_iter().map(|id| value.pickle().value(id)).collect())
}
