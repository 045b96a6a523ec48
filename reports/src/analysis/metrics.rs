//! Every number of an arm, once: name, unit, heading, meaning, and how it follows from the rows.
//!
//! Tables, CSV, JSON and `reports/FORMAT.md` loop over [`METRICS`]: a further metric is a
//! further entry here.

use super::aggregate::{WallRounds, largest, last, sum_of_medians, weighted};
use crate::document::{Cell, Tone};
use crate::stats::median;
use crate::text::{bytes, count, percent, seconds};
use records::StepRow;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricUnit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A part of a whole, 0 to 1.
    Share,
    /// Units of a build.
    Units,
    /// Runs of rustc.
    Runs,
    /// Files.
    Files,
    /// Requests to a server.
    Requests,
}

impl MetricUnit {
    /// As FORMAT.md has it.
    pub fn as_str(self) -> &'static str {
        match self {
            MetricUnit::Seconds => "seconds",
            MetricUnit::Bytes => "bytes",
            MetricUnit::Share => "0 to 1",
            MetricUnit::Units => "units",
            MetricUnit::Runs => "runs",
            MetricUnit::Files => "files",
            MetricUnit::Requests => "requests",
        }
    }

    /// A number of this unit as a reader sees it.
    pub fn show(self, value: Option<f64>) -> String {
        match self {
            MetricUnit::Seconds => seconds(value),
            MetricUnit::Bytes => bytes(value),
            MetricUnit::Share => percent(value),
            MetricUnit::Units | MetricUnit::Runs | MetricUnit::Files | MetricUnit::Requests => count(value),
        }
    }
}

/// A number that every arm has, or lacks where it was not measured.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its column.
    pub name: &'static str,
    /// What it counts.
    pub unit: MetricUnit,
    /// The head of its column where people read it.
    pub heading: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its value.
    pub of: fn(&ArmNumbers) -> Option<f64>,
}

impl Metric {
    /// The metric with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|it| it.name == name)
    }

    /// Its name without the unit, for tables with a column of units; whole where that would be the
    /// name of another one.
    pub fn bare_name(&self) -> &'static str {
        let suffix = match self.unit {
            MetricUnit::Seconds => "_s",
            MetricUnit::Bytes => "_bytes",
            _ => "",
        };
        let bare = self.name.strip_suffix(suffix).unwrap_or(self.name);
        if bare != self.name && Self::named(bare).is_some() { self.name } else { bare }
    }

    /// Its value in a cell; what must not be there at all is marked.
    pub(crate) fn cell(&self, numbers: &ArmNumbers) -> Cell {
        let bad = self.name == "stale" && (self.of)(numbers) > Some(0.0);
        if bad { Cell::toned(self.show(numbers), Tone::Bad) } else { self.show(numbers).into() }
    }

    /// Its value as a reader sees it.
    pub fn show(&self, numbers: &ArmNumbers) -> String {
        self.unit.show((self.of)(numbers))
    }
}

macro_rules! metrics {
    ($($name:ident $unit:ident $heading:literal $doc:literal $from:expr;)*) => {
        /// What an arm took, reused and left on the disk in one step, over its `ok` rows.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct ArmNumbers {
            $(#[doc = $doc] pub $name: Option<f64>,)*
        }

        impl ArmNumbers {
            pub(super) fn of(rows: &ArmRows<'_>) -> Self {
                fn number(rows: &ArmRows<'_>, from: impl Fn(&ArmRows<'_>) -> Option<f64>) -> Option<f64> {
                    from(rows)
                }
                Self { $($name: number(rows, $from)),* }
            }
        }

        /// Every metric; later ones are appended.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: stringify!($name),
            unit: MetricUnit::$unit,
            heading: $heading,
            doc: $doc,
            of: |numbers| numbers.$name,
        }),*];
    };
}

