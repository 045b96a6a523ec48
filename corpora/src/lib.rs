//! What is built: pinned workspaces, how they get to this machine, and what is done to their sources.
//!
//! In the order in which a run uses the modules:
//!
//! 1. [`manifest`] reads a corpus from TOML; [`shipped`] has those that come along;
//!    [`pins`] are the exact names, versions, commits and checksums in it.
//! 2. [`fetch`] brings each source to this machine once (`source/`: one file per kind of source).
//! 3. [`checkout`] makes a working copy to build in; [`worktree`] gives it git worktrees.
//! 4. [`edit`] changes one file of a working copy so that its content is new every time;
//!    [`members`] finds the files whose edits affect the most and the fewest members;
//!    [`upgrade`] replaces the lockfile of a workspace by its second one.
//! 5. [`check`] finds out beforehand whether all of that works for a corpus.
//!
//! Nothing here runs code of a fetched crate: no build, no build script, no git hook, no Cargo
//! configuration or toolchain file out of a fetched tree.
#![allow(missing_docs, reason = "a crate for this workspace alone: a doc that would repeat the name is left out")]

pub mod cargo;
pub mod check;
pub mod checkout;
pub mod edit;
mod error;
pub mod fetch;
mod git;
pub mod manifest;
pub mod members;
pub mod pins;
pub mod scenario;
pub mod shipped;
mod slot;
mod source;
pub mod upgrade;
pub mod worktree;

pub use cargo::CargoProgram;
pub use error::GitError;
pub use fetch::Fetcher;
pub use manifest::{Corpus, PinnedLockfile, PublishedPackage, RunCommand, Workspace, WorkspaceSource};
pub use slot::FetchedSource;
pub use source::FetchCause;
