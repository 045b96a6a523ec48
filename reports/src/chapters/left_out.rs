//! Rows that do not count: which, where, and why.

use super::Scene;
use super::words::first_line;
use crate::document::{Block, Grid, Section};
use crate::table::fit;

/// Longest reason shown; all of it is in the rows.
const LONGEST: usize = 240;

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let mut grid = Grid::new(
        "Rows that enter no number, by status and reason. failed: the build failed; unsupported: the strategy cannot work \
         here; invalid: measured, but a validity gate fired.",
        &["step", "strategy", "status", ">rows", "workspaces", "why"],
    );
    for step in scene.steps {
        for arm in &step.arms {
            for problem in &arm.problems {
                grid.row([
                    step.step.clone(),
                    arm.name().to_owned(),
                    problem.status.to_string(),
                    problem.rows.to_string(),
                    problem.workspaces.join(", "),
                    fit(first_line(&problem.note), LONGEST),
                ]);
            }
        }
    }
    let mut section = Section::new(&scene.id("left-out"), "Rows that do not count", 1);
    let any = !grid.is_empty();
    section.push(Block::Grid(grid));
    any.then_some(section)
}
