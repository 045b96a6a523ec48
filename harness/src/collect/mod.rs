//! Collecting a trace: the unit graphs of whole corpora, without compiling anything.
//!
//! ```text
//! corpora → choose → working copies → graphs (cargo --unit-graph) ┐
//! run folders → measured ────────────────────────── costs ────────┴→ simulation::trace::Trace
//! ```
//!
//! A graph is computed at the very paths and in the very environment of a trial, so that keys computed from a trace are
//! those of a measured build. No build script is run and nothing is compiled. What is not available (a test graph whose
//! dev-dependencies were never published) is left out and reported; it ends nothing.

mod choose;
mod costs;
mod draft;
mod everything;
mod graphs;
mod measured;
mod published;
mod sources;

pub use choose::{DEFAULT, TraceCommand, choose};
pub use costs::UnitCosts;
pub use everything::everything;
pub use measured::{Measurements, folders_in, run_folders};
