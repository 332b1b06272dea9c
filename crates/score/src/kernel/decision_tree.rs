use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{DecisionTree, MissingStrategy, NoTrueChild, NodeAnswer, NodeClasses};

use super::{Columns, Kernel, Run, largest};
use crate::value::{Element, Estimate, Yield, pick};

/// The values and missing flags of a predicate.
type Test<'r> = (&'r [bool], Option<&'r Vec<bool>>);

/// The predicates of all nodes in all rows: true, false, or unknown.
struct Tests<'r> {
    /// None where a node is always true.
    nodes: Vec<Option<Test<'r>>>,
}

impl Tests<'_> {
    fn at(&self, node: usize, row: usize) -> Option<bool> {
        let Some((values, missing)) = self.nodes[node] else { return Some(true) };
        let unknown = missing.is_some_and(|flags| flags[row]);
        (!unknown).then_some(values[row])
    }
}

/// Where a row ends.
enum End {
    Missing,
    /// At a node, after so many default children.
    At(usize, i32),
    /// At several nodes with weights that sum to 1.
    Spread(Vec<(usize, f64)>),
}

impl Kernel for DecisionTree {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let test = |when: &Option<_>| match when {
            Some(when) => {
                let element = run.scalar(*when)?;
                Ok(Some((element.values::<bool>()?, element.missing.as_ref())))
            }
            None => Ok(None),
        };
        let nodes = self.nodes.when.iter().map(test).collect::<Result<Vec<_>, Failure>>()?;
        let tests = Tests { nodes };
        let ends: Vec<End> = (0..run.rows).map(|row| self.end(&tests, row)).collect();
        let ids = ends.iter().map(|end| match end {
            End::At(node, _) => Some(self.nodes.id[*node].as_str()),
            End::Missing | End::Spread(_) => None,
        });
        let entities = vec![Rc::new(Element::optional(ids))];
        Ok(Yield::Estimate(match &self.answer {
            NodeAnswer::Values(values) => {
                let value = |end: &End| match end {
                    End::Missing => None,
                    End::At(node, _) => values[*node],
                    End::Spread(nodes) => nodes.iter().try_fold(0.0, |sum, (node, weight)| {
                        values[*node].map(|value| sum + value * weight)
                    }),
                };
                let answer = Rc::new(Element::optional(ends.iter().map(value)));
                Estimate {
                    answers: vec![Rc::clone(&answer)],
                    margins: vec![answer],
                    entities,
                    ..Estimate::default()
                }
            }
            NodeAnswer::Classes(answer) => {
                Estimate { entities, ..self.classes(answer, &ends, run.rows) }
            }
        }))
    }
}

