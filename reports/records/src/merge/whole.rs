//! That no cell is missing, twice, or torn.

use std::collections::{BTreeMap, BTreeSet};

use super::{MergeError, ShardNumber};
use crate::run_folder::RunFolder;

/// A cell: round and, where each workspace is measured alone, its name.
type RunCell<'run> = (u32, &'run str);

/// A measurement of a cell: workspace, step, strategy.
type CellRow<'run> = (&'run str, &'run str, &'run str);

/// Checks the cells of all shards together; whether some are missing, which is an error but for
/// a partial merge.
pub(super) fn check(shards: &[(ShardNumber, RunFolder)], partial: bool) -> Result<bool, MergeError> {
    for pair in shards.windows(2) {
        if let [(first, one), (second, other)] = pair
            && first == second
        {
            return Err(twice(one, other, format!("shard {}/{}", first.0, first.1)));
        }
    }
    let Some(((_, of), first)) = shards.first() else { return Err(super::same::nothing()) };
    let alone = first.info.alone();
    let mut cells: BTreeMap<RunCell<'_>, (&RunFolder, BTreeSet<CellRow<'_>>)> = BTreeMap::new();
    for (_, folder) in shards {
        for row in &folder.steps {
            let cell = (row.round, if alone { row.workspace.as_str() } else { "" });
            let (owner, places) = cells.entry(cell).or_insert_with(|| (folder, BTreeSet::new()));
            if owner.info.name != folder.info.name {
                let of = if alone { format!(" of {}", row.workspace) } else { String::new() };
                return Err(twice(owner, folder, format!("round {}{of}", row.round)));
            }
            places.insert((&row.workspace, &row.step, &row.strategy));
        }
    }
    torn(&cells, alone)?;
    let given: BTreeSet<u32> = shards.iter().map(|((index, _), _)| *index).collect();
    let absent: Vec<String> = (1..=*of).filter(|index| !given.contains(index)).map(|it| format!("{it}/{of}")).collect();
    let workspaces = if alone { first.info.corpus.workspaces.len() } else { 1 };
    let expected = first.info.rounds as usize * workspaces;
    let what = match (absent.as_slice(), expected.saturating_sub(cells.len())) {
        ([], 0) => return Ok(false),
        ([], missing) => format!("{missing} of {expected} rounds of workspaces are"),
        ([one], _) => format!("shard {one} is"),
        (several, _) => format!("shards {} are", several.join(", ")),
    };
    let todo = "give all of them, or take --partial to join what there is, marked as incomplete";
    if partial { Ok(true) } else { Err(MergeError(format!("{what} not there: {todo}"))) }
}

fn twice(one: &RunFolder, other: &RunFolder, what: String) -> MergeError {
    MergeError(format!("{} and {} both hold {what}: give each shard once", one.info.name, other.info.name))
}

/// Every cell holds the same steps of the same strategies: what one has, all have.
fn torn(cells: &BTreeMap<RunCell<'_>, (&RunFolder, BTreeSet<CellRow<'_>>)>, alone: bool) -> Result<(), MergeError> {
    // Cells of a workspace alone differ in the workspace, and in nothing else.
    let shape = |places: &BTreeSet<CellRow<'_>>| -> BTreeSet<(String, String, String)> {
        let of = |workspace: &str| if alone { String::new() } else { workspace.to_owned() };
        places.iter().map(|(workspace, step, arm)| (of(workspace), (*step).to_owned(), (*arm).to_owned())).collect()
    };
    let all: BTreeSet<_> = cells.values().flat_map(|(_, places)| shape(places)).collect();
    for ((round, workspace), (folder, places)) in cells {
        if let Some((of, step, arm)) = all.difference(&shape(places)).next() {
            let of = if alone { workspace } else { of.as_str() };
            let todo = "restore its folder, or measure that shard again";
            return Err(MergeError(format!(
                "{} has no row of {arm} in step {step} of {of}, round {round}, though it is complete: {todo}",
                folder.info.name
            )));
        }
    }
    Ok(())
}
