//! Features as fields; categories of data frames as codes.

use std::collections::BTreeMap;

use holdall_diag::{Failure, Location};
use holdall_source::Budget;
use holdall_tabular::{
    Categories, Field, Kind, Labels, MissingPolicy, Model, Op, Ordinal, Unknown, ValueId,
};
use serde_json::Value as Json;

use crate::{
    codes,
    document::Document,
    text::{Value, shorten},
};

/// Adds the fields and yields the vector of features.
pub(super) fn lower(
    document: &Document<'_>,
    model: &mut Model,
    budget: &mut Budget,
) -> Result<ValueId, Failure> {
    let names = &document.feature_names;
    budget.charge_elements(names.len() as u64, 2 * size_of::<Field>())?;
    model.named_inputs =
        !(0..).zip(names).all(|(i, name): (u32, _)| name.text == format!("Column_{i}"));
    let mut framed = framed(document)?;
    let mut vector = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let name = if model.named_inputs { name.text.to_owned() } else { format!("x{i}") };
        let value = if let Some(labels) = framed.remove(&i) {
            coded(model, name, labels)?
        } else {
            let field = if is_category(document, i) {
                Field::category(name, Kind::F64)
            } else {
                Field::number(name, Kind::F64)
            };
            model.push_field(field.with_missing(MissingPolicy::AsNan))?
        };
        vector.push(value);
    }
    model.push(Op::Concat(vector))
}

/// Whether the file lists categories for a feature rather than a range.
fn is_category(document: &Document<'_>, feature: usize) -> bool {
    document.feature_infos.get(feature).is_some_and(|info| {
        let text = info.text;
        !text.starts_with('[') && text != "none" && text.contains(':')
    })
}

/// A category column of a data frame: its position in the list is what the trees see. What is not in
/// the list, and missing, is NaN (`_data_from_pandas` in `basic.py`).
fn coded(model: &mut Model, name: String, labels: Labels) -> Result<ValueId, Failure> {
    let codes = (0..labels.len()).filter_map(|i| u32::try_from(i).ok()).map(f64::from).collect();
    let arg = model.push_field(Field::category(name, labels.kind()))?;
    model.push(Op::Ordinal(Ordinal {
        arg,
        categories: Categories::new(labels),
        codes,
        unknown: Unknown::Code(f64::NAN),
        kind: Kind::F64,
    }))
}

/// The features that are category columns, and their categories.
///
/// The file does not say which columns the lists belong to: they are those marked as categories, in
/// order, if there are as many. Ordered categories are coded too, but not marked.
fn framed(document: &Document<'_>) -> Result<BTreeMap<usize, Labels>, Failure> {
    let Some((line, lists)) = &document.pandas_categorical else { return Ok(BTreeMap::new()) };
    let here = Location::line(*line, 1);
    let features = document.feature_names.len();
    let marked: Option<Vec<usize>> = document.categorical_feature.as_ref().map(|list| {
        let mut list: Vec<usize> = list.iter().map(|&i| i as usize).collect();
        list.sort_unstable();
        list
    });
    let listed: Vec<usize> = (0..features).filter(|&i| is_category(document, i)).collect();
    let chosen = marked
        .into_iter()
        .chain([listed])
        .find(|found| found.len() == lists.len() && found.iter().all(|&i| i < features));
    let Some(chosen) = chosen else {
        return Err(Failure::unsupported(
            codes::CATEGORIES,
            format!(
                "the file lists the categories of {} columns of a data frame and does not say \
                 which columns they are",
                lists.len()
            ),
        )
        .at(here)
        .with_help("ordered categories are such a case: train on their codes, or unordered"));
    };
    chosen
        .into_iter()
        .zip(lists)
        .map(|(feature, list)| {
            let name = document.feature_names.get(feature).copied();
            Ok((feature, labels(list, name).map_err(|failure| failure.at(here.clone()))?))
        })
        .collect()
}

fn labels(list: &[Json], name: Option<Value<'_>>) -> Result<Labels, Failure> {
    let texts: Option<Vec<String>> =
        list.iter().map(|value| value.as_str().map(ToOwned::to_owned)).collect();
    let integers: Option<Vec<i64>> = list.iter().map(Json::as_i64).collect();
    let truths: Option<Vec<bool>> = list.iter().map(Json::as_bool).collect();
    let floats: Option<Vec<f64>> = list.iter().map(Json::as_f64).collect();
    texts
        .map(Labels::Text)
        .or_else(|| integers.map(Labels::I64))
        .or_else(|| truths.map(Labels::Bool))
        .or_else(|| floats.map(Labels::F64))
        .ok_or_else(|| {
            let name = name.map_or_else(String::new, |name| shorten(name.text));
            let message = format!("the categories of `{name}` are not all of one kind");
            Failure::unsupported(codes::CATEGORIES, message)
        })
}
