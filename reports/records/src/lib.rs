//! The wire format of a run, apart from what the numbers mean.
//!
//! [`StepRow`] is a line of `steps.csv`, [`UnitRow`] a line of `units.csv`,
//! [`RunInfo`] is `run.json`. The order of the fields is the order of the
//! columns. Columns may be appended in later versions, none is renamed, moved
//! or given another unit. A value that could not be measured is `None` and an
//! empty field, never 0.

mod columns;
pub mod costs;
mod info;
mod key;
pub mod merge;
pub mod network;
pub mod number;
pub mod quantity;
pub mod run_folder;
pub mod simulated;
mod step;
mod unit;

pub use columns::Column;
pub use info::{
    CorpusInfo, EnforcedLimit, FileSystemInfo, HostInfo, RunInfo, SCHEMA_VERSION, SandboxInfo, ShardInfo,
    ToolchainInfo, kind,
};
pub use key::{StepKey, control};
pub use step::{Status, StepRow};
pub use unit::{MissReason, Outcome, UnitRow};
