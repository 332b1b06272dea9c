//! How each estimate is written.

use holdall_tabular::{
    AnomalySide, Classify, Decision, Estimator, Labels, Link, Op, Part, Regress, SurvivalForm,
    ValidModel, ValueId,
};

use super::{
    NameId, Raise, Stop,
    estimate::Form,
    expr::{Expr, apply},
    expression::category,
    model::StageModel,
    predicate::Predicate,
    regression::{is_largest, is_largest_but_for_ties, texts},
};
use crate::{doc::NormalizationMethod, number};

/// Whether a classification is a `RegressionModel` by its link and decision.
pub(super) fn has_tables(valid: &ValidModel, classify: &Classify) -> bool {
    if valid.width_of(classify.margins) == 1 {
        return matches!(classify.link, Link::Identity | Link::Logistic | Link::SoftmaxSymmetric)
            && is_largest_but_for_ties(classify)
            && !only_decides(classify);
    }
    match classify.link {
        Link::Softmax | Link::LogisticNormalized => true,
        // Without a link the last class has what the others leave, so it cannot be said there.
        Link::Identity | Link::Logistic | Link::Exp | Link::SoftmaxSymmetric => false,
    }
}

/// Whether an identity link stands where there are no probabilities.
fn only_decides(classify: &Classify) -> bool {
    classify.link == Link::Identity && !classify.has_probabilities
}

