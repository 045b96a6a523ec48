//! One strategy in one step: what it took, reused and left on the disk.

use crate::stats::{Comparison, Verdict};
use crate::summary::{ArmSummary, sum_of_medians};
use records::{Status, StepRow};

/// One strategy in one step, over all its workspaces.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmAnalysis {
    /// Where it hooks in; `None` for a baseline.
    pub integration: Option<String>,
    /// Its key policy, if it has one.
    pub key: Option<String>,
    /// Its link mode, if it has one.
    pub link: Option<String>,
    /// The shape of its store, if it has one.
    pub store: Option<String>,
    /// Wall time, hits, compiles, disk: as the table that ends `compare` shows them.
    pub summary: ArmSummary,
    /// Its wall time against the baseline's; `None` for the baseline itself. A control is
    /// compared with the arm that it repeats.
    pub wall: Option<Comparison>,
    /// Where its seconds went.
    pub phases: Phases,
    /// Bytes on disk.
    pub disk: Disk,
    /// Files brought back, by how.
    pub files: Files,
    /// The same comparison in each workspace alone.
    pub cells: Vec<Cell>,
    /// Seconds of the unmeasured no-op build afterwards, sum over workspaces of medians.
    pub noop_s: Option<f64>,
    /// CPU seconds, user and system, sum over workspaces of medians.
    pub cpu_s: Option<f64>,
    /// Largest resident set of any process in any row, bytes.
    pub max_rss_bytes: Option<u64>,
    /// Units restored and yet rebuilt, over all `ok` rows; `None` where no row says.
    pub stale: Option<u64>,
    /// Rows whose store held a changed blob.
    pub damaged: usize,
}

/// Seconds by phase, each the sum over workspaces of the median over rounds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Phases {
    /// Asking Cargo for the unit graph, and keys.
    pub plan_s: Option<f64>,
    /// Bringing artifacts into the build directory.
    pub restore_s: Option<f64>,
    /// Cargo itself.
    pub cargo_s: Option<f64>,
    /// Putting artifacts into the store.
    pub publish_s: Option<f64>,
}

/// Bytes on disk.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Disk {
    /// The store after the step's last workspace.
    pub store: Sizes,
    /// The build directories, summed.
    pub trees: Sizes,
    /// Store and build directories together, shared extents once.
    pub all_physical: Option<f64>,
    /// What the step added to that, per workspace: the mean.
    pub marginal: Option<f64>,
}

/// One place in three ways of counting.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sizes {
    /// Sizes of files summed.
    pub apparent: Option<f64>,
    /// Blocks, each inode once.
    pub allocated: Option<f64>,
    /// The union of extents.
    pub physical: Option<f64>,
}

/// Files brought back by each mechanism, sum over workspaces of medians.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Files {
    /// By hard link.
    pub hardlinked: Option<f64>,
    /// By reflink.
    pub reflinked: Option<f64>,
    /// By copying shareable files.
    pub copied: Option<f64>,
    /// By symbolic link.
    pub symlinked: Option<f64>,
    /// Private under every link mode.
    pub private: Option<f64>,
    /// Bytes copied, private files included.
    pub copied_bytes: Option<f64>,
}

/// One workspace under one strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The workspace.
    pub workspace: String,
    /// Wall time ÷ that of the baseline, median over rounds: an estimate without a verdict.
    pub ratio: Option<f64>,
    /// Rounds with two valid rows.
    pub pairs: usize,
}

/// All that [`ArmAnalysis::of`] needs of one arm in one step.
pub(super) struct Arm<'run> {
    pub summary: ArmSummary,
    pub rows: &'run [&'run StepRow],
    pub wall: Option<Comparison>,
    pub cells: Vec<Cell>,
    /// Whether sizes of workspaces add up, each having directories of its own.
    pub alone: bool,
    /// The workspaces, in the order they were built.
    pub order: &'run [String],
}

impl ArmAnalysis {
    pub(super) fn of(arm: Arm<'_>) -> Self {
        let Arm { summary, rows, wall, cells, alone, order } = arm;
        let first = rows.first();
        let text = |of: fn(&StepRow) -> &Option<String>| first.and_then(|row| of(row).clone());
        let ok: Vec<&StepRow> = rows.iter().copied().filter(|row| row.status == Status::Ok).collect();
        let sum = |of: fn(&StepRow) -> Option<f64>| sum_of_medians(&ok, of);
        let count = |of: fn(&StepRow) -> Option<u64>| sum_of_medians(&ok, |row| of(row).map(|n| n as f64));
        // Without directories of their own, the last workspace's store holds all.
        let last = order.iter().rev().find(|name| ok.iter().any(|row| row.workspace == **name));
        let of_store: Vec<&StepRow> =
            ok.iter().copied().filter(|row| alone || last.is_none_or(|last| row.workspace == *last)).collect();
        let store = |of: fn(&StepRow) -> Option<u64>| sum_of_medians(&of_store, |row| of(row).map(|n| n as f64));
        let workspaces = summary.workspaces.max(1) as f64;
        Self {
            integration: text(|row| &row.integration),
            key: text(|row| &row.key),
            link: text(|row| &row.link),
            store: text(|row| &row.store),
            phases: Phases {
                plan_s: sum(|row| row.plan_s),
                restore_s: sum(|row| row.restore_s),
                cargo_s: sum(|row| row.cargo_s),
                publish_s: sum(|row| row.publish_s),
            },
            disk: Disk {
                store: Sizes {
                    apparent: store(|row| row.store_bytes),
                    allocated: store(|row| row.store_allocated_bytes),
                    physical: store(|row| row.store_physical_bytes),
                },
                trees: Sizes {
                    apparent: count(|row| row.tree_bytes),
                    allocated: count(|row| row.tree_allocated_bytes),
                    physical: count(|row| row.tree_physical_bytes),
                },
                all_physical: summary.all_physical_bytes,
                marginal: summary.added_physical_bytes.map(|added| added / workspaces),
            },
            files: Files {
                hardlinked: count(|row| row.hardlinked),
                reflinked: count(|row| row.reflinked),
                copied: count(|row| row.copied),
                symlinked: count(|row| row.symlinked),
                private: count(|row| row.private_files),
                copied_bytes: count(|row| row.copied_bytes),
            },
            noop_s: sum(|row| row.noop_s),
            cpu_s: sum(|row| Some(row.user_s? + row.sys_s?)),
            max_rss_bytes: ok.iter().filter_map(|row| row.max_rss_bytes).max(),
            stale: ok.iter().filter_map(|row| row.stale).reduce(|a, b| a + b),
            damaged: rows.iter().filter(|row| row.store_intact == Some(false)).count(),
            summary,
            wall,
            cells,
        }
    }

    /// Full name of the strategy.
    pub fn name(&self) -> &str {
        &self.summary.strategy
    }

    /// Whether the arm only repeats another, to show what noise does.
    pub fn is_control(&self) -> bool {
        self.wall.as_ref().is_some_and(|wall| wall.control)
    }

    /// What its wall time comes to against the baseline.
    pub fn verdict(&self) -> Option<Verdict> {
        self.wall.as_ref().map(|wall| wall.judgement.verdict)
    }
}
