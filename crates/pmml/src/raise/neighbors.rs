//! Nearest neighbours: <https://dmg.org/pmml/v4-4-1/KNN.html>.

use holdall_codec::Support;
use holdall_tabular::{
    Construct, Estimator, EstimatorKind, MissingElement, Near, NeighborAnswer, NeighborCombine,
    NeighborWeights, Neighbors, Op, Part, TieRule, ValueId,
};

use super::{
    NameId, Raise, Stop,
    answers::{AnswerField, Feature},
    cluster::{comparison_measure, field_comparison, function, measure},
    estimate::Form,
    model::{Frame, Stage, StageModel},
    regression::texts,
};
use crate::{doc::Builder, number};

const NEIGHBORS: Construct = Construct::Estimator(EstimatorKind::Neighbors);

impl Raise<'_> {
    /// A class that wins a tie otherwise than the standard's is picked from the shares.
    pub(super) fn neighbors(&mut self, id: ValueId, op: &Neighbors) -> Result<StageModel, Stop> {
        let refuse = |why: &str| Err(Stop::refuse(NEIGHBORS, why));
        let Near::Count(count) = op.near else {
            return refuse("PMML has a number of neighbours, no radius");
        };
        if measure(op.comparison.metric).is_none()
            || (op.comparison.metric.is_similarity() && op.weights != NeighborWeights::Uniform)
            || op.comparison.compare.iter().any(|c| function(c).is_none())
        {
            return refuse("PMML has no such distance");
        }
        if let NeighborAnswer::Values { targets: _, combine } = &op.answer {
            match combine {
                NeighborCombine::Mean | NeighborCombine::Median => {}
                // A reach is spelled out before.
                NeighborCombine::ShortestPath | NeighborCombine::Reach => {
                    return refuse("PMML has the mean and the median of neighbours only");
                }
            }
        }
        if matches!(op.weights, NeighborWeights::Barycentric(_)) {
            return refuse("PMML weighs a neighbour by its own distance");
        }
        if op.weights == NeighborWeights::Inverse {
            return refuse("PMML adds a number above 0 to a distance before it divides by it");
        }
        let fields = self.fields(op.arg)?;
        if matches!(op.comparison.missing, MissingElement::Propagate)
            && fields.iter().any(|field| self.names.may_be_missing(*field))
        {
            let how = "PMML passes missing inputs over; here they make the answer missing";
            self.note(NEIGHBORS, Support::approximate(how));
        }
        let NeighborAnswer::Classes { classes, ties, .. } = &op.answer else {
            self.set_form(id, Form::Value);
            return Ok(StageModel::Neighbors(id, fields, 0));
        };
        self.set_form(id, Form::Classes);
        let model = StageModel::Neighbors(id, fields, 0);
        let odd = classes.len() == 2 && count % 2 == 1 && op.weights == NeighborWeights::Uniform;
        if *ties == TieRule::MostFrequent || odd {
            return Ok(model);
        }
        let (mut outputs, mut shares) = (Vec::new(), Vec::new());
        let (kind, categorical) = (self.answer_kind(id), false);
        for ((part, element), class) in
            self.elements_of(id, Part::Probabilities).into_iter().zip(texts(classes))
        {
            let name = self.names.output(&format!("share({class})"), kind);
            let text = self.names.text(name).to_owned();
            let feature = Feature::Probability(class);
            outputs.push((name, AnswerField { name: text, kind, categorical, feature }));
            self.set_part(id, part, element, name);
            shares.push(name);
        }
        let target = self.inner_target(id, &model);
        self.push_stage(Stage { model, outputs, target });
        self.set_form(id, Form::Label);
        Ok(self.largest_of(&shares, classes, 1.0))
    }

    pub(super) fn nearest_neighbors(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, fields, of): (ValueId, &[NameId], usize),
    ) -> Result<(), Stop> {
        let Some(Op::Estimator(Estimator::Neighbors(op))) = self.op(id) else {
            return Err(self.bug(id, "no neighbours"));
        };
        let Near::Count(count) = op.near else { return Err(self.bug(id, "a radius")) };
        self.open_model(out, "NearestNeighborModel", model, frame);
        out.attribute("numberOfNeighbors", count);
        let weighted = op.weights != NeighborWeights::Uniform;
        let answers: Vec<String> = match &op.answer {
            NeighborAnswer::Values { targets, combine } => {
                let method = match (combine, weighted) {
                    (NeighborCombine::Median, _) => "median",
                    (NeighborCombine::Mean, true) => "weightedAverage",
                    (NeighborCombine::Mean, false) => "average",
                    (NeighborCombine::ShortestPath | NeighborCombine::Reach, _) => {
                        return Err(self.bug(id, "another mean"));
                    }
                };
                out.attribute("continuousScoringMethod", method);
                let rows = 0..targets.rows as usize;
                let value = |row: usize| targets.row(row).get(of).copied().unwrap_or_default();
                rows.map(|row| number::text(value(row))).collect()
            }
            NeighborAnswer::Classes { classes, of_row, .. } => {
                let method = if weighted { "weightedMajorityVote" } else { "majorityVote" };
                out.attribute("categoricalScoringMethod", method);
                let classes = texts(classes);
                let class = |place: &u32| classes.get(*place as usize).cloned().unwrap_or_default();
                of_row.iter().map(class).collect()
            }
        };
        if let NeighborWeights::InverseShifted(by) = op.weights {
            out.attribute("threshold", number::text(by));
        }
        let named = !op.ids.is_empty();
        out.optional("instanceIdVariable", named.then_some("id"));
        self.inside(out, frame);
        let target = frame.target.as_deref().unwrap_or_default();
        out.open("TrainingInstances")
            .attribute("isTransformed", true)
            .attribute("recordCount", answers.len())
            .attribute("fieldCount", fields.len() + 1 + usize::from(named));
        out.open("InstanceFields");
        let mut column = |field: &str, column: &str| {
            out.open("InstanceField").attribute("field", field).attribute("column", column).close();
        };
        if named {
            column("id", "id");
        }
        for (i, field) in fields.iter().enumerate() {
            column(self.names.text(*field), &format!("x{i}"));
        }
        column(target, "answer");
        out.close();
        out.open("InlineTable");
        for (row, answer) in answers.iter().enumerate() {
            out.open("row");
            if let Some(id) = op.ids.get(row) {
                out.open("id").text(id).close();
            }
            for (i, value) in op.rows.row(row).iter().enumerate() {
                out.open(&format!("x{i}")).text(&number::text(*value)).close();
            }
            out.open("answer").text(answer).close().close();
        }
        out.close().close();
        comparison_measure(out, &op.comparison);
        out.open("KNNInputs");
        for (i, field) in fields.iter().enumerate() {
            out.open("KNNInput").attribute("field", self.names.text(*field));
            field_comparison(out, &op.comparison, i);
            out.close();
        }
        out.close().close();
        Ok(())
    }
}
