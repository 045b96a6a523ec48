//! Shards of one run → that run.
//!
//! In: the finished run folders of all shards, in any order. Out: one run, whose rows are those
//! that the unsharded run would have, in its order: by round, then by workspace where each is
//! measured alone. Nothing is averaged or chosen; every row is as its shard recorded it, but for
//! the `run` column. Costs of units are those of the whole run when it is read ([`crate::costs`]).
//!
//! A ratio is of two builds of one cell, a round of what shares a store, and a shard holds whole
//! cells: so ratios are of one machine each, however many machines there were. Bare times are
//! not; a report of a run of several kinds of machines says so.

mod same;
mod whole;

#[cfg(test)]
mod tests;

pub use same::Allowed;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::run_folder::{CutOff, RunFolder};
use crate::{RunInfo, ShardInfo};

/// These are not the finished shards of one run: why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct MergeError(String);

/// A shard's number, and how many there are.
pub type ShardNumber = (u32, u32);

/// Joins shards, each as it was recorded. `allowed` are differences between them that are no reason to refuse;
/// `partial` joins what there is of a run some of whose cells are missing, which makes a run
/// that is not complete.
///
/// # Errors
/// When these are not the finished shards of one run.
pub fn merge(folders: Vec<RunFolder>, allowed: &Allowed, partial: bool) -> Result<RunFolder, MergeError> {
    let mut shards: Vec<(ShardNumber, RunFolder)> = Vec::new();
    for folder in folders {
        shards.push((part(&folder)?, folder));
    }
    // By number, so that the order in which they were named decides nothing.
    shards.sort_by(|(a, left), (b, right)| (a, &left.info.name).cmp(&(b, &right.info.name)));
    same::check(&shards, allowed)?;
    let missing = whole::check(&shards, partial)?;
    let info = info(&shards, missing);
    let place: BTreeMap<String, usize> = match info.alone() {
        true => info.corpus.workspaces.iter().cloned().zip(0..).collect(),
        false => BTreeMap::new(),
    };
    let cell = |round: u32, workspace: &str| (round, place.get(workspace).copied().unwrap_or(0));
    let mut merged = RunFolder { info, steps: Vec::new(), units: Vec::new(), cut: CutOff::default() };
    for (_, folder) in shards {
        merged.steps.extend(folder.steps);
        merged.units.extend(folder.units);
    }
    let name = merged.info.name.clone();
    merged.steps.iter_mut().for_each(|row| row.run.clone_from(&name));
    merged.units.iter_mut().for_each(|row| row.run.clone_from(&name));
    // Stable: within a cell, which is one shard's, rows stay in the order of that shard.
    merged.steps.sort_by_key(|row| cell(row.round, &row.workspace));
    merged.units.sort_by_key(|row| cell(row.round, &row.workspace));
    Ok(merged)
}

/// Which shard a folder holds.
fn part(folder: &RunFolder) -> Result<ShardNumber, MergeError> {
    let name = || folder.info.name.clone();
    if !folder.info.shards.is_empty() {
        let why = "was merged already: give the shards it was merged from, all at once";
        return Err(MergeError(format!("{} {why}", name())));
    }
    let no_shard =
        || MergeError(format!("{} is not a shard: give runs that `harness compare --shard I/N` wrote", name()));
    let text = folder.info.part().ok_or_else(no_shard)?;
    let numbers = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    let part = numbers.filter(|(index, of)| (1..=*of).contains(index)).ok_or_else(no_shard)?;
    if !folder.info.complete || folder.cut != CutOff::default() {
        let todo = "finish it first with harness compare --resume and its folder";
        return Err(MergeError(format!("{}, shard {text}, is not complete: {todo}", name())));
    }
    Ok(part)
}

