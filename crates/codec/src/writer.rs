use std::io::Write;

use holdall_diag::Failure;
use holdall_graph::Graph;
use holdall_source::Source;
use holdall_tabular::{Construct, ValidModel};
use holdall_weights::Weights;

use crate::{
    AcceptedPlan, Beside, Format, Options, Plan, RewriteRequest, Rewritten, Support, codes,
};

/// Writes one format. A writer implements the functions for the bodies that its format holds.
pub trait Writer: Sync {
    /// Which format.
    fn format(&self) -> &'static Format;

    /// What becomes of a construct: one exhaustive match. Also makes the generated support table.
    fn support(&self, construct: Construct, options: &Options) -> Support;

    /// The plan for a model. Fails for options with bad values.
    ///
    /// Writers whose answers depend on more than the construct override this and refine the plan.
    fn plan<'m>(&self, model: &'m ValidModel, options: &Options) -> Result<Plan<'m>, Failure> {
        Ok(Plan::new(model, self.format(), options.clone(), |construct| {
            self.support(construct, options)
        }))
    }

    /// How many rows with their answers a file is to carry under these options, so that whoever loads it can check
    /// it: 0 where the format has no place for them. Fails for options with bad values.
    fn examples(&self, options: &Options) -> Result<usize, Failure> {
        let _ = options;
        Ok(0)
    }

    /// Writes a tabular model. Whatever the plan accepted can be written; anything else is a bug in
    /// [`Writer::support`].
    fn write(&self, plan: &AcceptedPlan<'_>, out: &mut dyn Write) -> Result<(), Failure> {
        let _ = (plan, out);
        Err(refuse(self.format(), "tabular models"))
    }

    /// Writes a tabular model as a file of this name, without its folder, which may need another one beside it.
    fn write_beside(
        &self,
        plan: &AcceptedPlan<'_>,
        name: &str,
        out: &mut dyn Write,
    ) -> Result<Option<Beside>, Failure> {
        let _ = name;
        self.write(plan, out).map(|()| None)
    }

    /// Writes a tensor graph.
    fn write_graph(
        &self,
        graph: &Graph,
        options: &Options,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let _ = (graph, options, out);
        Err(refuse(self.format(), "tensor graphs"))
    }

    /// Writes a file of the format again, as a document: what the options do not change stays as it is,
    /// whether a body carries it or not. `None` when the format has no such way.
    fn rewrite(
        &self,
        source: &Source,
        request: &RewriteRequest<'_>,
    ) -> Result<Option<Rewritten>, Failure> {
        let _ = (source, request);
        Ok(None)
    }

    /// Writes named tensors.
    fn write_weights(
        &self,
        weights: &Weights,
        options: &Options,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let _ = (weights, options, out);
        Err(refuse(self.format(), "bare weights"))
    }
}

fn refuse(format: &Format, what: &str) -> Failure {
    Failure::unsupported(codes::BODY, format!("{} does not hold {what}", format.title))
}
