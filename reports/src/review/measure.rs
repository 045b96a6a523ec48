//! A number of a run that may answer a question, and the side of its bounds on which it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::StepArm;
use crate::document::Grid;
use crate::stats::Verdict;
use crate::text::{bytes, percent, seconds};
use crate::words::{ratio, ratio_or_dash};

/// Where a number is, seen from the bounds within which it decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Less than the least.
    Below,
    /// Between them, or not found apart from them.
    Within,
    /// More than the most.
    Above,
}

/// Of what a number is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Population {
    /// The workspaces of the runs, and no others.
    TheseWorkspaces,
    /// Unit graphs of real workspaces, on which keys were looked up and nothing was compiled.
    Simulated,
    /// What was assumed of users or projects.
    Assumed,
}

impl Population {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::TheseWorkspaces => "these",
            Self::Simulated => "simulated",
            Self::Assumed => "assumed",
        }
    }
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// One wall time, or one size, as a part of another.
    Ratio,
    /// 0 to 1.
    Share,
    /// Bytes.
    Bytes,
    /// How many.
    Count,
}

impl Unit {
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Ratio => ratio(value),
            Self::Share => percent(Some(value)),
            Self::Bytes => bytes(Some(value)),
            Self::Count => format!("{}", (value * 100.0).round() / 100.0),
        }
    }
}

/// What a question's function found in one run.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    /// `R1`.
    pub run: String,
    pub effect: f64,
    pub unit: Unit,
    pub interval: Option<[f64; 2]>,
    /// On which side it is; `None`: nothing is decided.
    pub side: Option<Side>,
    pub n: String,
    /// How much it weighs beside the same number of other runs.
    pub weight: usize,
    pub population: Population,
    pub what: String,
    pub assumes: Vec<String>,
    /// What the template inserts, beside what every template may.
    pub words: Vec<(&'static str, String)>,
    pub table: Grid,
}

/// Of an interval that says anything, the most that the upper end may be of the lower one.
pub(super) const WIDEST: f64 = 4.0;

/// Two take the same time if the interval of their ratio holds 1 and goes no further than this factor.
const ALIKE: f64 = 1.25;

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
        Verdict::NoDifferenceFound => {
            let are_alike = found.interval.is_some_and(|it| it.low > 1.0 / ALIKE && it.high < ALIKE);
            are_alike.then_some(Side::Within)
        }
        Verdict::OneRound | Verdict::Invalid => None,
    };
    let what = format!("wall time of {} ÷ {} in {}", arm.name(), other.name(), arm.step.step);
    Some(Measure {
        interval: found.interval.map(|it| [it.low, it.high]),
        side,
        weight: weight(arm, found.pairs),
        table: table(&[*other, *arm]),
        ..count(arm, found.ratio?, Unit::Ratio, &what)
    })
}

/// The weight of so many pairs or rows. The policy that caches most is the one that is argued about: it goes before others
/// that were measured about as often.
fn weight(arm: &StepArm<'_>, n: usize) -> usize {
    if arm.key.as_deref() == Some("aggressive") { n + n / 2 + 1 } else { n }
}

/// A number of an arm that was counted; its side follows from the bounds.
pub(super) fn count(arm: &StepArm<'_>, effect: f64, unit: Unit, what: &str) -> Measure {
    Measure {
        run: arm.label(),
        effect,
        unit,
        interval: None,
        side: None,
        n: arm.n(),
        weight: weight(arm, arm.rounds() * arm.workspaces),
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
    pub(super) fn beyond(mut self, low: f64, high: f64) -> Self {
        self.side = Some(match self.effect {
            it if it < low => Side::Below,
            it if it > high => Side::Above,
            _ => Side::Within,
        });
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.words.push((name, value.into()));
        self
    }
}

/// The arms that a number is from.
pub(super) fn table(arms: &[StepArm<'_>]) -> Grid {
    let mut grid = Grid::new("", &["strategy", "> wall", "> of baseline", "> on disk"]);
    for arm in arms {
        let ratio = arm.wall.as_ref().and_then(|it| it.judgement.ratio);
        let wall = seconds(arm.numbers.wall_s.filter(|_| arm.is_timed()));
        grid.row([arm.name().to_owned(), wall, ratio_or_dash(ratio), bytes(arm.numbers.all_physical_bytes)]);
    }
    grid.measured()
}

/// The measure with most pairs of each run.
pub(super) fn one_per_run(found: Vec<Measure>) -> Vec<Measure> {
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

/// A template with its words inserted.
pub(super) fn filled(template: &str, found: &Measure) -> String {
    let interval = found.interval.map_or("no interval".to_owned(), |[low, high]| {
        format!("{} to {}", found.unit.show(low), found.unit.show(high))
    });
    let common = [("effect", found.unit.show(found.effect)), ("interval", interval)];
    let mut text = template.to_owned();
    for (name, value) in common.iter().chain(&found.words) {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text.trim().to_owned()
}
