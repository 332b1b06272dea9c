//! Outputs: <https://dmg.org/pmml/v4-4-1/Output.html>.

use holdall_diag::Failure;
use holdall_tabular::{Kind, Op, Output, Part, ValueId};

use super::{Answer, Lower, MODELS, dictionary, invalid, required, word};
use crate::doc::{Element, ResultFeature};

/// The names of the outputs of a model.
pub(super) fn names(element: Element<'_>) -> impl Iterator<Item = &str> {
    fields(element).filter_map(|field| field.attribute("name"))
}

fn fields(element: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    let output = element.child("Output");
    output.into_iter().flat_map(Element::children).filter(|child| child.name() == "OutputField")
}

/// Name of the predicted column where the document has none.
const NAMELESS: &str = "_target";

impl<'d> Lower<'d> {
    /// Makes the outputs of a segment fields for those after it.
    pub(super) fn pass_on(&mut self, element: Element<'d>, answer: &Answer) -> Result<(), Failure> {
        for field in fields(element) {
            let name = required(field, "name")?;
            if let Some((value, part)) = self.output(field, answer)? {
                let value = match (part, answer.value) {
                    (Part::Whole, _) => value,
                    (Part::Values, Some(value)) => value,
                    (part, _) => {
                        let estimate = value;
                        let margins = self.logits.get(&estimate).copied();
                        let value = self.push(Op::Part { estimate, part })?;
                        if let Some(margins) = margins {
                            self.logits.insert(value, margins);
                        }
                        value
                    }
                };
                self.values.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }

    /// The outputs of the whole model: the target, then the output fields; those of the last segment
    /// of a chain come before those of the chain.
    pub(super) fn answers(&mut self, element: Element<'d>, answer: &Answer) -> Result<(), Failure> {
        let target = dictionary::target(element).unwrap_or(NAMELESS).to_owned();
        let part = if answer.classes.is_some() { Part::Label } else { Part::Values };
        let mut shown = Vec::new();
        let mut holders = vec![element];
        let mut at = element;
        while let Some(last) = last_of_chain(at) {
            holders.insert(0, last);
            at = last;
        }
        for holder in holders {
            for field in fields(holder) {
                let name = required(field, "name")?;
                if field.attribute("isFinalResult") == Some("false") {
                    continue;
                }
                let known = self.values.get(name).copied().filter(|_| {
                    holder.index() != element.index()
                        && field.attribute("feature") == Some("transformedValue")
                });
                let found = match known {
                    Some(value) => Some((value, Part::Whole)),
                    None => self.output(field, answer)?,
                };
                if let Some((value, part)) = found {
                    shown.push(Output { name: Some(name.to_owned()), value, part });
                }
            }
        }
        if dictionary::target(element).is_some() || shown.iter().all(|o| o.part != Part::Whole) {
            let output = Output { name: Some(target.clone()), value: answer.estimate, part };
            self.model.outputs.push(output);
        }
        for output in shown {
            let taken = self.model.outputs.iter().any(|o| o.name == output.name);
            if taken {
                self.note(element, format!("a second output `{target}` is left out"));
            } else {
                self.model.outputs.push(output);
            }
        }
        Ok(())
    }

    /// What an output field answers; none, with a note, where that is not carried.
    fn output(
        &mut self,
        field: Element<'d>,
        answer: &Answer,
    ) -> Result<Option<(ValueId, Part)>, Failure> {
        let feature = word(field, "feature", ResultFeature::PredictedValue)?;
        match feature {
            ResultFeature::PredictedValue => {
                let part = if answer.classes.is_some() { Part::Label } else { Part::Values };
                Ok(Some((answer.estimate, part)))
            }
            ResultFeature::Probability => {
                let Some(classes) = &answer.classes else {
                    return Err(invalid(field, "feature", "a feature of a regression"));
                };
                let Some(value) = field.attribute("value") else {
                    self.note(field, "the probability of the predicted class is left out");
                    return Ok(None);
                };
                let class = (0..classes.len())
                    .filter_map(|i| classes.get(i))
                    .position(|class| crate::raise::scalar_text(&class) == value);
                let class = class.and_then(|class| u32::try_from(class).ok());
                let class =
                    class.ok_or_else(|| invalid(field, "value", "a class of the target"))?;
                Ok(Some((answer.estimate, Part::Probability(class))))
            }
            ResultFeature::TransformedValue => {
                let kind = match field.attribute("dataType") {
                    Some(_) => dictionary::kind(field)?,
                    None => Some(Kind::F64),
                };
                let Some(kind) = kind else { return Ok(None) };
                Ok(Some((self.expression_in(field, kind)?, Part::Whole)))
            }
            ResultFeature::PredictedDisplayValue
            | ResultFeature::Decision
            | ResultFeature::Affinity
            | ResultFeature::ClusterAffinity
            | ResultFeature::EntityAffinity
            | ResultFeature::Residual
            | ResultFeature::StandardError
            | ResultFeature::StandardDeviation
            | ResultFeature::ClusterId
            | ResultFeature::EntityId
            | ResultFeature::ReasonCode
            | ResultFeature::RuleValue
            | ResultFeature::Antecedent
            | ResultFeature::Consequent
            | ResultFeature::Rule
            | ResultFeature::RuleId
            | ResultFeature::Confidence
            | ResultFeature::Support
            | ResultFeature::Lift
            | ResultFeature::Leverage
            | ResultFeature::Warning
            | ResultFeature::Report => {
                let name = field.attribute("name").unwrap_or_default();
                self.note(field, format!("the output `{name}` is left out: `{feature}`"));
                Ok(None)
            }
        }
    }
}

fn last_of_chain(element: Element<'_>) -> Option<Element<'_>> {
    let segmentation = element.child("Segmentation")?;
    let chain = segmentation.attribute("multipleModelMethod") == Some("modelChain");
    let segments = segmentation.children().filter(|child| child.name() == "Segment");
    let last = segments.last().filter(|_| chain)?;
    last.children().find(|child| MODELS.contains(&child.name()))
}
