//! Under which conditions two runs were taken: what forbids comparing, and what to know.

use crate::analysis::Analysis;
use crate::words::distinct;
use records::RunInfo;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A condition that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Which one.
    pub what: String,
    /// In the older run.
    pub old: String,
    /// In the newer run.
    pub new: String,
    /// Whether it can move a ratio within a run, and not only bare times.
    pub weighs: bool,
}

pub(super) fn against(new: &Analysis, old: &Analysis) -> Option<String> {
    let (a, b) = (&new.info, &old.info);
    let differ = |what: &str, new: &str, old: &str| {
        (new != old).then(|| format!("{what} is {new} in one and {old} in the other; compare runs of the same"))
    };
    if new.steps.is_empty() || old.steps.is_empty() {
        return Some("one of them has no rows".into());
    }
    differ("the corpus", &a.corpus.name, &b.corpus.name)
        .or_else(|| {
            (a.corpus.hash != b.corpus.hash)
                .then(|| format!("the corpus {} changed in between, so they built other sources", a.corpus.name))
        })
        .or_else(|| differ("the scenario", &a.scenario, &b.scenario))
        .or_else(|| differ("the profile", &a.profile, &b.profile))
        .or_else(|| differ("the baseline", &new.baseline, &old.baseline))
}

/// Conditions that forbid comparing, or that differ between any two runs.
const ELSEWHERE: [&str; 6] = ["started", "scenario", "corpus", "corpus hash", "profile", "option against"];
/// Conditions that move no ratio. Guards decide whether a step is measured, not how.
const LIGHT: [&str; 5] = ["system", "strategies", "rounds", "seed", "option guards"];

/// Every condition that differs and may: those that can move a ratio first.
pub(super) fn differences(new: &RunInfo, old: &RunInfo) -> Vec<Difference> {
    let complete = |info: &RunInfo| ("complete".to_owned(), info.complete.to_string());
    let rows = |info: &RunInfo| info.conditions().into_iter().chain([complete(info)]).collect::<Vec<_>>();
    let (new, old) = (rows(new), rows(old));
    let value = |rows: &[(String, String)], what: &str| {
        rows.iter().find(|(name, _)| name == what).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let names = distinct(new.iter().chain(&old).map(|(name, _)| name.as_str()));
    let mut found: Vec<Difference> = names
        .into_iter()
        .filter(|what| !ELSEWHERE.contains(what))
        .map(|what| Difference {
            what: what.into(),
            old: value(&old, what),
            new: value(&new, what),
            weighs: !LIGHT.contains(&what),
        })
        .filter(|it| it.old != it.new)
        .collect();
    found.sort_by_key(|it| !it.weighs);
    found
}
