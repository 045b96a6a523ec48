//! A history as flat arrays, made once and replayed many times.
//!
//! The inner loop of a replay reads one array a column, without pointers and hashing. Seconds become whole microseconds
//! and bytes whole bytes, so that every sum is exact whatever its order, and a proven bound holds in the figures.

use std::collections::{BTreeSet, HashMap};

use crate::history::History;

/// No build: of a use that is the last.
pub const NEVER: u32 = u32::MAX;

/// A history, flat.
#[derive(Debug, Clone, Default)]
pub struct FlatHistory {
    /// Microseconds it takes to make each artifact.
    pub cost: Vec<u64>,
    /// Bytes of each artifact.
    pub bytes: Vec<u64>,
    dependencies: Vec<u32>,
    dependencies_end: Vec<u32>,
    /// The builds, in order of time.
    pub builds: Vec<FlatBuild>,
    /// The uses of all builds: first what a build has, then what it looks up.
    pub uses: Vec<u32>,
    /// For each use, the next build that looks up the same artifact, or `u32::MAX`.
    pub next: Vec<u32>,
    /// The number of different commands in workspaces.
    pub commands: u32,
    /// Seconds of units that may not be stored, over all builds.
    pub refused_s: f64,
}

/// A build: its uses are `uses[start..wanted]` of its own build directory and `uses[wanted..end]` of the store.
#[derive(Debug, Clone, Copy)]
pub struct FlatBuild {
    /// When, in seconds from the beginning.
    pub at: u32,
    /// Number of the command in its workspace, from 0.
    pub command: u32,
    /// Where its uses begin.
    pub start: u32,
    /// Where its lookups begin.
    pub wanted: u32,
    /// Where its uses end.
    pub end: u32,
}

impl FlatHistory {
    /// Flattens a history. Amounts that are negative or no number count as nothing.
    pub fn of(history: &History) -> FlatHistory {
        let mut flat = FlatHistory::default();
        for (at, artifact) in history.artifacts.iter().enumerate() {
            flat.cost.push(microseconds(artifact.seconds));
            flat.bytes.push(whole(f64::from(artifact.bytes)));
            let earlier = artifact.dependencies.iter().map(|id| id.0).filter(|id| (*id as usize) < at);
            flat.dependencies.extend(earlier.collect::<BTreeSet<u32>>());
            flat.dependencies_end.push(flat.dependencies.len() as u32);
        }
        let mut commands: HashMap<(u32, u32), u32> = HashMap::new();
        for build in &history.builds {
            let next = commands.len() as u32;
            let command = *commands.entry((build.workspace, build.command)).or_insert(next);
            let start = flat.uses.len() as u32;
            flat.uses.extend(history.present(build).iter().map(|id| id.0));
            let wanted = flat.uses.len() as u32;
            flat.uses.extend(history.wanted(build).iter().map(|id| id.0));
            let end = flat.uses.len() as u32;
            flat.builds.push(FlatBuild { at: build.at, command, start, wanted, end });
            flat.refused_s += build.refused_s;
        }
        flat.commands = commands.len() as u32;
        flat.look_ahead();
        flat
    }

    /// The dependencies of an artifact, each once.
    pub fn dependencies(&self, artifact: u32) -> &[u32] {
        let at = artifact as usize;
        let first = at.checked_sub(1).map_or(0, |before| self.dependencies_end[before]);
        &self.dependencies[first as usize..self.dependencies_end[at] as usize]
    }

    /// The number of artifacts.
    pub fn artifacts(&self) -> usize {
        self.bytes.len()
    }

    /// The number of the build and the artifact of every lookup.
    pub fn lookups(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.builds.iter().zip(0u32..).flat_map(|(build, number)| {
            self.uses[build.wanted as usize..build.end as usize].iter().map(move |id| (number, *id))
        })
    }

    fn look_ahead(&mut self) {
        self.next = vec![NEVER; self.uses.len()];
        let mut wanted_next = vec![NEVER; self.artifacts()];
        for (number, build) in self.builds.iter().enumerate().rev() {
            for at in build.start..build.end {
                self.next[at as usize] = wanted_next[self.uses[at as usize] as usize];
            }
            for at in build.wanted..build.end {
                wanted_next[self.uses[at as usize] as usize] = number as u32;
            }
        }
    }
}

/// Microseconds as seconds.
pub fn seconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1e6
}

fn microseconds(seconds: f32) -> u64 {
    whole(f64::from(seconds) * 1e6)
}

/// A cast saturates: what is negative or no number becomes 0.
fn whole(amount: f64) -> u64 {
    amount.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{ArtifactId, HistoryArtifact, HistoryBuild};

    #[test]
    fn columns_hold_the_history() {
        let artifact = |seconds, bytes, dependencies: &[u32]| HistoryArtifact {
            seconds,
            bytes,
            local: false,
            dependencies: dependencies.iter().map(|id| ArtifactId(*id)).collect(),
        };
        let mut history = History {
            artifacts: vec![artifact(1.5, 10.0, &[]), artifact(f32::NAN, -1.0, &[]), artifact(2.0, 7.6, &[1, 0, 1, 2])],
            ..History::default()
        };
        let ids = [ArtifactId(0), ArtifactId(1), ArtifactId(2)];
        let build = |workspace, command| HistoryBuild { workspace, command, refused_s: 0.5, ..HistoryBuild::default() };
        history.push(build(7, 1), &[], &ids);
        history.push(build(7, 2), &ids[..2], &ids[2..]);
        history.push(build(7, 1), &[], &ids[..1]);
        let flat = FlatHistory::of(&history);
        assert_eq!(flat.cost, [1_500_000, 0, 2_000_000]);
        assert_eq!(flat.bytes, [10, 0, 8]);
        assert_eq!(
            (flat.dependencies(0), flat.dependencies(2)),
            (&[][..], &[0, 1][..]),
            "each once, none that comes later"
        );
        assert_eq!(flat.next, [2, NEVER, 1, 2, NEVER, NEVER, NEVER], "only what is wanted counts as the next use");
        assert_eq!(flat.builds.iter().map(|build| build.command).collect::<Vec<_>>(), [0, 1, 0]);
        assert_eq!((flat.commands, flat.refused_s), (2, 1.5));
        let lookups: Vec<_> = flat.lookups().collect();
        assert_eq!(lookups, [(0, 0), (0, 1), (0, 2), (1, 2), (2, 0)]);
    }
}
