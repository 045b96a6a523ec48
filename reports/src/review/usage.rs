//! Steps weighed by how often they happen: minutes a week, and when a design pays.
//!
//! How often one edits or wipes is assumed, so minutes a week decide nothing. What is measured is the break-even: the
//! number of edits that cost what a wipe saved.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::evidence::{Evidence, StepArm, WALL_S};
use super::measure::{Side, wall};
use super::measures::probed::{failures, named};
use crate::document::{Block, Grid, Section};
use crate::stats::median;
use crate::text::{bytes, seconds};
use crate::words::{distinct, listed};

/// How often what happens in a week: `reports/usage.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    event: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    name: String,
    a_week: f64,
    /// Steps that stand for it; the first that was recorded counts.
    steps: Vec<String>,
    /// A link, or the word "assumed".
    source: String,
}

impl Usage {
    /// Reads what `--usage` names.
    ///
    /// # Errors
    /// What is wrong with it, in a line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let usage: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        match usage.event.iter().find(|it| !it.a_week.is_finite() || it.a_week < 0.0) {
            Some(it) => Err(format!("{} happens {} times a week, which cannot be", it.name, it.a_week)),
            None => Ok(usage),
        }
    }
}

impl Default for Usage {
    fn default() -> Self {
        // A test reads it.
        Self::parse(include_str!("../../usage.toml")).unwrap_or(Self { event: Vec::new() })
    }
}

/// What a design costs at the next edit for what it saves after a wipe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Price {
    /// No edit was found slower.
    None,
    /// The edits are too noisy to say.
    Unknown,
    /// It pays below so many edits between two wipes.
    Edits { edits: f64, low: f64, high: f64, gain_s: f64, loss_s: f64 },
}

/// The price of a design against another of the same run, by their steps `warm` and `edit`; `None` where either is
/// not measured, or nothing is saved.
pub(super) fn break_even(arm: &StepArm<'_>, other: &StepArm<'_>) -> Option<Price> {
    let (edit, plain) = (arm.in_step("edit")?, other.in_step("edit")?);
    let (warm_ratio, edit_ratio) = (wall(arm, other)?, wall(&edit, &plain)?);
    match edit_ratio.side {
        Some(Side::Above) => {}
        Some(_) => return Some(Price::None),
        None => return Some(Price::Unknown),
    }
    let ((mine, others), (edited, plainly)) = (arm.common_sums(other, WALL_S)?, edit.common_sums(&plain, WALL_S)?);
    let (gain_s, loss_s) = (others - mine, edited - plainly);
    if gain_s <= 0.0 || loss_s <= 0.0 {
        return None;
    }
    let [warm_low, warm_high] = warm_ratio.interval?;
    let [edit_low, edit_high] = edit_ratio.interval?;
    // Both ends at their worst and at their best: wider than either alone would make it.
    let end = |warm: f64, edit: f64| (others * (1.0 - warm)).max(0.0) / (plainly * (edit - 1.0)).max(1e-9);
    let edits = gain_s / loss_s;
    Some(Price::Edits {
        edits,
        low: end(warm_high, edit_high).min(edits),
        high: end(warm_low, edit_low).max(edits),
        gain_s,
        loss_s,
    })
}

impl Price {
    /// `below 8.1 edits between wipes`.
    pub fn condition(self) -> String {
        match self {
            Self::None => "however often you edit".into(),
            Self::Unknown => "(edits undecided)".into(),
            Self::Edits { edits, .. } => format!("below {edits:.1} edits a wipe"),
        }
    }

    pub fn sentence(self) -> String {
        match self {
            Self::None => "The next edit was not found slower.".into(),
            Self::Unknown => "Too few rounds say what the next edit takes.".into(),
            Self::Edits { edits, low, high, gain_s, loss_s } => format!(
                "A wipe saves {}, each edit after it costs {} more: lost after {edits:.1} edits ({low:.1} to {high:.1}).",
                seconds(Some(gain_s)),
                seconds(Some(loss_s)),
            ),
        }
    }
}

/// A design in a week.
struct Week<'a> {
    design: &'a str,
    /// Minutes a week less than the baseline.
    saved: f64,
    /// Half of the interval's width.
    error: f64,
    price: Option<Price>,
    held: Option<f64>,
    /// What no step stands for.
    unmeasured: Vec<&'a str>,
}

