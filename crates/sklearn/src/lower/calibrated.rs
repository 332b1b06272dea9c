//! `CalibratedClassifierCV`: the mean of `calibrated_classifiers_`; `calibration.py`.
//!
//! Each takes `decision_function`, or the probabilities where there is none (of two classes the second),
//! through its calibrators: a sigmoid 1 ÷ (1 + e^(a·d + b)), an isotonic regression, or (from 1.8) a
//! temperature. Of several classes the answers are divided by their sum, equal shares where it is 0;
//! numbers up to 1e-5 above 1 become 1. Until 0.23 the calibrators are called `calibrators_`.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{BinaryOp, Kind, NormalizeBy, Op, UnaryOp, ValueId};

use super::{
    Step,
    answer::{Lowered, by_shares},
    columns::Lowering,
    ensemble::classifier_of,
    estimator::{Estimator, classes},
    isotonic,
    shares::{mean, normalize, pair, proportional},
};
use crate::codes;

#[expect(clippy::cast_precision_loss, reason = "a number of members")]
pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let members = e.members("calibrated_classifiers_")?;
    let mut parts = Vec::new();
    for member in &members {
        let member = Estimator::new(member, e.version())?;
        parts.push(one(lowering, step, &member, classes.len())?);
    }
    let mean = mean(lowering, &parts, members.len() as f64)?;
    let mean = mean.ok_or_else(|| e.value().failure(codes::SHAPE, "no member"))?;
    by_shares(lowering, classes, mean).map(Lowered::Classes)
}

fn one(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    member: &Estimator<'_>,
    classes: usize,
) -> Result<ValueId, Failure> {
    let key = if member.get("estimator").is_some() { "estimator" } else { "base_estimator" };
    let inner = classifier_of(lowering, step, &member.fitted(key)?, step.columns)?;
    if inner.classes.len() != classes {
        let message = "members that know a part of the classes only are not carried";
        return Err(member.refuse(codes::OUTPUTS, message));
    }
    let key = if member.get("calibrators_").is_some() { "calibrators_" } else { "calibrators" };
    let calibrators: Vec<Value<'_>> = member.fitted(key)?.items()?.collect();
    let scores = if let Some(decision) = inner.decision {
        decision
    } else {
        let shares = inner.shares(lowering)?;
        let shares =
            shares.ok_or_else(|| member.refuse(codes::SHAPE, "a member without scores"))?;
        if classes == 2 { lowering.element(shares, 1)? } else { shares }
    };
    let first = calibrators.first().map(|first| Estimator::new(first, member.version()));
    let first = first.transpose()?;
    let shares = match first {
        Some(first) if first.object().name() == "_TemperatureScaling" => {
            let shares = inner.decision.is_none();
            temperature(lowering, &first, scores, classes, shares)?
        }
        _ => {
            let expected = if classes == 2 { 1 } else { classes };
            member.expect_width("calibrators", calibrators.len(), expected)?;
            let mut answers = Vec::new();
            for (i, calibrator) in (0_u32..).zip(&calibrators) {
                let score = lowering.element(scores, i)?;
                answers.push(calibrate(lowering, calibrator, score)?);
            }
            let answers = lowering.op(Op::Concat(answers))?;
            if classes == 2 { pair(lowering, answers)? } else { proportional(lowering, answers)? }
        }
    };
    capped(lowering, shares)
}

/// A number above 1 by at most 1e-5 is 1: min(x, 1) where x ≤ 1.00001.
fn capped(lowering: &mut Lowering<'_>, shares: ValueId) -> Result<ValueId, Failure> {
    let least = lowering.with_number(BinaryOp::Min, shares, 1.0)?;
    let beyond = lowering.with_number(BinaryOp::Gt, shares, 1.0 + 1e-5)?;
    let beyond = lowering.op(Op::Cast { arg: beyond, to: Kind::F64 })?;
    let excess = lowering.binary(BinaryOp::Sub, shares, least)?;
    let excess = lowering.binary(BinaryOp::Mul, excess, beyond)?;
    lowering.binary(BinaryOp::Add, least, excess)
}

fn calibrate(
    lowering: &mut Lowering<'_>,
    calibrator: &Value<'_>,
    score: ValueId,
) -> Result<ValueId, Failure> {
    let calibrator = Estimator::new(calibrator, None)?;
    match calibrator.object().name() {
        "_SigmoidCalibration" => {
            let (a, b) = (calibrator.number("a_")?, calibrator.number("b_")?);
            let product = lowering.with_number(BinaryOp::Mul, score, a)?;
            let sum = lowering.with_number(BinaryOp::Add, product, b)?;
            let negative = lowering.unary(UnaryOp::Neg, sum)?;
            lowering.unary(UnaryOp::Logistic, negative)
        }
        "IsotonicRegression" => isotonic::curve(lowering, &calibrator, score),
        _ => Err(calibrator.refuse(
            codes::PARAMETER,
            format!("the calibrator `{}` is not known", calibrator.object().class()),
        )),
    }
}

/// softmax(β · logits). Scores of several classes that are probabilities are made logarithms first; that
/// decision is by the numbers of the whole batch in scikit-learn, by the method here.
fn temperature(
    lowering: &mut Lowering<'_>,
    calibrator: &Estimator<'_>,
    scores: ValueId,
    classes: usize,
    shares: bool,
) -> Result<ValueId, Failure> {
    let logits = match (classes == 2, shares) {
        (true, false) => {
            let negative = lowering.unary(UnaryOp::Neg, scores)?;
            lowering.op(Op::Concat(vec![negative, scores]))?
        }
        (false, false) => scores,
        (two, true) => {
            let all = if two { pair(lowering, scores)? } else { scores };
            let moved = lowering.with_number(BinaryOp::Add, all, 1e-12)?;
            lowering.unary(UnaryOp::Ln, moved)?
        }
    };
    let scaled = lowering.with_number(BinaryOp::Mul, logits, calibrator.number("beta_")?)?;
    normalize(lowering, scaled, NormalizeBy::Softmax)
}
