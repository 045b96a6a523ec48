//! `harness trace`: unit graphs of many workspaces, for replays at scale.

mod collect;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use reports::text::plain;
use simulation::trace::{Fit, Trace, TraceAction};

use exec::interrupt::Supervisor;

/// The subcommands of `harness trace`.
#[derive(Debug, Subcommand)]
pub enum TraceSubcommand {
    /// Compute the unit graphs of whole corpora, without compiling anything
    Collect(Box<collect::CollectTraceArgs>),
    /// Show what is in a trace
    Show(ShowTraceArgs),
}

pub fn run(command: TraceSubcommand, supervisor: &Supervisor) -> Result<ExitCode> {
    match command {
        TraceSubcommand::Collect(args) => collect::run(*args, supervisor),
        TraceSubcommand::Show(args) => show(&args),
    }
}

/// Shows what is in a trace: workspaces, units, popularity of packages, reuse; and how its seconds were measured or
/// estimated.
#[derive(Debug, Args)]
pub struct ShowTraceArgs {
    /// The trace
    #[arg(value_name = "FILE")]
    trace: PathBuf,
}

fn show(args: &ShowTraceArgs) -> Result<ExitCode> {
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
        fit.iter().for_each(|fit| out += &estimate(what, fit));
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

/// How good the estimates of what no run measured are.
fn estimate(what: &str, fit: &Fit) -> String {
    let Fit { model, samples, packages, r_squared, median_factor, p90_factor, bias, runs, .. } = fit;
    let head = format!("{what} that no run measured: {model}");
    match samples {
        0 => head + "\n",
        _ => format!(
            "{head}; from {samples} units of {packages} packages in {} runs; R² {r_squared:.2}, half of the estimates within \
             {median_factor:.2}x, nine of ten within {p90_factor:.2}x, their sum {bias:.2}x of the true one (packages left \
             out)\n",
            runs.len(),
        ),
    }
}
