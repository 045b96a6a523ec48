//! Tables of arms: where each row comes from, then the columns an answer asks for, then n.

use super::evidence::Arm;
use super::words::{estimate, plural};
use crate::analysis::ArmAnalysis;
use crate::document::{Cell, Grid, Tone};
use crate::stats::Verdict;
use crate::table::{UNMEASURED, bytes, count, percent, seconds};

/// A column: its head and what stands in it. A head that begins with `>` is of numbers.
#[derive(Clone, Copy)]
pub(super) struct Col(pub &'static str, pub fn(&Arm<'_>) -> Cell);

/// Seconds, sum over workspaces of the median round.
pub(super) const WALL: Col = Col("> wall", |it| if it.is_timed() { seconds(it.numbers.wall_s).into() } else { dash() });
/// Against the baseline, with its interval.
pub(super) const RATIO: Col = Col("> vs baseline", |it| match it.wall.as_ref().filter(|_| it.is_timed()) {
    Some(wall) => estimate(&wall.judgement).into(),
    None => dash(),
});
/// What that comes to.
pub(super) const VERDICT: Col = Col("verdict", |it| match it.verdict().filter(|_| it.is_timed()) {
    Some(verdict @ Verdict::Faster) => Cell::toned(verdict.as_str(), Tone::Good),
    Some(verdict @ Verdict::Slower) => Cell::toned(verdict.as_str(), Tone::Bad),
    Some(verdict) => Cell::toned(verdict.as_str(), Tone::Quiet),
    None if it.is_baseline() => Cell::toned("baseline", Tone::Quiet),
    None => dash(),
});
/// Units reused of all.
pub(super) const HITS: Col = Col("> hits", |it| percent(it.numbers.hit_rate).into());
/// The same by compile seconds.
pub(super) const HITS_BY_COST: Col = Col("> by cost", |it| percent(it.numbers.hit_rate_by_cost).into());
/// Units that Cargo ran.
pub(super) const COMPILED: Col = Col("> compiled", |it| count(it.numbers.compiled).into());
/// Seconds of planning.
pub(super) const PLAN: Col = Col("> plan", |it| timed(it, it.numbers.plan_s));
/// Seconds of restoring.
pub(super) const RESTORE: Col = Col("> restore", |it| timed(it, it.numbers.restore_s));
/// Seconds of publishing.
pub(super) const PUBLISH: Col = Col("> publish", |it| timed(it, it.numbers.publish_s));
/// Its part of the wall time.
pub(super) const PUBLISH_SHARE: Col = Col("> of wall", |it| {
    let share = it.numbers.publish_s.zip(it.numbers.wall_s).filter(|(_, wall)| *wall > 0.0 && it.is_timed());
    percent(share.map(|(part, wall)| part / wall)).into()
});
/// Files brought back, private ones too.
pub(super) const FILES: Col = Col("> files", |it| count(restored_files(it)).into());
/// Milliseconds of restoring per file; an in-place link stands for a whole directory.
pub(super) const PER_FILE: Col = Col("> per file", |it| {
    let each =
        it.numbers.restore_s.zip(restored_files(it)).filter(|_| it.is_timed() && it.link.as_deref() != Some("in-place"));
    each.map_or(dash(), |(time, files)| format!("{:.2} ms", 1e3 * time / files).into())
});
/// Files by the way they came.
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
/// Bytes of the store, each inode once.
pub(super) const STORE: Col = Col("> store", |it| bytes(it.numbers.store_allocated_bytes).into());
/// Store and build directories, shared extents once.
pub(super) const ALL: Col = Col("> all on disk", |it| bytes(it.numbers.all_physical_bytes).into());
/// What the step added to that.
pub(super) const ADDED: Col = Col("> added", |it| bytes(it.numbers.added_physical_bytes).into());
/// What a step that cleans said it would free.
pub(super) const PROMISED: Col = Col("> promised", |it| bytes(it.numbers.promised_bytes).into());
/// What it freed.
pub(super) const FREED: Col = Col("> freed", |it| bytes(it.numbers.added_physical_bytes.map(|added| -added)).into());
/// The no-op build afterwards.
pub(super) const NOOP: Col = Col("> no-op after", |it| timed(it, it.numbers.noop_s));
/// Units restored and yet rebuilt.
pub(super) const STALE: Col = Col("> stale", |it| match it.numbers.stale {
    None => UNMEASURED.into(),
    Some(0.0) => "0".into(),
    Some(stale) => Cell::toned(stale.to_string(), Tone::Bad),
});
/// Shadow compiles: the same, different, not to be told.
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

fn timed(arm: &Arm<'_>, value: Option<f64>) -> Cell {
    seconds(value.filter(|_| arm.is_timed())).into()
}

/// Files brought back, by whatever way.
pub(super) fn restored_files(arm: &ArmAnalysis) -> Option<f64> {
    let files = &arm.numbers;
    let known = [files.hardlinked, files.reflinked, files.copied, files.symlinked, files.private_files];
    known.into_iter().flatten().reduce(|a, b| a + b).filter(|sum| *sum > 0.0)
}

/// A row for each arm.
pub(super) fn table(caption: &str, arms: &[Arm<'_>], columns: &[Col]) -> Grid {
    let mut heads = vec!["run", "file system", "step", "strategy"];
    heads.extend(columns.iter().map(|column| column.0));
    heads.push("n");
    let mut grid = Grid::new(caption, &heads);
    for arm in arms {
        let place = [arm.label(), arm.file_system().into(), arm.step.step.clone(), arm.name().into()];
        let mut row: Vec<Cell> = place.into_iter().map(Cell::from).collect();
        row.extend(columns.iter().map(|column| (column.1)(arm)));
        row.push(n(arm).into());
        grid.row(row);
    }
    grid
}

/// `5 rounds × 3 workspaces`.
pub(super) fn n(arm: &Arm<'_>) -> String {
    format!("{} × {}", plural(arm.rounds(), "round"), plural(arm.workspaces, "workspace"))
}
