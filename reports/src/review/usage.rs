//! Steps weighed by how often they happen: minutes a week, and when a design pays.
//!
//! How often one edits or wipes is assumed, so minutes a week decide nothing. What is measured is the break-even: the
//! number of edits that cost what a wipe saved. On the page a reader changes how often; `templates/js/week.js` has the
//! same sums.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::evidence::{ADDED_PHYSICAL, Evidence, StepArm, WALL_S};
use super::measure::{Side, WIDEST, wall};
use super::measures::probed::{failures, named};
use crate::document::{Block, Grid, Section};
use crate::stats::median;
use crate::text::{bytes, seconds};
use crate::words::{distinct, listed};
use records::costs::PRICED_BY;

/// How often what happens in a week: `reports/usage.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    event: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    name: String,
    a_week: f64,
    /// Whether what a step adds to the disk stays: what a wipe is followed by only takes the place of what it freed.
    #[serde(default)]
    grows: bool,
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
    /// It pays below so many edits between two wipes; `first` where only the first edit after one was measured.
    Edits { edits: f64, low: f64, high: f64, gain_s: f64, loss_s: f64, first: bool },
}

/// The price of a design against another of the same run, by their steps `warm`, `edit` and, where it was measured,
/// `edit-again`: the first edit after a wipe may lack incremental state that the next ones have. `None` where a step is
/// missing, or nothing is saved.
pub(super) fn break_even(arm: &StepArm<'_>, other: &StepArm<'_>) -> Option<Price> {
    let once = (arm.in_step("edit")?, other.in_step("edit")?);
    let again = arm.in_step("edit-again").zip(other.in_step("edit-again"));
    let (first_mine, first_others) = once.0.common_sums(&once.1, WALL_S)?;
    // What a wipe saves is lost once to the first edit after it.
    let (first, once_s) = (again.is_none(), if again.is_none() { 0.0 } else { first_mine - first_others });
    let (edit, plain) = again.unwrap_or(once);
    let (warm_ratio, edit_ratio) = (wall(arm, other)?, wall(&edit, &plain)?);
    match edit_ratio.side {
        Some(Side::Above) => {}
        Some(_) => return Some(Price::None),
        None => return Some(Price::Unknown),
    }
    let ((mine, others), (edited, plainly)) = (arm.common_sums(other, WALL_S)?, edit.common_sums(&plain, WALL_S)?);
    let (gain_s, loss_s) = (others - mine - once_s, edited - plainly);
    if gain_s <= 0.0 || loss_s <= 0.0 {
        return None;
    }
    let [warm_low, warm_high] = warm_ratio.interval?;
    let [edit_low, edit_high] = edit_ratio.interval?;
    // Both ends at their worst and at their best: wider than either alone would make it.
    let end = |warm: f64, edit: f64| (others * (1.0 - warm) - once_s).max(0.0) / (plainly * (edit - 1.0)).max(1e-9);
    let edits = gain_s / loss_s;
    Some(Price::Edits {
        edits,
        low: end(warm_high, edit_high).min(edits),
        high: end(warm_low, edit_low).max(edits),
        gain_s,
        loss_s,
        first,
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
            Self::Edits { edits, low, high, gain_s, loss_s, first } => format!(
                "A wipe saves {}, {} costs {} more: lost after {edits:.1} edits ({low:.1} to {high:.1}){}.",
                seconds(Some(gain_s)),
                if first { "the first edit after it" } else { "each edit" },
                seconds(Some(loss_s)),
                if first { ", if the next ones cost that, too" } else { "" },
            ),
        }
    }
}

/// What a design saves and adds each time that an event happens, against the baseline.
#[derive(Clone, Copy, Serialize)]
struct EventCost {
    saved_s: f64,
    /// Half of the interval's width.
    error_s: f64,
    more_bytes: Option<f64>,
}

/// A design with what it costs at each event of a week; `None` where no step stands for it.
#[derive(Serialize)]
struct DesignCosts<'a> {
    design: &'a str,
    /// Whether no probe that it failed lacks an explanation.
    safe: bool,
    /// Whether it was probed at all.
    probed: bool,
    /// How the sentence about it ends.
    pays: String,
    costs: Vec<Option<EventCost>>,
    #[serde(skip)]
    price: Option<Price>,
    #[serde(skip)]
    held: Option<f64>,
}

/// What the page computes a week from.
#[derive(Serialize)]
struct WeekModel<'a> {
    events: &'a [Event],
    designs: &'a [DesignCosts<'a>],
}

