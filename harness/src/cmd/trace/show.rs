//! `harness trace show`: what is in a trace.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args as ClapArgs;
use reports::text::plain;
use simulation::statistics::{Statistics, compare};
use simulation::trace::{Action, Fit, Origin, Trace};

/// Tells what is in a trace: workspaces, units, popularity and versions of packages, features,
/// profiles, reuse; and how its seconds were had.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The trace
    #[arg(value_name = "FILE")]
    trace: PathBuf,
    /// Set it beside this one
    #[arg(long, value_name = "FILE")]
    like: Option<PathBuf>,
}

/// Runs the subcommand.
///
/// # Errors
/// When a file is no trace.
pub fn run(args: &Args) -> Result<ExitCode> {
    let trace = Trace::read(&args.trace)?;
    let told = match &args.like {
        Some(real) => compare(&Statistics::of(&Trace::read(real)?), &Statistics::of(&trace)).to_string(),
        None => Statistics::of(&trace).render(),
    };
    // Titles and profiles are a file's; they steer no terminal.
    for line in told.lines().chain([""]).chain(about(&trace).lines()) {
        println!("{}", plain(line));
    }
    Ok(ExitCode::SUCCESS)
}

/// Where it comes from, and what is known about its figures.
fn about(trace: &Trace) -> String {
    let about = &trace.about;
    let origin = match (about.origin, about.seed) {
        (Origin::Collected, _) => "collected".to_owned(),
        (Origin::Generated, seed) => format!("generated, seed {}", seed.unwrap_or_default()),
    };
    let mut out = format!("{origin}; {}\n", about.toolchain);
    for (what, fit) in [("seconds", &about.seconds), ("bytes", &about.bytes)] {
        out += &fit.as_ref().map_or_else(String::new, |fit| estimate(what, fit));
    }
    let builds = trace.events.iter().filter(|event| matches!(event.action, Action::Build(_))).count();
    if let Some(last) = trace.events.last() {
        out +=
            &format!("events: {}, of which {builds} builds, over {} days\n", trace.events.len(), last.at / 86_400 + 1);
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