/// Minutes a week of each design against the baseline, over all runs of one corpus.
fn weeks<'a>(evidence: &Evidence<'a>, usage: &'a Usage) -> Vec<Week<'a>> {
    let mut arms = evidence.arms();
    arms.retain(|it| it.store.is_some() && it.is_timed() && !it.is_distrusted());
    let corpus = |arm: &StepArm<'a>| &arm.run.analysis.info.corpus.name;
    let designs = distinct(arms.iter().map(|it| (corpus(it), it.name().to_owned())));
    let week = |(of, name): &(&'a String, String)| {
        let here: Vec<&StepArm<'a>> = arms.iter().filter(|it| corpus(it) == *of && it.name() == name).collect();
        let (mut saved, mut variance, mut unmeasured) = (0.0, 0.0, Vec::new());
        for event in &usage.event {
            let arm = event.steps.iter().find_map(|step| here.iter().find(|it| it.step.step == *step));
            let cost = arm.and_then(|arm| {
                let base = arm.baseline()?;
                let (mine, others) = arm.common_sums(&base, WALL_S)?;
                let each = arm.common_medians(&base, WALL_S).len() as f64;
                // Without an interval nothing may be added up.
                let [low, high] = wall(arm, &base)?.interval?;
                let half = (high - low) / 2.0;
                Some(((others - mine) / each, others / each * half))
            });
            match cost {
                Some((seconds, error)) => {
                    saved += event.a_week * seconds / 60.0;
                    variance += (event.a_week * error / 60.0).powi(2);
                }
                None if event.a_week > 0.0 => unmeasured.push(event.name.as_str()),
                None => {}
            }
        }
        let price = here.iter().find(|it| it.step.step == "warm").and_then(|it| break_even(it, &it.baseline()?));
        let held: Vec<f64> = here.iter().filter_map(|it| it.numbers.all_physical_bytes).collect();
        let design = here.first().map_or("", |it| it.arm_name());
        Week { design, saved, error: variance.sqrt(), price, held: median(&held), unmeasured }
    };
    let mut all: Vec<Week<'a>> = designs.iter().map(week).collect();
    let happening = usage.event.iter().filter(|it| it.a_week > 0.0).count();
    all.retain(|it| it.unmeasured.len() < happening);
    all.sort_by(|a, b| b.saved.total_cmp(&a.saved));
    all
}

/// What the week comes to, in a sentence, and its table.
pub(super) fn week(evidence: &Evidence<'_>, usage: &Usage) -> (String, Section) {
    let all = weeks(evidence, usage);
    let probed: BTreeSet<&str> = named(evidence, |_| true).into_iter().map(|row| row.strategy.as_str()).collect();
    let safe = |it: &&Week<'_>| failures(evidence, it.design).is_empty();
    let pays = |it: &Week<'_>| match it.price {
        Some(Price::Edits { low, high, .. }) => {
            format!("; it pays if you edit less than {} times between two wipes", range(low, high))
        }
        _ => String::new(),
    };
    let best = all.iter().find(|it| safe(it) && it.saved - it.error > 0.0);
    let sentence = match (best, all.iter().find(safe)) {
        (Some(it), _) => {
            let probed = if probed.contains(it.design) { "" } else { ", if probes find it safe" };
            let (low, high) = (it.saved - it.error, it.saved + it.error);
            format!("In the assumed week {} saves most: {low:.1} to {high:.1} min{}{probed}.", it.design, pays(it))
        }
        (None, Some(it)) => format!("In the assumed week no design saves time; nearest is {}{}.", it.design, pays(it)),
        (None, None) if all.is_empty() => "No run at hand times a design against a baseline with an interval.".into(),
        (None, None) => "Every design that was timed fails a probe unexplained.".into(),
    };
    let mut section = Section::folded("review-week", "Minutes a week");
    let mut grid =
        Grid::new("", &["design", "> min saved", "> least", "> most", "> pays below, edits a wipe", "> held"]);
    for it in &all {
        let edits = match it.price {
            Some(Price::Edits { low, high, .. }) => range(low, high),
            Some(Price::None) => "any".into(),
            _ => "-".into(),
        };
        let minutes = [it.saved, it.saved - it.error, it.saved + it.error].map(|min| format!("{min:.1}"));
        grid.row([it.design.to_owned()].into_iter().chain(minutes).chain([edits, bytes(it.held)]));
    }
    if !grid.is_empty() {
        section.push(Block::Grid(grid));
        let often = usage.event.iter().filter(|it| it.a_week > 0.0);
        let often: Vec<String> = often.map(|it| format!("{} × {} ({})", it.a_week, it.name, it.source)).collect();
        section.say(format!("A week is {}.", listed(&often)));
        let unmeasured = distinct(all.iter().flat_map(|it| it.unmeasured.iter().copied()));
        if !unmeasured.is_empty() {
            section.say(format!("Not measured, so not in it: {}.", listed(&unmeasured)));
        }
    }
    (sentence, section)
}

fn range(low: f64, high: f64) -> String {
    let (low, high) = (format!("{low:.1}"), format!("{high:.1}"));
    if low == high { low } else { format!("{low} to {high}") }
}
