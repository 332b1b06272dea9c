//! Boosters of other libraries, bare and in their scikit-learn wrappers. Each keeps the file of its library in
//! the pickle, which the reader of that format reads: XGBoost a snapshot as bytes (`Booster.handle`),
//! LightGBM its text (`Booster._handle`, `handle` until 3), CatBoost its binary form (`__model`).
//!
//! What the wrappers add, from `xgboost/sklearn.py`, `lightgbm/sklearn.py` and `catboost/core.py`: the classes'
//! own labels; XGBoost stops at the best iteration that early stopping noted, and takes `missing` for NaN.

use std::collections::BTreeMap;

use bytes::Bytes;
use holdall_codec::{Body, FindReader, Library, Options, Outcome, ReadOptions};
use holdall_diag::{Diagnostic, Failure, Report};
use holdall_pickle::{NodeId, Value};
use holdall_source::{Limits, Source};
use holdall_tabular::{Classify, Impute, Kind, Labels, Model, Op, Scalar, ValueId};

use super::{
    Step,
    answer::{Classifier, Lowered},
    columns::{Column, Lowering, Origin},
    estimator::{Estimator, classes_of, labels},
};
use crate::codes;

/// The boosters of a file, and what they say of their libraries.
#[derive(Debug, Default)]
pub(crate) struct Boosters {
    file: String,
    limits: Limits,
    find: Option<FindReader>,
    /// Read for their inputs and not used yet.
    waiting: BTreeMap<NodeId, Model>,
    producer: Option<(String, Option<String>)>,
    /// The libraries that boosters name.
    pub(crate) libraries: Vec<Library>,
    /// What is worth knowing of them.
    pub(crate) report: Report,
}

impl Boosters {
    pub(crate) fn new(source: &Source, options: &ReadOptions) -> Self {
        Self {
            file: source.name().to_owned(),
            limits: options.limits,
            find: options.inner,
            waiting: BTreeMap::new(),
            producer: None,
            libraries: Vec::new(),
            report: Report::new(),
        }
    }

    /// Library and version of the last booster that was read.
    pub(crate) fn producer(&self) -> Option<(String, Option<String>)> {
        self.producer.clone()
    }

    /// Names of the columns that a booster takes, and whether they are its own.
    pub(crate) fn inputs(&mut self, e: &Estimator<'_>) -> Result<(Vec<String>, bool), Failure> {
        let model = self.read(e)?;
        let names = model.fields.iter().map(|(_, field)| field.name.clone()).collect();
        let named = model.named_inputs;
        self.waiting.insert(e.value().id(), model);
        Ok((names, named))
    }

    fn take(&mut self, e: &Estimator<'_>) -> Result<Model, Failure> {
        match self.waiting.remove(&e.value().id()) {
            Some(model) => Ok(model),
            None => self.read(e),
        }
    }

    fn read(&mut self, e: &Estimator<'_>) -> Result<Model, Failure> {
        let find = self.find.ok_or_else(|| {
            e.refuse(codes::CLASS, "a model of another library is inside, whose reader is left out")
        })?;
        let name = format!("{}!{}", self.file, e.object().class());
        let source = Source::from_bytes(name, payload(e)?);
        let reader = find(&source)?;
        let stops = e.object().module() == "xgboost.sklearn"
            && reader.format().read_options.iter().any(|option| option.key == "iterations");
        let options =
            if stops { Options::none().with("iterations", "best") } else { Options::none() };
        let options = ReadOptions { limits: self.limits, options, inner: None };
        let Outcome { body, report, libraries } = reader.read(&source, &options)?;
        let Body::Tabular(model) = body else {
            return Err(e.refuse(codes::CLASS, "the model inside is no booster"));
        };
        report.entries().iter().cloned().for_each(|entry: Diagnostic| self.report.push(entry));
        let new = libraries.into_iter().filter(|l| !self.libraries.contains(l)).collect::<Vec<_>>();
        self.libraries.extend(new);
        self.producer = model
            .header
            .producer
            .clone()
            .map(|producer| (producer, model.header.producer_version.clone()));
        Ok(*model)
    }
}

const MODULES: [&str; 5] =
    ["xgboost.sklearn", "xgboost.core", "lightgbm.sklearn", "lightgbm.basic", "catboost.core"];

/// Whether an estimator is a booster of another library.
pub(crate) fn is_booster(e: &Estimator<'_>) -> bool {
    MODULES.contains(&e.object().module())
}

