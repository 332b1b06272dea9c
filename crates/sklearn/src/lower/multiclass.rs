//! Classifiers of several classes made of binary ones: `estimators_` are fitted on 0 and 1;
//! `multiclass.py`, `utils/multiclass.py`. The score of a member is its `decision_function`, or the
//! probability of 1 where it has none.
//!
//! | class | label |
//! |---|---|
//! | `OneVsRestClassifier` | the largest score, of equals the last one until 1.7 and the first one later; of two classes, and for each of several labels, whether the score is above 0 or ½ |
//! | `OneVsOneClassifier` | most pairs won, plus s ÷ (3 (|s| + 1)) with s the scores added |
//! | `OutputCodeClassifier` | the row of `code_book_` that is closest to the scores |
//!
//! Of two classes `OneVsOneClassifier` compares with 0 until 1.0, probabilities too, and with ½ later.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Decision, Labels, Linear, Link, Matrix, Metric, NormalizeBy, Op, Summation, UnaryOp,
    ValueId,
};

use super::{
    Step,
    answer::{Classifier, Lowered, by_margins, by_shares},
    cluster::distances,
    columns::Lowering,
    ensemble::classifier_of,
    estimator::{Estimator, classes, classes_of, count, has_labels, zero_and_one},
    shares::{normalize, pair},
};
use crate::codes;

/// The score of a binary member, a vector of one, and what it is compared with.
fn score(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    member: &Classifier,
) -> Result<(ValueId, f64), Failure> {
    if let Some(decision) = member.decision {
        return Ok((decision, 0.0));
    }
    match member.shares(lowering)? {
        Some(shares) => Ok((lowering.element(shares, 1)?, 0.5)),
        None => Err(step.estimator.refuse(codes::SHAPE, "a member has no scores")),
    }
}

