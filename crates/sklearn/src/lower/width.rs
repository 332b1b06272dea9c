//! How many columns an estimator was fitted on, and their names.
//!
//! | from | says |
//! |---|---|
//! | 1.0 | `feature_names_in_` of data frames whose names are texts |
//! | 0.23 | `n_features_in_`, of most classes |
//! | before | `n_features_`, `_n_features`, `n_input_features_` of some, column transformers `_feature_names_in`; of the others the extent of a fitted array |

use holdall_diag::Failure;
use holdall_pickle::Value;

use super::{dict, estimator::Estimator, family};
use crate::codes;

/// Attributes that are the number of columns.
const COUNTS: [&str; 4] = ["n_features_in_", "n_features_", "_n_features", "n_input_features_"];

/// Fitted arrays whose last axis is the columns, in the order in which they are asked for.
const LAST_AXIS: [&str; 29] = [
    "dictionary",
    "x_mean_",
    "coef_",
    "statistics_",
    "scale_",
    "center_",
    "idf_",
    "_idf_diag",
    "components_",
    "cluster_centers_",
    "subcluster_centers_",
    "centroids_",
    "theta_",
    "X_train_",
    "X_fit_",
    "_fit_X",
    "X_",
    "lambdas_",
    "quantiles_",
    "bin_edges_",
    "variances_",
    "scores_",
    "location_",
    "labels_",
    "K_fit_rows_",
    "means_",
    "mean_",
    "support_vectors_",
    "feature_log_prob_",
];

/// Fitted arrays whose first axis is the columns.
const FIRST_AXIS: [&str; 1] = ["random_weights_"];

/// The names of the columns, of an estimator that was fitted on a data frame.
pub(super) fn names(estimator: &Estimator<'_>) -> Result<Option<Vec<String>>, Failure> {
    if is_dictionary(estimator) {
        return dict::names(estimator).map(Some);
    }
    if let Some(names) = estimator.get("feature_names_in_") {
        return Ok(Some(names.array()?.strings(estimator.pickle())?));
    }
    let names = estimator.get("_feature_names_in").and_then(|names| names.array().ok());
    // Until 0.24 names may be numbers as well, which say positions.
    Ok(names.and_then(|names| names.strings(estimator.pickle()).ok()))
}

/// Whether its columns are the keys of dictionaries.
fn is_dictionary(estimator: &Estimator<'_>) -> bool {
    estimator.object().name() == "DictVectorizer"
}

/// Whether an estimator itself says how many columns it takes.
pub(super) fn is_known(estimator: &Estimator<'_>) -> bool {
    is_dictionary(estimator)
        || estimator.get("feature_names_in_").is_some()
        || own(estimator).is_some()
}

/// How many columns an estimator was fitted on.
pub(super) fn of(first: &Estimator<'_>) -> Result<usize, Failure> {
    if let Some(width) = own(first) {
        return Ok(width);
    }
    let name = first.object().name();
    family(first)?;
    Err(first
        .refuse(codes::NOT_FITTED, format!("`{name}` does not say how many columns it takes"))
        .with_help(
            "fit the model before saving it; a step that learns nothing says it from 0.23, or where an \
             estimator follows it in a pipeline",
        ))
}

fn own(first: &Estimator<'_>) -> Option<usize> {
    if let Some(width) = first.get("n_features_in_").as_ref().and_then(count) {
        return Some(width);
    }
    // The features that a selection keeps are called `n_features_`.
    if let Some(ranking) = first.get("ranking_") {
        return extent(&ranking, Axis::Last);
    }
    if let Some(width) = fixed(first.object().name()) {
        return Some(width);
    }
    if let Some(width) = COUNTS.iter().find_map(|key| count(&first.get(key)?)) {
        return Some(width);
    }
    if let Some(shape) = first.get("shape_fit_") {
        return count(&shape.item(1).ok()?);
    }
    if let Some(near) = first.get("nbrs_") {
        return extent(&near.get("_fit_X")?, Axis::Last);
    }
    if let Some(layers) = first.get("coefs_") {
        return extent(&layers.item(0).ok()?, Axis::First);
    }
    if let Some(categories) = first.get("categories_") {
        return Some(categories.item_ids().ok()?.len());
    }
    let last = LAST_AXIS.iter().find_map(|key| extent(&first.get(key)?, Axis::Last));
    last.or_else(|| FIRST_AXIS.iter().find_map(|key| extent(&first.get(key)?, Axis::First)))
}

fn count(value: &Value<'_>) -> Option<usize> {
    usize::try_from(value.as_int()?).ok()
}

#[derive(Clone, Copy)]
enum Axis {
    First,
    Last,
}

/// The extent of an array, or of a sparse matrix (`_shape`, or `shape`).
fn extent(value: &Value<'_>, axis: Axis) -> Option<usize> {
    if !value.is_array() {
        let shape = value.get("_shape").or_else(|| value.get("shape"))?;
        return count(&shape.item(matches!(axis, Axis::Last).into()).ok()?);
    }
    let array = value.array().ok()?;
    match axis {
        Axis::First => Some(array.extent(0)),
        Axis::Last => array.ndim().checked_sub(1).map(|last| array.extent(last)),
    }
}

/// How many columns classes take that were not fitted on a table.
fn fixed(name: &str) -> Option<usize> {
    match name {
        "CountVectorizer" | "TfidfVectorizer" | "HashingVectorizer" | "LabelEncoder"
        | "LabelBinarizer" | "IsotonicRegression" => Some(1),
        "DummyClassifier" | "DummyRegressor" => Some(0),
        _ => None,
    }
}
