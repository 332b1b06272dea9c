//! scikit-learn models in pickle, joblib and skops files, 0.22 to 1.9, without Python.
//!
//! The stream becomes a tree of inert nodes (`holdall-pickle`); nothing in it is imported or called. The
//! fitted attributes are then said in terms of the tabular model (`lower`), one file a family of
//! estimators. What loading the file would run is judged first: a dangerous pickle is not read.
//!
//! Facts from the sources of scikit-learn 0.22.2 to 1.9.1, as each file says.
//!
//! - A number column enters as f64, missing as NaN; where an estimator refuses NaN and nothing before
//!   it fills the gaps, the row is refused.
//! - A column is text or number as its consumer was fitted. Columns of a data frame that no step
//!   uses are not asked for.

#![warn(clippy::indexing_slicing)]

mod facts;
mod lower;
mod read;
mod skops;
mod version;

use holdall_codec::{BodyKind, Format, Reader};

/// The format: pickle of any protocol, or joblib with any compression.
pub const FORMAT: Format = Format {
    id: "sklearn-pickle",
    title: "scikit-learn pickle",
    extensions: &["pkl", "joblib", "pickle"],
    media_type: "application/x-python-pickle",
    body: BodyKind::Tabular,
    read_options: &[],
    write_options: &[],
};

/// The format: the archive of `skops.io`.
pub const FORMAT_SKOPS: Format = Format {
    id: "sklearn-skops",
    title: "scikit-learn skops",
    extensions: &["skops"],
    media_type: "application/zip",
    body: BodyKind::Tabular,
    read_options: &[],
    write_options: &[],
};

/// Reads scikit-learn models from pickle and joblib files.
#[derive(Clone, Copy, Debug)]
pub struct Sklearn;

/// The reader.
pub const READER: &dyn Reader = &Sklearn;

/// Reads scikit-learn models from skops files.
#[derive(Clone, Copy, Debug)]
pub struct Skops;

/// The reader of skops files.
pub const READER_SKOPS: &dyn Reader = &Skops;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        DANGEROUS = "sklearn/dangerous-pickle": "loading the pickle can run code, so it is not read";
        NOT_AN_ESTIMATOR = "sklearn/not-an-estimator": "the pickle does not hold a scikit-learn estimator";
        CLASS = "sklearn/class": "an estimator of this class is not carried";
        PARAMETER = "sklearn/parameter": "an estimator was fitted with a setting that is not carried";
        NOT_FITTED = "sklearn/not-fitted": "an attribute that fitting sets is not there";
        SHAPE = "sklearn/shape": "fitted attributes or steps contradict each other";
        TREE = "sklearn/tree": "the nodes of a tree do not form a tree";
        OUTPUTS = "sklearn/outputs": "a classifier with several targets, or with one class, is not carried";
        COLUMNS = "sklearn/columns": "the columns that a step takes cannot be made out";
        KIND = "sklearn/kind": "a column is used as text and as a number";
        DEPTH = "sklearn/depth": "steps within steps go too deep";
        NEWER = "sklearn/newer-version": "the model was saved by a version that this reader does not know";
        MIXED_VERSIONS = "sklearn/mixed-versions": "parts of the model were saved by different versions";
        ROUNDED = "sklearn/rounded": "the library's own rounding is part of its answers, and is not followed";
        ROW_BY_ROW = "sklearn/row-by-row": "the library decides for all rows of a call together, here each row is a call";
        TRAILING = "sklearn/trailing-bytes": "bytes follow the pickle";
        ARCHIVE = "sklearn/archive": "the archive of a skops file is damaged or too large";
        SCHEMA = "sklearn/schema": "the schema of a skops file is malformed";
        NPY = "sklearn/npy": "an array of a skops file is malformed or not carried";
        VERDICT = "sklearn/verdict": "loading the pickle is not known to be safe";
    }
}

#[cfg(test)]
mod tests;
