//! `harness trace`: unit graphs of many workspaces, for replays at scale.

mod collect;
mod show;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use exec::interrupt::Supervisor;

/// The subcommands of `harness trace`.
#[derive(Debug, Subcommand)]
pub enum TraceSubcommand {
    /// Compute the unit graphs of whole corpora, without compiling anything
    Collect(Box<collect::CollectArgs>),
    /// Show what is in a trace
    Show(show::ShowArgs),
}

/// Runs the subcommand.
///
/// # Errors
/// When something is not available, or the run is interrupted.
pub fn run(command: TraceSubcommand, supervisor: &Supervisor) -> Result<ExitCode> {
    match command {
        TraceSubcommand::Collect(args) => collect::run(*args, supervisor),
        TraceSubcommand::Show(args) => show::run(&args),
    }
}
