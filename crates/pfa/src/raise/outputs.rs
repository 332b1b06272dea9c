use holdall_tabular::{EstimateType, Kind, Labels, Output, Part, Type};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::Raise;
use crate::{
    names::Distinct,
    number::{map, maybe, schema},
};

impl Raise<'_> {
    /// The output record, and the statement that makes it: the last of the action.
    pub(super) fn outputs(&mut self) -> Value {
        let mut names = Distinct::default();
        let (mut fields, mut made) = (Vec::new(), Map::new());
        let model = self.valid.model();
        for output in &model.outputs {
            for (name, schema, value) in self.answers(output) {
                let name = names.name(&name);
                fields.push(json!({ "name": name, "type": schema }));
                made.insert(name, value);
            }
        }
        self.action.push(json!({ "type": "Output", "new": made }));
        json!({ "type": "record", "name": "Output", "fields": fields })
    }

    fn answers(&self, output: &Output) -> Vec<(String, Value, Value)> {
        let id = output.value;
        let symbol = self.part(id, output.part);
        let typed = |kind: Kind| maybe(&schema(kind), self.null(id));
        let given = output.name.as_deref();
        let named = |fallback: &str| given.unwrap_or(fallback).to_owned();
        let element = |i: u32| json!({ "attr": symbol, "path": [i] });
        let many = |kind: Kind, count: u32, single: &str, stem: &str| {
            let name = |i: u32| match (given, count) {
                (Some(name), 1) => name.to_owned(),
                (Some(name), _) => format!("{name}_{i}"),
                (None, 1) => single.to_owned(),
                (None, _) => format!("{stem}_{i}"),
            };
            (0..count).map(|i| (name(i), typed(kind), element(i))).collect::<Vec<_>>()
        };
        match (self.valid.type_of(id), output.part) {
            (Type::Value(kind, holdall_tabular::Width::Scalar), _) => {
                vec![(named("y_0"), typed(kind), json!(symbol))]
            }
            (Type::Value(kind, width), _) => many(kind, width.elements(), "y_0", "y"),
            (Type::Estimate(EstimateType::Regression { targets, kind }), Part::Margins) => {
                many(kind, targets, "margin_0", "margin")
            }
            (Type::Estimate(EstimateType::Regression { targets, kind }), _) => {
                many(kind, targets, "prediction", "prediction")
            }
            // The plan refuses these.
            (
                Type::Estimate(
                    EstimateType::Clustering { .. }
                    | EstimateType::Anomaly { .. }
                    | EstimateType::Ranking { .. },
                ),
                _,
            ) => Vec::new(),
            (Type::Estimate(EstimateType::Classification { label, kind, margins, .. }), part) => {
                let texts = self.valid.classes_of(id).map(Labels::texts).unwrap_or_default();
                match part {
                    Part::Label
                    | Part::Whole
                    | Part::Values
                    | Part::Distances
                    | Part::Score
                    | Part::Entity(_)
                    | Part::Confidence
                    | Part::Reason(_)
                    | Part::Rule(..) => {
                        vec![(named("label"), typed(label), json!(symbol))]
                    }
                    Part::Probabilities => {
                        let of = map(&typed(kind));
                        let entries: Map<String, Value> =
                            (0_u32..).zip(texts).map(|(i, text)| (text, element(i))).collect();
                        let value = json!({ "type": of, "new": entries });
                        vec![(named("probabilities"), of, value)]
                    }
                    Part::Probability(class) => {
                        let text = texts.get(class as usize).cloned().unwrap_or_default();
                        let name = named(&format!("probability_{text}"));
                        vec![(name, typed(kind), element(class))]
                    }
                    Part::Margins => many(kind, margins, "margin_0", "margin"),
                }
            }
        }
    }

    /// What the document's own words cannot say: names that Avro does not allow, and the origin.
    pub(super) fn metadata(&self) -> IndexMap<String, String> {
        let model = self.valid.model();
        let names: Vec<&str> = model.fields.iter().map(|(_, f)| f.name.as_str()).collect();
        let outputs: Vec<Option<&str>> = model.outputs.iter().map(|o| o.name.as_deref()).collect();
        let mut metadata = IndexMap::new();
        let mut put = |key: &str, value: String| {
            metadata.insert(format!("holdall.{key}"), value);
        };
        put("fields", json!(names).to_string());
        put("outputs", json!(outputs).to_string());
        if !model.named_inputs {
            put("named_inputs", "false".to_owned());
        }
        let header = &model.header;
        for (key, value) in [
            ("target", &model.target),
            ("name", &header.name),
            ("producer", &header.producer),
            ("producer_version", &header.producer_version),
            ("class", &header.class),
        ] {
            if let Some(value) = value {
                put(key, value.clone());
            }
        }
        metadata
    }
}
