//! `harness trace collect`: the unit graphs of real workspaces.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, anyhow};
use clap::Args;
use corpora::Workspace;
use indicatif::HumanDuration;
use itertools::Itertools as _;
use reports::text::bytes;
use simulation::trace::{Fit, Trace};

use crate::cmd::common::{absolute, plain_name, work_dir};
use crate::collect::{DEFAULT, Measurements, TraceCommand, UnitCosts, choose, everything, folders_in, run_folders};
use exec::interrupt::Supervisor;
use exec::toolchain::Toolchain;
use exec::workdir::WorkDir;
use runner::build_env::{BuildEnv, DISK_FLOOR};

const EXAMPLE: &str = "Example:
  harness trace collect --corpus quick,gauntlet,census --runs runs/ --out real.trace";

/// Computes what Cargo would run (`cargo build --unit-graph`) in every workspace of the corpora, for each of some commands,
/// and writes it to one file for replays at scale. Sources and dependencies are fetched; nothing is compiled and no build
/// script is run. A unit that a recorded run has measured has the costs of that run; the others are estimated, and how well
/// is printed at the end and recorded in the file. What is not available is left out, with the reason.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct CollectTraceArgs {
    /// Corpora, separated by commas: shipped ones, or paths of .toml manifests; a workspace of several is taken once
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = corpora::shipped::DEFAULT)]
    corpus: Vec<String>,
    /// Only these workspaces, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    workspaces: Vec<String>,
    /// The file to write; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A run folder, or a folder of some, with measured seconds and bytes; may be repeated
    /// [default: runs/ in the work directory]
    #[arg(long, value_name = "DIR")]
    runs: Vec<PathBuf>,
    /// Commands, separated by commas: a profile, and build, test or check
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = DEFAULT)]
    commands: Vec<TraceCommand>,
    /// rustup toolchain [default: the default one]
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    toolchain: Option<String>,
    /// Where sources are kept [default: the user's cache directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Show what would be collected, and fetch nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: CollectTraceArgs, supervisor: &Supervisor) -> Result<ExitCode> {
    let workspaces = choose(&args.corpus, &args.workspaces)?;
    let commands: Vec<TraceCommand> = args.commands.iter().unique().cloned().collect();
    let dir = work_dir(args.work_dir.as_deref())?;
    let folders = match args.runs.as_slice() {
        [] => folders_in(&dir.join("runs")).unwrap_or_default(),
        named => run_folders(named)?,
    };
    if args.dry_run {
        args.toolchain.as_deref().map(|name| Toolchain::find(Some(name))).transpose()?;
        describe(&args, &workspaces, &commands, &folders);
        return Ok(ExitCode::SUCCESS);
    }
    let out = absolute(&args.out)?;
    check_writable(&out)?;
    let began = Instant::now();
    let work = WorkDir::acquire(&dir, DISK_FLOOR)?;
    let build_env = BuildEnv::open(work.path(), args.toolchain.as_deref(), supervisor.clone())?;
    let draft = everything(&build_env, &workspaces, &commands)?;
    let measurements = Measurements::read(&folders, |note| eprintln!("note: {note}"));
    let title = format!("{} of {}", commands_line(&commands), args.corpus.join(", "));
    let toolchain = build_env.toolchain.rustc_line();
    let trace = UnitCosts::of(&draft, &measurements).finish(draft, title, toolchain);
    supervisor.check()?;
    trace.write(&out)?;
    summarise(&trace, &out, began);
    Ok(ExitCode::SUCCESS)
}

fn commands_line(commands: &[TraceCommand]) -> String {
    commands.iter().join(", ")
}

fn describe(args: &CollectTraceArgs, workspaces: &[Workspace], commands: &[TraceCommand], folders: &[PathBuf]) {
    println!("{} workspaces of {}:", workspaces.len(), args.corpus.join(", "));
    for workspace in workspaces {
        println!("  {:<24} {} {}", workspace.name, workspace.source.kind(), workspace.source);
    }
    println!("commands: {}", commands_line(commands));
    match folders {
        [] => println!("measured by: no run; all seconds and bytes would be constants by kind"),
        folders => println!("measured by: {} runs", folders.len()),
    }
    println!("nothing would be compiled; the trace would be {}", args.out.display());
}

fn summarise(trace: &Trace, out: &Path, began: Instant) {
    let nodes = trace.nodes.len();
    println!(
        "{} workspaces, {} plans, {} unit builds: {nodes} different nodes of {} different units",
        trace.workspaces.len(),
        trace.plans.len(),
        trace.unit_builds(),
        trace.units.len()
    );
    let seconds = trace.nodes.iter().filter(|node| node.seconds.measured).count();
    let sizes = trace.nodes.iter().filter(|node| node.bytes.measured).count();
    fit("seconds", seconds, nodes, trace.about.seconds.as_ref());
    fit("bytes", sizes, nodes, trace.about.bytes.as_ref());
    for left_out in &trace.about.left_out {
        println!("left out: {}: {}", left_out.workspace, left_out.why);
    }
    let size = std::fs::metadata(out).map_or(0, |meta| meta.len());
    println!("{} ({}, after {})", out.display(), bytes(Some(size as f64)), HumanDuration(began.elapsed()));
}

fn fit(what: &str, measured: usize, nodes: usize, fit: Option<&Fit>) {
    let Some(fit) = fit else { return };
    println!("{what}: {measured} nodes measured ({:.0} %)", 100.0 * measured as f64 / nodes.max(1) as f64);
    print!("{}", super::estimate(what, fit));
}

/// Checks that a path can be written to, before anything takes long.
fn check_writable(out: &Path) -> Result<()> {
    let cannot =
        |why: &dyn std::fmt::Display| anyhow!("cannot write the trace {}: {why}; choose another --out", out.display());
    if out.is_dir() || out.file_name().is_none() {
        return Err(cannot(&"it is a directory"));
    }
    let dir = out.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(|error| cannot(&error))?;
    tempfile::tempfile_in(dir).map_err(|error| cannot(&error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unwritable_path_is_refused_beforehand() {
        let dir = tempfile::tempdir().unwrap();
        check_writable(&dir.path().join("new/folder/x.trace")).unwrap();
        assert!(!dir.path().join("new/folder/x.trace").exists());
        let error = check_writable(dir.path()).unwrap_err().to_string();
        assert!(error.contains("it is a directory; choose another --out"), "{error}");
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(check_writable(&dir.path().join("file/x.trace")).is_err());
    }
}
