//! Reuse and retention at the scale of many workspaces.
//!
//! Unit graphs are cheap to compute without compiling anything. A [`trace`] holds those of a
//! whole corpus, or of a made-up ecosystem that is like one; the rest of the crate replays it.

pub mod cost;
pub mod generate;
pub mod growth;
pub mod history;
pub mod keys;
pub mod random;
pub mod remote;
pub mod replay;
pub mod retention;
pub mod reuse;
pub mod statistics;
pub mod timeline;
pub mod trace;
