//! Document → tabular model.

mod dictionary;
mod expression;
mod mining;
mod output;
mod predicate;
mod prune;
mod regression;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::{Diagnostic, Failure, Report};
use holdall_tabular::{Header, Kind, Labels, Model, Op, ValueId};

use crate::{
    codes,
    doc::{Document, Element, MiningFunction},
};
use dictionary::DataField;

/// Elements of a document that hold a model.
pub(crate) const MODELS: [&str; 20] = [
    "AnomalyDetectionModel",
    "AssociationModel",
    "BaselineModel",
    "BayesianNetworkModel",
    "ClusteringModel",
    "GaussianProcessModel",
    "GeneralRegressionModel",
    "MiningModel",
    "NaiveBayesModel",
    "NearestNeighborModel",
    "NeuralNetwork",
    "RegressionModel",
    "RuleSetModel",
    "Scorecard",
    "SequenceModel",
    "SupportVectorMachineModel",
    "TextModel",
    "TimeSeriesModel",
    "TreeModel",
    "Regression",
];

/// The model element of a document: the first that is not marked as not scorable.
pub(crate) fn model_element(document: &Document) -> Result<Element<'_>, Failure> {
    let root = document
        .root()
        .ok_or_else(|| Failure::malformed(codes::ROOT, "expected the element `PMML`"))?;
    let mut models = root.proper_children().filter(|child| MODELS.contains(&child.name()));
    models.find(|model| model.attribute("isScorable") != Some("false")).ok_or_else(|| {
        Failure::malformed(codes::MISSING_ELEMENT, "expected a model element, found none")
            .at(root.location())
    })
}

/// Makes a model of a document, and says what was left out. Fails with a located
/// `pmml/unsupported-…` code where the document needs what is not carried.
pub fn lower(document: &Document) -> Result<(Model, Report), Failure> {
    let element = model_element(document)?;
    let mut lower = Lower {
        model: Model::new(),
        report: Report::new(),
        data: dictionary::data_fields(document)?,
        values: BTreeMap::new(),
        truncated: BTreeMap::new(),
        logits: BTreeMap::new(),
        expanding: BTreeSet::new(),
    };
    lower.model.named_inputs = true;
    lower.model.header = header(document, element);
    lower.inputs(element)?;
    let dictionary = document.root().and_then(|root| root.child("TransformationDictionary"));
    lower.definitions(dictionary, element)?;
    let answer = lower.model_of(element, true)?;
    lower.answers(element, &answer)?;
    let Lower { model, report, .. } = lower;
    Ok((prune::prune(model), report))
}

fn header(document: &Document, element: Element<'_>) -> Header {
    let header = document.root().and_then(|root| root.child("Header"));
    let application = header.and_then(|header| header.child("Application"));
    let own = |element: Option<Element<'_>>, name| {
        element.and_then(|e| e.attribute(name)).map(ToOwned::to_owned)
    };
    Header {
        name: own(Some(element), "modelName"),
        description: own(header, "description"),
        producer: own(application, "name"),
        producer_version: own(application, "version"),
        class: own(Some(element), "algorithmName"),
    }
}

/// What a model element answers.
#[derive(Clone, Debug)]
struct Answer {
    /// The estimate.
    estimate: ValueId,
    /// The classes, for a classification.
    classes: Option<Labels>,
    /// For a regression the value itself, where no link stands between.
    value: Option<ValueId>,
}

struct Lower<'d> {
    model: Model,
    report: Report,
    data: BTreeMap<&'d str, DataField<'d>>,
    /// The fields that can be named here.
    values: BTreeMap<String, ValueId>,
    /// Derived fields that are another field without its fraction.
    truncated: BTreeMap<String, ValueId>,
    /// Values that went through the logistic function, and what they were before.
    logits: BTreeMap<ValueId, ValueId>,
    /// Derived fields being lowered.
    expanding: BTreeSet<&'d str>,
}

impl<'d> Lower<'d> {
    fn push(&mut self, op: Op) -> Result<ValueId, Failure> {
        self.model.push(op)
    }

    fn kind(&self, id: ValueId) -> Kind {
        prune::kind_of(&self.model, id)
    }

    /// The value of a field.
    fn field(&self, element: Element<'_>, name: &str) -> Result<ValueId, Failure> {
        self.values.get(name).copied().ok_or_else(|| {
            Failure::malformed(codes::UNDEFINED_FIELD, format!("there is no field `{name}` here"))
                .at(element.location())
        })
    }

