use std::io::Write;

use holdall_codec::{AcceptedPlan, Format, OptionInfo, Options, Plan, Support, Writer};
use holdall_diag::Failure;
use holdall_tabular::{Construct, ValidModel};

use crate::{FORMAT, encode, raise, support};

/// Rows of a proof that a document carries, where nothing else is said.
const VERIFIED: i64 = 16;
/// No document is meant to carry its test set.
const MOST_VERIFIED: i64 = 10_000;

/// Options of writing.
pub(crate) const OPTIONS: &[OptionInfo] = &[OptionInfo {
    key: "verification",
    values: "0–10000",
    default: "16",
    help: "rows of a proof (`--prove`) that are written with their answers as `ModelVerification`",
}];

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
        self.examples(options)?;
        let mut plan = Plan::new(model, &FORMAT, options.clone(), support::support);
        let found = raise::survey(model)?;
        plan.refine(|entry| support::refine(model, &found, entry));
        Ok(plan)
    }

    fn examples(&self, options: &Options) -> Result<usize, Failure> {
        let rows = options.number("verification", VERIFIED, 0..=MOST_VERIFIED)?;
        Ok(usize::try_from(rows).unwrap_or(0))
    }

    fn write(&self, plan: &AcceptedPlan<'_>, out: &mut dyn Write) -> Result<(), Failure> {
        encode(&raise(plan.model(), plan.examples())?, out)
    }
}
