//! Body 2: a tensor graph in the ONNX operator vocabulary, with its weights.
//!
//! Values, nodes and weights live in arenas and are named by ids; a node can only be pushed after the
//! values it takes, so a graph is acyclic by construction. This crate knows operators and types, and
//! no protobuf.

mod attribute;
mod elem;
pub mod infer;
mod model;
pub mod ops;
mod types;

pub use attribute::Attribute;
pub use elem::Elem;
pub use model::{Graph, Node, NodeId, Origin, Stamp, Value, ValueId, Weight, WeightId};
pub use types::{Dim, TensorType, ValueType};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        REFERENCE = "graph/reference": "a value is named that does not exist";
        TOO_LARGE = "graph/too-large": "the graph has more parts than can be numbered";
    }
}

/// The default operator domain, spelled as in the ONNX specification.
pub const AI_ONNX: &str = "";
/// The domain of the classical operators.
pub const AI_ONNX_ML: &str = "ai.onnx.ml";

#[cfg(test)]
mod tests;
