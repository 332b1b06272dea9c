use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Combine, CombineMethod, Labels, MissingMember};

use super::{Columns, Kernel, Run, largest, median};
use crate::value::{Element, Estimate, Yield, pick};

/// Several estimates made one.
pub(super) struct CombineStep {
    op: Combine,
    /// The classes of the members; none for regressions.
    classes: Option<Labels>,
}

/// What a member says of a row.
struct Voice {
    member: usize,
    weight: f64,
    /// Label and probabilities, or the value alone.
    label: Option<usize>,
    values: Vec<f64>,
}

impl CombineStep {
    pub(super) fn new(op: &Combine, classes: Option<&Labels>) -> Self {
        Self { op: op.clone(), classes: classes.cloned() }
    }

    /// The answers of the members that take part in a row; none where the row has no answer.
    fn voices(&self, members: &[Ready<'_, '_>], row: usize) -> Result<Option<Vec<Voice>>, Failure> {
        let mut voices = Vec::with_capacity(members.len());
        let (mut all, mut lost) = (0.0, 0.0);
        for (i, member) in members.iter().enumerate() {
            if let Some(when) = member.when
                && when.get::<bool>(row)? != Some(true)
            {
                continue;
            }
            let weight = match member.weight {
                Some(weight) => weight.get::<f64>(row)?,
                None => Some(1.0),
            };
            all += weight.unwrap_or(1.0);
            let label = member.labels.as_ref().and_then(|labels| labels[row]);
            let values: Option<Vec<f64>> =
                member.answers.iter().map(|column| column[row]).collect();
            let said = match (&self.classes, label, values) {
                (Some(_), Some(label), values) => Some((Some(label), values.unwrap_or_default())),
                (None, _, Some(values)) => Some((None, values)),
                (Some(_), None, _) | (None, _, None) => None,
            };
            match (said, weight) {
                (Some((label, values)), Some(weight)) => {
                    voices.push(Voice { member: i, weight, label, values });
                    if self.op.method == CombineMethod::SelectFirst {
                        break;
                    }
                }
                _ if self.op.method == CombineMethod::SelectFirst => return Ok(None),
                _ => match self.op.missing {
                    MissingMember::Continue => {}
                    MissingMember::Missing => return Ok(None),
                    MissingMember::Skip => lost += weight.unwrap_or(1.0),
                },
            }
        }
        let too_many = lost > 0.0 && lost / all > self.op.threshold;
        Ok((!voices.is_empty() && !too_many).then_some(voices))
    }
}

/// A member's columns.
struct Ready<'r, 'a> {
    when: Option<&'r Element<'a>>,
    weight: Option<&'r Element<'a>>,
    /// Class of each row.
    labels: Option<Vec<Option<usize>>>,
    /// Probabilities or values.
    answers: Vec<Vec<Option<f64>>>,
}

impl Kernel for CombineStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let mut members = Vec::with_capacity(self.op.members.len());
        for member in &self.op.members {
            let estimate = run.estimate(member.estimate)?;
            let labels = match (&self.classes, &estimate.label) {
                (Some(classes), Some(label)) => Some(places(classes, label, run.rows)?),
                _ => None,
            };
            members.push(Ready {
                when: member.when.map(|when| run.scalar(when)).transpose()?,
                weight: member.weight.map(|weight| run.scalar(weight)).transpose()?,
                labels,
                answers: estimate.answers.iter().map(|e| numbers(e)).collect::<Result<_, _>>()?,
            });
        }
        let width = self.classes.as_ref().map_or(1, Labels::len);
        let mut columns = Columns::new(width, run.rows);
        let mut labels = vec![None; run.rows];
        let mut ids = vec![None; run.rows];
        for row in 0..run.rows {
            let Some(voices) = self.voices(&members, row)? else { continue };
            if let (CombineMethod::SelectFirst, Some(voice)) = (self.op.method, voices.first()) {
                ids[row] = Some(self.op.members[voice.member].id.as_str());
            }
            if self.classes.is_some() {
                let (label, shares) = classify(self.op.method, &voices, width);
                labels[row] = label;
                if let Some(shares) = shares {
                    columns.set(row, shares);
                }
            } else {
                columns.set(row, [regress(self.op.method, &voices)]);
            }
        }
        let answers = columns.elements();
        Ok(Yield::Estimate(Estimate {
            label: self.classes.as_ref().map(|classes| Rc::new(pick(classes, &labels))),
            margins: if self.classes.is_some() { Vec::new() } else { answers.clone() },
            answers,
            entities: vec![Rc::new(Element::optional(ids))],
            ..Estimate::default()
        }))
    }
}

