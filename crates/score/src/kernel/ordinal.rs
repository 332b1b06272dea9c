use holdall_diag::{Failure, Location};
use holdall_table::Kind;
use holdall_tabular::{Ordinal, Unknown};

use crate::{
    codes,
    real::Real,
    rows::RowErrors,
    value::{CategoryIndex, Cell, Element, Elements, by_kind, truncated, wrong_kind},
};

/// Where a category came from, for messages.
pub(crate) struct Origin {
    /// The field it was read from, when nothing but casts and imputation came between.
    pub(crate) field: Option<String>,
    /// The node that asks.
    pub(crate) location: Location,
}

/// Refuses a row for an unlisted category; `found` is none when it was missing.
pub(super) fn refuse_unknown(
    errors: &mut RowErrors,
    row: usize,
    origin: &Origin,
    found: Option<String>,
) {
    errors.refuse(row, |number| {
        let column = origin.field.as_ref().map_or_else(String::new, |f| format!(", column `{f}`"));
        let found = found.map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"));
        Failure::malformed(
            codes::UNKNOWN,
            format!("row {number}{column}: expected a category of the model, found {found}"),
        )
        .at(origin.location.clone())
        .with_help("correct the value; the model refuses categories it was not trained on")
    });
}

/// A category as a number.
pub(crate) struct OrdinalStep {
    index: CategoryIndex,
    codes: Vec<f64>,
    unknown: Unknown,
    kind: Kind,
    origin: Origin,
}

impl OrdinalStep {
    pub(crate) fn new(ordinal: &Ordinal, origin: Origin) -> Self {
        Self {
            index: CategoryIndex::new(&ordinal.categories),
            codes: ordinal.codes.clone(),
            unknown: ordinal.unknown,
            kind: ordinal.kind,
            origin,
        }
    }

    pub(crate) fn run<'a>(
        &self,
        arg: &Element<'a>,
        errors: &mut RowErrors,
    ) -> Result<Element<'a>, Failure> {
        let codes = by_kind!(&arg.data, values => self.find(arg, values, errors));
        let flags: Vec<bool> = codes.iter().map(Option::is_none).collect();
        let numbers = codes.iter().map(|code| code.unwrap_or(0.0));
        let data = match self.kind {
            Kind::F32 => Elements::F32(numbers.map(f32::narrow).collect()),
            Kind::F64 => Elements::F64(numbers.collect()),
            Kind::I64 => Elements::I64(numbers.map(truncated).collect()),
            Kind::Bool | Kind::Text => return Err(wrong_kind(self.kind)),
        };
        Ok(Element { data, missing: flags.contains(&true).then_some(flags) })
    }

    fn find<'a, C: Cell<'a>>(
        &self,
        arg: &Element<'a>,
        values: &[C],
        errors: &mut RowErrors,
    ) -> Vec<Option<f64>> {
        let mut find = |(row, &value): (usize, &C)| {
            let missing = arg.is_missing(row);
            let place = if missing { self.index.missing() } else { self.index.find(value) };
            if let Some(place) = place {
                return self.codes.get(place as usize).copied();
            }
            match self.unknown {
                Unknown::Reject => {
                    refuse_unknown(errors, row, &self.origin, (!missing).then(|| value.text()));
                    None
                }
                Unknown::None => None,
                Unknown::Code(code) => Some(code),
            }
        };
        values.iter().enumerate().map(&mut find).collect()
    }
}
