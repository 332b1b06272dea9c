//! Document → tabular model.

mod anomaly;
mod association;
mod baseline;
mod bayes;
mod composition;
mod condition;
mod continuous;
mod contrast;
mod decision;
mod dictionary;
mod distance;
mod expression;
mod functions;
pub(crate) mod gaussian;
mod general;
mod mining;
mod network;
mod neural;
mod output;
mod plain;
mod predicate;
mod prune;
mod rank;
mod regression;
mod rules;
mod series;
mod survival;
pub(crate) mod tables;
mod targets;
mod text_model;
mod tree;
mod values;
mod vectors;

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::{Diagnostic, Failure, Report};
use holdall_tabular::{
    Header, Kind, Labels, Model, Op, Part, RuleFeature, RuleFires, RuleRank, TermWeight, ValueId,
};

use crate::{
    codes,
    doc::{Document, Element, MiningFunction, array_counts, array_items},
};
use dictionary::DataField;

/// Models may stand inside models this deep.
const MAX_NESTING: usize = 32;

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

/// The model element under a root: the first that is not marked as not scorable.
pub(crate) fn model_of(root: Element<'_>) -> Option<Element<'_>> {
    let mut models = root.proper_children().filter(|child| MODELS.contains(&child.name()));
    models.find(|model| model.attribute("isScorable") != Some("false"))
}

/// The model element of a document: the first that is not marked as not scorable.
pub(crate) fn model_element(document: &Document) -> Result<Element<'_>, Failure> {
    let root = document
        .root()
        .ok_or_else(|| Failure::malformed(codes::ROOT, "expected the element `PMML`"))?;
    model_of(root).ok_or_else(|| {
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
        known: prune::Known::default(),
        report: Report::new(),
        data: dictionary::data_fields(document)?,
        values: BTreeMap::new(),
        truncated: BTreeMap::new(),
        logits: BTreeMap::new(),
        expanding: BTreeSet::new(),
        functions: BTreeMap::new(),
        parameters: Vec::new(),
        memo: BTreeMap::new(),
        moments: BTreeMap::new(),
        conditions: BTreeMap::new(),
        shared_classes: None,
        ranks: BTreeMap::new(),
        rankings: BTreeMap::new(),
        segments: BTreeMap::new(),
        asks_segments: output::asks_segments(element),
        nesting: 0,
        replaced: BTreeMap::new(),
        counted: BTreeMap::new(),
        terms: BTreeMap::new(),
    };
    let dictionary = document.root().and_then(|root| root.child("TransformationDictionary"));
    for define in dictionary.into_iter().flat_map(Element::children) {
        if define.name() == "DefineFunction" {
            lower.functions.insert(required(define, "name")?, define);
        }
    }
    lower.model.named_inputs = true;
    lower.model.header = header(document, element);
    if element.name() == "AssociationModel" {
        lower.item_columns(element)?;
    } else {
        lower.inputs(element)?;
    }
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

/// What kind of estimate a model element answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Regression,
    Classification,
    /// Clusters, the closest with the largest number or the smallest.
    Clustering {
        largest: bool,
    },
    Ranking,
}

/// What a model element answers.
#[derive(Clone, Debug)]
struct Answer {
    /// The estimate.
    estimate: ValueId,
    /// The classes or clusters, where there are some.
    classes: Option<Labels>,
    /// For a regression the value itself, where no link stands between.
    value: Option<ValueId>,
    family: Family,
    /// Whether `Targets` was applied.
    targeted: bool,
    /// The answers for all targets, where there are several.
    others: Vec<(String, Answer)>,
    /// The target that is answered, where a model inside names it.
    target: Option<String>,
    /// How far a regression may be off, where the model says so.
    deviation: Option<ValueId>,
    /// The classes in words for people, where the model has some.
    words: Option<Vec<String>>,
    /// Whether nothing is predicted, and outputs alone answer.
    silent: bool,
    /// Whether `others` are the answers of segments that speak each for itself.
    apart: bool,
}

impl Answer {
    /// A regression, or a classification where there are classes.
    fn new(estimate: ValueId, classes: Option<Labels>) -> Self {
        let family = if classes.is_some() { Family::Classification } else { Family::Regression };
        Self {
            estimate,
            classes,
            value: None,
            family,
            targeted: false,
            others: Vec::new(),
            target: None,
            deviation: None,
            words: None,
            silent: false,
            apart: false,
        }
    }

    /// The part that is predicted.
    const fn predicted(&self) -> Part {
        match self.family {
            Family::Regression => Part::Values,
            Family::Classification | Family::Clustering { .. } => Part::Label,
            Family::Ranking => Part::Rule(0, RuleFeature::Consequent),
        }
    }
}

/// A test of a field, and the value it is compared with.
type ConditionKey = (ValueId, crate::doc::SimpleOperator, String);

struct Lower<'d> {
    model: Model,
    known: prune::Known,
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
    /// Functions of the document.
    functions: BTreeMap<&'d str, Element<'d>>,
    /// Arguments of the functions being written out, the innermost last.
    parameters: Vec<BTreeMap<&'d str, expression::Operand>>,
    /// Answers of functions of the document by arguments.
    memo: BTreeMap<(usize, Vec<ValueId>), ValueId>,
    /// Whole numbers that are dates or times.
    moments: BTreeMap<ValueId, dictionary::Moment>,
    /// Tests of fields that there are already.
    conditions: BTreeMap<ConditionKey, ValueId>,
    /// The classes of all members of an ensemble.
    shared_classes: Option<Labels>,
    /// Classes or clusters of estimates by rank.
    ranks: BTreeMap<ValueId, rank::Ranks>,
    /// Association rules as outputs rank and choose them.
    rankings: BTreeMap<(ValueId, RuleRank, RuleFires), ValueId>,
    /// Answers of segments by name.
    segments: BTreeMap<String, Answer>,
    /// Whether an output asks where a segment ends.
    asks_segments: bool,
    /// How many models the one being lowered stands in.
    nesting: usize,
    /// Texts in which something was replaced, by what by what.
    replaced: BTreeMap<(ValueId, String, String), ValueId>,
    /// Counts of terms: by the text, the pattern of words, whether case is folded, and the weight.
    counted: BTreeMap<(ValueId, String, bool, TermWeight), ValueId>,
    /// Where a term is counted.
    terms: BTreeMap<(ValueId, String), u32>,
}