impl DesignCosts<'_> {
    /// Of what is measured, the amounts of a week, each weighed by how often it happens.
    fn weighed<'w>(&'w self, usage: &'w Usage) -> impl Iterator<Item = (f64, bool, EventCost)> + 'w {
        let events = usage.event.iter().zip(&self.costs);
        events.filter_map(|(event, cost)| Some((event.a_week, event.grows, (*cost)?)))
    }

    /// Minutes a week less than the baseline, and half of the interval's width.
    fn minutes(&self, usage: &Usage) -> (f64, f64) {
        let sum = |(saved, variance): (f64, f64), (often, _, cost): (f64, bool, EventCost)| {
            (saved + often * cost.saved_s / 60.0, variance + (often * cost.error_s / 60.0).powi(2))
        };
        let (saved, variance) = self.weighed(usage).fold((0.0, 0.0), sum);
        (saved, variance.sqrt())
    }

    /// Bytes that a week adds to the disk beyond what the baseline adds.
    fn more_bytes(&self, usage: &Usage) -> Option<f64> {
        let grown: Vec<f64> = self
            .weighed(usage)
            .filter(|(_, grows, _)| *grows)
            .filter_map(|(often, _, cost)| Some(often * cost.more_bytes?))
            .collect();
        (!grown.is_empty()).then(|| grown.iter().sum())
    }
}

/// Costs of each design against the baseline, over all runs of one corpus.
fn designs<'a>(evidence: &Evidence<'a>, usage: &Usage) -> Vec<DesignCosts<'a>> {
    let mut arms = evidence.arms();
    // Ours, and other people's.
    arms.retain(|it| it.store.is_some() || it.integration.as_deref() == Some("external"));
    arms.retain(|it| it.is_timed() && !it.is_distrusted() && it.run.analysis.baseline == PRICED_BY);
    let corpus = |arm: &StepArm<'a>| &arm.run.analysis.info.corpus.name;
    let names = distinct(arms.iter().map(|it| (corpus(it), it.name().to_owned())));
    let probed: BTreeSet<&str> = named(evidence, |_| true).into_iter().map(|row| row.strategy.as_str()).collect();
    let of = |(of, name): &(&'a String, String)| {
        let here: Vec<&StepArm<'a>> = arms.iter().filter(|it| corpus(it) == *of && it.name() == name).collect();
        let cost = |event: &Event| {
            let arms = event.steps.iter().flat_map(|step| here.iter().filter(move |it| it.step.step == *step));
            arms.copied().find_map(|arm| {
                let base = arm.baseline()?;
                let (mine, others) = arm.common_sums(&base, WALL_S)?;
                let each = arm.common_medians(&base, WALL_S).len() as f64;
                // Without an interval nothing may be added up, nor with one that says nothing.
                let [low, high] = wall(arm, &base)?.interval.filter(|[low, high]| *high <= WIDEST * low)?;
                let disk = arm.common_sums(&base, ADDED_PHYSICAL);
                Some(EventCost {
                    saved_s: (others - mine) / each,
                    error_s: others / each * (high - low) / 2.0,
                    more_bytes: disk.map(|(mine, others)| (mine - others) / each),
                })
            })
        };
        let price = here.iter().filter(|it| it.step.step == "warm").find_map(|it| break_even(it, &it.baseline()?));
        let pays = match price {
            Some(Price::Edits { low, high, first, .. }) => {
                let first = if first { ", if every edit costs what the first one does" } else { "" };
                format!("; it pays if you edit less than {} times between two wipes{first}", range(low, high))
            }
            _ => String::new(),
        };
        let held: Vec<f64> = here.iter().filter_map(|it| it.numbers.all_physical_bytes).collect();
        let design = here.first().map_or("", |it| it.arm_name());
        DesignCosts {
            design,
            safe: failures(evidence, design).is_empty(),
            probed: probed.contains(design),
            pays,
            costs: usage.event.iter().map(cost).collect(),
            price,
            held: median(&held),
        }
    };
    let mut all: Vec<DesignCosts<'a>> = names.iter().map(of).collect();
    all.retain(|it| it.costs.iter().zip(&usage.event).any(|(cost, event)| cost.is_some() && event.a_week > 0.0));
    all.sort_by(|a, b| b.minutes(usage).0.total_cmp(&a.minutes(usage).0));
    all
}

