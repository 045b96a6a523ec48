//! A measured build as records.

use reports::record::{Status, StepRow, UnitRow};
use strategies::Strategy;

use super::build::Build;
use super::checks::Checked;
use super::outcome::{Counts, UnitOutcome};

/// The columns that say which measurement a row is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Name of the run.
    pub run: String,
    /// Round, from 1.
    pub round: u32,
    /// Place in the round, from 1.
    pub position: u32,
    /// Corpus.
    pub corpus: String,
    /// Workspace.
    pub workspace: String,
    /// Scenario.
    pub scenario: String,
    /// Step.
    pub step: String,
    /// Strategy by name.
    pub strategy: String,
    /// First line of `rustc -vV`.
    pub toolchain: String,
    /// Cargo profile.
    pub profile: String,
}

impl Identity {
    /// A row with these columns and nothing measured.
    pub fn row(&self, strategy: &Strategy, status: Status, note: String) -> StepRow {
        let [integration, key, link, store] = strategy.parts();
        let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        StepRow {
            run: self.run.clone(),
            round: self.round,
            position: self.position,
            corpus: self.corpus.clone(),
            workspace: self.workspace.clone(),
            scenario: self.scenario.clone(),
            step: self.step.clone(),
            strategy: self.strategy.clone(),
            integration: text(integration),
            key: text(key),
            link: text(link),
            store: text(store),
            toolchain: self.toolchain.clone(),
            profile: self.profile.clone(),
            status,
            note,
            ..StepRow::default()
        }
    }

    /// The row of a finished build.
    pub fn measured(
        &self,
        strategy: &Strategy,
        build: &Build,
        counts: &Counts,
        checked: &Checked,
        invalid: Option<String>,
    ) -> StepRow {
        let status = if invalid.is_some() { Status::Invalid } else { Status::Ok };
        let seconds = |duration: Option<std::time::Duration>| duration.map(|duration| duration.as_secs_f64());
        let restored = build.cached.as_ref().map(|cached| &cached.restored);
        let disk = &checked.disk;
        let cacheless = matches!(strategy, Strategy::None);
        StepRow {
            wall_s: seconds(Some(build.phases.wall())),
            user_s: seconds(Some(build.usage.user)),
            sys_s: seconds(Some(build.usage.sys)),
            max_rss_bytes: build.usage.max_rss,
            plan_s: seconds(build.phases.plan),
            restore_s: seconds(build.phases.restore),
            cargo_s: seconds(Some(build.phases.cargo)),
            publish_s: seconds(build.phases.publish),
            units: Some(build.graph.units.len() as u64),
            fresh: Some(build.built.fresh.len() as u64),
            restored: Some(restored.map_or(0, |restored| restored.units.len() as u64)),
            compiled: Some(build.built.compiled.len() as u64),
            refused: restored.map(|_| counts.refused),
            missed: restored.map(|_| counts.missed),
            stale: restored.map(|_| counts.stale),
            rustc_runs: Some(build.rustc.rustc_runs),
            rustc_s: Some(build.rustc.rustc_s),
            hit_rate: Some(counts.hit_rate).filter(|_| !cacheless),
            hit_rate_by_cost: counts.hit_rate_by_cost.filter(|_| !cacheless),
            hardlinked: restored.map(|restored| restored.hardlinked),
            reflinked: restored.map(|restored| restored.reflinked),
            copied: restored.map(|restored| restored.copied),
            symlinked: restored.map(|restored| restored.symlinked),
            private_files: restored.map(|restored| restored.private_files),
            copied_bytes: restored.map(|restored| restored.copied_bytes),
            store_bytes: disk.store.map(|usage| usage.apparent_bytes),
            store_allocated_bytes: disk.store.map(|usage| usage.allocated_bytes),
            store_physical_bytes: disk.store.and_then(|usage| usage.physical_bytes),
            tree_bytes: disk.tree.map(|usage| usage.apparent_bytes),
            tree_allocated_bytes: disk.tree.map(|usage| usage.allocated_bytes),
            tree_physical_bytes: disk.tree.and_then(|usage| usage.physical_bytes),
            all_physical_bytes: disk.all_physical_bytes,
            marginal_physical_bytes: disk.marginal_physical_bytes,
            noop_compiled: Some(checked.noop_compiled),
            noop_s: seconds(Some(checked.noop)),
            store_intact: checked.damage.as_ref().map(Vec::is_empty),
            ..self.row(strategy, status, invalid.unwrap_or_else(|| remarks(build)))
        }
    }

    /// The rows of its units.
    pub fn units(&self, build: &Build, outcomes: &[UnitOutcome]) -> Vec<UnitRow> {
        outcomes
            .iter()
            .map(|outcome| {
                let unit = &build.graph.units[outcome.index];
                UnitRow {
                    run: self.run.clone(),
                    round: self.round,
                    workspace: self.workspace.clone(),
                    scenario: self.scenario.clone(),
                    step: self.step.clone(),
                    strategy: self.strategy.clone(),
                    package: unit.package.name.clone(),
                    version: unit.package.version.clone(),
                    source: unit.package.source.as_str().to_owned(),
                    target: unit.target.name.clone(),
                    kind: unit.target.kind_label(),
                    mode: unit.mode.as_str().to_owned(),
                    platform: unit.platform.clone().unwrap_or_default(),
                    outcome: outcome.outcome,
                    reason: outcome.reason.clone(),
                    because: outcome.because.clone(),
                    cost_s: outcome.cost_s,
                    bytes: outcome.bytes,
                }
            })
            .collect()
    }
}

/// What a reader of a valid row should know.
fn remarks(build: &Build) -> String {
    let mut remarks = Vec::new();
    if build.built.matched.look_alikes > 0 {
        remarks.push(format!("{} units look alike", build.built.matched.look_alikes));
    }
    if let Some(index) = build.built.matched.unmatched.first() {
        let label = build.graph.units[*index].label();
        remarks.push(format!("{} units without a directory, first {label}", build.built.matched.unmatched.len()));
    }
    if let Some(cached) = &build.cached {
        if let Some((_, why)) = cached.restored.failed.first() {
            remarks.push(format!("{} units not restored, first: {why}", cached.restored.failed.len()));
        }
        if let Some((index, why)) = cached.published.left_out.first() {
            let label = build.graph.units[*index].label();
            remarks.push(format!("{} units not published, first {label}: {why}", cached.published.left_out.len()));
        }
    }
    remarks.join("; ")
}
