//! `harness simulate`: many workspaces, replayed without compiling anything.

mod check;
mod listing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use reports::analysis::RunSource;
use reports::chapters::brief;
use reports::formats::terminal;
use reports::report::Report;
use reports::simulation::SimulationRun;
use reports::text::WIDTH;
use reports::text::plain;
use simulation::remote::LinkSpec;
use simulation::retention::Cap;
use simulation::reuse::Portfolio;
use simulation::timeline::{Timeline, add_events};
use simulation::trace::Trace;
use strategies::key::Digest;

use crate::cmd::common::{spinner, write_report};
use crate::simulate::reuse::{self, DesignViews, ReuseQuestion};
use crate::simulate::selection::{self, joined};
use crate::simulate::{describe, remote, stores, trace_info};
use exec::interrupt::Supervisor;

/// Replays the unit graphs of a trace: what workspaces reuse of each other under each key policy, what each input of the
/// key costs, what a store of limited size keeps, and when fetching beats compiling. Nothing is compiled. The same trace,
/// options and seed always give the same bytes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SimulateArgs {
    /// The trace: `harness trace collect` makes one
    #[arg(long, value_name = "FILE")]
    trace: PathBuf,
    /// Key policies, separated by commas, with relaxations behind a colon if wanted:
    /// aggressive:without-debug+early-cutoff
    #[arg(long, value_name = "LIST", default_value = "*")]
    policies: String,
    /// Relaxations, separated by commas: each policy once more with each of them; `none` for none, --list shows all
    #[arg(long, value_name = "LIST", default_value = "*")]
    relax: String,
    /// Cargo commands that workspaces run [default: the first of the trace, such as `dev build`]
    #[arg(long, value_name = "LIST")]
    commands: Option<String>,
    /// Retention policies, separated by commas; `none` for none, --list shows all
    #[arg(long, value_name = "LIST", default_value = "*")]
    retention: String,
    /// Size limits of stores, separated by commas; `none` is no limit
    #[arg(long, value_name = "LIST", default_value = "1GB,2GB,5GB,10GB,20GB,50GB,100GB,none")]
    caps: String,
    /// Networks to a remote cache, separated by commas: bandwidth/latency/transfers, such as
    /// 100Mbit/20ms/8, or a name that --list shows; `none` for none
    #[arg(long, value_name = "SPEC", default_value = REMOTE)]
    remote: String,
    /// Compiles at a time on a machine that fetches from a remote cache
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u32).range(1..=4096))]
    cores: u32,
    /// Days of made-up builds, edits and clean-ups, for a trace that has no events
    #[arg(long, value_name = "N", default_value = "90", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Random orders of workspaces behind each band [default: 200 up to 1,000 workspaces, 20 beyond]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    orders: Option<u32>,
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value = "1")]
    seed: u64,
    /// The run folder to write
    #[arg(long, value_name = "DIR", required_unless_present_any = ["dry_run", "list", "check"])]
    out: Option<PathBuf>,
    /// Instead: replay the steps of these runs of `harness compare`, and compare the outcome of each unit with the
    /// recorded one; exit code 1 if any differs
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "list"])]
    check: Vec<PathBuf>,
    /// List key policies, relaxations and retention policies
    #[arg(long)]
    list: bool,
    /// Show what would be replayed, and replay nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "Examples:
  harness trace collect --corpus quick,gauntlet,census --out real.trace
  harness simulate --trace real.trace --out real             everything, a page at the end
  harness simulate --trace real.trace --policies aggressive --relax none --out real
  harness simulate --trace real.trace --check RUN            is the replay right? unit for unit
  harness report real --design-review                        what it says on open questions";

/// One network at bandwidths from a slow home line to a data centre.
const REMOTE: &str = "5Mbit/20ms/16,10Mbit/20ms/16,20Mbit/20ms/16,50Mbit/20ms/16,100Mbit/20ms/16,200Mbit/20ms/16,\
                      500Mbit/20ms/16,1Gbit/20ms/16,5Gbit/20ms/16";

/// Workspaces that are simulated with a remote cache; of more, every n-th.
const MOST_REMOTE: usize = 200;

