//! Scores made into values, probabilities and labels, in elementary operators: the post-transforms of
//! the classical operators differ between runtime releases.

use holdall_diag::Failure;
use holdall_graph::{Attribute, ValueId};
use holdall_tabular::{
    Classify, Decision, Kind, Labels, Link, Op, Part, Regress, ValueId as TabularId,
};

use super::{
    Context, LabelKind, LowerOptions, Slot,
    answer::Chosen,
    build::inexpressible,
    trees::{down_to_f32, up_to_f32},
    value::Val,
};

/// A lowered estimate; parts are made when they are asked for first.
#[derive(Clone)]
pub(super) struct Estimate {
    margins: Val,
    margin_node: TabularId,
    values: Option<ValueId>,
    position: Option<ValueId>,
    classify: Option<Classify>,
    link: Link,
}

/// The labels as they are written.
pub(super) fn written_labels(labels: &Labels, options: &LowerOptions) -> Labels {
    match options.labels {
        LabelKind::Auto => labels.clone(),
        LabelKind::Text => Labels::Text(labels.texts()),
        LabelKind::Int if labels.kind() == Kind::I64 => labels.clone(),
        LabelKind::Int => Labels::I64((0..).take(labels.len()).collect()),
    }
}

impl Context<'_> {
    pub(super) fn regress(&mut self, regress: &Regress) -> Result<Estimate, Failure> {
        let margins = self.value(regress.margins)?;
        Ok(Estimate {
            margins,
            margin_node: regress.margins,
            values: None,
            position: None,
            classify: None,
            link: regress.link,
        })
    }

    pub(super) fn classify(&mut self, classify: &Classify) -> Result<Estimate, Failure> {
        let margins = self.value(classify.margins)?;
        Ok(Estimate {
            margins,
            margin_node: classify.margins,
            values: None,
            position: None,
            link: classify.link,
            classify: Some(classify.clone()),
        })
    }

    pub(super) fn part(&mut self, id: TabularId, part: Part) -> Result<Val, Failure> {
        let estimate = match self.slots.get(id.index()) {
            Some(Slot::Estimate(estimate)) => estimate,
            Some(Slot::Answer(answer)) => {
                let answer = answer.clone();
                return self.answer_part(&answer, part);
            }
            Some(Slot::Value(_)) | None => {
                return Err(inexpressible(format!("{id} is no estimate")));
            }
        };
        let mut estimate = estimate.clone();
        let made = self.part_of(&mut estimate, part)?;
        if let Some(slot) = self.slots.get_mut(id.index()) {
            *slot = Slot::Estimate(estimate);
        }
        Ok(made)
    }

    fn part_of(&mut self, estimate: &mut Estimate, part: Part) -> Result<Val, Failure> {
        let gaps = estimate.margins.gaps;
        let kind = estimate.margins.kind;
        match part {
            Part::Margins => {
                let id = self.full(&estimate.margins)?;
                Ok(Val::rows(kind, estimate.margins.width, id).with_gaps(gaps))
            }
            Part::Values | Part::Probabilities => {
                let id = self.values(estimate)?;
                let width = estimate.classes().unwrap_or(estimate.margins.width);
                Ok(Val::rows(kind, width, id).with_gaps(gaps))
            }
            Part::Probability(class) => {
                let id = self.values(estimate)?;
                let id = self.builder.columns(id, &[class])?;
                Ok(Val::rows(kind, 1, id).with_gaps(gaps))
            }
            Part::Label => {
                let position = self.position(estimate)?;
                let labels = estimate.labels()?.clone();
                let kind = labels.kind();
                let length = labels.len() as u64;
                let labels = self.builder.constant(kind, &[length], &labels)?;
                let axis = vec![("axis", Attribute::Int(0))];
                let id = self.builder.node("Gather", &[labels, position], axis)?;
                let missing = self.any_gap(&estimate.margins.clone())?;
                self.with_mask(kind, 1, id, missing)
            }
            Part::Whole
            | Part::Distances
            | Part::Score
            | Part::Entity(_)
            | Part::Confidence
            | Part::Reason(_)
            | Part::Rule(..) => Err(inexpressible("this part of an estimate")),
        }
    }

    /// The label as it is answered: one dimension.
    pub(super) fn label_output(&mut self, id: TabularId) -> Result<(Kind, ValueId), Failure> {
        if let Some(Slot::Answer(answer)) = self.slots.get(id.index()) {
            let chosen = answer.label.clone();
            let chosen = chosen.ok_or_else(|| inexpressible("an estimate without a label"))?;
            return self.answer_label(&chosen);
        }
        let chosen = self.chosen_of(id)?;
        // A row whose margins are missing has no label.
        if chosen.missing.is_some() {
            return self.answer_label(&chosen);
        }
        let labels = written_labels(&chosen.labels, self.options);
        let kind = labels.kind();
        let labels = self.builder.constant(kind, &[labels.len() as u64], &labels)?;
        let flat = self.builder.ints(&[-1])?;
        let position = self.builder.node("Reshape", &[chosen.position, flat], Vec::new())?;
        let axis = vec![("axis", Attribute::Int(0))];
        Ok((kind, self.builder.node("Gather", &[labels, position], axis)?))
    }

    /// The label of an estimate from margins, for other estimates.
    pub(super) fn chosen_of(&mut self, id: TabularId) -> Result<Chosen, Failure> {
        let Some(Slot::Estimate(estimate)) = self.slots.get(id.index()) else {
            return Err(inexpressible(format!("{id} has no margins")));
        };
        let mut estimate = estimate.clone();
        let position = self.position(&mut estimate)?;
        let missing = self.any_gap(&estimate.margins.clone())?;
        let labels = estimate.labels()?.clone();
        if let Some(slot) = self.slots.get_mut(id.index()) {
            *slot = Slot::Estimate(estimate);
        }
        Ok(Chosen { labels, position, missing })
    }

    /// Values of a regression, probabilities of a classification.
    fn values(&mut self, estimate: &mut Estimate) -> Result<ValueId, Failure> {
        if let Some(made) = estimate.values {
            return Ok(made);
        }
        let kind = estimate.margins.kind;
        let margins = self.full(&estimate.margins)?;
        let made = match (estimate.classes(), estimate.margins.width) {
            (Some(_), 1) => self.binary_probabilities(estimate.link, kind, margins)?,
            (_, width) => self.linked(estimate.link, kind, margins, width)?,
        };
        estimate.values = Some(made);
        Ok(made)
    }

    fn binary_probabilities(
        &mut self,
        link: Link,
        kind: Kind,
        margins: ValueId,
    ) -> Result<ValueId, Failure> {
        let axis = vec![("axis", Attribute::Int(1))];
        if link == Link::SoftmaxSymmetric {
            let negated = self.builder.node("Neg", &[margins], Vec::new())?;
            let both = self.builder.node("Concat", &[negated, margins], axis.clone())?;
            return self.builder.node("Softmax", &[both], axis);
        }
        let second = self.linked(link, kind, margins, 1)?;
        let one = self.builder.float(kind, 1.0)?;
        let first = self.builder.node("Sub", &[one, second], Vec::new())?;
        self.builder.node("Concat", &[first, second], axis)
    }

    fn linked(
        &mut self,
        link: Link,
        kind: Kind,
        margins: ValueId,
        width: u32,
    ) -> Result<ValueId, Failure> {
        match link {
            Link::Identity => Ok(margins),
            Link::Logistic => self.logistic(kind, margins),
            Link::Exp => self.builder.node("Exp", &[margins], Vec::new()),
            Link::Softmax => {
                self.builder.node("Softmax", &[margins], vec![("axis", Attribute::Int(1))])
            }
            Link::LogisticNormalized => {
                let shares = self.logistic(kind, margins)?;
                let sum = self.builder.sum_in_order(shares, width, 1)?;
                let axis = self.builder.ints(&[1])?;
                let sum = self.builder.node("Unsqueeze", &[sum, axis], Vec::new())?;
                let parts = self.builder.node("Div", &[shares, sum], Vec::new())?;
                let zero = self.builder.float(kind, 0.0)?;
                let empty = self.builder.node("Equal", &[sum, zero], Vec::new())?;
                let equal = self.builder.float(kind, 1.0 / f64::from(width))?;
                self.builder.node("Where", &[empty, equal, parts], Vec::new())
            }
            Link::SoftmaxSymmetric => Err(inexpressible("softmax-symmetric of several margins")),
        }
    }

    /// `[N, 1]`: the position of the predicted class.
    fn position(&mut self, estimate: &mut Estimate) -> Result<ValueId, Failure> {
        if let Some(made) = estimate.position {
            return Ok(made);
        }
        let decision = estimate
            .classify
            .as_ref()
            .map(|classify| classify.decision)
            .ok_or_else(|| inexpressible("a label without classes"))?;
        let kind = estimate.margins.kind;
        let made = match decision {
            Decision::LargestProbability => {
                let values = self.values(estimate)?;
                let sound = estimate.link == Link::Softmax || self.never_nan(estimate.margin_node);
                self.largest(kind, values, sound)?
            }
            Decision::LargestMargin => {
                let margins = self.full(&estimate.margins)?;
                let sound = self.never_nan(estimate.margin_node);
                self.largest(kind, margins, sound)?
            }
            Decision::MarginAbove(than) => {
                let margins = self.full(&estimate.margins)?;
                self.above("Greater", kind, margins, than)?
            }
            Decision::MarginAtLeast(than) => {
                let margins = self.full(&estimate.margins)?;
                self.above("GreaterOrEqual", kind, margins, than)?
            }
            Decision::ProbabilityAbove(than) => {
                let values = self.values(estimate)?;
                let second = self.builder.columns(values, &[1])?;
                self.above("Greater", kind, second, than)?
            }
        };
        estimate.position = Some(made);
        Ok(made)
    }

    /// Sums of trees are numbers whatever the features are.
    fn never_nan(&self, margins: TabularId) -> bool {
        self.valid.model().nodes.get(margins).is_some_and(|node| matches!(node.op, Op::Trees(_)))
    }

    /// The first of the largest. Runtimes let a NaN in front win, the model never does.
    fn largest(&mut self, kind: Kind, values: ValueId, sound: bool) -> Result<ValueId, Failure> {
        let values = if sound {
            values
        } else {
            let nan = self.builder.is_nan(values)?;
            let lowest = self.builder.float(kind, f64::NEG_INFINITY)?;
            self.builder.node("Where", &[nan, lowest, values], Vec::new())?
        };
        self.builder.node(
            "ArgMax",
            &[values],
            vec![
                ("axis", Attribute::Int(1)),
                ("keepdims", Attribute::Int(1)),
                ("select_last_index", Attribute::Int(0)),
            ],
        )
    }

    fn above(
        &mut self,
        operator: &str,
        kind: Kind,
        scores: ValueId,
        than: f64,
    ) -> Result<ValueId, Failure> {
        // The nearest binary32 on the side that decides every binary32 score alike.
        let than = match (kind, operator) {
            (Kind::F32, "Greater") => f64::from(down_to_f32(than)),
            (Kind::F32, _) => f64::from(up_to_f32(than)),
            (Kind::F64 | Kind::I64 | Kind::Bool | Kind::Text, _) => than,
        };
        let than = self.builder.float(kind, than)?;
        let second = self.builder.node(operator, &[scores, than], Vec::new())?;
        self.builder.cast(second, Kind::Bool, Kind::I64)
    }
}

impl Estimate {
    /// Whether it is a classification.
    pub(super) const fn has_labels(&self) -> bool {
        self.classify.is_some()
    }

    fn classes(&self) -> Option<u32> {
        self.classify.as_ref().and_then(|classify| u32::try_from(classify.classes.len()).ok())
    }

    fn labels(&self) -> Result<&Labels, Failure> {
        self.classify
            .as_ref()
            .map(|classify| &classify.classes)
            .ok_or_else(|| inexpressible("a label without classes"))
    }
}
