//! The identity of a process: a later one may get the same number.
//!
//! Process numbers in files are reused, so each is kept with the moment its process started and
//! the boot it belongs to. Only Linux shows both; elsewhere nothing is ever recognised.

use serde::{Deserialize, Serialize};

pub use crate::os::is_root;

/// A process, for as long as the machine is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    pub pid: u32,
    /// When it started, in clock ticks since boot; `None` where this is not known.
    started: Option<u64>,
    boot: Option<String>,
}

impl ProcessIdentity {
    pub fn own() -> Self {
        Self::of(std::process::id())
    }

    /// The process that has this number now.
    pub fn of(pid: u32) -> Self {
        Self { pid, started: start(pid).map(|(started, _)| started), boot: boot() }
    }

    /// Whether exactly this process still runs (a zombie does not).
    pub fn is_alive(&self) -> bool {
        let now = start(self.pid);
        self.started.is_some()
            && self.boot == boot()
            && now.is_some_and(|(started, is_zombie)| !is_zombie && Some(started) == self.started)
    }
}

/// When a process started and whether it is a zombie; `None` when there is none, or no `/proc`.
fn start(pid: u32) -> Option<(u64, bool)> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The fields of `/proc/PID/stat` from the third on: the second, a name in parentheses, may hold blanks and parentheses.
pub(crate) fn fields_after_name(stat: &str) -> Option<Vec<&str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace().collect())
}

fn parse_stat(text: &str) -> Option<(u64, bool)> {
    let fields = fields_after_name(text)?;
    Some((fields.get(19)?.parse().ok()?, matches!(*fields.first()?, "Z" | "X")))
}

fn boot() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_recognised_while_it_lives_and_not_after() {
        assert!(ProcessIdentity::own().is_alive());
        let mut child = std::process::Command::new("sleep").arg("987").spawn().unwrap();
        let identity = ProcessIdentity::of(child.id());
        assert!(identity.is_alive());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!identity.is_alive());
    }

    #[test]
    fn a_number_alone_is_not_enough() {
        let own = ProcessIdentity::own();
        let earlier = ProcessIdentity { started: own.started.map(|t| t - 1), ..own.clone() };
        assert!(!earlier.is_alive());
        let other_boot = ProcessIdentity { boot: Some("another".into()), ..own.clone() };
        assert!(!other_boot.is_alive());
        let unknown = ProcessIdentity { started: None, ..own };
        assert!(!unknown.is_alive());
    }

    #[test]
    fn names_with_parentheses_are_read_past() {
        let rest = "S 1 77 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0";
        assert_eq!(parse_stat(&format!("12 (a) b (c)) {rest}")), Some((4242, false)));
        assert_eq!(parse_stat("12 (short) Z 1"), None);
    }
}
