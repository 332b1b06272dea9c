//! Transforms as derived fields.

use holdall_tabular::{
    Compare, Construct, Distances, Kind, Metric, MissingElement, Normalize, NormalizeBy,
    Polynomial, Transform, TransformKind, ValueId,
};

use super::{
    Item, Raise, Stop,
    expr::{Expr, apply, guarded, number},
};

impl Raise<'_> {
    pub(super) fn transform(
        &mut self,
        id: ValueId,
        transform: &Transform,
    ) -> Result<Vec<Item>, Stop> {
        match transform {
            Transform::Lookup(op) => Ok(vec![self.lookup(id, op)?]),
            Transform::Bin(op) => Ok(vec![self.bin(id, op)?]),
            Transform::Curve(op) => self.curve(id, op),
            Transform::Reduce(op) => Ok(vec![self.reduced(id, *op)?]),
            Transform::Normalize(op) => self.normalize(id, *op),
            Transform::Polynomial(op) => self.polynomial(id, op),
            Transform::Distances(op) => self.distances(id, op),
            Transform::TextIndex(op) => Ok(vec![self.text_index(id, op)?]),
            Transform::Lag(op) => Ok(vec![self.lag(id, op)?]),
            Transform::ImputeNeighbors(_) | Transform::Decompose(_) => {
                let construct = Construct::Transform(transform.kind());
                Err(Stop::refuse(construct, "PMML has nothing that says it"))
            }
            Transform::TextVector(op) => self.text_vector(id, op),
            Transform::Spline(op) => self.spline(id, op),
        }
    }

    fn elements(&self, id: ValueId) -> Result<Vec<Expr>, Stop> {
        (0..self.valid.width_of(id) as usize).map(|i| self.arg(id, i)).collect()
    }

    fn normalize(&mut self, id: ValueId, op: Normalize) -> Result<Vec<Item>, Stop> {
        let kind = self.kind(id);
        let elements = self.elements(op.arg)?;
        Ok(self.normalized(kind, op.by, elements))
    }

    /// Elements in proportion to their whole.
    pub(super) fn normalized(
        &mut self,
        kind: Kind,
        by: NormalizeBy,
        mut elements: Vec<Expr>,
    ) -> Vec<Item> {
        let base = by.name().to_owned();
        let step = |this: &mut Self, expr: Expr| {
            if kind == Kind::F32 { this.bind(&base, kind, expr) } else { expr }
        };
        if by == NormalizeBy::Softmax {
            let largest = self.extreme("max", kind, true, &elements);
            for element in &mut elements {
                let less = apply("-", [element.clone(), largest.clone()]);
                let less = self.bind("less", kind, less);
                *element = self.bind("exp", kind, guarded("exp", less));
            }
        }
        let whole = match by {
            NormalizeBy::Sum | NormalizeBy::Softmax => {
                self.fold(&base, kind, "+", elements.clone())
            }
            NormalizeBy::L1 => {
                let list = elements.iter().map(|x| step(self, guarded("abs", x.clone()))).collect();
                self.fold(&base, kind, "+", list)
            }
            NormalizeBy::L2 => {
                let square = |x: &Expr| apply("*", [x.clone(), x.clone()]);
                let list = elements.iter().map(|x| step(self, square(x))).collect();
                let sum = self.fold(&base, kind, "+", list);
                let sum = self.bind(&base, kind, sum);
                guarded("sqrt", sum)
            }
            NormalizeBy::MaxAbs => {
                let list: Vec<Expr> = elements
                    .iter()
                    .map(|x| self.bind(&base, kind, guarded("abs", x.clone())))
                    .collect();
                self.extreme(&base, kind, true, &list)
            }
            NormalizeBy::Max => self.extreme(&base, kind, true, &elements),
        };
        let whole = self.bind(&format!("{base} of all"), kind, whole);
        let mut items = Vec::new();
        for (i, x) in elements.into_iter().enumerate() {
            let share = apply("/", [x.clone(), whole.clone()]);
            let expr = if by == NormalizeBy::Softmax {
                share
            } else {
                let nothing = apply("equal", [whole.clone(), number(0.0, kind)]);
                apply("if", [nothing, x, share])
            };
            items.push(Item::Field(self.derive(&format!("{base}_{i}"), kind, false, expr)));
        }
        items
    }

    fn polynomial(&mut self, id: ValueId, op: &Polynomial) -> Result<Vec<Item>, Stop> {
        let kind = self.kind(id);
        let mut items = Vec::new();
        for (place, term) in op.terms.iter().enumerate() {
            if !self.used.element(id, place) {
                items.push(Item::Unused);
                continue;
            }
            let factors = term.iter().map(|&i| self.arg(op.arg, i as usize));
            let factors = factors.collect::<Result<Vec<Expr>, Stop>>()?;
            let text = factors.iter().map(|x| self.label(x)).collect::<Vec<_>>().join("*");
            let product = self.fold(&text, kind, "*", factors);
            items.push(if term.is_empty() {
                Item::Constant(holdall_tabular::Scalar::F64(1.0), kind)
            } else {
                self.item_of(&text, kind, product)
            });
        }
        Ok(items)
    }

    fn distances(&mut self, id: ValueId, op: &Distances) -> Result<Vec<Item>, Stop> {
        const DISTANCES: Construct = Construct::Transform(TransformKind::Distances);
        if self.only_clustered(id) {
            // They are the affinities of a model of clusters.
            return Ok(vec![Item::Unused; op.points.rows as usize]);
        }
        let elements = self.elements(op.arg)?;
        let comparison = &op.comparison;
        let unsure = |x: &Expr| matches!(x, Expr::Field(n) if self.names.may_be_missing(*n));
        if matches!(comparison.missing, MissingElement::Adjust(_)) && elements.iter().any(unsure) {
            return Err(Stop::refuse(
                DISTANCES,
                "distances that pass missing elements over are those of a `ClusteringModel`",
            ));
        }
        if !matches!(
            comparison.metric,
            Metric::Euclidean | Metric::SquaredEuclidean | Metric::CityBlock
        ) || comparison.compare.iter().any(|c| *c != Compare::AbsDiff)
        {
            return Err(Stop::refuse(
                DISTANCES,
                "only Euclidean and city block distances are written as arithmetic",
            ));
        }
        let mut items = Vec::new();
        for point in 0..op.points.rows as usize {
            if !self.used.element(id, point) {
                items.push(Item::Unused);
                continue;
            }
            let base = format!("distance to {point}");
            let mut terms = Vec::new();
            for (i, (x, at)) in elements.iter().zip(op.points.row(point)).enumerate() {
                let less = apply("-", [x.clone(), number(*at, Kind::F64)]);
                let mut term = if comparison.metric == Metric::CityBlock {
                    guarded("abs", self.bind(&format!("{base}-{i}"), Kind::F64, less))
                } else {
                    let less = self.bind(&format!("{base}-{i}"), Kind::F64, less);
                    apply("*", [less.clone(), less])
                };
                if let Some(weight) = comparison.weights.get(i) {
                    term = apply("*", [number(*weight, Kind::F64), term]);
                }
                terms.push(term);
            }
            let mut sum = self.fold(&base, Kind::F64, "+", terms);
            if comparison.metric == Metric::Euclidean {
                let square = self.bind(&format!("{base}²"), Kind::F64, sum);
                sum = guarded("sqrt", square);
            }
            items.push(Item::Field(self.derive(&base, Kind::F64, false, sum)));
        }
        Ok(items)
    }
}