fn members(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Vec<Classifier>, Failure> {
    let list = step.estimator.members("estimators_")?;
    let mut members = Vec::with_capacity(list.len());
    for member in &list {
        let member = classifier_of(lowering, step, member, step.columns)?;
        if member.classes.len() != 2 {
            return Err(step
                .estimator
                .refuse(codes::OUTPUTS, "a member of other than two classes"));
        }
        members.push(member);
    }
    if members.is_empty() {
        return Err(step.estimator.value().failure(codes::SHAPE, "no member"));
    }
    Ok(members)
}

pub(super) fn one_vs_rest(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let binarizer = Estimator::new(&e.fitted("label_binarizer_")?, e.version())?;
    if has_labels(&binarizer) {
        return labels(lowering, step);
    }
    let classes = classes_of(&binarizer)?;
    let members = members(lowering, step)?;
    let mut scores = Vec::new();
    let mut limit = 0.0;
    let mut positive = Vec::new();
    for member in &members {
        let (score, at) = score(lowering, step, member)?;
        if scores.is_empty() {
            limit = at;
        }
        scores.push(score);
        if let Some(shares) = member.shares(lowering)? {
            positive.push(lowering.element(shares, 1)?);
        }
    }
    let scores = lowering.op(Op::Concat(scores))?;
    let all = positive.len() == members.len();
    let decides = members.iter().all(|member| member.decision.is_some());
    if members.len() == 1 {
        let answer =
            by_margins(lowering, classes.clone(), scores, None, Decision::MarginAbove(limit))?;
        let probabilities = match positive.first().filter(|_| all) {
            Some(&positive) => {
                let shares = pair(lowering, positive)?;
                by_shares(lowering, classes, shares)?.probabilities
            }
            None => None,
        };
        let decision = answer.decision.filter(|_| decides);
        return Ok(Lowered::Classes(Classifier { probabilities, decision, ..answer }));
    }
    let answer = if e.since(1, 8) {
        by_margins(lowering, classes.clone(), scores, None, Decision::LargestMargin)?
    } else {
        let total = count(e.value(), members.len())?;
        let indices = (0..total).rev().collect();
        let backwards = lowering.op(Op::Select { arg: scores, indices })?;
        let reversed = reversed(&classes);
        by_margins(lowering, reversed, backwards, None, Decision::LargestMargin)?
    };
    let probabilities = if all {
        let positive = lowering.op(Op::Concat(positive))?;
        let shares = normalize(lowering, positive, NormalizeBy::Sum)?;
        by_shares(lowering, classes.clone(), shares)?.probabilities
    } else {
        None
    };
    let decision = Some(scores).filter(|_| decides);
    Ok(Lowered::Classes(Classifier { classes, label: answer.label, probabilities, decision }))
}

/// Several labels: a target of 0 and 1 each.
fn labels(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let mut targets = Vec::new();
    let mut limit = None;
    for member in members(lowering, step)? {
        let (score, at) = score(lowering, step, &member)?;
        let above = Decision::MarginAbove(*limit.get_or_insert(at));
        let mut answer = by_margins(lowering, zero_and_one(), score, None, above)?;
        if let Some(shares) = member.shares(lowering)? {
            answer.probabilities = by_shares(lowering, zero_and_one(), shares)?.probabilities;
        }
        targets.push(answer);
    }
    Ok(Lowered::Targets(targets))
}

fn reversed(classes: &Labels) -> Labels {
    match classes.clone() {
        Labels::Text(v) => Labels::Text(v.into_iter().rev().collect()),
        Labels::I64(v) => Labels::I64(v.into_iter().rev().collect()),
        Labels::F64(v) => Labels::F64(v.into_iter().rev().collect()),
        Labels::Bool(v) => Labels::Bool(v.into_iter().rev().collect()),
    }
}

pub(super) fn one_vs_one(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let k = classes.len();
    let members = members(lowering, step)?;
    e.expect_width("estimators_", members.len(), k * (k - 1) / 2)?;
    lowering.budget.charge_elements((k as u64).saturating_mul(members.len() as u64), 24)?;
    let (mut scores, mut labels, mut limit) = (Vec::new(), Vec::new(), 0.0);
    for member in &members {
        let (score, at) = score(lowering, step, member)?;
        if scores.is_empty() && e.since(1, 1) {
            limit = at;
        }
        scores.push(score);
        let known = member.classes.clone();
        labels.push(member.indicators(lowering, &known)?);
    }
    // Rows are classes; a member votes for i with its first indicator, for j with its second.
    let total = count(e.value(), members.len())?;
    let mut sums = vec![0.0; k * members.len()];
    let mut votes = vec![0.0; k * members.len() * 2];
    let mut at = 0;
    for i in 0..k {
        for j in i + 1..k {
            for (class, side) in [(i, 0), (j, 1)] {
                if let Some(cell) = sums.get_mut(class * members.len() + at) {
                    *cell = if side == 0 { -1.0 } else { 1.0 };
                }
                if let Some(cell) = votes.get_mut((class * members.len() + at) * 2 + side) {
                    *cell = 1.0;
                }
            }
            at += 1;
        }
    }
    let rows = count(e.value(), k)?;
    let mut add = |parts: Vec<ValueId>, columns: u32, data: Vec<f64>| {
        let arg = lowering.op(Op::Concat(parts))?;
        let coefficients = Matrix { rows, columns, data };
        let (intercepts, summation) = (vec![0.0; k], Summation::SequentialF64);
        lowering.op(Op::Linear(Linear { arg, coefficients, intercepts, summation }))
    };
    let sums = add(scores, total, sums)?;
    let votes = add(labels, total * 2, votes)?;
    let size = lowering.unary(UnaryOp::Abs, sums)?;
    let size = lowering.with_number(BinaryOp::Add, size, 1.0)?;
    let size = lowering.with_number(BinaryOp::Mul, size, 3.0)?;
    let share = lowering.binary(BinaryOp::Div, sums, size)?;
    let mut margins = lowering.binary(BinaryOp::Add, votes, share)?;
    let mut decision = Decision::LargestMargin;
    if k == 2 {
        margins = lowering.element(margins, 1)?;
        decision = Decision::MarginAbove(limit);
    }
    let none: Option<Link> = None;
    by_margins(lowering, classes, margins, none, decision).map(Lowered::Classes)
}

pub(super) fn output_code(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let book = e.matrix("code_book_", lowering.budget)?;
    let mut scores = Vec::new();
    for member in members(lowering, step)? {
        scores.push(score(lowering, step, &member)?.0);
    }
    e.expect_width("code_book_", book.columns as usize, scores.len())?;
    e.expect_width("classes_", classes.len(), book.rows as usize)?;
    let scores = lowering.op(Op::Concat(scores))?;
    let far = distances(lowering, scores, book, Metric::Euclidean)?;
    let near = lowering.unary(UnaryOp::Neg, far)?;
    // Two classes have two distances all the same.
    let mut answer = by_margins(lowering, classes, near, None, Decision::LargestMargin)?;
    answer.decision = None;
    Ok(Lowered::Classes(answer))
}
