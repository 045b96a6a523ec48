//! What is done to a working copy between measurements.

use serde::Deserialize;

use crate::edit::Edit;

/// Something done to an arm or a workspace, outside the measured time. Unless it says
/// otherwise, it is done to every working copy of its step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Empty the strategy's store.
    EmptyStore,
    /// Remove the working copy's build directory.
    Wipe,
    /// Change the file that the manifest names, never the same content twice.
    Edit(Edit),
    /// Change the root file of the member that most others depend on.
    EditLeaf(Edit),
    /// Change the root file of the member that depends on most others.
    EditRoot(Edit),
    /// Add a working copy of this name: the sources as fetched, at a path of its own.
    Copy(String),
    /// Add a git worktree of this name, at the first commit of the main working copy.
    Worktree(String),
    /// Commit all changes of the working copy.
    Commit,
    /// Put the second lockfile that the manifest names in place.
    Upgrade,
    /// Put the first lockfile back in place.
    Downgrade,
}

impl std::fmt::Display for Action {
    /// The words of a scenario file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EmptyStore => f.pad("empty-store"),
            Self::Wipe => f.pad("wipe"),
            Self::Edit(edit) => write!(f, "edit {}", edit.name()),
            Self::EditLeaf(edit) => write!(f, "edit-leaf {}", edit.name()),
            Self::EditRoot(edit) => write!(f, "edit-root {}", edit.name()),
            Self::Copy(name) => write!(f, "copy {name}"),
            Self::Worktree(name) => write!(f, "worktree {name}"),
            Self::Commit => f.pad("commit"),
            Self::Upgrade => f.pad("upgrade"),
            Self::Downgrade => f.pad("downgrade"),
        }
    }
}
