use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Scale, ScaleForm};

use crate::{
    real::Real,
    value::{Element, Elements, Shared, wrong_kind},
};

/// Elements moved and stretched; each operation rounds to the kind of the element.
pub(crate) fn run<'a>(scale: &Scale, arg: &[Shared<'a>]) -> Result<Vec<Shared<'a>>, Failure> {
    let parameter =
        |list: &Option<Vec<f64>>, i: usize| list.as_ref().and_then(|l| l.get(i).copied());
    let scaled = arg.iter().enumerate().map(|(i, element)| {
        let (offset, factor) = (parameter(&scale.offset, i), parameter(&scale.factor, i));
        let data = match &element.data {
            Elements::F32(v) => Elements::F32(compute(scale.form, offset, factor, v)),
            Elements::F64(v) => Elements::F64(compute(scale.form, offset, factor, v)),
            Elements::I64(_) | Elements::Bool(_) | Elements::Text(_) => {
                return Err(wrong_kind(element.data.kind()));
            }
        };
        Ok(Rc::new(Element { data, missing: element.missing.clone() }))
    });
    scaled.collect()
}

fn compute<R: Real>(
    form: ScaleForm,
    offset: Option<f64>,
    factor: Option<f64>,
    values: &[R],
) -> Vec<R> {
    let (offset, factor) = (offset.map(R::narrow), factor.map(R::narrow));
    let mut values = values.to_vec();
    let mut apply = |by: Option<R>, function: fn(R, R) -> R| {
        if let Some(by) = by {
            for x in &mut values {
                *x = function(*x, by);
            }
        }
    };
    match form {
        ScaleForm::SubtractDivide => {
            apply(offset, |x, by| x - by);
            apply(factor, |x, by| x / by);
        }
        ScaleForm::SubtractMultiply => {
            apply(offset, |x, by| x - by);
            apply(factor, |x, by| x * by);
        }
        ScaleForm::MultiplyAdd => {
            apply(factor, |x, by| x * by);
            apply(offset, |x, by| x + by);
        }
    }
    values
}
