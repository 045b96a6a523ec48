//! What simulations have to say to the questions: tables, sentences, limits.
//!
//! In: the simulations at hand. Out: how well each part is known; tables and sentences go
//! into the answer. A simulation counts keys and weighs them with estimated seconds: it shows
//! how much a policy reuses, never that a hit is right nor how long a build takes.
//!
//! | file | question |
//! |---|---|
//! | `reuse` | Q1 and Q2: curves, misses, refusals |
//! | `keys` | Q3: keys with one input less |
//! | `retention` | Q10: stores of limited size |
//! | `commands` | Q16: what commands share |
//! | `remote` | Q18: fetching against compiling |
//! | `growth` | Q20: a store day by day |

mod commands;
mod growth;
mod keys;
mod remote;
mod retention;
mod reuse;

pub(super) use commands::commands;
pub(super) use growth::growth;
pub(super) use keys::keys;
pub(super) use remote::remote;
pub(super) use retention::retention;
pub(super) use reuse::{MANY, refusals, reuse};

use super::answer::{Answer, State};
use super::evidence::Evidence;
use super::words::plural;
use crate::simulation::SimulationRun;

/// A simulation, and what it is called.
#[derive(Clone, Copy)]
pub(super) struct Sim<'a> {
    at: usize,
    pub run: &'a SimulationRun,
}

/// The simulations that have what is asked for.
pub(super) fn sims<'a>(evidence: &Evidence<'a>, has: impl Fn(&SimulationRun) -> bool) -> Vec<Sim<'a>> {
    let all = evidence.simulations.iter().enumerate().map(|(at, run)| Sim { at, run });
    all.filter(|sim| has(sim.run)).collect()
}

impl Sim<'_> {
    /// `S1`.
    pub fn label(&self) -> String {
        format!("S{}", self.at + 1)
    }

    /// `S1, 120 workspaces in 20 orders, simulated`.
    pub fn place(&self) -> String {
        let trace = &self.run.trace;
        let made_up = if trace.is_real() { "" } else { ", made up" };
        let (workspaces, orders) = (plural(trace.workspaces as usize, "workspace"), trace.orders as usize);
        format!("{}, {workspaces} in {}, simulated{made_up}", self.label(), plural(orders, "order"))
    }

    /// The same for what is an exact mean over all orders: `S1, 120 workspaces, all orders, simulated`.
    pub fn place_exact(&self) -> String {
        let trace = &self.run.trace;
        let made_up = if trace.is_real() { "" } else { ", made up" };
        format!("{}, {}, all orders, simulated{made_up}", self.label(), plural(trace.workspaces as usize, "workspace"))
    }

    /// How well a count of it is known; `ordered` where it is a mean over orders.
    pub fn state(&self, ordered: bool) -> State {
        let trace = &self.run.trace;
        match trace.is_real() && trace.workspaces > 1 && (trace.orders > 1 || !ordered) {
            true => State::Shown,
            false => State::Hinted,
        }
    }

    /// What no simulation shows, and what this one does not.
    fn limit(&self, answer: &mut Answer) {
        let trace = &self.run.trace;
        let toolchain = self.run.info.toolchain.rustc.lines().next().unwrap_or_default();
        let toolchain = if toolchain.is_empty() { "the one that its graphs are of" } else { toolchain };
        answer.limits(format!(
            "{}: wrong hits and wall times, since keys were looked up and nothing was compiled; other toolchains and \
             machines than {toolchain}; differences within the error of its estimates ({})",
            self.label(),
            trace.seconds_in_short(),
        ));
        if !trace.is_real() {
            answer.limits(format!(
                "{}: what projects do: its trace was made up and shows what follows from its assumptions",
                self.label()
            ));
        }
    }
}

/// How well all of them together know it; their limits go into the answer.
fn known(answer: &mut Answer, sims: &[Sim<'_>], ordered: bool) -> State {
    sims.iter().for_each(|sim| sim.limit(answer));
    State::best(sims.iter().map(|sim| sim.state(ordered)))
}
