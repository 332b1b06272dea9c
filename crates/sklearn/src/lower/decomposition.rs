//! What a row is made of, found by iteration with the components fixed.
//!
//! | class | weights |
//! |---|---|
//! | `NMF` | not below 0, by coordinate descent or multiplicative updates; penalties ÷ by nothing until 1.1 (`alpha`), from 1.0 times the number of columns (`alpha_W`) |
//! | `MiniBatchNMF` | not below 0, by multiplicative updates until they change little |
//! | `LatentDirichletAllocation` | shares of topics, of `exp_dirichlet_component_` |
//! | `SparseCoder`, `DictionaryLearning`, `MiniBatchDictionaryLearning` | few, by `transform_algorithm` |
//!
//! `NMF` decides for all rows of a call together when it stops and where multiplicative updates start, `MiniBatchNMF` too:
//! here a row is a call ([decision 16](../../../../docs/decisions/0016-a-row-is-a-call.md)). The others treat each row alone.
//! `decomposition/_nmf.py`, `_lda.py`, `_dict_learning.py`.

use holdall_diag::{Diagnostic, Failure};
use holdall_tabular::{
    BinaryOp, Decompose, Decomposition, Matrix, MultiplicativeStop, Op, Transform, UnaryOp, ValueId,
};

use super::{
    Step,
    answer::Lowered,
    columns::{Lowering, fresh},
    estimator::{Estimator, count},
};
use crate::codes;

/// The weights of the rows of a matrix.
fn decompose(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    atoms: Matrix,
    method: Decomposition,
) -> Result<ValueId, Failure> {
    let e = step.estimator;
    e.expect_width("components_", atoms.columns as usize, step.columns.len())?;
    let cells = u64::from(atoms.rows).saturating_pow(2);
    lowering.budget.charge_elements(cells, 8)?;
    lowering.budget.step(cells.saturating_mul(u64::from(atoms.columns)))?;
    let arg = lowering.dense(step.columns, e.value())?;
    let op = Decompose { arg, atoms, method };
    lowering.op(Op::Transform(Transform::Decompose(Box::new(op))))
}

/// A setting that is a number of rounds.
fn rounds(e: &Estimator<'_>, key: &str) -> Result<u32, Failure> {
    let value = e.fitted(key)?;
    let rounds = u32::try_from(value.int()?).ok();
    rounds.filter(|&rounds| rounds <= Decompose::MOST_ROUNDS).ok_or_else(|| {
        e.unknown(key).with_help(format!("at most {} rounds are carried", Decompose::MOST_ROUNDS))
    })
}

fn beta(e: &Estimator<'_>) -> Result<f64, Failure> {
    match e.word("beta_loss") {
        Some("frobenius") => Ok(2.0),
        Some("kullback-leibler") => Ok(1.0),
        Some("itakura-saito") => Ok(0.0),
        Some(_) => Err(e.unknown("beta_loss")),
        None => e.number("beta_loss"),
    }
}

/// What is taken for each weight, and for its square.
#[expect(clippy::cast_precision_loss, reason = "a number of columns")]
fn penalty(e: &Estimator<'_>, width: usize) -> Result<[f64; 2], Failure> {
    let number = |key: &str| e.get(key).and_then(|value| value.as_float()).unwrap_or(0.0);
    let scaled = number("alpha_W");
    // `alpha` and `regularization` were left out in 1.2.
    let old =
        matches!(e.word("regularization"), None | Some("both" | "transformation" | "deprecated"));
    let all = if scaled != 0.0 || e.since(1, 2) || !old {
        width as f64 * scaled
    } else {
        number("alpha")
    };
    let ratio = e.number("l1_ratio")?;
    Ok([all * ratio, all * (1.0 - ratio)])
}

pub(super) fn factors(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let atoms = e.matrix("components_", lowering.budget)?;
    let penalty = penalty(e, step.columns.len())?;
    let tolerance = e.number("tol")?;
    let method = if e.object().name() == "MiniBatchNMF" {
        let key =
            if e.get("transform_max_iter").is_some() { "transform_max_iter" } else { "max_iter" };
        let (stop, most) = (MultiplicativeStop::Change, rounds(e, key)?);
        Decomposition::Multiplicative { beta: beta(e)?, penalty, stop, tolerance, most }
    } else {
        let most = rounds(e, "max_iter")?;
        match e.word("solver") {
            Some("cd") if e.flag("shuffle", false) => {
                return Err(e.unknown("shuffle").with_help("fit with `shuffle=False`"));
            }
            Some("cd") => Decomposition::Descent { penalty, tolerance, most },
            Some("mu") => {
                let stop = MultiplicativeStop::Divergence;
                Decomposition::Multiplicative { beta: beta(e)?, penalty, stop, tolerance, most }
            }
            Some(_) | None => return Err(e.unknown("solver")),
        }
    };
    let name = e.object().name();
    let message = format!(
        "`{name}` takes each row as a call of its own: for many rows at once scikit-learn stops later or earlier, by as \
         much as `tol` lets it"
    );
    let note = Diagnostic::note(codes::ROW_BY_ROW, message).at(lowering.place.clone());
    lowering.boosters.report.push(note);
    let total = atoms.rows as usize;
    let vector = decompose(lowering, step, atoms, method)?;
    Ok(Lowered::Columns(fresh(vector, total)))
}

