//! The nearest training rows: all distances, then `TopK`, which takes the earlier of equals as the model does.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{
    Kind, Labels, Matrix, Metric, Near, NeighborAnswer, NeighborCombine, NeighborWeights,
    Neighbors, TieRule,
};

use super::{
    Context,
    answer::{Answer, Chosen},
    distances,
    value::{Gaps, Store, Val},
};

/// The most equations that a row's weights solve.
const MOST_SOLVED: u32 = 64;

/// Why a model has no operators; none where it has.
pub(super) fn refused(op: &Neighbors) -> Option<&'static str> {
    let undefined = matches!(
        op.comparison.metric,
        Metric::BrayCurtis | Metric::Jaccard | Metric::BinarySimilarity(_)
    );
    if undefined {
        return Some("distances that may be 0 ÷ 0 have no place in the order of operators");
    }
    if let NeighborWeights::Barycentric(_) = op.weights {
        match op.near {
            Near::Count(1..=MOST_SOLVED) => {}
            Near::Count(_) => return Some("systems of more than 64 equations a row"),
            Near::Radius(_) => {
                return Some(
                    "weights that solve a system of equations whose number differs from row to row",
                );
            }
        }
        if op.comparison.metric.is_similarity() {
            return Some("weights that solve equations between rows compared by similarity");
        }
    }
    if let (NeighborAnswer::Values { targets: _, combine }, Near::Radius(_)) = (&op.answer, op.near)
    {
        match combine {
            NeighborCombine::Mean | NeighborCombine::ShortestPath | NeighborCombine::Reach => {}
            NeighborCombine::Median => {
                return Some("an answer of a number of rows that differs from row to row");
            }
        }
    }
    distances::refused(&op.comparison, op.rows.columns)
}

/// The rows that count: their places, distances, and which of them do.
pub(super) struct Counted {
    /// `[N, count]` places of training rows; none where all are taken in order.
    pub(super) places: Option<ValueId>,
    pub(super) distances: ValueId,
    pub(super) count: u32,
    /// `[N, count]`; none where all count.
    pub(super) inside: Option<ValueId>,
}

