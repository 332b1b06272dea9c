//! Mining models: <https://dmg.org/pmml/v4-4-1/MultipleModels.html>.

use holdall_diag::Failure;
use holdall_tabular::Aggregate;

use super::{Answer, Lower, MODELS, function, number, required, unsupported, unsupported_value};
use crate::doc::{Element, MiningFunction, MultipleModelMethod};

impl<'d> Lower<'d> {
    pub(super) fn mining_model(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let segmentation = element.child("Segmentation").ok_or_else(|| unsupported(element))?;
        let method = required(segmentation, "multipleModelMethod")?;
        let method = MultipleModelMethod::parse(method)
            .or_else(|| MultipleModelMethod::parse(method.strip_prefix("x-")?))
            .ok_or_else(|| unsupported_value(segmentation, "multipleModelMethod"))?;
        let segments: Vec<_> =
            segmentation.children().filter(|child| child.name() == "Segment").collect();
        for segment in &segments {
            if segment.child("True").is_none() {
                return Err(unsupported(*segment));
            }
        }
        let classifies = function(element)? == MiningFunction::Classification;
        match method {
            MultipleModelMethod::ModelChain => self.model_chain(element, &segments),
            MultipleModelMethod::Sum | MultipleModelMethod::WeightedSum if classifies => {
                Err(unsupported_value(segmentation, "multipleModelMethod"))
            }
            MultipleModelMethod::Sum => self.trees(element, &segments, (false, false, false)),
            MultipleModelMethod::WeightedSum => {
                self.trees(element, &segments, (true, false, false))
            }
            MultipleModelMethod::Average => self.trees(element, &segments, (false, true, false)),
            MultipleModelMethod::WeightedAverage => {
                self.trees(element, &segments, (true, true, false))
            }
            MultipleModelMethod::MajorityVote => {
                self.trees(element, &segments, (false, true, true))
            }
            MultipleModelMethod::WeightedMajorityVote => {
                self.trees(element, &segments, (true, true, true))
            }
            MultipleModelMethod::Median
            | MultipleModelMethod::WeightedMedian
            | MultipleModelMethod::Max
            | MultipleModelMethod::SelectFirst
            | MultipleModelMethod::SelectAll
            | MultipleModelMethod::MultiModelChain => {
                Err(unsupported_value(segmentation, "multipleModelMethod"))
            }
        }
    }

    fn trees(
        &mut self,
        element: Element<'d>,
        segments: &[Element<'d>],
        (weighted, mean, votes): (bool, bool, bool),
    ) -> Result<Answer, Failure> {
        let mut grove = self.grove(element)?;
        grove.votes = votes;
        let mut total = 0.0;
        for segment in segments {
            let model = model_in(*segment)?;
            if model.name() != "TreeModel" || model.child("LocalTransformations").is_some() {
                return Err(unsupported(model));
            }
            let weight = if weighted { number(*segment, "weight", Some(1.0))? } else { 1.0 };
            total += weight;
            self.tree(&mut grove, model, weight)?;
        }
        let aggregate = if mean { Aggregate::DivideBy(total) } else { Aggregate::Sum };
        self.ensemble(element, grove, aggregate)
    }

    fn model_chain(
        &mut self,
        element: Element<'d>,
        segments: &[Element<'d>],
    ) -> Result<Answer, Failure> {
        let mut answer = None;
        for segment in segments {
            answer = Some(self.model_of(model_in(*segment)?, false)?);
        }
        answer.ok_or_else(|| unsupported(element))
    }
}

fn model_in(segment: Element<'_>) -> Result<Element<'_>, Failure> {
    segment
        .children()
        .find(|child| MODELS.contains(&child.name()))
        .ok_or_else(|| unsupported(segment))
}
