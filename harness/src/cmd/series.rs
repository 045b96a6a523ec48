//! `harness series`: runs over time.

mod judge;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use exec::workdir;
use reports::document::Grid;
use reports::formats::terminal;
use reports::text::WIDTH;
use series::Series;
use series::run::{SeriesRun, line_id, skipped};
use series::series::{AddMode, AddedRun};

/// What to do with a series.
#[derive(Debug, Subcommand)]
pub enum SeriesCommand {
    /// Add runs; nothing that is there is ever changed
    Add(AddArgs),
    /// A line for each run, oldest first
    List(ListArgs),
    /// Compare runs with the last good ones like them; exit code 1 where something became worse
    Judge(judge::JudgeArgs),
    /// Let later runs be compared with a run that has a regression
    Accept(AcceptArgs),
    /// What changed and when, the present values, a page with plots over time
    Show(show::ShowSeriesArgs),
}

/// Which series.
#[derive(Debug, Clone, Args)]
pub struct SeriesArgs {
    /// Directory of the series [default: series/ in the default work directory]
    #[arg(long = "series", value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl SeriesArgs {
    fn open(&self) -> Result<Series> {
        match &self.dir {
            Some(dir) => Ok(Series::at(dir)),
            None => Ok(Series::at(workdir::default_dir()?.path.join("series"))),
        }
    }
}

/// Adds runs to a series, which begins with the first one.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Run folders that `harness compare` and `harness probe` wrote
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Record only the path of a run, do not copy its tables: the series needs it to stay there
    #[arg(long)]
    link: bool,
    #[command(flatten)]
    series: SeriesArgs,
}

/// Lists the runs of a series, oldest first.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only the newest so many
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    #[command(flatten)]
    series: SeriesArgs,
}

/// Accepts a run with a regression: later runs are compared with it. Its earlier verdict stays on
/// record, and the reason with it.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// Name of the run, as `harness series list` shows it
    #[arg(value_name = "RUN")]
    run: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    because: String,
    #[command(flatten)]
    series: SeriesArgs,
}

pub fn run(command: SeriesCommand) -> Result<ExitCode> {
    match command {
        SeriesCommand::Add(args) => add(&args)?,
        SeriesCommand::List(args) => list(&args)?,
        SeriesCommand::Judge(args) => return judge::run(&args),
        SeriesCommand::Accept(args) => accept(&args)?,
        SeriesCommand::Show(args) => show::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn add(args: &AddArgs) -> Result<()> {
    let series = args.series.open()?;
    let mode = if args.link { AddMode::Link } else { AddMode::Copy };
    for dir in &args.runs {
        if let Some(why) = skipped(dir) {
            println!("skipped {}: {why}", dir.display());
            continue;
        }
        match series.add(dir, mode)? {
            AddedRun::New(entry) => {
                let SeriesRun { name, ok_rows, rows, line, .. } = *entry;
                println!("added {name}: {ok_rows} of {rows} rows ok, line {}", line_id(&line));
            }
            AddedRun::Present(entry) => println!("{} is in the series already", entry.name),
        }
    }
    println!("the series is in {}", series.dir().display());
    Ok(())
}

fn list(args: &ListArgs) -> Result<()> {
    let series = args.series.open()?;
    let contents = series.read()?;
    let all = &contents.entries;
    let shown = &all[all.len().saturating_sub(args.last.unwrap_or(all.len()))..];
    print!("{}", terminal::grid(&table(shown), WIDTH));
    note_unreadable(&contents.unreadable);
    println!("{} of {} runs in {}", shown.len(), all.len(), series.dir().display());
    Ok(())
}

fn table(entries: &[SeriesRun]) -> Grid {
    let heads = ["started", "run", "kind", "line", "corpus", "toolchain", ">strategies", ">ok rows"];
    let mut table = Grid::new("", &heads);
    for entry in entries {
        let strategies = entry.strategies.split(',').filter(|name| !name.is_empty()).count();
        table.row([
            entry.started.get(..16).unwrap_or(&entry.started).replace('T', " "),
            entry.name.clone(),
            entry.kind.as_str().into(),
            line_id(&entry.line),
            entry.corpus.clone(),
            entry.toolchain.trim_start_matches("rustc ").into(),
            strategies.to_string(),
            format!("{}/{}", entry.ok_rows, entry.rows),
        ]);
    }
    table
}

fn accept(args: &AcceptArgs) -> Result<()> {
    if args.because.trim().is_empty() {
        bail!("--because is empty; say why, for whoever looks at it next year");
    }
    let verdict = series::night::accept(&args.series.open()?, &args.run, args.because.trim())?;
    for finding in &verdict.findings {
        println!("accepted: {finding}");
    }
    println!("later runs are compared with {}", verdict.run);
    Ok(())
}

fn note_unreadable(unreadable: &[(String, String)]) {
    for (name, why) in unreadable {
        eprintln!("note: the run {name} of the series is left out: {why}");
    }
}
