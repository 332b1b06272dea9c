//! `DictVectorizer`: a row is a dictionary, here a table's row without its empty cells; `feature_extraction/
//! _dict_vectorizer.py`. `feature_names_` lists `key` for numbers and `key=text` for texts, in the order of
//! the output. A key that the row does not have and a text that is not listed give 0. The same in all
//! versions.

use holdall_diag::Failure;
use holdall_tabular::{Categories, Impute, Kind, Labels, OneHot, Op, Unknown};

use super::{
    Step,
    answer::Lowered,
    columns::{Column, Lowering, Origin},
    estimator::{Estimator, count},
    one_hot::scalar,
};
use crate::codes;

/// What a key of the dictionaries holds.
struct Key {
    name: String,
    /// The place of its number among the features.
    number: Option<usize>,
    /// Texts with their places.
    texts: Vec<(String, usize)>,
}

fn keys(e: &Estimator<'_>) -> Result<Vec<Key>, Failure> {
    let separator = e.word("separator").unwrap_or("=");
    let mut keys: Vec<Key> = Vec::new();
    for (place, feature) in e.fitted("feature_names_")?.items()?.enumerate() {
        let feature = feature.text()?;
        let (name, text) = match feature.split_once(separator) {
            Some((name, text)) => (name, Some(text)),
            None => (feature, None),
        };
        // Features are sorted by default, so those of a key mostly follow each other.
        let known = keys.iter().rposition(|key| key.name == name);
        let at = known.unwrap_or(keys.len());
        if known.is_none() {
            keys.push(Key { name: name.to_owned(), number: None, texts: Vec::new() });
        }
        if let Some(key) = keys.get_mut(at) {
            match text {
                Some(text) => key.texts.push((text.to_owned(), place)),
                None => key.number = Some(place),
            }
            if key.number.is_some() && !key.texts.is_empty() {
                let message = format!("the key `{name}` holds numbers and texts");
                return Err(e
                    .refuse(codes::KIND, message)
                    .with_help("give each kind its own key; a column holds texts or numbers"));
            }
        }
    }
    Ok(keys)
}

/// The keys in the order of the features: the columns of a table.
pub(super) fn names(e: &Estimator<'_>) -> Result<Vec<String>, Failure> {
    Ok(keys(e)?.into_iter().map(|key| key.name).collect())
}

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let keys = keys(e)?;
    e.expect_width("feature_names_", keys.len(), step.columns.len())?;
    let width = e.fitted("feature_names_")?.item_ids()?.len();
    lowering.budget.charge_elements(width as u64, size_of::<Option<Column>>())?;
    let mut output: Vec<Option<Column>> = vec![None; width];
    let mut set = |place: usize, column: Column| {
        if let Some(cell) = output.get_mut(place) {
            *cell = Some(column);
        }
    };
    for (key, column) in keys.into_iter().zip(step.columns) {
        if let Some(place) = key.number {
            let (arg, kind) = lowering.scalar(column, Kind::F64, e.value())?;
            let with =
                if kind == Kind::I64 { Labels::I64(vec![0]) } else { Labels::F64(vec![0.0]) };
            let filled =
                lowering.op(Op::Impute(Impute { arg, nan: true, sentinel: None, with }))?;
            set(place, scalar(filled, None));
            continue;
        }
        let (texts, places): (Vec<String>, Vec<usize>) = key.texts.into_iter().unzip();
        let (arg, _) = lowering.scalar(column, Kind::Text, e.value())?;
        let categories = Categories::new(Labels::Text(texts));
        let (drop, unknown, kind) = (None, Unknown::None, Kind::F64);
        let one_hot = OneHot { arg, categories, drop, unknown, kind };
        let vector = lowering.op(Op::OneHot(one_hot))?;
        let width = count(e.value(), places.len())?;
        for (index, place) in (0..width).zip(places) {
            set(place, Column { source: Origin::Element { vector, width, index }, open: None });
        }
    }
    Ok(Lowered::Columns(output.into_iter().flatten().collect()))
}
