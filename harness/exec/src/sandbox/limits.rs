//! How much a sandboxed build may use, and what enforces it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::host::Host;

/// Processes and threads of all builds that run at once.
pub const PROCESSES: u32 = 4096;

/// Seconds one command may take.
pub const TIME_S: u64 = 2 * 60 * 60;

/// Where the memory of the machine is not known.
const MEMORY_BYTES: u64 = 8 << 30;

/// The limits of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory, of all builds that run at once together.
    pub memory_bytes: u64,
    /// Processes and threads, likewise.
    pub processes: u32,
    /// Seconds each command may take.
    pub time_s: u64,
}

impl Limits {
    /// Three quarters of the machine's memory, whole MiB: what is left keeps the machine alive.
    pub fn default_memory() -> u64 {
        let memory = Host::detect().memory_bytes.map(|all| all / 4 * 3);
        memory.unwrap_or(MEMORY_BYTES) >> 20 << 20
    }
}

/// What enforces a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// A control group, version 2.
    #[serde(rename = "cgroup v2")]
    Cgroup2,
    /// A control group, version 1.
    #[serde(rename = "cgroup v1")]
    Cgroup1,
    /// `setrlimit`: each process by itself where it is memory (address space, of which compilers
    /// reserve more than they use), the user as a whole where it is processes.
    #[serde(rename = "rlimit")]
    Rlimit,
    /// Nothing: the system offers no means here.
    #[serde(rename = "nothing")]
    Nothing,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            By::Cgroup2 => "cgroup v2",
            By::Cgroup1 => "cgroup v1",
            By::Rlimit => "rlimit",
            By::Nothing => "nothing",
        })
    }
}

/// What takes the place of a control group, where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rlimits {
    /// Bytes of address space of each process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_space: Option<u64>,
    /// Processes of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
}

impl Rlimits {
    /// Puts them in force for this process and all it starts.
    ///
    /// # Errors
    /// When the system refuses.
    #[cfg(target_os = "linux")]
    pub fn apply(self) -> std::io::Result<()> {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let set = |resource, limit: Option<u64>| -> std::io::Result<()> {
            let Some(limit) = limit else { return Ok(()) };
            let hard = getrlimit(resource).maximum;
            let limit = Some(hard.map_or(limit, |hard| hard.min(limit)));
            Ok(setrlimit(resource, Rlimit { current: limit, maximum: limit })?)
        };
        set(Resource::As, self.address_space)?;
        set(Resource::Nproc, self.processes)
    }
}
