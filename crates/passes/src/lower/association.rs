//! Association rules: which fire by counting their items, the best of them by `TopK`, their texts looked up.

use std::rc::Rc;

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{
    Association, AssociationRule, Kind, Labels, RuleFeature, RuleFires, RuleRank,
};

use super::{Context, answer::Answer, build::inexpressible, value::Val};

/// The most rules, and the most pairs of a rule and an item.
const MOST: usize = 1 << 14;
const MOST_PAIRS: usize = 1 << 24;

/// Why rules have no operators; none where they have.
pub(super) fn refused(op: &Association) -> Option<&'static str> {
    if op.rules.is_empty() {
        return Some("no rule, and so no table of them");
    }
    if op.rules.len() > MOST || op.rules.len().saturating_mul(op.items.len()) > MOST_PAIRS {
        return Some("more than 16,384 rules, or 2²⁴ pairs of a rule and an item");
    }
    None
}

/// The rules that fire in a row.
#[derive(Clone)]
pub(super) struct Fired {
    /// By rank: the place among the rules in order, `[N, 1]`, and where there is none.
    places: Vec<(ValueId, ValueId)>,
    /// Identifiers, antecedents, consequents and whole rules, best first.
    texts: Rc<[Vec<String>; 4]>,
    /// Support, confidence and lift.
    numbers: Rc<[Vec<f64>; 3]>,
}

/// Rules in the order in which they are answered, of equals the earlier.
fn ranked(op: &Association) -> Vec<&AssociationRule> {
    let value = |rule: &AssociationRule| match op.rank {
        RuleRank::Confidence => rule.confidence,
        RuleRank::Support => rule.support,
        RuleRank::Lift => rule.lift,
        RuleRank::Leverage => {
            rule.support - rule.support / rule.confidence * (rule.confidence / rule.lift)
        }
    };
    let mut rules: Vec<&AssociationRule> = op.rules.iter().collect();
    rules.sort_by(|a, b| value(b).total_cmp(&value(a)));
    rules
}

impl Context<'_> {
    pub(super) fn association(&mut self, op: &Association) -> Result<Answer, Failure> {
        let items = self.value(op.arg)?;
        let id = self.full(&items)?;
        let missing = self.mask(&items)?;
        let has = self.without(id, missing)?;
        let has = self.builder.cast(has, Kind::Bool, Kind::F32)?;
        let rules = ranked(op);
        let antecedents = rules.iter().map(|rule| rule.antecedent.as_slice()).collect::<Vec<_>>();
        let consequents = rules.iter().map(|rule| rule.consequent.as_slice()).collect::<Vec<_>>();
        let mut fired = self.all_there(has, op.items.len(), &antecedents)?;
        if op.fires != RuleFires::Recommendation {
            let mut whole = self.all_there(has, op.items.len(), &consequents)?;
            if op.fires == RuleFires::ExclusiveRecommendation {
                whole = self.builder.one("Not", whole)?;
            }
            fired = self.builder.two("And", fired, whole)?;
        }
        let count = u32::try_from(rules.len())
            .map_err(|error| inexpressible("too many rules").caused_by(error))?;
        let order: Vec<f64> = (0..count).map(|place| -f64::from(place)).collect();
        let order = self.builder.row(&order)?;
        let out = self.builder.number(f64::NEG_INFINITY)?;
        let order = self.builder.choose(fired, order, out)?;
        let most = op.answers.min(count);
        let (best, all) = self.builder.top(order, most, true)?;
        let none = self.builder.two("Equal", best, out)?;
        let mut places = Vec::with_capacity(op.answers as usize);
        for rank in 0..op.answers {
            // There is no more than one answer a rule.
            let at = rank.min(most.saturating_sub(1));
            let place = self.builder.columns(all, &[at])?;
            let mut gone = self.builder.columns(none, &[at])?;
            if rank >= most {
                let other = self.builder.one("Not", gone)?;
                gone = self.builder.two("Or", gone, other)?;
            }
            places.push((place, gone));
        }
        let join = |items: &[u32]| {
            let names = items.iter().filter_map(|&i| op.items.get(i as usize));
            names.map(String::as_str).collect::<Vec<_>>().join(",")
        };
        let texts = [
            rules.iter().map(|rule| rule.id.clone()).collect(),
            antecedents.iter().map(|items| join(items)).collect(),
            consequents.iter().map(|items| join(items)).collect(),
            rules
                .iter()
                .map(|r| format!("{}->{}", join(&r.antecedent), join(&r.consequent)))
                .collect(),
        ];
        let numbers = [
            rules.iter().map(|rule| rule.support).collect(),
            rules.iter().map(|rule| rule.confidence).collect(),
            rules.iter().map(|rule| rule.lift).collect(),
        ];
        let fired = Fired { places, texts: Rc::new(texts), numbers: Rc::new(numbers) };
        Ok(Answer { rules: Some(fired), ..Answer::default() })
    }

    /// `[N, lists]`: whether all items of a list are there.
    fn all_there(
        &mut self,
        has: ValueId,
        items: usize,
        lists: &[&[u32]],
    ) -> Result<ValueId, Failure> {
        let mut flags = vec![0.0; items * lists.len()];
        for (list, of) in lists.iter().enumerate() {
            for &item in *of {
                if let Some(flag) = flags.get_mut(item as usize * lists.len() + list) {
                    *flag = 1.0;
                }
            }
        }
        let sizes = (0..lists.len()).map(|list| {
            flags.iter().skip(list).step_by(lists.len()).fold(0.0, |sum, flag| sum + flag)
        });
        let sizes: Vec<f64> = sizes.collect();
        let sizes = self.builder.floats(Kind::F32, &[1, sizes.len() as u64], &sizes)?;
        let shape = [items as u64, lists.len() as u64];
        let flags = self.builder.floats(Kind::F32, &shape, &flags)?;
        // Small whole numbers, exact in any order.
        let count = self.builder.two("MatMul", has, flags)?;
        self.builder.two("Equal", count, sizes)
    }

    /// A feature of the rule at a rank.
    pub(super) fn rule_feature(
        &mut self,
        fired: &Fired,
        rank: u32,
        feature: RuleFeature,
    ) -> Result<Val, Failure> {
        let &(place, missing) = fired
            .places
            .get(rank as usize)
            .ok_or_else(|| inexpressible("a rule beyond those that are answered"))?;
        let [ids, antecedents, consequents, wholes] = &*fired.texts;
        let [support, confidence, lift] = &*fired.numbers;
        let table = match feature {
            RuleFeature::Id => Labels::Text(ids.clone()),
            RuleFeature::Antecedent => Labels::Text(antecedents.clone()),
            RuleFeature::Consequent => Labels::Text(consequents.clone()),
            RuleFeature::Rule => Labels::Text(wholes.clone()),
            RuleFeature::Support => Labels::F64(support.clone()),
            RuleFeature::Confidence => Labels::F64(confidence.clone()),
            RuleFeature::Lift => Labels::F64(lift.clone()),
        };
        let kind = table.kind();
        let table = self.builder.constant(kind, &[table.len() as u64], &table)?;
        let id = self.builder.looked_up(table, place)?;
        self.with_mask(kind, 1, id, Some(missing))
    }
}
