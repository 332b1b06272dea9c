//! The verbs, one file each.

mod check;
mod convert;
mod diff;
mod formats;
mod generate;
mod inspect;
mod pack;
mod profile;
mod proof;
mod prove;
mod runtime;
mod scan;
mod score;
mod score_io;
mod sign;
mod unpack;
mod validate;
mod verify;

use clap::{Parser, Subcommand};
use holdall_diag::Failure;

use crate::{
    args::Common,
    ui::{Exit, Ui},
};

/// Carries machine-learning models from training to serving.
///
/// Reads a model whatever wrote it, says what is in it, converts it and proves the conversion, packs
/// it with everything a server and an auditor need, signs the package, and says before loading
/// whether a given server can run it. Nothing in a model is ever executed.
#[derive(Debug, Parser)]
#[command(name = "holdall", version, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 the answer is yes; 1 it ran and the answer is no; 2 it could \
                        not run."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Inspect(inspect::Args),
    Validate(validate::Args),
    Scan(scan::Args),
    Convert(convert::Args),
    Score(score::Args),
    Prove(prove::Args),
    Profile(profile::Args),
    Pack(Box<pack::Args>),
    Unpack(unpack::Args),
    Diff(diff::Args),
    Sign(sign::Args),
    Verify(verify::Args),
    Check(check::Args),
    Formats(formats::Args),
    Completions(generate::CompletionsArgs),
    Man(generate::ManArgs),
    #[command(name = "runtime-process")]
    Runtime(runtime::Args),
}

pub(crate) fn run(cli: &Cli, ui: &Ui) -> Result<Exit, Failure> {
    let common = &cli.common;
    match &cli.command {
        Command::Inspect(args) => inspect::run(args, common, ui),
        Command::Validate(args) => validate::run(args, common, ui),
        Command::Scan(args) => scan::run(args, common, ui),
        Command::Convert(args) => convert::run(args, common, ui),
        Command::Score(args) => score::run(args, common, ui),
        Command::Prove(args) => prove::run(args, common, ui),
        Command::Profile(args) => profile::run(args, ui),
        Command::Pack(args) => pack::run(args, common, ui),
        Command::Unpack(args) => unpack::run(args, common, ui),
        Command::Diff(args) => diff::run(args, common, ui),
        Command::Sign(args) => sign::run(args, common, ui),
        Command::Verify(args) => verify::run(args, common, ui),
        Command::Check(args) => check::run(args, common, ui),
        Command::Formats(args) => Ok(formats::run(args, ui)),
        Command::Completions(args) => Ok(generate::completions(args, ui)),
        Command::Man(args) => generate::man(args, ui),
        Command::Runtime(args) => runtime::run(args),
    }
}

holdall_diag::codes! {
    /// The codes of the command line itself.
    pub(crate) mod codes {
        DIFFERENT = "cli/different": "the re-read target does not answer as the source does";
        SAME_FILE = "cli/same-file": "source and target are the same file";
        ROWS = "cli/rows": "the rows cannot be scored or profiled";
        CONTRADICTION = "cli/contradiction": "what was declared and what was found contradict each other";
        ARGUMENT = "cli/argument": "options contradict each other or one is missing";
        PROFILE = "cli/profile": "a profile in a package cannot be read";
        RUNTIME = "cli/runtime": "the model cannot be scored with a library";
        SOURCE_DATE = "cli/source-date": "SOURCE_DATE_EPOCH is not a number of seconds";
    }
}

#[cfg(test)]
mod tests;
