//! Everything a sceptic asks before looking at a number.

use std::collections::BTreeSet;

use crate::document::{Block, Grid, Section};
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
    let sandbox = info.sandbox.as_ref().map(|sandbox| ("sandbox".to_owned(), sandbox.line()));
    for (name, value) in info.conditions().into_iter().chain(sandbox) {
        grid.row([&name, first_line(&value)]);
    }
    grid
}
