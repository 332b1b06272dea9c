mod ask;
mod plan;

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_score::{Coverage, Covered, Scorer};
use holdall_table::{Column, Data, Kind, Table};
use holdall_tabular::{Labels, Op, Scalar, Test, TreeEnsemble, ValidModel, ValueId};

use self::{
    ask::{Ask, asks_of},
    plan::{FieldPlan, cell, usual_range},
};
use crate::{
    cut::{ends, number},
    random::Random,
    trace::{Origin, round, trace},
};

/// Most cells that are made, so that models of many fields do not fill the memory.
const MAX_CELLS: usize = 1 << 23;

/// How many rows [`boundary_rows`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundaryOptions {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Rows drawn at random.
    pub random_rows: usize,
    /// Most rows in all, fewer for models of more than 400 fields; splits are thinned evenly to stay
    /// within.
    pub max_rows: usize,
}

impl Default for BoundaryOptions {
    fn default() -> Self {
        Self { seed: 0, random_rows: 1000, max_rows: 20_000 }
    }
}

/// Rows made from a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// The rows, with typed columns in model order: those of the boundaries, then those drawn.
    pub rows: Table,
    /// How many of them stand on a boundary.
    pub boundary: usize,
    /// How many of them are drawn.
    pub random: usize,
    /// What they reach.
    pub covered: Covered,
}

type Row = Vec<Option<Scalar>>;

