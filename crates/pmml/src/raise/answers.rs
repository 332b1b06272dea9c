//! Outputs: <https://dmg.org/pmml/v4-4-1/Output.html>.

use holdall_tabular::{Construct, Kind, Labels, Part, ValueId};

use super::{NameId, Raise, Stop, association::Asked, expression::dtype, regression::texts};
use crate::doc::Builder;

/// An `OutputField`.
#[derive(Clone, Debug)]
pub(super) struct AnswerField {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) categorical: bool,
    pub(super) feature: Feature,
}

/// What an output answers.
#[derive(Clone, Debug)]
pub(super) enum Feature {
    Predicted,
    /// Of this class.
    Probability(String),
    /// Of this cluster.
    Affinity(String),
    /// By rank from 1.
    Entity(u32),
    Confidence,
    /// By rank from 1.
    Reason(u32),
    /// How far a prediction may be off.
    Deviation,
    /// Of a rule.
    Rule(Asked),
    Field(NameId),
}

impl AnswerField {
    pub(super) const fn predicted(name: String, kind: Kind, categorical: bool) -> Self {
        Self { name, kind, categorical, feature: Feature::Predicted }
    }
}

impl Raise<'_> {
    pub(super) fn output_field(&self, out: &mut Builder, output: &AnswerField) {
        let optype = if output.categorical { "categorical" } else { "continuous" };
        out.open("OutputField")
            .attribute("name", &output.name)
            .attribute("optype", optype)
            .attribute("dataType", dtype(output.kind));
        match &output.feature {
            Feature::Predicted => {
                out.attribute("feature", "predictedValue");
            }
            Feature::Probability(class) => {
                out.attribute("feature", "probability").attribute("value", class);
            }
            Feature::Affinity(cluster) => {
                out.attribute("feature", "affinity").attribute("value", cluster);
            }
            Feature::Entity(rank) => {
                out.attribute("feature", "entityId");
                if *rank > 1 {
                    out.attribute("rank", rank);
                }
            }
            Feature::Confidence => {
                out.attribute("feature", "confidence");
            }
            Feature::Reason(rank) => {
                out.attribute("feature", "reasonCode").attribute("rank", rank);
            }
            Feature::Deviation => {
                out.attribute("feature", "standardDeviation");
            }
            Feature::Rule(asked) => asked.write(out),
            Feature::Field(name) => {
                out.attribute("feature", "transformedValue");
                out.open("FieldRef").attribute("field", self.names.text(*name)).close();
            }
        }
        out.close();
    }

    /// The outputs of the model beside its target.
    pub(super) fn answers(&mut self, last: Option<ValueId>) -> Result<Vec<AnswerField>, Stop> {
        let valid = self.valid;
        let mut answers = Vec::new();
        for output in &valid.model().outputs {
            let name = output.name.as_deref();
            let id = output.value;
            if self.is_first_rule(output, last) {
                // What a document of rules answers without being asked.
                continue;
            }
            if output.part == Part::Whole {
                let fields = self.fields(id)?;
                Self::columns(&fields, &self.names, name.unwrap_or("y"), &mut answers);
                continue;
            }
            let predicted = matches!(output.part, Part::Label | Part::Values);
            let mut parts = self.elements_of(id, output.part);
            if predicted && Some(id) == last {
                // The target itself answers, unless the answer has a name of its own.
                parts.remove(0);
                // Clusters are predicted without a target, which is left out beside other outputs.
                let alone = valid.model().outputs.len() == 1;
                let untargeted = !alone && self.has_clusters(id);
                let name = name.or(untargeted.then_some("cluster"));
                if let Some(name) = name.filter(|name| untargeted || *name != self.target) {
                    let classes = valid.classes_of(id);
                    let kind = classes.map_or(self.answer_kind(id), Labels::kind);
                    let name = self.column_name(name, output.part, id, 0);
                    answers.push(AnswerField::predicted(name, kind, classes.is_some()));
                }
            }
            for (part, element) in parts {
                let feature = match self.feature(id, part, element, last) {
                    Some(feature) => feature,
                    None => Feature::Field(self.part_field(id, part, element)?),
                };
                let stem = name.map_or_else(|| self.stem(id, output.part), str::to_owned);
                let (kind, categorical) = self.kind_of_part(id, part);
                let name = match (name, output.part, part) {
                    (Some(name), Part::Probability(_), _) => name.to_owned(),
                    (Some(name), _, Part::Probability(class)) => {
                        format!("{name}_{}", self.class_text(id, class))
                    }
                    (None, _, Part::Probability(class)) => {
                        format!("probability({})", self.class_text(id, class))
                    }
                    _ => self.column_name(&stem, output.part, id, element),
                };
                answers.push(AnswerField { name, kind, categorical, feature });
            }
        }
        let targeted = last.is_some_and(|id| !self.has_clusters(id) && !self.has_rules(id));
        let mut seen = std::collections::BTreeSet::new();
        for answer in &mut answers {
            let mut count = 1;
            let base = answer.name.clone();
            while !seen.insert(answer.name.clone()) || (targeted && answer.name == self.target) {
                count += 1;
                answer.name = format!("{base}#{count}");
            }
        }
        Ok(answers)
    }

    fn class_text(&self, id: ValueId, class: u32) -> String {
        let classes = self.valid.classes_of(id).map(texts).unwrap_or_default();
        classes.get(class as usize).cloned().unwrap_or_default()
    }

    fn stem(&self, id: ValueId, part: Part) -> String {
        let several = self.valid.model().outputs.iter().filter(|o| o.part == part).count() > 1;
        let stem = match part {
            Part::Label if self.is_cluster(id) => "cluster",
            Part::Label => "label",
            Part::Values => "prediction",
            Part::Margins => "margin",
            Part::Distances => "distance",
            Part::Score => "score",
            Part::Entity(_) => "entity",
            Part::Confidence => "confidence",
            Part::Reason(_) => "reason",
            Part::Rule(_, feature) => return format!("rule_{}", feature.name()),
            Part::Whole | Part::Probabilities | Part::Probability(_) => "y",
        };
        if several && part == Part::Label {
            format!("{stem}{}", id.index())
        } else {
            stem.to_owned()
        }
    }

    /// The name of a column, with its number where there are several.
    fn column_name(&self, stem: &str, part: Part, id: ValueId, element: usize) -> String {
        let many =
            self.elements_of(id, part).len() > 1 || part == Part::Margins && stem == "margin";
        if many { format!("{stem}_{element}") } else { stem.to_owned() }
    }

    /// The elements of a value as outputs.
    fn columns(
        fields: &[NameId],
        names: &super::Names,
        stem: &str,
        answers: &mut Vec<AnswerField>,
    ) {
        for (element, field) in fields.iter().enumerate() {
            let kind = names.kind(*field);
            let name = if fields.len() == 1 && stem != "y" {
                stem.to_owned()
            } else {
                format!("{stem}_{element}")
            };
            let feature = Feature::Field(*field);
            answers.push(AnswerField { name, kind, categorical: !kind.is_number(), feature });
        }
    }

    /// A part that nothing gives.
    pub(super) fn no_part(part: Part) -> Stop {
        let why = "PMML has no output for it in this kind of model";
        Stop::refuse(Construct::Output(part.without_rank()), why)
    }
}
