use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Curve, CurveForm, Outside};

use super::{Kernel, Run};
use crate::{
    real::Real,
    value::{Cell, Element, Elements, Yield, wrong_kind},
};

impl Kernel for Curve {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let elements = run.value(self.arg)?.iter().map(|element| {
            Ok(Rc::new(match &element.data {
                Elements::F32(values) => along::<f32>(self, values, element),
                Elements::F64(values) => along::<f64>(self, values, element),
                other @ (Elements::I64(_) | Elements::Bool(_) | Elements::Text(_)) => {
                    return Err(wrong_kind(other.kind()));
                }
            }))
        });
        Ok(Yield::Value(elements.collect::<Result<_, _>>()?))
    }
}

fn along<'a, R: Real + Cell<'a> + Default>(
    curve: &Curve,
    values: &[R],
    arg: &Element<'_>,
) -> Element<'a> {
    let narrow = |list: &[f64]| list.iter().map(|&v| R::narrow(v)).collect::<Vec<R>>();
    let (x, y) = (narrow(&curve.x), narrow(&curve.y));
    let value = |(row, &at): (usize, &R)| {
        if arg.is_missing(row) { None } else { value(curve, &x, &y, at) }
    };
    Element::optional(values.iter().enumerate().map(value))
}

fn value<R: Real>(curve: &Curve, x: &[R], y: &[R], at: R) -> Option<R> {
    if at.nan() {
        return Some(at);
    }
    // The points at or before, so that of equal points the last one counts.
    let before = x.partition_point(|&point| point <= at);
    let last = x.len() - 1;
    if before > 0 && x[before - 1] == at {
        return Some(y[before - 1]);
    }
    let first = if before == 0 || before > last {
        match curve.outside {
            Outside::Missing => return None,
            Outside::Clamp => return Some(y[if before == 0 { 0 } else { last }]),
            Outside::Extend if last == 0 => return Some(y[0]),
            Outside::Extend => {
                if before == 0 {
                    0
                } else {
                    last - 1
                }
            }
        }
    } else {
        before - 1
    };
    let (x0, x1, y0, y1) = (x[first], x[first + 1], y[first], y[first + 1]);
    Some(match curve.form {
        CurveForm::Slope => (at - x0) * ((y1 - y0) / (x1 - x0)) + y0,
        CurveForm::Ratio => y0 + (at - x0) / (x1 - x0) * (y1 - y0),
    })
}
