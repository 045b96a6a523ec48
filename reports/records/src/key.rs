//! What makes a measured step unique within a run, and which arms are controls.

use super::{StepRow, UnitRow};

/// The columns that `steps.csv` and `units.csv` share: they join the two files,
/// and no two rows of `steps.csv` may agree in all of them. A resumed run skips
/// the keys that are recorded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey {
    /// Name of the run.
    pub run: String,
    /// Round, from 1.
    pub round: u32,
    /// Name of the workspace.
    pub workspace: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step within the scenario.
    pub step: String,
    /// Name of the strategy.
    pub strategy: String,
}

macro_rules! key_of {
    ($row:expr) => {
        Self {
            run: $row.run.clone(),
            round: $row.round,
            workspace: $row.workspace.clone(),
            scenario: $row.scenario.clone(),
            step: $row.step.clone(),
            strategy: $row.strategy.clone(),
        }
    };
}

impl StepKey {
    /// The key of a row of `steps.csv`.
    pub fn of_step(row: &StepRow) -> Self {
        key_of!(row)
    }

    /// The key of the step that a row of `units.csv` belongs to.
    pub fn of_unit(row: &UnitRow) -> Self {
        key_of!(row)
    }
}

impl std::fmt::Display for StepKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { round, workspace, scenario, step, strategy, .. } = self;
        write!(f, "round {round}, {scenario}/{step} of {workspace} with {strategy}")
    }
}

/// The A/A control: the baseline run a second time under another name.
///
/// Both arms do the very same thing, so whatever they differ by is noise: of the
/// machine, of the order, of the paths. A control that comes out faster or slower
/// says that the run cannot resolve differences of that size, whatever its p-values.
/// An arm is a control by its name alone, so that a run folder needs no word for it.
pub mod control {
    /// What the name of a control ends with: `none-again` is the control of `none`.
    pub const CONTROL_SUFFIX: &str = "-again";

    /// The name of the control of an arm.
    pub fn control_of(arm: &str) -> String {
        format!("{arm}{CONTROL_SUFFIX}")
    }

    /// The arm that `name` repeats, if `name` is that of a control.
    pub fn repeated_by(name: &str) -> Option<&str> {
        name.strip_suffix(CONTROL_SUFFIX).filter(|arm| !arm.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::control::{control_of, repeated_by};

    #[test]
    fn a_control_names_what_it_repeats() {
        assert_eq!(control_of("none"), "none-again");
        assert_eq!(repeated_by(&control_of("rustc:hardlink+aggressive")), Some("rustc:hardlink+aggressive"));
        assert_eq!(repeated_by("none"), None);
        assert_eq!(repeated_by("-again"), None);
    }
}
