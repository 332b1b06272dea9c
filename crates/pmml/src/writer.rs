use std::io::Write;

use holdall_codec::{
    AcceptedPlan, Examples, Fate, Format, OptionInfo, Options, Plan, PlanEntry, Support, Writer,
};
use holdall_diag::Failure;
use holdall_tabular::{Construct, ValidModel};

use crate::{FORMAT, Version, encode, raise, since, support};

/// Rows of a proof that a document carries, where nothing else is said.
const VERIFIED: i64 = 16;
/// No document is meant to carry its test set.
const MOST_VERIFIED: i64 = 10_000;

/// Options of writing.
pub(crate) const OPTIONS: &[OptionInfo] = &[
    OptionInfo {
        key: "verification",
        values: "0–10000",
        default: "16",
        help: "rows of a proof (`--prove`) that are written with their answers as `ModelVerification`",
    },
    OptionInfo {
        key: "version",
        values: "4.1|4.2|4.3|4.4",
        default: "4.4",
        help: "version of the standard; what it does not have is refused",
    },
];

/// The version to write.
fn version(options: &Options) -> Result<Version, Failure> {
    let word = options.word("version", &["4.4", "4.3", "4.2", "4.1"])?;
    Ok(Version::of_attribute(word).unwrap_or(Version::WRITTEN))
}

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
        let version = version(options)?;
        let mut plan = Plan::new(model, &FORMAT, options.clone(), support::support);
        let found = raise::survey(model)?;
        plan.refine(|entry| support::refine(model, &found, entry));
        if version < Version::WRITTEN {
            plan.refine(before_4_4);
            if plan.worst() < Fate::Refuse {
                // Whether the version has all of it is seen in the document.
                since::in_version(&raise(model, &Examples::default())?, version)?;
            }
        }
        Ok(plan)
    }

    fn examples(&self, options: &Options) -> Result<usize, Failure> {
        let rows = options.number("verification", VERIFIED, 0..=MOST_VERIFIED)?;
        Ok(usize::try_from(rows).unwrap_or(0))
    }

    fn write(&self, plan: &AcceptedPlan<'_>, out: &mut dyn Write) -> Result<(), Failure> {
        let document = raise(plan.model(), plan.examples())?;
        match version(plan.options())? {
            Version::WRITTEN => encode(&document, out),
            older => encode(&since::in_version(&document, older)?, out),
        }
    }
}

/// What PMML before 4.4 says otherwise.
fn before_4_4(entry: &PlanEntry) -> Option<Support> {
    let rejected = entry.requirement.construct == Construct::MissingRejected;
    (rejected && entry.support.fate < Fate::Drop).then(|| {
        Support::drop("before 4.4 a row with a missing input cannot be refused: it is answered, or its answer is missing")
    })
}
