//! What a format is: readers, writers, the plan between them, and detection.
//!
//! Reading gives a [`Body`]. Before a tabular body is written, the writer says construct by construct
//! what it can carry ([`Support`]); the answers make a [`Plan`], which is data and the dry run. Only a
//! plan accepted under a [`Policy`] can be written ([`AcceptedPlan`]). This crate names no format.

mod document;
mod examples;
mod format;
mod options;
mod plan;
mod reader;
mod summary;
mod writer;

pub use document::{Beside, Examined, FileDifference, RewriteRequest, Rewritten, TypedValue};
pub use examples::{ExampleColumn, Examples, Nearness};
pub use format::{BodyKind, Format};
pub use options::{OptionInfo, Options};
pub use plan::{AcceptedPlan, Fate, Plan, PlanEntry, Policy, Support};
pub use reader::{Body, Confidence, FindReader, Head, Outcome, ReadOptions, Reader, Scanned};
pub use summary::{Endpoint, Library, Summary};
pub use writer::Writer;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        OPTION = "codec/option": "a format option is unknown or has a value that it does not take";
        BLOCKED = "codec/blocked": "the target cannot carry a construct of the model as the policy demands";
        BODY = "codec/body": "the target format does not hold models of this kind";
        INVALID = "codec/invalid": "the model that was read does not pass the checks";
    }
}

#[cfg(test)]
mod tests;