/// Runs the subcommand. Fails when the file is no trace, or a name is unknown.
pub fn run(args: &SimulateArgs, supervisor: &Supervisor) -> Result<ExitCode> {
    if args.list {
        print!("{}", listing::listed());
        return Ok(ExitCode::SUCCESS);
    }
    let (mut trace, digest) = read(&args.trace)?;
    if !args.check.is_empty() {
        return check::run(&mut trace, &args.check);
    }
    let commands = selection::commands(args.commands.as_deref(), &Portfolio::commands(&trace))?;
    let orders = args.orders.unwrap_or(if trace.workspaces.len() <= 1_000 { 200 } else { 20 });
    let question = ReuseQuestion {
        designs: selection::designs(&args.policies)?,
        relaxations: selection::relaxations(&args.relax)?,
        commands,
        orders,
        seed: args.seed,
    };
    let stores =
        stores::StoreQuestion { policies: selection::retention(&args.retention)?, caps: Cap::list(&args.caps)? };
    let remote = remote::RemoteQuestion {
        commands: question.commands.clone(),
        links: if args.remote == "none" { Vec::new() } else { LinkSpec::list(&args.remote)? },
        cores: args.cores,
        most: MOST_REMOTE,
    };
    if args.dry_run {
        print!("{}", plain(&listing::planned(&trace, &question, &stores, &remote)));
        return Ok(ExitCode::SUCCESS);
    }
    let out = args.out.as_deref().unwrap_or(Path::new("."));
    refuse_foreign(out)?;
    if trace.events.is_empty() && !stores.policies.is_empty() {
        add_events(&mut trace, &Timeline { days: args.days, seed: args.seed, ..Timeline::default() });
    }
    let began = Instant::now();
    let bar = spinner();
    let on_step = |what: &str| {
        bar.set_message(what.to_owned());
        supervisor.check().map_err(Into::into)
    };
    on_step("making keys")?;
    let views = DesignViews::of(&trace, &question);
    let mut run = SimulationRun::new(
        describe(&trace, &digest, args.seed, options(args, &question)),
        trace_info(&trace, &digest, question.orders),
    );
    reuse::replay(&mut run, &trace, &question, &views, &on_step)?;
    stores::replay(&mut run, &trace, &stores, &views.plain(), &on_step)?;
    remote::replay(&mut run, &trace, &remote, &views.plain(), &on_step)?;
    bar.finish_and_clear();
    supervisor.check()?;
    reports::simulation::write(out, &run)?;
    print_summary(run, out, began.elapsed());
    Ok(ExitCode::SUCCESS)
}

/// Reads a trace, with the digest of its bytes.
fn read(path: &Path) -> Result<(Trace, Digest)> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read the trace {}; `harness trace collect` makes one", path.display()))?;
    Ok((Trace::parse(&bytes, path)?, Digest::of(&bytes)))
}

/// Options as they are recorded. The paths of files are not among them.
fn options(args: &SimulateArgs, question: &ReuseQuestion) -> BTreeMap<String, serde_json::Value> {
    BTreeMap::from([
        ("policies".to_owned(), joined(&question.designs).into()),
        ("relax".to_owned(), joined(question.relaxations.iter().map(|it| it.name)).into()),
        ("commands".to_owned(), joined(&question.commands).into()),
        ("retention".to_owned(), args.retention.clone().into()),
        ("caps".to_owned(), args.caps.clone().into()),
        ("remote".to_owned(), args.remote.clone().into()),
        ("cores".to_owned(), args.cores.into()),
        ("days".to_owned(), args.days.into()),
        ("orders".to_owned(), question.orders.into()),
    ])
}

/// Refuses a folder that holds anything but a simulation.
fn refuse_foreign(out: &Path) -> Result<()> {
    let is_empty = match std::fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error).with_context(|| format!("cannot write to {}", out.display())),
    };
    if !is_empty && !reports::simulation::is_one(out) {
        bail!("{} holds something else than a simulation; name an empty or new folder", out.display());
    }
    Ok(())
}

/// Prints tables, then the paths of everything.
fn print_summary(run: SimulationRun, out: &Path, took: Duration) {
    print!("{}", terminal::render(&brief(&run), WIDTH));
    println!("\nreplayed in {:.1} s", took.as_secs_f64());
    println!("records: {}", out.display());
    write_report(&Report::of(vec![RunSource::Simulate(Box::new(run))], None), out);
}
