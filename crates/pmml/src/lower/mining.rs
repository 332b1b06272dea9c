//! Mining models: <https://dmg.org/pmml/v4-4-1/MultipleModels.html>.

use std::collections::BTreeSet;

use holdall_diag::Failure;
use holdall_tabular::{
    Aggregate, BinaryOp, Combine, CombineMethod, Estimator, Kind, Link, Member, MissingMember, Op,
    Part, ReduceOp, Regress, UnaryOp, ValueId,
};

use super::{
    Answer, Family, Lower, MODELS, dictionary, function, number, output, required, tree::Lost,
    unsupported, unsupported_value, word,
};
use crate::doc::{Element, MiningFunction, MissingPredictionTreatment, MultipleModelMethod};

/// A segment with its predicate and its answer.
struct Voice {
    id: String,
    when: Option<ValueId>,
    weight: Option<ValueId>,
    answer: Answer,
}

impl<'d> Lower<'d> {
    pub(super) fn mining_model(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let Some(segmentation) = element.child("Segmentation") else {
            return self.composition(element);
        };
        let method = required(segmentation, "multipleModelMethod")?;
        let method = MultipleModelMethod::parse(method)
            .or_else(|| MultipleModelMethod::parse(method.strip_prefix("x-")?))
            .ok_or_else(|| unsupported_value(segmentation, "multipleModelMethod"))?;
        let segments: Vec<_> =
            segmentation.children().filter(|child| child.name() == "Segment").collect();
        let refuse = || Err(unsupported_value(segmentation, "multipleModelMethod"));
        let (method, trees) = match method {
            MultipleModelMethod::ModelChain => return self.chain(element, &segments, false),
            MultipleModelMethod::MultiModelChain => return self.chain(element, &segments, true),
            MultipleModelMethod::Sum => (CombineMethod::Sum, Some((false, false, false))),
            MultipleModelMethod::WeightedSum => {
                (CombineMethod::WeightedSum, Some((true, false, false)))
            }
            MultipleModelMethod::Average => (CombineMethod::Average, Some((false, true, false))),
            MultipleModelMethod::WeightedAverage => {
                (CombineMethod::WeightedAverage, Some((true, true, false)))
            }
            MultipleModelMethod::MajorityVote => {
                (CombineMethod::MajorityVote, Some((false, true, true)))
            }
            MultipleModelMethod::WeightedMajorityVote => {
                (CombineMethod::WeightedMajorityVote, Some((true, true, true)))
            }
            MultipleModelMethod::Median => (CombineMethod::Median, None),
            MultipleModelMethod::WeightedMedian => (CombineMethod::WeightedMedian, None),
            MultipleModelMethod::Max => (CombineMethod::Max, None),
            MultipleModelMethod::SelectFirst => (CombineMethod::SelectFirst, None),
            MultipleModelMethod::SelectAll => return self.select_all(element, &segments),
        };
        let classifies = function(element)? == MiningFunction::Classification;
        let fits = match method {
            CombineMethod::Sum
            | CombineMethod::WeightedSum
            | CombineMethod::Median
            | CombineMethod::WeightedMedian => !classifies,
            CombineMethod::Max
            | CombineMethod::MajorityVote
            | CombineMethod::WeightedMajorityVote => classifies,
            CombineMethod::Average
            | CombineMethod::WeightedAverage
            | CombineMethod::SelectFirst => true,
        };
        if !fits {
            return refuse();
        }
        if let Some(how) = trees
            && let Some(answer) = self.trees(element, &segments, how)?
        {
            return Ok(answer);
        }
        self.combined(element, segmentation, &segments, method)
    }

