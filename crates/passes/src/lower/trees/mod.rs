//! Sums over trees, as `TreeEnsembleRegressor` with a target for each margin. The classifier operator
//! is never written: what it makes of two classes depends on signs of weights and on the release.
//!
//! The operator adds in an order of its own and answers in binary32. Where that is not what the model
//! says, it gives each tree a target of its own, and the addition happens outside:
//!
//! - binary32 sums: the targets are the leaf values, added in order by `CumSum`;
//! - binary64 sums: the targets are leaf numbers, looked up in a table of binary64 and added likewise.

mod emit;
mod rounding;

use holdall_diag::Failure;
use holdall_graph::{Attribute, ValueId};
use holdall_tabular::{Aggregate, Kind, Labels, Summation, TreeEnsemble};
use holdall_tensor::{Shape, Tensor};

use super::{
    Context, TreeSums,
    build::to_f32,
    value::{Gaps, Val},
};
use emit::{Columns, Leaves, emit};
pub(super) use rounding::{down_to_f32, up_to_f32};

/// Where the addition of the trees happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the operator.
    Inside,
    /// After it, over leaf values.
    Values,
    /// After it, over leaf values looked up by number.
    Numbers,
}

/// Where an ensemble is added up, and whether that equals the model to the bit.
pub(super) fn place(ensemble: &TreeEnsemble, sums: TreeSums) -> (Place, bool) {
    let terms = terms(ensemble);
    let inside_exact = match ensemble.summation {
        Summation::AnyF32 => true,
        Summation::SequentialF32 => terms <= 2,
        Summation::AnyF64 | Summation::SequentialF64 => terms <= 1 && all_binary32(ensemble),
    };
    match (sums, inside_exact, ensemble.summation.is_f32()) {
        (_, true, _) => (Place::Inside, true),
        (TreeSums::Fast, false, _) => (Place::Inside, false),
        (TreeSums::Exact, false, true) => (Place::Values, true),
        (TreeSums::Exact, false, false) => (Place::Numbers, true),
    }
}

/// The most terms that any margin adds up: trees, and a base value.
fn terms(ensemble: &TreeEnsemble) -> u64 {
    let trees = rounds(ensemble).into_iter().max().unwrap_or(0);
    u64::from(trees) + u64::from(has_base(ensemble))
}

fn has_base(ensemble: &TreeEnsemble) -> bool {
    ensemble.base.iter().any(|base| base.total_cmp(&0.0).is_ne())
}

/// How many trees add to each margin.
fn rounds(ensemble: &TreeEnsemble) -> Vec<u32> {
    let mut rounds = vec![0_u32; ensemble.outputs as usize];
    for tree in &ensemble.trees {
        let first = tree.output as usize;
        for count in rounds.iter_mut().skip(first).take(ensemble.leaf_width as usize) {
            *count += 1;
        }
    }
    rounds
}

fn all_binary32(ensemble: &TreeEnsemble) -> bool {
    let plain = ensemble.trees.iter().all(|tree| tree.weight.total_cmp(&1.0).is_eq());
    let mut numbers = ensemble.leaves.iter().chain(&ensemble.base);
    plain && numbers.all(|v| f64::from(to_f32(*v)).total_cmp(v).is_eq())
}

