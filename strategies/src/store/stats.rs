//! What is in a store, in numbers.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::survey::{Survey, SurveyedEntry};
use crate::key::BlobId;
use crate::retention::{EntryFeatures, total_bytes};

const DAY: u64 = 24 * 3600;

/// Upper ends of the age groups, and their names; the last has none.
pub const AGES: [(&str, Duration); 5] = [
    ("up to 1 hour", Duration::from_secs(3600)),
    ("up to 1 day", Duration::from_secs(DAY)),
    ("up to 7 days", Duration::from_secs(7 * DAY)),
    ("up to 30 days", Duration::from_secs(30 * DAY)),
    ("older", Duration::MAX),
];

/// Numbers of some entries.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EntryGroup {
    /// Entries.
    pub entries: usize,
    /// Bytes of their files, apparent, each entry by itself.
    pub bytes: u64,
    /// Seconds it took to build them, where known.
    pub cost_s: f64,
}

/// Numbers of a store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoreStats {
    /// All entries.
    pub all: EntryGroup,
    /// Stored files, each once.
    pub blobs: usize,
    /// Apparent bytes of stored files, each once.
    pub apparent: u64,
    /// Allocated bytes of manifests and stored files, each once.
    pub allocated: u64,
    /// Apparent bytes that are not stored again, because another entry has them.
    pub shared: u64,
    /// By package name.
    pub packages: BTreeMap<String, EntryGroup>,
    /// By time since the last use, as in [`AGES`].
    pub ages: [EntryGroup; 5],
}

impl EntryGroup {
    fn add(&mut self, surveyed: &SurveyedEntry) {
        self.entries += 1;
        self.bytes += surveyed.entry.size();
        self.cost_s += surveyed.entry.cost_s.unwrap_or(0.0);
    }
}

impl StoreStats {
    /// Counts what a survey found; ages are those at `now`, since the Unix epoch.
    pub fn of(survey: &Survey, now: Duration) -> StoreStats {
        let mut stats = StoreStats::default();
        let mut once: HashMap<BlobId, u64> = HashMap::new();
        let mut named = 0;
        for surveyed in &survey.entries {
            stats.all.add(surveyed);
            stats.packages.entry(surveyed.entry.package.clone()).or_default().add(surveyed);
            let age = now.saturating_sub(surveyed.features.last_used);
            let group = AGES.iter().position(|(_, end)| age <= *end).unwrap_or(AGES.len() - 1);
            stats.ages[group].add(surveyed);
            for ((file, _), blob) in surveyed.entry.stored_files().zip(&surveyed.features.blobs) {
                named += file.size;
                once.insert(blob.id, file.size);
            }
        }
        stats.blobs = once.len();
        stats.apparent = once.values().sum();
        stats.shared = named - stats.apparent;
        let features: Vec<EntryFeatures> = survey.features();
        stats.allocated = total_bytes(&features);
        stats
    }

    /// Packages with the most bytes, largest first.
    pub fn largest(&self, count: usize) -> Vec<(&str, EntryGroup)> {
        let mut packages: Vec<(&str, EntryGroup)> =
            self.packages.iter().map(|(name, group)| (name.as_str(), *group)).collect();
        packages.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
        packages.truncate(count);
        packages
    }
}