impl Context<'_> {
    pub(super) fn neighbors(&mut self, op: &Neighbors) -> Result<Answer, Failure> {
        let arg = self.value(op.arg)?;
        let all = self.compared(&arg, &op.rows, &op.comparison)?;
        let gap = self.comparison_gap(&arg, &op.comparison)?;
        let counted = self.counted_rows(op, all)?;
        let weights = match op.weights {
            NeighborWeights::Barycentric(by) => {
                let x = self.as_f64(&arg)?;
                self.barycentric(&counted, x, &op.rows, by)?
            }
            form @ (NeighborWeights::Uniform
            | NeighborWeights::Inverse
            | NeighborWeights::InverseShifted(_)) => self.neighbor_weights(form, &counted)?,
        };
        let entities = self.neighbor_ids(op, &counted, gap)?;
        match &op.answer {
            NeighborAnswer::Values { targets, combine } => {
                let id = match combine {
                    NeighborCombine::Mean => self.neighbor_mean(&counted, weights, targets)?,
                    NeighborCombine::Median => self.neighbor_median(&counted, targets)?,
                    NeighborCombine::ShortestPath => self.shortest_path(&counted, targets)?,
                    NeighborCombine::Reach => self.neighbor_reach(&counted, weights, targets)?,
                };
                let value = self.with_mask(Kind::F64, targets.columns, id, gap)?;
                let margins = Some(value.clone());
                Ok(Answer { answers: Some(value), margins, entities, ..Answer::default() })
            }
            NeighborAnswer::Classes { classes, of_row, outlier, ties } => {
                let (shares, none) = self.shares(&counted, weights, classes.len(), of_row)?;
                let (label, answers) =
                    self.elected(classes, of_row, *ties, (shares, none), *outlier, gap)?;
                Ok(Answer {
                    label: Some(label),
                    answers: Some(answers),
                    entities,
                    ..Answer::default()
                })
            }
        }
    }

    fn counted_rows(&mut self, op: &Neighbors, all: ValueId) -> Result<Counted, Failure> {
        match op.near {
            Near::Radius(radius) => {
                let radius = self.builder.number(radius)?;
                let inside = self.builder.two("LessOrEqual", all, radius)?;
                let count = op.rows.rows;
                Ok(Counted { places: None, distances: all, count, inside: Some(inside) })
            }
            Near::Count(count) => {
                let similar = op.comparison.metric.is_similarity();
                // Rows of NaN have all distances alike: the first rows are the nearest.
                let nan = self.builder.is_nan(all)?;
                let farthest = if similar { f64::NEG_INFINITY } else { f64::INFINITY };
                let farthest = self.builder.number(farthest)?;
                let sound = self.builder.choose(nan, farthest, all)?;
                let (_, places) = self.builder.top(sound, count, similar)?;
                let distances = self.builder.picked(all, places)?;
                Ok(Counted { places: Some(places), distances, count, inside: None })
            }
        }
    }

    /// `[N, count]`; 0 for rows that do not count.
    pub(super) fn neighbor_weights(
        &mut self,
        form: NeighborWeights,
        counted: &Counted,
    ) -> Result<ValueId, Failure> {
        let b = &mut self.builder;
        let (one, zero) = (b.number(1.0)?, b.number(0.0)?);
        let weights = match form {
            NeighborWeights::Uniform | NeighborWeights::Barycentric(_) => {
                let same = b.two("Equal", counted.distances, counted.distances)?;
                b.choose(same, one, one)?
            }
            NeighborWeights::Inverse => {
                let here = b.two("Equal", counted.distances, zero)?;
                let counts = match counted.inside {
                    Some(inside) => b.two("And", here, inside)?,
                    None => here,
                };
                let any = b.any(counts)?;
                let only = b.cast(here, Kind::Bool, Kind::F64)?;
                let inverse = b.two("Div", one, counted.distances)?;
                b.choose(any, only, inverse)?
            }
            NeighborWeights::InverseShifted(by) => {
                let by = b.number(by)?;
                let moved = b.two("Add", counted.distances, by)?;
                b.two("Div", one, moved)?
            }
        };
        match counted.inside {
            Some(inside) => b.choose(inside, weights, zero),
            None => Ok(weights),
        }
    }

    /// The names of the nearest rows, by rank.
    fn neighbor_ids(
        &mut self,
        op: &Neighbors,
        counted: &Counted,
        gap: Option<ValueId>,
    ) -> Result<Vec<Val>, Failure> {
        let asked = self
            .valid
            .model()
            .outputs
            .iter()
            .any(|output| matches!(output.part, holdall_tabular::Part::Entity(_)));
        let Some(places) = counted.places.filter(|_| asked) else { return Ok(Vec::new()) };
        let ids: Vec<String> = if op.ids.is_empty() {
            (1..=op.rows.rows).map(|row| row.to_string()).collect()
        } else {
            op.ids.clone()
        };
        let length = ids.len() as u64;
        let ids = self.builder.constant(Kind::Text, &[length], &Labels::Text(ids))?;
        let mut made = Vec::with_capacity(counted.count as usize);
        for rank in 0..counted.count {
            let place = self.builder.columns(places, &[rank])?;
            let id = self.builder.looked_up(ids, place)?;
            made.push(self.with_mask(Kind::Text, 1, id, gap)?);
        }
        Ok(made)
    }

    /// `[N, count, width]`: a row of a table for each training row that counts.
    pub(super) fn of_rows(
        &mut self,
        counted: &Counted,
        table: &Matrix,
    ) -> Result<ValueId, Failure> {
        let Some(places) = counted.places else { return self.builder.stacked(table) };
        let shape = [u64::from(table.rows), u64::from(table.columns)];
        let table = self.builder.floats(Kind::F64, &shape, &table.data)?;
        self.builder.looked_up(table, places)
    }

    pub(super) fn neighbor_mean(
        &mut self,
        counted: &Counted,
        weights: ValueId,
        targets: &Matrix,
    ) -> Result<ValueId, Failure> {
        let values = self.of_rows(counted, targets)?;
        self.weighted_mean(counted, weights, values)
    }

    fn weighted_mean(
        &mut self,
        counted: &Counted,
        weights: ValueId,
        values: ValueId,
    ) -> Result<ValueId, Failure> {
        let total = self.row_sum(weights, counted.count)?;
        let weights = self.builder.raised(weights, 2)?;
        let products = self.builder.two("Mul", values, weights)?;
        let sum = self.added(products, counted.count, 1)?;
        self.builder.two("Div", sum, total)
    }

    /// The mean of the larger of value and distance.
    fn neighbor_reach(
        &mut self,
        counted: &Counted,
        weights: ValueId,
        targets: &Matrix,
    ) -> Result<ValueId, Failure> {
        let values = self.of_rows(counted, targets)?;
        let distances = self.builder.raised(counted.distances, 2)?;
        let reach = self.builder.two("Max", values, distances)?;
        self.weighted_mean(counted, weights, reach)
    }

    /// The least of value + distance.
    fn shortest_path(&mut self, counted: &Counted, targets: &Matrix) -> Result<ValueId, Failure> {
        let values = self.of_rows(counted, targets)?;
        let distances = self.builder.raised(counted.distances, 2)?;
        let paths = self.builder.two("Add", values, distances)?;
        let Some(inside) = counted.inside else {
            let least = self.builder.extreme_along("ReduceMin", paths, 1)?;
            return self.builder.flattened(least, 1);
        };
        let counts = self.builder.raised(inside, 2)?;
        let far = self.builder.number(f64::INFINITY)?;
        let paths = self.builder.choose(counts, paths, far)?;
        let least = self.builder.extreme_along("ReduceMin", paths, 1)?;
        let least = self.builder.flattened(least, 1)?;
        let any = self.builder.any(inside)?;
        let none = self.builder.number(f64::NAN)?;
        self.builder.choose(any, least, none)
    }

    fn neighbor_median(&mut self, counted: &Counted, targets: &Matrix) -> Result<ValueId, Failure> {
        let values = self.of_rows(counted, targets)?;
        let (sorted, _) = self.builder.top(values, counted.count, false)?;
        let middle = i64::from(counted.count / 2);
        let at = |context: &mut Self, place: i64| {
            let place = context.builder.constant(Kind::I64, &[], &Labels::I64(vec![place]))?;
            let axis = vec![("axis", holdall_graph::Attribute::Int(1))];
            context.builder.node("Gather", &[sorted, place], axis)
        };
        let upper = at(self, middle)?;
        if counted.count % 2 == 1 {
            return Ok(upper);
        }
        let lower = at(self, middle - 1)?;
        let sum = self.builder.two("Add", lower, upper)?;
        let two = self.builder.number(2.0)?;
        self.builder.two("Div", sum, two)
    }

    /// `[N, classes]` weights by class, in the order of the rows, and where no row counts.
    fn shares(
        &mut self,
        counted: &Counted,
        weights: ValueId,
        classes: usize,
        of_row: &[u32],
    ) -> Result<(ValueId, Option<ValueId>), Failure> {
        let columns = u32::try_from(classes).unwrap_or(u32::MAX);
        let rows = u32::try_from(of_row.len()).unwrap_or(u32::MAX);
        let flags =
            of_row.iter().flat_map(|&of| (0..columns).map(move |c| f64::from(u8::from(c == of))));
        let indicators = Matrix { rows, columns, data: flags.collect() };
        let indicators = self.of_rows(counted, &indicators)?;
        let raised = self.builder.raised(weights, 2)?;
        let own = self.builder.two("Mul", indicators, raised)?;
        // A weight without bounds is none of another class.
        let zero = self.builder.floats(Kind::F64, &[1, 1, 1], &[0.0])?;
        let other = self.builder.two("Equal", indicators, zero)?;
        let own = self.builder.choose(other, zero, own)?;
        let shares = self.added(own, counted.count, 1)?;
        let none = match counted.inside {
            Some(inside) => {
                let any = self.builder.any(inside)?;
                Some(self.builder.one("Not", any)?)
            }
            None => None,
        };
        Ok((shares, none))
    }

    /// The label and the shares of the classes.
    fn elected(
        &mut self,
        classes: &Labels,
        of_row: &[u32],
        ties: TieRule,
        (shares, none): (ValueId, Option<ValueId>),
        outlier: Option<u32>,
        gap: Option<ValueId>,
    ) -> Result<(Chosen, Val), Failure> {
        let width = u32::try_from(classes.len()).unwrap_or(u32::MAX);
        let plain = Val { kind: Kind::F64, width, store: Store::Rows(shares), gaps: Gaps::None };
        let mut position = self.largest_share(classes, &plain)?.position;
        if ties == TieRule::MostFrequent {
            position = self.most_frequent(shares, classes.len(), of_row)?;
        }
        let total = self.row_sum(shares, width)?;
        let mut answers = self.builder.two("Div", shares, total)?;
        if let (Some(none), Some(class)) = (none, outlier) {
            let unit: Vec<f64> = (0..width).map(|c| f64::from(u8::from(c == class))).collect();
            let unit = self.builder.row(&unit)?;
            answers = self.builder.choose(none, unit, answers)?;
            let class = self.builder.whole(i64::from(class))?;
            position = self.builder.choose(none, class, position)?;
        }
        let answers = self.with_mask(Kind::F64, width, answers, gap)?;
        Ok((Chosen { labels: classes.clone(), position, missing: gap }, answers))
    }

    /// Of the classes with the largest share the one with the most training rows, of these the first.
    fn most_frequent(
        &mut self,
        shares: ValueId,
        classes: usize,
        of_row: &[u32],
    ) -> Result<ValueId, Failure> {
        let mut counts = vec![0.0; classes];
        for &class in of_row {
            if let Some(count) = counts.get_mut(class as usize) {
                *count += 1.0;
            }
        }
        let most = self.builder.extreme_along("ReduceMax", shares, 1)?;
        let tied = self.builder.two("GreaterOrEqual", shares, most)?;
        let counts = self.builder.row(&counts)?;
        let out = self.builder.number(-1.0)?;
        let counts = self.builder.choose(tied, counts, out)?;
        self.builder.arg_max(counts)
    }
}
