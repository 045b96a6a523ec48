//! `harness trace generate`: made-up ecosystems of any size.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use reports::text::{bytes, plain};
use simulation::generate::{Model, Options, generate, shipped};
use simulation::statistics::{Statistics, compare};
use simulation::timeline::{Timeline, lay};
use simulation::trace::{Task, Trace};

use crate::simulate::asked::{items, joined};
use exec::interrupt::{Interrupted, Supervisor};

/// Makes the unit graphs of an ecosystem that never was, as large as wanted, from what is measured
/// on a real one: popularity of packages, their versions and days of publication, feature sets,
/// profiles, sizes. Ends with both side by side, so that one sees how alike they are. The same
/// seed always gives the same bytes.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How many workspaces
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    workspaces: u32,
    /// The trace to be like [default: the one that comes along, of well-known programs]
    #[arg(long, value_name = "FILE")]
    like: Option<PathBuf>,
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value = "1")]
    seed: u64,
    /// Cargo commands, separated by commas: `dev build,dev test` [default: all that the real trace
    /// has up to 500 workspaces, `dev build` beyond]
    #[arg(long, value_name = "LIST")]
    commands: Option<String>,
    /// How often each lockfile is updated, every 30 days: one more plan for each
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u32).range(0..=120))]
    updates: u32,
    /// Lay so many days of builds, edits and clean-ups over it [default: none; `harness simulate`
    /// lays 90 where there are none]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
    /// The file to write; one that is there is replaced
    #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
    out: Option<PathBuf>,
    /// Show what would be made, and make nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "Examples:
  harness trace generate --workspaces 4000 --seed 1 --out made.trace
  harness trace generate --workspaces 200 --like real.trace --updates 3 --days 120 --out months.trace";

/// Workspaces that are set beside the real ones; counting popularity takes longer than making them.
const MOST_COMPARED: usize = 5_000;

/// Runs the subcommand.
///
/// # Errors
/// When the trace to be like is none, or a command is unknown to it.
pub fn run(args: &Args, supervisor: &Supervisor) -> Result<ExitCode> {
    let real = match &args.like {
        Some(path) => Trace::read(path)?,
        None => shipped()?,
    };
    let commands = args.commands.as_deref().map(|list| commands(list, &real)).transpose()?.unwrap_or_default();
    let options = Options {
        workspaces: args.workspaces as usize,
        seed: args.seed,
        commands,
        updates: args.updates,
        ..Options::default()
    };
    if args.dry_run {
        let each = real.unit_builds() / real.plans.len().max(1) as u64;
        println!(
            "{} workspaces like {} real ones ({}), about {each} units for each Cargo command",
            args.workspaces,
            real.workspaces.len(),
            real.about.title
        );
        return Ok(ExitCode::SUCCESS);
    }
    let model = Model::learn(&real);
    if model.donors.is_empty() {
        bail!("there is no workspace to learn from in {}", real.about.title);
    }
    let began = Instant::now();
    let bar = bar(u64::from(args.workspaces));
    let go_on = |done: usize| {
        bar.set_position(done as u64);
        !supervisor.is_interrupted()
    };
    let made = generate(&model, &options, &go_on);
    bar.finish_and_clear();
    // Nothing is written before all is made: whoever interrupts loses nothing.
    let Some(mut trace) = made else { return Err(Interrupted.into()) };
    if let Some(days) = args.days {
        lay(&mut trace, &Timeline { days, seed: args.seed, ..Timeline::default() });
    }
    supervisor.check()?;
    let out = args.out.as_deref().unwrap_or(Path::new("made.trace"));
    trace.write(out)?;
    let all = trace.workspaces.len();
    if all > MOST_COMPARED {
        println!("the first {MOST_COMPARED} of {all} made-up workspaces:");
        trace = trace.only(|plan| plan.workspace.at() < MOST_COMPARED);
    }
    for line in compare(&Statistics::of(&real), &Statistics::of(&trace)).to_string().lines() {
        println!("{}", plain(line));
    }
    let size = std::fs::metadata(out).map(|it| it.len() as f64).ok();
    println!("\nmade in {:.1} s", began.elapsed().as_secs_f64());
    println!("trace: {} ({})", out.display(), bytes(size));
    Ok(ExitCode::SUCCESS)
}

/// Commands as tasks and profiles.
fn commands(list: &str, real: &Trace) -> Result<Vec<(Task, String)>> {
    let known: Vec<(Task, String)> =
        real.plans.iter().map(|plan| (plan.task, real.text(plan.profile).to_owned())).collect();
    let label = |it: &(Task, String)| format!("{} {}", it.1, it.0.as_str());
    let mut asked = Vec::new();
    for name in items(list) {
        let Some(found) = known.iter().find(|it| label(it) == name) else {
            let mut names: Vec<String> = known.iter().map(label).collect();
            names.sort();
            names.dedup();
            bail!("{} has no command {name:?}; it has {}", real.about.title, joined(names));
        };
        if !asked.contains(found) {
            asked.push(found.clone());
        }
    }
    Ok(asked)
}

fn bar(workspaces: u64) -> ProgressBar {
    let bar = ProgressBar::new(workspaces);
    let style =
        ProgressStyle::with_template("making workspaces [{bar:30}] {pos}/{len} {msg} ({elapsed} elapsed, {eta} left)");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    bar
}
