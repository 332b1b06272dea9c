use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use holdall_diag::Failure;

use crate::{
    cmd::Cli,
    ui::{Exit, Ui},
};

/// Print a completion script for a shell.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall completions bash\n  holdall completions zsh\n\n\
                        Exit status: 0.")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Print the manual page of holdall or of one of its verbs.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall man\n  holdall man convert\n\n\
                        Exit status: 0; 2 when there is no such verb.")]
pub(crate) struct ManArgs {
    /// The verb; without one the page of holdall itself.
    verb: Option<Verb>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Verb {
    Inspect,
    Validate,
    Scan,
    Convert,
    Score,
    Prove,
    Profile,
    Pack,
    Unpack,
    Sign,
    Verify,
    Check,
    Formats,
    Completions,
    Man,
}

pub(crate) fn completions(args: &CompletionsArgs, ui: &Ui) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "holdall", &mut script);
    ui.text(&String::from_utf8_lossy(&script));
    Exit::Yes
}

pub(crate) fn man(args: &ManArgs, ui: &Ui) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    if let Some(verb) = args.verb
        && let Some(value) = verb.to_possible_value()
        && let Some(found) = command.find_subcommand(value.get_name())
    {
        command = found.clone();
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(|error| {
        Failure::io(holdall_source::codes::WRITE, "cannot write the manual page", error)
    })?;
    ui.text(&String::from_utf8_lossy(&page));
    Ok(Exit::Yes)
}
