//! Subgraphs: the bodies of loops.

use holdall_diag::Failure;
use holdall_graph::{Graph, Origin, ValueId};

use super::{build::Builder, prune::pruned};

impl Builder {
    /// A graph within this one. Names are taken from one list, so that nothing inside hides something outside.
    pub(super) fn nested(
        &mut self,
        name: &str,
        build: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<Graph, Failure> {
        let inner = Graph {
            name: name.to_owned(),
            // Operators are chosen by version; the stamp goes when the graph is done.
            stamp: self.graph.stamp.clone(),
            ..Graph::default()
        };
        let outer = std::mem::replace(&mut self.graph, inner);
        let known = self.forget();
        let built = build(self);
        self.remember(known);
        let mut inner = std::mem::replace(&mut self.graph, outer);
        inner.stamp = holdall_graph::Stamp::default();
        built.and_then(|()| pruned(inner))
    }

    /// A value of the enclosing graph, by its name.
    pub(super) fn outer(&mut self, name: &str) -> Result<ValueId, Failure> {
        self.graph.push_value(name.to_owned(), None, Origin::Outer)
    }

    /// The name of a value.
    pub(super) fn name_of(&self, id: ValueId) -> String {
        self.graph.values.get(id).map(|value| value.name.clone()).unwrap_or_default()
    }
}
