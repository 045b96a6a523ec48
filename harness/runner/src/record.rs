//! The outcome of a step as rows: the only file that knows columns.

use std::time::Duration;

use corpora::scenario::{Fingerprint, Home, Step, Task};
use records::{Status, StepKey, StepRow, UnitRow};
use strategies::Strategy;
use strategies::link::Mechanism;
use strategies::units::RestoreOutcome;

use super::build::Build;
use super::delivery::TransferParts;
use super::gates::{self, GateFacts};
use super::integration::UnitOutcome;
use super::ledger::DiskUse;
use super::plan::{RunPlan, Slot};
use super::step::{BuiltStep, Maintenance, OutcomeCounts, ShadowResult, StepOutcome, Trial};

/// The columns that are the same in every row of a run, and the names that slots stand for.
#[derive(Debug, Clone)]
pub struct RunColumns<'a> {
    pub run: String,
    pub corpus: String,
    /// First line of `rustc -vV`.
    pub toolchain: String,
    /// That of the steps that ask for another toolchain.
    pub second_toolchain: Option<String>,
    /// Whether every unit has a directory of its own.
    pub unit_dirs: bool,
    /// Cargo profile where a step has none of its own.
    pub profile: String,
    pub plan: &'a RunPlan,
}

impl RunColumns<'_> {
    pub fn key(&self, slot: &Slot) -> StepKey {
        StepKey {
            run: self.run.clone(),
            round: slot.round,
            workspace: self.plan.workspaces[slot.workspace].clone(),
            scenario: self.plan.scenario.name.clone(),
            step: self.plan.scenario.steps[slot.step].name.clone(),
            strategy: self.plan.arms[slot.arm].clone(),
        }
    }

    pub fn rows(&self, slot: &Slot, strategy: &Strategy, outcome: &StepOutcome) -> (StepRow, Vec<UnitRow>) {
        let key = self.key(slot);
        let step = &self.plan.scenario.steps[slot.step];
        let [integration, policy, link, store] = strategy.parts();
        let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        let row = StepRow {
            run: key.run.clone(),
            round: key.round,
            position: slot.position,
            corpus: self.corpus.clone(),
            workspace: key.workspace.clone(),
            scenario: key.scenario.clone(),
            step: key.step.clone(),
            strategy: key.strategy.clone(),
            integration: text(integration),
            key: text(policy),
            link: text(link),
            store: text(store),
            options: text(&strategy.options()),
            toolchain: self
                .second_toolchain
                .clone()
                .filter(|_| step.second_toolchain)
                .unwrap_or_else(|| self.toolchain.clone()),
            profile: step.profile.clone().unwrap_or_else(|| self.profile.clone()),
            variant: variant(step),
            store_position: Some(slot.store_position),
            layout: Some(if self.unit_dirs { "new" } else { "old" }.to_owned()),
            ..StepRow::default()
        };
        match outcome {
            StepOutcome::Built(step) => {
                let units = step.trials.iter().flat_map(|trial| unit_rows(&key, &trial.build, &trial.units)).collect();
                let row = built(row, step);
                match self.unit_dirs {
                    true => (row, units),
                    false => (without_units(row), Vec::new()),
                }
            }
            StepOutcome::Maintained(maintenance) => (maintained(row, maintenance), Vec::new()),
            StepOutcome::Failed(why) => (StepRow { status: Status::Failed, note: why.clone(), ..row }, Vec::new()),
            StepOutcome::Unsupported(why) => {
                (StepRow { status: Status::Unsupported, note: why.clone(), ..row }, Vec::new())
            }
        }
    }
}

