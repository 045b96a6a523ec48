//! Telling a process from a later one that got the same number.
//!
//! Whoever cleans up after a killed run finds process numbers in files. Numbers are reused,
//! so each is kept with the moment its process started and the boot it belongs to. Only
//! Linux tells both; elsewhere nothing is ever recognised, so nothing is ever ended.

use serde::{Deserialize, Serialize};

/// Whether permission bits do not bind this process.
pub fn is_root() -> bool {
    crate::os::is_root()
}

/// A process, for as long as the machine is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since boot; `None` where this is not known.
    started: Option<u64>,
    /// The boot it was seen in.
    boot: Option<String>,
}

impl Identity {
    /// This process.
    pub fn own() -> Self {
        Self::of(std::process::id())
    }

    /// The process that has this number now.
    pub fn of(pid: u32) -> Self {
        Self { pid, started: stat(pid).map(|stat| stat.started), boot: boot() }
    }

    /// Whether exactly this process still runs (a zombie does not).
    pub fn is_alive(&self) -> bool {
        let now = stat(self.pid);
        self.started.is_some()
            && self.is_of_this_boot()
            && now.is_some_and(|now| !now.is_zombie && Some(now.started) == self.started)
    }

    /// Whether another process has the number now.
    pub(super) fn was_replaced(&self) -> bool {
        stat(self.pid).is_some_and(|now| Some(now.started) != self.started)
    }

    pub(super) fn is_of_this_boot(&self) -> bool {
        self.boot.is_some() && self.boot == boot()
    }
}

/// The fields of `/proc/<pid>/stat` that matter here.
pub(super) struct Stat {
    pub is_zombie: bool,
    pub group: u32,
    pub started: u64,
}

/// `None` when there is no such process, or no `/proc`.
pub(super) fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name in parentheses may hold blanks and parentheses itself; what follows does not.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
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
        assert!(Identity::own().is_alive());
        let mut child = std::process::Command::new("sleep").arg("987").spawn().unwrap();
        let identity = Identity::of(child.id());
        assert!(identity.is_alive());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!identity.is_alive());
    }

    #[test]
    fn a_number_alone_is_not_enough() {
        let own = Identity::own();
        let earlier = Identity { started: own.started.map(|t| t - 1), ..own.clone() };
        assert!(!earlier.is_alive() && earlier.was_replaced());
        let other_boot = Identity { boot: Some("another".into()), ..own.clone() };
        assert!(!other_boot.is_alive());
        let unknown = Identity { started: None, ..own };
        assert!(!unknown.is_alive());
    }

    #[test]
    fn names_with_parentheses_are_read_past() {
        let rest = "S 1 77 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0";
        let stat = parse_stat(&format!("12 (a) b (c)) {rest}")).unwrap();
        assert_eq!((stat.group, stat.started, stat.is_zombie), (77, 4242, false));
        assert!(parse_stat("12 (short) Z 1").is_none());
    }
}
