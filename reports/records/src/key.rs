//! What makes a measured step unique within a run.

use super::{StepRow, UnitRow};

/// The columns that `steps.csv` and `units.csv` share: they join the two files,
/// and no two rows of `steps.csv` may agree in all of them. A resumed run skips
/// the keys it already holds.
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

impl StepKey {
    /// The key of a row of `steps.csv`.
    pub fn of_step(row: &StepRow) -> Self {
        Self {
            run: row.run.clone(),
            round: row.round,
            workspace: row.workspace.clone(),
            scenario: row.scenario.clone(),
            step: row.step.clone(),
            strategy: row.strategy.clone(),
        }
    }

    /// The key of the step that a row of `units.csv` belongs to.
    pub fn of_unit(row: &UnitRow) -> Self {
        Self {
            run: row.run.clone(),
            round: row.round,
            workspace: row.workspace.clone(),
            scenario: row.scenario.clone(),
            step: row.step.clone(),
            strategy: row.strategy.clone(),
        }
    }
}

impl std::fmt::Display for StepKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { round, workspace, scenario, step, strategy, .. } = self;
        write!(f, "round {round}, {scenario}/{step} of {workspace} with {strategy}")
    }
}
