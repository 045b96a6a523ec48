//! A store without limits, day by day: what it holds that is never collected, and how much of it belongs to path
//! packages, which change with every edit.

use crate::history::History;

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
    let mut stored = vec![false; history.artifacts()];
    let mut days = Vec::new();
    let mut today = StoreDay::default();
    for build in &history.builds {
        while today.day < build.at / DAY {
            days.push(today);
            today = StoreDay { day: today.day + 1, builds: 0, ..today };
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
    use crate::history::HistoryBuild;

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
