//! What simulations say to the questions: sentences, limits, and the tables of their chapters.
//!
//! A simulation counts keys and weighs them with estimated seconds: it shows how much a policy reuses, never
//! that a hit is right nor how long a build takes.

use super::answer::{Answer, State};
use super::evidence::Evidence;
use crate::chapters::simulated::reuse::{key_table, miss_groups, miss_table, most_shared, reuse_table, sharing_table};
use crate::chapters::simulated::store::{growth_table, latency, remote_table, retention_table};
use crate::document::Grid;
use crate::simulation::ablation::{self, ablations, share};
use crate::simulation::curves::{by_command, is_plain};
use crate::simulation::growth::store_growth;
use crate::simulation::remote::remote_by_bandwidth;
use crate::simulation::retention::retention_by_key;
use crate::simulation::{MissRow, SharingRow, SimulationRun};
use crate::text::{bytes, limit, percent, seconds};
use crate::words::{first_line, listed, plural};
use records::MissReason;

/// Workspaces from which a curve says more than an anecdote.
pub(super) const MANY: u32 = 20;
/// Reasons of a policy that a table names.
const MOST: usize = 6;

#[derive(Clone, Copy)]
pub(super) struct NumberedSimulation<'a> {
    at: usize,
    pub run: &'a SimulationRun,
}

pub(super) fn simulations<'a>(
    evidence: &Evidence<'a>,
    has: impl Fn(&SimulationRun) -> bool,
) -> Vec<NumberedSimulation<'a>> {
    let all = evidence.simulations.iter().enumerate().map(|(at, run)| NumberedSimulation { at, run });
    all.filter(|sim| has(sim.run)).collect()
}

impl NumberedSimulation<'_> {
    /// `S1`.
    pub fn label(&self) -> String {
        format!("S{}", self.at + 1)
    }

    /// `S1, 120 workspaces in 20 orders, simulated`.
    pub fn place(&self) -> String {
        self.place_in(&format!(" in {}", plural(self.run.trace.orders as usize, "order")))
    }

    /// The place of an exact mean over all orders: `S1, 120 workspaces, all orders, simulated`.
    pub fn place_exact(&self) -> String {
        self.place_in(", all orders")
    }

    fn place_in(&self, orders: &str) -> String {
        let trace = &self.run.trace;
        let made_up = if trace.is_real() { "" } else { ", made up" };
        let workspaces = plural(trace.workspaces as usize, "workspace");
        format!("{}, {workspaces}{orders}, simulated{made_up}", self.label())
    }

    /// How well a count of it is known; `ordered` where it is a mean over orders.
    pub fn state(&self, ordered: bool) -> State {
        let trace = &self.run.trace;
        match trace.is_real() && trace.workspaces > 1 && (trace.orders > 1 || !ordered) {
            true => State::Shown,
            false => State::Hinted,
        }
    }

    /// A table of it, with its name.
    fn named(&self, grid: Grid) -> Grid {
        Grid { caption: format!("{}: {}", self.label(), grid.caption), ..grid }
    }
}

