//! The arrows between bodies: tabular models written as ONNX operators ([`lower()`]), and graphs of
//! those operators read back as tabular models ([`raise()`]).
//!
//! `docs/onnx-lowering.md` says which construct becomes which operators, and how exact that is.

#![warn(clippy::indexing_slicing)]

mod lower;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "recognisers name the shapes they know; everything else is refused"
)]
mod raise;

pub use lower::{
    CLASSES_KEY, ColumnLayout, FIELDS_KEY, InputPrecision, LabelKind, LowerOptions, TreeSums,
    lower, refine, support,
};
pub use raise::raise;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        INEXPRESSIBLE = "passes/inexpressible": "the model holds a construct that its plan should have refused";
        OPERATOR = "passes/operator": "an operator, or this use of it, has no counterpart in tabular models";
        SHAPE = "passes/shape": "a tensor has a shape or type that tabular models do not take";
        ATTRIBUTE = "passes/attribute": "an attribute of an operator is missing or has a value that it does not take";
        INPUT = "passes/input": "an input of the graph is not a table of rows";
        OUTPUT = "passes/output": "an output of the graph has no counterpart in tabular models";
        TOO_LARGE = "passes/too-large": "a graph claims more columns or targets than a table may have";
        SKIPPED = "passes/skipped": "an operator without effect on the answers was left out";
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::struct_excessive_bools,
    reason = "tests make small numbers of all kinds"
)]
mod tests;