metrics! {
    wall_s Seconds "wall"
        "sum over workspaces of the median over rounds; where arms have different rounds, over those that all share"
        |rows| rows.sum(|row| row.wall_s.filter(|_| rows.wall_rounds.includes(row.round)));
    cpu_s Seconds "CPU" "user and system, sum over workspaces of the median over rounds"
        |rows| rows.sum(|row| Some(row.user_s? + row.sys_s?));
    noop_s Seconds "no-op" "of the unmeasured no-op build afterwards, sum over workspaces of the median over rounds"
        |rows| rows.sum(|row| row.noop_s);
    hit_rate Share "hits" "hits ÷ units of a clean build, runs of build scripts left out of both, over all `ok` rows"
        |rows| weighted(&rows.ok, |row| row.hit_rate, |row| row.rated_units.or(row.units).map(|n| n as f64));
    hit_rate_by_cost Share "hits by cost" "the same, each unit weighed by its compile seconds"
        |rows| weighted(&rows.ok, |row| row.hit_rate_by_cost, |row| (rows.cost)(row));
    compiled Units "units compiled" "sum over workspaces of the median over rounds"
        |rows| rows.count(|row| row.compiled);
    rustc_runs Runs "rustc runs" "sum over workspaces of the median over rounds"
        |rows| rows.count(|row| row.rustc_runs);
    stale Units "stale" "restored and yet rebuilt, all `ok` rows"
        |rows| rows.ok.iter().filter_map(|row| row.stale).reduce(|a, b| a + b).map(|n| n as f64);
    plan_s Seconds "plan" "asking Cargo for the unit graph and computing keys, sum over workspaces of medians"
        |rows| rows.sum(|row| row.plan_s);
    restore_s Seconds "restore" "bringing artifacts into the build directory, sum over workspaces of medians"
        |rows| rows.sum(|row| row.restore_s);
    cargo_s Seconds "cargo" "Cargo itself, sum over workspaces of medians"
        |rows| rows.sum(|row| row.cargo_s);
    publish_s Seconds "publish" "putting artifacts into the store, sum over workspaces of medians"
        |rows| rows.sum(|row| row.publish_s);
    store_bytes Bytes "store, apparent"
        "the store after the last workspace, summed where each was built alone; median over rounds"
        |rows| rows.store(|row| row.store_bytes);
    store_allocated_bytes Bytes "store, allocated" "the same, each inode once"
        |rows| rows.store(|row| row.store_allocated_bytes);
    store_physical_bytes Bytes "store, physical" "the same, the union of extents"
        |rows| rows.store(|row| row.store_physical_bytes);
    tree_bytes Bytes "trees, apparent" "build directories, sum over workspaces of medians"
        |rows| rows.count(|row| row.tree_bytes);
    tree_allocated_bytes Bytes "trees, allocated" "the same, each inode once"
        |rows| rows.count(|row| row.tree_allocated_bytes);
    tree_physical_bytes Bytes "trees, physical" "the same, the union of extents"
        |rows| rows.count(|row| row.tree_physical_bytes);
    all_physical_bytes Bytes "all, physical"
        "store and build directories together after the last workspace, shared extents once; summed where each was built alone"
        |rows| {
            let all = |row: &StepRow| row.all_physical_bytes.map(|n| n as f64);
            if rows.alone { sum_of_medians(&rows.ok, all) } else { last(&rows.ok, rows.workspaces, all) }
        };
    added_per_workspace_bytes Bytes "a further workspace" "what the step added to that, mean over workspaces"
        |rows| rows.added().map(|added| added / rows.built.max(1) as f64);
    promised_bytes Bytes "promised" "what a cleaning step said it would free, sum over workspaces of medians"
        |rows| rows.count(|row| row.promised_bytes);
    max_rss_bytes Bytes "peak memory" "the largest process of any row"
        |rows| rows.ok.iter().filter_map(|row| row.max_rss_bytes).max().map(|n| n as f64);
    hardlinked Files "hardlinked" "files restored by hard link, sum over workspaces of medians"
        |rows| rows.count(|row| row.hardlinked);
    reflinked Files "reflinked" "files restored by reflink, sum over workspaces of medians"
        |rows| rows.count(|row| row.reflinked);
    copied Files "copied" "shareable files restored by copying, sum over workspaces of medians"
        |rows| rows.count(|row| row.copied);
    symlinked Files "symlinked" "files restored by symbolic link, sum over workspaces of medians"
        |rows| rows.count(|row| row.symlinked);
    private_files Files "private" "files that are private copies under every link mode, sum over workspaces of medians"
        |rows| rows.count(|row| row.private_files);
    copied_bytes Bytes "bytes copied" "private files included, sum over workspaces of medians"
        |rows| rows.count(|row| row.copied_bytes);
    added_physical_bytes Bytes "added" "what the step added to `all_physical_bytes`, sum over workspaces of medians; negative where it freed more than it took"
        |rows| rows.added();
    store_peak_bytes Bytes "store, largest"
        "allocated bytes of the store at its largest in a round, median over rounds; summed where each workspace was built alone"
        |rows| {
            let store = |row: &StepRow| row.store_allocated_bytes.map(|n| n as f64);
            if rows.alone { sum_of_medians(&rows.ok, store) } else { largest(&rows.ok, store) }
        };
    wall_without_graph_s Seconds "wall without graph call"
        "`wall_s` without Cargo's answer for the unit graph (`graph_call_s`), which a cache inside Cargo has for nothing"
        |rows| rows.sum(|row| {
            // Older runs planned and did not say how long Cargo took to answer.
            let asked = row.graph_call_s.or(row.plan_s.is_none().then_some(0.0));
            Some(row.wall_s? - asked?).filter(|_| rows.wall_rounds.includes(row.round))
        });
    daemon_s Seconds "daemon"
        "starting and warming a tool's daemon before the step, in no other number; sum over workspaces of medians"
        |rows| rows.sum(|row| row.daemon_s);
    wall_p50_s Seconds "wall p50" "of one of the builds that a step repeats: their median, sum over workspaces of medians"
        |rows| rows.sum(|row| row.wall_p50_s);
    wall_p95_s Seconds "wall p95" "the smallest that 95 % of them do not exceed, sum over workspaces of medians"
        |rows| rows.sum(|row| row.wall_p95_s);
    cpu_p50_s Seconds "CPU p50" "of their user and system time: the median, sum over workspaces of medians"
        |rows| rows.sum(|row| row.cpu_p50_s);
    cpu_p95_s Seconds "CPU p95" "the smallest that 95 % of them do not exceed, sum over workspaces of medians"
        |rows| rows.sum(|row| row.cpu_p95_s);
    warm_and_edit_s Seconds "warm + edit"
        "of the step `edit`: its `wall_s` and that of the step `warm` of the same round together; sum over workspaces of medians"
        |rows| rows.sum(|row| Some(row.wall_s? + (rows.warm)(row)?).filter(|_| rows.wall_rounds.includes(row.round)));
    start_s Seconds "start" "starting what serves the build on a machine of CI, sum over workspaces of medians"
        |rows| rows.sum(|row| row.start_s);
    deliver_s Seconds "deliver" "looking up and downloading, sum over workspaces of medians"
        |rows| rows.sum(|row| row.deliver_s);
    unpack_s Seconds "unpack" "unpacking what came, sum over workspaces of medians"
        |rows| rows.sum(|row| row.unpack_s);
    pack_s Seconds "pack" "packing what was built, sum over workspaces of medians"
        |rows| rows.sum(|row| row.pack_s);
    upload_s Seconds "upload" "uploading it, sum over workspaces of medians"
        |rows| rows.sum(|row| row.upload_s);
    down_bytes Bytes "down" "bytes that came over the network, sum over workspaces of medians"
        |rows| rows.count(|row| row.down_bytes);
    up_bytes Bytes "up" "bytes that went out over it, sum over workspaces of medians"
        |rows| rows.count(|row| row.up_bytes);
    requests Requests "requests" "sum over workspaces of medians"
        |rows| rows.count(|row| row.requests);
    unused_bytes Bytes "unused" "bytes that were delivered and that no hit used, unpacked, sum over workspaces of medians"
        |rows| rows.count(|row| row.unused_bytes);
}