impl<'d> Lower<'d> {
    fn push(&mut self, op: Op) -> Result<ValueId, Failure> {
        let id = self.model.push(op)?;
        self.known.learn(&self.model, id);
        Ok(id)
    }

    fn kind(&self, id: ValueId) -> Kind {
        prune::kind_of(&self.model, id, &self.known)
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
        if self.nesting == MAX_NESTING {
            return Err(Failure::unsupported(
                codes::UNSUPPORTED_ELEMENT,
                format!("models inside models more than {MAX_NESTING} deep are not carried"),
            )
            .at(element.location()));
        }
        self.nesting += 1;
        let local = element.child("LocalTransformations");
        let saved = (!top).then(|| (self.values.clone(), self.truncated.clone()));
        if !top {
            self.inner_fields(element)?;
        }
        self.definitions(local, element)?;
        let answer = self.estimator(element)?;
        let mut answer = self.targeted(element, answer)?;
        if answer.target.is_none() {
            answer.target = dictionary::target(element).map(ToOwned::to_owned);
        }
        if !top {
            self.pass_on(element, &answer)?;
        }
        if let Some((values, truncated)) = saved {
            // Outputs stay visible to later segments; local fields do not.
            let mut kept = BTreeMap::new();
            for name in output::names_inside(element) {
                if let Some(value) = self.values.get(name) {
                    kept.insert(name.to_owned(), *value);
                }
            }
            (self.values, self.truncated) = (values, truncated);
            self.values.extend(kept);
        }
        self.nesting -= 1;
        Ok(answer)
    }

