//! The B-splines at a number: the triangle of de Boor, its knots looked up by the interval the number lies in.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{Kind, Labels, Spline, SplineOutside};

use super::{
    Context,
    build::inexpressible,
    value::{Store, Val},
};

/// The most intervals and splines, together a table of so many numbers.
const MOST: usize = 1 << 20;

/// A knot sequence.
struct Basis<'s> {
    knots: &'s [f64],
    degree: usize,
    splines: usize,
}

/// Why splines have no operators; none where they have.
pub(super) fn refused(op: &Spline) -> Option<&'static str> {
    let basis = Basis::new(op);
    (basis.intervals() * basis.splines > MOST)
        .then_some("more than 2²⁰ pairs of an interval and a spline, each with a place in a table")
}

impl<'s> Basis<'s> {
    fn new(op: &'s Spline) -> Self {
        let degree = op.degree as usize;
        Self { knots: &op.knots, degree, splines: op.knots.len().saturating_sub(degree + 1) }
    }

    fn knot(&self, at: usize) -> f64 {
        self.knots.get(at).copied().unwrap_or(f64::NAN)
    }

    fn low(&self) -> f64 {
        self.knot(self.degree)
    }

    fn high(&self) -> f64 {
        self.knot(self.splines)
    }

    /// How many intervals the base range has.
    fn intervals(&self) -> usize {
        self.splines.saturating_sub(self.degree)
    }

    /// The knots that part them.
    fn inner(&self) -> &'s [f64] {
        self.knots.get(self.degree + 1..self.splines).unwrap_or_default()
    }

    /// A knot beside each interval.
    fn beside(&self, offset: usize) -> Vec<f64> {
        (0..self.intervals()).map(|interval| self.knot(interval + offset)).collect()
    }

    /// First derivatives at one end, from the splines of one degree less.
    fn slopes(&self, x: f64) -> Vec<f64> {
        let Some(less) = self.degree.checked_sub(1) else { return vec![0.0; self.splines] };
        let interval = self.degree + self.inner().iter().filter(|&&knot| knot <= x).count();
        let mut values = vec![1.0];
        for d in 1..=less {
            let mut next = vec![0.0; d + 1];
            for (i, value) in values.iter().enumerate() {
                let (left, right) = (self.knot(interval + 1 + i - d), self.knot(interval + 1 + i));
                let share = if right - left > 0.0 { value / (right - left) } else { 0.0 };
                for (at, part) in [(i, right - x), (i + 1, x - left)] {
                    if let Some(sum) = next.get_mut(at) {
                        *sum += part * share;
                    }
                }
            }
            values = next;
        }
        let lower = |i: usize| {
            let at = (i + less).checked_sub(interval);
            at.and_then(|at| values.get(at)).copied().unwrap_or(0.0)
        };
        let degree = f64::from(u32::try_from(self.degree).unwrap_or(u32::MAX));
        let part = |i: usize| {
            let width = self.knot(i + self.degree) - self.knot(i);
            if width > 0.0 { degree * lower(i) / width } else { 0.0 }
        };
        (0..self.splines).map(|i| part(i) - part(i + 1)).collect()
    }
}

