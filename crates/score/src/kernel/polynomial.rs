use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::Polynomial;

use super::{Kernel, Run};
use crate::{
    real::Real,
    value::{Element, Elements, Shared, Yield, either_missing, wrong_kind},
};

impl Kernel for Polynomial {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let elements = run.value(self.arg)?;
        let term = |term: &Vec<u32>| match elements.first().map(|element| &element.data) {
            Some(Elements::F32(_)) => product::<f32>(term, elements, run.rows),
            Some(Elements::F64(_)) => product::<f64>(term, elements, run.rows),
            Some(other @ (Elements::I64(_) | Elements::Bool(_) | Elements::Text(_))) => {
                Err(wrong_kind(other.kind()))
            }
            None => Err(wrong_kind(holdall_table::Kind::F64)),
        };
        Ok(Yield::Value(self.terms.iter().map(term).collect::<Result<_, _>>()?))
    }
}

fn product<'a, R: Real>(
    term: &[u32],
    elements: &[Shared<'a>],
    rows: usize,
) -> Result<Shared<'a>, Failure> {
    let Some((&first, rest)) = term.split_first() else {
        let ones = R::elements(vec![R::ONE; rows]);
        return Ok(Rc::new(Element { data: ones, missing: None }));
    };
    let first = &elements[first as usize];
    if rest.is_empty() {
        return Ok(Rc::clone(first));
    }
    let mut values = R::slice(first)?.to_vec();
    let mut missing = first.missing.clone();
    for &factor in rest {
        let factor = &elements[factor as usize];
        for (value, &by) in values.iter_mut().zip(R::slice(factor)?) {
            *value = *value * by;
        }
        missing = either_missing(missing.as_ref(), factor.missing.as_ref());
    }
    Ok(Rc::new(Element { data: R::elements(values), missing }))
}
