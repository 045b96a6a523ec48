//! A trace as one key policy sees it: which artifacts each build looks up, in order of time.
//!
//! Flat arrays, made once and replayed many times: the inner loop of a replay reads one array a column, without pointers
//! and hashing. Seconds become whole microseconds and bytes whole bytes, so that every sum is exact whatever its order,
//! and a proven bound holds in the figures.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use records::simulated::GrowthRow;

use crate::keys::KeyView;
use crate::replay::{ArtifactKey, NodeStatus, SimulatedMachine};
use crate::trace::{Node, Trace, TraceSource};

/// No build: of a use that is the last.
pub(crate) const NEVER: u32 = u32::MAX;

/// Builds and artifacts. An artifact is identified by its index, which is above those of its dependencies.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub(crate) cost: Vec<u64>,
    pub(crate) bytes: Vec<u64>,
    pub(crate) local: Vec<bool>,
    dependencies: Vec<u32>,
    dependencies_end: Vec<u32>,
    pub(crate) builds: Vec<HistoryBuild>,
    /// The array that `present` and `wanted` of builds are ranges of, side by side.
    pub(crate) uses: Vec<u32>,
    /// For each use, the next build that looks up the same artifact, or [`NEVER`].
    pub(crate) next: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct HistoryBuild {
    pub(crate) at: u32,
    pub(crate) workspace: u32,
    /// Any number, equal for the same command of the same workspace: `dev build` and `dev test` differ.
    pub(crate) command: u32,
    /// Artifacts that the build directory has already. A build uses them and does not look them up.
    pub(crate) present: Range<usize>,
    /// Artifacts it looks up in the store, dependencies first, each once. One that is not stored is compiled and
    /// stored.
    pub(crate) wanted: Range<usize>,
    /// Seconds of units that it compiles and that may not be stored.
    pub(crate) refused_s: f64,
    pub(crate) refused: u32,
}

impl History {
    pub(crate) fn wanted(&self, build: &HistoryBuild) -> &[u32] {
        &self.uses[build.wanted.clone()]
    }

    /// The artifacts that a build uses, be it of its build directory or of the store.
    pub(crate) fn used(&self, build: &HistoryBuild) -> &[u32] {
        &self.uses[build.present.start..build.wanted.end]
    }

    pub(crate) fn dependencies(&self, artifact: u32) -> &[u32] {
        let at = artifact as usize;
        let first = at.checked_sub(1).map_or(0, |before| self.dependencies_end[before]);
        &self.dependencies[first as usize..self.dependencies_end[at] as usize]
    }

