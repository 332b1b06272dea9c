//! B-splines as derived fields: de Boor's triangle step by step, in the order of the tabular model.

use holdall_tabular::{Construct, Kind, Spline, SplineOutside, TransformKind, ValueId};

use super::{
    Item, Raise, Stop,
    expr::{Expr, apply, guarded, number as constant},
    tables::halves,
};

const SPLINE: Construct = Construct::Transform(TransformKind::Spline);

/// Most pieces of a spline that are written out.
const MOST_PIECES: usize = 256;

fn number(value: f64) -> Expr {
    constant(value, Kind::F64)
}

impl Raise<'_> {
    pub(super) fn spline(&mut self, id: ValueId, op: &Spline) -> Result<Vec<Item>, Stop> {
        let degree = op.degree as usize;
        let splines = (op.knots.len()).saturating_sub(degree + 1);
        let knot = |i: usize| op.knots.get(i).copied().unwrap_or_default();
        let (low, high) = (knot(degree), knot(splines));
        let x = self.arg(op.arg, 0)?;
        let base = format!("spline({})", self.label(&x));
        let x = match op.outside {
            SplineOutside::Continue => x,
            SplineOutside::Constant => {
                let test = apply("greaterThan", [x.clone(), number(high)]);
                let held = apply("if", [test, number(high), x.clone()]);
                let test = apply("lessThan", [x, number(low)]);
                self.bind(&base, Kind::F64, apply("if", [test, number(low), held]))
            }
            SplineOutside::Periodic => {
                let period = high - low;
                let from = self.bind(&base, Kind::F64, apply("-", [x, number(low)]));
                let turns = apply("/", [from.clone(), number(period)]);
                let turns = self.bind(&base, Kind::F64, turns);
                let whole = self.bind(&base, Kind::F64, guarded("floor", turns));
                let less = apply("*", [number(period), whole]);
                let turned = apply("-", [from, less]);
                self.bind(&base, Kind::F64, apply("+", [number(low), turned]))
            }
            SplineOutside::Reject | SplineOutside::Linear => {
                return Err(Stop::refuse(
                    SPLINE,
                    "beyond its ends a row is refused, or straight lines go on",
                ));
            }
        };
        // The pieces: where each starts, and the splines that are not zero there.
        let mut pieces: Vec<(f64, usize, Vec<Expr>)> = Vec::new();
        for interval in degree..splines {
            if knot(interval) < knot(interval + 1) {
                if pieces.len() == MOST_PIECES {
                    return Err(Stop::refuse(SPLINE, "more than 256 pieces"));
                }
                let local = self.local_splines(&base, &x, op, interval);
                pieces.push((knot(interval), interval, local));
            }
        }
        let mut items = Vec::new();
        for spline in 0..splines {
            if !self.used.element(id, spline) {
                items.push(Item::Unused);
                continue;
            }
            let places: Vec<(f64, Expr)> = pieces
                .iter()
                .map(|(start, interval, local)| {
                    let place = (spline + degree).checked_sub(*interval);
                    let value = place.and_then(|place| local.get(place)).cloned();
                    (*start, value.unwrap_or(number(0.0)))
                })
                .collect();
            let expr = halves(Kind::F64, &x, &places);
            // What holds for every number is missing where there is none.
            let expr = super::expr::present(x.clone(), expr);
            items.push(Item::Field(self.derive(
                &format!("{base}_{spline}"),
                Kind::F64,
                false,
                expr,
            )));
        }
        Ok(items)
    }

    /// The splines that are not zero in an interval, first to last.
    fn local_splines(&mut self, base: &str, x: &Expr, op: &Spline, interval: usize) -> Vec<Expr> {
        let knot = |i: usize| op.knots.get(i).copied().unwrap_or_default();
        let mut values = vec![number(1.0)];
        for d in 1..=op.degree as usize {
            let mut next: Vec<Option<Expr>> = vec![None; d + 1];
            for (i, value) in values.into_iter().enumerate() {
                let (left, right) = (knot(interval + 1 + i - d), knot(interval + 1 + i));
                let width = right - left;
                let share = if width > 0.0 {
                    self.bind(base, Kind::F64, apply("/", [value, number(width)]))
                } else {
                    number(0.0)
                };
                let falling = apply("-", [number(right), x.clone()]);
                let rising = apply("-", [x.clone(), number(left)]);
                for (place, side) in [(i, falling), (i + 1, rising)] {
                    let term = apply("*", [side, share.clone()]);
                    if let Some(slot) = next.get_mut(place) {
                        *slot = Some(match slot.take() {
                            None => term,
                            Some(before) => apply("+", [before, term]),
                        });
                    }
                }
            }
            values = next
                .into_iter()
                .flatten()
                .map(|value| self.bind(&format!("{base} in {interval}"), Kind::F64, value))
                .collect();
        }
        values
    }
}