/// The rows of one arm in one step, and what else its numbers depend on.
pub(super) struct ArmRows<'run> {
    /// Those that count.
    pub ok: Vec<&'run StepRow>,
    /// Distinct workspaces among them.
    pub built: usize,
    pub wall_rounds: &'run WallRounds,
    /// Compile seconds of all units of a row: what its hit rate by cost is a part of.
    pub cost: &'run dyn Fn(&StepRow) -> Option<f64>,
    /// The wall time of the step `warm` that the row's step `edit` follows.
    pub warm: &'run dyn Fn(&StepRow) -> Option<f64>,
    /// Whether every workspace starts from empty directories, so that sizes add up.
    pub alone: bool,
    /// In the order they are built.
    pub workspaces: &'run [String],
}

impl ArmRows<'_> {
    fn sum(&self, of: impl Fn(&StepRow) -> Option<f64>) -> Option<f64> {
        sum_of_medians(&self.ok, of)
    }

    fn count(&self, of: fn(&StepRow) -> Option<u64>) -> Option<f64> {
        self.sum(|row| of(row).map(|n| n as f64))
    }

    fn added(&self) -> Option<f64> {
        self.sum(|row| row.marginal_physical_bytes.map(|n| n as f64))
    }

    /// Without directories of their own, the last workspace's store has everything.
    fn store(&self, of: fn(&StepRow) -> Option<u64>) -> Option<f64> {
        let last = self.workspaces.iter().rev().find(|name| self.ok.iter().any(|row| row.workspace == **name));
        let most = self.ok.iter().filter_map(|row| row.store_position).max();
        let is_last = |row: &StepRow| match row.store_position {
            Some(_) => row.store_position == most,
            None => last.is_none_or(|last| row.workspace == *last),
        };
        let rows: Vec<f64> =
            self.ok.iter().filter(|row| is_last(row)).filter_map(|row| of(row)).map(|n| n as f64).collect();
        if self.alone { self.count(of) } else { median(&rows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_units_are_no_names_of_others() {
        let mut bare: Vec<&str> = METRICS.iter().map(Metric::bare_name).collect();
        assert_eq!(bare[..2], ["wall", "cpu"]);
        assert!(bare.contains(&"copied") && bare.contains(&"copied_bytes") && bare.contains(&"hit_rate"));
        bare.sort_unstable();
        bare.dedup();
        assert_eq!(bare.len(), METRICS.len());
    }
}
