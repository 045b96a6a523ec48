//! Handmade rows for the integration tests.
use records::run_folder::{CutOff, RunFolder};
use records::{Outcome, RunInfo, Status, StepRow, UnitRow};

/// A step that was measured: everything the schema has a column for but the
/// physical sizes.
pub fn step(round: u32, workspace: &str, step: &str, strategy: &str, wall: f64) -> StepRow {
    let (link, key) = match strategy.split_once('+') {
        Some((link, key)) => (Some(link.to_owned()), Some(key.to_owned())),
        None => (None, None),
    };
    StepRow {
        run: "r1".into(),
        round,
        position: 1,
        corpus: "quick".into(),
        workspace: workspace.into(),
        scenario: "gauntlet".into(),
        step: step.into(),
        strategy: strategy.into(),
        integration: key.as_ref().map(|_| "units".into()),
        store: key.as_ref().map(|_| "cas".into()),
        key,
        link,
        toolchain: "rustc 1.95.0".into(),
        profile: "dev".into(),
        status: Status::Ok,
        wall_s: Some(wall),
        cargo_s: Some(wall),
        units: Some(50),
        compiled: Some(50),
        rustc_runs: Some(48),
        tree_bytes: Some(90 << 20),
        tree_allocated_bytes: Some(100 << 20),
        ..StepRow::default()
    }
}

/// A step that hit: `rate` of its units, `by_cost` of its compile seconds.
pub fn warm(mut row: StepRow, rate: f64, by_cost: f64, compiled: u64, store: u64) -> StepRow {
    row.hit_rate = Some(rate);
    row.hit_rate_by_cost = Some(by_cost);
    row.compiled = Some(compiled);
    row.rustc_runs = Some(compiled);
    row.store_allocated_bytes = Some(store);
    row
}

/// A row that must never enter a number, with numbers that would show if it did.
pub fn bad(mut row: StepRow, status: Status, note: &str) -> StepRow {
    row.status = status;
    row.note = note.into();
    row.wall_s = Some(9999.0);
    row
}

/// A unit of `step`.
pub fn unit(step: &StepRow, package: &str, outcome: Outcome, reason: &str, because: &str, cost: f64) -> UnitRow {
    UnitRow {
        run: step.run.clone(),
        round: step.round,
        workspace: step.workspace.clone(),
        scenario: step.scenario.clone(),
        step: step.step.clone(),
        strategy: step.strategy.clone(),
        package: package.into(),
        version: "1.0.0".into(),
        source: "registry".into(),
        target: package.into(),
        kind: "lib".into(),
        mode: "build".into(),
        outcome: Some(outcome),
        reason: reason.into(),
        because: because.into(),
        cost_s: Some(cost),
        bytes: Some(1 << 20),
        ..UnitRow::default()
    }
}

pub fn folder(strategies: &[&str], steps: Vec<StepRow>, units: Vec<UnitRow>) -> RunFolder {
    let mut info = RunInfo::new("r1");
    info.complete = true;
    info.corpus.name = "quick".into();
    info.profile = "dev".into();
    info.strategies = strategies.iter().map(|name| (*name).to_owned()).collect();
    RunFolder { info, steps, units, cut: CutOff::default() }
}
