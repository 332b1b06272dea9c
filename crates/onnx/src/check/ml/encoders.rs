//! Operators that prepare columns: counts against columns, and lists without doubles.

use std::collections::BTreeSet;

use holdall_graph::{Dim, infer::Type};

use super::At;
use crate::codes;

pub(super) fn check(at: &mut At<'_, '_, '_, '_, '_>) {
    match at.node.op_type.as_str() {
        "LabelEncoder" => label_encoder(at),
        "OneHotEncoder" => {
            at.labels("cats_strings", "cats_int64s");
            flag(at, "zeros", 1);
        }
        "Imputer" => imputer(at),
        "Scaler" => scaler(at),
        "Normalizer" => at.one_of("norm", "MAX", &["MAX", "L1", "L2"], codes::ML_VALUE),
        "Binarizer" => {
            let threshold = super::attribute(at.node, "threshold").and_then(|a| a.f).unwrap_or(0.0);
            at.finite("threshold", &[threshold.into()]);
        }
        "CategoryMapper" => category_mapper(at),
        "DictVectorizer" => {
            at.labels("string_vocabulary", "int64_vocabulary");
        }
        "FeatureVectorizer" => feature_vectorizer(at),
        "ZipMap" => {
            let labels = at.labels("classlabels_strings", "classlabels_int64s");
            if let Some(width) = at.width()
                && labels as u64 != width
                && labels > 0
            {
                let message = format!("{labels} classes for {width} columns");
                at.error(codes::CLASS_LABELS, "classlabels_strings", message);
            }
        }
        "CastMap" => {
            let words = ["TO_FLOAT", "TO_STRING", "TO_INT64"];
            at.one_of("cast_to", "TO_FLOAT", &words, codes::ML_VALUE);
            at.one_of("map_form", "DENSE", &["DENSE", "SPARSE"], codes::ML_VALUE);
            if at.word("map_form", "DENSE") == "SPARSE" && at.int("max_map", 1) < 1 {
                at.error(codes::ML_VALUE, "max_map", "a sparse map has at least one column");
            }
        }
        _ => {}
    }
}

fn flag(at: &mut At<'_, '_, '_, '_, '_>, name: &str, default: i64) {
    let found = at.int(name, default);
    if !matches!(found, 0 | 1) {
        at.error(codes::ML_VALUE, name, format!("`{name}` is {found}, expected 0 or 1"));
    }
}

fn label_encoder(at: &mut At<'_, '_, '_, '_, '_>) {
    let classes = at.texts("classes_strings");
    if !classes.is_empty() {
        if classes.iter().collect::<BTreeSet<_>>().len() < classes.len() {
            at.error(codes::LABEL_ENCODER, "classes_strings", "a class is listed twice");
        }
        return;
    }
    let count = |at: &mut At<'_, '_, '_, '_, '_>, side: &str| {
        let mut found: Vec<(String, usize)> = Vec::new();
        for kind in ["strings", "int64s", "floats", "tensor"] {
            let name = format!("{side}_{kind}");
            let len = match kind {
                "strings" => at.texts(&name).len(),
                "int64s" => at.ints(&name).len(),
                "floats" => at.floats(&name).len(),
                _ => super::attribute(at.node, &name)
                    .and_then(|a| a.t.as_ref())
                    .map_or(0, |t| usize::try_from(t.dims.iter().product::<i64>()).unwrap_or(0)),
            };
            if at.has(&name) {
                found.push((name, len));
            }
        }
        found
    };
    let (keys, values) = (count(at, "keys"), count(at, "values"));
    for (side, list) in [("keys", &keys), ("values", &values)] {
        match list.as_slice() {
            [] => at.error(codes::LABEL_ENCODER, "", format!("no attribute gives the {side}")),
            [_] => {}
            [(name, _), ..] => {
                let name = name.clone();
                at.error(
                    codes::LABEL_ENCODER,
                    &name,
                    format!("several attributes give the {side}"),
                );
            }
        }
    }
    if let ([(name, a)], [(_, b)]) = (keys.as_slice(), values.as_slice())
        && a != b
    {
        let (name, message) = (name.clone(), format!("{a} keys for {b} values"));
        at.error(codes::LABEL_ENCODER, &name, message);
    }
    let texts = at.texts("keys_strings");
    let ints = at.ints("keys_int64s");
    let floats: Vec<u32> = at.floats("keys_floats").iter().map(|f| f.to_bits()).collect();
    let doubled = texts.iter().collect::<BTreeSet<_>>().len() < texts.len()
        || ints.iter().collect::<BTreeSet<_>>().len() < ints.len()
        || floats.iter().collect::<BTreeSet<_>>().len() < floats.len();
    if doubled {
        let message = "a key is listed twice: runtimes disagree on which value counts";
        at.error(codes::LABEL_ENCODER, "", message);
    }
    if at.floats("keys_floats").iter().any(|key| key.is_nan()) {
        let message = "a key is NaN: whether it matches depends on the version and the runtime";
        at.warn(codes::LABEL_ENCODER, "keys_floats", message);
    }
}