/// `run.json` of the run that shards make. What they differ in stands as `A + B`, or is left out
/// where it is a number; each shard's own is in `shards`.
fn info(shards: &[(ShardNumber, RunFolder)], missing: bool) -> RunInfo {
    let infos: Vec<&RunInfo> = shards.iter().map(|(_, folder)| &folder.info).collect();
    let first = infos[0];
    let started = infos.iter().map(|info| info.started.as_str()).min().unwrap_or_default().to_owned();
    // 2026-11-23T18:38:34Z → 2026-11-23T183834Z, as runs are called.
    let mut name = format!("{}-{}-merged", started.replace(':', ""), first.corpus.name);
    if missing {
        name.push_str("-partial");
    }
    let mut info = RunInfo { name, started, complete: !missing, ..first.clone() };
    info.options.remove("shard");
    info.host.cpu_model = joined(&infos, |info| info.host.cpu_model.clone());
    info.host.kernel = joined(&infos, |info| info.host.kernel.clone());
    info.host.os = joined(&infos, |info| info.host.os.clone());
    info.host.cores = common(&infos, |info| info.host.cores).flatten();
    info.host.memory_bytes = common(&infos, |info| info.host.memory_bytes).flatten();
    info.toolchain.channel = joined(&infos, |info| Some(info.toolchain.channel.clone())).unwrap_or_default();
    info.toolchain.cargo = joined(&infos, |info| Some(info.toolchain.cargo.clone())).unwrap_or_default();
    info.toolchain.rustc = joined(&infos, |info| Some(info.toolchain.rustc.clone())).unwrap_or_default();
    for fs in &mut info.file_systems {
        let of_role = |info: &&RunInfo| info.file_systems.iter().find(|it| it.role == fs.role).cloned();
        let all: Vec<_> = infos.iter().filter_map(of_role).collect();
        let kinds: BTreeSet<&str> = all.iter().map(|it| it.kind.as_str()).collect();
        let devices: BTreeSet<Option<&str>> = all.iter().map(|it| it.device.as_deref()).collect();
        fs.kind = kinds.into_iter().collect::<Vec<_>>().join(" + ");
        fs.device = fs.device.take().filter(|_| devices.len() == 1);
    }
    let tools: BTreeSet<&String> = infos.iter().flat_map(|info| info.tools.keys()).collect();
    let version = |tool: &String| joined(&infos, |info| info.tools.get(tool).cloned()).unwrap_or_default();
    info.tools = tools.into_iter().map(|tool| (tool.clone(), version(tool))).collect();
    info.other.retain(|field, value| infos.iter().all(|info| info.other.get(field) == Some(value)));
    info.shards = shards.iter().map(record).collect();
    info
}

fn record(((index, of), folder): &(ShardNumber, RunFolder)) -> ShardInfo {
    let info = &folder.info;
    let mut rounds: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for row in &folder.steps {
        rounds.entry(row.workspace.clone()).or_default().insert(row.round);
    }
    let machine = info.options.get("shard").and_then(|shard| shard.get("machine")).and_then(|it| it.as_str());
    ShardInfo {
        shard: format!("{index}/{of}"),
        name: info.name.clone(),
        started: info.started.clone(),
        seed: info.seed,
        machine: machine.map(str::to_owned),
        host: info.host.clone(),
        file_systems: info.file_systems.clone(),
        toolchain: info.toolchain.clone(),
        tools: info.tools.clone(),
        rounds,
    }
}

/// The distinct texts, in order, as one.
fn joined(infos: &[&RunInfo], of: impl Fn(&RunInfo) -> Option<String>) -> Option<String> {
    let all: BTreeSet<String> = infos.iter().filter_map(|info| of(info)).collect();
    (!all.is_empty()).then(|| all.into_iter().collect::<Vec<_>>().join(" + "))
}

/// What all have, if it is one thing.
fn common<T: PartialEq>(infos: &[&RunInfo], of: impl Fn(&RunInfo) -> T) -> Option<T> {
    let mut all = infos.iter().map(|info| of(info));
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}
