//! The document as a tabular model.

mod ctr;
mod inputs;
mod objective;
mod trees;

use holdall_diag::{Code, Failure, Location, Report};
use holdall_source::Budget;
use holdall_tabular::{
    BinaryOp, Constant, Header, Kind, Labels, Model, Op, Test, UnaryOp, ValueId, Width,
};

use crate::document::Document;

/// What `inspect` says beside the model itself.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) loss: Option<String>,
    pub(crate) statistics: usize,
}

/// What a tree asks, by its number.
#[derive(Clone, Copy, Debug)]
struct Question {
    /// The element of the vector of features.
    element: u32,
    test: Test,
    threshold: f64,
    /// Whether NaN is a yes.
    nan_is_yes: bool,
}

/// Says the document in terms of the tabular model. `file` locates nodes.
pub(crate) fn lower(
    document: Document,
    file: &Location,
    budget: &mut Budget,
) -> Result<(Model, Report, Facts), Failure> {
    let mut report = Report::new();
    let mut model = Model::new();
    model.header = Header {
        producer: Some("catboost".to_owned()),
        producer_version: document.info.version.clone(),
        class: document.info.loss.clone(),
        ..Header::default()
    };
    let facts = Facts { loss: document.info.loss.clone(), statistics: document.ctrs.len() };
    let (features, questions) = inputs::lower(&document, &mut model, &mut report, budget)?;
    let Document { info, trees, outputs, scale, bias, .. } = document;
    if !scale.is_finite() || bias.iter().any(|bias| !bias.is_finite()) {
        return Err(fail(crate::codes::NUMBER, "the scale or bias is not finite", file));
    }
    let sums = trees::Sums { outputs, scale, bias };
    let margins = trees::lower(trees, sums, features, &questions, &mut model, file, budget)?;
    objective::lower(info, margins, outputs, &mut model, &mut report, file)?;
    Ok((model, report, facts))
}

fn integer(model: &mut Model, value: i64) -> Result<ValueId, Failure> {
    model.push(Op::Constant(Constant {
        kind: Kind::I64,
        width: Width::Scalar,
        values: Labels::I64(vec![value]),
    }))
}

fn float(model: &mut Model, kind: Kind, value: f64) -> Result<ValueId, Failure> {
    let values = Labels::F64(vec![value]);
    model.push(Op::Constant(Constant { kind, width: Width::Scalar, values }))
}

fn binary(
    model: &mut Model,
    op: BinaryOp,
    left: ValueId,
    right: ValueId,
) -> Result<ValueId, Failure> {
    model.push(Op::Binary { op, left, right })
}

fn unary(model: &mut Model, op: UnaryOp, arg: ValueId) -> Result<ValueId, Failure> {
    model.push(Op::Unary { op, arg })
}

fn fail(code: Code, message: impl Into<String>, location: &Location) -> Failure {
    Failure::malformed(code, message).at(location.clone())
}