/// A list of one value for all columns, or one for each.
fn per_column(at: &mut At<'_, '_, '_, '_, '_>, name: &str, len: usize) {
    if let Some(width) = at.width()
        && len as u64 != width
        && len != 1
    {
        let message = format!("`{name}` has {len} values for {width} columns");
        at.error(codes::ML_LENGTHS, name, message);
    }
}

fn imputer(at: &mut At<'_, '_, '_, '_, '_>) {
    let (floats, ints) =
        (at.floats("imputed_value_floats").len(), at.ints("imputed_value_int64s").len());
    match (floats, ints) {
        (0, 0) => {
            at.error(codes::ML_LENGTHS, "", "nothing is given to put in place of a missing value");
        }
        (0, len) => per_column(at, "imputed_value_int64s", len),
        (len, 0) => per_column(at, "imputed_value_floats", len),
        (_, _) => at.error(
            codes::ML_LENGTHS,
            "imputed_value_int64s",
            "floats and integers are both given in place of a missing value",
        ),
    }
}

fn scaler(at: &mut At<'_, '_, '_, '_, '_>) {
    let (offset, scale) = (at.floats("offset").len(), at.floats("scale").len());
    if offset != scale {
        let message = format!("{offset} offsets for {scale} scales");
        at.error(codes::ML_LENGTHS, "offset", message);
        return;
    }
    for name in ["offset", "scale"] {
        let values: Vec<f64> = at.floats(name).iter().copied().map(f64::from).collect();
        per_column(at, name, values.len());
        at.finite(name, &values);
    }
}

fn category_mapper(at: &mut At<'_, '_, '_, '_, '_>) {
    let (texts, ints) = (at.texts("cats_strings"), at.ints("cats_int64s"));
    if texts.len() != ints.len() {
        let message = format!("{} texts for {} numbers", texts.len(), ints.len());
        at.error(codes::ML_LENGTHS, "cats_strings", message);
    }
    if texts.iter().collect::<BTreeSet<_>>().len() < texts.len()
        || ints.iter().collect::<BTreeSet<_>>().len() < ints.len()
    {
        at.error(codes::LABEL_ENCODER, "cats_strings", "a category is listed twice");
    }
}

fn feature_vectorizer(at: &mut At<'_, '_, '_, '_, '_>) {
    let widths = at.ints("inputdimensions");
    for (i, (wanted, input)) in widths.iter().zip(at.inputs).enumerate() {
        let found = match input.as_ref().and_then(|k| k.ty.as_ref()).and_then(Type::dims) {
            Some([_, Dim::Known(width)]) => i64::try_from(*width).ok(),
            _ => None,
        };
        if *wanted < 1 || found.is_some_and(|found| found != *wanted) {
            let has = found.map_or_else(String::new, |f| format!(", it has {f}"));
            let message = format!("input {i} is said to have {wanted} columns{has}");
            at.error(codes::ML_LENGTHS, "inputdimensions", message);
        }
    }
}
