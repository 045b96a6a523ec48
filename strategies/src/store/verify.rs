//! Verification: are the bytes still those that were published?
//!
//! Every stored file is read once and hashed, in parallel, however many entries share it.
//! A file without a digest (store `dirs` hashes only what dependents read) is
//! compared by size and time only, and counted as such.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::survey::{Survey, SurveyedEntry};
use super::{FileDamage, Store, damage};
use crate::key::Key;
use crate::parallel;

/// A damaged entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedEntry {
    /// Its key.
    pub key: Key,
    /// Its package.
    pub package: String,
    /// Its target and mode.
    pub slot: String,
    /// What is wrong with its files.
    pub damage: Vec<FileDamage>,
}

/// What verification found.
#[derive(Debug, Clone, Default)]
pub struct VerifyOutcome {
    /// Entries looked at.
    pub entries: usize,
    /// Files whose bytes were compared.
    pub hashed: usize,
    /// Bytes of these.
    pub hashed_bytes: u64,
    /// Files compared by size and time only, because they have no digest.
    pub unhashed: usize,
    /// Entries with a missing or changed file.
    pub broken: Vec<DamagedEntry>,
    /// Manifests that cannot be read.
    pub unreadable: Vec<PathBuf>,
    /// Files of no entry. No damage: collection removes them.
    pub orphans: Vec<PathBuf>,
}

impl VerifyOutcome {
    /// Whether everything is as it was published.
    pub fn is_intact(&self) -> bool {
        self.broken.is_empty() && self.unreadable.is_empty()
    }
}

/// Compares every stored file with what was published; `read` gets the bytes of each as it is done, from any thread.
pub fn verify(store: &dyn Store, survey: &Survey, read: &(dyn Fn(u64) + Sync)) -> VerifyOutcome {
    let mut numbers: HashMap<PathBuf, usize> = HashMap::new();
    let mut files = Vec::new();
    let mut files_of: Vec<Vec<usize>> = Vec::new();
    for SurveyedEntry { entry, .. } in &survey.entries {
        let numbered = entry.stored_files().map(|(file, digest)| {
            let path = store.stored(entry, file);
            *numbers.entry(path).or_insert_with_key(|path| {
                files.push((path.clone(), entry, file, digest));
                files.len() - 1
            })
        });
        files_of.push(numbered.collect());
    }
    let whats = parallel::map(&files, |(path, entry, file, digest)| {
        let what = damage(path, entry, file, *digest);
        read(file.size);
        what
    });
    let mut broken = Vec::new();
    for (SurveyedEntry { entry, .. }, mut of_entry) in survey.entries.iter().zip(files_of) {
        // Two files of an entry may be one in the store.
        of_entry.sort_unstable();
        of_entry.dedup();
        let damaged =
            of_entry.into_iter().filter_map(|at| Some(FileDamage { path: files[at].0.clone(), what: whats[at]? }));
        let damage: Vec<FileDamage> = damaged.collect();
        if !damage.is_empty() {
            broken.push(DamagedEntry {
                key: entry.key,
                package: entry.package.clone(),
                slot: entry.slot.clone(),
                damage,
            });
        }
    }
    let hashed = files.iter().filter(|(.., digest)| digest.is_some());
    VerifyOutcome {
        entries: survey.entries.len(),
        hashed: hashed.clone().count(),
        hashed_bytes: hashed.clone().map(|(_, _, file, _)| file.size).sum(),
        unhashed: files.len() - hashed.count(),
        broken,
        unreadable: survey.unreadable.iter().map(|stray| stray.path.clone()).collect(),
        orphans: survey.blobs.iter().filter(|blob| !numbers.contains_key(*blob)).cloned().collect(),
    }
}

/// Bytes that verification of these entries reads at most, for a progress bar.
pub fn bytes_to_read(store: &dyn Store, survey: &Survey) -> u64 {
    let mut seen: HashSet<PathBuf> = HashSet::new();
    let files = survey.entries.iter().flat_map(|surveyed| {
        surveyed.entry.stored_files().map(|(file, _)| (store.stored(&surveyed.entry, file), file.size))
    });
    files.filter(|(path, _)| seen.insert(path.clone())).map(|(_, size)| size).sum()
}
