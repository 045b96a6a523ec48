//! Runs of `harness simulate`: unit graphs of many workspaces, replayed.
//!
//! | module | idea |
//! |---|---|
//! | [`trace`] | what was replayed, and how well its estimates fit |
//! | [`folder`] | all of it as a run folder, written and read |
//! | `curves` | reuse by the number of workspaces |
//! | `ablation` | what a key with one input less would reuse |
//! | `retention` | retention policies against each other |
//! | `remote` | from which bandwidth on fetching beats compiling |
//! | `growth` | what a store gains a day |

pub(crate) mod ablation;
pub(crate) mod curves;
pub mod folder;
pub(crate) mod growth;
pub(crate) mod remote;
pub(crate) mod retention;
pub mod trace;

pub use folder::{SimulationRun, is_one, read, read_table, write, write_table};
pub use records::simulated::{
    AblationRow, CurveRow, Fit, GrowthRow, MissRow, RelaxationRow, RemoteRow, RetentionRow, SharingRow, Table,
};
pub use trace::{Origin, TraceInfo};
