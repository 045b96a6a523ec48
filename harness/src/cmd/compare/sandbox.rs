//! `--sandbox` and what belongs to it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args as ClapArgs;

use exec::interrupt::Supervisor;
use exec::sandbox::limits::{PROCESSES, SandboxLimits, TIME_S};
use exec::sandbox::{Sandbox, SandboxKind, SandboxSpec};
use records::quantity::{parse_age, parse_size};

/// Running untrusted code in a sandbox.
#[derive(Debug, ClapArgs)]
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
    /// The sandbox that was asked for, tried.
    pub fn spec(&self, supervisor: &Supervisor) -> Result<Option<SandboxSpec>> {
        if self.sandbox.is_some() {
            Sandbox::probe(supervisor)?;
        }
        self.untried()
    }

    /// The sandbox that was asked for, for another machine.
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

/// What `--dry-run` says of it.
pub fn line(spec: &SandboxSpec) -> String {
    let SandboxLimits { memory_bytes, processes, time_s } = spec.limits;
    format!(
        "{}: no network, at most {} MiB, {processes} processes, {time_s} s a command",
        spec.kind.as_str(),
        memory_bytes >> 20
    )
}
