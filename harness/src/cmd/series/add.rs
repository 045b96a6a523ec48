//! `harness series add`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args as ClapArgs;
use series::keep::{Added, How};
use series::record::{line_id, skipped};

use super::Place;

/// Adds runs to a series, which begins with the first one.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Run folders that `harness compare` and `harness probe` wrote
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Keep only where a run is, not a copy of its tables: rebuilding needs it to stay there
    #[arg(long)]
    link: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let series = args.place.open()?;
    let how = if args.link { How::Link } else { How::Copy };
    for dir in &args.runs {
        if let Some(why) = skipped(dir) {
            println!("skipped {}: {why}", dir.display());
            continue;
        }
        match series.add(dir, how)? {
            Added::New(entry) => println!(
                "added {}: {} of {} rows ok, line {}",
                entry.name,
                entry.ok_rows,
                entry.rows,
                line_id(&entry.line)
            ),
            Added::Known(entry) => println!("{} is in the series already", entry.name),
        }
    }
    println!("the series is in {}", series.dir().display());
    Ok(ExitCode::SUCCESS)
}
