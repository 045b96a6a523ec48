//! Writing an edit: the thin part that touches files.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Edit, Edited, Nonce, beside_of, edited};
use crate::replace::replace;
use crate::slot::{IoError, at};

/// What an applied edit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The edited file.
    pub file: PathBuf,
    /// A file added beside it.
    pub added: Option<PathBuf>,
    /// A file of an earlier edit that was removed.
    pub removed: Option<PathBuf>,
    /// Whether anything changed; only going back from an original changes nothing.
    pub changed: bool,
}

/// Why an edit could not be applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The file is not in the tree.
    #[error("cannot edit {}: it leads out of {}", file.display(), tree.display())]
    Outside {
        /// The file.
        file: PathBuf,
        /// The tree.
        tree: PathBuf,
    },
    /// The file is not UTF-8.
    #[error("cannot edit {}: it is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
}

/// Apply an edit to `file`, which is relative to `tree`.
///
/// The file is replaced whole, never seen half written, and gets a modification time strictly
/// newer than it had. A symbolic link is followed if it stays in the tree.
///
/// # Errors
/// When the file is missing, not text, outside of the tree, or cannot be written.
pub fn apply(tree: &Path, file: &Path, edit: Edit, nonce: Nonce) -> Result<Applied, EditError> {
    let root = tree.canonicalize().map_err(at("read", tree))?;
    let path = root.join(file);
    let path = path.canonicalize().map_err(at("read", &path))?;
    if !path.starts_with(&root) {
        return Err(EditError::Outside { file: file.to_owned(), tree: root });
    }
    let bytes = fs::read(&path).map_err(at("read", &path))?;
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(EditError::NotText(path));
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let dir = path.parent().unwrap_or(&root);
    let old_beside = beside_of(&text, &name).map(|beside| dir.join(beside));
    let Edited { text: new, beside } = edited(&text, &name, edit, nonce);
    let mut applied = Applied { file: path.clone(), added: None, removed: None, changed: new != text };
    if !applied.changed {
        return Ok(applied);
    }
    // The added file first and the old one last: the module line always has a file to name.
    if let Some((name, text)) = beside {
        let added = dir.join(name);
        replace(&added, &text, None)?;
        applied.added = Some(added);
    }
    let before = fs::metadata(&path).map_err(at("read", &path))?;
    replace(&path, &new, Some(&before))?;
    if let Some(old) = old_beside
        && applied.added.as_ref() != Some(&old)
        && fs::remove_file(&old).is_ok()
    {
        applied.removed = Some(old);
    }
    Ok(applied)
}
