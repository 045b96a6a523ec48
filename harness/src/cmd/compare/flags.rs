//! Flags of `compare` in groups: guards, shards, and the sandbox.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command};
use exec::interrupt::Supervisor;
use exec::sandbox::limits::{PROCESSES, SandboxLimits, TIME_S};
use exec::sandbox::{Sandbox, SandboxKind, SandboxSpec};
use records::quantity::{parse_age, parse_size};
use runner::guard::limits::{Limits, Percent};
use runner::shard::{ShardPart, Sharding, machine_word};

/// Limits on time, disk, memory and the load of others. They are no property of what is measured, so
/// `--resume` takes them too.
#[derive(Debug, Args)]
#[command(next_help_heading = "Guards (also with --resume)")]
pub struct GuardArgs {
    /// End a measured step that takes longer, as a failed row; 0s for never [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    step_timeout: Option<Duration>,
    /// Room to leave on the disks of the run: a step waits until there is more, one that passes the floor is ended, and
    /// the run stops resumably; 0B for none [default: 512MiB, or a sixteenth of a smaller file system]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    disk_floor: Option<u64>,
    /// The same for memory that programs can still have [default: none]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory_floor: Option<u64>,
    /// Begin a step only while others use at most this part of the processors, e.g. 10%
    /// [default: always]
    #[arg(long, value_name = "SHARE")]
    max_load: Option<Percent>,
    /// Make a row invalid if others used more than this part of the processors during its step
    /// [default: never]
    #[arg(long, value_name = "SHARE")]
    max_foreign_cpu: Option<Percent>,
    /// How long a step waits for disk, memory and processors before the run stops; 0s to stop at once [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    guard_wait: Option<Duration>,
}

impl GuardArgs {
    pub(crate) fn limits(&self) -> Limits {
        // A part of a second must not become "never".
        let seconds = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
        Limits {
            step_timeout_s: self.step_timeout.map(seconds),
            disk_floor_bytes: self.disk_floor,
            memory_floor_bytes: self.memory_floor,
            max_load_percent: self.max_load,
            max_foreign_cpu_percent: self.max_foreign_cpu,
            wait_s: self.guard_wait.map(seconds),
        }
    }
}

/// Which part of a run this is.
#[derive(Debug, Default, Args)]
pub struct ShardArgs {
    /// Only this part of the run, e.g. 1/4 for the first of four; needs --seed or --options. `harness
    /// plan` makes the commands of all parts, `harness merge` joins their run folders
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<ShardPart>,
    /// Predicted seconds of a round by workspace, the same in the commands of all shards: they
    /// decide who gets what [default: every workspace weighs the same]
    #[arg(long, value_name = "NAME=S,…", value_delimiter = ',', value_parser = seconds)]
    shard_seconds: Vec<(String, u64)>,
}

fn seconds(text: &str) -> Result<(String, u64), String> {
    let parts = text.split_once('=').and_then(|(name, seconds)| Some((name, seconds.parse().ok()?)));
    match parts {
        Some((name, seconds)) if !name.is_empty() && (1..=1 << 40).contains(&seconds) => Ok((name.to_owned(), seconds)),
        _ => Err("predicted seconds are the name of a workspace, '=' and whole seconds from 1: bat=120".to_owned()),
    }
}

impl ShardArgs {
    pub(crate) fn is_given(&self) -> bool {
        self.shard.is_some() || !self.shard_seconds.is_empty()
    }

    pub(crate) fn sharding(&self, has_seed: bool, has_budget: bool) -> Result<Option<Sharding>> {
        let Some(part) = self.shard else {
            if !self.shard_seconds.is_empty() {
                bail!("--shard-seconds says how a run is split: give --shard I/N too");
            }
            return Ok(None);
        };
        if has_budget {
            bail!(
                "--budget chooses later rounds by what earlier ones found, which shards cannot know of each other: \
                 give --rounds N with --shard"
            );
        }
        if !has_seed {
            bail!("--shard needs --seed N, the same for all shards: the order of strategies is drawn from it");
        }
        let mut seconds = BTreeMap::new();
        for (name, of_name) in &self.shard_seconds {
            if seconds.insert(name.clone(), *of_name).is_some() {
                bail!("--shard-seconds names {name} twice: give each workspace once");
            }
        }
        Ok(Some(Sharding { part, seconds, machine: machine_word() }))
    }
}

/// Running untrusted code in a sandbox.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Run every build without network, with a read-only file system but for the directories it
    /// builds in, and with limits (Linux, by Bubblewrap)
    // With a value, as earlier versions had it, there is one to choose.
    #[arg(long, value_name = "KIND", num_args = 0..=1, require_equals = true, default_missing_value = "bubblewrap",
        value_parser = ["bubblewrap", "auto"], hide_possible_values = true)]
    sandbox: Option<String>,
    /// Memory of all sandboxed builds at once, e.g. 8GiB [default: three quarters of the machine's]
    #[arg(long, value_name = "SIZE", value_parser = parse_size, requires = "sandbox")]
    sandbox_memory: Option<u64>,
    /// Processes and threads of all sandboxed builds at once [default: 4096]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=1_000_000), requires = "sandbox")]
    sandbox_processes: Option<u32>,
    /// How long each sandboxed command may take, e.g. 30m [default: 2h]
    #[arg(long, value_name = "TIME", value_parser = parse_age, requires = "sandbox")]
    sandbox_time: Option<Duration>,
    /// Another file or directory that sandboxed builds may read; may be repeated
    #[arg(long, value_name = "PATH", requires = "sandbox")]
    sandbox_read: Vec<PathBuf>,
}

