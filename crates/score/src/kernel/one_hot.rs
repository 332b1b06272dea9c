use std::{cmp::Ordering, rc::Rc};

use holdall_diag::Failure;
use holdall_table::Kind;
use holdall_tabular::{OneHot, Unknown};

use super::ordinal::{Origin, refuse_unknown};
use crate::{
    rows::RowErrors,
    value::{CategoryIndex, Cell, Element, Elements, Shared, by_kind, wrong_kind},
};

/// A category as indicators.
pub(crate) struct OneHotStep {
    index: CategoryIndex,
    total: u32,
    drop: Option<u32>,
    rejects: bool,
    kind: Kind,
    origin: Origin,
}

impl OneHotStep {
    pub(crate) fn new(one_hot: &OneHot, origin: Origin) -> Self {
        Self {
            index: CategoryIndex::new(&one_hot.categories),
            // Validation counted the categories.
            total: u32::try_from(one_hot.categories.len()).unwrap_or(u32::MAX),
            drop: one_hot.drop,
            rejects: one_hot.unknown == Unknown::Reject,
            kind: one_hot.kind,
            origin,
        }
    }

    pub(crate) fn run<'a>(
        &self,
        arg: &Element<'a>,
        errors: &mut RowErrors,
    ) -> Result<Vec<Shared<'a>>, Failure> {
        let places = self.places(arg, errors);
        let width = self.total - u32::from(self.drop.is_some());
        let indicators = (0..width).map(|i| {
            let is_it = places.iter().map(|&place| place == Some(i));
            let data = match self.kind {
                Kind::F32 => Elements::F32(is_it.map(|b| f32::from(u8::from(b))).collect()),
                Kind::F64 => Elements::F64(is_it.map(|b| f64::from(u8::from(b))).collect()),
                Kind::I64 => Elements::I64(is_it.map(i64::from).collect()),
                Kind::Bool | Kind::Text => return Err(wrong_kind(self.kind)),
            };
            Ok(Rc::new(Element { data, missing: None }))
        });
        indicators.collect()
    }

    /// For each row which indicator is 1, if one is.
    pub(crate) fn places(&self, arg: &Element<'_>, errors: &mut RowErrors) -> Vec<Option<u32>> {
        let found = by_kind!(&arg.data, values => self.find(arg, values, errors));
        let Some(drop) = self.drop else { return found };
        let place = |category: u32| match category.cmp(&drop) {
            Ordering::Less => Some(category),
            Ordering::Equal => None,
            Ordering::Greater => Some(category - 1),
        };
        found.into_iter().map(|category| category.and_then(place)).collect()
    }

    fn find<'a, C: Cell<'a>>(
        &self,
        arg: &Element<'a>,
        values: &[C],
        errors: &mut RowErrors,
    ) -> Vec<Option<u32>> {
        let mut find = |(row, &value): (usize, &C)| {
            let missing = arg.is_missing(row);
            let found = if missing { self.index.missing() } else { self.index.find(value) };
            if found.is_none() && self.rejects {
                refuse_unknown(errors, row, &self.origin, (!missing).then(|| value.text()));
            }
            found
        };
        values.iter().enumerate().map(&mut find).collect()
    }
}
