//! Q1 and Q2: what the n-th workspace reuses, why units miss, what policies refuse.

use super::{Sim, known, sims};
use crate::document::Grid;
use crate::review::answer::{Answer, State};
use crate::review::evidence::Evidence;
use crate::simulation::curves::{by_command, is_plain};
use crate::simulation::{MissRow, SimulationRun};
use crate::table::{bytes, count, percent, seconds};

/// Workspaces from which a curve says more than an anecdote.
pub(in crate::review) const MANY: u32 = 20;
/// Reasons of a policy that a table names.
const MOST: usize = 6;

/// How well each part is known.
pub(in crate::review) struct Reuse {
    /// Reuse by number of workspaces, averaged over orders.
    pub curve: State,
    /// The same over many workspaces.
    pub many: State,
    /// Why units miss.
    pub misses: State,
}

pub(in crate::review) fn reuse(answer: &mut Answer, evidence: &Evidence<'_>) -> Reuse {
    let with_curve = sims(evidence, |run| run.curve.iter().any(|row| row.workspaces > 1));
    let caption = "What the n-th workspace reuses of those before it, simulated: mean over orders, and what a tenth of \
                   workspaces at about that place reuse less or more than.";
    let heads = ["run", "command", "policy", "> n", "> of seconds", "> a tenth less", "> more", "> units", "> stored"];
    let mut grid = Grid::new(caption, &heads);
    for sim in &with_curve {
        for curves in by_command(sim.run) {
            for curve in curves.iter().filter(|curve| curve.is_plain()) {
                let named = curve.named();
                let some = named.iter().filter(|row| [10, 100, curve.last().workspaces].contains(&row.workspaces));
                for row in some {
                    grid.row([
                        sim.label(),
                        curve.command.to_owned(),
                        curve.policy.to_owned(),
                        row.workspaces.to_string(),
                        percent(Some(row.hit_rate_by_cost)),
                        percent(Some(row.low)),
                        percent(Some(row.high)),
                        percent(Some(row.hit_rate)),
                        bytes(Some(row.stored_bytes)),
                    ]);
                }
            }
            let ends: Vec<String> = curves
                .iter()
                .filter(|curve| curve.is_plain())
                .map(|curve| {
                    let end = curve.last();
                    let (mean, low, high) = (end.hit_rate_by_cost, end.low, end.high);
                    let (mean, low, high) = (percent(Some(mean)), percent(Some(low)), percent(Some(high)));
                    format!("{mean} ({low} to {high}) under {} as workspace {}", curve.policy, end.workspaces)
                })
                .collect();
            if !ends.is_empty() {
                answer.supports(format!(
                    "{}: reused by {}, in compile seconds: {}; in brackets all but the tenth of workspaces, at about that place, that \
                     reuse least or most",
                    sim.place(),
                    curves[0].command,
                    ends.join(", "),
                ));
            }
        }
    }
    answer.grid(grid);
    let with_misses = sims(evidence, |run| run.misses.iter().any(is_miss));
    let caption = "Why units missed, simulated: every workspace once in turn, mean over orders.";
    answer.grid(table(caption, &with_misses, is_miss));
    let many: Vec<Sim<'_>> = with_curve.iter().copied().filter(|sim| longest(sim.run) >= MANY).collect();
    Reuse {
        many: State::best(many.iter().map(|sim| sim.state(true))),
        misses: State::best(with_misses.iter().map(|sim| sim.state(false))),
        curve: known(answer, &with_curve, true),
    }
}

/// What each policy refused, by rule: the share of compile seconds that it does not admit.
pub(in crate::review) fn refusals(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = sims(evidence, |run| run.misses.iter().any(|row| !is_miss(row)));
    let caption = "What policies refused, by rule, simulated: every workspace once in turn, mean over orders.";
    answer.grid(table(caption, &all, |row| !is_miss(row)));
    for sim in &all {
        let mut policies: Vec<(&str, &str)> = Vec::new();
        for row in sim.run.misses.iter().filter(|row| is_plain(&row.policy)) {
            if !policies.contains(&(&row.policy, &row.command)) {
                policies.push((&row.policy, &row.command));
            }
        }
        for (policy, command) in policies {
            let rows = || sim.run.misses.iter().filter(|row| row.policy == policy && row.command == command);
            let refused: f64 = rows().filter(|row| !is_miss(row)).map(|row| row.seconds).sum();
            let total = sim.run.relaxations.iter().find(|row| row.command == command).map(|row| row.total_s);
            if refused <= 0.0 {
                continue;
            }
            let share = total.filter(|total| *total > 0.0).map(|total| refused / total);
            let of = share.map_or_else(String::new, |share| format!(", {} of all", percent(Some(share))));
            let (place, refused) = (sim.place_exact(), seconds(Some(refused)));
            answer.supports(format!("{place}: {policy} refuses units worth {refused}{of}, with {command}"));
        }
    }
    known(answer, &all, false)
}

fn longest(run: &SimulationRun) -> u32 {
    run.curve.iter().map(|row| row.workspaces).max().unwrap_or(0)
}

/// Whether a unit was admitted and missed; a rule refused it otherwise.
fn is_miss(row: &MissRow) -> bool {
    const REASONS: [&str; 11] = [
        "first-of-several",
        "never-seen",
        "version",
        "features",
        "profile",
        "platform",
        "toolchain",
        "rustflags",
        "dependency",
        "content",
        "evicted",
    ];
    // `dependency: version` is a dependency, too.
    let reason = row.reason.split(':').next().unwrap_or_default();
    REASONS.contains(&reason)
}

fn table(caption: &str, sims: &[Sim<'_>], wanted: fn(&MissRow) -> bool) -> Grid {
    let mut grid = Grid::new(caption, &["run", "command", "policy", "reason or rule", "> seconds", "> units"]);
    for sim in sims {
        let mut rows: Vec<&MissRow> =
            sim.run.misses.iter().filter(|row| is_plain(&row.policy) && wanted(row)).collect();
        rows.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        let mut shown: Vec<(&str, &str, usize)> = Vec::new();
        for row in rows {
            let at = shown.iter().position(|(policy, command, _)| *policy == row.policy && *command == row.command);
            let at = at.unwrap_or_else(|| {
                shown.push((&row.policy, &row.command, 0));
                shown.len() - 1
            });
            shown[at].2 += 1;
            if shown[at].2 <= MOST {
                let names = [sim.label(), row.command.clone(), row.policy.clone(), row.reason.clone()];
                let numbers = [seconds(Some(row.seconds)), count(Some(row.units.round()))];
                grid.row(names.into_iter().chain(numbers));
            }
        }
    }
    grid
}
