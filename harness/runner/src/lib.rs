//! The experiment: every strategy through the same scenario, measured.
//!
//! | file | what it is for |
//! |---|---|
//! | [`experiment`] | what was asked for, and the corpus, scenario and strategies that it names |
//! | [`description`] | `run.json` |
//! | [`plan`] | what is measured in which order, drawn from the seed |
//! | [`pace`] | how many rounds, and of which arms: a number, or a budget of time |
//! | [`run`] | the order of a run, as a pure loop over an [`run::Executor`] |
//! | [`executor`] | the real executor: arms, guards, records |
//! | [`arm`] | one strategy in its working copies: actions, measured builds, maintenance |
//! | [`integration`] | where strategies hook into a build: one file each |
//! | [`build`] | what integrations share: Cargo, its unit graph, what the observer saw |
//! | [`invocation`] | the exact Cargo command lines |
//! | `step` | a step of an arm, and how it ended |
//! | `record` | the outcome of a step as rows: the only file that knows columns |
//! | `checks`, `gates`, `shadow` | what is looked at after a build, what makes its row invalid, every hit compiled anyway |
//! | `ledger` | what the trees of an arm take on disk, step by step |
//! | [`build_env`] | what all builds of a run share: toolchain, environment, directories |
//! | [`prepare`] | everything fetched before anything is timed |
//! | [`delivery`] | what travels between CI machines, and over which network |
//! | [`deadline`] | how long a build may take, and why there is no measurement |
//! | [`confinement`] | untrusted code in the sandbox: what it needs, and what is noted of it |
//! | [`guard`] | a run waits or stops before disk, memory or numbers suffer |
//! | [`shard`] | a run in parts |
//! | [`progress`] | the bar and its estimate |

pub mod arm;
pub mod build;
pub mod build_env;
mod checks;
pub mod confinement;
pub mod deadline;
pub mod delivery;
pub mod description;
pub mod executor;
pub mod experiment;
mod gates;
pub mod guard;
pub mod integration;
pub mod invocation;
mod ledger;
pub mod pace;
pub mod plan;
pub mod prepare;
pub mod progress;
mod record;
pub mod run;
mod shadow;
pub mod shard;
mod step;