    /// A model element, with its local fields. The scope is that of the caller afterwards.
    fn model_of(&mut self, element: Element<'d>, top: bool) -> Result<Answer, Failure> {
        let local = element.child("LocalTransformations");
        let saved = local.is_some().then(|| (self.values.clone(), self.truncated.clone()));
        self.definitions(local, element)?;
        let answer = match element.name() {
            "TreeModel" | "MiningModel" | "RegressionModel" => self.estimator(element)?,
            _ => return Err(unsupported(element)),
        };
        if !top {
            self.pass_on(element, &answer)?;
        }
        if let Some((values, truncated)) = saved
            && !top
        {
            // Outputs stay visible to later segments; local fields do not.
            let outputs = output::names(element);
            let kept: Vec<_> = outputs
                .filter_map(|name| Some((name.to_owned(), *self.values.get(name)?)))
                .collect();
            (self.values, self.truncated) = (values, truncated);
            self.values.extend(kept);
        }
        Ok(answer)
    }

    fn estimator(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        match element.name() {
            "RegressionModel" => self.regression_model(element),
            "TreeModel" => self.tree_model(element),
            _ => self.mining_model(element),
        }
    }

    fn note(&mut self, element: Element<'_>, message: impl Into<String>) {
        self.report
            .push(Diagnostic::warning(codes::UNSUPPORTED_ELEMENT, message).at(element.location()));
    }

    /// The classes of a classification, as the target declares them, else as `found`.
    fn classes(&self, element: Element<'_>, found: &[&str]) -> Result<Labels, Failure> {
        let target = dictionary::target(element).and_then(|name| self.data.get(name));
        let listed: Vec<&str> = target.map(DataField::values).unwrap_or_default();
        let mut all = listed;
        for class in found {
            if !all.contains(class) {
                all.push(class);
            }
        }
        let kind = target.map_or(Kind::Text, |field| field.kind);
        dictionary::labels(&all, kind).ok_or_else(|| {
            Failure::malformed(codes::INVALID_ATTRIBUTE, format!("a class is not of type {kind}"))
                .at(element.location())
        })
    }
}

/// What a model answers with.
fn function(element: Element<'_>) -> Result<MiningFunction, Failure> {
    required_word(element, "functionName")
}

fn unsupported(element: Element<'_>) -> Failure {
    Failure::unsupported(
        codes::UNSUPPORTED_ELEMENT,
        format!("the element `{}` is not carried here", element.name()),
    )
    .at(element.location())
}

fn unsupported_value(element: Element<'_>, attribute: &str) -> Failure {
    let value = element.attribute(attribute).unwrap_or_default();
    Failure::unsupported(
        codes::UNSUPPORTED_ATTRIBUTE,
        format!("`{attribute}=\"{value}\"` is not carried in `{}`", element.name()),
    )
    .at(element.location())
}

fn required<'d>(element: Element<'d>, attribute: &str) -> Result<&'d str, Failure> {
    element.attribute(attribute).ok_or_else(|| {
        Failure::malformed(
            codes::MISSING_ATTRIBUTE,
            format!("expected the attribute `{attribute}` in `{}`", element.name()),
        )
        .at(element.location())
    })
}

fn invalid(element: Element<'_>, attribute: &str, expected: &str) -> Failure {
    let found = element.attribute(attribute).unwrap_or_default();
    Failure::malformed(
        codes::INVALID_ATTRIBUTE,
        format!("`{attribute}` in `{}`: expected {expected}, found `{found}`", element.name()),
    )
    .at(element.location())
}

fn required_word<W: crate::doc::Word>(element: Element<'_>, attribute: &str) -> Result<W, Failure> {
    W::word(required(element, attribute)?)
        .ok_or_else(|| invalid(element, attribute, &format!("one of {}", W::expected())))
}

fn word<W: crate::doc::Word>(element: Element<'_>, name: &str, default: W) -> Result<W, Failure> {
    if element.attribute(name).is_none() { Ok(default) } else { required_word(element, name) }
}

fn number(element: Element<'_>, attribute: &str, default: Option<f64>) -> Result<f64, Failure> {
    match (element.attribute(attribute), default) {
        (None, Some(default)) => Ok(default),
        _ => crate::number::parse_f64(required(element, attribute)?)
            .ok_or_else(|| invalid(element, attribute, "a number")),
    }
}
