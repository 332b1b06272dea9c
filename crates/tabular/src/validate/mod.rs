//! The checks that stand between a model and everybody who uses one.

mod infer;
mod trees;

use std::{collections::BTreeSet, fmt};

use holdall_diag::{Code, Diagnostic, Location, Report};
use holdall_table::{Kind, Port, Role};

use crate::{
    EstimateType, Labels, MissingPolicy, Model, Node, Op, Part, Requirement, Type, ValueId, Width,
    codes, construct,
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

    /// The class labels of the classification that `id` yields or takes a part of.
    pub fn classes_of(&self, id: ValueId) -> Option<&Labels> {
        if let Op::Classify(classify) = &self.model.nodes.get(id)?.op {
            return Some(&classify.classes);
        }
        None
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
            (Type::Estimate(EstimateType::Classification { label, kind, margins, .. }), part) => {
                let texts = self.classes_of(output.value).map(Labels::texts).unwrap_or_default();
                let probability = |text: &String, name: String| Port {
                    name,
                    kind,
                    role: Some(Role::Probability(text.clone())),
                };
                match part {
                    Part::Label | Part::Whole | Part::Values => ports.push(Port {
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

/// Types are `None` for nodes whose own check failed, so that one fault is reported once.
struct Check<'m> {
    model: &'m Model,
    types: Vec<Option<Type>>,
    report: Report,
}

impl Check<'_> {
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
            if field.missing == MissingPolicy::AsNan && !field.kind.is_float() {
                self.error(
                    codes::TYPE,
                    location(),
                    format!("missing can become NaN in float fields only, found {}", field.kind),
                );
            }
        }
    }

    fn node(&mut self, id: ValueId, node: &Node) {
        let result = infer::infer(self, &node.op);
        match result {
            Ok(found) => self.types.push(found),
            Err(fault) => {
                self.types.push(None);
                let location = self.model.location(id);
                self.error(fault.code, location, format!("{}: {}", node.op.name(), fault.message));
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
                Some(Some(found)) if !has_part(*found, output.part) => self.error(
                    codes::TYPE,
                    location(),
                    format!("{found} has no {}", construct::part_name(output.part)),
                ),
                Some(_) => {}
            }
        }
    }
}

/// A failed check of one node.
pub(crate) struct Fault {
    code: Code,
    message: String,
}

pub(crate) fn fault<T>(code: Code, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { code, message: message.into() })
}

fn has_part(found: Type, part: Part) -> bool {
    match (found, part) {
        (Type::Value(..), part) => part == Part::Whole,
        (Type::Estimate(EstimateType::Regression { .. }), part) => {
            matches!(part, Part::Values | Part::Margins)
        }
        (Type::Estimate(EstimateType::Classification { classes, .. }), part) => match part {
            Part::Label | Part::Probabilities | Part::Margins => true,
            Part::Probability(class) => class < classes,
            Part::Whole | Part::Values => false,
        },
    }
}