/// Makes rows on which a wrong copy of the model answers otherwise. Rows that the model refuses are
/// left out, and so are rows with infinities or NaN for which it answers NaN, or a label that rests on NaN.
///
/// The same model and options give the same rows. `progress` is told rows done and rows in all.
pub fn boundary_rows(
    model: &ValidModel,
    options: &BoundaryOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Boundary, Failure> {
    let scorer = Scorer::compile(model)?;
    let mut maker = Maker::new(model, options.seed);
    let max_rows = options.max_rows.min(MAX_CELLS / model.model().fields.len().max(1));
    let total = max_rows as u64;
    let random_rows = options.random_rows.min(max_rows);
    let room = max_rows - random_rows;
    let mut boundary = maker.special_rows();
    thin(&mut boundary, room);
    let left = room - boundary.len();
    boundary.extend(maker.split_rows(left));
    progress(boundary.len() as u64, total);
    let random: Vec<Row> = (0..random_rows).map(|_| maker.draw_row()).collect();
    let kept = |rows: Vec<Row>| keep_answered(model, &scorer, rows);
    let (boundary, random) = (kept(boundary)?, kept(random)?);
    let (boundary_count, random_count) = (boundary.len(), random.len());
    let rows: Vec<Row> = boundary.into_iter().chain(random).collect();
    let rows = to_table(model, &rows);
    let mut coverage = Coverage::new(model);
    coverage.add(&scorer, &rows)?;
    progress(total, total);
    let covered = coverage.covered();
    Ok(Boundary { rows, boundary: boundary_count, random: random_count, covered })
}

/// Takes every n-th element so that at most `room` are left.
fn thin<T>(list: &mut Vec<T>, room: usize) {
    let length = list.len();
    if length > room {
        let mut at = 0;
        list.retain(|_| {
            let keep = at * room / length != (at + 1) * room / length;
            at += 1;
            keep
        });
    }
}

fn keep_answered(model: &ValidModel, scorer: &Scorer, rows: Vec<Row>) -> Result<Vec<Row>, Failure> {
    let table = to_table(model, &rows);
    let (answers, refused) = scorer.score_rows(&table)?;
    let refused: std::collections::BTreeSet<usize> = refused.into_iter().map(|(r, _)| r).collect();
    let answers_nan = |row: usize| {
        answers.columns.iter().any(|column| match &column.data {
            Data::F32(v) => v.get(row).is_some_and(|x| x.is_nan()),
            Data::F64(v) => v.get(row).is_some_and(|x| x.is_nan()),
            Data::I64(_) | Data::Bool(_) | Data::Text(_) => false,
        })
    };
    let wild =
        |row: &Row| row.iter().any(|cell| matches!(cell, Some(Scalar::F64(x)) if !x.is_finite()));
    let kept = rows.into_iter().enumerate();
    let undecided = scorer.undecided(model, &table)?;
    let nan = |row: usize| answers_nan(row) || undecided.get(row).is_some_and(|&nan| nan);
    let left_out = |i: usize, row: &Row| refused.contains(&i) || (wild(row) && nan(i));
    let kept = kept.filter(|(i, row)| !left_out(*i, row));
    Ok(kept.map(|(_, row)| row).collect())
}

fn to_table(model: &ValidModel, rows: &[Row]) -> Table {
    let count = rows.len();
    let columns = model.model().fields.iter().map(|(id, field)| {
        let cells: Vec<Option<&Scalar>> =
            rows.iter().map(|row| row.get(id.index()).and_then(Option::as_ref)).collect();
        let missing: Vec<bool> = cells.iter().map(Option::is_none).collect();
        let column = Column::new(field.name.clone(), to_data(field.kind, &cells));
        if missing.contains(&true) { column.with_missing(missing) } else { column }
    });
    Table { columns: columns.collect(), rows: count, first_row: 0 }
}

fn to_data(kind: Kind, cells: &[Option<&Scalar>]) -> Data {
    let number = |cell: Option<&Scalar>| match cell {
        Some(Scalar::F64(x)) => *x,
        Some(Scalar::I64(_) | Scalar::Bool(_) | Scalar::Text(_)) | None => 0.0,
    };
    match kind {
        #[expect(clippy::cast_possible_truncation, reason = "the cells hold binary32 values")]
        Kind::F32 => Data::F32(cells.iter().map(|c| number(*c) as f32).collect()),
        Kind::F64 => Data::F64(cells.iter().copied().map(number).collect()),
        Kind::I64 => Data::I64(
            cells.iter().map(|c| if let Some(Scalar::I64(x)) = c { *x } else { 0 }).collect(),
        ),
        Kind::Bool => {
            Data::Bool(cells.iter().map(|c| matches!(c, Some(Scalar::Bool(true)))).collect())
        }
        Kind::Text => Data::Text(
            cells
                .iter()
                .map(|c| if let Some(Scalar::Text(t)) = c { t.clone() } else { String::new() })
                .collect(),
        ),
    }
}

struct Maker<'m> {
    plans: Vec<FieldPlan>,
    /// For each ensemble what its nodes ask; none for leaves and for what cannot be traced.
    asks: Vec<(&'m TreeEnsemble, Vec<Option<Ask>>)>,
    random: Random,
}

impl<'m> Maker<'m> {
    fn new(model: &'m ValidModel, seed: u64) -> Self {
        let fields = model.model().fields.as_slice();
        let mut plans: Vec<FieldPlan> = fields.iter().map(FieldPlan::new).collect();
        let mut asks = Vec::new();
        for (_, node) in model.model().nodes.iter() {
            match &node.op {
                Op::Trees(trees) => {
                    asks.push((&**trees, asks_of(model, trees, fields, &mut plans)));
                }
                Op::OneHot(op) => list(model, op.arg, &op.categories.values, &mut plans),
                Op::Ordinal(op) => list(model, op.arg, &op.categories.values, &mut plans),
                Op::Scale(scale) => {
                    for i in 0..model.width_of(scale.arg) as usize {
                        if let Some(Origin::Number { field, .. }) = trace(model, scale.arg, i)
                            && let Some(plan) = plans.get_mut(field)
                        {
                            for x in usual_range(scale, i) {
                                plan.widen(x);
                            }
                        }
                    }
                }
                Op::Input(_)
                | Op::Constant(_)
                | Op::Cast { .. }
                | Op::Concat(_)
                | Op::Select { .. }
                | Op::Unary { .. }
                | Op::Binary { .. }
                | Op::If { .. }
                | Op::Impute(_)
                | Op::Call(_)
                | Op::Transform(_)
                | Op::Linear(_)
                | Op::Estimator(_)
                | Op::Regress(_)
                | Op::Classify(_)
                | Op::Part { .. }
                | Op::Foreign(_) => {}
            }
        }
        for plan in &mut plans {
            plan.finish();
        }
        Self { plans, asks, random: Random::new(seed) }
    }

    fn draw_row(&mut self) -> Row {
        let random = &mut self.random;
        self.plans.iter().map(|plan| plan.draw(random)).collect()
    }

    /// For each special value of each field a row that has it.
    fn special_rows(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        for field in 0..self.plans.len() {
            let special = self.plans.get(field).map(|p| p.special.clone()).unwrap_or_default();
            for value in special {
                let mut row = self.plain_row();
                if let Some(cell) = row.get_mut(field) {
                    *cell = value;
                }
                rows.push(row);
            }
        }
        rows
    }

    /// A row of ordinary values.
    fn plain_row(&mut self) -> Row {
        let random = &mut self.random;
        self.plans.iter().map(|plan| Some(plan.ordinary(random))).collect()
    }

    /// For each split rows that come to it: on both sides of its threshold, beside those, missing.
    fn split_rows(&mut self, room: usize) -> Vec<Row> {
        const ROWS_OF_A_SPLIT: usize = 7;
        let asks = std::mem::take(&mut self.asks);
        let splits: usize = asks.iter().map(|(_, asks)| asks.iter().flatten().count()).sum();
        // A split comes in whole or not at all.
        let wanted = (room / ROWS_OF_A_SPLIT).min(splits);
        let (mut at, mut rows) = (0_usize, Vec::new());
        for (trees, asks) in &asks {
            let parents = parents(trees);
            for (node, ask) in asks.iter().enumerate() {
                let Some(ask) = ask else { continue };
                let keep = at * wanted / splits != (at + 1) * wanted / splits;
                at += 1;
                if keep {
                    let base = self.row_that_reaches(node, asks, &parents);
                    self.around(ask, &base, &mut rows);
                }
            }
        }
        self.asks = asks;
        rows
    }

    fn around(&self, ask: &Ask, base: &Row, rows: &mut Vec<Row>) {
        let mut push = |field: usize, value: Option<Scalar>| {
            let mut row = base.clone();
            if let Some(cell) = row.get_mut(field) {
                *cell = value;
            }
            rows.push(row);
        };
        match ask {
            Ask::Cut { field, last_low, yes_low: _ } => {
                let Some(plan) = self.plans.get(*field) else { return };
                let (low, high) = ends(plan.kind);
                let at = |key: i64| number(key.clamp(low, high), plan.kind);
                let mut tried: Vec<f64> = (last_low - 1..=last_low + 2).map(at).collect();
                if plan.kind == Kind::F64 {
                    // Where features are rounded the cut lies between two binary32 numbers.
                    tried.extend([*last_low, last_low + 1].map(|key| round(at(key), Kind::F32)));
                }
                for x in tried {
                    push(*field, Some(cell(x, plan.kind)));
                }
                push(*field, None);
            }
            Ask::Among { field, yes, no } => {
                for value in yes.iter().take(2).chain(no.iter().take(2)) {
                    push(*field, Some(value.clone()));
                }
                push(*field, None);
            }
        }
    }

    /// A row that goes from a root down to `node`, where the fields can have it so.
    fn row_that_reaches(
        &mut self,
        node: usize,
        asks: &[Option<Ask>],
        parents: &[Option<(usize, bool)>],
    ) -> Row {
        let mut row = self.plain_row();
        let mut ranges: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
        let mut at = node;
        while let Some((parent, yes)) = parents.get(at).copied().flatten() {
            match asks.get(parent).and_then(Option::as_ref) {
                Some(Ask::Cut { field, last_low, yes_low }) => {
                    let Some(plan) = self.plans.get(*field) else { break };
                    let range = ranges.entry(*field).or_insert_with(|| ends(plan.kind));
                    if yes == *yes_low {
                        range.1 = range.1.min(*last_low);
                    } else {
                        range.0 = range.0.max(*last_low + 1);
                    }
                }
                Some(Ask::Among { field, yes: yeses, no }) => {
                    let side = if yes { yeses } else { no };
                    let value = side.get(self.random.below(side.len())).cloned();
                    if let (Some(cell), Some(value)) = (row.get_mut(*field), value) {
                        *cell = Some(value);
                    }
                }
                None => {}
            }
            at = parent;
        }
        for (field, (low, high)) in ranges {
            if let (Some(slot), Some(plan)) = (row.get_mut(field), self.plans.get(field)) {
                let x = plan.between(low, high, &mut self.random);
                *slot = Some(cell(x, plan.kind));
            }
        }
        row
    }
}

/// For each tree node one parent, and whether it is the parent's yes side.
fn parents(trees: &TreeEnsemble) -> Vec<Option<(usize, bool)>> {
    let nodes = &trees.nodes;
    let mut parents = vec![None; nodes.len()];
    let sides = nodes.test.iter().zip(nodes.yes.iter().zip(&nodes.no)).enumerate();
    for (i, (_, (&yes, &no))) in sides.filter(|(_, (test, _))| **test != Test::Leaf) {
        for (child, is_yes) in [(no, false), (yes, true)] {
            if let Some(parent) = parents.get_mut(child as usize) {
                *parent = Some((i, is_yes));
            }
        }
    }
    parents
}

fn list(model: &ValidModel, arg: ValueId, values: &Labels, plans: &mut [FieldPlan]) {
    let mut id = arg;
    while let Some(Op::Impute(impute)) = model.model().nodes.get(id).map(|n| &n.op) {
        id = impute.arg;
    }
    if let Some(Op::Input(field)) = model.model().nodes.get(id).map(|n| &n.op)
        && let Some(plan) = plans.get_mut(field.index())
    {
        plan.list(values);
    }
}
