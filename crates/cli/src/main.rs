//! The `holdall` command: arguments, rendering, exit codes. Everything else is in the crates below.

mod args;
mod cmd;
mod render;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use crate::{cmd::Cli, ui::Ui};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; anything else is bad usage. Clap prints either.
            let code = if error.use_stderr() { 2 } else { 0 };
            drop(error.print());
            return ExitCode::from(code);
        }
    };
    let ui = Ui::new(&cli.common);
    match cmd::run(&cli, &ui) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            ui.failure(failure);
            ExitCode::from(2)
        }
    }
}
