use holdall_diag::Failure;
use holdall_tabular::{BayesianNetwork, Categories};

use super::{Columns, Kernel, Run};
use crate::value::{CategoryIndex, Yield, by_kind};

/// A discrete Bayesian network.
pub(super) struct NetworkStep {
    op: BayesianNetwork,
    states: Vec<CategoryIndex>,
}

impl NetworkStep {
    pub(super) fn new(op: &BayesianNetwork) -> Self {
        let index = |states| CategoryIndex::new(&Categories::new(states));
        let states = op.nodes.iter().map(|node| index(node.states.clone())).collect();
        Self { op: op.clone(), states }
    }

    /// The probability of each state of the target, by counting through all states of the nodes that are not
    /// observed; none where the observations are impossible.
    fn posterior(&self, observed: &[Option<u32>], likelihoods: &[&[f64]]) -> Option<Vec<f64>> {
        let nodes = &self.op.nodes;
        let target = self.op.target as usize;
        let mut sums = vec![0.0; nodes[target].states.len()];
        let mut state: Vec<usize> =
            observed.iter().map(|seen| seen.map_or(0, |s| s as usize)).collect();
        loop {
            sums[state[target]] += self.joint(&state, likelihoods);
            // Count on: the last node that is not observed changes fastest.
            let mut node = nodes.len();
            loop {
                let Some(before) = node.checked_sub(1) else {
                    let total = sums.iter().fold(0.0, |sum, p| sum + p);
                    return (total > 0.0).then(|| sums.iter().map(|p| p / total).collect());
                };
                node = before;
                if observed[node].is_some() {
                    continue;
                }
                state[node] += 1;
                if state[node] < nodes[node].states.len() {
                    break;
                }
                state[node] = 0;
            }
        }
    }

    fn joint(&self, state: &[usize], likelihoods: &[&[f64]]) -> f64 {
        let place = |nodes: &[u32]| {
            nodes.iter().fold(0, |place, &node| {
                let node = node as usize;
                place * self.op.nodes[node].states.len() + state[node]
            })
        };
        let product = self.op.nodes.iter().enumerate().fold(1.0, |product, (i, node)| {
            product * node.table.row(place(&node.parents))[state[i]]
        });
        let evidence = self.op.evidence.iter().zip(likelihoods);
        evidence.fold(product, |product, (evidence, likelihood)| {
            product * likelihood[place(&evidence.nodes)]
        })
    }
}

impl Kernel for NetworkStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let mut observed = vec![vec![None; self.op.nodes.len()]; run.rows];
        for (i, (node, index)) in self.op.nodes.iter().zip(&self.states).enumerate() {
            let Some(arg) = node.arg.filter(|_| i != self.op.target as usize) else { continue };
            let element = run.scalar(arg)?;
            by_kind!(&element.data, values => for (row, &value) in values.iter().enumerate() {
                observed[row][i] = if element.is_missing(row) { None } else { index.find(value) };
            });
        }
        let states = self.op.nodes[self.op.target as usize].states.len();
        let mut columns = Columns::new(states, run.rows);
        let evidence = self.op.evidence.iter().map(|evidence| run.rows_of(evidence.likelihood));
        let evidence = evidence.collect::<Result<Vec<_>, _>>()?;
        for (row, observed) in observed.iter().enumerate() {
            if evidence.iter().any(|likelihood| likelihood.any_missing(row)) {
                continue;
            }
            let likelihoods: Vec<&[f64]> = evidence.iter().map(|known| known.row(row)).collect();
            if let Some(posterior) = self.posterior(observed, &likelihoods) {
                columns.set(row, posterior);
            }
        }
        Ok(Yield::Value(columns.elements()))
    }
}
