use std::io::Write;

use holdall_codec::{AcceptedPlan, Format, Options, Plan, Support, Writer};
use holdall_diag::Failure;
use holdall_tabular::{Construct, EstimatorKind, ValidModel};

use crate::{FORMAT, Pfa, codes, doc, raise, spell, support};

impl Writer for Pfa {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    fn support(&self, construct: Construct, _options: &Options) -> Support {
        support::support(construct)
    }

    fn plan<'m>(&self, model: &'m ValidModel, options: &Options) -> Result<Plan<'m>, Failure> {
        let mut plan = Plan::new(model, &FORMAT, options.clone(), support::support);
        plan.refine(|entry| support::refine(model, entry));
        plan.refine(|entry| {
            let linear = Construct::Estimator(EstimatorKind::LinearTrees);
            let why = model.linear_trees_obstacle()?;
            (entry.requirement.construct == linear).then(|| Support::refuse(why))
        });
        Ok(plan)
    }

    fn write(&self, plan: &AcceptedPlan<'_>, out: &mut dyn Write) -> Result<(), Failure> {
        let spelled = spell::spelled(plan.model())?;
        let spelled = spelled.as_ref().unwrap_or(plan.model());
        let plain = spelled.spelled_out()?;
        let document = doc::encode(&raise::raise(plain.as_ref().unwrap_or(spelled))?);
        let failed =
            |error: std::io::Error| Failure::io(codes::WRITE, "cannot write the document", error);
        serde_json::to_writer(&mut *out, &document).map_err(|error| failed(error.into()))?;
        out.write_all(b"\n").map_err(failed)
    }
}