/// How well all of them together know it; their limits go into the answer.
fn known(answer: &mut Answer, sims: &[NumberedSimulation<'_>], ordered: bool) -> State {
    for sim in sims {
        let (trace, label) = (&sim.run.trace, sim.label());
        let toolchain = match first_line(&sim.run.info.toolchain.rustc) {
            "" => "the one that its graphs are of",
            toolchain => toolchain,
        };
        answer.limits(format!(
            "{label}: wrong hits and wall times, since keys were looked up and nothing was compiled; other toolchains and \
             machines than {toolchain}; differences within the error of its estimates ({})",
            trace.seconds_in_short(),
        ));
        if !trace.is_real() {
            answer.limits(format!(
                "{label}: what projects do: its trace was made up and shows what follows from its assumptions"
            ));
        }
    }
    State::best(sims.iter().map(|sim| sim.state(ordered)))
}

/// How well each piece of evidence of Q2 is known.
pub(super) struct SimulatedReuse {
    /// Reuse by number of workspaces, averaged over orders.
    pub curve: State,
    /// The same over many workspaces.
    pub many: State,
    /// Why units miss.
    pub misses: State,
}

pub(super) fn reuse(answer: &mut Answer, evidence: &Evidence<'_>) -> SimulatedReuse {
    let with_curve = simulations(evidence, |run| run.curve.iter().any(|row| row.workspaces > 1));
    for sim in &with_curve {
        for curves in by_command(sim.run) {
            let plain: Vec<_> = curves.into_iter().filter(|curve| curve.is_plain()).collect();
            let end = |curve: &crate::simulation::curves::Curve<'_>| {
                let row = curve.last();
                let [mean, low, high] = [row.hit_rate_by_cost, row.low, row.high].map(|share| percent(Some(share)));
                format!("{mean} ({low} to {high}) under {} as workspace {}", curve.policy, row.workspaces)
            };
            if let Some(first) = plain.first() {
                answer.grid(sim.named(reuse_table(&plain)));
                answer.supports(format!(
                    "{}: reused by {}, in compile seconds: {}; in brackets all but the tenth of workspaces, at about that \
                     place, that reuse least or most",
                    sim.place(),
                    first.command,
                    plain.iter().map(end).collect::<Vec<_>>().join(", "),
                ));
            }
        }
    }
    let with_misses = simulations(evidence, |run| run.misses.iter().any(is_miss));
    misses(answer, &with_misses, is_miss);
    let many = with_curve.iter().filter(|sim| sim.run.curve.iter().any(|row| row.workspaces >= MANY));
    SimulatedReuse {
        many: State::best(many.map(|sim| sim.state(true))),
        misses: State::best(with_misses.iter().map(|sim| sim.state(false))),
        curve: known(answer, &with_curve, true),
    }
}

