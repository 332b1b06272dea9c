//! What the suite of node cases measures and the document tells.

/// How many node cases of onnx 1.23.2 pass, under both behaviours.
pub(crate) const PASSED: usize = 1863;
/// How many node cases there are.
pub(crate) const CASES: usize = 1884;
