use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Association, AssociationRule, RuleFeature, RuleFires, RuleRank};

use super::{Kernel, Run};
use crate::value::{Element, Estimate, RULE_FEATURES, Yield};

/// Association rules, best first.
pub(super) struct AssociationStep {
    op: Association,
    /// Rules in order of rank, with their texts.
    ranked: Vec<(usize, [String; 3])>,
}

impl AssociationStep {
    pub(super) fn new(op: &Association) -> Self {
        let value = |rule: &AssociationRule| match op.rank {
            RuleRank::Confidence => rule.confidence,
            RuleRank::Support => rule.support,
            RuleRank::Lift => rule.lift,
            // support − support(antecedent) · support(consequent), both from confidence and lift.
            RuleRank::Leverage => {
                rule.support - rule.support / rule.confidence * (rule.confidence / rule.lift)
            }
        };
        let mut order: Vec<usize> = (0..op.rules.len()).collect();
        order.sort_by(|&a, &b| value(&op.rules[b]).total_cmp(&value(&op.rules[a])));
        let texts = |rule: &AssociationRule| {
            let join = |items: &[u32]| {
                items.iter().map(|&i| op.items[i as usize].as_str()).collect::<Vec<_>>().join(",")
            };
            let (antecedent, consequent) = (join(&rule.antecedent), join(&rule.consequent));
            let whole = format!("{antecedent}->{consequent}");
            [antecedent, consequent, whole]
        };
        let ranked = order.into_iter().map(|rule| (rule, texts(&op.rules[rule]))).collect();
        Self { op: op.clone(), ranked }
    }

    fn fires(&self, rule: &AssociationRule, has: impl Fn(u32) -> bool) -> bool {
        if !rule.antecedent.iter().all(|&item| has(item)) {
            return false;
        }
        let whole = || rule.consequent.iter().all(|&item| has(item));
        match self.op.fires {
            RuleFires::Recommendation => true,
            RuleFires::ExclusiveRecommendation => !whole(),
            RuleFires::RuleAssociation => whole(),
        }
    }
}

impl Kernel for AssociationStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let items = run.value(self.op.arg)?;
        let columns =
            items.iter().map(|item| item.values::<bool>()).collect::<Result<Vec<_>, _>>()?;
        let answers = self.op.answers as usize;
        let mut found: Vec<Vec<Option<usize>>> = vec![vec![None; run.rows]; answers];
        for row in 0..run.rows {
            let has = |item: u32| {
                let item = item as usize;
                columns[item][row] && !items[item].is_missing(row)
            };
            let fired = (0..self.ranked.len())
                .filter(|&place| self.fires(&self.op.rules[self.ranked[place].0], has));
            for (place, column) in fired.zip(&mut found) {
                column[row] = Some(place);
            }
        }
        let features = |places: &Vec<Option<usize>>| {
            let feature = |feature: &RuleFeature| {
                Rc::new(match self.text_of(*feature) {
                    Ok(text) => Element::optional(places.iter().map(|p| p.map(&text))),
                    Err(number) => Element::optional(places.iter().map(|p| p.map(&number))),
                })
            };
            RULE_FEATURES.iter().map(feature).collect()
        };
        let rules = found.iter().map(features).collect();
        Ok(Yield::Estimate(Estimate { rules, ..Estimate::default() }))
    }
}

type Text<'a> = Box<dyn Fn(usize) -> &'a str + 'a>;
type Number<'a> = Box<dyn Fn(usize) -> f64 + 'a>;

impl AssociationStep {
    /// A feature of the rule at a rank: a text, or else a number.
    fn text_of(&self, feature: RuleFeature) -> Result<Text<'_>, Number<'_>> {
        let rule = |place: usize| &self.op.rules[self.ranked[place].0];
        let text = |which: usize| -> Text<'_> {
            Box::new(move |place| self.ranked[place].1[which].as_str())
        };
        match feature {
            RuleFeature::Id => Ok(Box::new(move |place| rule(place).id.as_str())),
            RuleFeature::Antecedent => Ok(text(0)),
            RuleFeature::Consequent => Ok(text(1)),
            RuleFeature::Rule => Ok(text(2)),
            RuleFeature::Support => Err(Box::new(move |place| rule(place).support)),
            RuleFeature::Confidence => Err(Box::new(move |place| rule(place).confidence)),
            RuleFeature::Lift => Err(Box::new(move |place| rule(place).lift)),
        }
    }
}
