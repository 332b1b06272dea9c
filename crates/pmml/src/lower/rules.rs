//! Scorecards and rule sets: <https://dmg.org/pmml/v4-4-1/Scorecard.html>,
//! <https://dmg.org/pmml/v4-4-1/RuleSet.html>.

use holdall_diag::Failure;
use holdall_tabular::{
    Attribute, BinaryOp, Characteristic, Estimator, Kind, Op, ReasonRanking, Rule, RuleSelection,
    Rules, Scorecard, ValueId,
};

use super::{
    Answer, Lower, class_place, invalid, number, required, unsupported, unsupported_value,
};
use crate::{codes, doc::Element};

/// Compound rules may be nested this deep.
const MAX_NESTING: u32 = 64;

impl<'d> Lower<'d> {
    pub(super) fn scorecard(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let initial = number(element, "initialScore", Some(0.0))?;
        let initial = Some(self.float(Kind::F64, initial)?);
        let list = element.child("Characteristics").ok_or_else(|| unsupported(element))?;
        let reasons = if element.attribute("useReasonCodes") == Some("false") {
            None
        } else {
            Some(match element.attribute("reasonCodeAlgorithm") {
                None | Some("pointsBelow") => ReasonRanking::PointsBelow,
                Some("pointsAbove") => ReasonRanking::PointsAbove,
                Some(_) => return Err(unsupported_value(element, "reasonCodeAlgorithm")),
            })
        };
        let mut characteristics = Vec::new();
        for (place, one) in list.children().filter(|c| c.name() == "Characteristic").enumerate() {
            let own = one.attribute("baselineScore").is_some();
            let baseline = number(if own { one } else { element }, "baselineScore", Some(0.0))?;
            let mut attributes = Vec::new();
            for attribute in one.children().filter(|c| c.name() == "Attribute") {
                let when = self.condition_in(attribute)?;
                let score = if let Some(complex) = attribute.child("ComplexPartialScore") {
                    let value = self.expression_in(complex, Kind::F64)?;
                    self.scalar(value)?
                } else {
                    let score = number(attribute, "partialScore", None)?;
                    self.float(Kind::F64, score)?
                };
                let reason = attribute.attribute("reasonCode").or(one.attribute("reasonCode"));
                let reason = reason.unwrap_or_default().to_owned();
                attributes.push(Attribute { when, score, reason });
            }
            let name = one.attribute("name").map_or_else(|| (place + 1).to_string(), str::to_owned);
            characteristics.push(Characteristic { name, baseline, attributes });
        }
        let card = Scorecard { initial, characteristics, reasons };
        let card = Op::Estimator(Estimator::Scorecard(Box::new(card)));
        let estimate = self.model.push_at(card, element.location())?;
        Ok(Answer::new(estimate, None))
    }

    pub(super) fn rule_set(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let set = element.child("RuleSet").ok_or_else(|| unsupported(element))?;
        let method = set.child("RuleSelectionMethod").ok_or_else(|| unsupported(set))?;
        let select = match required(method, "criterion")? {
            "firstHit" => RuleSelection::FirstHit,
            "weightedSum" => RuleSelection::WeightedSum,
            "weightedMax" => RuleSelection::WeightedMax,
            _ => return Err(unsupported_value(method, "criterion")),
        };
        let mut found: Vec<&str> = Vec::new();
        let scores = set.descendants().filter(|e| e.name() == "SimpleRule");
        let scores = scores.filter_map(|rule| rule.attribute("score"));
        for score in scores.chain(set.attribute("defaultScore")) {
            if !found.contains(&score) {
                found.push(score);
            }
        }
        let classes = self.classes(element, &found)?;
        let texts = classes.texts();
        let place = |rule: Element<'d>, attribute: &str| {
            let score = required(rule, attribute)?;
            class_place(&texts, classes.kind(), score)
                .and_then(|place| u32::try_from(place).ok())
                .ok_or_else(|| invalid(rule, attribute, "a class of the target"))
        };
        let mut rules = Vec::new();
        for (place_of, (rule, when)) in self.simple_rules(set, None, 0)?.into_iter().enumerate() {
            rules.push(Rule {
                when,
                id: rule.attribute("id").map_or_else(|| (place_of + 1).to_string(), str::to_owned),
                class: place(rule, "score")?,
                weight: number(rule, "weight", Some(1.0))?,
                confidence: number(rule, "confidence", Some(1.0))?,
            });
        }
        let default = match set.attribute("defaultScore") {
            Some(_) => Some(place(set, "defaultScore")?),
            None => None,
        };
        let default_confidence = number(set, "defaultConfidence", Some(0.0))?;
        let rules = Rules { rules, classes: classes.clone(), select, default, default_confidence };
        let rules = Op::Estimator(Estimator::Rules(Box::new(rules)));
        let estimate = self.model.push_at(rules, element.location())?;
        Ok(Answer::new(estimate, Some(classes)))
    }

    /// The simple rules in order, each with its own predicate and those of the rules around it.
    fn simple_rules(
        &mut self,
        element: Element<'d>,
        around: Option<ValueId>,
        depth: u32,
    ) -> Result<Vec<(Element<'d>, ValueId)>, Failure> {
        if depth > MAX_NESTING {
            return Err(Failure::unsupported(
                codes::UNSUPPORTED_ELEMENT,
                format!("rules are nested more than {MAX_NESTING} deep"),
            )
            .at(element.location()));
        }
        let mut rules = Vec::new();
        for rule in element.children() {
            if !matches!(rule.name(), "SimpleRule" | "CompoundRule") {
                continue;
            }
            let own = self.condition_in(rule)?;
            let when = match (around, own) {
                (Some(around), Some(own)) => Some(self.bin(BinaryOp::And, around, own)?),
                (one, other) => one.or(other),
            };
            if rule.name() == "CompoundRule" {
                rules.extend(self.simple_rules(rule, when, depth + 1)?);
            } else {
                let when = match when {
                    Some(when) => when,
                    None => self.truth(true)?,
                };
                rules.push((rule, when));
            }
        }
        Ok(rules)
    }
}
