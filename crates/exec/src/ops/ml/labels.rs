//! The labels that classifiers carry, as integers or as texts.

use holdall_diag::Failure;

use crate::{Array, Keys, TensorValue, ops::Setup};

/// The labels of a classifier, from the attributes with these names.
pub(super) fn labels(setup: &Setup<'_>, ints: &str, texts: &str) -> Result<Keys, Failure> {
    if let Some(texts) = setup.texts(texts)?.filter(|v| !v.is_empty()) {
        return Ok(Keys::Texts(texts));
    }
    match setup.ints(ints)?.filter(|v| !v.is_empty()) {
        Some(ints) => Ok(Keys::Ints(ints)),
        None => Err(setup.refuse("the classifier has no labels")),
    }
}

/// The labels at these positions; positions come from the classifier and exist.
pub(super) fn pick(labels: &Keys, chosen: &[usize]) -> Result<TensorValue, Failure> {
    Ok(match labels {
        Keys::Ints(all) => TensorValue::I64(Array::new(
            &[chosen.len()],
            chosen.iter().map(|&i| all.get(i).copied().unwrap_or(1)).collect(),
        )?),
        Keys::Texts(all) => TensorValue::Text(Array::new(
            &[chosen.len()],
            chosen.iter().map(|&i| all.get(i).cloned().unwrap_or_default()).collect(),
        )?),
    })
}
