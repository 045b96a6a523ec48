//! What probes found: which strategies gave a wrong build, and in which probe.
//!
//! - [`row`]: one probe under one strategy
//! - [`folder`]: `probes.csv` and `probes.json`, written and read
//! - [`matrix`]: probes that someone fails by strategies, as text, with what went wrong below

pub mod folder;
pub mod matrix;
pub mod row;

pub use folder::{ProbeRun, TABLE, WHOLE, read, write};
pub use row::{ProbeRow, ProbeVerdict, RENAMED, problems};
pub(crate) use row::{failing, passed};