fn variant(step: &Step) -> String {
    let command = match step.run {
        Task::Build => "",
        Task::Check => "check",
        Task::Test => "test",
        Task::Clean => "clean",
        Task::Collect { .. } => "collect",
    };
    let home = if step.cargo_home == Home::Elsewhere { "other CARGO_HOME" } else { "" };
    let flags = if step.distinct { "flags of its own" } else { "" };
    let by = if step.fingerprint == Fingerprint::Content { "fingerprint by content" } else { "" };
    let settings = step.settings();
    [command, home, flags, by, &settings].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The row of a finished build step. Of several Cargos at once, counts and CPU time are
/// sums, the wall time and each phase are those of the one that took longest; of several after each other all are sums.
fn built(row: StepRow, step: &BuiltStep) -> StepRow {
    let status = if step.invalid.is_some() { Status::Invalid } else { Status::Ok };
    let trials = &step.trials;
    let longest = |of: &dyn Fn(&Trial) -> Option<Duration>| {
        trials.iter().filter_map(of).max().map(|duration| duration.as_secs_f64())
    };
    let repeats = Some(step.turns.len() as u64).filter(|repeats| *repeats > 1);
    let phase = |of: &dyn Fn(&Trial) -> Option<Duration>| match repeats {
        Some(_) => trials.iter().filter_map(of).reduce(|a, b| a + b).map(|duration| duration.as_secs_f64()),
        None => longest(of),
    };
    let of_turns = |part: usize, of: fn(&(Duration, Duration)) -> Duration| {
        let mut all: Vec<Duration> = step.turns.iter().map(of).collect();
        all.sort_unstable();
        // Nearest rank.
        let at = (all.len() * part).div_ceil(100).max(1);
        repeats.and_then(|_| all.get(at - 1)).map(Duration::as_secs_f64)
    };
    let total = |of: &dyn Fn(&Trial) -> u64| trials.iter().map(of).sum::<u64>();
    let restores = trials.iter().all(|trial| trial.build.cached.is_some());
    let of_restored = |of: &dyn Fn(&RestoreOutcome) -> u64| {
        trials.iter().map(|trial| trial.build.cached.as_ref().map(|cached| of(&cached.restored))).sum::<Option<u64>>()
    };
    let of_counts = |of: &dyn Fn(&OutcomeCounts) -> u64| restores.then(|| total(&|trial| of(&trial.counts)));
    // Where the build directory held everything, nothing was asked of a cache.
    let has_outcomes = trials.iter().flat_map(|trial| &trial.units).any(|unit| unit.outcome.is_some());
    let counts = OutcomeCounts::of(trials.iter().flat_map(|trial| &trial.units));
    let cpu = |of: &dyn Fn(&Trial) -> Duration| trials.iter().map(of).sum::<Duration>();
    let intact = trials.iter().map(|trial| trial.checked.damage.as_ref().map(Vec::is_empty));
    let shadow = step.shadow.as_ref();
    let transfer = step.transfer.as_ref();
    let moved = transfer.map(|it| it.usage).unwrap_or_default();
    let part = |of: fn(&TransferParts) -> Option<Duration>| {
        transfer.and_then(|it| of(&it.parts)).map(|duration| duration.as_secs_f64())
    };
    let row = StepRow {
        status,
        note: step.invalid.clone().unwrap_or_else(|| remarks(step)),
        wall_s: phase(&|trial| {
            Some(trial.build.phases.wall() + transfer.map_or(Duration::ZERO, |it| it.parts.total()))
        }),
        user_s: Some((cpu(&|trial| trial.build.usage.user) + step.own + moved.user).as_secs_f64()),
        sys_s: Some((cpu(&|trial| trial.build.usage.sys) + moved.sys).as_secs_f64()),
        max_rss_bytes: trials.iter().filter_map(|trial| trial.build.usage.max_rss).max(),
        plan_s: phase(&|trial| trial.build.phases.plan),
        restore_s: phase(&|trial| trial.build.phases.restore),
        cargo_s: phase(&|trial| Some(trial.build.phases.cargo)),
        publish_s: phase(&|trial| trial.build.phases.publish),
        units: Some(total(&|trial| trial.build.graph.units.len() as u64)),
        fresh: Some(total(&|trial| trial.build.built.fresh.len() as u64)),
        restored: of_restored(&|restored| restored.units.len() as u64).or((!step.opaque).then_some(0)),
        compiled: Some(total(&|trial| trial.compiled())),
        refused: of_counts(&|counts| counts.refused),
        missed: (restores || (step.opaque && has_outcomes)).then(|| total(&|trial| trial.counts.missed)),
        stale: of_counts(&|counts| counts.stale),
        rustc_runs: Some(total(&|trial| trial.build.rustc.rustc_runs)),
        rustc_s: Some(trials.iter().map(|trial| trial.build.rustc.rustc_s).sum()),
        hit_rate: Some(counts.hit_rate).filter(|_| has_outcomes),
        hit_rate_by_cost: counts.hit_rate_by_cost.filter(|_| has_outcomes),
        hardlinked: of_restored(&|restored| restored.files[Mechanism::Hardlinked]),
        reflinked: of_restored(&|restored| restored.files[Mechanism::Reflinked]),
        copied: of_restored(&|restored| restored.files[Mechanism::Copied]),
        symlinked: of_restored(&|restored| restored.files[Mechanism::Symlinked]),
        private_files: of_restored(&|restored| restored.private_files),
        copied_bytes: of_restored(&|restored| restored.copied_bytes),
        noop_compiled: Some(total(&|trial| trial.checked.noop_compiled)),
        noop_s: longest(&|trial| Some(trial.checked.noop)),
        store_intact: intact.collect::<Option<Vec<bool>>>().map(|all| all.into_iter().all(|it| it)),
        builds: Some((trials.len() / step.turns.len().max(1)) as u64),
        shadow_same: shadow.map(|shadow| shadow.same),
        shadow_differs: shadow.map(|shadow| shadow.differs.len() as u64),
        own_hits: step.own_count.map(|own| own.hits),
        own_misses: step.own_count.and_then(|own| own.misses),
        foreign_cpu_s: step.processors.map(|times| times.others().as_secs_f64()),
        graph_call_s: phase(&|trial| trial.build.phases.graph_call),
        rated_units: Some(counts.rated),
        daemon_s: step.daemon.map(|daemon| daemon.as_secs_f64()),
        nondeterministic: shadow.map(|shadow| shadow.nondeterministic.len() as u64),
        store_session_bytes: trials.iter().filter_map(|trial| trial.checked.session_bytes).max(),
        repeats,
        wall_p50_s: of_turns(50, |turn| turn.0),
        wall_p95_s: of_turns(95, |turn| turn.0),
        cpu_p50_s: of_turns(50, |turn| turn.1),
        cpu_p95_s: of_turns(95, |turn| turn.1),
        delivery: transfer.map(|it| it.way.to_string()),
        network: transfer.map(|it| it.network.to_string()),
        start_s: part(|parts| parts.start),
        deliver_s: part(|parts| parts.deliver),
        unpack_s: part(|parts| parts.unpack),
        pack_s: part(|parts| parts.pack),
        upload_s: part(|parts| parts.upload),
        down_bytes: transfer.map(|it| it.traffic.down_bytes),
        up_bytes: transfer.map(|it| it.traffic.up_bytes),
        requests: transfer.map(|it| it.traffic.requests),
        unused_bytes: transfer.and_then(|it| it.unused_bytes),
        ..row
    };
    on_disk(row, &step.disk)
}

/// The row of a layout in which units cannot be followed: what was seen of them is nothing, and not 0.
fn without_units(row: StepRow) -> StepRow {
    StepRow {
        fresh: None,
        compiled: None,
        missed: None,
        rated_units: None,
        hit_rate: None,
        hit_rate_by_cost: None,
        noop_compiled: None,
        ..row
    }
}

fn maintained(row: StepRow, maintenance: &Maintenance) -> StepRow {
    let facts = GateFacts { damage: maintenance.damage.clone().unwrap_or_default(), ..GateFacts::default() };
    let invalid = gates::invalid(&facts);
    let status = if invalid.is_some() { Status::Invalid } else { Status::Ok };
    let row = StepRow {
        status,
        note: invalid.unwrap_or_default(),
        wall_s: Some(maintenance.wall.as_secs_f64()),
        user_s: Some(maintenance.cpu.0.as_secs_f64()),
        sys_s: Some(maintenance.cpu.1.as_secs_f64()),
        promised_bytes: maintenance.promised,
        store_intact: maintenance.damage.as_ref().map(Vec::is_empty),
        ..row
    };
    on_disk(row, &maintenance.disk)
}

fn unit_rows(key: &StepKey, build: &Build, outcomes: &[UnitOutcome]) -> Vec<UnitRow> {
    outcomes
        .iter()
        .map(|outcome| {
            let unit = &build.graph.units[outcome.index];
            UnitRow {
                run: key.run.clone(),
                round: key.round,
                workspace: key.workspace.clone(),
                scenario: key.scenario.clone(),
                step: key.step.clone(),
                strategy: key.strategy.clone(),
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
                same_exports: outcome.same_exports,
            }
        })
        .collect()
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

fn remarks(step: &BuiltStep) -> String {
    let mut remarks: Vec<String> = Vec::new();
    for Trial { build, .. } in &step.trials {
        for remark in of_build(build) {
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
    }
    remarks.extend(own_count(step));
    remarks.extend(step.transfer.as_ref().and_then(|transfer| transfer.trouble.clone()));
    remarks.extend(step.shadow.as_ref().and_then(ShadowResult::note));
    remarks.extend(step.unchecked.as_ref().map(|why| format!("no shadow check: {why}")));
    remarks.join("; ")
}

/// What the tool says of itself, where that is not what was seen.
fn own_count(step: &BuiltStep) -> Option<String> {
    let own = step.own_count?;
    let total = |of: &dyn Fn(&OutcomeCounts) -> u64| step.trials.iter().map(|trial| of(&trial.counts)).sum::<u64>();
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
        if !cached.plan.damaged.is_empty() {
            let damaged = cached.plan.damaged.iter().map(|index| build.graph.units[*index].label());
            let first = damaged.min().unwrap_or_default();
            remarks.push(format!("{} entries with other bytes removed, first {first}", cached.plan.damaged.len()));
        }
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
