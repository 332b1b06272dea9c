//! What becomes of the sum, as `predict` and `predict_proba` of the Python package give it: `core.py`,
//! `libs/eval_result/eval_helpers.cpp`, `eval_processing.h`.

use holdall_diag::{Diagnostic, Failure, Location, Report};
use holdall_tabular::{
    BinaryOp, Classify, Decision, Kind, Labels, Link, Model, Op, Output, Part, Regress, UnaryOp,
    ValueId,
};

use super::{binary, fail, float, unary};
use crate::{
    codes,
    document::{Classes, Info},
};

/// What the sums mean.
enum Task {
    Values(Link),
    Uncertainty,
    Binary,
    Multiclass(Link),
    Targets,
}

/// Losses whose sums are the answers.
const PLAIN: [&str; 35] = [
    "RMSE",
    "MAE",
    "Quantile",
    "MultiQuantile",
    "GroupQuantile",
    "LogLinQuantile",
    "MAPE",
    "Lq",
    "Huber",
    "Expectile",
    "LogCosh",
    "MultiRMSE",
    "MultiRMSEWithMissingValues",
    "SurvivalAft",
    "Cox",
    "PairLogit",
    "PairLogitPairwise",
    "YetiRank",
    "YetiRankPairwise",
    "QueryRMSE",
    "QuerySoftMax",
    "QueryCrossEntropy",
    "StochasticRank",
    "StochasticFilter",
    "LambdaMart",
    "GroupwiseRMSE",
    "RMSPE",
    "SMAPE",
    "MSLE",
    "MedianAbsoluteError",
    "NDCG",
    "DCG",
    "PFound",
    "QueryAUC",
    "AUC",
];

fn task(loss: Option<&str>, outputs: u32, report: &mut Report) -> Task {
    match loss {
        Some("Logloss" | "CrossEntropy" | "Focal") if outputs == 1 => Task::Binary,
        Some("MultiClass") => Task::Multiclass(Link::Softmax),
        Some("MultiClassOneVsAll") => Task::Multiclass(Link::Logistic),
        Some("MultiLogloss" | "MultiCrossEntropy") => Task::Targets,
        Some("Poisson" | "Tweedie") => Task::Values(Link::Exp),
        Some("RMSEWithUncertainty") if outputs == 2 => Task::Uncertainty,
        Some(known) if PLAIN.contains(&known) => Task::Values(Link::Identity),
        Some(_) | None => {
            let what = loss.map_or_else(
                || "the file names no loss function".to_owned(),
                |loss| format!("the loss function `{loss}` is not known"),
            );
            let message =
                format!("{what}: the answers are the sums, as `RawFormulaVal` gives them");
            report.push(Diagnostic::note(codes::LOSS, message));
            Task::Values(Link::Identity)
        }
    }
}

/// Adds what follows the sums, and the outputs.
pub(super) fn lower(
    info: Info,
    margins: ValueId,
    outputs: u32,
    model: &mut Model,
    report: &mut Report,
    file: &Location,
) -> Result<(), Failure> {
    let (margins, classes, link, decision) = match task(info.loss.as_deref(), outputs, report) {
        Task::Values(link) => return regress(margins, link, model),
        Task::Uncertainty => return uncertainty(margins, model),
        Task::Targets => {
            report.push(Diagnostic::note(
                codes::TARGETS,
                format!(
                    "each of {outputs} targets answers with a probability, as `predict_proba` does"
                ),
            ));
            return regress(margins, Link::Logistic, model);
        }
        Task::Binary => {
            let classes = match info.classes {
                Some(classes) => classes.names,
                None => Labels::I64(vec![0, 1]),
            };
            if classes.len() != 2 {
                let message = format!("{} classes for one output", classes.len());
                return Err(fail(codes::CLASSES, message, file));
            }
            (margins, classes, Link::Logistic, Decision::MarginAbove(border(info.threshold)))
        }
        Task::Multiclass(link) => {
            let classes = info.classes.unwrap_or_else(|| Classes {
                names: Labels::I64((0..i64::from(outputs)).collect()),
                of_output: (0..outputs).collect(),
            });
            let margins = external(&classes, margins, outputs, model, file)?;
            (margins, classes.names, link, Decision::LargestMargin)
        }
    };
    let estimate = model.push(Op::Classify(Classify {
        margins,
        classes,
        link,
        decision,
        has_probabilities: true,
    }))?;
    model.outputs.push(Output::new(estimate, Part::Label));
    model.outputs.push(Output::new(estimate, Part::Probabilities));
    Ok(())
}

/// The sum above which the second class is the answer.
fn border(threshold: Option<f64>) -> f64 {
    threshold.map_or(0.0, |probability| -(1.0 / probability - 1.0).ln())
}

/// One margin a class: classes that the training did not meet have −∞.
fn external(
    classes: &Classes,
    margins: ValueId,
    outputs: u32,
    model: &mut Model,
    file: &Location,
) -> Result<ValueId, Failure> {
    let Classes { names, of_output } = classes;
    let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
    let mut places: Vec<Option<u32>> = vec![None; names.len()];
    let mut output = 0..outputs;
    for &class in of_output {
        let place = places.get_mut(class as usize).filter(|place| place.is_none());
        let (Some(place), Some(output)) = (place, output.next()) else {
            return Err(fail(codes::CLASSES, "the classes and outputs do not agree", file));
        };
        *place = Some(output);
    }
    if of_output.is_empty() && count == outputs {
        return Ok(margins);
    }
    if output.next().is_some() {
        let message = format!("{outputs} outputs for {} classes", of_output.len());
        return Err(fail(codes::CLASSES, message, file));
    }
    if places.iter().copied().eq((0..outputs).map(Some)) {
        return Ok(margins);
    }
    let mut parts = Vec::with_capacity(places.len());
    for place in places {
        parts.push(match place {
            Some(place) => model.push(Op::Select { arg: margins, indices: vec![place] })?,
            None => float(model, Kind::F64, f64::NEG_INFINITY)?,
        });
    }
    model.push(Op::Concat(parts))
}

/// The mean and e²ˢ: the second sum is the logarithm of the standard deviation.
fn uncertainty(margins: ValueId, model: &mut Model) -> Result<(), Failure> {
    let mean = model.push(Op::Select { arg: margins, indices: vec![0] })?;
    let log = model.push(Op::Select { arg: margins, indices: vec![1] })?;
    let twice = binary(model, BinaryOp::Add, log, log)?;
    let variance = unary(model, UnaryOp::Exp, twice)?;
    let both = model.push(Op::Concat(vec![mean, variance]))?;
    regress(both, Link::Identity, model)
}

fn regress(margins: ValueId, link: Link, model: &mut Model) -> Result<(), Failure> {
    let estimate = model.push(Op::Regress(Regress { margins, link }))?;
    model.outputs.push(Output::new(estimate, Part::Values));
    Ok(())
}
