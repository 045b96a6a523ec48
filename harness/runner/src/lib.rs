//! The experiment: every strategy through the same story, measured.
//!
//! | file | what it is for |
//! |---|---|
//! | [`options`] | what was asked for, as kept in `run.json` so that a run can be resumed |
//! | [`asked`] | what the options name, looked up |
//! | [`description`] | `run.json` |
//! | [`plan`] | what is measured in which order; [`schedule`] draws whose turn it is from the seed |
//! | [`pace`] | how many rounds, and of which arms: a number, or a budget of time |
//! | [`confinement`] | strangers' code in the sandbox: what a run needs in it, and what rows say of it |
//! | [`lab`] | what all builds of a run share: toolchain, environment, observer, directories |
//! | [`prepare`] | everything fetched before anything is timed |
//! | [`invocation`] | the exact Cargo command lines |
//! | [`arm`] | one strategy at work: its working copies ([`copies`]), its store, its actions |
//! | [`trial`] | a measured build step, of one Cargo or several at once |
//! | [`chore`] | a measured step that compiles nothing: cleaning, collection |
//! | [`build`] | one measured build: plan, restore, cargo, publish |
//! | [`deadline`] | how long that may take |
//! | [`rival`] | an external strategy at work: its tool, its directories, its daemon |
//! | [`outcome`] | what became of each unit, and why |
//! | [`checks`] | what is looked at after a measured build: no-op, store, program |
//! | [`ledger`] | what the trees of an arm take on disk, step by step |
//! | [`gates`] | what makes a row invalid, judged by [`facts`] |
//! | `origin` | which sources fresh units were compiled from |
//! | [`shadow`] | every hit compiled anyway, and compared |
//! | [`rows`] | a measured build as records |
//! | [`recorded`] | what is recorded already |
//! | [`run`] | all arms of all rounds, appended as they finish |
//! | [`trials`] | the real executor of a run |
//! | [`progress`] | the bar and its estimate |

pub mod arm;
pub mod asked;
pub mod build;
pub mod checks;
pub mod chore;
pub mod confinement;
pub mod copies;
pub mod deadline;
pub mod description;
pub mod facts;
pub mod gates;
pub mod guard;
pub mod invocation;
pub mod lab;
pub mod ledger;
pub mod options;
mod origin;
pub mod outcome;
pub mod pace;
pub mod plan;
pub mod prepare;
pub mod progress;
pub mod quantity;
pub mod recorded;
pub mod rival;
pub mod rows;
pub mod run;
pub mod schedule;
pub mod shadow;
pub mod shard;
pub mod trial;
pub mod trials;
