use holdall_diag::Failure;
use holdall_table::Table;
use holdall_tabular::{MissingRule, Op, Test, TreeEnsemble, ValidModel};

use crate::{
    Scorer,
    kernel::trees::{NEAR_ZERO_LIMIT, answer},
    rows::RowErrors,
    run::{value, widened},
};

/// How many of a model's splits and leaves some rows reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covered {
    /// Splits that a row came to.
    pub splits: u64,
    /// Splits that a root leads to.
    pub all_splits: u64,
    /// Leaves that a row ended in.
    pub leaves: u64,
    /// Leaves that a root leads to.
    pub all_leaves: u64,
}

/// Counts what rows reach in the trees of a model. Walks one row at a time, as the documentation of
/// the constructs reads; it shares no layout with the scorer.
#[derive(Debug)]
pub struct Coverage<'m> {
    model: &'m ValidModel,
    /// For each ensemble the node it is, which tree nodes are reachable, and which were visited.
    ensembles: Vec<(usize, &'m TreeEnsemble, Vec<bool>, Vec<bool>)>,
}

/// Rows that are walked together.
const CHUNK: usize = 1024;

impl<'m> Coverage<'m> {
    /// Nothing is covered yet.
    pub fn new(model: &'m ValidModel) -> Self {
        let ensembles = model.model().nodes.iter().filter_map(|(id, node)| {
            let Op::Trees(trees) = &node.op else { return None };
            let visited = vec![false; trees.nodes.len()];
            Some((id.index(), &**trees, reachable(trees), visited))
        });
        Self { model, ensembles: ensembles.collect() }
    }

    /// Counts what these rows reach. `scorer` was compiled from the same model; `rows` has its
    /// columns. A row that is refused counts for nothing.
    pub fn add(&mut self, scorer: &Scorer, rows: &Table) -> Result<(), Failure> {
        let mut start = 0;
        while start < rows.rows && !self.ensembles.is_empty() {
            let end = (start + CHUNK).min(rows.rows);
            let mut errors = RowErrors::new(rows.first_row + start as u64);
            let texts = bumpalo::Bump::new();
            let yields = scorer.evaluate(rows, start..end, &texts, &mut errors)?;
            let refused = errors.into_failures();
            for (node, trees, _, visited) in &mut self.ensembles {
                if yields.get(*node).is_none_or(Option::is_none) {
                    continue;
                }
                let arg = value(&yields, trees.arg.index())?;
                let columns = arg.iter().map(|e| widened(e)).collect::<Result<Vec<_>, _>>()?;
                for row in (0..end - start).filter(|row| !refused.contains_key(row)) {
                    let feature = |i: usize| (columns[i][row], arg[i].is_missing(row));
                    for tree in &trees.trees {
                        walk(trees, tree.root as usize, &feature, visited);
                    }
                }
            }
            start = end;
        }
        Ok(())
    }

    /// What was reached so far.
    pub fn covered(&self) -> Covered {
        let mut covered = Covered::default();
        for (_, trees, reachable, visited) in &self.ensembles {
            for (i, test) in trees.nodes.test.iter().enumerate() {
                let (all, hit) = (u64::from(reachable[i]), u64::from(visited[i]));
                if *test == Test::Leaf {
                    covered.all_leaves += all;
                    covered.leaves += hit;
                } else {
                    covered.all_splits += all;
                    covered.splits += hit;
                }
            }
        }
        covered
    }

    /// The model whose trees are counted.
    pub const fn model(&self) -> &'m ValidModel {
        self.model
    }
}

fn reachable(trees: &TreeEnsemble) -> Vec<bool> {
    let nodes = &trees.nodes;
    let mut seen = vec![false; nodes.len()];
    let mut stack: Vec<u32> = trees.trees.iter().map(|tree| tree.root).collect();
    while let Some(node) = stack.pop() {
        let i = node as usize;
        if !std::mem::replace(&mut seen[i], true) && nodes.test[i] != Test::Leaf {
            stack.extend([nodes.yes[i], nodes.no[i]]);
        }
    }
    seen
}

fn walk(
    trees: &TreeEnsemble,
    root: usize,
    feature: &impl Fn(usize) -> (f64, bool),
    visited: &mut [bool],
) {
    let nodes = &trees.nodes;
    let mut at = root;
    loop {
        visited[at] = true;
        if nodes.test[at] == Test::Leaf {
            return;
        }
        let (x, missing) = feature(nodes.feature[at] as usize);
        let Ok(yes) = goes_yes(trees, at, x, missing) else { return };
        at = if yes { nodes.yes[at] } else { nodes.no[at] } as usize;
    }
}

/// Why a row does not come to a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// A split refuses it.
    Refused,
    /// A split leaves it without an answer.
    Unanswered,
}

/// Where a value goes.
pub(crate) fn goes_yes(
    trees: &TreeEnsemble,
    at: usize,
    x: f64,
    missing: bool,
) -> Result<bool, Stopped> {
    #[expect(clippy::cast_possible_truncation, reason = "the model rounds its features")]
    let x = if trees.round_features { f64::from(x as f32) } else { x };
    let (test, limit) = (trees.nodes.test[at], trees.nodes.threshold[at]);
    let absent = missing || x.is_nan();
    let near_zero = x.abs() <= f64::from(NEAR_ZERO_LIMIT);
    let compared = |x| answer(trees, test, limit, x);
    Ok(match trees.nodes.missing[at] {
        MissingRule::Yes => absent || compared(x),
        MissingRule::No => !absent && compared(x),
        MissingRule::Compare if missing => return Err(Stopped::Refused),
        MissingRule::Unanswered if missing => return Err(Stopped::Unanswered),
        MissingRule::Compare | MissingRule::Unanswered => compared(x),
        MissingRule::AsZero => compared(if absent { 0.0 } else { x }),
        MissingRule::YesWithZero => absent || near_zero || compared(x),
        MissingRule::NoWithZero => !absent && !near_zero && compared(x),
    })
}
