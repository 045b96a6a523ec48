//! What was asked for: how long, how full, how busy.
//!
//! Limits are no property of what is measured: a run may go on with others, and two runs with different ones are
//! comparable. What was not given is not written down, so that a default may change.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a measured step may take unless said otherwise. A guard against what hangs, not
/// against what is slow: large workspaces take minutes on two cores, and a limit that follows
/// a prediction would throw out the slow rows of a strategy and keep its fast ones.
pub(crate) const STEP_TIMEOUT: Duration = Duration::from_secs(3600);

pub(crate) const WAIT: Duration = Duration::from_secs(300);

/// The disk floor of a large file system unless said otherwise, bytes.
pub const DISK_FLOOR: u64 = 512 << 20;

/// The part of a smaller file system that is left free instead: a sixteenth.
const SMALL_PART: u64 = 16;

/// A whole number of hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Percent(pub u32);

impl Percent {
    /// As a part of one.
    pub fn share(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Percent, String> {
        let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse().ok());
        number.filter(|n| (1..=100).contains(n)).map(Percent).ok_or("a share is a whole number from 1% to 100%".into())
    }
}

/// The limits of a run. `None` is the default, 0 is none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Seconds a measured step may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_timeout_s: Option<u64>,
    /// Bytes that stay free where arms are built and where everything is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_floor_bytes: Option<u64>,
    /// Bytes of memory that programs can still have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_floor_bytes: Option<u64>,
    /// How much of the machine's processor time others may use when a step begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_load_percent: Option<Percent>,
    /// How much they may use while it runs before its row is invalid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_foreign_cpu_percent: Option<Percent>,
    /// Seconds to wait for the machine before the run ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_s: Option<u64>,
}

impl Limits {
    /// Whether nothing was asked for.
    pub fn is_default(&self) -> bool {
        *self == Limits::default()
    }

    /// These limits where they say something, `before` where they do not.
    #[must_use]
    pub fn or(self, before: Limits) -> Limits {
        Limits {
            step_timeout_s: self.step_timeout_s.or(before.step_timeout_s),
            disk_floor_bytes: self.disk_floor_bytes.or(before.disk_floor_bytes),
            memory_floor_bytes: self.memory_floor_bytes.or(before.memory_floor_bytes),
            max_load_percent: self.max_load_percent.or(before.max_load_percent),
            max_foreign_cpu_percent: self.max_foreign_cpu_percent.or(before.max_foreign_cpu_percent),
            wait_s: self.wait_s.or(before.wait_s),
        }
    }

    /// How long a measured step may take; `None` for ever.
    pub fn step_timeout(&self) -> Option<Duration> {
        match self.step_timeout_s {
            Some(0) => None,
            Some(seconds) => Some(Duration::from_secs(seconds)),
            None => Some(STEP_TIMEOUT),
        }
    }

    /// How long a guard waits.
    pub fn wait(&self) -> Duration {
        self.wait_s.map_or(WAIT, Duration::from_secs)
    }

    /// The floor of a file system of this size, bytes; 0 is none.
    pub fn disk_floor(&self, total_bytes: u64) -> u64 {
        self.disk_floor_bytes.unwrap_or(DISK_FLOOR.min(total_bytes / SMALL_PART))
    }

    /// The memory floor, if there is one, bytes.
    pub fn memory_floor(&self) -> Option<u64> {
        self.memory_floor_bytes.filter(|bytes| *bytes > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_hundredths() {
        assert_eq!("25%".parse(), Ok(Percent(25)));
        assert_eq!(" 100 % ".parse(), Ok(Percent(100)));
        for wrong in ["", "%", "25", "0%", "101%", "-1%", "2.5%", "x%"] {
            assert!(wrong.parse::<Percent>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_small_file_system_has_a_small_floor_and_0_is_none() {
        let default = Limits::default();
        assert_eq!(default.disk_floor(1 << 40), DISK_FLOOR);
        assert_eq!(default.disk_floor(1 << 30), 64 << 20);
        assert_eq!(Limits { disk_floor_bytes: Some(5), ..default }.disk_floor(1 << 40), 5);
        assert_eq!(default.step_timeout(), Some(STEP_TIMEOUT));
        assert_eq!(Limits { step_timeout_s: Some(0), ..default }.step_timeout(), None);
        assert_eq!(Limits { memory_floor_bytes: Some(0), ..default }.memory_floor(), None);
    }

    #[test]
    fn what_was_not_given_is_not_written_and_newer_limits_win() {
        assert_eq!(serde_json::to_string(&Limits::default()).unwrap(), "{}");
        let before = Limits { wait_s: Some(1), max_load_percent: Some(Percent(5)), ..Limits::default() };
        let now = Limits { wait_s: Some(2), ..Limits::default() };
        let both = Limits { max_load_percent: Some(Percent(5)), ..now };
        assert_eq!(now.or(before), both);
        let text = serde_json::to_string(&both).unwrap();
        assert_eq!(text, r#"{"max_load_percent":5,"wait_s":2}"#);
        assert_eq!(serde_json::from_str::<Limits>(&text).unwrap(), both);
    }
}
