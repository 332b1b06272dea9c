//! Distances and similarities to points, in binary64.

use holdall_diag::Failure;
use holdall_graph::{Attribute, ValueId};
use holdall_tabular::{
    Compare, Comparison, Distances, Kind, Labels, Matrix, Metric, MissingElement,
};

use super::{Context, kernel::length_of, value::Val};

/// Why a comparison has no operators; none where it has.
pub(super) fn refused(comparison: &Comparison, elements: u32) -> Option<&'static str> {
    if comparison.metric == Metric::Haversine && elements != 2 {
        return Some("places on a sphere that are not two angles");
    }
    let tables = comparison.compare.iter().any(|compare| matches!(compare, Compare::Table(_)));
    tables.then_some("similarity tables between categories are not written")
}

/// A row and a point, element by element.
struct Pair {
    /// `[N, 1, elements]`.
    x: ValueId,
    /// `[1, points, elements]`.
    y: ValueId,
    elements: u32,
    /// `[N, 1, elements]`, true where an element counts; none where all do.
    present: Option<ValueId>,
}

impl Context<'_> {
    pub(super) fn distances(&mut self, distances: &Distances) -> Result<Val, Failure> {
        let arg = self.value(distances.arg)?;
        let id = self.compared(&arg, &distances.points, &distances.comparison)?;
        let width = distances.points.rows;
        let gap = self.comparison_gap(&arg, &distances.comparison)?;
        self.with_mask(Kind::F64, width, id, gap)
    }

    /// `[N, 1]`: where a comparison is missing.
    pub(super) fn comparison_gap(
        &mut self,
        arg: &Val,
        comparison: &Comparison,
    ) -> Result<Option<ValueId>, Failure> {
        if matches!(comparison.missing, MissingElement::Propagate) {
            return self.any_gap(arg);
        }
        // Passed over unless nothing is there.
        let Some(mask) = self.mask(arg)? else { return Ok(None) };
        let there = self.builder.one("Not", mask)?;
        let some = self.builder.any(there)?;
        self.builder.one("Not", some).map(Some)
    }

    /// `[N, points]`: each row compared with each point.
    pub(super) fn compared(
        &mut self,
        arg: &Val,
        points: &Matrix,
        comparison: &Comparison,
    ) -> Result<ValueId, Failure> {
        let flat = self.as_f64(arg)?;
        let x = self.builder.raised(flat, 1)?;
        let y = self.builder.stacked(points)?;
        let present = match (&comparison.missing, self.mask(arg)?) {
            (MissingElement::Adjust(_), Some(mask)) => {
                let there = self.builder.one("Not", mask)?;
                Some(self.builder.raised(there, 1)?)
            }
            (MissingElement::Adjust(_) | MissingElement::Propagate, _) => None,
        };
        let pair = Pair { x, y, elements: points.columns, present };
        let mut sum = self.metric_sum(&pair, comparison, flat, points)?;
        if let (MissingElement::Adjust(weights), Some(present)) = (&comparison.missing, present) {
            let all = weights.iter().fold(0.0, |sum, q| sum + q);
            let q = self.cube(weights)?;
            let zero = self.cube(&[0.0])?;
            let q = self.builder.choose(present, q, zero)?;
            let there = self.added(q, pair.elements, 2)?;
            let all = self.builder.number(all)?;
            let by = self.builder.two("Div", all, there)?;
            sum = self.builder.two("Mul", sum, by)?;
        }
        match comparison.metric {
            Metric::Euclidean => self.builder.one("Sqrt", sum),
            Metric::Minkowski(p) => {
                let exponent = self.builder.number(1.0 / p)?;
                self.builder.two("Pow", sum, exponent)
            }
            Metric::SquaredEuclidean
            | Metric::CityBlock
            | Metric::Chebyshev
            | Metric::Cosine
            | Metric::Hamming
            | Metric::Canberra
            | Metric::BrayCurtis
            | Metric::Haversine
            | Metric::SimpleMatching
            | Metric::Jaccard
            | Metric::Tanimoto
            | Metric::BinarySimilarity(_) => Ok(sum),
        }
    }

    /// `[1, 1, n]`.
    fn cube(&mut self, values: &[f64]) -> Result<ValueId, Failure> {
        self.builder.floats(Kind::F64, &[1, 1, values.len() as u64], values)
    }

    /// Terms added over the elements that count.
    fn summed(&mut self, pair: &Pair, terms: ValueId) -> Result<ValueId, Failure> {
        let terms = self.counted(pair, terms, 0.0)?;
        self.added(terms, pair.elements, 2)
    }

    /// Terms, and something neutral for elements that do not count.
    fn counted(&mut self, pair: &Pair, terms: ValueId, neutral: f64) -> Result<ValueId, Failure> {
        let Some(present) = pair.present else { return Ok(terms) };
        let neutral = self.cube(&[neutral])?;
        self.builder.choose(present, terms, neutral)
    }

    fn weighted(&mut self, comparison: &Comparison, terms: ValueId) -> Result<ValueId, Failure> {
        if comparison.weights.is_empty() {
            return Ok(terms);
        }
        let weights = self.cube(&comparison.weights)?;
        self.builder.two("Mul", weights, terms)
    }

    fn metric_sum(
        &mut self,
        pair: &Pair,
        comparison: &Comparison,
        flat: ValueId,
        points: &Matrix,
    ) -> Result<ValueId, Failure> {
        match comparison.metric {
            Metric::Euclidean | Metric::SquaredEuclidean => {
                let c = self.elements(pair, &comparison.compare)?;
                let squares = self.builder.two("Mul", c, c)?;
                let terms = self.weighted(comparison, squares)?;
                self.summed(pair, terms)
            }
            Metric::CityBlock => {
                let c = self.elements(pair, &comparison.compare)?;
                let terms = self.weighted(comparison, c)?;
                self.summed(pair, terms)
            }
            Metric::Chebyshev => {
                let c = self.elements(pair, &comparison.compare)?;
                let terms = self.weighted(comparison, c)?;
                let terms = self.counted(pair, terms, 0.0)?;
                self.largest_term(terms)
            }
            Metric::Minkowski(p) => {
                let c = self.elements(pair, &comparison.compare)?;
                let p = self.cube(&[p])?;
                let powers = self.builder.two("Pow", c, p)?;
                let terms = self.weighted(comparison, powers)?;
                self.summed(pair, terms)
            }
            Metric::Cosine => self.cosine_distance(pair, flat, points),
            Metric::Hamming => {
                let differ = self.differ(pair)?;
                let differ = self.summed(pair, differ)?;
                let ones = self.cube(&vec![1.0; pair.elements as usize])?;
                let count = self.summed(pair, ones)?;
                self.builder.two("Div", differ, count)
            }
            Metric::Canberra => {
                let (x, y) = (self.builder.one("Abs", pair.x)?, self.builder.one("Abs", pair.y)?);
                let size = self.builder.two("Add", x, y)?;
                let apart = self.apart(pair)?;
                let shares = self.builder.two("Div", apart, size)?;
                let zero = self.cube(&[0.0])?;
                let some = self.builder.two("Greater", size, zero)?;
                let shares = self.builder.choose(some, shares, zero)?;
                self.summed(pair, shares)
            }
            Metric::BrayCurtis => {
                let apart = self.apart(pair)?;
                let apart = self.summed(pair, apart)?;
                let total = self.builder.two("Add", pair.x, pair.y)?;
                let total = self.builder.one("Abs", total)?;
                let total = self.summed(pair, total)?;
                self.builder.two("Div", apart, total)
            }
            Metric::SimpleMatching
            | Metric::Jaccard
            | Metric::Tanimoto
            | Metric::BinarySimilarity(_) => self.binary_similarity(pair, comparison.metric),
            Metric::Haversine => self.haversine(pair),
        }
    }

    /// Twice the inverse sine of √(sin² of half the latitudes' difference + cos · cos · that of the longitudes).
    fn haversine(&mut self, pair: &Pair) -> Result<ValueId, Failure> {
        let apart = self.builder.two("Sub", pair.x, pair.y)?;
        let two = self.cube(&[2.0])?;
        let half = self.builder.two("Div", apart, two)?;
        let sine = self.builder.one("Sin", half)?;
        let squares = self.builder.two("Mul", sine, sine)?;
        let at = |context: &mut Self, id: ValueId, element: i64| {
            let element = context.builder.constant(Kind::I64, &[], &Labels::I64(vec![element]))?;
            let axis = vec![("axis", Attribute::Int(2))];
            context.builder.node("Gather", &[id, element], axis)
        };
        let (of_latitude, of_longitude) = (at(self, squares, 0)?, at(self, squares, 1)?);
        let (x, y) = (at(self, pair.x, 0)?, at(self, pair.y, 0)?);
        let (x, y) = (self.cosine_of(x)?, self.cosine_of(y)?);
        let narrowed = self.builder.two("Mul", x, y)?;
        let narrowed = self.builder.two("Mul", narrowed, of_longitude)?;
        let sum = self.builder.two("Add", of_latitude, narrowed)?;
        let root = self.builder.one("Sqrt", sum)?;
        let angle = self.inverse_sine(root)?;
        self.builder.two("Add", angle, angle)
    }

    fn largest_term(&mut self, terms: ValueId) -> Result<ValueId, Failure> {
        let nan = self.builder.is_nan(terms)?;
        let zero = self.cube(&[0.0])?;
        let sound = self.builder.choose(nan, zero, terms)?;
        let most = self.builder.extreme_along("ReduceMax", sound, 2)?;
        // The largest is held at 0 or above, and a NaN wins.
        let negative = self.builder.two("Less", most, zero)?;
        let most = self.builder.choose(negative, zero, most)?;
        let ones = self.builder.cast(nan, Kind::Bool, Kind::F32)?;
        let worst = self.builder.extreme_along("ReduceMax", ones, 2)?;
        let none = self.builder.floats(Kind::F32, &[1, 1, 1], &[0.0])?;
        let any = self.builder.two("Greater", worst, none)?;
        let gap = self.cube(&[f64::NAN])?;
        let most = self.builder.choose(any, gap, most)?;
        self.builder.flattened(most, 2)
    }

    /// |x − y|.
    fn apart(&mut self, pair: &Pair) -> Result<ValueId, Failure> {
        let difference = self.builder.two("Sub", pair.x, pair.y)?;
        self.builder.one("Abs", difference)
    }

    /// 1 where elements are not equal, else 0.
    fn differ(&mut self, pair: &Pair) -> Result<ValueId, Failure> {
        let equal = self.builder.two("Equal", pair.x, pair.y)?;
        let differ = self.builder.one("Not", equal)?;
        self.builder.cast(differ, Kind::Bool, Kind::F64)
    }

    /// The comparison of each element.
    fn elements(&mut self, pair: &Pair, compare: &[Compare]) -> Result<ValueId, Failure> {
        let plain = |c: &Compare| matches!(c, Compare::AbsDiff);
        if compare.iter().all(plain) {
            return self.apart(pair);
        }
        let mut made = self.apart(pair)?;
        let of = |wanted: &dyn Fn(&Compare) -> bool| -> Vec<bool> {
            compare.iter().map(wanted).collect()
        };
        let gauss = of(&|c| matches!(c, Compare::GaussSim(_)));
        if gauss.contains(&true) {
            let similar = self.gauss(pair, compare)?;
            made = self.where_in(&gauss, similar, made)?;
        }
        let delta = of(&|c| matches!(c, Compare::Delta));
        if delta.contains(&true) {
            let differ = self.differ(pair)?;
            made = self.where_in(&delta, differ, made)?;
        }
        let same = of(&|c| matches!(c, Compare::Equal));
        if same.contains(&true) {
            let equal = self.builder.two("Equal", pair.x, pair.y)?;
            let equal = self.builder.cast(equal, Kind::Bool, Kind::F64)?;
            made = self.where_in(&same, equal, made)?;
        }
        Ok(made)
    }

    /// Elements of one tensor where the list says so, else of the other.
    fn where_in(&mut self, list: &[bool], yes: ValueId, no: ValueId) -> Result<ValueId, Failure> {
        let flags = Labels::Bool(list.to_vec());
        let flags = self.builder.constant(Kind::Bool, &[1, 1, list.len() as u64], &flags)?;
        self.builder.choose(flags, yes, no)
    }

    /// exp(−ln 2 · (x − y)² ÷ s²).
    fn gauss(&mut self, pair: &Pair, compare: &[Compare]) -> Result<ValueId, Failure> {
        let scale = |c: &Compare| if let Compare::GaussSim(s) = c { s * s } else { 1.0 };
        let scales: Vec<f64> = compare.iter().map(scale).collect();
        let difference = self.builder.two("Sub", pair.x, pair.y)?;
        let by = self.cube(&[-std::f64::consts::LN_2])?;
        let product = self.builder.two("Mul", by, difference)?;
        let product = self.builder.two("Mul", product, difference)?;
        let scales = self.cube(&scales)?;
        let exponent = self.builder.two("Div", product, scales)?;
        self.builder.one("Exp", exponent)
    }

    /// 1 − x·y ÷ (|x|·|y|).
    fn cosine_distance(
        &mut self,
        pair: &Pair,
        flat: ValueId,
        points: &Matrix,
    ) -> Result<ValueId, Failure> {
        let ratio = if let Some(present) = pair.present {
            let products = self.builder.two("Mul", pair.x, pair.y)?;
            let product = self.summed(pair, products)?;
            let x = self.builder.two("Mul", pair.x, pair.x)?;
            let x = self.summed(pair, x)?;
            let y = self.builder.two("Mul", pair.y, pair.y)?;
            let zero = self.cube(&[0.0])?;
            let y = self.builder.choose(present, y, zero)?;
            let y = self.added(y, pair.elements, 2)?;
            let (x, y) = (self.length(x)?, self.length(y)?);
            let lengths = self.builder.two("Mul", x, y)?;
            self.builder.two("Div", product, lengths)?
        } else {
            let product = self.dots(flat, points)?;
            let squares = self.builder.two("Mul", flat, flat)?;
            let square = self.row_sum(squares, points.columns)?;
            let x = self.length(square)?;
            let y: Vec<f64> =
                (0..points.rows as usize).map(|row| length_of(points.row(row))).collect();
            let y = self.builder.row(&y)?;
            let lengths = self.builder.two("Mul", x, y)?;
            self.builder.two("Div", product, lengths)?
        };
        let one = self.builder.number(1.0)?;
        self.builder.two("Sub", one, ratio)
    }

    /// Counts of elements that are 1 in both, in one, in none: whole numbers, exact in any order.
    fn binary_similarity(&mut self, pair: &Pair, metric: Metric) -> Result<ValueId, Failure> {
        let zero = self.cube(&[0.0])?;
        let x = self.builder.two("Equal", pair.x, zero)?;
        let y = self.builder.two("Equal", pair.y, zero)?;
        let (not_x, not_y) = (self.builder.one("Not", x)?, self.builder.one("Not", y)?);
        let mut counts = Vec::with_capacity(4);
        for (a, b) in [(not_x, not_y), (not_x, y), (x, not_y), (x, y)] {
            let both = self.builder.two("And", a, b)?;
            let both = self.builder.cast(both, Kind::Bool, Kind::F64)?;
            counts.push(self.summed(pair, both)?);
        }
        let weights: ([f64; 4], [f64; 4]) = match metric {
            Metric::Jaccard => ([1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0]),
            Metric::Tanimoto => ([1.0, 0.0, 0.0, 1.0], [1.0, 2.0, 2.0, 1.0]),
            Metric::BinarySimilarity([c11, c10, c01, c00, d11, d10, d01, d00]) => {
                ([c11, c10, c01, c00], [d11, d10, d01, d00])
            }
            Metric::Euclidean
            | Metric::SquaredEuclidean
            | Metric::CityBlock
            | Metric::Chebyshev
            | Metric::Minkowski(_)
            | Metric::Cosine
            | Metric::Hamming
            | Metric::Canberra
            | Metric::BrayCurtis
            | Metric::Haversine
            | Metric::SimpleMatching => ([1.0, 0.0, 0.0, 1.0], [1.0; 4]),
        };
        let above = self.combination(&counts, &weights.0)?;
        let below = self.combination(&counts, &weights.1)?;
        self.builder.two("Div", above, below)
    }

    /// Weighted counts in order.
    fn combination(&mut self, counts: &[ValueId], weights: &[f64]) -> Result<ValueId, Failure> {
        let mut sum = None;
        for (&count, &weight) in counts.iter().zip(weights) {
            let weight = self.builder.number(weight)?;
            let term = self.builder.two("Mul", weight, count)?;
            sum = Some(match sum {
                Some(sum) => self.builder.two("Add", sum, term)?,
                None => term,
            });
        }
        sum.ok_or_else(|| super::build::inexpressible("a similarity of nothing"))
    }
}
