use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Impute, Scalar};

use crate::value::{Cell, Element, Shared, by_kind, wrong_kind};

/// Elements with gaps filled.
pub(crate) struct ImputeStep {
    nan: bool,
    sentinel: Option<Scalar>,
    with: Vec<Scalar>,
}

impl ImputeStep {
    pub(crate) fn new(impute: &Impute) -> Self {
        Self {
            nan: impute.nan,
            sentinel: impute.sentinel.clone(),
            with: (0..impute.with.len()).filter_map(|i| impute.with.get(i)).collect(),
        }
    }

    pub(crate) fn run<'a>(&'a self, arg: &[Shared<'a>]) -> Result<Vec<Shared<'a>>, Failure> {
        let filled = arg.iter().zip(&self.with).map(|(element, with)| {
            by_kind!(&element.data, values => self.fill(element, values, with)).map(Rc::new)
        });
        filled.collect()
    }

    fn fill<'a, C: Cell<'a>>(
        &'a self,
        element: &Element<'a>,
        values: &[C],
        with: &'a Scalar,
    ) -> Result<Element<'a>, Failure> {
        let with = C::of_scalar(with).ok_or_else(|| wrong_kind(element.data.kind()))?;
        // A sentinel of another kind is equal to nothing.
        let sentinel = self.sentinel.as_ref().and_then(C::of_scalar);
        let fill = |row: usize, value: C| {
            let gap = element.is_missing(row)
                || (self.nan && value.is_nan_cell())
                || sentinel.is_some_and(|s| s == value);
            if gap { with } else { value }
        };
        Ok(Element::full(values.iter().enumerate().map(|(row, &v)| fill(row, v)).collect()))
    }
}
