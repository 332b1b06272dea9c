use holdall_diag::Failure;

use crate::value::{Cell, Element, by_kind};

/// One of two elements, row by row.
pub(crate) fn run<'a>(
    condition: &Element<'a>,
    yes: &Element<'a>,
    no: &Element<'a>,
) -> Result<Element<'a>, Failure> {
    let conditions = condition.values::<bool>()?;
    let any_missing = [condition, yes, no].iter().any(|e| e.missing.is_some());
    let missing = any_missing.then(|| {
        (conditions.iter().enumerate())
            .map(|(row, &chosen)| {
                condition.is_missing(row) || if chosen { yes } else { no }.is_missing(row)
            })
            .collect()
    });
    let data = by_kind!(&yes.data, yes => choose(conditions, yes, no.values()?));
    Ok(Element { data, missing })
}

fn choose<'a, C: Cell<'a>>(conditions: &[bool], yes: &[C], no: &[C]) -> crate::value::Elements<'a> {
    let both = yes.iter().zip(no);
    C::wrap(conditions.iter().zip(both).map(|(&c, (&y, &n))| if c { y } else { n }).collect())
}