    pub(crate) fn artifacts(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn lookups(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.builds
            .iter()
            .zip(0u32..)
            .flat_map(|(build, number)| self.wanted(build).iter().map(move |artifact| (number, *artifact)))
    }

    /// Adds an artifact. A cast saturates: an amount that is negative or no number counts as nothing.
    pub(crate) fn add_artifact(
        &mut self,
        seconds: f32,
        bytes: f32,
        local: bool,
        dependencies: impl IntoIterator<Item = u32>,
    ) -> u32 {
        let artifact = self.artifacts() as u32;
        self.cost.push((f64::from(seconds) * 1e6).round() as u64);
        self.bytes.push(bytes.round() as u64);
        self.local.push(local);
        self.dependencies.extend(dependencies.into_iter().filter(|id| *id < artifact).collect::<BTreeSet<u32>>());
        self.dependencies_end.push(self.dependencies.len() as u32);
        artifact
    }

    /// Adds a build; its ranges are set here.
    pub(crate) fn add_build(&mut self, build: HistoryBuild, present: &[u32], wanted: &[u32]) {
        let start = self.uses.len();
        self.uses.extend(present.iter().chain(wanted));
        let middle = start + present.len();
        self.builds.push(HistoryBuild { present: start..middle, wanted: middle..self.uses.len(), ..build });
    }

    /// The history with the next lookup after each use.
    pub(crate) fn finish(mut self) -> History {
        self.next = vec![NEVER; self.uses.len()];
        let mut next = vec![NEVER; self.artifacts()];
        for (number, build) in self.builds.iter().enumerate().rev() {
            for at in build.present.start..build.wanted.end {
                self.next[at] = next[self.uses[at] as usize];
            }
            self.uses[build.wanted.clone()].iter().for_each(|artifact| next[*artifact as usize] = number as u32);
        }
        self
    }

    /// The history of a trace under a design.
    pub fn of(trace: &Trace, view: &KeyView) -> History {
        let mut history = History::default();
        let mut known: HashMap<ArtifactKey, u32> = HashMap::new();
        // The artifact of each node, and the build in which it was noted.
        let mut here: Vec<(u32, u32)> = vec![(0, 0); trace.nodes.len()];
        // The build in which each artifact was last used.
        let mut used_in: Vec<u32> = Vec::new();
        let mut machine = SimulatedMachine::new(trace, view);
        for event in &trace.events {
            machine.play(event.action, |plan, statuses| {
                let mark = history.builds.len() as u32 + 1;
                let command = plan.profile.0 << 2 | plan.task as u32;
                let mut build =
                    HistoryBuild { at: event.at, workspace: plan.workspace.0, command, ..HistoryBuild::default() };
                let (mut present, mut wanted) = (Vec::new(), Vec::new());
                for (node, status) in plan.nodes.iter().zip(statuses) {
                    let (key, list) = match status {
                        NodeStatus::Refused => {
                            build.refused += 1;
                            build.refused_s += trace.seconds(*node);
                            continue;
                        }
                        NodeStatus::Present(None) => continue,
                        NodeStatus::Present(Some(key)) => (*key, &mut present),
                        NodeStatus::Wanted(key) => (*key, &mut wanted),
                    };
                    let artifact = *known.entry(key).or_insert_with(|| {
                        let of_build = trace.edges(*node).iter().map(|edge| here[edge.node.at()]);
                        let dependencies = of_build.filter(|(build, _)| *build == mark).map(|(_, artifact)| artifact);
                        let Node { seconds, bytes, .. } = trace.nodes[node.at()];
                        let local = trace.unit(*node).source == TraceSource::Path;
                        history.add_artifact(seconds.value, bytes.value, local, dependencies)
                    });
                    // Nodes that are alike under this design are one artifact.
                    used_in.resize(history.artifacts(), 0);
                    if std::mem::replace(&mut used_in[artifact as usize], mark) != mark {
                        list.push(artifact);
                    }
                    here[node.at()] = (mark, artifact);
                }
                history.add_build(build, &present, &wanted);
            });
        }
        history.finish()
    }
}

const DAY: u32 = 24 * 60 * 60;

/// A store without limits under the key policy `key`: every day, from 0 to that of the last build.
pub fn growth(history: &History, key: &str) -> Vec<GrowthRow> {
    let mut stored = vec![false; history.artifacts()];
    let mut days = Vec::new();
    let mut today = GrowthRow { key: key.to_owned(), ..GrowthRow::default() };
    for build in &history.builds {
        while today.day < build.at / DAY {
            days.push(today.clone());
            today = GrowthRow { day: today.day + 1, builds: 0, ..today };
        }
        today.builds += 1;
        for at in history.wanted(build).iter().map(|artifact| *artifact as usize) {
            if std::mem::replace(&mut stored[at], true) {
                continue;
            }
            let bytes = history.bytes[at] as f64;
            today.entries += 1;
            today.stored_bytes += bytes;
            if history.local[at] {
                today.local_entries += 1;
                today.local_bytes += bytes;
            }
        }
    }
    if !history.builds.is_empty() {
        days.push(today);
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_hold_the_history() {
        let mut history = History::default();
        history.add_artifact(1.5, 10.0, false, []);
        history.add_artifact(f32::NAN, -1.0, false, []);
        history.add_artifact(2.0, 7.6, true, [1, 0, 1, 2]);
        for (present, wanted) in [(&[][..], &[0, 1, 2][..]), (&[0, 1], &[2]), (&[], &[0])] {
            history.add_build(HistoryBuild::default(), present, wanted);
        }
        let history = history.finish();
        assert_eq!(history.cost, [1_500_000, 0, 2_000_000]);
        assert_eq!((history.bytes.as_slice(), history.local.as_slice()), (&[10, 0, 8][..], &[false, false, true][..]));
        assert_eq!((history.dependencies(0), history.dependencies(2)), (&[][..], &[0, 1][..]), "each once, none later");
        assert_eq!(history.next, [2, NEVER, 1, 2, NEVER, NEVER, NEVER], "only what is wanted counts as the next use");
        assert_eq!((history.used(&history.builds[1]), history.wanted(&history.builds[1])), (&[0, 1, 2][..], &[2][..]));
        assert_eq!(history.lookups().collect::<Vec<_>>(), [(0, 0), (0, 1), (0, 2), (1, 2), (2, 0)]);
    }

    #[test]
    fn each_artifact_counts_from_the_day_it_is_stored() {
        let mut history = History::default();
        for (bytes, local) in [(10.0, false), (5.0, true), (99.0, false)] {
            history.add_artifact(1.0, bytes, local, []);
        }
        for (at, present, wanted) in
            [(DAY - 1, &[][..], &[0][..]), (3 * DAY, &[0, 2], &[1]), (3 * DAY + 5, &[], &[0, 1])]
        {
            history.add_build(HistoryBuild { at, ..HistoryBuild::default() }, present, wanted);
        }
        let day = |day, builds, entries, stored_bytes, local_entries, local_bytes| {
            let key = "aggressive".to_owned();
            GrowthRow { key, day, builds, entries, stored_bytes, local_entries, local_bytes }
        };
        let expected = [
            day(0, 1, 1, 10.0, 0, 0.0),
            day(1, 0, 1, 10.0, 0, 0.0),
            day(2, 0, 1, 10.0, 0, 0.0),
            day(3, 2, 2, 15.0, 1, 5.0),
        ];
        assert_eq!(growth(&history, "aggressive"), expected, "what a build directory has by itself is not stored");
        assert_eq!(growth(&History::default(), ""), []);
    }
}
