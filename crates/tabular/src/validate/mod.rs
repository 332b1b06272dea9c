//! The checks that stand between a model and everybody who uses one.

mod estimators;
mod infer;
mod transforms;
mod trees;

use std::{collections::BTreeSet, fmt};

use holdall_diag::{Code, Diagnostic, Location, Report};
use holdall_table::{Kind, Port, Role};

use crate::{
    EstimateType, Estimator, Extras, InvalidPolicy, Labels, MissingPolicy, Model, NeighborAnswer,
    Node, NodeAnswer, Op, Part, Requirement, Scalar, Type, ValueId, Width, codes, construct,
};

/// A model that passed every check, with what was worked out on the way. Only [`validate`] makes
/// one; to change the model, give the proof up with [`ValidModel::into_model`].
#[derive(Clone, PartialEq)]
pub struct ValidModel {
    model: Model,
    types: Vec<Type>,
}

impl fmt::Debug for ValidModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dump())
    }
}

/// Checks a model: all findings at once.
///
/// Holds afterwards: every operand exists, comes earlier and has a kind and width the operation takes;
/// parallel lists agree; trees are acyclic and stay within features, leaves and outputs; names are
/// unique; every output names a part that its value has.
pub fn validate(model: Model) -> Result<ValidModel, Report> {
    let mut check = Check { model: &model, types: Vec::new(), report: Report::new() };
    check.fields();
    for (id, node) in model.nodes.iter() {
        check.node(id, node);
    }
    check.outputs();
    let Check { types, report, .. } = check;
    if report.has_errors() {
        return Err(report);
    }
    let types = types.into_iter().flatten().collect();
    Ok(ValidModel { model, types })
}

impl ValidModel {
    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The model, to change it.
    pub fn into_model(self) -> Model {
        self.model
    }

    /// What a node yields.
    pub fn type_of(&self, id: ValueId) -> Type {
        // Every id of the model has a type: validation pushed one a node.
        self.types.get(id.index()).copied().unwrap_or(Type::Value(Kind::F64, Width::Scalar))
    }

    /// Kind of a value that is not an estimate.
    pub fn kind_of(&self, id: ValueId) -> Option<Kind> {
        match self.type_of(id) {
            Type::Value(kind, _) => Some(kind),
            Type::Estimate(_) => None,
        }
    }

    /// Number of elements of a value; 1 for an estimate.
    pub fn width_of(&self, id: ValueId) -> u32 {
        match self.type_of(id) {
            Type::Value(_, width) => width.elements(),
            Type::Estimate(_) => 1,
        }
    }

    /// Everything the model needs of a target, in a fixed order.
    pub fn requirements(&self) -> Vec<Requirement> {
        construct::requirements(&self.model, &|id| self.kind_of(id), &|id| self.width_of(id))
    }

    /// The labels of the classification, clustering or anomaly that `id` yields.
    pub fn classes_of(&self, id: ValueId) -> Option<&Labels> {
        let mut id = id;
        loop {
            match &self.model.nodes.get(id)?.op {
                Op::Classify(classify) => return Some(&classify.classes),
                Op::Estimator(Estimator::Combine(combine)) => {
                    id = combine.members.first()?.estimate;
                }
                Op::Estimator(estimator) => return labels_of(estimator),
                Op::Input(_)
                | Op::Constant(_)
                | Op::Cast { .. }
                | Op::Concat(_)
                | Op::Select { .. }
                | Op::Unary { .. }
                | Op::Binary { .. }
                | Op::If { .. }
                | Op::Impute(_)
                | Op::Scale(_)
                | Op::OneHot(_)
                | Op::Ordinal(_)
                | Op::Call(_)
                | Op::Transform(_)
                | Op::Linear(_)
                | Op::Trees(_)
                | Op::Regress(_)
                | Op::Part { .. }
                | Op::Foreign(_) => return None,
            }
        }
    }

    /// The parts that the estimate of a node has beyond those of its type.
    pub fn extras_of(&self, id: ValueId) -> Extras {
        self.model.nodes.get(id).map_or_else(Extras::default, |node| extras(&node.op))
    }

    /// The input columns, in order.
    pub fn input_ports(&self) -> Vec<Port> {
        self.model
            .fields
            .iter()
            .map(|(_, field)| Port { name: field.name.clone(), kind: field.kind, role: None })
            .collect()
    }

