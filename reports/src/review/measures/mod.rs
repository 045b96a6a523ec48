//! The number that decides each question, from the runs at hand: a function for each, in the order of the catalogue.

mod key;
mod probed;
mod store;
mod work;

use super::claim::{Measure, Population, Side, Unit};
use super::evidence::{Evidence, StepArm};
use crate::document::Grid;
use crate::stats::Verdict;
use crate::text::{bytes, seconds};
use crate::words::ratio_or_dash;

pub(in crate::review) use probed::{failures, named};

pub(super) const MEASURES: [fn(&Evidence<'_>) -> Vec<Measure>; 21] = [
    key::eligibility,
    key::reuse,
    key::inputs,
    store::place,
    store::link_mode,
    store::shape,
    store::hashing,
    work::locking,
    work::pipelining,
    store::retention,
    probed::collection,
    key::build_scripts,
    key::proc_macros,
    work::freshness,
    store::clean,
    work::profiles,
    work::worktrees,
    work::remote,
    store::location,
    store::growth,
    work::order,
];

/// Wall time of one arm as a part of another's: the one place where a judgement of the statistics is read. `None`
/// where its seconds may not be used.
pub(super) fn wall(arm: &StepArm<'_>, other: &StepArm<'_>) -> Option<Measure> {
    if !arm.is_timed() || arm.is_distrusted() || arm.step.cleans {
        return None;
    }
    let found = if other.is_baseline() { arm.wall.clone() } else { arm.against(other) }?.judgement;
    let side = match found.verdict {
        Verdict::Faster => Some(Side::Below),
        Verdict::Slower => Some(Side::Above),
        Verdict::NoDifferenceFound => Some(Side::Within),
        Verdict::OneRound | Verdict::Invalid => None,
    };
    let what = format!("wall time of {} ÷ {} in {}", arm.name(), other.name(), arm.step.step);
    Some(Measure {
        interval: found.interval.map(|it| [it.low, it.high]),
        side,
        weight: found.pairs,
        table: table(&[*other, *arm]),
        ..count(arm, found.ratio?, Unit::Ratio, &what)
    })
}

/// A number of an arm that was counted; its side follows from the bounds.
fn count(arm: &StepArm<'_>, effect: f64, unit: Unit, what: &str) -> Measure {
    Measure {
        run: arm.label(),
        effect,
        unit,
        interval: None,
        side: None,
        n: arm.n(),
        weight: arm.rounds() * arm.workspaces,
        population: Population::TheseWorkspaces,
        what: what.to_owned(),
        assumes: Vec::new(),
        words: vec![
            ("arm", arm.name().to_owned()),
            ("step", arm.step.step.clone()),
            ("system", arm.file_system().into()),
        ],
        table: table(&[*arm]),
    }
}

impl Measure {
    /// Decided by where the number itself is.
    fn beyond(mut self, low: f64, high: f64) -> Self {
        self.side = Some(match self.effect {
            it if it < low => Side::Below,
            it if it > high => Side::Above,
            _ => Side::Within,
        });
        self
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.words.push((name, value.into()));
        self
    }
}

/// The arms that a number is from.
fn table(arms: &[StepArm<'_>]) -> Grid {
    let mut grid = Grid::new("", &["strategy", "> wall", "> of baseline", "> on disk"]);
    for arm in arms {
        let ratio = arm.wall.as_ref().and_then(|it| it.judgement.ratio);
        let wall = seconds(arm.numbers.wall_s.filter(|_| arm.is_timed()));
        grid.row([arm.name().to_owned(), wall, ratio_or_dash(ratio), bytes(arm.numbers.all_physical_bytes)]);
    }
    grid.measured()
}

/// The measure with most pairs of each run.
fn one_per_run(found: Vec<Measure>) -> Vec<Measure> {
    let mut kept: Vec<Measure> = Vec::new();
    for it in found {
        match kept.iter_mut().find(|known| known.run == it.run) {
            Some(known) if known.weight >= it.weight => {}
            Some(known) => *known = it,
            None => kept.push(it),
        }
    }
    kept
}
