//! Tabular models written as ONNX operators. One file an operator family.

mod options;

pub use options::{ColumnLayout, InputPrecision, LabelKind, LowerOptions, TreeSums};

use holdall_codec::{AcceptedPlan, Plan, Support};
use holdall_diag::Failure;
use holdall_graph::Graph;
use holdall_tabular::Construct;

/// Metadata key of the names of the columns of the input `X`: a JSON list.
pub const FIELDS_KEY: &str = "holdall.fields";
/// Metadata key of the class labels in the order of the probabilities: a JSON list.
pub const CLASSES_KEY: &str = "holdall.classes";

/// What becomes of a construct, as far as that does not depend on the model.
pub fn support(construct: Construct, options: &LowerOptions) -> Support {
    let _ = (construct, options);
    Support::refuse("not written yet")
}

/// Sharpens the answers that depend on the model.
pub fn refine(plan: &mut Plan<'_>, options: &LowerOptions) {
    let _ = (plan, options);
}

/// Writes a model as a graph. A failure is a bug in [`support`] or [`refine`].
pub fn lower(plan: &AcceptedPlan<'_>, options: &LowerOptions) -> Result<Graph, Failure> {
    let _ = (plan, options);
    Err(Failure::bug(crate::codes::INEXPRESSIBLE, "nothing is written yet"))
}