    /// An ensemble of plain trees; none where it is another ensemble.
    fn trees(
        &mut self,
        element: Element<'d>,
        segments: &[Element<'d>],
        (weighted, mean, votes): (bool, bool, bool),
    ) -> Result<Option<Answer>, Failure> {
        if !matches!(
            function(element)?,
            MiningFunction::Regression | MiningFunction::Classification
        ) {
            return Ok(None);
        }
        // A tree without an answer takes the answer of the whole, as ensembles have it, unless the treatment
        // says otherwise. A sum or mean with a missing term is missing, as JPMML has it.
        let segmentation = element.child("Segmentation");
        let treatment = segmentation.and_then(|s| s.attribute("missingPredictionTreatment"));
        let mut grove = self.grove(element)?;
        let gives_up = match treatment {
            Some("returnMissing") => true,
            None | Some("continue") => grove.classes.is_none(),
            Some(_) => false,
        };
        grove.votes = votes;
        if !gives_up {
            grove.lost = Lost::Row;
        }
        let mut total = 0.0;
        for segment in segments {
            let model = model_in(*segment)?;
            let plain = segment.child("True").is_some()
                && segment.child("VariableWeight").is_none()
                && model.name() == "TreeModel"
                && (gives_up || !super::tree::answers_missing(model))
                && model.child("LocalTransformations").is_none()
                && model.child("Targets").is_none()
                && output::names(model).next().is_none();
            if !plain {
                return Ok(None);
            }
            let weight = if weighted { number(*segment, "weight", Some(1.0))? } else { 1.0 };
            total += weight;
            if self.tree(&mut grove, model, weight).is_none() {
                return Ok(None);
            }
        }
        let aggregate = if mean { Aggregate::DivideBy(total) } else { Aggregate::Sum };
        self.ensemble(element, grove, aggregate).map(Some)
    }

    /// Segments that each give an estimate, and one made of these.
    fn combined(
        &mut self,
        element: Element<'d>,
        segmentation: Element<'d>,
        segments: &[Element<'d>],
        method: CombineMethod,
    ) -> Result<Answer, Failure> {
        let classifies = function(element)? == MiningFunction::Classification;
        let classes = if classifies { Some(self.all_classes(element)?) } else { None };
        let saved = std::mem::replace(&mut self.shared_classes, classes.clone());
        let mut voices = Vec::new();
        // Whether an earlier segment is selected.
        let mut taken: Option<ValueId> = None;
        for segment in segments {
            let voice = self.voice(*segment)?;
            if method == CombineMethod::SelectFirst {
                let when = match voice.when {
                    Some(when) => when,
                    None => self.truth(true)?,
                };
                let never = self.truth(false)?;
                let when = self.coalesce(when, never)?;
                let selected = match taken {
                    None => when,
                    Some(taken) => {
                        let free = self.un(UnaryOp::Not, taken)?;
                        self.bin(BinaryOp::And, free, when)?
                    }
                };
                self.mask(model_in(*segment)?, selected)?;
                taken = Some(match taken {
                    None => when,
                    Some(taken) => self.bin(BinaryOp::Or, taken, when)?,
                });
            }
            voices.push(voice);
        }
        self.shared_classes = saved;
        for voice in &voices {
            let fits = match voice.answer.family {
                Family::Regression => !classifies,
                Family::Classification => voice.answer.classes == classes,
                Family::Clustering { .. } | Family::Ranking => false,
            };
            if !fits {
                return Err(unsupported(segmentation));
            }
        }
        let treatment =
            word(segmentation, "missingPredictionTreatment", MissingPredictionTreatment::Continue)?;
        let missing = match treatment {
            // A sum, mean or median with a missing term is missing, as JPMML has it.
            MissingPredictionTreatment::Continue
                if !classifies && method != CombineMethod::SelectFirst =>
            {
                MissingMember::Missing
            }
            MissingPredictionTreatment::Continue => MissingMember::Continue,
            MissingPredictionTreatment::SkipSegment => MissingMember::Skip,
            MissingPredictionTreatment::ReturnMissing => MissingMember::Missing,
        };
        if element.attribute("x-mathContext") == Some("float") && !classifies {
            return self.single_precision(element, segmentation, &voices, method, missing);
        }
        let mut members = Vec::new();
        for voice in voices {
            let mut estimate = voice.answer.estimate;
            let value = self.part(estimate, Part::Values);
            if !classifies && self.kind(value?) != Kind::F64 {
                let value = self.part(estimate, Part::Values)?;
                let margins = self.cast(element, value, Kind::F64)?;
                estimate = self.push(Op::Regress(Regress { margins, link: Link::Identity }))?;
            }
            members.push(Member { when: voice.when, estimate, weight: voice.weight, id: voice.id });
        }
        let threshold = number(segmentation, "missingThreshold", Some(1.0))?;
        let combine = Combine { members, method, missing, threshold };
        let combine = Op::Estimator(Estimator::Combine(Box::new(combine)));
        let estimate = self.model.push_at(combine, element.location())?;
        Ok(Answer::new(estimate, classes))
    }

    /// A sum or mean of values, each step rounded to binary32.
    fn single_precision(
        &mut self,
        element: Element<'d>,
        segmentation: Element<'d>,
        voices: &[Voice],
        method: CombineMethod,
        missing: MissingMember,
    ) -> Result<Answer, Failure> {
        let (weighted, mean) = match method {
            CombineMethod::Sum => (false, false),
            CombineMethod::WeightedSum => (true, false),
            CombineMethod::Average => (false, true),
            CombineMethod::WeightedAverage
            | CombineMethod::Median
            | CombineMethod::WeightedMedian
            | CombineMethod::Max
            | CombineMethod::MajorityVote
            | CombineMethod::WeightedMajorityVote
            | CombineMethod::SelectFirst => {
                return Err(unsupported_value(segmentation, "multipleModelMethod"));
            }
        };
        let mut values = Vec::new();
        for voice in voices {
            if voice.when.is_some() {
                return Err(unsupported(segmentation));
            }
            let value = self.part(voice.answer.estimate, Part::Values)?;
            let value = self.cast(element, value, Kind::F32)?;
            let mut value = self.scalar(value)?;
            if let (Some(weight), true) = (voice.weight, weighted) {
                let weight = self.cast(element, weight, Kind::F32)?;
                value = self.bin(BinaryOp::Mul, value, weight)?;
            }
            values.push(value);
        }
        let op = if mean { ReduceOp::Mean } else { ReduceOp::Sum };
        let value = self.reduce(op, values, missing != MissingMember::Missing)?;
        let margins = self.push(Op::Concat(vec![value]))?;
        let regress = Op::Regress(Regress { margins, link: Link::Identity });
        let estimate = self.model.push_at(regress, element.location())?;
        Ok(Answer { value: Some(margins), ..Answer::new(estimate, None) })
    }

    fn voice(&mut self, segment: Element<'d>) -> Result<Voice, Failure> {
        let when = self.condition_in(segment)?;
        let id = segment.attribute("id").unwrap_or_default().to_owned();
        let answer = self.model_of(model_in(segment)?, false)?;
        if answer.apart {
            return Err(
                unsupported(segment).with_help("use `selectAll` in the outermost model alone")
            );
        }
        let weight = match (segment.child("VariableWeight"), segment.attribute("weight")) {
            (Some(variable), _) => {
                let value = self.field(variable, required(variable, "field")?)?;
                let value = self.scalar(value)?;
                Some(self.cast(variable, value, Kind::F64)?)
            }
            (None, Some(_)) => {
                let weight = number(segment, "weight", None)?;
                Some(self.float(Kind::F64, weight)?)
            }
            (None, None) => None,
        };
        if !id.is_empty() {
            self.segments.insert(id.clone(), answer.clone());
        }
        Ok(Voice { id, when, weight, answer })
    }

    /// Every segment that takes the row answers: each in a column of its own, as a row has one value a column.
    fn select_all(
        &mut self,
        element: Element<'d>,
        segments: &[Element<'d>],
    ) -> Result<Answer, Failure> {
        if element.child("Targets").is_some() {
            return Err(unsupported(element).with_help("leave `Targets` to the models inside"));
        }
        let target = dictionary::target(element).unwrap_or(output::NAMELESS).to_owned();
        let mut others = Vec::new();
        for (place, segment) in segments.iter().enumerate() {
            let model = model_in(*segment)?;
            let voice = self.voice(*segment)?;
            if let Some(when) = voice.when {
                self.mask(model, when)?;
            }
            let answer = self.when_asked(model, &voice)?;
            let name = match voice.id.as_str() {
                "" => format!("{target}_{}", place + 1),
                id => format!("{target}_{id}"),
            };
            others.push((name, answer));
        }
        let Some((_, last)) = others.last().cloned() else { return Err(unsupported(element)) };
        let target = Some(target);
        Ok(Answer { others, target, targeted: true, apart: true, ..last })
    }

    /// One model after another, each seeing the outputs of those before.
    fn chain(
        &mut self,
        element: Element<'d>,
        segments: &[Element<'d>],
        several: bool,
    ) -> Result<Answer, Failure> {
        let (mut voices, mut others) = (Vec::new(), Vec::new());
        for segment in segments {
            let model = model_in(*segment)?;
            let voice = self.voice(*segment)?;
            if let Some(when) = voice.when {
                self.mask(model, when)?;
            }
            if several && let Some(target) = voice.answer.target.clone() {
                let answer = self.when_asked(model, &voice)?;
                others.push((target, answer));
            }
            voices.push(voice);
        }
        let Some(last) = voices.last() else { return Err(unsupported(element)) };
        if several || last.when.is_none() {
            return Ok(Answer { others, ..last.answer.clone() });
        }
        self.only_last_outputs(segments, &voices)?;
        let apart = voices.iter().rev().take_while(|voice| voice.when.is_some());
        let targets: Vec<_> = apart.map(|voice| voice.answer.target.clone()).collect();
        if targets.iter().any(|target| *target != last.answer.target) {
            return self.several_targets(element, &voices);
        }
        let Some(last) = voices.pop() else { return Err(unsupported(element)) };
        let target = last.answer.target.clone();
        // The last model that is asked answers.
        let classes = last.answer.classes.clone();
        let mut members = Vec::new();
        for voice in std::iter::once(last).chain(voices.into_iter().rev()) {
            if voice.answer.classes != classes || voice.answer.target != target {
                break;
            }
            let always = voice.when.is_none();
            let (when, estimate) = (voice.when, voice.answer.estimate);
            members.push(Member { when, estimate, weight: None, id: voice.id });
            if always {
                break;
            }
        }
        let combine = Combine {
            members,
            method: CombineMethod::SelectFirst,
            missing: MissingMember::Continue,
            threshold: 1.0,
        };
        let combine = Op::Estimator(Estimator::Combine(Box::new(combine)));
        let estimate = self.model.push_at(combine, element.location())?;
        Ok(Answer { target, ..Answer::new(estimate, classes) })
    }

    /// Outputs of a model that is not asked are missing.
    fn mask(&mut self, model: Element<'d>, when: ValueId) -> Result<(), Failure> {
        for name in output::names(model).map(ToOwned::to_owned).collect::<Vec<_>>() {
            let Some(&value) = self.values.get(&name) else { continue };
            let none = self.missing(self.kind(value))?;
            let value = self.choose(when, value, none)?;
            self.values.insert(name, value);
        }
        Ok(())
    }

    /// An answer that is missing where its model is not asked.
    fn when_asked(&mut self, element: Element<'d>, voice: &Voice) -> Result<Answer, Failure> {
        let Some(when) = voice.when else { return Ok(voice.answer.clone()) };
        let member = Member {
            when: Some(when),
            estimate: voice.answer.estimate,
            weight: None,
            id: voice.id.clone(),
        };
        let combine = Combine {
            members: vec![member],
            method: CombineMethod::SelectFirst,
            missing: MissingMember::Continue,
            threshold: 1.0,
        };
        let combine = Op::Estimator(Estimator::Combine(Box::new(combine)));
        let estimate = self.model.push_at(combine, element.location())?;
        Ok(Answer { estimate, value: None, ..voice.answer.clone() })
    }

    /// A chain whose last models answer different targets: the last that is asked answers its own.
    fn several_targets(
        &mut self,
        element: Element<'d>,
        voices: &[Voice],
    ) -> Result<Answer, Failure> {
        let mut others: Vec<(String, Answer)> = Vec::new();
        let mut taken: Option<ValueId> = None;
        for voice in voices.iter().rev() {
            let (Some(target), Some(when)) = (&voice.answer.target, voice.when) else {
                return Err(unsupported(element));
            };
            if others.iter().any(|(name, _)| name == target) {
                return Err(unsupported(element));
            }
            let never = self.truth(false)?;
            let when = self.coalesce(when, never)?;
            let asked = match taken {
                None => when,
                Some(taken) => {
                    let free = self.un(UnaryOp::Not, taken)?;
                    self.bin(BinaryOp::And, free, when)?
                }
            };
            taken = Some(match taken {
                None => when,
                Some(taken) => self.bin(BinaryOp::Or, taken, when)?,
            });
            let (id, weight) = (voice.id.clone(), None);
            let voice = Voice { id, when: Some(asked), weight, answer: voice.answer.clone() };
            others.push((target.clone(), self.when_asked(element, &voice)?));
        }
        others.reverse();
        let Some((_, last)) = others.last().cloned() else { return Err(unsupported(element)) };
        if others.iter().any(|(_, answer)| answer.classes != last.classes) {
            return Ok(Answer { others, ..last });
        }
        // What is predicted at all, whatever the target.
        let members = others.iter().map(|(name, answer)| Member {
            when: None,
            estimate: answer.estimate,
            weight: None,
            id: name.clone(),
        });
        let combine = Combine {
            members: members.collect(),
            method: if last.classes.is_some() {
                CombineMethod::MajorityVote
            } else {
                CombineMethod::Average
            },
            missing: MissingMember::Continue,
            threshold: 1.0,
        };
        let combine = Op::Estimator(Estimator::Combine(Box::new(combine)));
        let estimate = self.model.push_at(combine, element.location())?;
        Ok(Answer { others, estimate, value: None, ..last })
    }

    /// Of the last models of a chain only the last that is asked gives outputs.
    fn only_last_outputs(
        &mut self,
        segments: &[Element<'d>],
        voices: &[Voice],
    ) -> Result<(), Failure> {
        let mut later: Option<ValueId> = None;
        for (segment, voice) in segments.iter().zip(voices).rev() {
            if let Some(later) = later {
                let none = self.un(UnaryOp::Not, later)?;
                self.mask(model_in(*segment)?, none)?;
            }
            let Some(when) = voice.when else { break };
            let never = self.truth(false)?;
            let when = self.coalesce(when, never)?;
            later = Some(match later {
                None => when,
                Some(later) => self.bin(BinaryOp::Or, later, when)?,
            });
        }
        Ok(())
    }

    /// The classes that a model and those inside it name.
    pub(super) fn all_classes(
        &self,
        element: Element<'d>,
    ) -> Result<holdall_tabular::Labels, Failure> {
        let named = element.descendants().filter_map(|e| match e.name() {
            "Node" => e.attribute("score"),
            "ScoreDistribution" | "TargetValueCount" | "TargetValueStat" => e.attribute("value"),
            "RegressionTable" => e.attribute("targetCategory"),
            _ => None,
        });
        let apart = element.trees_apart().iter().flat_map(|(_, tree)| tree.classes());
        let found: BTreeSet<&str> = named.chain(apart).collect();
        self.classes(element, &found.into_iter().collect::<Vec<_>>())
    }
}

fn model_in(segment: Element<'_>) -> Result<Element<'_>, Failure> {
    segment
        .children()
        .find(|child| MODELS.contains(&child.name()))
        .ok_or_else(|| unsupported(segment))
}
