//! Collecting a trace: the unit graphs of whole corpora, without compiling anything.
//!
//! ```text
//! corpora → choose → working copies → graphs (cargo --unit-graph) ┐
//! run folders → measured ────────────────────────── prices ───────┴→ simulation::trace::Trace
//! ```
//!
//! A graph is asked for on the very paths and in the very environment of a trial, so that keys
//! computed from a trace are those of a measured build. No build script is run and nothing is
//! compiled. What cannot be had (a test graph whose dev-dependencies were never published) is
//! left out and said so; it ends nothing.
//!
//! | file | what it is for |
//! |---|---|
//! | [`choose`] | the workspaces of several corpora, each once |
//! | [`command`] | which Cargo commands: `release build`, `dev test` |
//! | [`graphs`] | what those commands would run in one workspace |
//! | [`everything`] | all workspaces, two at a time, in order |
//! | `sources` | what can be seen of sources: sizes, and digests of local packages |
//! | `watched` | what a build script watches, as its source tells |
//! | `published` | the day a version was published, from Cargo's own index cache |
//! | [`measured`] | seconds and bytes from run folders |
//! | [`draft`] | a trace in the making: units and edges, amounts not yet |
//! | [`prices`] | measured amounts, estimates for the rest; how they are made is `simulation::cost` |

pub mod choose;
pub mod command;
pub mod draft;
pub mod everything;
pub mod graphs;
pub mod measured;
pub mod prices;
mod published;
mod sources;
mod watched;
