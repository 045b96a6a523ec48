//! Runs of `harness simulate`: unit graphs of many workspaces, replayed.
//!
//! | module | idea |
//! |---|---|
//! | [`rows`] | the tables, a row type each |
//! | [`tables`] | their files and columns, and what a sound row holds |
//! | [`trace`] | what was replayed, and how well its estimates fit |
//! | [`folder`] | all of it as a run folder, written and read |
//! | [`curves`] | reuse by the number of workspaces |
//! | [`relaxed`] | what a key with one input less would reuse |
//! | [`kept`] | retention policies against each other |
//! | [`moved`] | from which bandwidth on fetching beats compiling |
//! | [`grown`] | what a store gains a day |

pub mod curves;
pub mod folder;
pub mod grown;
pub mod kept;
pub mod moved;
pub mod relaxed;
pub mod rows;
pub mod tables;
pub mod trace;

pub use folder::{SimulationRun, is_one, read, write};
pub use rows::{CurveRow, GrowthRow, MissRow, RelaxationRow, RemoteRow, RetentionRow, SharingRow};
pub use tables::Table;
pub use trace::{FitInfo, Origin, TraceInfo};