trait Walk {
    fn end(&self, tests: &Tests<'_>, row: usize) -> End;
    fn spread(&self, tests: &Tests<'_>, row: usize) -> End;
    fn classes<'a>(&'a self, answer: &'a NodeClasses, ends: &[End], rows: usize) -> Estimate<'a>;
}

fn children(tree: &DecisionTree, node: usize) -> std::ops::Range<usize> {
    let first = tree.nodes.first_child[node] as usize;
    first..first + tree.nodes.children[node] as usize
}

impl Walk for DecisionTree {
    fn end(&self, tests: &Tests<'_>, row: usize) -> End {
        if tests.at(0, row) != Some(true) {
            return End::Missing;
        }
        if matches!(
            self.missing,
            MissingStrategy::WeightedConfidence | MissingStrategy::AggregateNodes
        ) {
            return self.spread(tests, row);
        }
        let (mut at, mut defaults) = (0, 0);
        loop {
            if self.nodes.children[at] == 0 {
                return End::At(at, defaults);
            }
            let mut next = None;
            for child in children(self, at) {
                match (tests.at(child, row), self.missing) {
                    (Some(true), _) => next = Some(child),
                    (Some(false), _) | (None, MissingStrategy::None) => continue,
                    (None, MissingStrategy::LastPrediction) => return End::At(at, defaults),
                    (None, MissingStrategy::DefaultChild) => {
                        let Some(default) = self.nodes.default_child[at] else {
                            return End::Missing;
                        };
                        defaults += 1;
                        next = Some(default as usize);
                    }
                    (
                        None,
                        MissingStrategy::NullPrediction
                        | MissingStrategy::WeightedConfidence
                        | MissingStrategy::AggregateNodes,
                    ) => return End::Missing,
                }
                break;
            }
            match (next, self.no_true_child) {
                (Some(child), _) => at = child,
                (None, NoTrueChild::Last) => return End::At(at, defaults),
                (None, NoTrueChild::Missing) => return End::Missing,
            }
        }
    }

    /// Unknown children are all followed. Weighted confidence shares a node's weight among the children that are
    /// not false, by their records; aggregation counts the records of all leaves reached.
    fn spread(&self, tests: &Tests<'_>, row: usize) -> End {
        let mut leaves: Vec<(usize, f64)> = Vec::new();
        let mut stack = vec![(0, 1.0)];
        let mut unknown = false;
        while let Some((at, weight)) = stack.pop() {
            if self.nodes.children[at] == 0 {
                leaves.push((at, weight));
                continue;
            }
            let mut followed = Vec::new();
            let mut any_unknown = false;
            for child in children(self, at) {
                match tests.at(child, row) {
                    Some(false) => {}
                    None => {
                        any_unknown = true;
                        followed.push(child);
                    }
                    Some(true) => {
                        followed.push(child);
                        // The first true child is the last that is asked, but for the siblings of an
                        // unknown one.
                        if !(any_unknown && self.missing == MissingStrategy::WeightedConfidence) {
                            break;
                        }
                    }
                }
            }
            unknown |= any_unknown;
            if followed.is_empty() {
                match self.no_true_child {
                    NoTrueChild::Last => leaves.push((at, weight)),
                    NoTrueChild::Missing => return End::Missing,
                }
                continue;
            }
            let records: f64 = followed.iter().fold(0.0, |sum, &n| sum + self.nodes.records[n]);
            for &child in followed.iter().rev() {
                let share =
                    if followed.len() == 1 { 1.0 } else { self.nodes.records[child] / records };
                stack.push((child, weight * share));
            }
        }
        if !unknown && let [(leaf, _)] = *leaves.as_slice() {
            return End::At(leaf, 0);
        }
        if self.missing == MissingStrategy::AggregateNodes {
            let records = leaves.iter().fold(0.0, |sum, (n, _)| sum + self.nodes.records[*n]);
            for (node, weight) in &mut leaves {
                *weight = self.nodes.records[*node] / records;
            }
        }
        End::Spread(leaves)
    }

    fn classes<'a>(&'a self, answer: &'a NodeClasses, ends: &[End], rows: usize) -> Estimate<'a> {
        let classes = answer.classes.len();
        let of = |list: &[f64], node: usize| -> Option<Vec<f64>> {
            list.get(node * classes..(node + 1) * classes).map(<[f64]>::to_vec)
        };
        let probability = |node: usize| {
            if let Some(given) = of(&answer.probability, node) {
                return Some(given);
            }
            let counts = of(&answer.counts, node)?;
            let total = counts.iter().fold(0.0, |sum, count| sum + count);
            (total > 0.0).then(|| counts.iter().map(|count| count / total).collect())
        };
        let confidence = |node: usize| of(&answer.confidence, node).or_else(|| probability(node));
        let mut columns = Columns::new(classes, rows);
        let mut labels = vec![None; rows];
        let mut sure = vec![None; rows];
        for (row, end) in ends.iter().enumerate() {
            match end {
                End::Missing => {}
                End::At(node, defaults) => {
                    let probabilities = probability(*node);
                    let label = answer.label[*node].map(|label| label as usize);
                    labels[row] =
                        label.or_else(|| largest(probabilities.iter().flatten().copied()));
                    sure[row] = labels[row].and_then(|label| {
                        Some(confidence(*node)?[label] * self.penalty.powi(*defaults))
                    });
                    if let Some(probabilities) = probabilities {
                        columns.set(row, probabilities);
                    }
                }
                End::Spread(nodes) => {
                    let mut shares = vec![0.0; classes];
                    for (node, weight) in nodes {
                        for (share, value) in
                            shares.iter_mut().zip(confidence(*node).iter().flatten())
                        {
                            *share += weight * value;
                        }
                    }
                    labels[row] = largest(shares.iter().copied());
                    sure[row] = labels[row].map(|label| shares[label]);
                    columns.set(row, shares);
                }
            }
        }
        Estimate {
            label: Some(Rc::new(pick(&answer.classes, &labels))),
            answers: columns.elements(),
            confidence: Some(Rc::new(Element::optional(sure))),
            ..Estimate::default()
        }
    }
}
