//! Graphs read as tabular models.

use holdall_diag::{Failure, Report};
use holdall_graph::Graph;
use holdall_tabular::Model;

/// Reads a graph of classical operators as a tabular model.
///
/// Precision is kept as the operators have it: binary32 ensembles stay binary32. Fails with
/// `passes/operator` at the first node that has no counterpart.
pub fn raise(graph: &Graph) -> Result<(Model, Report), Failure> {
    let report = Report::new();
    let _ = (graph, &report);
    Err(Failure::unsupported(crate::codes::OPERATOR, "no operator is read yet"))
}