    /// The output columns, in order, named by the file or by the rules of the design guide.
    pub fn output_ports(&self) -> Vec<Port> {
        let mut ports = Vec::new();
        for output in &self.model.outputs {
            self.ports_of(output, &mut ports);
        }
        ports
    }

    fn ports_of(&self, output: &crate::Output, ports: &mut Vec<Port>) {
        let name = output.name.as_deref();
        if let Some(port) = ranked_port(self.type_of(output.value), output.part, name) {
            return ports.push(port);
        }
        let mut many = |kind: Kind, count: u32, single: &str, stem: &str, role: fn(u32) -> Role| {
            for i in 0..count {
                let name = match (name, count) {
                    (Some(name), 1) => name.to_owned(),
                    (Some(name), _) => format!("{name}_{i}"),
                    (None, 1) => single.to_owned(),
                    (None, _) => format!("{stem}_{i}"),
                };
                ports.push(Port { name, kind, role: Some(role(i)) });
            }
        };
        match (self.type_of(output.value), output.part) {
            (Type::Value(kind, width), _) => {
                many(kind, width.elements(), "y_0", "y", Role::Transformed);
            }
            (Type::Estimate(EstimateType::Regression { targets, kind }), part) => {
                if part == Part::Margins {
                    many(kind, targets, "margin_0", "margin", Role::Margin);
                } else {
                    many(kind, targets, "prediction", "prediction", Role::Value);
                }
            }
            (Type::Estimate(EstimateType::Clustering { label, kind, clusters }), part) => {
                if part == Part::Distances {
                    many(kind, clusters, "distance_0", "distance", Role::Margin);
                } else {
                    many(label, 1, "cluster", "cluster", |_| Role::Label);
                }
            }
            (Type::Estimate(EstimateType::Anomaly { label, kind }), part) => {
                if part == Part::Score {
                    many(kind, 1, "score", "score", Role::Value);
                } else {
                    many(label, 1, "label", "label", |_| Role::Label);
                }
            }
            // A ranking has parts by rank only.
            (Type::Estimate(EstimateType::Ranking { .. }), _) => {}
            (Type::Estimate(EstimateType::Classification { label, kind, margins, .. }), part) => {
                let texts = self.classes_of(output.value).map(Labels::texts).unwrap_or_default();
                let probability = |text: &String, name: String| Port {
                    name,
                    kind,
                    role: Some(Role::Probability(text.clone())),
                };
                match part {
                    Part::Label
                    | Part::Whole
                    | Part::Values
                    | Part::Distances
                    | Part::Score
                    | Part::Entity(_)
                    | Part::Confidence
                    | Part::Reason(_)
                    | Part::Rule(..) => ports.push(Port {
                        name: name.unwrap_or("label").to_owned(),
                        kind: label,
                        role: Some(Role::Label),
                    }),
                    Part::Probabilities => ports.extend(texts.iter().map(|text| {
                        probability(text, format!("{}_{text}", name.unwrap_or("probability")))
                    })),
                    Part::Probability(class) => {
                        let text = texts.get(class as usize).cloned().unwrap_or_default();
                        let fallback = format!("probability_{text}");
                        ports.push(probability(&text, name.map_or(fallback, ToOwned::to_owned)));
                    }
                    Part::Margins => many(kind, margins, "margin_0", "margin", Role::Margin),
                }
            }
        }
    }
}

/// The column of a part that has a rank or no role of its own.
fn ranked_port(of: Type, part: Part, name: Option<&str>) -> Option<Port> {
    let (stem, rank) = match part {
        Part::Entity(rank) => ("entity".to_owned(), rank),
        Part::Reason(rank) => ("reason".to_owned(), rank),
        Part::Rule(rank, feature) => (format!("rule_{}", feature.name()), rank),
        Part::Confidence => ("confidence".to_owned(), 0),
        Part::Whole
        | Part::Label
        | Part::Probabilities
        | Part::Probability(_)
        | Part::Values
        | Part::Margins
        | Part::Distances
        | Part::Score => return None,
    };
    let Type::Value(kind, _) = infer::part_type(of, part) else { return None };
    let fallback = if rank == 0 { stem } else { format!("{stem}_{rank}") };
    Some(Port { name: name.map_or(fallback, ToOwned::to_owned), kind, role: None })
}

