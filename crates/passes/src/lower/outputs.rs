//! Names and types of what is answered.

use std::collections::BTreeSet;

use holdall_diag::Failure;
use holdall_graph::{Attribute, Dim, ValueId, ValueType};
use holdall_tabular::{Kind, Labels, Output, Part, ValidModel};
use holdall_tensor::DType;

use super::{
    CLASSES_KEY, Context, Slot,
    build::{dtype_of, inexpressible, rows_of},
    estimate::written_labels,
    inputs::JOINT,
};

/// The names of the outputs, in order, each once.
pub(super) fn output_names(valid: &ValidModel) -> Vec<String> {
    let model = valid.model();
    let mut taken: BTreeSet<String> = model
        .fields
        .iter()
        .map(|(_, field)| field.name.clone())
        .chain([JOINT.to_owned()])
        .chain(model.outputs.iter().filter_map(|output| output.name.clone()))
        .collect();
    let mut names = Vec::with_capacity(model.outputs.len());
    for output in &model.outputs {
        let named = output.name.clone();
        let name = named.unwrap_or_else(|| unique(&usual_name(valid, output), &taken));
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

fn unique(stem: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (1_u64..).map(|i| format!("{stem}_{i}"));
    std::iter::once(stem.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_default()
}

fn usual_name(valid: &ValidModel, output: &Output) -> String {
    match output.part {
        Part::Whole => "y".to_owned(),
        Part::Label => "label".to_owned(),
        Part::Probabilities => "probabilities".to_owned(),
        Part::Probability(class) => {
            let texts = valid.classes_of(output.value).map(Labels::texts).unwrap_or_default();
            format!("probability_{}", texts.get(class as usize).map_or("", String::as_str))
        }
        Part::Values => "prediction".to_owned(),
        Part::Margins => "margins".to_owned(),
        Part::Distances => "distances".to_owned(),
        Part::Score => "score".to_owned(),
        Part::Entity(_) => "entity".to_owned(),
        Part::Confidence => "confidence".to_owned(),
        Part::Reason(_) => "reason".to_owned(),
        Part::Rule(..) => "rule".to_owned(),
    }
}

/// Every name that is spoken for before the first operator.
pub(super) fn names(valid: &ValidModel) -> Vec<String> {
    let fields = valid.model().fields.iter().map(|(_, field)| field.name.clone());
    let mut names = output_names(valid);
    names.extend(fields);
    names.push(JOINT.to_owned());
    names
}

impl Context<'_> {
    /// Probabilities as a list of maps from the labels.
    fn declare_map(
        &mut self,
        output: &Output,
        id: ValueId,
        kind: Kind,
        name: &str,
    ) -> Result<(), Failure> {
        let id = self.builder.cast(id, kind, Kind::F32)?;
        let labels = self.valid.classes_of(output.value);
        let labels = labels.ok_or_else(|| inexpressible("probabilities without classes"))?;
        let (key, attribute) = match written_labels(labels, self.options) {
            Labels::I64(v) => (DType::I64, ("classlabels_int64s", Attribute::Ints(v))),
            Labels::Text(v) => (DType::Text, ("classlabels_strings", Attribute::texts(v))),
            other @ (Labels::F64(_) | Labels::Bool(_)) => {
                return Err(inexpressible(format!("maps from {}", other.kind())));
            }
        };
        let id = self.builder.ml_node("ZipMap", &[id], vec![attribute])?;
        let id = self.builder.named(id, name)?;
        let value = ValueType::tensor(DType::F32, Vec::new());
        let map = ValueType::Map(key, Box::new(value));
        self.builder.graph.push_output(id, ValueType::Sequence(Box::new(map)));
        Ok(())
    }

    pub(super) fn declare_outputs(&mut self) -> Result<(), Failure> {
        let valid = self.valid;
        let names = output_names(valid);
        for (output, name) in valid.model().outputs.iter().zip(names) {
            if output.part == Part::Label {
                let (kind, id) = self.label_output(output.value)?;
                let id = self.builder.named(id, &name)?;
                let rows = vec![Dim::Symbol("N".to_owned())];
                self.builder.graph.push_output(id, ValueType::tensor(dtype_of(kind), rows));
                continue;
            }
            let value = match self.slots.get(output.value.index()) {
                Some(Slot::Value(value)) => value.clone(),
                Some(Slot::Estimate(_) | Slot::Answer(_)) => {
                    self.part(output.value, output.part)?
                }
                None => return Err(inexpressible(format!("there is no node {}", output.value))),
            };
            let id = self.full(&value)?;
            if self.options.zipmap && output.part == Part::Probabilities {
                self.declare_map(output, id, value.kind, &name)?;
                continue;
            }
            let id = self.builder.named(id, &name)?;
            self.builder.graph.push_output(id, rows_of(value.kind, value.width));
        }
        // The list names the columns of the probabilities: a label may be decided over another order.
        let outputs = || valid.model().outputs.iter();
        let classes = outputs()
            .filter(|o| o.part == Part::Probabilities)
            .chain(outputs())
            .find_map(|o| valid.classes_of(o.value));
        if let Some(classes) = classes {
            let list = match classes {
                Labels::Text(v) => serde_json::Value::from(v.as_slice()),
                Labels::I64(v) => serde_json::Value::from(v.as_slice()),
                Labels::F64(v) => serde_json::Value::from(v.as_slice()),
                Labels::Bool(v) => serde_json::Value::from(v.as_slice()),
            };
            self.builder.graph.metadata.push((CLASSES_KEY.to_owned(), list.to_string()));
        }
        Ok(())
    }
}