    fn estimator(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        match element.name() {
            "RegressionModel" | "Regression" => self.regression_model(element),
            "TreeModel" | "DecisionTree" => self.tree_model(element),
            "MiningModel" => self.mining_model(element),
            "GeneralRegressionModel" => self.general_regression(element),
            "NeuralNetwork" => self.neural_network(element),
            "SupportVectorMachineModel" => self.vector_machine(element),
            "NaiveBayesModel" => self.naive_bayes(element),
            "ClusteringModel" => self.clustering(element),
            "NearestNeighborModel" => self.nearest_neighbors(element),
            "Scorecard" => self.scorecard(element),
            "RuleSetModel" => self.rule_set(element),
            "AnomalyDetectionModel" => self.anomaly(element),
            "AssociationModel" => self.association(element),
            "BaselineModel" => self.baseline_model(element),
            "GaussianProcessModel" => self.gaussian_process(element),
            "BayesianNetworkModel" => self.bayesian_network(element),
            "TimeSeriesModel" => self.time_series(element),
            "TextModel" => self.text_model(element),
            "SequenceModel" => Err(unsupported(element).with_help(
                "its rules speak of the order of several transactions, and a row is one record",
            )),
            _ => Err(unsupported(element)),
        }
    }

    fn note(&mut self, element: Element<'_>, message: impl Into<String>) {
        self.report
            .push(Diagnostic::warning(codes::UNSUPPORTED_ELEMENT, message).at(element.location()));
    }

    /// The classes of a classification, as the target declares them, else as `found`.
    fn classes(&self, element: Element<'_>, found: &[&str]) -> Result<Labels, Failure> {
        if let Some(shared) = &self.shared_classes {
            let texts = shared.texts();
            if found.iter().all(|class| class_place(&texts, shared.kind(), class).is_some()) {
                return Ok(shared.clone());
            }
        }
        let target = dictionary::target(element).and_then(|name| self.data.get(name));
        let listed: Vec<&str> = target.map(DataField::values).unwrap_or_default();
        let mut all = listed;
        let kind = target.map_or(Kind::Text, |field| field.kind);
        for class in found {
            if class_place(&all, kind, class).is_none() {
                all.push(class);
            }
        }
        dictionary::labels(&all, kind).ok_or_else(|| {
            Failure::malformed(codes::INVALID_ATTRIBUTE, format!("a class is not of type {kind}"))
                .at(element.location())
        })
    }
}

/// Where a class stands in a list, compared as values of a kind.
fn class_place<T: AsRef<str>>(texts: &[T], kind: Kind, wanted: &str) -> Option<usize> {
    let same = |text: &str| {
        text == wanted
            || (kind != Kind::Text
                && matches!(
                    (dictionary::scalar(text, kind), dictionary::scalar(wanted, kind)),
                    (Some(a), Some(b)) if a == b
                ))
    };
    texts.iter().position(|text| same(text.as_ref()))
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
            .filter(|number| !number.is_nan())
            .ok_or_else(|| invalid(element, attribute, "a number")),
    }
}

/// The items of an array, which has as many as it says.
fn items_of(array: Element<'_>, quoted: bool) -> Result<Vec<String>, Failure> {
    let items = array_items(&array.text(), quoted);
    if array_counts(array.attribute("n"), items.len()) {
        return Ok(items);
    }
    let said = array.attribute("n").unwrap_or_default();
    let message = format!("the array says {said} items, and has {}", items.len());
    Err(Failure::malformed(codes::ARRAY_COUNT, message).at(array.location()))
}

/// The numbers of an array, which has as many as it says.
fn numbers_of(array: Element<'_>) -> Result<Vec<f64>, Failure> {
    let parse = |item: &String| {
        crate::number::parse_f64(item).filter(|number| !number.is_nan()).ok_or_else(|| {
            let message = format!("expected numbers in `{}`, found `{item}`", array.name());
            Failure::malformed(codes::INVALID_ELEMENT, message).at(array.location())
        })
    };
    items_of(array, false)?.iter().map(parse).collect()
}
