//! `ai.onnx.ml`.

use super::{
    Call, Known, Setting, Type,
    call::{Fault, fault, known, show, tensor},
};
use crate::{Dim, Elem};

pub(super) fn infer(call: &mut Call<'_>) -> Result<Vec<Known>, Fault> {
    let keep = |elem: Elem| vec![tensor(elem, call.dims(0))];
    Ok(match call.op {
        "Binarizer" | "Imputer" => keep(call.elem(0)),
        "Normalizer" | "Scaler" => keep(Elem::FLOAT),
        "CategoryMapper" => keep(match call.elem(0) {
            Elem::STRING => Elem::INT64,
            Elem(0) => Elem(0),
            _ => Elem::STRING,
        }),
        "LabelEncoder" => keep(label_type(call)),
        "ArrayFeatureExtractor" => extracted(call)?,
        "FeatureVectorizer" => vec![tensor(Elem::FLOAT, vectorized(call)?)],
        "OneHotEncoder" => vec![tensor(Elem::FLOAT, one_hot(call))],
        "LinearRegressor" | "SVMRegressor" | "TreeEnsembleRegressor" | "TreeEnsemble" => {
            regressor(call)
        }
        "LinearClassifier" | "SVMClassifier" | "TreeEnsembleClassifier" => classifier(call),
        "ZipMap" => {
            let key = if labels(call, "classlabels_strings").is_some() {
                Elem::STRING
            } else {
                Elem::INT64
            };
            let value = Type::Tensor(Elem::FLOAT, Some(Vec::new()));
            vec![Known::of(Type::Sequence(Box::new(Type::Map(key, Box::new(value)))))]
        }
        "DictVectorizer" => {
            let elem = match call.ty(0) {
                Some(Type::Map(_, value)) => value.elem().unwrap_or(Elem(0)),
                _ => Elem(0),
            };
            let width =
                labels(call, "string_vocabulary").or_else(|| labels(call, "int64_vocabulary"));
            let width = width.map_or(Dim::Unknown, Dim::Known);
            vec![tensor(elem, Some(vec![Dim::Known(1), width]))]
        }
        "CastMap" => {
            let elem = match call.text("cast_to", "TO_FLOAT").as_str() {
                "TO_STRING" => Elem::STRING,
                "TO_INT64" => Elem::INT64,
                _ => Elem::FLOAT,
            };
            let width = match call.text("map_form", "DENSE").as_str() {
                "SPARSE" => call.int("max_map").map_or(Dim::Unknown, known),
                _ => Dim::Unknown,
            };
            vec![tensor(elem, Some(vec![Dim::Known(1), width]))]
        }
        _ => Vec::new(),
    })
}

/// How many labels an attribute lists.
fn labels(call: &Call<'_>, name: &str) -> Option<u64> {
    let count = match (call.setting)(name)? {
        Setting::Texts(list) => list.len(),
        Setting::Ints(list) => list.len(),
        Setting::Int(_)
        | Setting::Float(_)
        | Setting::Text(_)
        | Setting::Floats(_)
        | Setting::Constant(_)
        | Setting::Type(_)
        | Setting::Graph
        | Setting::Other => return None,
    };
    (count > 0).then_some(count as u64)
}

fn label_type(call: &Call<'_>) -> Elem {
    for (name, elem) in [
        ("values_strings", Elem::STRING),
        ("values_int64s", Elem::INT64),
        ("values_floats", Elem::FLOAT),
    ] {
        if (call.setting)(name).is_some() {
            return elem;
        }
    }
    if let Some(Setting::Constant(values)) = (call.setting)("values_tensor") {
        return values.ty.as_ref().and_then(Type::elem).unwrap_or(Elem(0));
    }
    // Version 1 goes from texts to numbers and back.
    match call.elem(0) {
        Elem::STRING => Elem::INT64,
        Elem::INT64 => Elem::STRING,
        _ => Elem(0),
    }
}

fn extracted(call: &Call<'_>) -> Result<Vec<Known>, Fault> {
    let elem = call.elem(0);
    let Some(mut dims) = call.dims(0) else { return Ok(vec![tensor(elem, None)]) };
    let count = call.dims(1).map_or(Dim::Unknown, |d| super::call::product(&d));
    if let (Some(Dim::Known(width)), Some(indices)) = (dims.last(), call.ints(1)) {
        let outside = indices.iter().find(|i| u64::try_from(**i).map_or(true, |i| i >= *width));
        if let Some(outside) = outside {
            return fault(format!("column {outside} of {}", show(&dims)));
        }
    }
    // A vector is taken as one row.
    if dims.len() == 1 {
        dims = vec![Dim::Known(1), count];
    } else if let Some(last) = dims.last_mut() {
        *last = count;
    }
    Ok(vec![tensor(elem, Some(dims))])
}

fn batch(call: &Call<'_>) -> Dim {
    match call.ty(0).and_then(Type::dims) {
        // A vector is one row.
        Some([_]) => Dim::Known(1),
        Some([first, ..]) => first.clone(),
        Some([]) | None => Dim::Unknown,
    }
}

fn vectorized(call: &Call<'_>) -> Result<Option<Vec<Dim>>, Fault> {
    let widths = call.list("inputdimensions");
    if let Some(widths) = &widths
        && widths.len() != call.inputs.len()
    {
        return fault(format!("{} widths for {} inputs", widths.len(), call.inputs.len()));
    }
    let width = widths.map_or(Dim::Unknown, |w| known(w.iter().sum()));
    Ok(Some(vec![batch(call), width]))
}

fn one_hot(call: &Call<'_>) -> Option<Vec<Dim>> {
    let mut dims = call.dims(0)?;
    let count = labels(call, "cats_int64s").or_else(|| labels(call, "cats_strings"));
    dims.push(count.map_or(Dim::Unknown, Dim::Known));
    Some(dims)
}

fn regressor(call: &Call<'_>) -> Vec<Known> {
    let targets = match call.op {
        "LinearRegressor" => call.int_or("targets", 1),
        "SVMRegressor" => 1,
        _ => call.int("n_targets").unwrap_or(1),
    };
    let elem = if call.op == "TreeEnsemble" { call.elem(0) } else { Elem::FLOAT };
    vec![tensor(elem, Some(vec![batch(call), known(targets)]))]
}

fn classifier(call: &Call<'_>) -> Vec<Known> {
    let (texts, numbers) = match call.op {
        "LinearClassifier" => ("classlabels_strings", "classlabels_ints"),
        "SVMClassifier" => ("classlabels_strings", "classlabels_ints"),
        _ => ("classlabels_strings", "classlabels_int64s"),
    };
    let (label, count) = match (labels(call, texts), labels(call, numbers)) {
        (Some(count), _) => (Elem::STRING, Some(count)),
        (None, Some(count)) => (Elem::INT64, Some(count)),
        (None, None) => (Elem::INT64, None),
    };
    // With two classes and one row of scores runtimes still give both.
    let width = count.map_or(Dim::Unknown, Dim::Known);
    vec![
        tensor(label, Some(vec![batch(call)])),
        tensor(Elem::FLOAT, Some(vec![batch(call), width])),
    ]
}