/// The file of the library inside.
fn payload(e: &Estimator<'_>) -> Result<Bytes, Failure> {
    if e.object().module() == "catboost.core" {
        return e.fitted("__model")?.bytes();
    }
    let inner = match e.object().module() {
        "xgboost.sklearn" | "lightgbm.sklearn" => Estimator::new(&e.fitted("_Booster")?, None)?,
        _ => e.clone(),
    };
    let handle = inner.get("_handle").map_or_else(|| inner.fitted("handle"), Ok)?;
    match handle.as_text() {
        Some(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        None => handle.bytes(),
    }
}

/// A booster that answers as its file says.
pub(super) fn as_is(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let estimate = graft(lowering, step)?;
    let name = step.estimator.object().name();
    match classes_in(lowering, estimate) {
        Some(_) if name.ends_with("Regressor") || name.ends_with("Ranker") => Err(step
            .estimator
            .refuse(codes::OUTPUTS, format!("`{name}` with an objective of classes is not carried"))
            .with_help("fit the classifier of the library")),
        Some(classes) => Ok(classifier_of(lowering, estimate, classes)),
        None => Ok(Lowered::Values(estimate)),
    }
}

/// A wrapper that has labels of its own for the classes.
pub(super) fn classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let estimate = graft(lowering, step)?;
    let Some(numbers) = classes_in(lowering, estimate) else {
        let message =
            format!("the objective of `{}` answers with no probabilities", e.object().name());
        return Err(e
            .refuse(codes::OUTPUTS, message)
            .with_help("fit it with an objective for classes"));
    };
    let classes = own_classes(e)?.unwrap_or_else(|| numbers.clone());
    if classes.len() != numbers.len() {
        let message = format!("{} classes, and {} in the booster", classes.len(), numbers.len());
        return Err(e.value().failure(codes::SHAPE, message));
    }
    if let Some(node) = lowering.model.nodes.get_mut(estimate)
        && let Op::Classify(classify) = &mut node.op
    {
        classify.classes = classes.clone();
    }
    Ok(classifier_of(lowering, estimate, classes))
}

/// `_classes` of LightGBM, `classes_` of XGBoost where it is kept, or those of its label encoder until 1.5.
fn own_classes(e: &Estimator<'_>) -> Result<Option<Labels>, Failure> {
    if let Some(value) = e.get("_classes").or_else(|| e.get("classes_")) {
        return Ok(Some(labels(&value)?.0));
    }
    match e.get("_le") {
        Some(encoder) => Ok(Some(classes_of(&Estimator::new(&encoder, e.version())?)?)),
        None => Ok(None),
    }
}

fn classify_of<'l>(lowering: &'l Lowering<'_>, estimate: ValueId) -> Option<&'l Classify> {
    let node = lowering.model.nodes.get(estimate)?;
    if let Op::Classify(classify) = &node.op { Some(classify) } else { None }
}

fn classes_in(lowering: &Lowering<'_>, estimate: ValueId) -> Option<Labels> {
    classify_of(lowering, estimate).map(|classify| classify.classes.clone())
}

fn classifier_of(lowering: &Lowering<'_>, estimate: ValueId, classes: Labels) -> Lowered {
    let shares = classify_of(lowering, estimate).is_some_and(|c| c.has_probabilities);
    let probabilities = shares.then_some(estimate);
    Lowered::Classes(Classifier { classes, label: estimate, probabilities, decision: None })
}

