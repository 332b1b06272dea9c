use std::io::Write;

use holdall_codec::{AcceptedPlan, Format, Options, Plan, Support, Writer};
use holdall_diag::Failure;
use holdall_tabular::{Construct, ValidModel};

use crate::{FORMAT, encode, raise, support};

/// Writes PMML 4.4.
#[derive(Clone, Copy, Debug, Default)]
pub struct PmmlWriter;

impl Writer for PmmlWriter {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    fn support(&self, construct: Construct, _options: &Options) -> Support {
        support::support(construct)
    }

    fn plan<'m>(&self, model: &'m ValidModel, options: &Options) -> Result<Plan<'m>, Failure> {
        let mut plan = Plan::new(model, &FORMAT, options.clone(), support::support);
        let found = raise::survey(model)?;
        plan.refine(|entry| support::refine(model, &found, entry));
        Ok(plan)
    }

    fn write(&self, plan: &AcceptedPlan<'_>, out: &mut dyn Write) -> Result<(), Failure> {
        encode(&raise(plan.model())?, out)
    }
}
