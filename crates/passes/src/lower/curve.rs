//! A number along straight lines between points.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{Curve, CurveForm, Kind, Outside};

use super::{
    Context,
    value::{Gaps, Val},
};

impl Context<'_> {
    pub(super) fn curve(&mut self, curve: &Curve) -> Result<Val, Failure> {
        let arg = self.value(curve.arg)?;
        let (kind, x) = (arg.kind, self.full(&arg)?);
        let points = u32::try_from(curve.x.len()).unwrap_or(u32::MAX);
        let count = u64::from(points);
        let xs = self.builder.floats(kind, &[count], &curve.x)?;
        let ys = self.builder.floats(kind, &[count], &curve.y)?;
        let before = self.points_before(kind, x, &curve.x)?;
        let last = self.builder.whole(i64::from(points) - 1)?;
        let zero = self.builder.whole(0)?;
        let one = self.builder.whole(1)?;
        // At a point its value, of points with one x that of the last.
        let behind = self.builder.two("Sub", before, one)?;
        let some = self.builder.two("Greater", before, zero)?;
        let at = self.builder.choose(some, behind, zero)?;
        let x_at = self.builder.looked_up(xs, at)?;
        let y_at = self.builder.looked_up(ys, at)?;
        let here = self.builder.two("Equal", x, x_at)?;
        let beyond = self.builder.two("Greater", before, last)?;
        let early = self.builder.one("Not", some)?;
        let outside = self.builder.two("Or", early, beyond)?;
        let mut made = y_at;
        if points > 1 {
            let final_segment = self.builder.whole(i64::from(points) - 2)?;
            let late = self.builder.two("Greater", at, final_segment)?;
            let segment = self.builder.choose(late, final_segment, at)?;
            let line = self.line(curve, x, segment, (xs, ys))?;
            made = if curve.outside == Outside::Extend {
                line
            } else {
                self.builder.choose(outside, y_at, line)?
            };
        }
        made = self.builder.choose(here, y_at, made)?;
        let nan = self.builder.is_nan(x)?;
        let mut gaps = Self::carried(&arg);
        if curve.outside == Outside::Missing {
            let gap = self.builder.float(kind, f64::NAN)?;
            let elsewhere = self.builder.one("Not", here)?;
            let gone = self.builder.two("And", outside, elsewhere)?;
            made = self.builder.choose(gone, gap, made)?;
            gaps = Gaps::InBand;
        }
        let id = self.builder.choose(nan, x, made)?;
        Ok(Val::rows(kind, arg.width, id).with_gaps(gaps))
    }

    /// How many points are at or before each element.
    fn points_before(
        &mut self,
        kind: Kind,
        x: ValueId,
        points: &[f64],
    ) -> Result<ValueId, Failure> {
        let raised = self.builder.raised(x, 2)?;
        let points = self.builder.floats(kind, &[1, 1, points.len() as u64], points)?;
        let before = self.builder.two("GreaterOrEqual", raised, points)?;
        let ones = self.builder.cast(before, Kind::Bool, Kind::I64)?;
        let axis = self.builder.ints(&[2])?;
        let keep = vec![("keepdims", holdall_graph::Attribute::Int(0))];
        self.builder.node("ReduceSum", &[ones, axis], keep)
    }

    /// The line of a segment at each element.
    fn line(
        &mut self,
        curve: &Curve,
        x: ValueId,
        segment: ValueId,
        (xs, ys): (ValueId, ValueId),
    ) -> Result<ValueId, Failure> {
        let one = self.builder.whole(1)?;
        let next = self.builder.two("Add", segment, one)?;
        let x0 = self.builder.looked_up(xs, segment)?;
        let x1 = self.builder.looked_up(xs, next)?;
        let y0 = self.builder.looked_up(ys, segment)?;
        let y1 = self.builder.looked_up(ys, next)?;
        let along = self.builder.two("Sub", x, x0)?;
        let run = self.builder.two("Sub", x1, x0)?;
        let rise = self.builder.two("Sub", y1, y0)?;
        match curve.form {
            CurveForm::Slope => {
                let slope = self.builder.two("Div", rise, run)?;
                let moved = self.builder.two("Mul", along, slope)?;
                self.builder.two("Add", moved, y0)
            }
            CurveForm::Ratio => {
                let ratio = self.builder.two("Div", along, run)?;
                let moved = self.builder.two("Mul", ratio, rise)?;
                self.builder.two("Add", y0, moved)
            }
        }
    }
}
