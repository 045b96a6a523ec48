//! `harness doctor`: whether this machine is fit for a comparison.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args as ClapArgs;

use super::common::{spinner, work_dir};
use crate::doctor::facts::gather;
use crate::doctor::grade::grade;
use crate::doctor::{Diagnosis, render};
use exec::interrupt::Supervisor;

/// Looks at toolchains, the work directory and its file system, tools and volumes, and grades each `ok`, `warning` or
/// `missing`, with the remedy. What can be tried is tried. Exit code 1 when something required is missing.
#[derive(Debug, ClapArgs)]
pub struct DoctorArgs {
    /// Where a comparison would work [default: the user's cache directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &DoctorArgs, supervisor: &Supervisor) -> Result<ExitCode> {
    let dir = work_dir(args.work_dir.as_deref())?;
    let spinner = spinner();
    let facts = gather(&dir, supervisor, &|what| spinner.set_message(format!("looking at {what}")));
    spinner.finish_and_clear();
    let diagnosis = Diagnosis::of(grade(&facts?));
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&diagnosis)?),
        false => print!("{}", render(&diagnosis)),
    }
    Ok(ExitCode::from(u8::from(!diagnosis.ready)))
}
