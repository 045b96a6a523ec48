//! What a series knows of a run.
//!
//! [`Entry`] is all of it: the conditions, and a [`Point`] for each [`Key`]. It is made from a
//! run folder by [`of_folder`] and by nothing else, so that a database can be made again. Two
//! runs can stand in one track if their [`Entry::line`] is the same.

mod entry;
mod extract;
mod line;
mod seal;

pub use entry::{Entry, Key, Kind, Point, ProbePoint};
pub use extract::{of_folder, skipped};
pub use line::{line, line_id};
pub use seal::{seal, tables_digest};
