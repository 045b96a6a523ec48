//! Under which conditions two runs were taken: what forbids comparing, and what to know.

use crate::analysis::Analysis;
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
    if a.name == b.name && a.started == b.started {
        return Some("they are the same run; give an older one".into());
    }
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

/// Every condition that differs and may: those that can move a ratio first.
pub(super) fn differences(new: &RunInfo, old: &RunInfo) -> Vec<Difference> {
    let rows = |info: &RunInfo| conditions(info);
    let (new, old) = (rows(new), rows(old));
    let value = |rows: &[(String, String, bool)], what: &str| {
        rows.iter().find(|(name, ..)| name == what).map(|(_, value, _)| value.clone()).unwrap_or_default()
    };
    let mut names: Vec<(&str, bool)> = Vec::new();
    for (name, _, weighs) in new.iter().chain(&old) {
        if !names.iter().any(|(known, _)| known == name) {
            names.push((name, *weighs));
        }
    }
    let mut found: Vec<Difference> = names
        .into_iter()
        .map(|(what, weighs)| Difference { what: what.into(), old: value(&old, what), new: value(&new, what), weighs })
        .filter(|it| it.old != it.new)
        .collect();
    found.sort_by_key(|it| !it.weighs);
    found
}

fn conditions(info: &RunInfo) -> Vec<(String, String, bool)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut rows = vec![
        ("rustc".into(), info.toolchain.rustc.clone(), true),
        ("cargo".into(), info.toolchain.cargo.clone(), true),
        ("processor".into(), text(&info.host.cpu_model), true),
        ("cores".into(), info.host.cores.map(|n| n.to_string()).unwrap_or_default(), true),
        ("memory, bytes".into(), info.host.memory_bytes.map(|n| n.to_string()).unwrap_or_default(), true),
        ("kernel".into(), text(&info.host.kernel), true),
        ("system".into(), text(&info.host.os), false),
        ("workspaces".into(), info.corpus.workspaces.join(", "), true),
        ("strategies".into(), info.strategies.join(", "), false),
        ("rounds".into(), info.rounds.to_string(), false),
        ("seed".into(), info.seed.to_string(), false),
        ("complete".into(), info.complete.to_string(), true),
    ];
    rows.extend(info.file_systems.iter().map(|fs| (format!("file system of {}", fs.role), fs.kind.clone(), true)));
    rows.extend(info.tools.iter().map(|(tool, version)| (format!("version of {tool}"), version.clone(), true)));
    // What has a row above, and paths, which differ from machine to machine.
    let listed = ["corpus", "workspaces", "strategies", "scenario", "rounds", "seed", "profile", "against"];
    let options = info.options.iter().filter(|(name, _)| !listed.contains(&name.as_str()) && !name.ends_with("_dir"));
    // Guards decide whether a step is measured, not how.
    rows.extend(options.map(|(name, value)| (format!("option {name}"), value.to_string(), name != "guards")));
    rows
}