fn labels_of(estimator: &Estimator) -> Option<&Labels> {
    match estimator {
        Estimator::Neighbors(op) => match &op.answer {
            NeighborAnswer::Classes { classes, .. } => Some(classes),
            NeighborAnswer::Values { .. } => None,
        },
        Estimator::DecisionTree(op) => match &op.answer {
            NodeAnswer::Classes(answer) => Some(&answer.classes),
            NodeAnswer::Values(_) => None,
        },
        Estimator::Rules(op) => Some(&op.classes),
        Estimator::Cluster(op) => Some(&op.labels),
        Estimator::Detect(op) => Some(&op.labels),
        Estimator::ObliviousTrees(_)
        | Estimator::LinearTrees(_)
        | Estimator::KernelMachine(_)
        | Estimator::Votes(_)
        | Estimator::NaiveBayes(_)
        | Estimator::BayesianNetwork(_)
        | Estimator::TimeSeries(_)
        | Estimator::GaussianProcess(_)
        | Estimator::Survival(_)
        | Estimator::Scorecard(_)
        | Estimator::Association(_)
        | Estimator::Combine(_) => None,
    }
}

/// The parts that the estimate of an operation has beyond those of its type.
fn extras(op: &Op) -> Extras {
    let Op::Estimator(estimator) = op else { return Extras::default() };
    let none = Extras::default();
    match estimator {
        Estimator::DecisionTree(op) => {
            Extras { entities: 1, confidence: matches!(op.answer, NodeAnswer::Classes(_)), ..none }
        }
        Estimator::Rules(_) => Extras { entities: 1, confidence: true, ..none },
        Estimator::Scorecard(op) => {
            let reasons = op.reasons.map_or(0, |_| op.characteristics.len());
            Extras { reasons: u32::try_from(reasons).unwrap_or(u32::MAX), ..none }
        }
        Estimator::Neighbors(op) => match op.near {
            crate::Near::Count(count) => Extras { entities: count, ..none },
            crate::Near::Radius(_) => none,
        },
        Estimator::Combine(op) => {
            Extras { entities: u32::from(op.method == crate::CombineMethod::SelectFirst), ..none }
        }
        Estimator::ObliviousTrees(_)
        | Estimator::LinearTrees(_)
        | Estimator::KernelMachine(_)
        | Estimator::Votes(_)
        | Estimator::NaiveBayes(_)
        | Estimator::BayesianNetwork(_)
        | Estimator::TimeSeries(_)
        | Estimator::GaussianProcess(_)
        | Estimator::Survival(_)
        | Estimator::Cluster(_)
        | Estimator::Detect(_)
        | Estimator::Association(_) => none,
    }
}

/// Types are `None` for nodes whose own check failed and left open what they yield, so that one fault is reported once.
struct Check<'m> {
    model: &'m Model,
    types: Vec<Option<Type>>,
    report: Report,
}