/// The booster's model as a part of this one; gives its estimate.
#[expect(clippy::wildcard_enum_match_arm, reason = "all but the inputs comes over as it is")]
fn graft(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<ValueId, Failure> {
    let e = step.estimator;
    let inner = lowering.boosters.take(e)?;
    lowering.budget.step(inner.nodes.len() as u64)?;
    e.expect_width("n_features", inner.fields.len(), step.columns.len())?;
    let missing = e.get("missing").and_then(|value| value.as_float()).filter(|m| !m.is_nan());
    let missing = missing.filter(|_| e.object().module() == "xgboost.sklearn");
    let mut places: Vec<Option<ValueId>> = Vec::with_capacity(inner.nodes.len());
    let dense = dense(&inner);
    for (id, node) in inner.nodes.iter() {
        let made = match &node.op {
            Op::Input(_) if dense.is_some() => None,
            Op::Input(field) => {
                let column = step.columns.get(field.index());
                let kind = inner.fields.get(*field).map(|field| field.kind);
                let (column, kind) = column.zip(kind).ok_or_else(|| no_place(e.value()))?;
                let value = scalar(lowering, column, kind, step)?;
                Some(without(lowering, value, kind, 1, missing)?)
            }
            Op::Concat(_) if dense.is_some_and(|(concat, _)| concat == id) => {
                let kind = dense.map_or(Kind::F64, |(_, kind)| kind);
                let value = vector(lowering, step, kind)?;
                Some(without(lowering, value, kind, step.columns.len(), missing)?)
            }
            op => {
                let (mut op, mut lost) = (op.clone(), false);
                op.each_arg_mut(&mut |arg| match places.get(arg.index()).copied().flatten() {
                    Some(place) => *arg = place,
                    None => lost = true,
                });
                if lost {
                    return Err(no_place(e.value()));
                }
                Some(lowering.model.push_at(op, inner.location(id))?)
            }
        };
        places.push(made);
    }
    let output = inner.outputs.first().and_then(|output| *places.get(output.value.index())?);
    let estimate = output.ok_or_else(|| no_place(e.value()))?;
    if e.object().module().starts_with("xgboost.") {
        lowering.singles.insert(estimate);
    }
    Ok(estimate)
}

fn no_place(at: &Value<'_>) -> Failure {
    Failure::bug(codes::SHAPE, "a value of the booster has no place")
        .at(super::estimator::place(at))
}

/// The node that has all inputs side by side, when they are numbers of one kind and used there alone.
#[expect(clippy::wildcard_enum_match_arm, reason = "any other operation may use an input")]
fn dense(inner: &Model) -> Option<(ValueId, Kind)> {
    let kind = inner.fields.iter().next().map(|(_, field)| field.kind)?;
    let numbers = matches!(kind, Kind::F32 | Kind::F64)
        && inner.fields.iter().all(|(_, field)| field.kind == kind);
    let field_of = |id: ValueId| {
        let node = inner.nodes.get(id)?;
        if let Op::Input(field) = &node.op { Some(field.index()) } else { None }
    };
    let (mut found, mut alone) = (None, true);
    for (id, node) in inner.nodes.iter() {
        match &node.op {
            Op::Concat(args)
                if found.is_none()
                    && args
                        .iter()
                        .map(|&arg| field_of(arg))
                        .eq((0..inner.fields.len()).map(Some)) =>
            {
                found = Some(id);
            }
            op => op.each_arg(&mut |arg| alone &= field_of(arg).is_none()),
        }
    }
    found.filter(|_| numbers && alone).map(|id| (id, kind))
}

/// All columns as one vector of this kind. Alone in its file a booster takes them as its library does; behind
/// other steps they are what those made of them.
fn vector(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    kind: Kind,
) -> Result<ValueId, Failure> {
    if step.depth > 0 || kind == Kind::F64 {
        let value = lowering.numbers(step.columns, step.estimator.value())?;
        return cast(lowering, value, Kind::F64, kind);
    }
    let mut parts = Vec::with_capacity(step.columns.len());
    for column in step.columns {
        parts.push(scalar(lowering, column, kind, step)?);
    }
    lowering.op(Op::Concat(parts))
}

fn scalar(
    lowering: &mut Lowering<'_>,
    column: &Column,
    kind: Kind,
    step: &Step<'_, '_>,
) -> Result<ValueId, Failure> {
    let at = step.estimator.value();
    let number = matches!(kind, Kind::F32 | Kind::F64);
    let want = if kind == Kind::F32 && step.depth > 0 { Kind::F64 } else { kind };
    let (value, found) = match column.source {
        Origin::Element { vector, index, .. } if number => {
            (lowering.scalar_of(vector, index)?, Kind::F64)
        }
        Origin::Field(_) | Origin::Scalar(..) | Origin::Element { .. } => {
            lowering.scalar(column, want, at)?
        }
    };
    if number { cast(lowering, value, found, kind) } else { Ok(value) }
}

fn cast(
    lowering: &mut Lowering<'_>,
    arg: ValueId,
    from: Kind,
    to: Kind,
) -> Result<ValueId, Failure> {
    if from == to { Ok(arg) } else { lowering.op(Op::Cast { arg, to }) }
}

/// NaN in place of the number that stands for missing.
fn without(
    lowering: &mut Lowering<'_>,
    arg: ValueId,
    kind: Kind,
    width: usize,
    missing: Option<f64>,
) -> Result<ValueId, Failure> {
    let Some(missing) = missing.filter(|_| kind == Kind::F32) else { return Ok(arg) };
    let with = Labels::F64(vec![f64::NAN; width]);
    lowering.op(Op::Impute(Impute { arg, nan: false, sentinel: Some(Scalar::F64(missing)), with }))
}
