//! The seam between operating systems: the same names for each, and nothing else asks which one
//! this is. What a system does not have fails as `unsupported` or is `None`.

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

pub(crate) use system::*;
pub use system::{is_root, own_cpu};

use std::process::ExitStatus;
use std::time::Duration;

/// A size in a text such as `/proc/meminfo`, whose lines are like `MemTotal:   24 kB`.
pub(crate) fn bytes_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[derive(Debug)]
pub(crate) struct ResourceUse {
    pub status: ExitStatus,
    pub user: Duration,
    pub sys: Duration,
    /// Largest resident set of any one of them; `None` where the system keeps none.
    pub max_rss_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileNumber {
    pub device: u64,
    pub number: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileExtent {
    pub start: u64,
    pub length: u64,
    pub place: ExtentPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(crate) enum ExtentPlace {
    /// In blocks of their own or shared ones, written or only reserved; of compressed ones there are at most as many
    /// as the length says.
    Blocks,
    Inline,
    /// Nowhere yet.
    Unplaced,
}