impl Check<'_> {
    fn extras(&self, id: ValueId) -> Extras {
        self.model.nodes.get(id).map_or_else(Extras::default, |node| extras(&node.op))
    }

    fn error(&mut self, code: Code, location: Location, message: impl Into<String>) {
        self.report.push(Diagnostic::error(code, message).at(location));
    }

    fn fields(&mut self) {
        let mut names = BTreeSet::new();
        for (id, field) in self.model.fields.iter() {
            let location = || Location::model(format!("field {id} `{}`", field.name));
            if field.name.is_empty() || !names.insert(&field.name) {
                self.error(
                    codes::NAME,
                    location(),
                    format!("field names must be unique and not empty, found `{}`", field.name),
                );
            }
            let replacements = [
                if let InvalidPolicy::Replace(scalar) = &field.invalid {
                    Some(scalar)
                } else {
                    None
                },
                if let MissingPolicy::Replace(scalar) = &field.missing {
                    Some(scalar)
                } else {
                    None
                },
            ];
            for scalar in replacements.into_iter().flatten() {
                if !replaces(scalar, field.kind) {
                    self.error(
                        codes::TYPE,
                        location(),
                        format!("the replacement `{scalar}` is not {}", field.kind),
                    );
                }
            }
            let as_nan =
                (field.missing == MissingPolicy::AsNan).then_some("missing can become NaN");
            let nan = field.nan_is_missing.then_some("NaN can count as missing");
            for what in as_nan.into_iter().chain(nan).filter(|_| !field.kind.is_float()) {
                self.error(
                    codes::TYPE,
                    location(),
                    format!("{what} in float fields only, found {}", field.kind),
                );
            }
        }
    }

    fn node(&mut self, id: ValueId, node: &Node) {
        let result = infer::infer(self, &node.op);
        match result {
            Ok(found) => self.types.push(found),
            Err(fault) => {
                self.types.push(fault.found);
                for (code, message) in fault.findings {
                    let location = self.model.location(id);
                    self.error(code, location, format!("{}: {message}", node.op.name()));
                }
            }
        }
    }

    fn outputs(&mut self) {
        if self.model.outputs.is_empty() {
            self.error(codes::NO_OUTPUT, Location::none(), "the model has no output");
        }
        let mut names = BTreeSet::new();
        for (i, output) in self.model.outputs.iter().enumerate() {
            let location = || Location::model(format!("output {i}"));
            if let Some(name) = &output.name
                && (name.is_empty() || !names.insert(name))
            {
                let message = format!("output names must be unique and not empty, found `{name}`");
                self.error(codes::NAME, location(), message);
            }
            match self.types.get(output.value.index()) {
                None => self.error(
                    codes::REFERENCE,
                    location(),
                    format!("there is no node {}", output.value),
                ),
                Some(Some(found)) if !has_part(*found, self.extras(output.value), output.part) => {
                    self.error(
                        codes::TYPE,
                        location(),
                        format!("{found} has no {}", construct::part_name(output.part)),
                    );
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether a scalar can take the place of a value of a kind: whole floats stand for integers.
fn replaces(scalar: &Scalar, kind: Kind) -> bool {
    infer::scalar_fits(scalar, kind)
        || (kind == Kind::I64
            && matches!(scalar, Scalar::F64(v) if v.fract().abs().total_cmp(&0.0).is_eq()))
}

/// Failed checks of one node.
#[derive(Default)]
pub(crate) struct Fault {
    findings: Vec<(Code, String)>,
    /// What the node yields all the same, so that those after it are checked.
    found: Option<Type>,
}

impl Fault {
    /// Takes the findings of a check, and says whether there were none.
    fn passes(&mut self, check: Result<(), Self>) -> bool {
        match check {
            Ok(()) => true,
            Err(fault) => {
                self.findings.extend(fault.findings);
                false
            }
        }
    }

    /// The type where no check failed.
    fn unless_failed(self, found: Option<Type>) -> infer::Inferred {
        if self.findings.is_empty() { Ok(found) } else { Err(Self { found, ..self }) }
    }
}

pub(crate) fn fault<T>(code: Code, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { findings: vec![(code, message.into())], found: None })
}

fn has_part(found: Type, extras: Extras, part: Part) -> bool {
    let Type::Estimate(estimate) = found else { return part == Part::Whole };
    match part {
        Part::Whole => false,
        Part::Label => {
            !matches!(estimate, EstimateType::Regression { .. } | EstimateType::Ranking { .. })
        }
        Part::Probabilities => matches!(estimate, EstimateType::Classification { .. }),
        Part::Probability(class) => {
            matches!(estimate, EstimateType::Classification { classes, .. } if class < classes)
        }
        Part::Values => matches!(estimate, EstimateType::Regression { .. }),
        Part::Margins => match estimate {
            EstimateType::Regression { .. } => true,
            EstimateType::Classification { margins, .. } => margins > 0,
            EstimateType::Clustering { .. }
            | EstimateType::Anomaly { .. }
            | EstimateType::Ranking { .. } => false,
        },
        Part::Distances => matches!(estimate, EstimateType::Clustering { .. }),
        Part::Score => matches!(estimate, EstimateType::Anomaly { .. }),
        Part::Entity(rank) => rank < extras.entities,
        Part::Confidence => extras.confidence,
        Part::Reason(rank) => rank < extras.reasons,
        Part::Rule(rank, _) => {
            matches!(estimate, EstimateType::Ranking { answers } if rank < answers)
        }
    }
}
