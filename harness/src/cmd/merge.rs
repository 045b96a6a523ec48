//! `harness merge`: shards → the run they make together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use records::merge::{Allowed, merge};
use records::run_folder::{RunFolder, RunWriter};
use records::{StepKey, UnitRow};
use reports::analysis::RunSource;
use reports::formats::terminal;
use reports::report::Report;
use reports::text::WIDTH;
use reports::{probes, simulation};

use super::common::{choices, write_report};

/// Joins the run folders of all shards of one run. The rows are those of the run taken in one go; what was measured is
/// not changed, nor are the folders given. The same shards in any order make the same bytes.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Run folders that `harness compare --shard` wrote
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// The run folder to make; it must not exist yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Differences between shards that are no reason to refuse, separated by commas; the report names them
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = choices(&DIFFERENCES))]
    allow: Vec<AllowDifference>,
    /// Join what there is, though shards are missing: makes a run that is not complete
    #[arg(long)]
    partial: bool,
}

const DIFFERENCES: [(&str, AllowDifference, &str); 4] = [
    ("hosts", |it| it.hosts = true, "Machines of another kind: processor, cores, memory, kernel, system, file systems"),
    ("toolchains", |it| it.toolchains = true, "Another rustc or cargo"),
    ("seeds", |it| it.seeds = true, "Another seed, so that turns are not balanced over rounds"),
    ("tools", |it| it.tools = true, "Other versions of external tools"),
];

type AllowDifference = fn(&mut Allowed);

pub fn run(args: &MergeArgs) -> Result<ExitCode> {
    if args.out.exists() {
        bail!("{} exists: name a new folder with --out", args.out.display());
    }
    let folders = args.runs.iter().map(|dir| read(dir)).collect::<Result<Vec<RunFolder>>>()?;
    let mut allowed = Allowed::default();
    args.allow.iter().for_each(|allow| allow(&mut allowed));
    let merged = merge(folders, &allowed, args.partial)?;
    write(&merged, &args.out)?;
    let count = merged.info.shards.len();
    let report = Report::of(vec![RunSource::Compare(Box::new(RunFolder::read(&args.out)?))], None);
    report.summary().iter().for_each(|document| print!("{}", terminal::render(document, WIDTH)));
    let rows = merged.steps.len();
    println!("\n{count} shards, {rows} rows{}", if merged.info.complete { "" } else { "; INCOMPLETE" });
    println!("records: {}", args.out.display());
    write_report(&report, &args.out);
    Ok(ExitCode::SUCCESS)
}

fn read(dir: &Path) -> Result<RunFolder> {
    if dir.join(probes::WHOLE).is_file() || simulation::is_one(dir) {
        bail!("{} holds probes or a simulation, which have no shards: give runs of harness compare", dir.display());
    }
    Ok(RunFolder::read_recorded(dir)?)
}

/// Writes the run beside its place and renames it there, so that there is all of it or nothing.
fn write(run: &RunFolder, out: &Path) -> Result<()> {
    let parent = out.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let staged = tempfile::Builder::new().prefix(".merged-").tempdir_in(parent);
    let staged = staged.with_context(|| format!("cannot write in {}", parent.display()))?;
    let dir = staged.path().join("run");
    let mut writer = RunWriter::create(&dir, run.info.clone())?;
    let mut units: BTreeMap<StepKey, Vec<UnitRow>> = BTreeMap::new();
    for unit in &run.units {
        units.entry(StepKey::of_unit(unit)).or_default().push(unit.clone());
    }
    for step in &run.steps {
        writer.append(step, &units.remove(&StepKey::of_step(step)).unwrap_or_default())?;
    }
    drop(writer);
    std::fs::rename(&dir, out).with_context(|| format!("cannot rename {} to {}", dir.display(), out.display()))
}