fn numbers(element: &Element<'_>) -> Result<Vec<Option<f64>>, Failure> {
    let values = crate::run::widened(element)?;
    let present = |(row, value)| (!element.is_missing(row)).then_some(value);
    Ok(values.into_iter().enumerate().map(present).collect())
}

/// Where the labels of rows stand among the classes.
fn places(
    classes: &Labels,
    label: &Element<'_>,
    rows: usize,
) -> Result<Vec<Option<usize>>, Failure> {
    let place = |row: usize| {
        Ok(match classes {
            Labels::Text(v) => label.get::<&str>(row)?.and_then(|l| v.iter().position(|c| c == l)),
            Labels::I64(v) => label.get::<i64>(row)?.and_then(|l| v.iter().position(|c| *c == l)),
            Labels::Bool(v) => label.get::<bool>(row)?.and_then(|l| v.iter().position(|c| *c == l)),
            Labels::F64(v) => {
                label.get::<f64>(row)?.and_then(|l| v.iter().position(|c| c.total_cmp(&l).is_eq()))
            }
        })
    };
    (0..rows).map(place).collect()
}

const fn is_weighted(method: CombineMethod) -> bool {
    matches!(
        method,
        CombineMethod::WeightedAverage
            | CombineMethod::WeightedSum
            | CombineMethod::WeightedMedian
            | CombineMethod::WeightedMajorityVote
    )
}

/// The label, and the probabilities where there are any.
fn classify(
    method: CombineMethod,
    voices: &[Voice],
    classes: usize,
) -> (Option<usize>, Option<Vec<f64>>) {
    let weight = |voice: &Voice| if is_weighted(method) { voice.weight } else { 1.0 };
    let mut shares = vec![0.0; classes];
    let mut total = 0.0;
    match method {
        CombineMethod::SelectFirst => {
            let first = voices.first();
            let values = first.map(|voice| voice.values.clone()).filter(|v| v.len() == classes);
            return (first.and_then(|voice| voice.label), values);
        }
        CombineMethod::MajorityVote | CombineMethod::WeightedMajorityVote => {
            for voice in voices {
                total += weight(voice);
                if let Some(label) = voice.label {
                    shares[label] += weight(voice);
                }
            }
        }
        CombineMethod::Max => {
            let most =
                |voice: &Voice| voice.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let best = voices.iter().map(most).fold(f64::NEG_INFINITY, f64::max);
            for voice in voices.iter().filter(|voice| most(voice) >= best) {
                total += 1.0;
                add(&mut shares, &voice.values, 1.0);
            }
        }
        CombineMethod::Average
        | CombineMethod::WeightedAverage
        | CombineMethod::Sum
        | CombineMethod::WeightedSum
        | CombineMethod::Median
        | CombineMethod::WeightedMedian => {
            for voice in voices {
                total += weight(voice);
                add(&mut shares, &voice.values, weight(voice));
            }
        }
    }
    for share in &mut shares {
        *share /= total;
    }
    (largest(shares.iter().copied()), Some(shares))
}

fn add(shares: &mut [f64], values: &[f64], weight: f64) {
    for (share, value) in shares.iter_mut().zip(values) {
        *share += if weight.total_cmp(&1.0).is_eq() { *value } else { value * weight };
    }
}

fn regress(method: CombineMethod, voices: &[Voice]) -> f64 {
    let value = |voice: &Voice| voice.values.first().copied().unwrap_or(f64::NAN);
    let sum = |by: &dyn Fn(&Voice) -> f64| voices.iter().fold(0.0, |sum, voice| sum + by(voice));
    match method {
        CombineMethod::Average => sum(&value) / sum(&|_| 1.0),
        CombineMethod::WeightedAverage => sum(&|v| value(v) * v.weight) / sum(&|v| v.weight),
        CombineMethod::Sum => sum(&value),
        CombineMethod::WeightedSum => sum(&|v| value(v) * v.weight),
        CombineMethod::Median => median(voices.iter().map(value).collect()),
        CombineMethod::WeightedMedian => {
            let mut sorted: Vec<(f64, f64)> = voices.iter().map(|v| (value(v), v.weight)).collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            let half = sum(&|v| v.weight) / 2.0;
            let mut reached = 0.0;
            let found = sorted.iter().find(|(_, weight)| {
                reached += weight;
                reached >= half
            });
            found.map_or(f64::NAN, |(value, _)| *value)
        }
        CombineMethod::SelectFirst
        | CombineMethod::Max
        | CombineMethod::MajorityVote
        | CombineMethod::WeightedMajorityVote => voices.first().map_or(f64::NAN, value),
    }
}
