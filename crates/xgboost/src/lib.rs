//! XGBoost models as JSON and UBJSON, from version 1.0 on. Both forms hold the same document.
//!
//! Facts from the sources of dmlc/xgboost 1.7 to 3.2: `doc/model.schema` and `src/tree/tree_model.cc`
//! (the file), `src/predictor/cpu_predictor.cc` and `predict_fn.h` (trees), `src/gbm/gbtree.cc`
//! (DART), `src/gbm/gblinear.cc`, `src/objective/` (what becomes of the sum, and of `base_score`),
//! `src/common/categorical.h`, `src/data/cat_container.cc` (categories of data frames).
//!
//! A snapshot, as pickles of boosters hold one (`Config` and `Model`), is read for its model.
//!
//! Everything is binary32: features, thresholds, leaves, and the sum, which starts with the base
//! score and takes the trees in the order of the file. A missing value and NaN are the same and go
//! the default way.
//!
//! One deviation: a category code between −1 and 0 counts as 0 here, as it does in the tabular
//! model, and as invalid in XGBoost.

#![warn(clippy::indexing_slicing)]

mod decode;
mod document;
mod lower;
mod read;

use holdall_codec::{BodyKind, Format, OptionInfo, Reader};

/// The JSON form.
pub const FORMAT_JSON: Format = Format {
    id: "xgboost-json",
    title: "XGBoost JSON",
    extensions: &["json"],
    media_type: "application/json",
    body: BodyKind::Tabular,
    read_options: ITERATIONS,
    write_options: &[],
};

/// The UBJSON form.
pub const FORMAT_UBJ: Format = Format {
    id: "xgboost-ubj",
    title: "XGBoost UBJSON",
    extensions: &["ubj", "xgb", "model"],
    media_type: "application/ubjson",
    body: BodyKind::Tabular,
    read_options: ITERATIONS,
    write_options: &[],
};

const ITERATIONS: &[OptionInfo] = &[OptionInfo {
    key: "iterations",
    values: "all|best|1, 2, …",
    default: "all",
    help: "how many iterations of boosting answer; `best` is the one that early stopping noted",
}];

/// Reads XGBoost models in JSON form.
#[derive(Clone, Copy, Debug)]
pub struct XgboostJson;

/// Reads XGBoost models in UBJSON form.
#[derive(Clone, Copy, Debug)]
pub struct XgboostUbj;

/// The reader of the JSON form.
pub const READER_JSON: &dyn Reader = &XgboostJson;

/// The reader of the UBJSON form.
pub const READER_UBJ: &dyn Reader = &XgboostUbj;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        JSON = "xgboost/json": "the file is not JSON, or not that of an XGBoost model";
        OLD_BINARY = "xgboost/old-binary": "the binary form from before JSON is not carried";
        MISSING = "xgboost/missing": "a member that every model has is not there";
        NUMBER = "xgboost/number": "a text is not the number that belongs here";
        COUNT = "xgboost/count": "two counts that must agree do not";
        NODE = "xgboost/node": "the nodes of a tree do not form a tree";
        FEATURE = "xgboost/feature": "a split names a feature that does not exist";
        CATEGORIES = "xgboost/categories": "the categories make no sense";
        BOOSTER = "xgboost/booster": "the booster is not carried";
        OBJECTIVE = "xgboost/objective": "the objective is not carried";
        VECTOR_LEAF = "xgboost/vector-leaf": "vectors in leaves are not carried in this form";
        BASE_SCORE = "xgboost/base-score": "the base score is not one that the objective can have";
        ITERATIONS = "xgboost/iterations": "an iteration is asked for that the model does not have";
        BEST_ITERATION = "xgboost/best-iteration": "the file names a best iteration and is read whole";
        TARGETS = "xgboost/targets": "each of several targets answers with its own probability";
    }
}

#[cfg(test)]
mod tests;
