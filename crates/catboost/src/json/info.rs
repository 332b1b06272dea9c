//! What the training left beside the model: members in JSON, texts in the binary form.

use holdall_diag::{Failure, Location, PathKind};
use holdall_source::Budget;
use holdall_tabular::Labels;
use serde::Deserialize;

use super::parts::{ClassParams, Label, ModelInfo, Params};
use crate::{
    codes,
    document::{Classes, Info},
};

/// The members of `model_info`.
pub(super) fn info(found: ModelInfo) -> Result<Info, Failure> {
    let mut info = Info {
        loss: found.params.and_then(|params| params.loss_function).map(|loss| loss.name),
        version: found.catboost_version_info.as_deref().and_then(version),
        ..Info::default()
    };
    if let Some(text) = found.binclass_probability_threshold {
        info.threshold = Some(threshold(&text).map_err(|f| f.at(at("/model_info")))?);
    }
    if let Some(params) = found.class_params {
        info.classes = classes(params).map_err(|f| f.at(at("/model_info/class_params")))?;
    }
    Ok(info)
}

/// One pair of the binary form.
pub(crate) fn info_of_text(
    info: &mut Info,
    key: &str,
    value: &str,
    budget: &mut Budget,
) -> Result<(), Failure> {
    match key {
        "params" => {
            let params: Params = parsed(value, budget)?;
            info.loss = params.loss_function.map(|loss| loss.name);
        }
        "class_params" | "multiclass_params" => info.classes = classes(parsed(value, budget)?)?,
        "binclass_probability_threshold" => info.threshold = Some(threshold(value)?),
        "catboost_version_info" => info.version = version(value),
        _ => {}
    }
    Ok(())
}

fn parsed<'t, T: Deserialize<'t>>(text: &'t str, budget: &mut Budget) -> Result<T, Failure> {
    budget.charge_elements(text.len() as u64, super::GROWTH)?;
    serde_json::from_str(text).map_err(|error| {
        let message = format!("a member of the model is not the JSON that belongs there: {error}");
        Failure::malformed(codes::JSON, message)
    })
}

/// `Summary: CatBoost release 1.2.10. …`, a line of many.
fn version(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("release ")?;
    let version: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    let version = version.trim_end_matches('.');
    (!version.is_empty()).then(|| version.to_owned())
}

fn threshold(text: &str) -> Result<f64, Failure> {
    let number = text.trim().parse().ok().filter(|p| (0.0..=1.0).contains(p));
    number.ok_or_else(|| {
        Failure::malformed(codes::NUMBER, format!("expected a probability, found `{text}`"))
    })
}

/// The names of the classes, or their numbers where they have none.
fn classes(params: ClassParams) -> Result<Option<Classes>, Failure> {
    let places: Option<Vec<f64>> = params
        .class_to_label
        .unwrap_or_default()
        .iter()
        .map(|label| match label {
            Label::Integer(number) => u32::try_from(*number).ok().map(f64::from),
            Label::Float(number) => Some(*number),
            Label::Bool(_) | Label::Text(_) => None,
        })
        .collect();
    let places = places.ok_or_else(|| bad("expected numbers in `class_to_label`"))?;
    let mut of_output = Vec::with_capacity(places.len());
    for place in &places {
        let whole =
            (0..=u32::from(u16::MAX)).contains(&truncated(*place)) && place.fract().abs() <= 0.0;
        if !whole {
            return Err(bad(format!("{place} is not the number of a class")));
        }
        of_output.push(truncated(*place));
    }
    let names = params.class_names.unwrap_or_default();
    if names.is_empty() && places.is_empty() {
        return Ok(None);
    }
    let count = of_output.iter().map(|&place| place + 1).max().unwrap_or_default();
    let names = if names.is_empty() {
        if params.classes_count > 1 << 16 {
            return Err(bad(format!("{} classes", params.classes_count)));
        }
        Labels::I64((0..i64::from(count.max(params.classes_count))).collect())
    } else {
        labels(names, params.class_label_type.as_deref())
    };
    Ok(Some(Classes { names, of_output }))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by its user")]
fn truncated(number: f64) -> u32 {
    number as u32
}

/// Labels of the kind that the file says, or of the kind they are.
fn labels(names: Vec<Label>, kind: Option<&str>) -> Labels {
    let floats = || -> Option<Vec<f64>> {
        names
            .iter()
            .map(|name| match name {
                #[expect(clippy::cast_precision_loss, reason = "labels of this kind are binary32")]
                Label::Integer(value) => Some(*value as f64),
                Label::Float(value) => Some(*value),
                Label::Bool(_) | Label::Text(_) => None,
            })
            .collect()
    };
    let integers = || -> Option<Vec<i64>> {
        let of = |name: &Label| if let Label::Integer(value) = name { Some(*value) } else { None };
        names.iter().map(of).collect()
    };
    let truths = || -> Option<Vec<bool>> {
        let of = |name: &Label| if let Label::Bool(value) = name { Some(*value) } else { None };
        names.iter().map(of).collect()
    };
    let found = match kind {
        Some("Boolean") => truths().map(Labels::Bool),
        Some("Float") => floats().map(Labels::F64),
        Some("String") => None,
        _ => integers().map(Labels::I64).or_else(|| floats().map(Labels::F64)),
    };
    found.unwrap_or_else(|| {
        let text = |name: Label| match name {
            Label::Bool(value) => value.to_string(),
            Label::Integer(value) => value.to_string(),
            Label::Float(value) => value.to_string(),
            Label::Text(text) => text,
        };
        Labels::Text(names.into_iter().map(text).collect())
    })
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::malformed(codes::CLASSES, message)
}

fn at(pointer: &str) -> Location {
    Location::path(PathKind::JsonPointer, pointer)
}
