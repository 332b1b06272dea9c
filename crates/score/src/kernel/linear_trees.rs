use holdall_diag::{Failure, Location};
use holdall_tabular::{Aggregate, LinearTrees, Test};

use super::{Columns, Kernel, RowMajor, Run};
use crate::{
    codes,
    coverage::{Stopped, goes_yes},
    value::Yield,
};

/// Trees whose leaves are linear models.
pub(super) struct LinearTreesStep {
    op: LinearTrees,
    location: Location,
}

impl LinearTreesStep {
    pub(super) fn new(op: &LinearTrees, location: Location) -> Self {
        Self { op: op.clone(), location }
    }

    /// The leaf that a row ends in.
    fn leaf(&self, root: u32, x: &[f64], missing: &[bool]) -> Result<usize, Stopped> {
        let nodes = &self.op.trees.nodes;
        let mut at = root as usize;
        while nodes.test[at] != Test::Leaf {
            let feature = nodes.feature[at] as usize;
            let gap = missing.get(feature).copied().unwrap_or(false);
            let yes = goes_yes(&self.op.trees, at, x[feature], gap)?;
            at = if yes { nodes.yes[at] } else { nodes.no[at] } as usize;
        }
        if nodes.is_unanswered(at) {
            return Err(Stopped::Unanswered);
        }
        Ok(nodes.yes[at] as usize)
    }

    fn value(&self, leaf: usize, x: &[f64], missing: &[bool]) -> f64 {
        let model = &self.op.models[leaf];
        let gap = |feature: usize| x[feature].is_nan() || missing.get(feature) == Some(&true);
        if model.terms.iter().any(|(feature, _)| gap(*feature as usize)) {
            return self.op.trees.leaves[leaf];
        }
        let terms = model.terms.iter();
        terms.fold(model.constant, |sum, (feature, by)| sum + by * x[*feature as usize])
    }

    fn margins(&self, rows: &RowMajor, row: usize) -> Result<Vec<f64>, Stopped> {
        let trees = &self.op.trees;
        let (x, missing) = (rows.row(row), rows.missing(row));
        let outputs = trees.outputs as usize;
        let base = |last: bool, output: usize| {
            if trees.base_last == last { trees.base.get(output).copied() } else { None }
        };
        let mut sums: Vec<f64> = (0..outputs).map(|i| base(false, i).unwrap_or(0.0)).collect();
        let mut lost = None;
        for tree in &trees.trees {
            let leaf = match self.leaf(tree.root, x, missing) {
                Ok(leaf) => leaf,
                Err(Stopped::Unanswered) => {
                    lost = Some(Stopped::Unanswered);
                    continue;
                }
                Err(Stopped::Refused) => return Err(Stopped::Refused),
            };
            let value = self.value(leaf, x, missing);
            let weighted =
                if tree.weight.total_cmp(&1.0).is_eq() { value } else { value * tree.weight };
            sums[tree.output as usize] += weighted;
        }
        for (output, sum) in sums.iter_mut().enumerate() {
            if let Aggregate::DivideBy(by) = trees.aggregate {
                *sum /= by;
            }
            if let Some(last) = base(true, output) {
                *sum += last;
            }
        }
        lost.map_or(Ok(sums), Err)
    }
}

impl Kernel for LinearTreesStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let rows = run.rows_of(self.op.trees.arg)?;
        let mut columns = Columns::new(self.op.trees.outputs as usize, run.rows);
        for row in 0..run.rows {
            match self.margins(&rows, row) {
                Ok(sums) => columns.set(row, sums),
                Err(Stopped::Unanswered) => {}
                Err(Stopped::Refused) => run.errors.refuse(row, |number| {
                    Failure::malformed(
                        codes::MISSING,
                        format!("row {number}: a split of the trees needs a value that is missing"),
                    )
                    .at(self.location.clone())
                    .with_help("fill the empty cells; the model was trained without missing values")
                }),
            }
        }
        Ok(Yield::Value(columns.elements()))
    }
}
