//! Runs a tensor graph: the interpreter of the classical operators of ONNX.
//!
//! [`Session::compile`] looks every operator up by domain and name and prepares it once;
//! [`Session::run`] computes. Where runtimes and the specification disagree, [`Behaviour`] says whom to
//! follow. A session is also a [`holdall_table::Scoring`]: rows in, answers out.

#![warn(clippy::indexing_slicing)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "operators list the types of values that they take, and refuse every other"
)]

mod context;
mod ops;
mod program;
mod scoring;
mod session;
mod value;

pub use context::RunLimits;
pub use session::{Behaviour, Engine, Session, SessionOptions};
pub use value::{Array, ElementType, Keys, Narrow, TensorValue};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        OPERATOR = "exec/operator": "an operator, or this form of it, is not implemented";
        ATTRIBUTE = "exec/attribute": "an attribute is missing or has a value that it cannot have";
        INPUT = "exec/input": "an operator is given values that it does not take";
        SHAPE = "exec/shape": "shapes do not fit";
        GRAPH = "exec/graph": "the graph takes or gives values that cannot be rows of a table";
        MEMORY = "exec/memory": "the values of a run need more memory than is allowed";
        STEPS = "exec/steps": "a run takes more steps than are allowed";
        WORK = "exec/work": "a run computes more elements than are allowed";
        MISSING = "exec/missing": "a cell is empty where an integer or a truth value is needed";
    }
}

/// An operator that is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorInfo {
    /// Domain; empty for `ai.onnx`.
    pub domain: &'static str,
    /// Name.
    pub name: &'static str,
    /// Versions of the operator set that changed it, all of which are followed.
    pub since: &'static [i64],
    /// Where onnxruntime and the specification disagree; empty where they do not.
    pub differs: &'static str,
}

/// Every operator that is computed, by domain and name.
pub fn operators() -> Vec<OperatorInfo> {
    let of = |domain: &'static str, table: &'static [ops::Operator]| {
        table.iter().map(move |o| OperatorInfo {
            domain,
            name: o.name,
            since: o.since,
            differs: o.differs,
        })
    };
    ops::TABLES.iter().flat_map(|(domain, table)| of(domain, table)).collect()
}

#[cfg(test)]
mod tests;
