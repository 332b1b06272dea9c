//! Model elements, and what stands around their algorithm.

use std::collections::BTreeSet;

use holdall_tabular::{Kind, Op, ValueId};

use super::{
    Derived, NameId, Raise, Stop,
    answers::AnswerField,
    combine::Members,
    emit::derived_field,
    ensemble::{Parts, distribution},
    predicate::Predicate,
    vectors::Vectors,
};
use crate::{
    doc::{Builder, NormalizationMethod},
    number,
};

/// A regression table: a sum for a class or a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) category: Option<String>,
    pub(super) terms: Vec<(NameId, f64)>,
    pub(super) intercept: f64,
}

/// A model of a stage.
#[derive(Clone, Debug)]
pub(super) enum StageModel {
    Regression {
        classification: bool,
        method: NormalizationMethod,
        f32: bool,
        tables: Vec<Table>,
    },
    /// Trees of the ensemble in this node, added for one output.
    Sum {
        node: ValueId,
        output: u32,
    },
    /// Trees of the ensemble in this node, whose leaves are distributions over these classes.
    Distributions {
        node: ValueId,
        classes: Vec<String>,
    },
    /// A tree of one level: the first class whose test is true.
    Choice(Vec<(Predicate, String)>),
    Vectors(Box<Vectors>),
    /// Naive Bayes: the node, its inputs, the classes.
    Bayes(ValueId, Vec<NameId>, Vec<String>),
    /// Neighbours: the node, its inputs, which target.
    Neighbors(ValueId, Vec<NameId>, usize),
    /// Clusters: the node of the estimate, the inputs.
    Centers(ValueId, Vec<NameId>),
    /// A tree with predicates: the node, the predicate of each of its nodes.
    Decision(ValueId, Vec<Predicate>),
    /// Rules: the node, their predicates.
    Rules(ValueId, Vec<Predicate>),
    /// A scorecard: the node, predicates and scores of its attributes, in order.
    Card(ValueId, Vec<(Predicate, super::decision::Points)>),
    Combine(Box<Members>),
    /// A forecast: the node, the number of steps.
    Series(ValueId, NameId),
    /// A cumulative hazard: the node, its predictor, time and stratum.
    Hazard(ValueId, Vec<NameId>),
    /// A Gaussian process: the node, its inputs.
    Process(ValueId, Vec<NameId>),
    /// A Bayesian network: the node, for each of its nodes the field that observes it.
    Network(ValueId, Vec<Option<NameId>>),
    /// Association rules: the node, whether each item is there.
    Basket(ValueId, Vec<NameId>),
}

impl StageModel {
    /// Whether the element of the model names what it predicts.
    pub(super) const fn names_target(&self) -> bool {
        matches!(
            self,
            Self::Bayes(..)
                | Self::Neighbors(..)
                | Self::Network(..)
                | Self::Series(..)
                | Self::Hazard(..)
                | Self::Process(..)
        )
    }
}

/// A model and what it passes on.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) model: StageModel,
    pub(super) outputs: Vec<(NameId, AnswerField)>,
    /// The name of what it predicts, where the document declares one.
    pub(super) target: Option<String>,
}

/// The model of a document that only transforms: it answers 0.
pub(super) fn nothing() -> StageModel {
    StageModel::Regression {
        classification: false,
        method: NormalizationMethod::None,
        f32: false,
        tables: vec![Table::default()],
    }
}

/// What the model element holds beside its algorithm.
pub(super) struct Frame {
    /// The name of what is predicted.
    pub(super) target: Option<String>,
    /// Inputs and outputs of stages to be listed; none for the whole model, which lists all inputs.
    pub(super) fields: Option<BTreeSet<NameId>>,
    pub(super) derived: Vec<Derived>,
    pub(super) outputs: Vec<AnswerField>,
}

impl Frame {
    /// That of a member of an ensemble.
    pub(super) const fn inner(fields: BTreeSet<NameId>) -> Self {
        Self { target: None, fields: Some(fields), derived: Vec::new(), outputs: Vec::new() }
    }
}

