//! The document: one stage is its model, several are a model chain.

use std::collections::BTreeSet;

use holdall_codec::Examples;

use super::{
    NameId, Prepared, Raise, Stage, Stop,
    answers::{AnswerField, Feature},
    emit::derived_field,
    model::{Frame, StageModel},
    verification,
};
use crate::{
    Version,
    doc::{Builder, Document},
};

impl Raise<'_> {
    /// The document of what was prepared, with rows to check it by.
    pub(super) fn document(
        mut self,
        prepared: Prepared,
        examples: &Examples,
    ) -> Result<Document, Stop> {
        self.prune(&prepared);
        let mut out = Builder::new();
        out.open("PMML")
            .attribute("xmlns", "http://www.dmg.org/PMML-4_4")
            .attribute("version", Version::WRITTEN);
        self.header(&mut out);
        self.data_dictionary(&mut out, &prepared);
        let derived = std::mem::take(&mut self.dictionary);
        if !derived.is_empty() {
            out.open("TransformationDictionary");
            for field in &derived {
                derived_field(&mut out, &self.names, field);
            }
            out.close();
        }
        let target = Self::has_target(&prepared).then(|| self.target.clone());
        let Prepared { model, answers, .. } = prepared;
        let model_at = out.len();
        if self.stages.is_empty() {
            let frame = Frame { target, fields: None, derived: Vec::new(), outputs: answers };
            self.model(&mut out, &model, &frame)?;
        } else {
            self.chain(&mut out, &model, target, answers)?;
        }
        // The model is the last element, and the block comes last in it.
        out.reopen(model_at);
        verification::write(&mut out, examples);
        out.close();
        Ok(out.finish()?)
    }

    fn header(&self, out: &mut Builder) {
        let header = &self.valid.model().header;
        out.open("Header");
        out.optional("description", header.description.as_ref());
        out.open("Application")
            .attribute("name", "holdall")
            .attribute("version", env!("CARGO_PKG_VERSION"))
            .close()
            .close();
    }

    fn chain(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        target: Option<String>,
        answers: Vec<AnswerField>,
    ) -> Result<(), Stop> {
        out.open("MiningModel");
        self.model_name(out);
        out.attribute("functionName", self.function(model));
        self.mining_schema(out, target.as_deref());
        out.open("Segmentation").attribute("multipleModelMethod", "modelChain");
        let stages = std::mem::take(&mut self.stages);
        for (i, Stage { model, outputs, target }) in stages.iter().enumerate() {
            let outputs = outputs.iter().map(|(_, output)| output.clone()).collect();
            self.segment(out, i + 1, model, target.clone(), outputs)?;
        }
        self.segment(out, stages.len() + 1, model, target, answers)?;
        out.close().close();
        Ok(())
    }

    fn segment(
        &mut self,
        out: &mut Builder,
        number: usize,
        model: &StageModel,
        target: Option<String>,
        outputs: Vec<AnswerField>,
    ) -> Result<(), Stop> {
        let mut needed = BTreeSet::new();
        self.needs(model, &mut needed);
        needed.extend(outputs.iter().filter_map(AnswerField::field));
        // Fields derived from stages are declared where they are needed, with all they need.
        let mut derived = Vec::new();
        for field in self.late.iter().rev() {
            if needed.contains(&field.name) {
                field.expr.fields(&mut |name| {
                    needed.insert(name);
                });
                derived.push(field.clone());
            }
        }
        derived.reverse();
        let roots: BTreeSet<NameId> =
            needed.iter().flat_map(|name| self.names.roots(*name)).copied().collect();
        out.open("Segment").attribute("id", number);
        out.open("True").close();
        self.model(out, model, &Frame { target, fields: Some(roots), derived, outputs })?;
        out.close();
        Ok(())
    }
}

impl AnswerField {
    /// The field that is answered, where it is one.
    pub(super) fn field(&self) -> Option<NameId> {
        match self.feature {
            Feature::Field(name) => Some(name),
            Feature::Predicted
            | Feature::Probability(_)
            | Feature::Affinity(_)
            | Feature::Entity(_)
            | Feature::Deviation
            | Feature::Rule(_)
            | Feature::Confidence
            | Feature::Reason(_) => None,
        }
    }
}
