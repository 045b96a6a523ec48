//! Sources, checks, members, upgrades and worktrees on made-up packages and repositories.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;
mod git;
mod members;
mod path;
mod registry;
mod upgrade;
mod worktree;
