//! Tables of arms: where each row comes from, then the columns an answer asks for, then n; and tables of
//! units by kind and by reason.

use std::collections::BTreeMap;

use super::evidence::StepArm;
use crate::analysis::ArmAnalysis;
use crate::document::{Cell, Grid, Tone, heads};
use crate::text::{UNMEASURED, bytes, count, percent, seconds};
use crate::words::{estimate, verdict_cell};
use records::{Outcome, UnitRow};

/// A column: its head and its cells. A head that begins with `>` is of numbers.
#[derive(Clone, Copy)]
pub(super) struct Col(pub &'static str, pub fn(&StepArm<'_>) -> Cell);

/// Seconds, sum over workspaces of the median round.
pub(super) const WALL: Col = Col("> wall", |it| if it.is_timed() { seconds(it.numbers.wall_s).into() } else { dash() });
pub(super) const RATIO: Col = Col("> vs baseline", |it| match it.wall.as_ref().filter(|_| it.is_timed()) {
    Some(wall) => estimate(&wall.judgement).into(),
    None => dash(),
});
pub(super) const VERDICT: Col = Col("verdict", |it| match it.verdict().filter(|_| it.is_timed()) {
    Some(verdict) => verdict_cell(verdict),
    None if it.is_baseline() => Cell::toned("baseline", Tone::Quiet),
    None => dash(),
});
pub(super) const HITS: Col = Col("> hits", |it| percent(it.numbers.hit_rate).into());
pub(super) const HITS_BY_COST: Col = Col("> by cost", |it| percent(it.numbers.hit_rate_by_cost).into());
pub(super) const COMPILED: Col = Col("> compiled", |it| count(it.numbers.compiled).into());
pub(super) const PLAN: Col = Col("> plan", |it| timed(it, it.numbers.plan_s));
pub(super) const RESTORE: Col = Col("> restore", |it| timed(it, it.numbers.restore_s));
pub(super) const PUBLISH: Col = Col("> publish", |it| timed(it, it.numbers.publish_s));
pub(super) const PUBLISH_SHARE: Col = Col("> of wall", |it| {
    let share = it.numbers.publish_s.zip(it.numbers.wall_s).filter(|(_, wall)| *wall > 0.0 && it.is_timed());
    percent(share.map(|(part, wall)| part / wall)).into()
});
pub(super) const FILES: Col = Col("> files", |it| count(restored_files(it)).into());
/// Milliseconds of restoring per file; an in-place link brings a whole directory.
pub(super) const PER_FILE: Col = Col("> per file", |it| {
    let each = it
        .numbers
        .restore_s
        .zip(restored_files(it))
        .filter(|_| it.is_timed() && it.link.as_deref() != Some("in-place"));
    each.map_or(dash(), |(time, files)| format!("{:.2} ms", 1e3 * time / files).into())
});
pub(super) const MECHANISM: Col = Col("brought by", |it| {
    let files = &it.numbers;
    let kinds = [
        (files.hardlinked, "hardlinked"),
        (files.reflinked, "reflinked"),
        (files.copied, "copied"),
        (files.symlinked, "symlinked"),
        (files.private_files, "private"),
    ];
    let some = kinds.iter().filter_map(|(n, what)| Some((n.filter(|n| *n > 0.0)?, what)));
    let some: Vec<String> = some.map(|(n, what)| format!("{} {what}", count(Some(n)))).collect();
    if some.is_empty() { dash() } else { some.join(", ").into() }
});
pub(super) const STORE: Col = Col("> store", |it| bytes(it.numbers.store_allocated_bytes).into());
pub(super) const ALL: Col = Col("> all on disk", |it| bytes(it.numbers.all_physical_bytes).into());
pub(super) const ADDED: Col = Col("> added", |it| bytes(it.numbers.added_physical_bytes).into());
pub(super) const PROMISED: Col = Col("> promised", |it| bytes(it.numbers.promised_bytes).into());
/// What it freed.
pub(super) const FREED: Col = Col("> freed", |it| bytes(it.numbers.added_physical_bytes.map(|added| -added)).into());
pub(super) const NOOP: Col = Col("> no-op after", |it| timed(it, it.numbers.noop_s));
/// Units restored and yet rebuilt.
pub(super) const STALE: Col = Col("> stale", |it| match it.numbers.stale {
    Some(stale) if stale > 0.0 => Cell::toned(count(Some(stale)), Tone::Bad),
    stale => count(stale).into(),
});
/// Shadow compiles: the same, different, not reproducible themselves.
pub(super) const SHADOW: Col = Col("shadow: same / differ / unclear", |it| match &it.shadow {
    None => dash(),
    Some(it) => {
        let text = format!("{} / {} / {}", it.same, it.differs, it.nondeterministic);
        Cell::toned(text, if it.differs > 0 { Tone::Bad } else { Tone::Plain })
    }
});

/// What was not measured.
pub(super) fn dash() -> Cell {
    UNMEASURED.into()
}

fn timed(arm: &StepArm<'_>, value: Option<f64>) -> Cell {
    seconds(value.filter(|_| arm.is_timed())).into()
}

/// Files brought back, by whatever way.
pub(super) fn restored_files(arm: &ArmAnalysis) -> Option<f64> {
    let files = &arm.numbers;
    let known = [files.hardlinked, files.reflinked, files.copied, files.symlinked, files.private_files];
    known.into_iter().flatten().reduce(|a, b| a + b).filter(|sum| *sum > 0.0)
}

