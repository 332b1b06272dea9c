use holdall_diag::Failure;
use holdall_table::Table;
use holdall_tabular::{Op, ValidModel};

use crate::{
    Scorer,
    rows::RowErrors,
    run::CHUNK,
    value::{Elements, Yield},
};

impl Scorer {
    /// Which rows have NaN among the sums, distances, votes and probabilities that their answers rest on, as infinities of both signs
    /// make it: there a label says nothing, whoever gives it. `self` was compiled from `model`; `rows` has its columns.
    pub fn undecided(&self, model: &ValidModel, rows: &Table) -> Result<Vec<bool>, Failure> {
        let sums: Vec<usize> = (model.model().nodes.iter())
            .filter(|(_, node)| {
                matches!(
                    node.op,
                    Op::Linear(_)
                        | Op::Trees(_)
                        | Op::Estimator(_)
                        | Op::Regress(_)
                        | Op::Classify(_)
                )
            })
            .map(|(id, _)| id.index())
            .collect();
        let mut found = vec![false; rows.rows];
        for (at, found) in found.chunks_mut(CHUNK).enumerate() {
            let start = at * CHUNK;
            let mut errors = RowErrors::new(rows.first_row + start as u64);
            let texts = bumpalo::Bump::new();
            let yields = self.evaluate(rows, start..start + found.len(), &texts, &mut errors)?;
            for node in sums.iter().filter_map(|&node| yields.get(node)?.as_ref()) {
                let elements = match node {
                    Yield::Value(elements) => elements.iter().chain(&[]),
                    Yield::Estimate(estimate) => estimate.answers.iter().chain(&estimate.margins),
                };
                for element in elements {
                    match &element.data {
                        Elements::F32(v) => mark(found, v.iter().map(|x| x.is_nan())),
                        Elements::F64(v) => mark(found, v.iter().map(|x| x.is_nan())),
                        Elements::I64(_) | Elements::Bool(_) | Elements::Text(_) => {}
                    }
                }
            }
        }
        Ok(found)
    }
}

fn mark(found: &mut [bool], nan: impl Iterator<Item = bool>) {
    for (found, nan) in found.iter_mut().zip(nan) {
        *found |= nan;
    }
}
