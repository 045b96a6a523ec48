//! What is built: pinned workspaces, how they get here, and what is done to their sources.
//!
//! The way through the crate, in the order a run takes it:
//!
//! 1. [`manifest`] reads a corpus from TOML; [`shipped`] holds the ones that come along;
//!    [`pins`] are the exact names, versions, commits and checksums in it.
//! 2. [`fetch`] brings each source to this machine once, through `source/` has one file per kind;
//!    [`dependencies`] has Cargo download what the lockfile names.
//! 3. [`checkout`] makes a working copy to build in; [`worktree`] gives it git worktrees.
//! 4. [`edit`] changes one file of a working copy so that its content is new every time;
//!    [`members`] finds the files whose edits reach farthest and least far;
//!    [`upgrade`] puts the second [`lockfile`] of a workspace in place.
//! 5. [`check`] tells beforehand whether all of that will work for a corpus.
//!
//! Nothing here runs code of a fetched crate: no build, no build script, no git hook, no Cargo
//! configuration or toolchain file out of a fetched tree.

pub mod cargo;
pub mod check;
pub mod checkout;
pub mod dependencies;
pub mod edit;
pub mod fetch;
pub mod lockfile;
pub mod manifest;
pub mod members;
pub mod pins;
pub mod scenario;
pub mod shipped;
mod source;
pub mod upgrade;
pub mod worktree;

mod replace;
mod schema;
mod slot;

pub use cargo::CargoProgram;
pub use fetch::{Fetched, Fetcher};
pub use lockfile::Lockfile;
pub use manifest::{Corpus, Run, Source, Workspace};
pub use slot::IoError;
