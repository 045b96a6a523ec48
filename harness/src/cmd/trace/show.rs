//! `harness trace show`: what is in a trace.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use reports::text::plain;
use simulation::trace::{Fit, Trace, TraceAction};

/// Shows what is in a trace: workspaces, units, popularity of packages, reuse; and how its seconds were measured or
/// estimated.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The trace
    #[arg(value_name = "FILE")]
    trace: PathBuf,
}

/// Runs the subcommand.
///
/// # Errors
/// When the file is no trace.
pub fn run(args: &ShowArgs) -> Result<ExitCode> {
    let trace = Trace::read(&args.trace)?;
    let text = simulation::statistics::describe(&trace);
    // Titles and profiles come from a file; they may contain control characters.
    for line in text.lines().chain([""]).chain(about(&trace).lines()) {
        println!("{}", plain(line));
    }
    Ok(ExitCode::SUCCESS)
}

/// Toolchain, estimates, events and what was left out.
fn about(trace: &Trace) -> String {
    let about = &trace.about;
    let mut out = format!("{}\n", about.toolchain);
    for (what, fit) in [("seconds", &about.seconds), ("bytes", &about.bytes)] {
        out += &fit.as_ref().map_or_else(String::new, |fit| estimate(what, fit));
    }
    let builds = trace.events.iter().filter(|event| matches!(event.action, TraceAction::Build(_))).count();
    if let Some(last) = trace.events.last() {
        let days = last.at / 86_400 + 1;
        out += &format!("events: {}, of which {builds} builds, over {days} days\n", trace.events.len());
    }
    for left in &about.left_out {
        out += &format!("left out: {}: {}\n", left.workspace, left.why);
    }
    out
}

fn estimate(what: &str, fit: &Fit) -> String {
    format!(
        "{what} that no run measured: {}; from {} units of {} packages in {} runs; half of the estimates within {:.2}x, \
         nine of ten within {:.2}x, their sum {:.2}x of the true one (packages left out)\n",
        fit.model,
        fit.samples,
        fit.packages,
        fit.runs.len(),
        fit.median_factor,
        fit.p90_factor,
        fit.bias,
    )
}