impl Context<'_> {
    pub(super) fn trees(&mut self, ensemble: &TreeEnsemble) -> Result<Val, Failure> {
        let arg = self.value(ensemble.arg)?;
        let kind = if ensemble.summation.is_f32() { Kind::F32 } else { Kind::F64 };
        let (place, _) = place(ensemble, self.options.sums);
        let gaps = arg.gaps != Gaps::None;
        let x = self.full(&arg)?;
        // Rounded features meet binary32 thresholds; binary64 ones need the operator's binary64 form,
        // which also adds in binary64.
        let features =
            if ensemble.round_features || arg.kind == Kind::F32 { Kind::F32 } else { Kind::F64 };
        let x = self.builder.cast(x, arg.kind, features)?;
        let double = features == Kind::F64 || (place == Place::Inside && kind == Kind::F64);
        let x = if double { self.builder.cast(x, features, Kind::F64)? } else { x };
        let (id, based) = match place {
            Place::Inside => {
                let columns = emit(ensemble, Leaves::Values { rounds: None }, features, gaps);
                let whole = ensemble.aggregate == Aggregate::Sum;
                let base = (whole && ensemble.base_last && has_base(ensemble))
                    .then_some(ensemble.base.as_slice());
                let id = self.ensemble(x, columns, ensemble.outputs, double, base)?;
                (self.builder.cast(id, Kind::F32, kind)?, base.is_some())
            }
            Place::Values => (self.added_values(ensemble, x, features, (double, gaps))?, false),
            Place::Numbers => (self.added_numbers(ensemble, x, features, (double, gaps))?, false),
        };
        let id = self.finish(ensemble, kind, id, based)?;
        let gaps = if ensemble.nodes.may_lose(gaps) { Gaps::InBand } else { Gaps::None };
        Ok(Val::rows(kind, ensemble.outputs, id).with_gaps(gaps))
    }

    /// Division, and the base value that comes last.
    fn finish(
        &mut self,
        ensemble: &TreeEnsemble,
        kind: Kind,
        mut id: ValueId,
        based: bool,
    ) -> Result<ValueId, Failure> {
        if let Aggregate::DivideBy(by) = ensemble.aggregate {
            let by = self.builder.float(kind, by)?;
            id = self.builder.node("Div", &[id, by], Vec::new())?;
        }
        if ensemble.base_last && has_base(ensemble) && !based {
            let base =
                self.builder.floats(kind, &[1, u64::from(ensemble.outputs)], &ensemble.base)?;
            id = self.builder.node("Add", &[id, base], Vec::new())?;
        }
        Ok(id)
    }

    fn added_values(
        &mut self,
        ensemble: &TreeEnsemble,
        x: ValueId,
        features: Kind,
        (double, gaps): (bool, bool),
    ) -> Result<ValueId, Failure> {
        let columns = emit(ensemble, Leaves::Values { rounds: Some(()) }, features, gaps);
        let rounds = columns.rounds;
        let id = self.ensemble(x, columns, rounds * ensemble.outputs, double, None)?;
        self.add_rounds(id, rounds, ensemble.outputs)
    }

    fn added_numbers(
        &mut self,
        ensemble: &TreeEnsemble,
        x: ValueId,
        features: Kind,
        (double, gaps): (bool, bool),
    ) -> Result<ValueId, Failure> {
        let mut columns = emit(ensemble, Leaves::Numbers, features, gaps);
        let rounds = columns.rounds;
        let table = std::mem::take(&mut columns.table);
        let wide = ensemble.leaf_width > 1;
        let targets = if wide { rounds } else { rounds * ensemble.outputs };
        let numbers = self.ensemble(x, columns, targets, double, None)?;
        let numbers = self.builder.cast(numbers, Kind::F32, Kind::I64)?;
        let axis = vec![("axis", Attribute::Int(0))];
        if wide {
            let width = u64::from(ensemble.outputs);
            let rows = table.len() as u64 / width;
            let table = self.builder.floats(Kind::F64, &[rows, width], &table)?;
            let found = self.builder.node("Gather", &[table, numbers], axis)?;
            return self.builder.sum_in_order(found, rounds, 1);
        }
        let table = self.builder.floats(Kind::F64, &[table.len() as u64], &table)?;
        let found = self.builder.node("Gather", &[table, numbers], axis)?;
        self.add_rounds(found, rounds, ensemble.outputs)
    }

    /// `[N, rounds × outputs]` numbers of the leaves that binary64 features lead to, the leaf values by number, and
    /// the rounds. Number 0 is no leaf.
    pub(super) fn leaf_numbers(
        &mut self,
        ensemble: &TreeEnsemble,
        x: ValueId,
    ) -> Result<(ValueId, Vec<f64>, u32), Failure> {
        let mut columns = emit(ensemble, Leaves::Numbers, Kind::F64, false);
        let (rounds, table) = (columns.rounds, std::mem::take(&mut columns.table));
        let numbers = self.ensemble(x, columns, rounds * ensemble.outputs, true, None)?;
        Ok((self.builder.cast(numbers, Kind::F32, Kind::I64)?, table, rounds))
    }

    /// Adds `[N, rounds × outputs]` over the rounds, in order.
    fn add_rounds(&mut self, id: ValueId, rounds: u32, outputs: u32) -> Result<ValueId, Failure> {
        let shape = [-1, i64::from(rounds), i64::from(outputs)];
        let shape = self.builder.constant(Kind::I64, &[3], &Labels::I64(shape.to_vec()))?;
        let id = self.builder.node("Reshape", &[id, shape], Vec::new())?;
        self.builder.sum_in_order(id, rounds, 1)
    }

    fn ensemble(
        &mut self,
        x: ValueId,
        columns: Columns,
        targets: u32,
        double: bool,
        base: Option<&[f64]>,
    ) -> Result<ValueId, Failure> {
        let numbers = |name: &'static str, tensor: &'static str, values: &[f64]| {
            if double {
                let shape = Shape(vec![values.len() as u64]);
                return Ok::<_, Failure>((
                    tensor,
                    Attribute::Tensor(Tensor::from_f64(shape, values)?),
                ));
            }
            Ok((name, Attribute::Floats(values.iter().map(|v| to_f32(*v)).collect())))
        };
        let mut attributes = vec![
            ("aggregate_function", Attribute::text("SUM")),
            ("n_targets", Attribute::Int(i64::from(targets))),
            ("nodes_falsenodeids", Attribute::Ints(columns.no)),
            ("nodes_featureids", Attribute::Ints(columns.feature)),
            ("nodes_missing_value_tracks_true", Attribute::Ints(columns.missing_yes)),
            ("nodes_modes", Attribute::texts(columns.mode)),
            ("nodes_nodeids", Attribute::Ints(columns.node)),
            ("nodes_treeids", Attribute::Ints(columns.tree)),
            ("nodes_truenodeids", Attribute::Ints(columns.yes)),
            numbers("nodes_values", "nodes_values_as_tensor", &columns.threshold)?,
            ("post_transform", Attribute::text("NONE")),
            ("target_ids", Attribute::Ints(columns.target)),
            ("target_nodeids", Attribute::Ints(columns.target_node)),
            ("target_treeids", Attribute::Ints(columns.target_tree)),
            numbers("target_weights", "target_weights_as_tensor", &columns.weight)?,
        ];
        if let Some(base) = base {
            attributes.insert(1, numbers("base_values", "base_values_as_tensor", base)?);
        }
        self.builder.ml_node("TreeEnsembleRegressor", &[x], attributes)
    }
}
