//! Incremental sessions: what rustc keeps of a member from one compile to the next.
//!
//! ```text
//! <build-dir>/<profile>/incremental/<crate>-<hash>/s-<time>-<random>-<hash>/   a finished session
//!                                                  s-<time>-<random>.lock      its lock
//! ```
//!
//! rustc never writes into a finished session: the next one is made of links to its files, and what changes is written
//! anew. So its files may be the store's own; they have to be writable. Locks are locked, and so are private.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Session;
use crate::files::{At, FileError, changed_at, create_parent, hash, temporary_beside};
use crate::graph::layout::{FileSharing, base_dir};
use crate::key::{Digest, FieldHasher};
use crate::link::{LinkMode, Mechanism};
use crate::store::{Bytes, Entry, FileRecord, SESSIONS};

/// Paths of sessions' files relative to the directory of a profile, by that directory and crate name.
pub(super) type FinishedSessions = HashMap<(String, String), Vec<String>>;

/// Where sessions are of use: elsewhere rustc does not take them up.
pub(super) fn place(session: &Session<'_>) -> Digest {
    let mut hasher = FieldHasher::new("session place");
    for path in [&session.context.workspace_root, &session.context.layout.build_dir] {
        hasher.field("path", path.as_os_str().as_encoded_bytes());
    }
    hasher.finish()
}

/// The sessions that were finished since a time.
pub(super) fn finished_since(session: &Session<'_>, since: SystemTime) -> FinishedSessions {
    let mut found = FinishedSessions::new();
    let mut bases: Vec<String> = session.graph.units.iter().map(|unit| base_dir(session.graph, unit)).collect();
    bases.sort();
    bases.dedup();
    for base in bases {
        let folder = session.context.layout.build_dir.join(&base).join(SESSIONS);
        for of_crate in names(&folder) {
            let Some((name, _)) = of_crate.rsplit_once('-') else { continue };
            let finished = names(&folder.join(&of_crate)).into_iter().filter(|name| {
                let meta = fs::metadata(folder.join(&of_crate).join(name)).ok();
                let is_new = meta.filter(fs::Metadata::is_dir).and_then(|meta| changed_at(&meta)) >= Some(since);
                is_new && !name.ends_with("-working")
            });
            for of_session in finished {
                let inside = format!("{SESSIONS}{of_crate}/{of_session}");
                // The lock is called like the session without the hash of its content.
                let lock = inside.rsplit_once('-').map(|(start, _)| format!("{start}.lock"));
                let files = names(&folder.join(&of_crate).join(&of_session)).into_iter();
                let files = files.map(|name| format!("{inside}/{name}")).chain(lock);
                found.entry((base.clone(), name.to_owned())).or_default().extend(files);
            }
        }
    }
    found
}

/// The files of a session as an entry has them.
pub(super) fn records(session: &Session<'_>, base: &str, paths: &[String]) -> Result<Vec<FileRecord>, String> {
    let record = |path: &String| {
        let file = session.context.layout.build_dir.join(base).join(path);
        let read = fs::metadata(&file).and_then(|meta| {
            let bytes = match path.ends_with(".lock") {
                true => Bytes::inline(Vec::new()),
                false => Bytes::Stored(Some(hash(&file)?)),
            };
            let share = FileSharing::Shared;
            Ok(FileRecord { path: path.clone(), size: meta.len(), executable: false, mode: None, share, bytes })
        });
        read.map_err(|error| format!("cannot read {}: {error}", file.display()))
    };
    crate::parallel::map(paths, record).into_iter().collect()
}

/// Puts an entry's session where rustc looks for it, unless there is one; returns how many files and copied bytes.
pub(super) fn restore(session: &Session<'_>, entry: &Entry, unit_dir: &Path) -> Result<(u64, u64), FileError> {
    let files: Vec<&FileRecord> = entry.files.iter().filter(|file| file.is_of_session()).collect();
    let mut count = (0, 0);
    // Made aside and renamed: half a session would be taken for a whole one.
    let mut staged: HashMap<&Path, PathBuf> = HashMap::new();
    let targets: Vec<(&FileRecord, PathBuf)> = files.into_iter().map(|file| (file, file.built(unit_dir))).collect();
    for (file, target) in &targets {
        let Some(folder) = target.ancestors().find(|dir| dir.parent().is_some_and(|up| up.ends_with(SESSIONS))) else {
            continue;
        };
        let aside = staged.entry(folder).or_insert_with(|| temporary_beside(folder));
        let to = aside.join(target.strip_prefix(folder).unwrap_or(target));
        create_parent(&to)?;
        count.0 += 1;
        if let Some(bytes) = file.bytes.as_inline() {
            fs::write(&to, bytes).at("write", &to)?;
            continue;
        }
        let stored = session.store.stored(entry, file);
        // A link to a link is nothing that rustc could make the next session of.
        let link = if session.units.link.shares_inodes() { LinkMode::Hardlink } else { session.units.link };
        if link.place(&stored, &to).at("restore", &to)? == Mechanism::Copied {
            count.1 += file.size;
        }
    }
    for (folder, aside) in staged {
        if folder.exists() || fs::rename(&aside, folder).is_err() {
            fs::remove_dir_all(&aside).at("remove", &aside)?;
        }
    }
    Ok(count)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
