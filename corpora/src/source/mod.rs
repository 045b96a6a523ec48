//! Kinds of sources. Each fills an empty stage directory with a `tree`; a directory of this
//! machine is copied here, the others have a file each.

use std::path::Path;
use std::time::UNIX_EPOCH;

use walkdir::WalkDir;

use crate::checkout::{self, EscapingLink};
pub use crate::error::FetchCause;
use crate::slot::sha256;

pub(crate) mod registry;

/// What is left out of the copy of a directory, at any depth: build output and git's own files.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

pub(crate) fn copy_directory(path: &Path, stage: &Path) -> Result<(), FetchCause> {
    let escaping = checkout::copy_tree(path, &stage.join("tree"), &LEFT_OUT)?;
    match escaping.first() {
        None => Ok(()),
        Some(EscapingLink { link, target }) => {
            let why = format!("its symbolic link {} leads out of it, to {}", link.display(), target.display());
            Err(FetchCause::BadPath(path.to_owned(), why))
        }
    }
}

/// A digest over the names, sizes, modes and times of what a copy would take. Equal states have
/// equal content unless somebody set back a modification time.
pub(crate) fn directory_state(path: &Path, sources: &Path) -> Result<String, FetchCause> {
    let bad = |why: String| FetchCause::BadPath(path.to_owned(), why);
    let real = path.canonicalize().map_err(|error| bad(error.to_string()))?;
    if !real.join("Cargo.toml").is_file() {
        return Err(bad("there is no Cargo.toml in it".to_owned()));
    }
    if sources.canonicalize().is_ok_and(|sources| sources.starts_with(&real)) {
        return Err(bad("it contains the directory sources are fetched to".to_owned()));
    }
    let mut lines = String::new();
    let walk = WalkDir::new(&real).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| checkout::is_copied(entry, &LEFT_OUT)) {
        let entry = entry.map_err(|error| bad(error.to_string()))?;
        let data = entry.metadata().map_err(|error| bad(error.to_string()))?;
        let name = entry.path().strip_prefix(&real).unwrap_or(entry.path());
        let time = data.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        let (size, time) = match data.is_dir() {
            true => (0, None),
            false => (data.len(), time),
        };
        let mode = checkout::mode(&data);
        lines += &format!("{name:?} {size} {mode:o} {time:?}\n");
    }
    Ok(sha256(lines.as_bytes()))
}