/// For each number that is assumed, between which ones a design saves more than the other safe ones and than plain
/// Cargo, with everything else as it is: `edit up to 412.0 a week (assumed: 40 a day)`.
fn holds(best: &DesignCosts<'_>, all: &[DesignCosts<'_>], usage: &Usage) -> Vec<String> {
    let minutes = |it: &DesignCosts<'_>| it.minutes(usage).0;
    let mut found = Vec::new();
    for (at, event) in usage.event.iter().enumerate().filter(|(_, it)| it.source.starts_with("assumed")) {
        let Some(mine) = best.costs[at] else { continue };
        let others = all.iter().filter(|it| it.safe && it.design != best.design);
        let others = others.map(|it| (minutes(it), it.costs[at].map_or(0.0, |cost| cost.saved_s)));
        let (mut low, mut high) = (0.0_f64, f64::INFINITY);
        for (saved, each_s) in others.chain([(0.0, 0.0)]) {
            // Minutes are a straight line in how often it happens, so two designs cross once.
            let gains = (mine.saved_s - each_s) / 60.0;
            let crossing = event.a_week - (minutes(best) - saved) / gains;
            if gains > 0.0 {
                low = low.max(crossing);
            } else if gains < 0.0 {
                high = high.min(crossing);
            }
        }
        // A hundred times what is assumed is nobody's week.
        let range = match (low > 0.0, high <= 100.0 * event.a_week) {
            (false, false) => continue,
            (true, false) => format!("from {low:.1}"),
            (false, true) => format!("up to {high:.1}"),
            (true, true) => format!("{low:.1} to {high:.1}"),
        };
        found.push(format!("{} {range} a week ({})", event.name, event.source));
    }
    found
}

/// What the week comes to, in a sentence, and its table.
pub(super) fn week(evidence: &Evidence<'_>, usage: &Usage) -> (String, Section) {
    let all = designs(evidence, usage);
    // One that was timed in fewer events has fewer in which it may lose.
    let timed = |it: &DesignCosts<'_>| {
        it.costs.iter().zip(&usage.event).filter(|(cost, event)| cost.is_some() && event.a_week > 0.0).count()
    };
    let most = all.iter().filter(|it| it.safe).map(timed).max().unwrap_or(0);
    let best = all.iter().filter(|it| it.safe && timed(it) == most).find(|it| {
        let (saved, error) = it.minutes(usage);
        saved - error > 0.0
    });
    let sentence = match (best, all.iter().find(|it| it.safe)) {
        (Some(it), _) => {
            let probed = if it.probed { "" } else { ", if probes find it safe" };
            let (saved, error) = it.minutes(usage);
            let (low, high) = (minutes(saved - error), minutes(saved + error));
            let range = if low == high { low } else { format!("{low} to {high}") };
            format!("In the assumed week {} saves most: {range} min{}{probed}.", it.design, it.pays)
        }
        (None, Some(it)) => {
            format!("In the assumed week no design saves time; nearest is {}{}.", it.design, it.pays)
        }
        (None, None) if all.is_empty() => "No run at hand times a design against a baseline with an interval.".into(),
        (None, None) => "Every design that was timed fails a probe unexplained.".into(),
    };
    let mut section = Section::folded("review-week", "Minutes a week");
    let mut grid = Grid::new(
        "",
        &[
            "design",
            "> min saved",
            "> least",
            "> most",
            "> pays below, edits a wipe",
            "> held",
            "> more a week",
            "not timed",
        ],
    );
    for it in &all {
        let edits = match it.price {
            Some(Price::Edits { low, high, .. }) => range(low, high),
            Some(Price::None) => "any".into(),
            _ => "-".into(),
        };
        let (saved, error) = it.minutes(usage);
        let minutes = [saved, saved - error, saved + error].map(minutes);
        let events = it.costs.iter().zip(&usage.event).filter(|(cost, event)| cost.is_none() && event.a_week > 0.0);
        let untimed: Vec<&str> = events.map(|(_, event)| event.name.as_str()).collect();
        let others = [edits, bytes(it.held), bytes(it.more_bytes(usage)), untimed.join(", ")];
        grid.row([it.design.to_owned()].into_iter().chain(minutes).chain(others));
    }
    if !grid.is_empty() {
        let model = WeekModel { events: &usage.event, designs: &all };
        section.push(Block::Live { grid, model: serde_json::to_string(&model).unwrap_or_default() });
        let often = usage.event.iter().filter(|it| it.a_week > 0.0);
        let often: Vec<String> = often.map(|it| format!("{} × {} ({})", it.a_week, it.name, it.source)).collect();
        section.say(format!("A week is {}.", listed(&often)));
        if let Some(best) = best {
            match holds(best, &all, usage).as_slice() {
                [] => section.say(format!("{} stays first whatever one of the assumed numbers is.", best.design)),
                ranges => section.say(format!(
                    "{} stays first, one number changed at a time, with {}.",
                    best.design,
                    listed(ranges)
                )),
            }
        }
        if all.iter().any(|it| it.more_bytes(usage).is_some()) {
            section.say("More a week: what the disk gains beyond the baseline, as long as nothing is collected.");
        }
    }
    (sentence, section)
}

/// To a tenth, and never `-0.0`.
fn minutes(value: f64) -> String {
    let text = format!("{value:.1}");
    if text == "-0.0" { "0.0".into() } else { text }
}

fn range(low: f64, high: f64) -> String {
    let (low, high) = (format!("{low:.1}"), format!("{high:.1}"));
    if low == high { low } else { format!("{low} to {high}") }
}
