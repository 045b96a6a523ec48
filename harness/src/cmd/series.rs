//! `harness series`: runs over time.

mod accept;
mod add;
mod judge;
mod list;
mod mend;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args as ClapArgs, Subcommand};
use series::Series;

use exec::workdir;

/// What to do with a series.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add runs; nothing that is there is ever changed
    Add(add::Args),
    /// A line for each run
    List(list::Args),
    /// Compare runs with the last good ones like them; exit code 1 where something became worse
    Judge(judge::Args),
    /// Let later runs be compared with a run that has a regression
    Accept(accept::Args),
    /// What changed and when, where things stand, a page with plots over time
    Show(show::Args),
    /// Compare the database with the kept runs; exit code 1 where they differ
    Check(Place),
    /// Make the database again from the kept runs; the old one is set aside
    Rebuild(Place),
}

/// Which series.
#[derive(Debug, Clone, ClapArgs)]
pub struct Place {
    /// Directory of the series [default: series/ in the default work directory]
    #[arg(long = "series", value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Place {
    fn open(&self) -> Result<Series> {
        match &self.dir {
            Some(dir) => Ok(Series::at(dir)),
            None => Ok(Series::at(workdir::default_dir()?.path.join("series"))),
        }
    }
}

/// Runs the subcommand.
///
/// # Errors
/// When there is no series, it is damaged, or a run cannot be added.
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Add(args) => add::run(&args),
        Command::List(args) => list::run(&args),
        Command::Judge(args) => judge::run(&args),
        Command::Accept(args) => accept::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Check(place) => mend::check(&place),
        Command::Rebuild(place) => mend::rebuild(&place),
    }
}

/// What a reader must know of runs that the database does not know.
fn tell_unknown(unknown: &[String]) {
    match unknown {
        [] => {}
        [one] => eprintln!("note: {one} was not added to its end; adding any run, or `harness series rebuild`, does"),
        many => eprintln!(
            "note: {} runs were not added to their end; adding any run, or `harness series rebuild`, does",
            many.len()
        ),
    }
}
