//! Q18: from which bandwidth on fetching beats compiling, by a model of transfers.

use super::{known, sims};
use crate::document::Grid;
use crate::review::answer::{Answer, State};
use crate::review::evidence::Evidence;
use crate::simulation::moved::{megabits, moved, ratio};
use crate::table::{bytes, percent};

pub(in crate::review) fn remote(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = sims(evidence, |run| !run.remote.is_empty());
    let caption = "An empty machine that fetches what others have built, simulated: time ÷ time of compiling all, sums over \
                   workspaces; chosen: fetching what is worth it.";
    let heads =
        ["run", "command", "policy", "> ms latency", "> Mbit/s", "> available", "> moved", "> fetch all", "> chosen"];
    let mut grid = Grid::new(caption, &heads);
    for sim in &all {
        for moved in moved(sim.run).iter().flatten() {
            for row in &moved.rows {
                let names = [sim.label(), row.command.clone(), row.policy.clone()];
                let network = [row.latency_s * 1e3, megabits(row.bits_per_s)];
                let network = network.map(|value| format!("{}", (value * 1e3).round() / 1e3));
                let what = [percent(Some(row.available)), bytes(Some(row.moved_bytes))];
                let times = [percent(ratio(row, row.fetch_s)), percent(ratio(row, row.choose_s))];
                grid.row(names.into_iter().chain(network).chain(what).chain(times));
            }
            let row = moved.setup();
            answer.supports(format!(
                "{}: with {} ms latency, fetching everything available beats compiling {} ({}, {})",
                sim.place(),
                (row.latency_s * 1e6).round() / 1e3,
                moved.break_even(|row| row.fetch_s).words(),
                row.command,
                row.policy,
            ));
        }
        answer.limits(format!(
            "{}: that keys and bytes are the same on another machine: it assumes so, and models the network",
            sim.label()
        ));
    }
    answer.grid(grid);
    known(answer, &all, false)
}
