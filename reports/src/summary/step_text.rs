//! The table of one step: what every arm took, reused and left on the disk.

use super::shadow::shadow_lines;
use super::text::plural;
use super::{ArmSummary, Options, Problem, StepSummary, WallRounds};
use crate::table::{Align, Table, bytes, count, factor, fit, percent, seconds, wrap};
use std::fmt::Write;

/// Which sizes a run can show; there is no room for both kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disk {
    /// Allocated bytes, of the store and of the build directories.
    Allocated,
    /// Physical bytes, of all together and of what a step added: the ones that tell
    /// the truth where files share their extents.
    Physical,
}

impl Disk {
    /// Physical where it was measured at all: the same in every table of a run.
    pub(super) fn of(steps: &[StepSummary]) -> Self {
        let measured = |arm: &ArmSummary| arm.all_physical_bytes.is_some();
        if steps.iter().flat_map(|step| &step.arms).any(measured) { Disk::Physical } else { Disk::Allocated }
    }

    /// What the columns mean.
    pub(super) fn legend(self, alone: bool) -> &'static str {
        match (self, alone) {
            (Disk::Allocated, false) => "allocated bytes, store at its largest, build directories summed",
            (Disk::Allocated, true) => {
                "allocated bytes, summed over workspaces, each of which has a store and build directories of its own"
            }
            (Disk::Physical, false) => {
                "physical bytes, all: store and build directories together after the step's last workspace, \
                 added: by the step, summed over workspaces"
            }
            (Disk::Physical, true) => {
                "physical bytes, summed over workspaces, each of which has a store and build directories of its \
                 own, all: store and build directories together after the step, added: by the step"
            }
        }
    }

    fn columns(self) -> [Column; 2] {
        match self {
            Disk::Allocated => {
                [("disk:\nstore", |arm| bytes(arm.store_bytes)), ("disk:\nbuilds", |arm| bytes(arm.tree_bytes))]
            }
            Disk::Physical => [ALL, ("disk:\nadded", |arm| bytes(arm.added_physical_bytes))],
        }
    }
}

/// A head, and what stands below it.
type Column = (&'static str, fn(&ArmSummary) -> String);

const ALL: Column = ("disk:\nall", |arm| bytes(arm.all_physical_bytes));

/// What a step that builds shows, but its disk.
const BUILDS: [Column; 4] = [
    ("hits", |arm| percent(arm.hit_rate)),
    ("hits\nby cost", |arm| percent(arm.hit_rate_by_cost)),
    ("units\ncompiled", |arm| count(arm.compiled)),
    ("rustc\nruns", |arm| count(arm.rustc_runs)),
];

/// What a step that cleans shows instead.
const CLEANS: [Column; 3] = [
    ("promised", |arm| bytes(arm.promised_bytes)),
    ("freed", |arm| bytes(arm.added_physical_bytes.map(|added| 0.0 - added))),
    ALL,
];

fn columns(step: &StepSummary, disk: Disk) -> Vec<Column> {
    if step.cleans() { CLEANS.to_vec() } else { [&BUILDS[..], &disk.columns()].concat() }
}

/// A caption, the table, its footnotes, what compiling the hits anyway showed.
pub(super) fn step_table(step: &StepSummary, disk: Disk, options: &Options) -> String {
    let mut out = wrap(
        &format!(
            "step {} of scenario {}: {} × {}",
            step.step,
            step.scenario,
            plural(step.workspaces, "workspace"),
            plural(step.rounds, "round"),
        ),
        options.width,
        2,
    );
    let against = format!("vs\n{}", fit(&options.baseline, 12));
    let columns = columns(step, disk);
    let mut heads = vec![("strategy", Align::Flexible), ("wall", Align::Right), (&against, Align::Right)];
    heads.extend(columns.iter().map(|(head, _)| (*head, Align::Right)));
    heads.push(("", Align::Left));
    let mut table = Table::new(&heads);
    let mut notes: Vec<String> = Vec::new();
    for arm in &step.arms {
        if arm.workspaces == 0 {
            let why: Vec<String> = arm.problems.iter().map(|it| problem(it, step)).collect();
            table.across(&arm.strategy, &why.join("; "));
            continue;
        }
        let mark = note(arm, step, options).map(|note| {
            notes.push(note);
            format!("[{}]", notes.len())
        });
        let mut cells = vec![arm.strategy.clone(), seconds(arm.wall_s), factor(arm.against_baseline)];
        cells.extend(columns.iter().map(|(_, cell)| cell(arm)));
        cells.extend(mark);
        table.row(cells);
    }
    out.push_str(&table.render(options.width));
    for (at, note) in notes.iter().enumerate() {
        out.push_str(&wrap(&format!("[{}] {note}", at + 1), options.width, 4));
    }
    if let WallRounds::Shared(rounds) = &step.wall_rounds {
        let line = format!("wall: over {}, the rounds of all arms; all else over each arm's own", rounds_named(rounds));
        out.push_str(&wrap(&line, options.width, 2));
    }
    out + &shadow_lines(step, options)
}

/// What a reader must know before taking an arm's numbers at face value.
fn note(arm: &ArmSummary, step: &StepSummary, options: &Options) -> Option<String> {
    let mut parts: Vec<String> = arm.problems.iter().map(|it| problem(it, step)).collect();
    if arm.workspaces < step.workspaces {
        parts.push(format!("numbers over {} of {} workspaces", arm.workspaces, step.workspaces));
    }
    if arm.paired_workspaces < arm.workspaces && arm.strategy != options.baseline {
        parts.push(format!("ratio over {} of {} workspaces", arm.paired_workspaces, step.workspaces));
    }
    if step.wall_rounds == WallRounds::Own {
        parts.push(format!("wall over {}, which not all arms share", rounds_named(&arm.rounds)));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// `rounds 1–5, 7`.
fn rounds_named(rounds: &[u32]) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for round in rounds {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *round => *last = *round,
            _ => spans.push((*round, *round)),
        }
    }
    let span = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}–{last}") };
    let named: Vec<String> = spans.iter().map(span).collect();
    format!("{} {}", if rounds.len() == 1 { "round" } else { "rounds" }, named.join(", "))
}

fn problem(problem: &Problem, step: &StepSummary) -> String {
    let mut text = problem.status.to_string();
    if problem.workspaces.len() < step.workspaces {
        let _ = write!(text, " in {}", problem.workspaces.join(", "));
    }
    if problem.rows < problem.workspaces.len() * step.rounds {
        let _ = write!(text, " ({})", plural(problem.rows, "row"));
    }
    let note = problem.note.trim();
    let note = if note.is_empty() { "no reason recorded" } else { note };
    let _ = write!(text, ": {}", fit(&crate::table::clean(note), 200));
    text
}
