use holdall_tabular::{
    Aggregate, Decision, Kind, Link, Op, Scalar, TreeEnsemble, ValidModel, ValueId,
};

use super::{Expr, Item, NameId, Raise, StageModel, Stop};

/// Number of trees that add to an output.
pub(super) fn trees_of(trees: &TreeEnsemble, output: u32) -> usize {
    let reach = |first: u32| first <= output && output - first < trees.leaf_width;
    trees.trees.iter().filter(|tree| reach(tree.output)).count()
}

/// Whether the ensemble is a sum or an average of trees as the standard has them, without a rest.
pub(super) fn is_plain(trees: &TreeEnsemble) -> bool {
    (0..trees.outputs).all(|output| rest(trees, output) == Rest::default())
}

/// What remains to be computed after the sum or average of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rest {
    /// Divide by this.
    divide: Option<f64>,
    /// Then add this.
    add: Option<f64>,
}

fn rest(trees: &TreeEnsemble, output: u32) -> Rest {
    let base = trees.base.get(output as usize).copied().filter(|base| base.total_cmp(&0.0).is_ne());
    let Aggregate::DivideBy(by) = trees.aggregate else { return Rest::default() };
    let average = by.total_cmp(&count(trees_of(trees, output))).is_eq()
        && (base.is_none() || trees.base_last);
    Rest { divide: (!average).then_some(by), add: base.filter(|_| trees.base_last) }
}

/// Whether the trees of an output are averaged rather than added.
pub(super) fn is_average(trees: &TreeEnsemble, output: u32) -> bool {
    matches!(trees.aggregate, Aggregate::DivideBy(_)) && rest(trees, output).divide.is_none()
}

#[expect(clippy::cast_precision_loss, reason = "fewer than 2³² trees")]
fn count(trees: usize) -> f64 {
    trees as f64
}

/// Whether a classification is the mean of trees whose leaves hold a probability for every class.
pub(crate) fn is_distribution(valid: &ValidModel, estimate: ValueId) -> bool {
    let model = valid.model();
    let Some(Op::Classify(classify)) = model.nodes.get(estimate).map(|node| &node.op) else {
        return false;
    };
    let Some(Op::Trees(trees)) = model.nodes.get(classify.margins).map(|node| &node.op) else {
        return false;
    };
    let whole = trees.leaf_width == trees.outputs
        && trees.outputs as usize == classify.classes.len()
        && trees.base.iter().all(|base| base.total_cmp(&0.0).is_eq())
        && trees.trees.iter().all(|tree| tree.weight.total_cmp(&1.0).is_eq())
        && !trees.trees.is_empty();
    let mean = trees.trees.len() == 1 && trees.aggregate == Aggregate::Sum || is_average(trees, 0);
    let decided = match classify.decision {
        Decision::LargestProbability | Decision::LargestMargin => true,
        Decision::ProbabilityAbove(by) => by.total_cmp(&0.5).is_eq(),
        Decision::MarginAbove(_) | Decision::MarginAtLeast(_) => false,
    };
    whole && mean && decided && classify.link == Link::Identity
}

impl Raise<'_> {
    /// A stage for each output of an ensemble that is used.
    pub(super) fn tree_margins(
        &mut self,
        id: ValueId,
        trees: &TreeEnsemble,
    ) -> Result<Vec<Item>, Stop> {
        let kind = if trees.summation.is_f32() { Kind::F32 } else { Kind::F64 };
        let mut items = Vec::new();
        for output in 0..trees.outputs {
            if !self.used.element(id, output as usize) {
                items.push(Item::Unused);
                continue;
            }
            let suffix = if trees.outputs == 1 { String::new() } else { format!("_{output}") };
            let base = match self.valid.model().nodes.get(id).and_then(|n| n.name.as_ref()) {
                Some(name) => format!("{name}{suffix}"),
                None => format!("sum{suffix}"),
            };
            self.adapt_features(id, trees)?;
            let sum = self.stage(StageModel::Sum { node: id, output }, &base, kind);
            items.push(Item::Field(self.finish_sum(trees, output, sum, kind)));
        }
        Ok(items)
    }

    /// Divides and adds what the standard's ensembles cannot.
    fn finish_sum(&mut self, trees: &TreeEnsemble, output: u32, sum: NameId, kind: Kind) -> NameId {
        let rest = rest(trees, output);
        let mut name = sum;
        for (function, value) in [("/", rest.divide), ("+", rest.add)] {
            if let Some(value) = value {
                let base = format!("{}{function}", self.names.text(name));
                let value = Expr::Constant(Scalar::F64(value), kind);
                let expr = Expr::Apply(function, vec![Expr::Field(name), value]);
                name = self.derive(&base, kind, false, expr);
            }
        }
        name
    }
}
