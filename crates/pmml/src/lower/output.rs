//! Outputs: <https://dmg.org/pmml/v4-4-1/Output.html>.

use holdall_diag::Failure;
use holdall_tabular::{
    Estimator, Kind, Labels, Lookup, Op, Output, Part, Reduce, ReduceOp, RuleFeature, Transform,
    ValueId,
};

use super::{Answer, Family, Lower, MODELS, dictionary, invalid, required, word};
use crate::doc::{Element, ResultFeature};

/// The names of the outputs of a model.
pub(super) fn names(element: Element<'_>) -> impl Iterator<Item = &str> {
    fields(element).filter_map(|field| field.attribute("name"))
}

/// The names of the outputs of a model and of those inside that answer for it.
pub(super) fn names_inside(element: Element<'_>) -> Vec<&str> {
    let mut all = vec![element];
    asked(element, &mut all);
    all.into_iter().flat_map(names).collect()
}

pub(super) fn fields(element: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    let output = element.child("Output");
    output.into_iter().flat_map(Element::children).filter(|child| child.name() == "OutputField")
}

/// Name of the predicted column where the document has none.
pub(super) const NAMELESS: &str = "_target";

/// Whether an output names what answered, or says how sure it is.
pub(super) fn needs_entity(element: Element<'_>) -> bool {
    fields(element).any(asks_entity)
}

/// Whether an output asks for what a segment by its id ends in.
pub(super) fn asks_segments(root: Element<'_>) -> bool {
    let mut outputs = root.descendants().filter(|element| element.name() == "OutputField");
    outputs.any(|field| field.attribute("segmentId").is_some() && asks_entity(field))
}

fn asks_entity(field: Element<'_>) -> bool {
    matches!(field.attribute("feature"), Some("entityId" | "confidence" | "clusterId"))
}

impl<'d> Lower<'d> {
    /// Makes the outputs of a segment fields for those after it.
    pub(super) fn pass_on(&mut self, element: Element<'d>, answer: &Answer) -> Result<(), Failure> {
        for field in fields(element) {
            let name = required(field, "name")?;
            if let Some((value, part)) = self.output(field, answer)? {
                self.keep(name, (value, part), answer)?;
            }
        }
        Ok(())
    }

