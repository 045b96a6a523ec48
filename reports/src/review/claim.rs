//! An answer as data: what prose, screen and `report.json` are made of.
//!
//! A question is decided by the side of its bounds on which its number is. A wall time is on the side that the
//! verdict of the statistics says; a count is on the side where it is. What was simulated on assumed behaviour, and
//! a time without an interval, decides nothing, and neither do runs of which the same number comes out on opposite
//! sides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalogue::{CATALOGUE, OpenQuestion, piece};
use super::evidence::Evidence;
use super::measure::{Measure, Population, Side, Unit, filled};
use super::measures::MEASURES;
use crate::text::UNMEASURED;
use crate::words::distinct;

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// `Q1`.
    pub id: String,
    /// What is asked.
    pub question: String,
    /// In at most twelve words; `open` where no run at hand has a number.
    pub answer: String,
    /// The number that decides.
    pub effect: Option<f64>,
    /// What it is.
    pub unit: Option<Unit>,
    /// Its confidence interval; for a simulated share all but the least and the most tenth.
    pub interval: Option<[f64; 2]>,
    /// How often it was measured: `8 rounds × 3 workspaces`.
    pub n: String,
    /// Of what it is true.
    pub population: Option<Population>,
    /// The names of the runs it is from.
    pub runs: Vec<String>,
    /// The side on which the number is, if it decides.
    pub decided: Option<Side>,
    /// Which number was compared with which bounds.
    pub decided_by: String,
    /// What it takes for granted.
    pub assumes: Vec<String>,
    /// Links to published positions that the number contradicts.
    pub contradicts: Vec<String>,
    /// Links to published positions that the number confirms.
    pub confirms: Vec<String>,
    /// The command that would settle it; none where it is decided, and where no command could.
    pub missing: Option<String>,
}

/// A claim with what its text needs.
pub(super) struct Answered {
    pub question: &'static OpenQuestion,
    pub claim: Claim,
    pub measure: Option<Measure>,
}

impl Claim {
    /// The number as it is shown.
    pub(super) fn number(&self) -> String {
        self.effect.zip(self.unit).map_or(UNMEASURED.into(), |(effect, unit)| unit.show(effect))
    }

    pub(super) fn certainty(&self) -> &'static str {
        self.population.map_or(UNMEASURED, Population::as_str)
    }
}

/// Every question with its claim, in order.
pub(super) fn answers(evidence: &Evidence<'_>) -> Vec<Answered> {
    let answered = CATALOGUE.question.iter().zip(MEASURES).map(|(question, measure)| {
        let mut answered = answer(question, measure(evidence));
        answered.claim.runs.iter_mut().for_each(|run| *run = evidence.name_of(run));
        answered
    });
    answered.collect()
}

fn answer(question: &'static OpenQuestion, found: Vec<Measure>) -> Answered {
    let [low, high] = question.bounds;
    let all: Vec<Measure> = found.into_iter().filter(|it| it.effect.is_finite()).collect();
    // What decides goes before what does not, then what was measured most often.
    let best = all.iter().rev().max_by_key(|it| (it.side.is_some(), it.weight)).cloned();
    let alike =
        |it: &&Measure| best.as_ref().is_some_and(|best| best.what == it.what && best.population == it.population);
    let runs = distinct(all.iter().filter(alike).map(|it| it.run.clone()));
    let opposite = |it: &Measure, other: &Measure| {
        let sides = [it.side, other.side];
        let apart = sides.contains(&Some(Side::Below)) && sides.contains(&Some(Side::Above));
        apart && it.run != other.run
    };
    let disagree = best.as_ref().is_some_and(|best| all.iter().filter(alike).any(|it| opposite(it, best)));
    let decided = best.as_ref().and_then(|it| it.side).filter(|_| !disagree);
    let of = |wanted: fn(Side, Side) -> bool| -> Vec<String> {
        let says = |word: &String| best.as_ref().is_some_and(|it| it.words.iter().any(|(_, text)| text == word));
        let about = question.position.iter().filter(|it| it.of.as_ref().is_none_or(says));
        let links = about.filter(|it| decided.is_some_and(|side| wanted(it.holds, side)));
        links.map(|it| it.link.clone()).collect()
    };
    let text = match (&best, decided) {
        (None, _) => "open".to_owned(),
        (Some(_), None) if disagree => "undecided: the runs disagree".into(),
        (Some(it), None) if it.population == Population::Assumed => "undecided: it rests on an assumption".into(),
        (Some(it), None) if it.interval.is_some() => "undecided: the interval is too wide".into(),
        (Some(_), None) => "undecided: too few rounds".into(),
        (Some(it), Some(side)) => filled(question.answer(side), it),
    };
    // More rounds may find what was not found; a count that is within its bounds stays there.
    let settled = |side: Side| side != Side::Within || best.as_ref().is_none_or(|it| it.unit != Unit::Ratio);
    // No command finds out what was assumed.
    let is_assumed = best.as_ref().is_some_and(|it| it.population == Population::Assumed);
    let lacks = if decided.is_some_and(settled) || is_assumed { None } else { question.lacks.first() };
    let claim = Claim {
        id: question.id.clone(),
        question: question.asks.clone(),
        answer: text,
        effect: best.as_ref().map(|it| it.effect),
        unit: best.as_ref().map(|it| it.unit),
        interval: best.as_ref().and_then(|it| it.interval),
        n: best.as_ref().map_or_else(String::new, |it| it.n.clone()),
        population: best.as_ref().map(|it| it.population),
        runs,
        decided,
        decided_by: best.as_ref().map_or_else(String::new, |it| match low == high {
            true => format!("{} against {low}", it.what),
            false => format!("{} beyond {low} to {high}", it.what),
        }),
        assumes: best.as_ref().map_or_else(Vec::new, |it| it.assumes.clone()),
        contradicts: of(|holds, side| holds != side && side != Side::Within),
        confirms: of(|holds, side| holds == side),
        missing: lacks.and_then(|name| piece(name)).map(|it| it.command.clone()),
    };
    Answered { question, claim, measure: best }
}
