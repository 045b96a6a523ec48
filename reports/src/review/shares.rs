//! Shares of units: how many of a kind there are, what they cost, what became of them.

use std::collections::BTreeMap;

use super::evidence::Arm;
use crate::document::Grid;
use crate::table::{UNMEASURED, bytes, count, percent, seconds};
use records::{Outcome, UnitRow};

/// Units of one kind in one step under one strategy, per round.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Share {
    pub units: f64,
    pub cost_s: f64,
    pub bytes: f64,
    /// Restored, and Cargo called them fresh.
    pub hits: f64,
    pub refused: f64,
}

impl Share {
    /// Of the units that are wanted, a mean over rounds.
    pub fn of(arm: &Arm<'_>, wanted: impl Fn(&UnitRow) -> bool) -> Self {
        let rounds = arm.rounds().max(1) as f64;
        let mut share = Self::default();
        for unit in arm.units().into_iter().filter(|unit| wanted(unit)) {
            share.units += 1.0;
            share.cost_s += unit.cost_s.unwrap_or(0.0);
            share.bytes += unit.bytes.unwrap_or(0) as f64;
            share.hits += f64::from(u8::from(unit.outcome == Some(Outcome::Hit)));
            share.refused += f64::from(u8::from(unit.outcome == Some(Outcome::Refused)));
        }
        // Whole numbers are summed first, so that whole means come out whole.
        let Self { units, cost_s, bytes, hits, refused } = share;
        Self {
            units: units / rounds,
            cost_s: cost_s / rounds,
            bytes: bytes / rounds,
            hits: hits / rounds,
            refused: refused / rounds,
        }
    }
}

/// A name for some units, and which they are.
pub(super) type Kind<'k> = (&'k str, fn(&UnitRow) -> bool);

/// A row for each arm and kind of unit: shares of units and compile seconds, and outcomes.
pub(super) fn kinds(caption: &str, arms: &[Arm<'_>], kinds: &[Kind<'_>]) -> Grid {
    let heads = [
        "run",
        "step",
        "strategy",
        "units that are",
        "> units",
        "> of all",
        "> compile time",
        "> of all",
        "> bytes",
        "> hits",
        "> refused",
        "n",
    ];
    let mut grid = Grid::new(caption, &heads);
    for arm in arms {
        let all = Share::of(arm, |_| true);
        if all.units == 0.0 {
            continue;
        }
        for (name, wanted) in kinds {
            let it = Share::of(arm, wanted);
            grid.row([
                arm.label(),
                arm.step.step.clone(),
                arm.name().to_owned(),
                (*name).to_owned(),
                count(Some(it.units)),
                percent(Some(it.units / all.units)),
                seconds(Some(it.cost_s)),
                percent((all.cost_s > 0.0).then(|| it.cost_s / all.cost_s)),
                if it.bytes > 0.0 { bytes(Some(it.bytes)) } else { UNMEASURED.into() },
                count(Some(it.hits)),
                count(Some(it.refused)),
                super::tables::n(arm),
            ]);
        }
    }
    grid
}

/// Units with one outcome by reason: units and compile seconds, per round, worst first.
pub(super) fn reasons(arm: &Arm<'_>, outcomes: &[Outcome]) -> Vec<(String, f64, f64)> {
    let rounds = arm.rounds().max(1) as f64;
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for unit in arm.units() {
        if let Some(outcome) = unit.outcome.filter(|outcome| outcomes.contains(outcome)) {
            let reason = match outcome {
                Outcome::Dup | Outcome::Stale => outcome.to_string(),
                _ => unit.reason.clone(),
            };
            let sum = sums.entry(reason).or_default();
            sum.0 += 1.0;
            sum.1 += unit.cost_s.unwrap_or(0.0);
        }
    }
    let mut list: Vec<(String, f64, f64)> =
        sums.into_iter().map(|(why, (units, cost))| (why, units / rounds, cost / rounds)).collect();
    list.sort_by(|a, b| b.2.total_cmp(&a.2));
    list
}

/// A table of [`reasons`] by strategy; arms of one step and key policy are shown once.
pub(super) fn reasons_table(caption: &str, arms: &[Arm<'_>], outcomes: &[Outcome]) -> Grid {
    let mut grid = Grid::new(caption, &["run", "step", "strategy", "reason", "> units", "> compile time lost", "n"]);
    for arm in arms {
        for (why, units, cost) in reasons(arm, outcomes) {
            grid.row([
                arm.label(),
                arm.step.step.clone(),
                arm.name().to_owned(),
                why,
                count(Some(units)),
                seconds(Some(cost)),
                super::tables::n(arm),
            ]);
        }
    }
    grid
}

/// One arm for each run, step, integration and key policy: arms that differ in their links
/// and stores alone reuse the same units.
pub(super) fn one_per_policy<'a>(arms: &[Arm<'a>]) -> Vec<Arm<'a>> {
    let mut kept: Vec<Arm<'a>> = Vec::new();
    for arm in arms.iter().filter(|arm| arm.key.is_some()) {
        let same = |it: &&Arm<'_>| it.is_beside(arm) && it.key == arm.key && it.integration == arm.integration;
        if !kept.iter().any(|it| same(&it)) {
            kept.push(*arm);
        }
    }
    kept
}