/// Adds a table of why units of plain policies were compiled, by reason or by rule.
fn misses(answer: &mut Answer, sims: &[NumberedSimulation<'_>], wanted: fn(&MissRow) -> bool) {
    for sim in sims {
        let mut groups = miss_groups(sim.run);
        groups.retain(|group| is_plain(group.policy));
        answer.grid(sim.named(miss_table(&groups, wanted, MOST)));
    }
}

/// What each policy refused, by rule: the share of compile seconds that it does not admit.
pub(super) fn refusals(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = simulations(evidence, |run| run.misses.iter().any(is_refused));
    misses(answer, &all, is_refused);
    for sim in &all {
        for group in miss_groups(sim.run).iter().filter(|group| is_plain(group.policy)) {
            let refused: f64 = group.rows.iter().filter(|row| is_refused(row)).map(|row| row.seconds).sum();
            if refused <= 0.0 {
                continue;
            }
            let total = sim.run.relaxations.iter().find(|row| row.command == group.command).map(|row| row.total_s);
            let share = total.filter(|total| *total > 0.0).map(|total| refused / total);
            let of = share.map_or_else(String::new, |share| format!(", {} of all", percent(Some(share))));
            let (place, refused) = (sim.place_exact(), seconds(Some(refused)));
            answer.supports(format!(
                "{place}: {} refuses units worth {refused}{of}, with {}",
                group.policy, group.command
            ));
        }
    }
    known(answer, &all, false)
}

/// Whether a unit was admitted and missed; a rule refused it otherwise.
fn is_miss(row: &MissRow) -> bool {
    // `dependency: version` is a dependency, too.
    let reason = row.reason.split(':').next().unwrap_or_default();
    reason == "first-of-several" || MissReason::ALL.iter().any(|it| it.as_str() == reason)
}

fn is_refused(row: &MissRow) -> bool {
    !is_miss(row)
}

/// Keys with one input less.
pub(super) fn keys(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = simulations(evidence, |run| run.relaxations.iter().any(|row| row.relaxation != ablation::NONE));
    for (sim, group) in all.iter().flat_map(|sim| ablations(sim.run).into_iter().map(move |group| (sim, group))) {
        answer.grid(sim.named(key_table(&group)));
        if let Some(most) = group.sound().next() {
            answer.supports(format!(
                "{}: of what is sound to leave out of the key of {}, {} gains most with {}: {}, {} of all seconds",
                sim.place_exact(),
                group.policy,
                most.relaxation,
                group.command,
                seconds(Some(most.gained_s)),
                percent(share(most)),
            ));
        }
    }
    known(answer, &all, false)
}

pub(super) fn retention(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = simulations(evidence, |run| run.retention.iter().any(|row| row.cap_bytes.is_some()));
    for (sim, by_key) in
        all.iter().flat_map(|sim| retention_by_key(sim.run).into_iter().map(move |by_key| (sim, by_key)))
    {
        answer.grid(sim.named(retention_table(&by_key)));
        let (place, key) = (sim.place(), by_key.key);
        match by_key.best() {
            Ok(best) => answer.supports(format!(
                "{place}: under {key} the policy {best} is never more than 5% above the fewest seconds, and each other one \
                 is at some size"
            )),
            Err(near) if near.len() > 1 => answer.supports(format!(
                "{place}: under {key} {} are all within 5% of the fewest seconds at every size",
                listed(&near)
            )),
            Err(_) => {}
        }
        for (name, row) in by_key.online().filter_map(|(name, rows)| Some((name, by_key.enough(rows)?))) {
            let size = limit(row.cap_bytes);
            answer.supports(format!(
                "{place}: under {key} {size} is enough for {name} to compile at most 5% more than without a limit"
            ));
        }
        answer.limits(format!(
            "{}: how people use a store: which commands run when, and what is edited between, is an assumption of it",
            sim.label()
        ));
    }
    known(answer, &all, false)
}

pub(super) fn commands(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = simulations(evidence, |run| !run.sharing.is_empty());
    for sim in &all {
        let rows: Vec<&SharingRow> = sim.run.sharing.iter().filter(|row| is_plain(&row.policy)).collect();
        answer.grid(sim.named(sharing_table(&rows)));
        if let Some(most) = most_shared(&rows) {
            answer.supports(format!(
                "{}: most is shared by {} after {} under {}: {} of units and {} of compile seconds ({}); nothing in {} of \
                 {}",
                sim.place(),
                most.then,
                most.first,
                most.policy,
                percent(Some(most.hit_rate)),
                percent(Some(most.hit_rate_by_cost)),
                plural(most.workspaces as usize, "workspace"),
                rows.iter().filter(|row| row.hit_rate == 0.0).count(),
                plural(rows.len(), "case"),
            ));
        }
    }
    known(answer, &all, false)
}

/// Fetching against compiling, by a model of transfers.
pub(super) fn remote(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = simulations(evidence, |run| !run.remote.is_empty());
    for sim in &all {
        for group in remote_by_bandwidth(sim.run) {
            answer.grid(sim.named(remote_table(&group)));
            for by_bandwidth in &group {
                let row = by_bandwidth.setup();
                answer.supports(format!(
                    "{}: with {} latency, fetching everything available beats compiling {} ({}, {})",
                    sim.place(),
                    latency(row),
                    by_bandwidth.break_even(|row| row.fetch_s).words(),
                    row.command,
                    row.policy,
                ));
            }
        }
        answer.limits(format!(
            "{}: that keys and bytes are the same on another machine: it assumes so, and models the network",
            sim.label()
        ));
    }
    known(answer, &all, false)
}

pub(super) fn growth(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = simulations(evidence, |run| store_growth(run).iter().any(|growth| growth.gain().is_some()));
    for sim in &all {
        let stores = store_growth(sim.run);
        answer.grid(sim.named(growth_table(&stores)));
        for (key, gain) in stores.iter().filter_map(|growth| Some((growth.key, growth.gain()?))) {
            answer.supports(format!(
                "{}: under {key} a store gains {} and {:.1} entries a day, of these {} and {:.1} of path packages (mean \
                 over {} days)",
                sim.place(),
                bytes(Some(gain.bytes)),
                gain.entries,
                bytes(Some(gain.local_bytes)),
                gain.local_entries,
                gain.days,
            ));
        }
        answer.limits(format!(
            "{}: edits of real developers: how often what changes is an assumption of it",
            sim.label()
        ));
    }
    known(answer, &all, false)
}
