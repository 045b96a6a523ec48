//! What compiling every hit anyway showed: counts per arm, and the lines below a table.

use super::steps::distinct;
use super::text::plural;
use super::{Options, StepSummary};
use crate::table::{clean, count, fit, wrap};
use records::StepRow;

/// The hits of one arm in one step that were compiled anyway; all `ok` rows together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShadowSummary {
    /// Hits that a compile reproduces byte for byte.
    pub same: u64,
    /// Hits that no compile reproduces.
    pub differs: u64,
    /// Hits on which compiles do not agree with each other.
    pub nondeterministic: u64,
    /// What the rows with such hits say of them, each by its workspace.
    pub notes: Vec<String>,
}

impl ShadowSummary {
    /// Of the `ok` rows of an arm; `None` where none was checked.
    pub(super) fn of(ok: &[&StepRow]) -> Option<Self> {
        let checked: Vec<&&StepRow> = ok.iter().filter(|row| row.shadow_same.is_some()).collect();
        let sum = |of: fn(&StepRow) -> Option<u64>| checked.iter().filter_map(|row| of(row)).sum();
        let odd = checked.iter().filter(|row| row.shadow_differs.max(row.nondeterministic) > Some(0));
        let noted = odd.filter(|row| !row.note.trim().is_empty());
        (!checked.is_empty()).then(|| Self {
            same: sum(|row| row.shadow_same),
            differs: sum(|row| row.shadow_differs),
            nondeterministic: sum(|row| row.nondeterministic),
            notes: distinct(noted.map(|row| format!("{}: {}", row.workspace, clean(&row.note)))),
        })
    }

    fn all(&self) -> u64 {
        self.same + self.differs + self.nondeterministic
    }
}

/// A line for every arm with hits that are not the same, and one for the step; nothing
/// where no hit was checked.
pub(super) fn shadow_lines(step: &StepSummary, options: &Options) -> String {
    let checked: Vec<_> = step.arms.iter().filter_map(|arm| Some((arm, arm.shadow.as_ref()?))).collect();
    if checked.is_empty() {
        return String::new();
    }
    let sum = |of: fn(&ShadowSummary) -> u64| checked.iter().map(|(_, shadow)| of(shadow)).sum::<u64>();
    let number = |of: u64| count(Some(of as f64));
    let mut out = String::new();
    for (arm, shadow) in &checked {
        let found = [
            (shadow.differs, "with other bytes than a compile"),
            (shadow.nondeterministic, "that compile to other bytes each time"),
        ];
        let found: Vec<String> =
            found.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", number(*n))).collect();
        if !found.is_empty() {
            let notes = fit(&shadow.notes.join("; "), 200);
            let example = if notes.is_empty() { String::new() } else { format!(" ({notes})") };
            let hits = plural(shadow.all() as usize, "hit");
            let line = format!("shadow: {}: of {hits} {}{example}", arm.strategy, found.join(", "));
            out.push_str(&wrap(&line, options.width, 2));
        }
    }
    let hits = plural(sum(ShadowSummary::all) as usize, "hit");
    let line =
        format!("shadow: {hits} compiled anyway, all rounds and arms, {} found the same", number(sum(|it| it.same)));
    out + &wrap(&line, options.width, 2)
}