pub(super) fn table(caption: &str, arms: &[StepArm<'_>], columns: &[Col]) -> Grid {
    let mut heads = vec!["run", "file system", "step", "strategy"];
    heads.extend(columns.iter().map(|column| column.0));
    heads.push("n");
    let mut grid = Grid::new(caption, &heads);
    for arm in arms {
        let place = [arm.label(), arm.file_system().into(), arm.step.step.clone(), arm.name().into()];
        let mut row: Vec<Cell> = place.into_iter().map(Cell::from).collect();
        row.extend(columns.iter().map(|column| (column.1)(arm)));
        row.push(arm.n().into());
        grid.row(row);
    }
    grid
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct UnitShare {
    pub units: f64,
    pub cost_s: f64,
    pub bytes: f64,
    /// Restored, and Cargo called them fresh.
    pub hits: f64,
    pub refused: f64,
}

impl UnitShare {
    /// Of the units that are wanted, a mean over rounds.
    pub fn of(arm: &StepArm<'_>, wanted: impl Fn(&UnitRow) -> bool) -> Self {
        let rounds = arm.rounds().max(1) as f64;
        let mut share = Self::default();
        for unit in arm.units().into_iter().filter(|unit| wanted(unit)) {
            share.units += 1.0;
            share.cost_s += unit.cost_s.unwrap_or(0.0);
            share.bytes += unit.bytes.unwrap_or(0) as f64;
            share.hits += f64::from(u8::from(unit.outcome == Some(Outcome::Hit)));
            share.refused += f64::from(u8::from(unit.outcome == Some(Outcome::Refused)));
        }
        // Whole numbers are summed first, so that whole means come out whole.
        let Self { units, cost_s, bytes, hits, refused } = share;
        Self {
            units: units / rounds,
            cost_s: cost_s / rounds,
            bytes: bytes / rounds,
            hits: hits / rounds,
            refused: refused / rounds,
        }
    }
}

/// A name for some units, and which they are.
pub(super) type UnitSelection<'k> = (&'k str, fn(&UnitRow) -> bool);

/// A row for each arm and kind of unit: shares of units and compile seconds, and outcomes.
pub(super) fn kinds(caption: &str, arms: &[StepArm<'_>], kinds: &[UnitSelection<'_>]) -> Grid {
    let heads = heads(
        "run | step | strategy | units that are | > units | > of all | > compile time | > of all | \
 > bytes | > hits | > refused | n",
    );
    let mut grid = Grid::new(caption, &heads);
    for arm in arms {
        let all = UnitShare::of(arm, |_| true);
        if all.units == 0.0 {
            continue;
        }
        for (name, wanted) in kinds {
            let it = UnitShare::of(arm, wanted);
            grid.row([
                arm.label(),
                arm.step.step.clone(),
                arm.name().to_owned(),
                (*name).to_owned(),
                count(Some(it.units)),
                percent(Some(it.units / all.units)),
                seconds(Some(it.cost_s)),
                percent((all.cost_s > 0.0).then(|| it.cost_s / all.cost_s)),
                if it.bytes > 0.0 { bytes(Some(it.bytes)) } else { UNMEASURED.into() },
                count(Some(it.hits)),
                count(Some(it.refused)),
                arm.n(),
            ]);
        }
    }
    grid
}

/// Units with one outcome by reason: units and compile seconds, per round, worst first.
pub(super) fn reasons(arm: &StepArm<'_>, outcomes: &[Outcome]) -> Vec<(String, f64, f64)> {
    let rounds = arm.rounds().max(1) as f64;
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for unit in arm.units() {
        if let Some(outcome) = unit.outcome.filter(|outcome| outcomes.contains(outcome)) {
            let reason = match outcome {
                Outcome::Dup | Outcome::Stale => outcome.to_string(),
                _ => unit.reason.clone(),
            };
            let sum = sums.entry(reason).or_default();
            sum.0 += 1.0;
            sum.1 += unit.cost_s.unwrap_or(0.0);
        }
    }
    let mut list: Vec<(String, f64, f64)> =
        sums.into_iter().map(|(why, (units, cost))| (why, units / rounds, cost / rounds)).collect();
    list.sort_by(|a, b| b.2.total_cmp(&a.2));
    list
}

/// A table of [`reasons`] by strategy; arms of one step and key policy are shown once.
pub(super) fn reasons_table(caption: &str, arms: &[StepArm<'_>], outcomes: &[Outcome]) -> Grid {
    let mut grid = Grid::new(caption, &["run", "step", "strategy", "reason", "> units", "> compile time lost", "n"]);
    for arm in arms {
        for (why, units, cost) in reasons(arm, outcomes) {
            grid.row([
                arm.label(),
                arm.step.step.clone(),
                arm.name().to_owned(),
                why,
                count(Some(units)),
                seconds(Some(cost)),
                arm.n(),
            ]);
        }
    }
    grid
}

/// One arm for each run, step, integration and key policy: arms that differ in their links
/// and stores alone reuse the same units.
pub(super) fn one_per_policy<'a>(arms: &[StepArm<'a>]) -> Vec<StepArm<'a>> {
    let mut first: Vec<StepArm<'a>> = Vec::new();
    for arm in arms.iter().filter(|arm| arm.key.is_some()) {
        let same = |it: &&StepArm<'_>| it.shares_step(arm) && it.key == arm.key && it.integration == arm.integration;
        if !first.iter().any(|it| same(&it)) {
            first.push(*arm);
        }
    }
    first
}
