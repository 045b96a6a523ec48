//! A run in parts, for several machines or several nights: `harness plan`, `compare --shard`, `merge`.
//!
//! The parts are made of *cells*: one round of one pass ([`crate::plan`]), that is, the scenario once through for every
//! strategy, from empty directories. Within a cell strategies are compared with each other, so a cell is never divided:
//! every ratio is of two builds on one machine. Which cells a shard holds follows from the options alone ([`split`]);
//! rounds keep their numbers, and whose turn it is follows from seed and round, so the rows are those of the whole run.

pub mod split;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use strategies::key::Digest;

use self::split::{Split, TooManyShards};

const MOST: u32 = 10_000;

/// Which part of how many: `2/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShardPart {
    /// From 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl FromStr for ShardPart {
    type Err = String;

    fn from_str(text: &str) -> Result<ShardPart, String> {
        let number = |text: &str| text.parse::<u32>().ok().filter(|it| (1..=MOST).contains(it));
        let parts = text.split_once('/').and_then(|(index, of)| Some((number(index)?, number(of)?)));
        match parts {
            Some((index, of)) if index <= of => Ok(ShardPart { index, of }),
            _ => Err(format!("a shard is a number from 1, a slash and how many there are (at most {MOST}): 1/4")),
        }
    }
}

impl TryFrom<String> for ShardPart {
    type Error = String;

    fn try_from(text: String) -> Result<ShardPart, String> {
        text.parse()
    }
}

impl From<ShardPart> for String {
    fn from(part: ShardPart) -> String {
        part.to_string()
    }
}

impl fmt::Display for ShardPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// What a shard's `run.json` says of it, as `options.shard`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharding {
    /// Which one it is.
    pub part: ShardPart,
    /// Predicted seconds of a round by workspace, as the command gave them; where it gave none,
    /// all workspaces weigh the same.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seconds: BTreeMap<String, u64>,
    /// Which machine it runs on, as [`machine_word`] has it; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

impl Sharding {
    /// Refuses to go on with a shard on another machine, since its strategies are compared with each other.
    pub fn check_machine(&self) -> Result<()> {
        match (&self.machine, machine_word()) {
            (Some(then), Some(now)) if *then != now => bail!(
                "shard {} was begun on another machine, or before this one was started again, and what it compares \
                 has to come from one: begin it anew without --resume",
                self.part
            ),
            _ => Ok(()),
        }
    }
}

/// A word by which machines differ and that says nothing about them; `None` where the system states
/// none. Containers on one machine share its kernel and its boot, and machines of one kind do not,
/// so it is a digest of what the kernel drew when it started: another one after a restart.
pub fn machine_word() -> Option<String> {
    let drawn = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let drawn = drawn.trim();
    (!drawn.is_empty()).then(|| Digest::of(format!("machine {drawn}").as_bytes()).short())
}

/// The cells of a run: how many rounds of which workspaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCells {
    /// How many rounds.
    pub rounds: u32,
    /// Whether each workspace has passes of its own; else all of a round are one cell.
    pub alone: bool,
    /// Names of the workspaces.
    pub workspaces: Vec<String>,
}

impl RunCells {
    /// Splits them. `seconds` are of a round by workspace; where there are none, all weigh the same.
    pub fn split(&self, of: u32, seconds: &BTreeMap<String, u64>) -> Result<Split> {
        if let Some(unknown) = seconds.keys().find(|name| !self.workspaces.contains(name)) {
            bail!("--shard-seconds: no workspace of this run is called {unknown}; there are {}", self.names());
        }
        let weigh = |name: &String| match seconds.get(name) {
            Some(seconds) => Ok(*seconds),
            None if seconds.is_empty() => Ok(1),
            None => bail!("--shard-seconds: {name} is missing; give all of {}", self.names()),
        };
        let each = self.workspaces.iter().map(weigh).collect::<Result<Vec<u64>>>()?;
        let weights = if self.alone { each } else { vec![each.iter().sum()] };
        split::split(&weights, self.rounds, of).map_err(|TooManyShards { cells }| self.too_few(cells, of))
    }

    fn names(&self) -> String {
        self.workspaces.join(", ")
    }

    fn too_few(&self, cells: usize, of: u32) -> anyhow::Error {
        let what = match self.alone {
            true => "rounds × workspaces, each measured alone",
            false => "rounds, since workspaces that share a store stay together",
        };
        let other = if self.alone { "" } else { ", or a scenario that measures each workspace alone" };
        anyhow::anyhow!(
            "{cells} cannot be split into {of} shards: a run is split by {what}; ask for fewer shards, more \
             --rounds{other}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rounds: u32, alone: bool) -> RunCells {
        RunCells { rounds, alone, workspaces: vec!["a".into(), "b".into()] }
    }

    fn seconds(of: &[(&str, u64)]) -> BTreeMap<String, u64> {
        of.iter().map(|(name, seconds)| ((*name).to_owned(), *seconds)).collect()
    }

    #[test]
    fn a_part_is_read_as_it_is_written() {
        assert_eq!("2/4".parse(), Ok(ShardPart { index: 2, of: 4 }));
        assert_eq!(ShardPart { index: 2, of: 4 }.to_string(), "2/4");
        for wrong in ["0/4", "5/4", "1/0", "1", "1/x", "-1/4", "1/4/5", "", "1/99999"] {
            assert!(wrong.parse::<ShardPart>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn workspaces_together_are_split_by_rounds_and_alone_by_both() {
        assert_eq!(cells(3, false).split(2, &BTreeMap::new()).unwrap().cells_of(1).len(), 2);
        assert_eq!(cells(3, true).split(2, &BTreeMap::new()).unwrap().cells_of(1).len(), 3);
        let refused = cells(1, false).split(2, &BTreeMap::new()).unwrap_err().to_string();
        assert!(refused.starts_with("1 cannot be split into 2 shards") && refused.contains("--rounds"), "{refused}");
    }

    #[test]
    fn seconds_are_of_every_workspace_or_of_none() {
        assert!(cells(2, true).split(2, &seconds(&[("a", 1), ("b", 9)])).is_ok());
        let refused = |of: &[(&str, u64)]| cells(2, true).split(2, &seconds(of)).unwrap_err().to_string();
        assert!(refused(&[("a", 1)]).contains("b is missing"));
        assert!(refused(&[("a", 1), ("b", 1), ("c", 1)]).contains("is called c"));
    }

    #[test]
    fn another_machine_is_refused_and_an_unknown_one_is_not() {
        let on = |machine: Option<&str>| {
            let part = ShardPart { index: 1, of: 2 };
            Sharding { part, seconds: BTreeMap::new(), machine: machine.map(str::to_owned) }.check_machine()
        };
        assert!(on(None).is_ok());
        assert!(on(machine_word().as_deref()).is_ok());
        assert_eq!(on(Some("elsewhere")).is_err(), machine_word().is_some());
    }

    #[test]
    fn the_word_of_a_machine_stays_and_is_not_what_the_kernel_drew() {
        assert_eq!(machine_word(), machine_word());
        if let Ok(drawn) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
            assert_ne!(machine_word().unwrap(), drawn.trim());
        }
    }
}
