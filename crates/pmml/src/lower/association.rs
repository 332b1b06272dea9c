//! Association rules: <https://dmg.org/pmml/v4-4-1/AssociationRules.html>.
//!
//! A document speaks of one field of items, and of a group that holds them together. A row here is a whole transaction:
//! it has a column an item, which says whether the item is there. Items that name a field and a category of it are
//! there where the field has that category.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{
    Association, AssociationRule, Call, Estimator, Field, Function, Kind, Op, Part, RuleFeature,
    RuleFires, RuleRank, ValueId,
};

use super::{
    Answer, Family, Lower, dictionary, invalid, number, output, required, unsupported,
    unsupported_value,
};
use crate::{codes, doc::Element};

impl<'d> Lower<'d> {
    /// The inputs of a document of association rules: a column an item, where items are values of a field.
    pub(super) fn item_columns(&mut self, element: Element<'d>) -> Result<(), Failure> {
        if items(element).any(|item| item.attribute("field").is_some()) {
            return self.inputs(element);
        }
        for item in items(element) {
            let name = required(item, "value")?;
            if self.values.contains_key(name) {
                let message = format!("two items are `{name}`");
                return Err(Failure::malformed(codes::DUPLICATE, message).at(item.location()));
            }
            let value = self.model.push_field(Field::number(name, Kind::Bool))?;
            self.values.insert(name.to_owned(), value);
        }
        self.note(element, "a row is a whole transaction, with a column an item");
        Ok(())
    }

    pub(super) fn association(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let (mut places, mut names, mut there) = (BTreeMap::new(), Vec::new(), Vec::new());
        for (place, item) in (0_u32..).zip(items(element)) {
            let name = required(item, "value")?;
            there.push(match item.attribute("field") {
                Some(field) => {
                    let value = self.field(item, field)?;
                    let value = self.scalar(value)?;
                    let category = item.attribute("category").ok_or_else(|| unsupported(item))?;
                    let listed = dictionary::labels(&[category], self.kind(value));
                    let listed = listed
                        .ok_or_else(|| invalid(item, "category", "a value of the field's type"))?;
                    let call = Call { function: Function::IsIn(listed), args: vec![value] };
                    self.push(Op::Call(call))?
                }
                None => self.field(item, name)?,
            });
            places.insert(required(item, "id")?, place);
            names.push(item.attribute("mappedValue").unwrap_or(name).to_owned());
        }
        let mut sets = BTreeMap::new();
        for set in element.children().filter(|child| child.name() == "Itemset") {
            let mut members = Vec::new();
            for member in set.children().filter(|child| child.name() == "ItemRef") {
                let place = places.get(required(member, "itemRef")?).copied();
                members.push(place.ok_or_else(|| invalid(member, "itemRef", "the id of an item"))?);
            }
            members.sort_unstable();
            members.dedup();
            sets.insert(required(set, "id")?, members);
        }
        let mut rules = Vec::new();
        for rule in element.children().filter(|child| child.name() == "AssociationRule") {
            let members = |name: &str| {
                let set = sets.get(required(rule, name)?).cloned();
                set.ok_or_else(|| invalid(rule, name, "the id of a set of items"))
            };
            let id = rule.attribute("id").map(ToOwned::to_owned);
            rules.push(AssociationRule {
                id: id.unwrap_or_else(|| (rules.len() + 1).to_string()),
                antecedent: members("antecedent")?,
                consequent: members("consequent")?,
                support: number(rule, "support", None)?,
                confidence: number(rule, "confidence", None)?,
                lift: number(rule, "lift", Some(f64::NAN))?,
            });
        }
        if there.is_empty() || rules.is_empty() {
            return Err(unsupported(element).with_help("items and rules are needed"));
        }
        let mut answers = 1;
        for field in output::fields(element) {
            answers = answers.max(output::rank(field)?.saturating_add(1));
        }
        let answers = u32::try_from(rules.len()).map_or(answers, |all| answers.min(all));
        let arg = self.push(Op::Concat(there))?;
        let (rank, fires) = (RuleRank::Confidence, RuleFires::ExclusiveRecommendation);
        let op = Association { arg, items: names, rules, rank, fires, answers };
        let op = Op::Estimator(Estimator::Association(Box::new(op)));
        let estimate = self.model.push_at(op, element.location())?;
        Ok(Answer { family: Family::Ranking, ..Answer::new(estimate, None) })
    }

    /// A feature of a rule, ranked and chosen as the output says.
    pub(super) fn rule_value(
        &mut self,
        field: Element<'d>,
        answer: &Answer,
        feature: RuleFeature,
    ) -> Result<Option<(ValueId, Part)>, Failure> {
        let Some(Estimator::Association(op)) = self.estimator_of(answer.estimate) else {
            return Ok(self.left_out(field));
        };
        let mut op = op.clone();
        if field.attribute("isMultiValued").is_some_and(|text| text.trim() == "1")
            || field.attribute("rankOrder") == Some("ascending")
        {
            return Ok(self.left_out(field));
        }
        op.rank = match field.attribute("rankBasis").unwrap_or("confidence") {
            "confidence" => RuleRank::Confidence,
            "support" => RuleRank::Support,
            "lift" => RuleRank::Lift,
            "leverage" => RuleRank::Leverage,
            _ => return Err(unsupported_value(field, "rankBasis")),
        };
        op.fires = match field.attribute("algorithm").unwrap_or("exclusiveRecommendation") {
            "recommendation" => RuleFires::Recommendation,
            "exclusiveRecommendation" => RuleFires::ExclusiveRecommendation,
            "ruleAssociation" => RuleFires::RuleAssociation,
            _ => return Err(unsupported_value(field, "algorithm")),
        };
        let rank = output::rank(field)?;
        if rank >= op.answers {
            return Ok(self.left_out(field));
        }
        let key = (answer.estimate, op.rank, op.fires);
        let known = self.rankings.get(&key).copied();
        let estimate = known.map_or_else(
            || self.model.push_at(Op::Estimator(Estimator::Association(op)), field.location()),
            Ok,
        )?;
        self.rankings.insert(key, estimate);
        Ok(Some((estimate, Part::Rule(rank, feature))))
    }
}

fn items(element: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    element.children().filter(|child| child.name() == "Item")
}
