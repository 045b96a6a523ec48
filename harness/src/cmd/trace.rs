//! `harness trace`: unit graphs of many workspaces, for replays at scale.

mod collect;
mod generate;
mod show;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use exec::interrupt::Supervisor;

/// What to do with traces.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compute the unit graphs of whole corpora, without compiling anything
    Collect(Box<collect::Args>),
    /// Make an ecosystem of any size that is like a real one
    Generate(generate::Args),
    /// Tell what is in a trace
    Show(show::Args),
}

/// Runs the subcommand.
///
/// # Errors
/// When something asked for cannot be had, or the run is interrupted.
pub fn run(command: Command, supervisor: &Supervisor) -> Result<ExitCode> {
    match command {
        Command::Collect(args) => collect::run(*args, supervisor),
        Command::Generate(args) => generate::run(&args, supervisor),
        Command::Show(args) => show::run(&args),
    }
}
