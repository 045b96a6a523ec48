//! The sandbox a run was taken in, as `run.json` has it.

use serde::{Deserialize, Serialize};

/// A limit and what enforces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforced {
    /// Bytes, processes or seconds.
    pub limit: u64,
    /// `cgroup v2`, `cgroup v1`, `rlimit`, `the harness` or `nothing`.
    pub by: String,
}

/// The sandbox of everything that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SandboxInfo {
    /// `bubblewrap` or `namespaces`.
    pub kind: String,
    /// Version of Bubblewrap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Bytes of memory of all builds at once.
    pub memory: Enforced,
    /// Processes and threads of all builds at once.
    pub processes: Enforced,
    /// Seconds of each command.
    pub seconds: Enforced,
    /// Median time of starting a program that does next to nothing in it, milliseconds.
    pub start_inside_ms: f64,
    /// The same out of it.
    pub start_outside_ms: f64,
    /// How often each was started.
    pub starts: u32,
}

impl SandboxInfo {
    /// What it costs to start a program in it, milliseconds.
    pub fn overhead_ms(&self) -> f64 {
        self.start_inside_ms - self.start_outside_ms
    }

    /// In one line.
    pub fn line(&self) -> String {
        let version = self.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        format!(
            "{}{version}; {:.1} ms more for every program started in it (median of {} starts: {:.1} ms, {:.1} ms \
             outside); memory {} MiB by {}, {} processes by {}, {} s a command",
            self.kind,
            self.overhead_ms(),
            self.starts,
            self.start_inside_ms,
            self.start_outside_ms,
            self.memory.limit >> 20,
            self.memory.by,
            self.processes.limit,
            self.processes.by,
            self.seconds.limit
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_it_costs_and_what_limits() {
        let limit = |limit, by: &str| Enforced { limit, by: by.into() };
        let info = SandboxInfo {
            kind: "bubblewrap".into(),
            version: Some("0.8.0".into()),
            memory: limit(8 << 30, "cgroup v2"),
            processes: limit(4096, "rlimit"),
            seconds: limit(7200, "the harness"),
            start_inside_ms: 31.26,
            start_outside_ms: 20.0,
            starts: 20,
        };
        assert_eq!(
            info.line(),
            "bubblewrap 0.8.0; 11.3 ms more for every program started in it (median of 20 starts: 31.3 ms, 20.0 ms \
             outside); memory 8192 MiB by cgroup v2, 4096 processes by rlimit, 7200 s a command"
        );
    }
}
