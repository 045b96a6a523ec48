//! What simulations decide: what to evict, and what to leave out of a key.
//!
//! Counts of a simulation are exact for its trace, its seconds are estimates: only differences of more than
//! 5 % are taken for differences. A made-up trace decides nothing.

use super::{Finding, Safety, agreed};
use crate::chapters::simulated::store::above_bound;
use crate::review::answer::State;
use crate::review::command;
use crate::review::evidence::Evidence;
use crate::review::simulated::{NumberedSimulation, simulations};
use crate::simulation::RelaxationRow;
use crate::simulation::ablation::{Ablation, ablations, share};
use crate::simulation::retention::{RetentionByKey, retention_by_key};
use crate::text::{limit, percent, seconds};
use crate::words::{gathered, listed};

/// A part of all seconds that is worth a change of the key.
const WORTH: f64 = 0.05;

pub(super) fn retention(evidence: &Evidence<'_>, _: &Safety) -> Vec<(String, Finding)> {
    let sims = simulations(evidence, |run| run.retention.iter().any(|row| row.cap_bytes.is_some()));
    let mut keys: Vec<(String, Finding)> = Vec::new();
    for sim in &sims {
        for by_key in retention_by_key(sim.run) {
            keys.push((by_key.key.to_owned(), evict(sim, &by_key)));
        }
    }
    together(keys, "no simulation replays retention policies")
}

fn evict(sim: &NumberedSimulation<'_>, by_key: &RetentionByKey<'_>) -> Finding {
    if let Some(hinted) = hinted(sim, sim.place()) {
        return hinted;
    }
    match by_key.best() {
        Ok(best) => {
            let mut because = vec![format!(
                "{}: {best} is never more than 5% above the fewest seconds compiled; each of {} others is, at some size",
                sim.place(),
                by_key.online().count() - 1,
            )];
            let rows = by_key.policies.iter().find(|(name, _)| *name == best).map(|(_, rows)| rows);
            for row in rows.into_iter().flatten() {
                if row.cap_bytes.is_none() {
                    continue;
                }
                let more = by_key.unlimited_s().map_or_else(String::new, |least| {
                    format!(", {} more than without a limit", seconds(Some((row.rebuilt_s - least).max(0.0))))
                });
                let above = above_bound(row);
                because.push(format!(
                    "{}: its price with {}: {} compiled{more}; no policy can come more than {} lower",
                    sim.label(),
                    limit(row.cap_bytes),
                    seconds(Some(row.rebuilt_s)),
                    percent(above.map(|above| above / (1.0 + above))),
                ));
            }
            Finding::Decided { choice: best.to_owned(), because }
        }
        Err(near) => {
            let why = match near.as_slice() {
                [] => "each policy is more than 5% above the fewest seconds at some size".to_owned(),
                [one] => format!("{one} is compared with no other that can be built"),
                many => format!("{} are within 5% of the fewest seconds at every size", listed(many)),
            };
            Finding::Undecided { why: format!("{}: {why}", sim.place()), command: None }
        }
    }
}

/// What a key should leave out.
pub(super) fn keys(evidence: &Evidence<'_>, _: &Safety) -> Vec<(String, Finding)> {
    let sims = simulations(evidence, |run| ablations(run).iter().any(|group| group.sound().next().is_some()));
    let mut groups: Vec<(String, Finding)> = Vec::new();
    for sim in &sims {
        for group in ablations(sim.run).iter().filter(|group| group.sound().next().is_some()) {
            groups.push((format!("{}, {}", group.policy, group.command), leave_out(sim, group)));
        }
    }
    together(groups, "no simulation has keys with one input less")
}

fn leave_out(sim: &NumberedSimulation<'_>, group: &Ablation<'_>) -> Finding {
    if let Some(hinted) = hinted(sim, sim.place_exact()) {
        return hinted;
    }
    let gains = |row: &RelaxationRow| {
        let (name, gained) = (&row.relaxation, seconds(Some(row.gained_s)));
        format!("{}: {name} gains {gained}, {} of all seconds ({})", sim.place_exact(), percent(share(row)), row.why)
    };
    let worth: Vec<_> = group.sound().filter(|row| share(row).is_some_and(|share| share > WORTH)).collect();
    // Named in one order, so that runs which agree are seen to.
    let mut names: Vec<&str> = worth.iter().map(|row| row.relaxation.as_str()).collect();
    names.sort_unstable();
    if !names.is_empty() {
        let because = worth.iter().map(|row| gains(row)).collect();
        return Finding::Decided { choice: listed(&names), because };
    }
    // What gains nothing may be an input that cannot differ within one command.
    let why = match group.sound().find(|row| row.gained_s != 0.0) {
        Some(most) => format!("nothing sound gains more than {}: {}", percent(Some(WORTH)), gains(most)),
        None => format!("{}: no sound relaxation could be judged in one command", sim.place_exact()),
    };
    Finding::Undecided { why, command: None }
}

fn hinted(sim: &NumberedSimulation<'_>, place: String) -> Option<Finding> {
    let why = if sim.run.trace.is_real() { "it is too small" } else { "its trace was made up" };
    (sim.state(false) < State::Shown)
        .then(|| Finding::undecided(format!("{place}: {why}, so it only hints"), command::simulate()))
}

fn together(groups: Vec<(String, Finding)>, nothing: &str) -> Vec<(String, Finding)> {
    let nothing = || Finding::undecided(nothing, command::simulate());
    if groups.is_empty() {
        return vec![(String::new(), nothing())];
    }
    gathered(groups).into_iter().map(|(about, findings)| (about, agreed(findings, nothing()))).collect()
}