impl Raise<'_> {
    /// `functionName`.
    pub(super) fn function(&self, model: &StageModel) -> &'static str {
        let classifies = match model {
            StageModel::Distributions { .. }
            | StageModel::Choice(_)
            | StageModel::Bayes(..)
            | StageModel::Network(..)
            | StageModel::Rules(..) => true,
            StageModel::Regression { classification, .. } => *classification,
            StageModel::Sum { .. }
            | StageModel::Card(..)
            | StageModel::Hazard(..)
            | StageModel::Process(..) => false,
            StageModel::Vectors(vectors) => vectors.classes.is_some(),
            StageModel::Neighbors(node, ..) | StageModel::Decision(node, _) => {
                self.valid.classes_of(*node).is_some()
            }
            StageModel::Combine(members) => self.valid.classes_of(members.node).is_some(),
            StageModel::Centers(..) => return "clustering",
            StageModel::Series(..) => return "timeSeries",
            StageModel::Basket(..) => return "associationRules",
        };
        if classifies { "classification" } else { "regression" }
    }

    pub(super) fn adds_f32(&self, model: &StageModel) -> bool {
        match model {
            StageModel::Regression { f32, .. } => *f32,
            StageModel::Sum { node, .. } | StageModel::Distributions { node, .. } => {
                self.valid.kind_of(*node) == Some(Kind::F32)
            }
            StageModel::Choice(_)
            | StageModel::Vectors(_)
            | StageModel::Bayes(..)
            | StageModel::Neighbors(..)
            | StageModel::Centers(..)
            | StageModel::Decision(..)
            | StageModel::Rules(..)
            | StageModel::Card(..)
            | StageModel::Series(..)
            | StageModel::Hazard(..)
            | StageModel::Process(..)
            | StageModel::Network(..)
            | StageModel::Basket(..)
            | StageModel::Combine(_) => false,
        }
    }

    /// The fields that a model names.
    pub(super) fn needs(&self, model: &StageModel, needed: &mut BTreeSet<NameId>) {
        let mut predicates = |list: &mut dyn Iterator<Item = &Predicate>| {
            for predicate in list {
                predicate.fields(&mut |name| {
                    needed.insert(name);
                });
            }
        };
        match model {
            StageModel::Regression { tables, .. } => {
                needed.extend(tables.iter().flat_map(|table| &table.terms).map(|(name, _)| *name));
            }
            StageModel::Sum { node, .. } | StageModel::Distributions { node, .. } => {
                needed.extend(self.tested.get(node).into_iter().flatten());
            }
            StageModel::Choice(tests) => predicates(&mut tests.iter().map(|(test, _)| test)),
            StageModel::Decision(_, list) | StageModel::Rules(_, list) => {
                predicates(&mut list.iter());
            }
            StageModel::Card(_, list) => {
                predicates(&mut list.iter().map(|(test, _)| test));
                list.iter().filter_map(|(_, points)| points.field()).for_each(|name| {
                    needed.insert(name);
                });
            }
            StageModel::Vectors(vectors) => needed.extend(&vectors.fields),
            StageModel::Bayes(_, fields, _)
            | StageModel::Neighbors(_, fields, _)
            | StageModel::Hazard(_, fields)
            | StageModel::Process(_, fields)
            | StageModel::Basket(_, fields)
            | StageModel::Centers(_, fields) => needed.extend(fields),
            StageModel::Network(_, fields) => needed.extend(fields.iter().flatten()),
            StageModel::Series(_, steps) => {
                needed.insert(*steps);
            }
            StageModel::Combine(members) => {
                for member in &members.list {
                    predicates(&mut [&member.when].into_iter());
                }
                for member in &members.list {
                    needed.extend(member.weight.as_ref().and_then(super::combine::Weight::field));
                    self.needs(&member.model, needed);
                }
            }
        }
    }

    /// A model element with its frame.
    pub(super) fn model(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
    ) -> Result<(), Stop> {
        let valid = self.valid;
        match model {
            StageModel::Regression { method, tables, .. } => {
                self.open_model(out, "RegressionModel", model, frame);
                if *method != NormalizationMethod::None || self.function(model) == "classification"
                {
                    out.attribute("normalizationMethod", method);
                }
                self.inside(out, frame);
                for table in tables {
                    self.table(out, table);
                }
                out.close();
                Ok(())
            }
            StageModel::Sum { node, output } => {
                let Some(Op::Trees(trees)) = valid.model().nodes.get(*node).map(|n| &n.op) else {
                    return Err(self.bug(*node, "no trees"));
                };
                self.sum(out, model, frame, (*node, trees, *output))
            }
            StageModel::Distributions { node, classes } => {
                let Some(Op::Trees(trees)) = valid.model().nodes.get(*node).map(|n| &n.op) else {
                    return Err(self.bug(*node, "no trees"));
                };
                let parts = Parts {
                    id: *node,
                    trees,
                    own: trees.trees.iter().collect(),
                    method: "average",
                    first: None,
                    last: None,
                    leaf: &|_, leaf| distribution(trees, leaf, classes),
                };
                self.ensemble(out, model, frame, &parts)
            }
            StageModel::Choice(tests) => {
                self.choice(out, model, frame, tests);
                Ok(())
            }
            StageModel::Vectors(vectors) => self.vector_machine(out, model, frame, vectors),
            StageModel::Bayes(node, fields, classes) => {
                self.naive_bayes(out, model, frame, (*node, fields, classes))
            }
            StageModel::Neighbors(node, fields, target) => {
                self.nearest_neighbors(out, model, frame, (*node, fields, *target))
            }
            StageModel::Centers(node, fields) => {
                self.clustering(out, model, frame, (*node, fields))
            }
            StageModel::Decision(node, tests) => {
                self.decision_tree(out, model, frame, (*node, tests))
            }
            StageModel::Rules(node, tests) => self.rule_set(out, model, frame, (*node, tests)),
            StageModel::Card(node, list) => self.scorecard(out, model, frame, (*node, list)),
            StageModel::Combine(members) => self.combination(out, model, frame, members),
            StageModel::Series(node, _) => self.time_series(out, model, frame, *node),
            StageModel::Hazard(node, fields) => {
                self.cox_regression(out, model, frame, (*node, fields))
            }
            StageModel::Process(node, fields) => {
                self.gaussian_process(out, model, frame, (*node, fields))
            }
            StageModel::Network(node, fields) => {
                self.bayesian_network(out, model, frame, (*node, fields))
            }
            StageModel::Basket(node, fields) => {
                self.association_model(out, model, frame, (*node, fields))
            }
        }
    }

    /// A tree of one level.
    fn choice(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        tests: &[(Predicate, String)],
    ) {
        self.open_model(out, "TreeModel", model, frame);
        let mut missing = false;
        for (test, _) in tests {
            test.fields(&mut |name| missing |= self.names.may_be_missing(name));
        }
        if missing {
            // A row without the field has no answer, which is no error.
            out.attribute("missingValueStrategy", "nullPrediction");
        }
        out.attribute("splitCharacteristic", "multiSplit");
        self.inside(out, frame);
        let single = match tests {
            [(Predicate::True, class)] => Some(class),
            _ => None,
        };
        out.open("Node").attribute("id", 0).optional("score", single);
        out.open("True").close();
        for (i, (test, class)) in tests.iter().filter(|_| single.is_none()).enumerate() {
            out.open("Node").attribute("id", i + 1).attribute("score", class);
            test.write(out, &self.names);
            out.close();
        }
        out.close().close();
    }

    pub(super) fn open_model(
        &self,
        out: &mut Builder,
        element: &str,
        model: &StageModel,
        frame: &Frame,
    ) {
        out.open(element);
        if frame.fields.is_none() {
            self.model_name(out);
        }
        out.attribute("functionName", self.function(model));
        if self.adds_f32(model) {
            out.attribute("x-mathContext", "float");
        }
    }

    pub(super) fn model_name(&self, out: &mut Builder) {
        let header = &self.valid.model().header;
        out.optional("modelName", header.name.as_ref());
        out.optional("algorithmName", header.class.as_ref());
    }

    /// Schema, outputs and local fields.
    pub(super) fn inside(&self, out: &mut Builder, frame: &Frame) {
        self.schema(out, frame);
        self.outputs_and_fields(out, frame);
    }

    fn schema(&self, out: &mut Builder, frame: &Frame) {
        let target = frame.target.as_deref();
        let Some(fields) = &frame.fields else { return self.mining_schema(out, target) };
        out.open("MiningSchema");
        if let Some(target) = target {
            out.open("MiningField")
                .attribute("name", target)
                .attribute("usageType", "target")
                .close();
        }
        // The standard asks for one field at least.
        let none = fields.is_empty() && !self.valid.model().fields.is_empty();
        let first = none.then(|| super::Names::input(0));
        for name in fields.iter().copied().chain(first) {
            out.open("MiningField").attribute("name", self.names.text(name)).close();
        }
        out.close();
    }

    fn outputs_and_fields(&self, out: &mut Builder, frame: &Frame) {
        if !frame.outputs.is_empty() {
            out.open("Output");
            frame.outputs.iter().for_each(|output| self.output_field(out, output));
            out.close();
        }
        if !frame.derived.is_empty() {
            out.open("LocalTransformations");
            for field in &frame.derived {
                derived_field(out, &self.names, field);
            }
            out.close();
        }
    }

    fn table(&self, out: &mut Builder, table: &Table) {
        out.open("RegressionTable")
            .attribute("intercept", number::text(table.intercept))
            .optional("targetCategory", table.category.as_ref());
        for (name, coefficient) in &table.terms {
            out.open("NumericPredictor")
                .attribute("name", self.names.text(*name))
                .attribute("coefficient", number::text(*coefficient))
                .close();
        }
        out.close();
    }
}