pub(super) fn topics(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let atoms = e.matrix("exp_dirichlet_component_", lowering.budget)?;
    let total = atoms.rows as usize;
    let method = Decomposition::Topics {
        prior: e.number("doc_topic_prior_")?,
        tolerance: e.number("mean_change_tol")?,
        most: rounds(e, "max_doc_update_iter")?,
    };
    let vector = decompose(lowering, step, atoms, method)?;
    Ok(Lowered::Columns(fresh(vector, total)))
}

pub(super) fn sparse(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    // Until 0.23 a coder called its dictionary as the others do.
    let key = if e.get("dictionary").is_some() { "dictionary" } else { "components_" };
    let atoms = e.matrix(key, lowering.budget)?;
    let total = atoms.rows as usize;
    let width = step.columns.len();
    let positive = e.flag("positive_code", false);
    let alpha = match e.get("transform_alpha") {
        Some(alpha) => alpha.float()?,
        None if e.since(1, 2) && e.get("alpha").is_some() => e.number("alpha")?,
        None => 1.0,
    };
    let some = || match e.get("transform_n_nonzero_coefs") {
        Some(some) => usize::try_from(some.int()?).map_err(|error| {
            some.failure(codes::SHAPE, "`transform_n_nonzero_coefs` is not a count")
                .caused_by(error)
        }),
        None => Ok((width / 10).max(1).min(total)),
    };
    let count = |some| count(e.value(), some);
    let code = match e.word("transform_algorithm") {
        Some("threshold") => {
            e.expect_width(key, atoms.columns as usize, width)?;
            let arg = lowering.dense(step.columns, e.value())?;
            let products = lowering.linear(arg, atoms, vec![0.0; total])?;
            shrunk(lowering, products, alpha, positive)?
        }
        Some("omp") => {
            decompose(lowering, step, atoms, Decomposition::Pursuit { count: count(some()?)? })?
        }
        Some("lars") => {
            decompose(lowering, step, atoms, Decomposition::LeastAngle { count: count(some()?)? })?
        }
        Some("lasso_lars") => {
            #[expect(clippy::cast_precision_loss, reason = "a number of columns")]
            let alpha = alpha / width as f64;
            let most = if e.get("transform_max_iter").is_some() {
                rounds(e, "transform_max_iter")?
            } else {
                1000
            };
            decompose(lowering, step, atoms, Decomposition::Lasso { alpha, positive, most })?
        }
        Some("lasso_cd") => {
            return Err(e.unknown("transform_algorithm").with_help(
                "its descent ends short of the minimum, by a rule that releases changed; `lasso_lars` finds the \
                 minimum itself",
            ));
        }
        Some(_) | None => return Err(e.unknown("transform_algorithm")),
    };
    if !e.flag("split_sign", false) {
        return Ok(Lowered::Columns(fresh(code, total)));
    }
    let above = lowering.with_number(BinaryOp::Max, code, 0.0)?;
    let below = lowering.with_number(BinaryOp::Min, code, 0.0)?;
    let below = lowering.unary(UnaryOp::Neg, below)?;
    let vector = lowering.op(Op::Concat(vec![above, below]))?;
    Ok(Lowered::Columns(fresh(vector, 2 * total)))
}

/// Products moved towards 0 by α.
fn shrunk(
    lowering: &mut Lowering<'_>,
    products: ValueId,
    alpha: f64,
    positive: bool,
) -> Result<ValueId, Failure> {
    let sign = lowering.unary(UnaryOp::Sign, products)?;
    let size = lowering.unary(UnaryOp::Abs, products)?;
    let less = lowering.with_number(BinaryOp::Sub, size, alpha)?;
    let less = lowering.with_number(BinaryOp::Max, less, 0.0)?;
    let code = lowering.binary(BinaryOp::Mul, sign, less)?;
    if positive { lowering.with_number(BinaryOp::Max, code, 0.0) } else { Ok(code) }
}
