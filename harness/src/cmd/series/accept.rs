//! `harness series accept`: what became worse stays so.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args as ClapArgs;

use super::Place;

/// Accepts a run with a regression: later runs are compared with it. The verdict that it had
/// stays on record, and the reason with it.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Name of the run, as `harness series list` shows it
    #[arg(value_name = "RUN")]
    run: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    because: String,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    if args.because.trim().is_empty() {
        bail!("--because is empty; say why, for whoever looks at it next year");
    }
    let verdict = series::night::accept(&args.place.open()?, &args.run, args.because.trim())?;
    for finding in &verdict.findings {
        println!("accepted: {finding}");
    }
    println!("later runs are compared with {}", verdict.run);
    Ok(ExitCode::SUCCESS)
}
