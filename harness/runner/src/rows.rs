//! A measured step as records.

use records::{Status, StepRow, UnitRow};
use std::time::Duration;
use strategies::Strategy;
use strategies::link::Mechanism;
use strategies::units::RestoreOutcome;

use super::build::Build;
use super::gates::{self, Facts};
use super::ledger::DiskUse;
use super::outcome::{Counts, UnitOutcome};
use super::shadow::Shadow;
use super::trial::{Measured, Trial};

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
    /// How the step differs from a plain build in that profile.
    pub variant: String,
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
            variant: self.variant.clone(),
            status,
            note,
            ..StepRow::default()
        }
    }

    /// The row of a finished build step. Of several Cargos at once, counts and CPU time are
    /// sums, the wall time and each phase are those of the one that took longest.
    pub fn measured(&self, strategy: &Strategy, step: &Measured) -> StepRow {
        let status = if step.invalid.is_some() { Status::Invalid } else { Status::Ok };
        let trials = &step.trials;
        let longest = |of: &dyn Fn(&Trial) -> Option<Duration>| {
            trials.iter().filter_map(of).max().map(|duration| duration.as_secs_f64())
        };
        let total = |of: &dyn Fn(&Trial) -> u64| trials.iter().map(of).sum::<u64>();
        let restores = trials.iter().all(|trial| trial.build.cached.is_some());
        let external = matches!(strategy, Strategy::External(_));
        let of_restored = |of: &dyn Fn(&RestoreOutcome) -> u64| {
            trials
                .iter()
                .map(|trial| trial.build.cached.as_ref().map(|cached| of(&cached.restored)))
                .sum::<Option<u64>>()
        };
        let of_counts = |of: &dyn Fn(&Counts) -> u64| restores.then(|| total(&|trial| of(&trial.counts)));
        // Where the build directory held everything, nothing was asked of a cache.
        let asked = trials.iter().flat_map(|trial| &trial.units).any(|unit| unit.outcome.is_some());
        let counts = Counts::of(trials.iter().flat_map(|trial| &trial.units));
        let cpu = |of: &dyn Fn(&Trial) -> Duration| trials.iter().map(of).sum::<Duration>();
        let intact = trials.iter().map(|trial| trial.checked.damage.as_ref().map(Vec::is_empty));
        let shadow = step.shadow.as_ref();
        let row = StepRow {
            wall_s: longest(&|trial| Some(trial.build.phases.wall())),
            user_s: Some((cpu(&|trial| trial.build.usage.user) + step.own).as_secs_f64()),
            sys_s: Some(cpu(&|trial| trial.build.usage.sys).as_secs_f64()),
            max_rss_bytes: trials.iter().filter_map(|trial| trial.build.usage.max_rss).max(),
            plan_s: longest(&|trial| trial.build.phases.plan),
            restore_s: longest(&|trial| trial.build.phases.restore),
            cargo_s: longest(&|trial| Some(trial.build.phases.cargo)),
            publish_s: longest(&|trial| trial.build.phases.publish),
            units: Some(total(&|trial| trial.build.graph.units.len() as u64)),
            fresh: Some(total(&|trial| trial.build.built.fresh.len() as u64)),
            restored: of_restored(&|restored| restored.units.len() as u64).or((!external).then_some(0)),
            compiled: Some(total(&|trial| trial.compiled())),
            refused: of_counts(&|counts| counts.refused),
            missed: (restores || (external && asked)).then(|| total(&|trial| trial.counts.missed)),
            stale: of_counts(&|counts| counts.stale),
            rustc_runs: Some(total(&|trial| trial.build.rustc.rustc_runs)),
            rustc_s: Some(trials.iter().map(|trial| trial.build.rustc.rustc_s).sum()),
            hit_rate: Some(counts.hit_rate).filter(|_| asked),
            hit_rate_by_cost: counts.hit_rate_by_cost.filter(|_| asked),
            hardlinked: of_restored(&|restored| restored.files[Mechanism::Hardlinked]),
            reflinked: of_restored(&|restored| restored.files[Mechanism::Reflinked]),
            copied: of_restored(&|restored| restored.files[Mechanism::Copied]),
            symlinked: of_restored(&|restored| restored.files[Mechanism::Symlinked]),
            private_files: of_restored(&|restored| restored.private_files),
            copied_bytes: of_restored(&|restored| restored.copied_bytes),
            noop_compiled: Some(total(&|trial| trial.checked.noop_compiled)),
            noop_s: longest(&|trial| Some(trial.checked.noop)),
            store_intact: intact.collect::<Option<Vec<bool>>>().map(|all| all.into_iter().all(|it| it)),
            builds: Some(trials.len() as u64),
            shadow_same: shadow.map(|shadow| shadow.same),
            shadow_differs: shadow.map(|shadow| shadow.differs.len() as u64),
            own_hits: step.own_count.map(|own| own.hits),
            own_misses: step.own_count.and_then(|own| own.misses),
            foreign_cpu_s: step.processors.map(|times| times.others().as_secs_f64()),
            nondeterministic: shadow.map(|shadow| shadow.nondeterministic.len() as u64),
            ..self.row(strategy, status, step.invalid.clone().unwrap_or_else(|| remarks(step)))
        };
        on_disk(row, &step.disk)
    }

    /// The row of a step that compiles nothing.
    pub fn chore(&self, strategy: &Strategy, chore: &Chore) -> StepRow {
        let facts = Facts { damage: chore.damage.clone().unwrap_or_default(), ..Facts::default() };
        let invalid = gates::invalid(&facts);
        let status = if invalid.is_some() { Status::Invalid } else { Status::Ok };
        let row = StepRow {
            wall_s: Some(chore.wall.as_secs_f64()),
            user_s: Some(chore.usage.0.as_secs_f64()),
            sys_s: Some(chore.usage.1.as_secs_f64()),
            promised_bytes: chore.promised,
            store_intact: chore.damage.as_ref().map(Vec::is_empty),
            ..self.row(strategy, status, invalid.unwrap_or_default())
        };
        on_disk(row, &chore.disk)
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

/// A finished step that compiled nothing.
#[derive(Debug)]
pub struct Chore {
    /// What the user waited.
    pub wall: Duration,
    /// User and system time.
    pub usage: (Duration, Duration),
    /// Bytes it said it would free, where it said so.
    pub promised: Option<u64>,
    /// What the disk looked like afterwards.
    pub disk: DiskUse,
    /// What is wrong with the store after it; `None` without one.
    pub damage: Option<Vec<String>>,
}

fn on_disk(row: StepRow, disk: &DiskUse) -> StepRow {
    StepRow {
        store_bytes: disk.store.map(|usage| usage.apparent_bytes),
        store_allocated_bytes: disk.store.map(|usage| usage.allocated_bytes),
        store_physical_bytes: disk.store.and_then(|usage| usage.physical_bytes),
        tree_bytes: disk.tree.map(|usage| usage.apparent_bytes),
        tree_allocated_bytes: disk.tree.map(|usage| usage.allocated_bytes),
        tree_physical_bytes: disk.tree.and_then(|usage| usage.physical_bytes),
        all_physical_bytes: disk.all_physical_bytes,
        marginal_physical_bytes: disk.marginal_physical_bytes,
        ..row
    }
}

/// What a reader of a valid row should know.
fn remarks(step: &Measured) -> String {
    let mut remarks: Vec<String> = Vec::new();
    for Trial { build, .. } in &step.trials {
        for remark in of_build(build) {
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
    }
    remarks.extend(own_count(step));
    remarks.extend(step.shadow.as_ref().and_then(Shadow::note));
    remarks.extend(step.unchecked.as_ref().map(|why| format!("no shadow check: {why}")));
    remarks.join("; ")
}

/// What the tool says of itself, where that is not what was seen.
fn own_count(step: &Measured) -> Option<String> {
    let own = step.own_count?;
    let total = |of: &dyn Fn(&Counts) -> u64| step.trials.iter().map(|trial| of(&trial.counts)).sum::<u64>();
    let (hits, misses) = (total(&|counts| counts.hits), total(&|counts| counts.missed));
    let same = own.hits == hits && own.misses.is_none_or(|own| own == misses);
    (!same).then(|| {
        let own_misses = own.misses.map_or_else(|| "unknown".to_owned(), |misses| misses.to_string());
        format!("the tool counts {} hits and {own_misses} misses, {hits} and {misses} units were", own.hits)
    })
}

fn of_build(build: &Build) -> Vec<String> {
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
    remarks
}
