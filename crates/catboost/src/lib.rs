//! CatBoost models as JSON and in the binary form `cbm`. Both hold the same document.
//!
//! Facts from the sources of catboost/catboost, release 1.2: `catboost/libs/model/flatbuffers/*.fbs` and
//! `model.cpp` (the binary form), `model_export/json_model_helpers.cpp` (JSON), `cpu/quantization.h` and
//! `cpu/evaluator_impl.cpp` (features and trees), `static_ctr_provider.cpp`, `ctr_provider.h`, `hash.h` and
//! `online_ctr.h` (target statistics), `libs/cat_feature` (categories), `eval_processing.h` and
//! `libs/eval_result` (what becomes of the sum), `python-package/catboost/core.py` (what `predict` asks for).
//!
//! Features, borders and target statistics are binary32, leaves and sums binary64. The sum starts at 0,
//! takes the trees in order, is scaled, and the bias is added last.

#![warn(clippy::indexing_slicing)]

mod cbm;
mod document;
mod flat;
mod json;
mod lower;
mod read;

use holdall_codec::{BodyKind, Format, Reader};

/// The JSON form.
pub const FORMAT_JSON: Format = Format {
    id: "catboost-json",
    title: "CatBoost JSON",
    extensions: &["json"],
    media_type: "application/json",
    body: BodyKind::Tabular,
    read_options: &[],
    write_options: &[],
};

/// The binary form.
pub const FORMAT_CBM: Format = Format {
    id: "catboost-cbm",
    title: "CatBoost binary",
    extensions: &["cbm"],
    media_type: "application/octet-stream",
    body: BodyKind::Tabular,
    read_options: &[],
    write_options: &[],
};

/// Reads CatBoost models in JSON form.
#[derive(Clone, Copy, Debug)]
pub struct CatboostJson;

/// Reads CatBoost models in binary form.
#[derive(Clone, Copy, Debug)]
pub struct CatboostCbm;

/// The reader of the JSON form.
pub const READER_JSON: &dyn Reader = &CatboostJson;

/// The reader of the binary form.
pub const READER_CBM: &dyn Reader = &CatboostCbm;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        JSON = "catboost/json": "the file is not JSON, or not that of a CatBoost model";
        CBM = "catboost/cbm": "the file is not the binary form of a CatBoost model, or it is cut";
        FLATBUFFER = "catboost/flatbuffer": "an offset or length leads out of the binary form";
        VERSION = "catboost/version": "the binary form has a version that is not carried";
        PART = "catboost/part": "the binary form has a part that is not carried";
        MISSING = "catboost/missing": "a member that every model has is not there";
        COUNT = "catboost/count": "two counts that must agree do not";
        NODE = "catboost/node": "the nodes of a tree do not form a tree";
        SPLIT = "catboost/split": "a tree asks a question that the model does not have";
        FEATURE = "catboost/feature": "a feature makes no sense, or one is named that does not exist";
        NUMBER = "catboost/number": "a number is not one that belongs here";
        CLASSES = "catboost/classes": "the classes make no sense";
        CTR = "catboost/ctr": "a target statistic makes no sense";
        TEXT_FEATURE = "catboost/text-feature": "text features are not carried";
        EMBEDDING_FEATURE = "catboost/embedding-feature": "embedding features are not carried";
        INTERPOLATION = "catboost/interpolation": "interpolated borders are not carried";
        LOSS = "catboost/loss": "the loss function is not known, and the answers are the sums";
        TARGETS = "catboost/targets": "each of several targets answers with its own probability";
        NO_CATEGORIES = "catboost/no-categories": "the file has hashes instead of the categories";
    }
}

#[cfg(test)]
mod tests;