impl Raise<'_> {
    /// Whether of two equally probable classes the second is predicted.
    pub(super) fn second_wins_ties(&self, id: ValueId) -> bool {
        match self.op(id) {
            Some(Op::Classify(classify)) => {
                has_tables(self.valid, classify) && !is_largest(classify)
            }
            _ => false,
        }
    }

    /// The model that answers with an estimate. Stages before it are added.
    pub(super) fn stage_of(&mut self, id: ValueId) -> Result<StageModel, Stop> {
        let valid = self.valid;
        match valid.model().nodes.get(id).map(|node| &node.op) {
            Some(Op::Regress(regress)) => {
                self.set_form(id, Form::Value);
                self.regress(id, regress)
            }
            Some(Op::Classify(classify)) => self.classified(id, classify),
            Some(Op::Estimator(estimator)) => self.estimated(id, estimator),
            _ => Err(self.bug(id, "no estimate")),
        }
    }

    fn classified(&mut self, id: ValueId, classify: &Classify) -> Result<StageModel, Stop> {
        if let Some(model) = self.voting_machine(id, classify)? {
            return Ok(model);
        }
        if let Some(model) = self.bayes(id, classify)? {
            return Ok(model);
        }
        if let Some(model) = self.classified_network(id, classify)? {
            return Ok(model);
        }
        if self.used.fused(classify.margins) || has_tables(self.valid, classify) {
            self.set_form(id, Form::Classes);
            return self.classify(id, classify);
        }
        self.set_form(id, Form::Label);
        let (margins, link) = (classify.margins, classify.link);
        if self.valid.width_of(margins) != 1 {
            let mut fields = Vec::new();
            for element in 0..classify.classes.len() {
                let margin = self.field(margins, element)?;
                fields.push(match link {
                    Link::Identity | Link::Logistic => self.linked(id, link, margin)?,
                    Link::Exp
                    | Link::Softmax
                    | Link::LogisticNormalized
                    | Link::SoftmaxSymmetric => {
                        return Err(self.bug(id, "no such link"));
                    }
                });
            }
            return Ok(self.largest_of(&fields, &classify.classes, 1.0));
        }
        let margin = self.field(margins, 0)?;
        let (field, operator, by) = match classify.decision {
            Decision::MarginAbove(by) => (margin, "greaterThan", by),
            Decision::MarginAtLeast(by) => (margin, "greaterOrEqual", by),
            Decision::ProbabilityAbove(by) => {
                (self.part_field(id, Part::Probability(1), 1)?, "greaterThan", by)
            }
            Decision::LargestProbability | Decision::LargestMargin => {
                let one = self.part_field(id, Part::Probability(1), 1)?;
                let other = self.part_field(id, Part::Probability(0), 0)?;
                return Ok(self.largest_of(&[other, one], &classify.classes, 1.0));
            }
        };
        let [no, yes] = [0, 1].map(|class| category(&classify.classes, class).unwrap_or_default());
        let opposite = if operator == "greaterThan" { "lessOrEqual" } else { "lessThan" };
        Ok(split(field, (operator, opposite), by, [yes, no]))
    }

    /// The class with the largest (or for −1 the smallest) of these numbers, the first of equals.
    pub(super) fn largest_of(
        &mut self,
        fields: &[NameId],
        classes: &Labels,
        sign: f64,
    ) -> StageModel {
        let texts = texts(classes);
        if let ([a, b], [no, yes]) = (fields, texts.as_slice()) {
            let test = if sign > 0.0 { "greaterThan" } else { "lessThan" };
            let test = apply(test, [Expr::Field(*b), Expr::Field(*a)]);
            let base = format!("{}>{}", self.names.text(*b), self.names.text(*a));
            let second = self.derive(&base, holdall_tabular::Kind::Bool, true, test);
            return StageModel::Choice(vec![
                (Predicate::equal(second, "true".to_owned()), yes.clone()),
                (Predicate::equal(second, "false".to_owned()), no.clone()),
            ]);
        }
        if fields.len() < 2 {
            let class = texts.into_iter().next().unwrap_or_default();
            return StageModel::Choice(vec![(Predicate::True, class)]);
        }
        self.by_place(fields, texts, sign)
    }

    /// The place of the largest first, then its label.
    fn by_place(&mut self, fields: &[NameId], texts: Vec<String>, sign: f64) -> StageModel {
        let elements: Vec<Expr> = fields.iter().map(|name| Expr::Field(*name)).collect();
        let place = self.place_of("closest", &elements, sign > 0.0);
        let mut tests: Vec<(Predicate, String)> = Vec::new();
        for (place_of, class) in texts.into_iter().enumerate() {
            tests.push((Predicate::equal(place, place_of.to_string()), class));
        }
        StageModel::Choice(tests)
    }

    fn estimated(&mut self, id: ValueId, estimator: &Estimator) -> Result<StageModel, Stop> {
        match estimator {
            Estimator::Neighbors(op) => self.neighbors(id, op),
            Estimator::Cluster(op) => self.cluster(id, op),
            Estimator::Detect(op) => {
                self.set_form(id, Form::Label);
                let [no, yes] = [0, 1].map(|i| category(&op.labels, i).unwrap_or_default());
                let words = match op.anomaly {
                    AnomalySide::Below => ("lessThan", "greaterOrEqual"),
                    AnomalySide::Above => ("greaterThan", "lessOrEqual"),
                    AnomalySide::AtMost => ("lessOrEqual", "greaterThan"),
                    AnomalySide::AtLeast => ("greaterOrEqual", "lessThan"),
                };
                let score = self.field(op.score, 0)?;
                Ok(split(score, words, op.threshold, [yes, no]))
            }
            Estimator::DecisionTree(op) => {
                let form =
                    if self.valid.classes_of(id).is_some() { Form::Classes } else { Form::Value };
                self.set_form(id, form);
                let tests = op.nodes.when.iter().map(|when| self.predicate_of(*when));
                Ok(StageModel::Decision(id, tests.collect::<Result<_, _>>()?))
            }
            Estimator::Rules(op) => {
                self.set_form(id, Form::Label);
                let tests = op.rules.iter().map(|rule| self.predicate_of(Some(rule.when)));
                Ok(StageModel::Rules(id, tests.collect::<Result<_, _>>()?))
            }
            Estimator::Scorecard(op) => {
                self.set_form(id, Form::Value);
                self.card(id, op)
            }
            Estimator::Combine(op) => self.combined(id, op),
            Estimator::Association(op) => self.basket(id, op),
            Estimator::ObliviousTrees(_)
            | Estimator::LinearTrees(_)
            | Estimator::KernelMachine(_)
            | Estimator::Votes(_)
            | Estimator::NaiveBayes(_)
            | Estimator::BayesianNetwork(_)
            | Estimator::TimeSeries(_)
            | Estimator::GaussianProcess(_)
            | Estimator::Survival(_) => Err(self.bug(id, "no estimate")),
        }
    }

    pub(super) fn regress(&mut self, id: ValueId, regress: &Regress) -> Result<StageModel, Stop> {
        let margins = regress.margins;
        let valid = self.valid;
        if let Some(Op::Trees(trees)) = valid.model().nodes.get(margins).map(|node| &node.op)
            && self.used.fused(margins)
        {
            self.adapt_features(margins, trees)?;
            return Ok(StageModel::Sum { node: margins, output: 0 });
        }
        let method = match regress.link {
            Link::Identity => NormalizationMethod::None,
            Link::Logistic => NormalizationMethod::Logit,
            Link::Exp => NormalizationMethod::Exp,
            Link::Softmax | Link::LogisticNormalized | Link::SoftmaxSymmetric => {
                return Err(self.bug(id, "no such link"));
            }
        };
        if let Some(Op::Concat(args)) = valid.model().nodes.get(margins).map(|node| &node.op)
            && let [value] = args.as_slice()
            && self.is_answer(*value)
        {
            match self.op(*value) {
                Some(Op::Estimator(Estimator::TimeSeries(_))) => return self.series_model(*value),
                Some(Op::Estimator(Estimator::Survival(op)))
                    if op.form == SurvivalForm::CumulativeHazard =>
                {
                    return self.hazard_model(*value);
                }
                _ => {}
            }
        }
        if let Some(model) = self.single_machine(margins, regress.link)? {
            return Ok(model);
        }
        let tables = vec![self.margin_table(margins, 0, None, 1.0)?];
        Ok(StageModel::Regression {
            classification: false,
            method,
            f32: self.is_f32(margins),
            tables,
        })
    }
}

/// Two classes by the side of a number on which a field is.
fn split(
    field: NameId,
    (operator, opposite): (&'static str, &'static str),
    by: f64,
    [yes, no]: [String; 2],
) -> StageModel {
    let value = number::text(by);
    StageModel::Choice(vec![
        (Predicate::Simple(field, operator, Some(value.clone())), yes),
        (Predicate::Simple(field, opposite, Some(value)), no),
    ])
}
