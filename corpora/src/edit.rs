//! Edits of a Rust file, each giving content that was never there before.
//!
//! Every edit appends one marked block to the file and replaces the block of the edit before, so edits do not pile up
//! and the original comes back byte for byte. The block compiles in a crate that denies or forbids all lints: what it
//! adds is used (a `#[used]` static points at it), private or hidden from the documentation.
//!
//! | edit | what a compiler must redo |
//! |---|---|
//! | `comment` | read the file, find nothing but moved bytes |
//! | `private-body` | check and generate one private function, link |
//! | `public-signature` | the crate's public interface: everything that depends on it too |
//! | `new-file` | one more module in a file that was not there |
//! | `back` | the original, which a cache has seen before |

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::checkout::replace;

const BEGIN: &str = "\n// >>> edited by the harness\n";
const END: &str = "// <<< edited by the harness\n";

/// What an edit step does to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    Comment,
    PrivateBody,
    PublicSignature,
    NewFile,
    Back,
}

impl Edit {
    /// Every edit, in the order of their cost.
    pub const ALL: [Self; 5] = [Self::Comment, Self::PrivateBody, Self::PublicSignature, Self::NewFile, Self::Back];

    /// The name it has in records and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::PrivateBody => "private-body",
            Self::PublicSignature => "public-signature",
            Self::NewFile => "new-file",
            Self::Back => "back",
        }
    }
}

/// A number no edit had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce(pub u64);

impl Nonce {
    /// One from the clock and the process, for a run that may share a store with earlier runs.
    pub fn fresh() -> Self {
        static DRAWN: AtomicU64 = AtomicU64::new(0);
        let drawn = DRAWN.fetch_add(1, Ordering::Relaxed);
        let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos() as u64;
        // An odd factor spreads the count over the digits the clock does not fill.
        let spread = (drawn << 32 | u64::from(std::process::id())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(now ^ spread)
    }
}

impl std::fmt::Display for Nonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// An edited file, before anything is written.
#[derive(Debug, PartialEq, Eq)]
struct EditedText {
    text: String,
    beside: Option<(String, String)>,
}

/// Apply an edit to the text of the file called `file_name`, edited before or not.
fn edited(text: &str, file_name: &str, edit: Edit, nonce: Nonce) -> EditedText {
    let original = block_start(text).map_or(text, |start| &text[..start]);
    let mut beside = None;
    let block = match edit {
        Edit::Back => return EditedText { text: original.to_owned(), beside },
        Edit::Comment => format!("// {nonce}\n"),
        Edit::PrivateBody => private_body(nonce),
        Edit::PublicSignature => public_signature(nonce),
        Edit::NewFile => {
            let name = beside_name(file_name, nonce);
            let line = format!("#[path = \"{name}\"]\nmod __harness_edit;\n");
            let text = format!("{}{}{END}", &BEGIN[1..], private_body(nonce));
            beside = Some((name, text));
            line
        }
    };
    EditedText { text: format!("{original}{BEGIN}{block}{END}"), beside }
}

fn private_body(nonce: Nonce) -> String {
    format!(
        "fn __harness_edit() -> u64 {{\n    0x{nonce}\n}}\n\
         #[used]\nstatic __HARNESS_EDIT: fn() -> u64 = __harness_edit;\n"
    )
}

fn public_signature(nonce: Nonce) -> String {
    // An array of units takes no space, however long.
    format!(
        "#[doc(hidden)]\n#[allow(unreachable_pub)]\n\
         pub fn __harness_edit(_: [(); 0x{nonce}]) {{}}\n\
         #[used]\nstatic __HARNESS_EDIT: fn([(); 0x{nonce}]) = __harness_edit;\n"
    )
}

/// Where the block of an earlier edit starts, if the text ends in one.
fn block_start(text: &str) -> Option<usize> {
    text.strip_suffix(END)?.rfind(BEGIN)
}

/// The file an edit of `file_name` adds. It carries the name, so that two edited files in one
/// directory do not meet, and the nonce, so that it was not there before.
fn beside_name(file_name: &str, nonce: Nonce) -> String {
    let stem = file_name.strip_suffix(".rs").unwrap_or(file_name);
    format!("{stem}__harness_edit_{nonce}.rs")
}

/// The file beside that an earlier edit added, as its block names it.
fn beside_of(text: &str, file_name: &str) -> Option<PathBuf> {
    let block = &text[block_start(text)? + BEGIN.len()..];
    let named = block.strip_prefix("#[path = \"")?.split('"').next()?;
    let stem = file_name.strip_suffix(".rs").unwrap_or(file_name);
    let digits = named.strip_prefix(stem)?.strip_prefix("__harness_edit_")?.strip_suffix(".rs")?;
    let ours = digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    ours.then(|| Path::new(named).to_owned())
}

#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("cannot edit {}: it leads out of {}", .0.display(), .1.display())]
    Outside(PathBuf, PathBuf),
    #[error("cannot edit {}: it is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Apply an edit to `file`, which is relative to `tree`. Returns whether anything changed: only
/// going back from an original changes nothing.
///
/// The file is replaced whole, never seen half written, and gets a modification time strictly
/// newer than it had. A symbolic link is followed if it stays in the tree.
/// Fails when the file is missing, not text, outside of the tree, or cannot be written.
pub fn apply(tree: &Path, file: &Path, edit: Edit, nonce: Nonce) -> Result<bool, EditError> {
    let root = fs::canonicalize(tree)?;
    let path = fs::canonicalize(root.join(file))?;
    if !path.starts_with(&root) {
        return Err(EditError::Outside(file.to_owned(), root));
    }
    let Ok(text) = String::from_utf8(fs::read(&path)?) else {
        return Err(EditError::NotText(path));
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let dir = path.parent().unwrap_or(&root);
    let old_beside = beside_of(&text, &name).map(|beside| dir.join(beside));
    let EditedText { text: new, beside } = edited(&text, &name, edit, nonce);
    if new == text {
        return Ok(false);
    }
    // The added file first and the old one last: the module line always has a file to name.
    let added = beside.map(|(name, text)| (dir.join(name), text));
    if let Some((added, text)) = &added {
        fs::write(added, text)?;
    }
    replace(&path, &new, &fs::metadata(&path)?)?;
    if let Some(old) = old_beside
        && added.is_none_or(|(added, _)| added != old)
    {
        // Whoever removed it before did the same.
        let _ = fs::remove_file(old);
    }
    Ok(true)
}

#[cfg(test)]
#[path = "edit/tests.rs"]
mod tests;
