//! Verification: are the bytes still those that were published?
//!
//! Every stored file is read once and hashed, in parallel, however many entries share it.
//! A file without a digest (store `dirs` hashes only what dependents read) is
//! compared by size and time only, and counted as such.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use rayon::prelude::*;

use super::survey::Survey;
use super::{FileDamage, Store, damage};
use crate::key::{Digest, Key};

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

/// One stored file and the entries with it.
struct ComparedFile<'a> {
    record: &'a super::FileRecord,
    digest: Option<Digest>,
    what: Option<&'static str>,
    entries: Vec<usize>,
}

/// Compares every stored file with what was published; `read` gets the bytes of each as it is done, from any thread.
pub fn verify(store: &dyn Store, survey: &Survey, read: &(dyn Fn(u64) + Sync)) -> VerifyOutcome {
    let mut files: BTreeMap<PathBuf, ComparedFile<'_>> = BTreeMap::new();
    for (at, surveyed) in survey.entries.iter().enumerate() {
        for (record, digest) in surveyed.entry.stored_files() {
            let path = store.stored(&surveyed.entry, record);
            let new = ComparedFile { record, digest, what: None, entries: Vec::new() };
            files.entry(path).or_insert(new).entries.push(at);
        }
    }
    files.par_iter_mut().for_each(|(path, file)| {
        file.what = damage(path, &survey.entries[file.entries[0]].entry, file.record, file.digest);
        read(file.record.size);
    });
    let mut damaged: BTreeMap<usize, Vec<FileDamage>> = BTreeMap::new();
    for (path, file) in &files {
        let Some(what) = file.what else { continue };
        let entries: HashSet<usize> = file.entries.iter().copied().collect();
        for at in entries {
            damaged.entry(at).or_default().push(FileDamage { path: path.clone(), what });
        }
    }
    let broken = damaged.into_iter().map(|(at, damage)| {
        let entry = &survey.entries[at].entry;
        DamagedEntry { key: entry.key, package: entry.package.clone(), slot: entry.slot.clone(), damage }
    });
    let hashed = files.values().filter(|file| file.digest.is_some());
    VerifyOutcome {
        entries: survey.entries.len(),
        hashed: hashed.clone().count(),
        hashed_bytes: hashed.map(|file| file.record.size).sum(),
        unhashed: files.values().filter(|file| file.digest.is_none()).count(),
        broken: broken.collect(),
        unreadable: survey.unreadable.iter().map(|stray| stray.path.clone()).collect(),
        orphans: survey.blobs.iter().filter(|blob| !files.contains_key(*blob)).cloned().collect(),
    }
}

/// Bytes that verification of these entries reads at most, for a progress bar.
pub fn bytes_to_read(store: &dyn Store, survey: &Survey) -> u64 {
    let mut seen: HashSet<PathBuf> = HashSet::new();
    let mut total = 0;
    for surveyed in &survey.entries {
        for (file, _) in surveyed.entry.stored_files() {
            if seen.insert(store.stored(&surveyed.entry, file)) {
                total += file.size;
            }
        }
    }
    total
}
