//! Everything a sceptic asks before looking at a number.

use std::collections::BTreeSet;

use crate::document::{Block, Grid, Section};
use crate::text::bytes;
use crate::words::first_line;
use records::RunInfo;

pub(super) fn section(infos: &[&RunInfo]) -> Section {
    let mut section = Section::new("environment", "Environment", 0);
    for info in infos {
        section.push(Block::Grid(table(info)));
        if !info.shards.is_empty() {
            section.push(Block::Grid(shards(info)));
        }
    }
    section
}

/// A row for each condition, the same words for every run so that two can be compared.
pub(super) fn conditions(info: &RunInfo) -> Vec<(String, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut rows: Vec<(String, String)> = vec![
        ("started".into(), info.started.clone()),
        ("scenario".into(), info.scenario.clone()),
        ("corpus".into(), info.corpus.name.clone()),
        ("corpus hash".into(), info.corpus.hash.clone()),
        ("workspaces".into(), info.corpus.workspaces.join(", ")),
        ("strategies".into(), info.strategies.join(", ")),
        ("rounds".into(), if info.rounds == 0 { String::new() } else { info.rounds.to_string() }),
        ("seed".into(), if info.seed == 0 { String::new() } else { info.seed.to_string() }),
        ("profile".into(), info.profile.clone()),
        ("rustc".into(), first_line(&info.toolchain.rustc).into()),
        ("cargo".into(), first_line(&info.toolchain.cargo).into()),
        ("processor".into(), text(&info.host.cpu_model)),
        ("cores".into(), info.host.cores.map(|n| n.to_string()).unwrap_or_default()),
        ("memory".into(), info.host.memory_bytes.map(|n| bytes(Some(n as f64))).unwrap_or_default()),
        ("kernel".into(), text(&info.host.kernel)),
        ("system".into(), text(&info.host.os)),
    ];
    rows.extend(info.file_systems.iter().map(|fs| (format!("file system of {}", fs.role), fs.kind.clone())));
    rows.extend(info.tools.iter().map(|(tool, version)| (format!("version of {tool}"), first_line(version).into())));
    if let Some(sandbox) = &info.sandbox {
        rows.push(("sandbox".into(), sandbox.line()));
    }
    let shown = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // Places of one machine say nothing on another; the rest is in rows above.
    let shown_above = ["corpus", "workspaces", "strategies", "scenario", "rounds", "seed", "profile", "sandbox"];
    let says = |name: &str, value: &serde_json::Value| {
        !name.ends_with("_dir")
            && !shown_above.contains(&name)
            && !value.is_null()
            && value.as_array().is_none_or(|all| !all.is_empty())
    };
    let options = info.options.iter().filter(|(name, value)| says(name, value));
    rows.extend(options.map(|(name, value)| (format!("option {name}"), shown(value))));
    rows.retain(|(_, value)| !value.is_empty());
    rows
}

/// Where each part of a merged run was taken. Machines are numbered: which they were is nobody's
/// concern, whether they were the same is.
fn shards(info: &RunInfo) -> Grid {
    let columns = ["shard", "run", "began", "rows of", "machine", "kind of machine", "rustc", "seed"];
    let mut grid = Grid::new(format!("Shards that {} was merged from.", info.name), &columns);
    let mut machines: Vec<&str> = Vec::new();
    for shard in &info.shards {
        let number = shard.machine.as_deref().map(|word| {
            let known = machines.iter().position(|it| *it == word);
            known.unwrap_or_else(|| {
                machines.push(word);
                machines.len() - 1
            }) + 1
        });
        let cells: usize = shard.rounds.values().map(BTreeSet::len).sum();
        grid.row([
            shard.shard.clone(),
            shard.name.clone(),
            shard.started.clone(),
            format!("{cells} rounds × workspaces"),
            number.map(|it| it.to_string()).unwrap_or_default(),
            shard.kind(),
            first_line(&shard.toolchain.rustc).into(),
            shard.seed.to_string(),
        ]);
    }
    grid
}

fn table(info: &RunInfo) -> Grid {
    let mut grid = Grid::new(format!("Conditions of {}.", info.name), &["condition", "value"]);
    for (name, value) in conditions(info) {
        grid.row([name, value]);
    }
    grid
}