impl Context<'_> {
    pub(super) fn spline(&mut self, op: &Spline) -> Result<Val, Failure> {
        let arg = self.value(op.arg)?;
        let given = self.as_f64(&arg)?;
        let basis = Basis::new(op);
        let (low, high) = (self.builder.number(basis.low())?, self.builder.number(basis.high())?);
        let below = self.builder.two("Less", given, low)?;
        let above = self.builder.two("Greater", given, high)?;
        let at = match op.outside {
            SplineOutside::Reject | SplineOutside::Continue => given,
            SplineOutside::Constant | SplineOutside::Linear => {
                let held = self.builder.choose(below, low, given)?;
                self.builder.choose(above, high, held)?
            }
            SplineOutside::Periodic => {
                let along = self.builder.two("Sub", given, low)?;
                let period = self.builder.number(basis.high() - basis.low())?;
                let turns = self.builder.two("Div", along, period)?;
                let turns = self.builder.one("Floor", turns)?;
                let back = self.builder.two("Mul", period, turns)?;
                let turned = self.builder.two("Sub", along, back)?;
                self.builder.two("Add", low, turned)?
            }
        };
        let mut made = self.splines_at(&basis, at)?;
        if op.outside == SplineOutside::Linear {
            for (beyond, edge, end) in [(below, low, basis.low()), (above, high, basis.high())] {
                let far = self.builder.two("Sub", given, edge)?;
                let slopes = self.builder.row(&basis.slopes(end))?;
                let change = self.builder.two("Mul", far, slopes)?;
                let straight = self.builder.two("Add", made, change)?;
                made = self.builder.choose(beyond, straight, made)?;
            }
        }
        // Splines of degree 0 do not carry NaN by themselves, and none does where it is zero.
        let nan = self.builder.is_nan(given)?;
        let gap = self.builder.number(f64::NAN)?;
        let id = self.builder.choose(nan, gap, made)?;
        let width = u32::try_from(basis.splines).unwrap_or(u32::MAX);
        Ok(Val::rows(Kind::F64, width, id).with_gaps(Self::carried(&arg)))
    }

    /// `[N, splines]`.
    fn splines_at(&mut self, basis: &Basis<'_>, x: ValueId) -> Result<ValueId, Failure> {
        let interval = self.interval(basis, x)?;
        let one = Store::Constant(Labels::F64(vec![1.0]));
        let one = Val { store: one, ..Val::rows(Kind::F64, 1, x) };
        let mut values = vec![self.full(&one)?];
        for d in 1..=basis.degree {
            let mut next: Vec<Option<ValueId>> = vec![None; d + 1];
            for (i, &value) in values.iter().enumerate() {
                // Counted from the interval's own place, which is that of the degree.
                let offset = basis.degree + 1 + i;
                let (left, right) = (basis.beside(offset - d), basis.beside(offset));
                let widths: Vec<f64> = left.iter().zip(&right).map(|(l, r)| r - l).collect();
                let width = self.by_interval(&widths, interval)?;
                let mut share = self.builder.two("Div", value, width)?;
                if widths.iter().any(|&width| width <= 0.0) {
                    let zero = self.builder.number(0.0)?;
                    let some = self.builder.two("Greater", width, zero)?;
                    share = self.builder.choose(some, share, zero)?;
                }
                let (left, right) =
                    (self.by_interval(&left, interval)?, self.by_interval(&right, interval)?);
                let (before, after) =
                    (self.builder.two("Sub", right, x)?, self.builder.two("Sub", x, left)?);
                for (at, part) in [(i, before), (i + 1, after)] {
                    let term = self.builder.two("Mul", part, share)?;
                    if let Some(sum) = next.get_mut(at) {
                        *sum = Some(match *sum {
                            Some(sum) => self.builder.two("Add", sum, term)?,
                            None => term,
                        });
                    }
                }
            }
            values = next.into_iter().flatten().collect();
        }
        let local = self.builder.joined(&values, 1)?;
        self.spread(basis, interval, local)
    }

    /// `[N, 1]`: the interval of the base range whose polynomials hold; the last one holds at its end and beyond.
    fn interval(&mut self, basis: &Basis<'_>, x: ValueId) -> Result<ValueId, Failure> {
        // A comparison with NaN is false: without knots inside, it is the first interval everywhere.
        let inner = if basis.inner().is_empty() { &[f64::NAN] } else { basis.inner() };
        let inner = self.builder.row(inner)?;
        let passed = self.builder.two("LessOrEqual", inner, x)?;
        let count = self.builder.true_count(passed)?;
        self.builder.cast(count, Kind::F32, Kind::I64)
    }

    fn by_interval(&mut self, table: &[f64], interval: ValueId) -> Result<ValueId, Failure> {
        if let Some((first, rest)) = table.split_first()
            && rest.iter().all(|value| value.total_cmp(first).is_eq())
        {
            return self.builder.number(*first);
        }
        let table = self.builder.floats(Kind::F64, &[table.len() as u64], table)?;
        self.builder.looked_up(table, interval)
    }

    /// Those that are not zero in an interval, at their places among all.
    fn spread(
        &mut self,
        basis: &Basis<'_>,
        interval: ValueId,
        local: ValueId,
    ) -> Result<ValueId, Failure> {
        let (mut places, mut flags) = (Vec::new(), Vec::new());
        for interval in 0..basis.intervals() {
            for spline in 0..basis.splines {
                let at = spline.checked_sub(interval).filter(|&at| at <= basis.degree);
                flags.push(at.is_some());
                let at = i64::try_from(at.unwrap_or(0));
                places.push(at.map_err(|error| inexpressible("a degree").caused_by(error))?);
            }
        }
        let shape = [basis.intervals() as u64, basis.splines as u64];
        let places = self.builder.constant(Kind::I64, &shape, &Labels::I64(places))?;
        let flags = self.builder.constant(Kind::Bool, &shape, &Labels::Bool(flags))?;
        let flat = self.builder.flattened(interval, 1)?;
        let places = self.builder.looked_up(places, flat)?;
        let flags = self.builder.looked_up(flags, flat)?;
        let picked = self.builder.picked(local, places)?;
        let zero = self.builder.number(0.0)?;
        self.builder.choose(flags, picked, zero)
    }
}
