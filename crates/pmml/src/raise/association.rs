//! Association rules: <https://dmg.org/pmml/v4-4-1/AssociationRules.html>. An item is a field that is true.

use std::collections::BTreeMap;

use holdall_tabular::{
    Association, AssociationRule, Estimator, Op, RuleFeature, RuleFires, RuleRank, ValueId,
};

use super::{
    NameId, Raise, Stop,
    estimate::Form,
    model::{Frame, StageModel},
};
use crate::{doc::Builder, number};

/// What an output asks of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) rank: u32,
    pub(super) feature: RuleFeature,
    pub(super) by: RuleRank,
    pub(super) fires: RuleFires,
}

impl Asked {
    /// The attributes of an output.
    pub(super) fn write(self, out: &mut Builder) {
        out.attribute("feature", "ruleValue")
            .attribute(
                "ruleFeature",
                match self.feature {
                    RuleFeature::Antecedent => "antecedent",
                    RuleFeature::Consequent => "consequent",
                    RuleFeature::Rule => "rule",
                    RuleFeature::Id => "ruleId",
                    RuleFeature::Confidence => "confidence",
                    RuleFeature::Support => "support",
                    RuleFeature::Lift => "lift",
                },
            )
            .attribute(
                "algorithm",
                match self.fires {
                    RuleFires::Recommendation => "recommendation",
                    RuleFires::ExclusiveRecommendation => "exclusiveRecommendation",
                    RuleFires::RuleAssociation => "ruleAssociation",
                },
            )
            .attribute("rank", self.rank)
            .attribute("rankBasis", self.by.name())
            .attribute("rankOrder", "descending")
            .attribute("isMultiValued", 0);
    }
}

impl Raise<'_> {
    pub(super) fn rules_of(&self, id: ValueId) -> Option<&Association> {
        match self.op(id) {
            Some(Op::Estimator(Estimator::Association(op))) => Some(op),
            _ => None,
        }
    }

    pub(super) fn basket(&mut self, id: ValueId, op: &Association) -> Result<StageModel, Stop> {
        let fields = self.fields(op.arg)?;
        self.set_form(id, Form::Rules);
        Ok(StageModel::Basket(id, fields))
    }

    pub(super) fn association_model(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, fields): (ValueId, &[NameId]),
    ) -> Result<(), Stop> {
        let Some(op) = self.rules_of(id) else { return Err(self.bug(id, "no rules")) };
        // The sets that rules name, each once.
        let mut sets: BTreeMap<&[u32], usize> = BTreeMap::new();
        for rule in &op.rules {
            for set in [&rule.antecedent, &rule.consequent] {
                let next = sets.len() + 1;
                sets.entry(set).or_insert(next);
            }
        }
        let mut listed: Vec<(&[u32], usize)> = sets.iter().map(|(set, id)| (*set, *id)).collect();
        listed.sort_by_key(|(_, id)| *id);
        self.open_model(out, "AssociationModel", model, frame);
        // What the rules were found in is not known any more.
        out.attribute("numberOfTransactions", 1)
            .attribute("minimumSupport", number::text(least(&op.rules, |rule| rule.support)))
            .attribute("minimumConfidence", number::text(least(&op.rules, |rule| rule.confidence)))
            .attribute("numberOfItems", op.items.len())
            .attribute("numberOfItemsets", sets.len())
            .attribute("numberOfRules", op.rules.len());
        self.inside(out, frame);
        for (i, (item, field)) in op.items.iter().zip(fields).enumerate() {
            out.open("Item")
                .attribute("id", i + 1)
                .attribute("value", item)
                .attribute("field", self.names.text(*field))
                .attribute("category", "true")
                .close();
        }
        for (set, id) in listed {
            out.open("Itemset").attribute("id", id).attribute("numberOfItems", set.len());
            for item in set {
                out.open("ItemRef").attribute("itemRef", u64::from(*item) + 1).close();
            }
            out.close();
        }
        for rule in &op.rules {
            let set = |items: &Vec<u32>| sets.get(items.as_slice()).copied().unwrap_or_default();
            out.open("AssociationRule")
                .attribute("antecedent", set(&rule.antecedent))
                .attribute("consequent", set(&rule.consequent))
                .attribute("support", number::text(rule.support))
                .attribute("confidence", number::text(rule.confidence))
                .optional("lift", (!rule.lift.is_nan()).then(|| number::text(rule.lift)))
                .attribute("id", &rule.id)
                .close();
        }
        out.close();
        Ok(())
    }
}

/// The smallest number of the rules, within 0 and 1.
fn least(rules: &[AssociationRule], of: impl Fn(&AssociationRule) -> f64) -> f64 {
    rules.iter().map(of).fold(1.0, f64::min).max(0.0)
}
