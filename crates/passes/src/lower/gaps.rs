//! Gaps filled from the nearest training rows: for each element those rows that have it, by `TopK`.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{ImputeNeighbors, Kind, Labels, Matrix};

use super::{Context, build::inexpressible, neighbors::Counted, value::Val};

/// Why gaps are not filled by operators; none where they are.
pub(super) fn refused(op: &ImputeNeighbors) -> Option<&'static str> {
    let sound = op.rows.data.iter().zip(&op.gaps).all(|(value, gap)| *gap || value.is_finite());
    (!sound).then_some("training rows with elements that are not finite")
}

impl Context<'_> {
    pub(super) fn impute_neighbors(&mut self, op: &ImputeNeighbors) -> Result<Val, Failure> {
        let arg = self.value(op.arg)?;
        let x = self.as_f64(&arg)?;
        let gaps = self.builder.is_nan(x)?;
        let (distances, shared) = self.shared_distances(op, x, gaps)?;
        let mut filled = Vec::with_capacity(op.with.len());
        for (element, with) in (0_u32..).zip(&op.with) {
            let with = self.builder.number(*with)?;
            let donors = donors(op, element);
            let found = if donors.is_empty() {
                with
            } else {
                self.of_donors(op, element, &donors, (distances, shared), with)?
            };
            let (own, gap) =
                (self.builder.columns(x, &[element])?, self.builder.columns(gaps, &[element])?);
            filled.push(self.builder.choose(gap, found, own)?);
        }
        let id = self.builder.joined(&filled, 1)?;
        Ok(Val::rows(Kind::F64, arg.width, id))
    }

    /// `[N, rows]`: the distance to each training row, and whether there is one.
    fn shared_distances(
        &mut self,
        op: &ImputeNeighbors,
        x: ValueId,
        gaps: ValueId,
    ) -> Result<(ValueId, ValueId), Failure> {
        let elements = op.rows.columns;
        let there = Labels::Bool(op.gaps.iter().map(|gap| !gap).collect());
        let shape = [1, u64::from(op.rows.rows), u64::from(elements)];
        let there = self.builder.constant(Kind::Bool, &shape, &there)?;
        let known = self.builder.one("Not", gaps)?;
        let known = self.builder.raised(known, 1)?;
        let both = self.builder.two("And", known, there)?;
        let y = self.builder.stacked(&op.rows)?;
        let x = self.builder.raised(x, 1)?;
        let apart = self.builder.two("Sub", x, y)?;
        let squares = self.builder.two("Mul", apart, apart)?;
        let zero = self.builder.number(0.0)?;
        let squares = self.builder.choose(both, squares, zero)?;
        let sum = self.added(squares, elements, 2)?;
        // Whole numbers, exact in any order.
        let ones = self.builder.cast(both, Kind::Bool, Kind::F64)?;
        let axis = self.builder.ints(&[2])?;
        let keep = vec![("keepdims", holdall_graph::Attribute::Int(0))];
        let count = self.builder.node("ReduceSum", &[ones, axis], keep)?;
        let all = self.builder.number(f64::from(elements))?;
        let share = self.builder.two("Div", all, count)?;
        let sum = self.builder.two("Mul", sum, share)?;
        let distances = self.builder.one("Sqrt", sum)?;
        let some = self.builder.two("Greater", count, zero)?;
        Ok((distances, some))
    }

    /// `[N, 1]`: what the nearest of these rows have, or what stands in where none is comparable.
    fn of_donors(
        &mut self,
        op: &ImputeNeighbors,
        element: u32,
        donors: &[u32],
        (distances, shared): (ValueId, ValueId),
        with: ValueId,
    ) -> Result<ValueId, Failure> {
        let rows = u32::try_from(donors.len())
            .map_err(|error| inexpressible("too many rows").caused_by(error))?;
        let distances = self.builder.columns(distances, donors)?;
        let shared = self.builder.columns(shared, donors)?;
        // A row that is infinitely far still comes before one that cannot be compared. No root of a finite number
        // is the largest number.
        let infinite = self.builder.number(f64::INFINITY)?;
        let far = self.builder.two("Equal", distances, infinite)?;
        let most = self.builder.number(f64::MAX)?;
        let order = self.builder.choose(far, most, distances)?;
        let order = self.builder.choose(shared, order, infinite)?;
        let count = op.count.min(rows);
        let (_, places) = self.builder.top(order, count, false)?;
        let inside = self.builder.cast(shared, Kind::Bool, Kind::I64)?;
        let inside = self.builder.picked(inside, places)?;
        let inside = self.builder.cast(inside, Kind::I64, Kind::Bool)?;
        let distances = self.builder.picked(distances, places)?;
        let counted = Counted { places: Some(places), distances, count, inside: Some(inside) };
        let weights = self.neighbor_weights(op.weights, &counted)?;
        let own = |&row: &u32| op.rows.row(row as usize).get(element as usize).copied();
        let values = Matrix { rows, columns: 1, data: donors.iter().filter_map(own).collect() };
        let mean = self.neighbor_mean(&counted, weights, &values)?;
        let any = self.builder.any(inside)?;
        self.builder.choose(any, mean, with)
    }
}

/// The training rows that have an element.
fn donors(op: &ImputeNeighbors, element: u32) -> Vec<u32> {
    let width = op.with.len();
    let has = |&row: &u32| op.gaps.get(row as usize * width + element as usize) == Some(&false);
    (0..op.rows.rows).filter(has).collect()
}
