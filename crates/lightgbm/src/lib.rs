//! LightGBM models in their text form, versions 2 to 4.
//!
//! Facts from the sources of microsoft/LightGBM 4.6: `src/boosting/gbdt_model_text.cpp` (the file),
//! `src/io/tree.cpp` and `include/LightGBM/tree.h` (the trees), `src/boosting/gbdt_prediction.cpp`
//! (the order of addition), `src/objective/*.hpp` (what becomes of the sum), `src/c_api.cpp` (values
//! within ±1e-35f become 0 before a tree sees them), `python-package/lightgbm/basic.py` (the
//! categories of data frames).
//!
//! The file is read line by line into a document (`decode`), which is then said in terms of the
//! tabular model (`lower`). Features are f64 and compared with `<=`; the trees are added in f64 in
//! the order of the file, from 0.

#![warn(clippy::indexing_slicing)]

mod decode;
mod document;
mod lower;
mod read;
mod text;

use holdall_codec::{BodyKind, Format, Reader};

/// The format.
pub const FORMAT: Format = Format {
    id: "lightgbm-text",
    title: "LightGBM text",
    extensions: &["txt", "lgb", "model"],
    media_type: "text/x-lightgbm",
    body: BodyKind::Tabular,
    read_options: &[],
    write_options: &[],
};

/// Reads LightGBM models in text form.
#[derive(Clone, Copy, Debug)]
pub struct LightGbm;

/// The reader.
pub const READER: &dyn Reader = &LightGbm;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        NOT_LIGHTGBM = "lightgbm/not-lightgbm": "the first line is not that of a LightGBM model";
        ENCODING = "lightgbm/encoding": "the file is not UTF-8";
        VERSION = "lightgbm/version": "the version of the text form is not carried";
        TRUNCATED = "lightgbm/truncated": "the file ends before the model does";
        LINE = "lightgbm/line": "a line is not `name=value`";
        MISSING = "lightgbm/missing": "a line that every model has is not there";
        DUPLICATE = "lightgbm/duplicate": "a line stands twice";
        NUMBER = "lightgbm/number": "a value is not a number of the kind that belongs here";
        COUNT = "lightgbm/count": "two counts that must agree do not";
        NODE = "lightgbm/node": "the nodes of a tree do not form a tree";
        FEATURE = "lightgbm/feature": "a split names a feature that does not exist";
        DECISION = "lightgbm/decision": "the type of a split is unknown";
        CATEGORIES = "lightgbm/categories": "the categories cannot be made out";
        OBJECTIVE = "lightgbm/objective": "the objective is unknown or its parameters are wrong";
        CUSTOM = "lightgbm/custom-objective": "what becomes of the sum is not in the file";
    }
}

#[cfg(test)]
mod tests;
