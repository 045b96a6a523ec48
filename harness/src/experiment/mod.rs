//! The experiment: every strategy through the same story, measured.
//!
//! | file | what it is for |
//! |---|---|
//! | [`options`] | what was asked for, as kept in `run.json` so that a run can be resumed |
//! | [`asked`] | what the options name, looked up |
//! | [`description`] | `run.json` |
//! | [`schedule`] | which arm when: a pure function of the seed |
//! | [`lab`] | what all builds of a run share: toolchain, environment, observer, directories |
//! | [`prepare`] | everything fetched before anything is timed |
//! | [`invocation`] | the exact Cargo command lines |
//! | [`arm`] | one strategy in one round: its sites, its store, its steps |
//! | [`build`] | one measured build: plan, restore, cargo, publish |
//! | [`outcome`] | what became of each unit, and why |
//! | [`checks`] | what is looked at after a measured build: no-op, store, program |
//! | [`ledger`] | what the trees of an arm take on disk, step by step |
//! | [`gates`] | what makes a row invalid |
//! | [`rows`] | a measured build as records |
//! | [`run`] | all arms of all rounds, appended as they finish |
//! | [`trials`] | the real executor of a run |
//! | [`progress`] | the bar and its estimate |

pub mod arm;
pub mod asked;
pub mod build;
pub mod checks;
pub mod description;
pub mod gates;
pub mod invocation;
pub mod lab;
pub mod ledger;
pub mod options;
pub mod outcome;
pub mod prepare;
pub mod progress;
pub mod rows;
pub mod run;
pub mod schedule;
pub mod trials;