impl SandboxArgs {
    /// The sandbox that these flags describe, tried.
    pub fn spec(&self, supervisor: &Supervisor) -> Result<Option<SandboxSpec>> {
        if self.sandbox.is_some() {
            Sandbox::probe(supervisor)?;
        }
        self.untried()
    }

    /// The same for another machine.
    pub fn untried(&self) -> Result<Option<SandboxSpec>> {
        if self.sandbox.is_none() {
            return Ok(None);
        }
        let read = self.sandbox_read.iter().map(|path| {
            let found = path.exists().then(|| std::path::absolute(path)).and_then(Result::ok);
            found.with_context(|| format!("--sandbox-read {}: there is no such file", path.display()))
        });
        Ok(Some(SandboxSpec {
            kind: SandboxKind::Bubblewrap,
            limits: SandboxLimits {
                memory_bytes: self.sandbox_memory.unwrap_or_else(SandboxLimits::default_memory),
                processes: self.sandbox_processes.unwrap_or(PROCESSES),
                time_s: self.sandbox_time.map_or(TIME_S, |time| time.as_secs().max(1)),
            },
            read: read.collect::<Result<_>>()?,
        }))
    }
}

/// A line about a sandbox for `--dry-run`.
pub fn sandbox_line(spec: &SandboxSpec) -> String {
    let SandboxLimits { memory_bytes, processes, time_s } = spec.limits;
    let (kind, memory) = (spec.kind.as_str(), memory_bytes >> 20);
    format!("{kind}: no network, at most {memory} MiB, {processes} processes, {time_s} s a command")
}

/// Why flags given beside `--resume` or `--options` are refused: a run goes on as it was begun,
/// and a shard is measured as it was planned. Taken from the command line itself, so that a flag
/// which is added later is refused as well and not silently ignored.
pub fn refused_beside_stored_options(matches: &ArgMatches) -> Option<String> {
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let guards = GuardArgs::augment_args(Command::new("guards"));
    let guards: Vec<&str> = guards.get_arguments().map(|arg| arg.get_id().as_str()).collect();
    let (stored, more): (&str, &[&str]) = match (given("resume"), given("options")) {
        (true, _) => ("resume", &[]),
        (false, true) => ("options", &["shard", "work_dir", "out", "dry_run"]),
        (false, false) => return None,
    };
    let allowed: Vec<&str> = more.iter().copied().chain(guards).collect();
    let all = super::CompareArgs::augment_args(Command::new("compare"));
    let other = all.get_arguments().find(|arg| {
        let id = arg.get_id().as_str();
        id != stored && !allowed.contains(&id) && given(id)
    })?;
    let flags = allowed.iter().map(|id| format!("--{}", id.replace('_', "-"))).collect::<Vec<_>>().join(", ");
    Some(format!(
        "--{} cannot be given with --{stored}: a run has the options that are stored there, only {flags} may change; \
         leave it out, or begin a new run",
        other.get_long().unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(args: &[&str]) -> Option<String> {
        let command = crate::cmd::compare::CompareArgs::augment_args(Command::new("compare"));
        refused_beside_stored_options(&command.try_get_matches_from([&["compare"], args].concat()).unwrap())
    }

    #[test]
    fn a_resumed_run_takes_guards_and_nothing_else() {
        let guards =
            ["--resume", "x", "--disk-floor", "1GiB", "--step-timeout", "5m", "--max-load", "5%", "--guard-wait", "0s"];
        assert_eq!(refused(&guards), None);
        assert_eq!(refused(&["--rounds", "3"]), None);
        for other in ["--rounds 3", "--dry-run", "--corpus quick", "--set a.b=c", "--shard 1/2", "--options y"] {
            let other: Vec<&str> = other.split(' ').collect();
            let why = refused(&[&["--resume", "x"], &other[..]].concat()).unwrap();
            assert!(why.starts_with(other[0]) && why.contains("--guard-wait"), "{why}");
        }
    }

    #[test]
    fn a_planned_shard_takes_what_is_its_machines_own() {
        let own =
            ["--options", "x", "--shard", "1/2", "--work-dir", "w", "--out", "o", "--dry-run", "--max-load", "5%"];
        assert_eq!(refused(&own), None);
        for other in [&["--rounds", "3"][..], &["--seed", "1"], &["--shard-seconds", "a=1"]] {
            let why = refused(&[&["--options", "x"], other].concat()).unwrap();
            assert!(why.starts_with(other[0]) && why.contains("--work-dir"), "{why}");
        }
    }

    #[test]
    fn a_part_of_a_second_is_a_second_and_not_never() {
        let command = GuardArgs::augment_args(Command::new("guards"));
        let matches = command.try_get_matches_from(["guards", "--step-timeout", "0.2s"]).unwrap();
        let args = <GuardArgs as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
        assert_eq!(args.limits().step_timeout_s, Some(1));
    }
}
