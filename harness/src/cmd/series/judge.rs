//! `harness series judge`: the newest runs against the last good ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use reports::formats::{markdown, terminal};
use reports::simulation;
use reports::text::WIDTH;
use series::night::{JudgeStage, Night, judge, summary};

use super::{SeriesArgs, note_unreadable};

/// Compares runs with the last good ones like them, keeps the verdict, and adds the runs. The
/// exit code is 1 when something became worse: a strategy at least 5 % slower against its
/// baseline than in the newest good runs, two nights running, fewer hits, no row that counts any more, or a probe that fails
/// and did not. A run with a regression is never compared with until it is accepted.
#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// Run folders of one night: one of `harness compare`, of `harness probe`, or both, and
    /// any of `harness simulate`, which only appear in the summary
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// A second comparison of what looked slower: what is not slower in it does not count
    #[arg(long, value_name = "RUN")]
    again: Option<PathBuf>,
    /// A first look: keep no verdict and add nothing
    #[arg(long, conflicts_with_all = ["again", "summary"])]
    first_look: bool,
    /// Write the baseline and the strategies that look slower into this file, separated by commas;
    /// empty where none does
    #[arg(long, value_name = "FILE")]
    suspects: Option<PathBuf>,
    /// Write the folder of the run that the comparison was compared with into this file; empty where there is none
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Write the whole night as Markdown, for a CI job summary
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    #[command(flatten)]
    series: SeriesArgs,
}

/// Exit code for a regression.
const REGRESSED: u8 = 1;

pub(super) fn run(args: &JudgeArgs) -> Result<ExitCode> {
    let series = args.series.open()?;
    let (simulated, runs): (Vec<_>, Vec<_>) = args.runs.iter().cloned().partition(|dir| simulation::is_one(dir));
    let simulations = simulated.iter().map(|dir| simulation::read(dir)).collect::<Result<Vec<_>, _>>()?;
    let look = if args.first_look { JudgeStage::First } else { JudgeStage::Final };
    let night = judge(&series, &runs, args.again.as_deref(), look)?;
    note_unreadable(&night.unreadable);
    match look {
        JudgeStage::First => print!("{}", first_look(&night)),
        JudgeStage::Final => {
            let document = summary(&night, &series, &simulations)?;
            print!("{}", terminal::render(&document, WIDTH));
            if let Some(file) = &args.summary {
                write(file, &markdown::render(&document))?;
            }
        }
    }
    if let Some(file) = &args.suspects {
        let baseline = night.compared.as_ref().and_then(|pair| pair.changes.as_ref()).map(|it| it.baseline.clone());
        let suspects = night.suspects();
        let named: Vec<String> =
            baseline.into_iter().filter(|_| !suspects.is_empty()).chain(suspects.clone()).collect();
        write(file, &named.join(","))?;
    }
    if let Some(file) = &args.against {
        let old = night.compared.as_ref().and_then(|pair| pair.against.as_ref());
        write(file, &old.map(|(_, folder)| folder.display().to_string()).unwrap_or_default())?;
    }
    if look == JudgeStage::Final {
        night.regressions.iter().for_each(|finding| eprintln!("regression: {finding}"));
    }
    Ok(if night.regressions.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(REGRESSED) })
}

/// What it looks like before anything is confirmed.
fn first_look(night: &Night) -> String {
    let against = night.compared.as_ref().and_then(|pair| pair.against.as_ref());
    let against = against.map_or("no run like it", |(old, _)| &old.name);
    let mut found = night.regressions.iter().chain(&night.suspected).peekable();
    if found.peek().is_none() {
        return format!("against {against}: nothing looks worse\n");
    }
    let lines: String = found.map(|finding| format!("  {finding}\n")).collect();
    format!("against {against}, at first look:\n{lines}")
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
