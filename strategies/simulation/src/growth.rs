//! A store without limits, day by day.
//!
//! A [`History`] becomes a [`StoreDay`] for each day up to that of the last build: what a store holds that is never
//! collected, and how much of it belongs to path packages, which change with every edit.

use crate::history::History;

/// Seconds of a day.
const DAY: u32 = 24 * 60 * 60;

/// A day of a store without limits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StoreDay {
    /// Day of the history, from 0.
    pub day: u32,
    /// Builds on that day.
    pub builds: u64,
    /// Artifacts stored at its end.
    pub entries: u64,
    /// Their bytes.
    pub stored_bytes: f64,
    /// Of these, artifacts of path packages.
    pub local_entries: u64,
    /// Their bytes.
    pub local_bytes: f64,
}

/// Every day, from 0 to that of the last build.
pub fn growth(history: &History) -> Vec<StoreDay> {
    let mut stored = vec![false; history.artifacts.len()];
    let mut days = Vec::new();
    let mut today = StoreDay::default();
    for build in &history.builds {
        while today.day < build.at / DAY {
            days.push(today);
            today = StoreDay { day: today.day + 1, builds: 0, ..today };
        }
        today.builds += 1;
        for id in history.wanted(build) {
            if std::mem::replace(&mut stored[id.at()], true) {
                continue;
            }
            let artifact = &history.artifacts[id.at()];
            let bytes = f64::from(artifact.bytes);
            today.entries += 1;
            today.stored_bytes += bytes;
            if artifact.local {
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
    use crate::history::{ArtifactId, HistoryArtifact, HistoryBuild};

    #[test]
    fn each_artifact_counts_from_the_day_it_is_stored() {
        let artifact = |bytes, local| HistoryArtifact { seconds: 1.0, bytes, local, dependencies: vec![] };
        let artifacts = vec![artifact(10.0, false), artifact(5.0, true), artifact(99.0, false)];
        let mut history = History { artifacts, ..History::default() };
        let build = |at| HistoryBuild { at, ..HistoryBuild::default() };
        let [a, b, c] = [0, 1, 2].map(ArtifactId);
        history.push(build(DAY - 1), &[], &[a]);
        history.push(build(3 * DAY), &[a, c], &[b]);
        history.push(build(3 * DAY + 5), &[], &[a, b]);
        let day = |day, builds, entries, stored_bytes, local_entries, local_bytes| StoreDay {
            day,
            builds,
            entries,
            stored_bytes,
            local_entries,
            local_bytes,
        };
        let expected = [
            day(0, 1, 1, 10.0, 0, 0.0),
            day(1, 0, 1, 10.0, 0, 0.0),
            day(2, 0, 1, 10.0, 0, 0.0),
            day(3, 2, 2, 15.0, 1, 5.0),
        ];
        assert_eq!(growth(&history), expected, "what a build directory has by itself is not stored");
        assert_eq!(growth(&History::default()), []);
    }
}
