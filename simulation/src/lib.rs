//! Reuse and retention at the scale of many workspaces.
//!
//! Unit graphs are cheap to compute without compiling anything. A [`trace`] holds those of a
//! whole corpus, or of a made-up ecosystem that is like one; the rest of the crate replays it.

pub mod cost;
pub mod history;
pub mod trace;
