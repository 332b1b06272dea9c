//! Features as fields; categories of data frames as codes.

use holdall_diag::Failure;
use holdall_source::Budget;
use holdall_tabular::{
    Categories, Field, Kind, Labels, MissingPolicy, Model, Op, Ordinal, Unknown, ValueId,
};

use super::{Shape, expect_count, fail};
use crate::{
    codes,
    document::{Encoding, Number},
};

/// What the file calls its features; both lists may be empty.
pub(super) struct Names<'d> {
    pub(super) names: &'d [String],
    pub(super) types: &'d [String],
}

/// Adds the fields and yields the vector of features.
pub(super) fn lower(
    names: &Names<'_>,
    cats: &[Encoding],
    shape: &Shape,
    model: &mut Model,
    budget: &mut Budget,
) -> Result<ValueId, Failure> {
    let features = shape.features;
    model.named_inputs = !names.names.is_empty();
    if model.named_inputs {
        expect_count("feature names", names.names.len(), features, "/learner/feature_names")?;
    }
    if !names.types.is_empty() {
        expect_count("feature types", names.types.len(), features, "/learner/feature_types")?;
    }
    if !cats.is_empty() {
        expect_count("lists of categories", cats.len(), features, ENC)?;
    }
    budget.charge_elements(features as u64, 2 * size_of::<Field>())?;
    let mut vector = budget.vec(features)?;
    for i in 0..features {
        let name = names.names.get(i).cloned().unwrap_or_else(|| format!("x{i}"));
        let labels = cats.get(i).map(|encoding| labels(encoding, i)).transpose()?.flatten();
        let value = if let Some(labels) = labels {
            coded(model, name, labels)?
        } else {
            let field = if names.types.get(i).is_some_and(|kind| kind == "c") {
                Field::category(name, Kind::F32)
            } else {
                Field::number(name, Kind::F32)
            };
            model.push_field(field.with_missing(MissingPolicy::AsNan))?
        };
        vector.push(value);
    }
    model.push(Op::Concat(vector))
}

const ENC: &str = "/learner/gradient_booster/model/cats/enc";

/// A category column of a data frame: its position in the list is what the trees see. Missing is NaN;
/// what is not in the list is an error, as in XGBoost (`ReportMissing` in `src/encoder/ordinal.h`).
fn coded(model: &mut Model, name: String, labels: Labels) -> Result<ValueId, Failure> {
    let codes = (0..labels.len())
        .filter_map(|i| u32::try_from(i).ok())
        .map(f64::from)
        .chain([f64::NAN])
        .collect();
    let arg = model.push_field(Field::category(name, labels.kind()))?;
    model.push(Op::Ordinal(Ordinal {
        arg,
        categories: Categories { values: labels, missing: true },
        codes,
        unknown: Unknown::Reject,
        kind: Kind::F32,
    }))
}

/// The categories of a feature; none for a number.
fn labels(encoding: &Encoding, feature: usize) -> Result<Option<Labels>, Failure> {
    let pointer = format!("{ENC}/{feature}");
    if encoding.values.is_empty() && encoding.offsets.as_ref().is_none_or(|o| o.len() < 2) {
        return Ok(None);
    }
    let Some(offsets) = &encoding.offsets else {
        return Ok(Some(numbers(&encoding.values)));
    };
    let bytes: Option<Vec<u8>> = encoding
        .values
        .iter()
        .map(|value| match *value {
            // Bytes are written as signed by some versions.
            Number::Whole(byte) => {
                u8::try_from(byte).ok().or_else(|| Some(i8::try_from(byte).ok()?.cast_unsigned()))
            }
            Number::Fraction(_) => None,
        })
        .collect();
    let bytes = bytes.ok_or_else(|| {
        fail(codes::CATEGORIES, "expected the bytes of texts", &format!("{pointer}/values"))
    })?;
    let texts: Option<Vec<String>> = offsets
        .array_windows()
        .map(|&[begin, end]| {
            let range = usize::try_from(begin).ok()?..usize::try_from(end).ok()?;
            String::from_utf8(bytes.get(range)?.to_vec()).ok()
        })
        .collect();
    texts.map(|texts| Some(Labels::Text(texts))).ok_or_else(|| {
        fail(codes::CATEGORIES, "the offsets do not cut the bytes into texts", &pointer)
    })
}

fn numbers(values: &[Number]) -> Labels {
    let whole: Option<Vec<i64>> = values
        .iter()
        .map(|value| match *value {
            Number::Whole(value) => Some(value),
            Number::Fraction(_) => None,
        })
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "a whole number among fractions is short")]
    whole.map_or_else(
        || {
            let all = values.iter().map(|value| match *value {
                Number::Whole(value) => value as f64,
                Number::Fraction(value) => value,
            });
            Labels::F64(all.collect())
        },
        Labels::I64,
    )
}
