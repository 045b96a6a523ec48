//! One strategy in one step: what it took, reused and left on the disk.

use super::aggregate::ratio;
use super::metrics::{ArmNumbers, ArmRows};
use crate::stats::{Comparison, Verdict, WorkspaceRatio};
use crate::text::clean;
use crate::words::gathered;
use itertools::Itertools as _;
use records::{Status, StepRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One strategy in one step, over all its workspaces. Only `ok` rows enter its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmAnalysis {
    /// Full name of the strategy.
    pub strategy: String,
    /// Where it hooks in; `None` for a baseline.
    pub integration: Option<String>,
    /// Its key policy, if it has one.
    pub key: Option<String>,
    /// Its link mode, if it has one.
    pub link: Option<String>,
    /// The shape of its store, if it has one.
    pub store: Option<String>,
    /// Workspaces with at least one `ok` row.
    pub workspaces: usize,
    /// Rounds with at least one `ok` row.
    pub rounds: Vec<u32>,
    /// Every metric.
    pub numbers: ArmNumbers,
    /// The ratio of `wall`; 1 for the baseline, and `None` for a control that repeats another arm.
    pub against_baseline: Option<f64>,
    /// Workspaces that entered it.
    pub paired_workspaces: usize,
    /// The same of user and system time, which others disturb less.
    pub cpu_against_baseline: Option<f64>,
    /// `against_baseline` of the rows at each place of the order in which workspaces share a store, from the first;
    /// empty where they share none, or the run does not say.
    pub by_store_position: Vec<Option<f64>>,
    /// Of its `ok` rows, how many others disturbed, and the largest share of the processor time that they took.
    pub disturbed: Option<(usize, f64)>,
    /// Whether nothing was compiled and nothing restored in any row: the build directory held everything.
    pub is_noop: bool,
    /// Its wall time against the baseline's; `None` for the baseline itself. A control is
    /// compared with the arm that it repeats.
    pub wall: Option<Comparison>,
    /// What compiling its hits anyway showed; `None` where that was not done.
    pub shadow: Option<ShadowCounts>,
    /// Rows that are not `ok`, by reason.
    pub problems: Vec<Problem>,
    /// Rows whose store held a changed blob.
    pub damaged: usize,
}

/// Rows of one arm that are not `ok` for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// `failed`, `unsupported` or `invalid`.
    #[schemars(with = "String")]
    pub status: Status,
    /// Why.
    pub note: String,
    /// The workspaces, in order of appearance.
    pub workspaces: Vec<String>,
    /// How many rows.
    pub rows: usize,
}

/// The hits of one arm in one step that were compiled anyway; all `ok` rows together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShadowCounts {
    /// Hits that a compile reproduces byte for byte.
    pub same: u64,
    /// Hits that no compile reproduces.
    pub differs: u64,
    /// Hits on which compiles do not agree with each other.
    pub nondeterministic: u64,
    /// The notes of rows with such hits, each with its workspace.
    pub notes: Vec<String>,
}

impl ShadowCounts {
    /// Of the `ok` rows of an arm; `None` where none was checked.
    fn of(ok: &[&StepRow]) -> Option<Self> {
        let checked: Vec<&&StepRow> = ok.iter().filter(|row| row.shadow_same.is_some()).collect();
        let sum = |of: fn(&StepRow) -> Option<u64>| checked.iter().filter_map(|row| of(row)).sum();
        let odd = checked.iter().filter(|row| row.shadow_differs.max(row.nondeterministic) > Some(0));
        let noted = odd.filter(|row| !row.note.trim().is_empty());
        (!checked.is_empty()).then(|| Self {
            same: sum(|row| row.shadow_same),
            differs: sum(|row| row.shadow_differs),
            nondeterministic: sum(|row| row.nondeterministic),
            notes: noted.map(|row| format!("{}: {}", row.workspace, clean(&row.note))).unique().collect(),
        })
    }

    /// All hits that were checked.
    pub fn all(&self) -> u64 {
        self.same + self.differs + self.nondeterministic
    }
}

impl ArmAnalysis {
    /// From all rows of an arm, those of them that count, and the baseline's.
    pub(super) fn of(strategy: &str, rows: &[&StepRow], counted: &ArmRows<'_>, baseline: &[&StepRow]) -> Self {
        let at = |position: u64| {
            let here: Vec<&StepRow> =
                counted.ok.iter().copied().filter(|row| row.store_position == Some(position)).collect();
            ratio(&here, baseline, |row| row.wall_s)
        };
        let positions = counted.ok.iter().filter_map(|row| row.store_position).max().filter(|most| *most > 1);
        let disturbed: Vec<f64> = counted.ok.iter().filter_map(|row| row.disturbed()).collect();
        let text = |of: fn(&StepRow) -> &Option<String>| rows.first().and_then(|row| of(row).clone());
        let mut rounds: Vec<u32> = counted.ok.iter().map(|row| row.round).collect();
        rounds.sort_unstable();
        rounds.dedup();
        Self {
            strategy: strategy.into(),
            integration: text(|row| &row.integration),
            key: text(|row| &row.key),
            link: text(|row| &row.link),
            store: text(|row| &row.store),
            workspaces: counted.built,
            rounds,
            numbers: ArmNumbers::of(counted),
            against_baseline: None,
            paired_workspaces: 0,
            cpu_against_baseline: ratio(&counted.ok, baseline, |row| Some(row.user_s? + row.sys_s?)),
            by_store_position: (1..=positions.unwrap_or(0)).map(at).collect(),
            disturbed: disturbed.iter().copied().reduce(f64::max).map(|most| (disturbed.len(), most)),
            is_noop: !counted.ok.is_empty()
                && counted.ok.iter().all(|row| (row.compiled, row.restored) == (Some(0), Some(0))),
            wall: None,
            shadow: ShadowCounts::of(&counted.ok),
            problems: problems(rows),
            damaged: rows.iter().filter(|row| row.store_intact == Some(false)).count(),
        }
    }

    /// Full name of the strategy.
    pub fn name(&self) -> &str {
        &self.strategy
    }

    /// The same comparison in each workspace alone.
    pub fn cells(&self) -> &[WorkspaceRatio] {
        self.wall.as_ref().map_or(&[], |wall| &wall.workspaces)
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

fn problems(rows: &[&StepRow]) -> Vec<Problem> {
    let bad = rows.iter().filter(|row| row.status != Status::Ok);
    let problem = |((status, note), workspaces): ((Status, &String), Vec<&String>)| Problem {
        status,
        note: note.clone(),
        rows: workspaces.len(),
        workspaces: workspaces.into_iter().unique().cloned().collect(),
    };
    gathered(bad.map(|row| ((row.status, &row.note), &row.workspace))).into_iter().map(problem).collect()
}
