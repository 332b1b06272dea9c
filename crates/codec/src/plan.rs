use std::fmt;

use holdall_diag::{Code, Diagnostic, Location, Report};
use holdall_tabular::{Construct, Requirement, ValidModel};

use crate::{Examples, Format, Options, codes};

/// What becomes of a construct in a target format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// The target says the same, to the bit.
    Native,
    /// The target says the same in other words; answers are equal to the bit.
    Rewrite,
    /// Answers differ by a stated amount.
    Approximate,
    /// It carries no meaning for the answers and is left out.
    Drop,
    /// The target cannot say it.
    Refuse,
}

impl Fate {
    /// Lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Rewrite => "rewrite",
            Self::Approximate => "approximate",
            Self::Drop => "drop",
            Self::Refuse => "refuse",
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A writer's answer for one construct: its fate, and how or why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// What becomes of it.
    pub fate: Fate,
    /// How it is written, what is lost, or why not; empty for native.
    pub how: String,
}

impl Support {
    /// The target says the same.
    pub const fn native() -> Self {
        Self { fate: Fate::Native, how: String::new() }
    }

    /// The target says the same in other words.
    pub fn rewrite(how: impl Into<String>) -> Self {
        Self { fate: Fate::Rewrite, how: how.into() }
    }

    /// Answers differ by a stated amount.
    pub fn approximate(how: impl Into<String>) -> Self {
        Self { fate: Fate::Approximate, how: how.into() }
    }

    /// Left out without effect on the answers.
    pub fn drop(what: impl Into<String>) -> Self {
        Self { fate: Fate::Drop, how: what.into() }
    }

    /// The target cannot say it.
    pub fn refuse(why: impl Into<String>) -> Self {
        Self { fate: Fate::Refuse, how: why.into() }
    }
}

/// What the user accepts beyond native and exact rewrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Accept answers that differ by a stated amount.
    pub approximate: bool,
    /// Accept that meaningless constructs are left out; a warning is given either way.
    pub drop: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { approximate: false, drop: true }
    }
}

/// One construct of a model and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanEntry {
    /// What the model needs, how often, and where first.
    pub requirement: Requirement,
    /// Where the first one stands in the source file.
    pub location: Location,
    /// What becomes of it.
    pub support: Support,
}

/// What a conversion would do: made before a byte is written, printed by `--plan`.
#[derive(Clone, Debug)]
pub struct Plan<'m> {
    model: &'m ValidModel,
    format: &'static Format,
    options: Options,
    entries: Vec<PlanEntry>,
}

impl<'m> Plan<'m> {
    /// Asks `support` about everything that the model needs.
    pub fn new(
        model: &'m ValidModel,
        format: &'static Format,
        options: Options,
        mut support: impl FnMut(Construct) -> Support,
    ) -> Self {
        let entries = model
            .requirements()
            .into_iter()
            .map(|requirement| PlanEntry {
                location: requirement
                    .node
                    .map_or_else(Location::none, |node| model.model().location(node)),
                support: support(requirement.construct),
                requirement,
            })
            .collect();
        Self { model, format, options, entries }
    }

    /// The model to be written.
    pub fn model(&self) -> &'m ValidModel {
        self.model
    }

    /// The target format.
    pub fn format(&self) -> &'static Format {
        self.format
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Every construct and what becomes of it.
    pub fn entries(&self) -> &[PlanEntry] {
        &self.entries
    }

    /// Changes answers that depend on more than the construct, for instance on the width of a vector.
    pub fn refine(&mut self, mut change: impl FnMut(&PlanEntry) -> Option<Support>) {
        for entry in &mut self.entries {
            if let Some(support) = change(entry) {
                entry.support = support;
            }
        }
    }

    /// The worst fate in the plan; native for an empty one.
    pub fn worst(&self) -> Fate {
        self.entries.iter().map(|entry| entry.support.fate).max().unwrap_or(Fate::Native)
    }

    /// The plan accepted under a policy, or the findings that block it. Drops are warnings in the
    /// report of either.
    pub fn accept(self, policy: Policy) -> Result<(AcceptedPlan<'m>, Report), Report> {
        const CODE: Code = codes::BLOCKED;
        let mut report = Report::new();
        for entry in &self.entries {
            let Support { fate, how } = &entry.support;
            let construct = entry.requirement.construct;
            let message = format!("{construct} in {}: {fate}: {how}", self.format.id);
            let finding = match fate {
                Fate::Native | Fate::Rewrite => continue,
                Fate::Approximate if policy.approximate => Diagnostic::note(CODE, message),
                Fate::Approximate => {
                    Diagnostic::error(CODE, message).with_help("`--allow approximate` accepts this")
                }
                Fate::Drop if policy.drop => Diagnostic::warning(CODE, message),
                Fate::Drop => {
                    Diagnostic::error(CODE, message).with_help("`--allow drop` accepts this")
                }
                Fate::Refuse => Diagnostic::error(CODE, message),
            };
            report.push(finding.at(entry.location.clone()));
        }
        if report.has_errors() {
            return Err(report);
        }
        Ok((AcceptedPlan { plan: self, examples: Examples::default() }, report))
    }
}

/// A plan that the policy accepted: the only thing that writers write.
#[derive(Clone, Debug)]
pub struct AcceptedPlan<'m> {
    plan: Plan<'m>,
    examples: Examples,
}

impl<'m> AcceptedPlan<'m> {
    /// The same plan, with rows and answers for the file to carry. Formats without a place for them leave them out.
    #[must_use]
    pub fn with_examples(mut self, examples: Examples) -> Self {
        self.examples = examples;
        self
    }

    /// The plan.
    pub fn plan(&self) -> &Plan<'m> {
        &self.plan
    }

    /// The model to be written.
    pub fn model(&self) -> &'m ValidModel {
        self.plan.model
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.plan.options
    }

    /// Rows and answers for the file to carry; none unless they were given.
    pub fn examples(&self) -> &Examples {
        &self.examples
    }
}
