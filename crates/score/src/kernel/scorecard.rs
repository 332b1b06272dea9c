use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{ReasonRanking, Scorecard};

use super::{Kernel, Run};
use crate::value::{Element, Estimate, Yield};

impl Kernel for Scorecard {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let mut scores: Vec<Option<f64>> = match self.initial {
            Some(initial) => {
                let element = run.scalar(initial)?;
                (0..run.rows).map(|row| element.get(row)).collect::<Result<_, _>>()?
            }
            None => vec![Some(0.0); run.rows],
        };
        // For each row the differences from the baselines, by reason, in order of appearance.
        let mut differences: Vec<Vec<(&'a str, f64)>> = vec![Vec::new(); run.rows];
        for characteristic in &self.characteristics {
            let mut attributes = Vec::with_capacity(characteristic.attributes.len());
            for attribute in &characteristic.attributes {
                let when = attribute.when.map(|when| run.scalar(when)).transpose()?;
                attributes.push((when, run.scalar(attribute.score)?, attribute.reason.as_str()));
            }
            for row in 0..run.rows {
                let mut found = None;
                for (when, score, reason) in &attributes {
                    let holds = match when {
                        Some(when) => when.get::<bool>(row)?.unwrap_or(false),
                        None => true,
                    };
                    if holds {
                        found = score.get::<f64>(row)?.map(|score| (score, *reason));
                        break;
                    }
                }
                scores[row] = match (scores[row], found) {
                    (Some(sum), Some((score, reason))) => {
                        let distance = match self.reasons {
                            Some(ReasonRanking::PointsAbove) => score - characteristic.baseline,
                            Some(ReasonRanking::PointsBelow) | None => {
                                characteristic.baseline - score
                            }
                        };
                        let before = differences[row].iter_mut().find(|(code, _)| *code == reason);
                        match before {
                            Some((_, sum)) => *sum += distance,
                            None => differences[row].push((reason, distance)),
                        }
                        Some(sum + score)
                    }
                    _ => None,
                };
            }
        }
        for list in &mut differences {
            list.retain(|(_, distance)| *distance >= 0.0);
            list.sort_by(|a, b| b.1.total_cmp(&a.1));
        }
        let ranks = if self.reasons.is_some() { self.characteristics.len() } else { 0 };
        let reason = |rank: usize| {
            let of = |(row, list): (usize, &Vec<(&'a str, f64)>)| {
                scores[row]?;
                list.get(rank).map(|(code, _)| *code)
            };
            Rc::new(Element::optional(differences.iter().enumerate().map(of)))
        };
        let reasons = (0..ranks).map(reason).collect();
        let answer = Rc::new(Element::optional(scores.iter().copied()));
        Ok(Yield::Estimate(Estimate {
            answers: vec![Rc::clone(&answer)],
            margins: vec![answer],
            reasons,
            ..Estimate::default()
        }))
    }
}
