use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{RuleSelection, Rules};

use super::{Columns, Kernel, Run, largest};
use crate::value::{Element, Estimate, Yield, pick};

/// What a row came to: class, confidence, and the rule that decided.
type Fired = (usize, f64, Option<usize>);

impl Kernel for Rules {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let tests: Vec<&Element<'a>> =
            self.rules.iter().map(|rule| run.scalar(rule.when)).collect::<Result<_, _>>()?;
        let columns =
            tests.iter().map(|test| test.values::<bool>()).collect::<Result<Vec<_>, _>>()?;
        let fires = |rule: usize, row: usize| columns[rule][row] && !tests[rule].is_missing(row);
        let found: Vec<Option<Fired>> = (0..run.rows)
            .map(|row| {
                let fired =
                    (0..self.rules.len()).filter(|&rule| fires(rule, row)).collect::<Vec<_>>();
                select(self, &fired)
            })
            .collect();
        let labels: Vec<Option<usize>> = found.iter().map(|f| f.map(|(class, ..)| class)).collect();
        let id = |fired: &Option<Fired>| {
            fired.and_then(|(.., rule)| rule).map(|i| self.rules[i].id.as_str())
        };
        Ok(Yield::Estimate(Estimate {
            label: Some(Rc::new(pick(&self.classes, &labels))),
            // Rules give a confidence, not a probability of every class.
            answers: Columns::new(self.classes.len(), run.rows).elements(),
            entities: vec![Rc::new(Element::optional(found.iter().map(id)))],
            confidence: Some(Rc::new(Element::optional(
                found.iter().map(|f| f.map(|(_, sure, _)| sure)),
            ))),
            ..Estimate::default()
        }))
    }
}

fn select(rules: &Rules, fired: &[usize]) -> Option<Fired> {
    let Some(&first) = fired.first() else {
        return rules.default.map(|class| (class as usize, rules.default_confidence, None));
    };
    let of =
        |rule: usize| (rules.rules[rule].class as usize, rules.rules[rule].confidence, Some(rule));
    match rules.select {
        RuleSelection::FirstHit => Some(of(first)),
        RuleSelection::WeightedMax => {
            let place = largest(fired.iter().map(|&rule| rules.rules[rule].weight))?;
            Some(of(fired[place]))
        }
        RuleSelection::WeightedSum => {
            let mut sums = vec![0.0; rules.classes.len()];
            for &rule in fired {
                sums[rules.rules[rule].class as usize] += rules.rules[rule].weight;
            }
            let class = largest(sums.iter().copied())?;
            let of_class =
                || fired.iter().copied().filter(|&r| rules.rules[r].class as usize == class);
            let heaviest = largest(of_class().map(|rule| rules.rules[rule].weight));
            let rule = heaviest.and_then(|place| of_class().nth(place));
            #[expect(clippy::cast_precision_loss, reason = "a number of rules")]
            Some((class, sums[class] / fired.len() as f64, rule))
        }
    }
}
