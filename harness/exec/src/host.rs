//! The machine a run was made on, as far as it explains the numbers.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::os;

/// What is recorded of the machine. A field that cannot be found out is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostFacts {
    pub cpu: Option<String>,
    /// Cores this process may use (after affinity and quota), not those of the machine.
    pub cores: usize,
    pub memory_bytes: Option<u64>,
    /// Kernel name and release, for example `Linux 6.12.1`.
    pub kernel: Option<String>,
    /// The operating system's own name, for example `Debian GNU/Linux 12 (bookworm)`.
    pub os: String,
    pub arch: String,
    /// Load average over one minute at this moment: what else ran while we measured.
    pub load_1m: Option<f64>,
}

impl HostFacts {
    pub fn detect() -> Self {
        let read = |path: &str| std::fs::read_to_string(Path::new(path)).ok();
        Self {
            cpu: read("/proc/cpuinfo").and_then(|text| cpu_model(&text)),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: os::memory_bytes().0,
            kernel: os::kernel(),
            os: read("/etc/os-release")
                .and_then(|text| os_name(&text))
                .unwrap_or_else(|| std::env::consts::OS.to_owned()),
            arch: std::env::consts::ARCH.to_owned(),
            load_1m: load_1m(),
        }
    }
}

/// Load average over one minute; `None` where the system keeps none.
pub fn load_1m() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Memory that new work can have without swapping, bytes; `None` where the system has no such figure.
pub fn memory_available_bytes() -> Option<u64> {
    os::memory_bytes().1
}

/// `model name` on x86, `Model` or `CPU part` elsewhere.
fn cpu_model(cpuinfo: &str) -> Option<String> {
    ["model name", "Model", "cpu model", "CPU part"].iter().find_map(|wanted| {
        cpuinfo.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == *wanted && !value.trim().is_empty()).then(|| value.trim().to_owned())
        })
    })
}

fn os_name(os_release: &str) -> Option<String> {
    let value = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_texts_are_read() {
        assert_eq!(cpu_model("processor\t: 0\nmodel name\t: Big 9000\n").unwrap(), "Big 9000");
        assert_eq!(cpu_model("processor\t: 0\nCPU part\t: 0xd0c\n").unwrap(), "0xd0c");
        assert_eq!(cpu_model("processor\t: 0\n"), None);
        assert_eq!(os_name("ID=x\nPRETTY_NAME=\"Some OS 12\"\n").unwrap(), "Some OS 12");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_is_described() {
        let host = HostFacts::detect();
        assert!(host.cores >= 1);
        assert!(host.memory_bytes.is_some_and(|bytes| bytes > 64 << 20), "{host:?}");
        assert!(host.kernel.as_deref().is_some_and(|k| k.starts_with("Linux ")), "{host:?}");
        assert!(host.load_1m.is_some_and(|load| load >= 0.0));
    }
}
