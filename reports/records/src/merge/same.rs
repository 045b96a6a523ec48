//! What shards have to agree in, and what they may differ in when that is allowed.

use serde_json::Value;
use std::collections::BTreeMap;

use super::{MergeError, ShardNumber};
use crate::run_folder::RunFolder;
use crate::{RunInfo, kind};

/// Differences between shards that are no reason to refuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Machines of another kind: processor, cores, memory, kernel, system, file systems.
    pub hosts: bool,
    /// Another rustc or cargo.
    pub toolchains: bool,
    /// Another seed.
    pub seeds: bool,
    /// Other versions of tools, the harness apart.
    pub tools: bool,
}

/// Options that are a machine's own or are compared elsewhere.
const OWN: [&str; 5] = ["shard", "seed", "work_dir", "toolchain", "guards"];

pub(super) fn nothing() -> MergeError {
    MergeError("there is nothing to merge: give the run folders of all shards".to_owned())
}

pub(super) fn check(shards: &[(ShardNumber, RunFolder)], allowed: &Allowed) -> Result<(), MergeError> {
    let Some(((_, of), first)) = shards.first() else { return Err(nothing()) };
    for ((_, other_of), other) in &shards[1..] {
        let names = format!("{} and {}", first.info.name, other.info.name);
        let (ours, theirs) = (must(&first.info, *of), must(&other.info, *other_of));
        for name in ours.keys().chain(theirs.keys()) {
            let (ours, theirs) = (ours.get(name), theirs.get(name));
            if ours != theirs {
                let text = |value: Option<&String>| value.map_or_else(|| "nothing".to_owned(), |it| short(it));
                let both = format!("{} and {}", text(ours), text(theirs));
                let why = format!("are not shards of one run: {name} differs ({both}); give shards of one plan");
                return Err(MergeError(format!("{names} {why}")));
            }
        }
        for ((what, is_allowed, ours), (_, _, theirs)) in
            may(&first.info, allowed).into_iter().zip(may(&other.info, allowed))
        {
            if !is_allowed && ours != theirs {
                let both = format!("{} and {}", short(&ours), short(&theirs));
                let todo = format!("--allow {what} merges them nevertheless, and the report says so");
                return Err(MergeError(format!("{names} have different {what} ({both}); {todo}")));
            }
        }
    }
    Ok(())
}

/// What makes shards parts of one run, by name.
fn must(info: &RunInfo, of: u32) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = [
        ("the number of shards", of.to_string()),
        ("the schema version", info.schema_version.to_string()),
        ("the corpus", info.corpus.name.clone()),
        ("the corpus hash", info.corpus.hash.clone()),
        ("the list of workspaces", info.corpus.workspaces.join(",")),
        ("the scenario", info.scenario.clone()),
        ("the profile", info.profile.clone()),
        ("the list of strategies", info.strategies.join(",")),
        ("the number of rounds", info.rounds.to_string()),
        ("the version of the harness", info.tools.get("harness").cloned().unwrap_or_default()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let weights = info.options.get("shard").and_then(|shard| shard.get("seconds"));
    all.extend(weights.map(|weights| ("--shard-seconds".to_owned(), weights.to_string())));
    for (name, value) in &info.options {
        let value = match (name.as_str(), value) {
            (name, _) if OWN.contains(&name) => continue,
            (_, Value::Null) => continue,
            // A corpus is known by its hash, a scenario by its name and steps; a file may lie
            // elsewhere on another machine.
            ("corpus" | "scenario", Value::String(path)) if path.ends_with(".toml") => continue,
            ("strategy_files", Value::Array(files)) => {
                files.iter().map(|file| file.get("text").unwrap_or(file).to_string()).collect::<Vec<_>>().join("\n")
            }
            (_, value) => value.to_string(),
        };
        all.insert(format!("the option {name}"), value);
    }
    all
}

/// What may differ where it is allowed: the word for it, whether it is, and what there is.
fn may(info: &RunInfo, allowed: &Allowed) -> [(&'static str, bool, String); 4] {
    let tools = info.tools.iter().filter(|(tool, _)| *tool != "harness");
    let tools: Vec<String> = tools.map(|(tool, version)| format!("{tool} {version}")).collect();
    [
        ("toolchains", allowed.toolchains, format!("{} {}", info.toolchain.rustc, info.toolchain.cargo)),
        ("seeds", allowed.seeds, info.seed.to_string()),
        ("hosts", allowed.hosts, kind(&info.host, &info.file_systems)),
        ("tools", allowed.tools, tools.join(", ")),
    ]
}

/// The beginning of a text, in one line.
fn short(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut start: String = line.chars().take(160).collect();
    if start.len() < line.len() {
        start.push('…');
    }
    start
}