    /// Makes an output a field.
    pub(super) fn keep(
        &mut self,
        name: &str,
        (value, part): (ValueId, Part),
        answer: &Answer,
    ) -> Result<(), Failure> {
        let value = match (part, answer.value) {
            (Part::Whole, _) => value,
            (Part::Values, Some(known)) if value == answer.estimate => known,
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
        Ok(())
    }

    /// The outputs of the whole model: the target, then the output fields; those of the last segment
    /// of a chain come before those of the chain.
    pub(super) fn answers(&mut self, element: Element<'d>, answer: &Answer) -> Result<(), Failure> {
        let targets = dictionary::targets(element);
        let own = answer.target.as_deref().filter(|name| targets.contains(name));
        let target = own.or(targets.first().copied()).unwrap_or(NAMELESS).to_owned();
        let mut shown = Vec::new();
        let mut holders = vec![element];
        let mut at = element;
        while let Some(last) = last_of_chain(at) {
            holders.insert(0, last);
            at = last;
        }
        // What other segments said where they were asked.
        let mut inside = Vec::new();
        asked(element, &mut inside);
        for holder in inside {
            if holders.iter().any(|h| h.index() == holder.index()) {
                continue;
            }
            for field in fields(holder) {
                let name = required(field, "name")?;
                let value = self.values.get(name).copied();
                if let (Some(value), true) =
                    (value, field.attribute("isFinalResult") != Some("false"))
                {
                    let name = Some(name.to_owned());
                    shown.push(Output { name, value, part: Part::Whole });
                }
            }
        }
        // An output may speak of what is predicted by its name.
        if !answer.apart && !self.values.contains_key(&target) {
            self.keep(&target, (answer.estimate, answer.predicted()), answer)?;
        }
        for holder in holders {
            for field in fields(holder) {
                let name = required(field, "name")?;
                let known = self.values.get(name).copied().filter(|_| {
                    holder.index() != element.index()
                        && matches!(
                            field.attribute("feature"),
                            Some("transformedValue" | "decision")
                        )
                });
                let found = match known {
                    Some(value) => Some((value, Part::Whole)),
                    None => self.output(field, answer)?,
                };
                let Some((value, part)) = found else { continue };
                if name != target {
                    self.keep(name, (value, part), answer)?;
                }
                if field.attribute("isFinalResult") != Some("false") {
                    shown.push(Output { name: Some(name.to_owned()), value, part });
                }
            }
        }
        if answer.silent {
            // The outputs alone answer.
        } else if answer.others.is_empty() {
            if dictionary::target(element).is_some() || shown.iter().all(|o| o.part != Part::Whole)
            {
                let part = answer.predicted();
                let output = Output { name: Some(target), value: answer.estimate, part };
                self.model.outputs.push(output);
            }
        } else {
            for (name, one) in &answer.others {
                let (value, part) = (one.estimate, one.predicted());
                self.model.outputs.push(Output { name: Some(name.clone()), value, part });
            }
        }
        // Of several targets those that no model answers are missing.
        for name in targets.iter().filter(|_| !answer.silent && !answer.apart) {
            let there =
                |outputs: &[Output]| outputs.iter().any(|o| o.name.as_deref() == Some(name));
            if !there(&self.model.outputs) && !there(&shown) {
                let kind = self.data.get(name).map_or(Kind::Text, |data| data.kind);
                let value = self.missing(kind)?;
                let name = Some((*name).to_owned());
                self.model.outputs.push(Output { name, value, part: Part::Whole });
            }
        }
        for output in shown {
            let taken = self.model.outputs.iter().any(|o| o.name == output.name);
            if taken {
                let name = output.name.unwrap_or_default();
                self.note(element, format!("a second output `{name}` is left out"));
            } else {
                self.model.outputs.push(output);
            }
        }
        Ok(())
    }

    /// What an output field answers; none, with a note, where that is not carried.
    pub(super) fn output(
        &mut self,
        field: Element<'d>,
        answer: &Answer,
    ) -> Result<Option<(ValueId, Part)>, Failure> {
        if field.attribute("feature").is_some_and(|feature| feature.starts_with("x-")) {
            return Ok(self.left_out(field));
        }
        let feature = word(field, "feature", ResultFeature::PredictedValue)?;
        let Some(answer) = self.answer_of_segment(field, answer) else {
            return Ok(self.left_out(field));
        };
        let answer = &answer;
        if answer.apart
            && !matches!(feature, ResultFeature::TransformedValue | ResultFeature::Decision)
        {
            return Ok(self.left_out(field));
        }
        if let Some(found) = self.ranked(field, feature, answer)? {
            return Ok(Some(found));
        }
        let wanted = field.attribute("targetField");
        let of_target = answer.others.iter().find(|(name, _)| wanted == Some(name));
        let answer = of_target.map_or(answer, |(_, answer)| answer);
        let estimate = answer.estimate;
        match feature {
            ResultFeature::PredictedValue => Ok(Some((estimate, answer.predicted()))),
            ResultFeature::PredictedDisplayValue => self.display(field, answer),
            ResultFeature::Probability => self.probability(field, answer),
            ResultFeature::TransformedValue | ResultFeature::Decision => self.transformed(field),
            ResultFeature::ClusterId => Ok(Some((estimate, answer.predicted()))),
            ResultFeature::EntityId => {
                Ok(self.entity(field, answer)?.or_else(|| self.left_out(field)))
            }
            ResultFeature::Affinity
            | ResultFeature::ClusterAffinity
            | ResultFeature::EntityAffinity => match answer.family {
                Family::Clustering { largest } => self.affinity(field, answer, largest),
                Family::Classification => self.probability(field, answer),
                Family::Regression | Family::Ranking => Ok(self.left_out(field)),
            },
            ResultFeature::Confidence => self.confidence(field, answer),
            ResultFeature::ReasonCode => match self.estimator_of(estimate) {
                Some(Estimator::Scorecard(card))
                    if card.reasons.is_some()
                        && (rank(field)? as usize) < card.characteristics.len() =>
                {
                    Ok(Some((estimate, Part::Reason(rank(field)?))))
                }
                _ => Ok(self.left_out(field)),
            },
            ResultFeature::RuleValue => {
                let feature = match field.attribute("ruleFeature").unwrap_or("consequent") {
                    "antecedent" => RuleFeature::Antecedent,
                    "consequent" => RuleFeature::Consequent,
                    "rule" => RuleFeature::Rule,
                    "ruleId" => RuleFeature::Id,
                    "confidence" => RuleFeature::Confidence,
                    "support" => RuleFeature::Support,
                    "lift" => RuleFeature::Lift,
                    _ => return Ok(self.left_out(field)),
                };
                self.rule_value(field, answer, feature)
            }
            ResultFeature::StandardError | ResultFeature::StandardDeviation => {
                let known = answer.deviation.map(|deviation| (deviation, Part::Whole));
                Ok(known.or_else(|| self.left_out(field)))
            }
            ResultFeature::Residual
            | ResultFeature::Antecedent
            | ResultFeature::Consequent
            | ResultFeature::Rule
            | ResultFeature::RuleId
            | ResultFeature::Support
            | ResultFeature::Lift
            | ResultFeature::Leverage
            | ResultFeature::Warning
            | ResultFeature::Report => Ok(self.left_out(field)),
        }
    }

    /// A value that is worked out beside the model, or a field as it is.
    fn transformed(&mut self, field: Element<'d>) -> Result<Option<(ValueId, Part)>, Failure> {
        let plain = !field.proper_children().any(|c| c.name() != "Decisions");
        if let (true, Some(name)) = (plain, field.attribute("value")) {
            return Ok(Some((self.field(field, name)?, Part::Whole)));
        }
        let value = match field.attribute("dataType") {
            Some(_) => {
                let (kind, _) = Self::declared(field)?;
                self.expression_in(field, kind)?
            }
            None => self.free_expression_in(field)?,
        };
        Ok(Some((value, Part::Whole)))
    }

    fn confidence(
        &mut self,
        field: Element<'d>,
        answer: &Answer,
    ) -> Result<Option<(ValueId, Part)>, Failure> {
        let estimate = answer.estimate;
        match self.estimator_of(estimate) {
            Some(Estimator::DecisionTree(_) | Estimator::Rules(_))
                if answer.family == Family::Classification =>
            {
                Ok(Some((estimate, Part::Confidence)))
            }
            _ if answer.family == Family::Ranking => {
                Ok(Some((estimate, Part::Rule(rank(field)?, RuleFeature::Confidence))))
            }
            _ if answer.family == Family::Classification => self.probability(field, answer),
            _ => Ok(self.left_out(field)),
        }
    }

    /// The answer of the segment that an output names, else that of the whole; none where there is no such segment.
    fn answer_of_segment(&self, field: Element<'d>, whole: &Answer) -> Option<Answer> {
        match field.attribute("segmentId") {
            None => Some(whole.clone()),
            Some(id) => self.segments.get(id).cloned(),
        }
    }

    pub(super) fn left_out(&mut self, field: Element<'d>) -> Option<(ValueId, Part)> {
        let name = field.attribute("name").unwrap_or_default();
        let feature = field.attribute("feature").unwrap_or_default();
        self.note(field, format!("the output `{name}` is left out: `{feature}`"));
        None
    }

    pub(super) fn estimator_of(&self, estimate: ValueId) -> Option<&Estimator> {
        match self.model.nodes.get(estimate).map(|node| &node.op) {
            Some(Op::Estimator(estimator)) => Some(estimator),
            _ => None,
        }
    }

    fn entity(
        &self,
        field: Element<'d>,
        answer: &Answer,
    ) -> Result<Option<(ValueId, Part)>, Failure> {
        let rank = rank(field)?;
        if matches!(answer.family, Family::Clustering { .. }) && rank == 0 {
            return Ok(Some((answer.estimate, Part::Label)));
        }
        let known = match self.estimator_of(answer.estimate) {
            Some(Estimator::DecisionTree(_) | Estimator::Rules(_)) => rank == 0,
            Some(Estimator::Combine(op)) => {
                rank == 0 && op.method == holdall_tabular::CombineMethod::SelectFirst
            }
            Some(Estimator::Neighbors(op)) => {
                matches!(op.near, holdall_tabular::Near::Count(count) if rank < count)
            }
            _ => false,
        };
        Ok(known.then_some((answer.estimate, Part::Entity(rank))))
    }

    /// The probability of the class that an output names, or of the predicted one.
    fn probability(
        &mut self,
        field: Element<'d>,
        answer: &Answer,
    ) -> Result<Option<(ValueId, Part)>, Failure> {
        let (Some(classes), Family::Classification) = (&answer.classes, answer.family) else {
            return Err(invalid(field, "feature", "a feature of a regression"));
        };
        let estimate = answer.estimate;
        if matches!(self.estimator_of(estimate), Some(Estimator::Rules(_))) {
            return Ok(self.left_out(field));
        }
        let texts = classes.texts();
        if let Some(value) = field.attribute("value") {
            let class = super::class_place(&texts, classes.kind(), value);
            let class = class.and_then(|class| u32::try_from(class).ok());
            let class = class.ok_or_else(|| invalid(field, "value", "a class of the target"))?;
            return Ok(Some((estimate, Part::Probability(class))));
        }
        let label = self.part(estimate, Part::Label)?;
        let mut value: Option<ValueId> = None;
        for (place, text) in (0_u32..).zip(&texts).collect::<Vec<_>>().into_iter().rev() {
            let one = self.part(estimate, Part::Probability(place))?;
            value = Some(match value {
                None => one,
                Some(others) => {
                    let predicted = self.equals(field, label, text)?;
                    self.choose(predicted, one, others)?
                }
            });
        }
        Ok(value.map(|value| (value, Part::Whole)))
    }

    /// The distance or similarity of the cluster that an output names, or of the predicted one.
    fn affinity(
        &mut self,
        field: Element<'d>,
        answer: &Answer,
        largest: bool,
    ) -> Result<Option<(ValueId, Part)>, Failure> {
        let distances = self.part(answer.estimate, Part::Distances)?;
        let Some(value) = field.attribute("value") else {
            if rank(field)? > 0 {
                return Ok(self.left_out(field));
            }
            let op = if largest { ReduceOp::Max } else { ReduceOp::Min };
            let reduce = Reduce { arg: distances, op, skip_missing: false };
            let value = self.push(Op::Transform(Transform::Reduce(reduce)))?;
            return Ok(Some((value, Part::Whole)));
        };
        let texts = answer.classes.as_ref().map(Labels::texts).unwrap_or_default();
        let place = texts.iter().position(|text| text == value);
        let place = place.and_then(|place| u32::try_from(place).ok());
        let place = place.ok_or_else(|| invalid(field, "value", "the name of a cluster"))?;
        Ok(Some((self.element(distances, place)?, Part::Whole)))
    }

    /// The predicted class in the words that the target or the cluster has for it.
    fn display(
        &mut self,
        field: Element<'d>,
        answer: &Answer,
    ) -> Result<Option<(ValueId, Part)>, Failure> {
        let plain = (answer.estimate, answer.predicted());
        let Some(classes) = &answer.classes else { return Ok(Some(plain)) };
        let target = wanted_target(field, self.model.target.as_deref());
        let data = target.and_then(|name| self.data.get(name));
        let texts = classes.texts();
        let words: Vec<String> = if let Some(words) = &answer.words {
            words.clone()
        } else {
            texts
                .iter()
                .map(|text| {
                    let values = data.into_iter().flat_map(|data| data.element.children());
                    let value = values
                        .filter(|v| v.name() == "Value")
                        .find(|v| v.attribute("value") == Some(text));
                    let word = value.and_then(|v| v.attribute("displayValue"));
                    word.unwrap_or(text).to_owned()
                })
                .collect()
        };
        if words == texts {
            return Ok(Some(plain));
        }
        let label = self.part(answer.estimate, Part::Label)?;
        let lookup = Lookup {
            args: vec![label],
            keys: vec![classes.clone()],
            values: Labels::Text(words),
            default: None,
            missing: None,
        };
        Ok(Some((self.push(Op::Transform(Transform::Lookup(lookup)))?, Part::Whole)))
    }
}

fn wanted_target<'a>(field: Element<'a>, target: Option<&'a str>) -> Option<&'a str> {
    field.attribute("targetField").or(target)
}

/// The rank of an output, from 0.
pub(super) fn rank(field: Element<'_>) -> Result<u32, Failure> {
    let Some(text) = field.attribute("rank") else { return Ok(0) };
    let rank: Option<u32> = text.trim().parse().ok();
    rank.and_then(|rank| rank.checked_sub(1))
        .ok_or_else(|| invalid(field, "rank", "a whole number from 1"))
}

/// The models inside whose outputs are those of the whole, as far as they are asked.
fn asked<'d>(element: Element<'d>, found: &mut Vec<Element<'d>>) {
    let mut open = vec![element];
    while let Some(element) = open.pop() {
        let Some(segmentation) = element.child("Segmentation") else { continue };
        let segments: Vec<_> =
            segmentation.children().filter(|child| child.name() == "Segment").collect();
        let method = segmentation.attribute("multipleModelMethod").unwrap_or_default();
        let tail = match method.trim_start_matches("x-") {
            "modelChain" => {
                let sure = segments.iter().rposition(|s| s.child("True").is_some());
                segments.get(sure.unwrap_or(0)..).unwrap_or_default()
            }
            "multiModelChain" | "selectFirst" => segments.as_slice(),
            _ => &[],
        };
        for segment in tail {
            if let Some(model) = segment.children().find(|child| MODELS.contains(&child.name())) {
                found.push(model);
                open.push(model);
            }
        }
    }
}

fn last_of_chain(element: Element<'_>) -> Option<Element<'_>> {
    let segmentation = element.child("Segmentation")?;
    let chain = matches!(
        segmentation.attribute("multipleModelMethod"),
        Some("modelChain" | "x-modelChain")
    );
    let segments = segmentation.children().filter(|child| child.name() == "Segment");
    let last = segments.last().filter(|last| chain && last.child("True").is_some())?;
    last.children().find(|child| MODELS.contains(&child.name()))
}
