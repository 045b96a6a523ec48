//! Q8: a coarse lock, one for each unit, or none?
//!
//! Looked for: the scenario contention, several Cargos at once; stories of races and kills.
//! Counts of a row are sums over its Cargos: with four of them on the same work, units
//! compiled ÷ units of one build says how often the same work was done.

use crate::document::Grid;
use crate::review::answer::{Answer, State};
use crate::review::command::{self, LINKS, ONE};
use crate::review::evidence::{Arm, Evidence};
use crate::review::tables::{COMPILED, RATIO, VERDICT, WALL, n, table};
use crate::review::told;
use crate::review::words::{place, seen, tell_walls};
use crate::table::count;

const SCENARIO: &str = "contention";

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let names = evidence.steps_of(SCENARIO);
    let arms = evidence.steps(Some(SCENARIO), &names);
    answer.grid(table("Several Cargos at once on one store.", &arms, &[WALL, RATIO, VERDICT, COMPILED]));
    let caption = "How often the same work was done: units compiled by all Cargos ÷ units of one build.";
    let mut grid =
        Grid::new(caption, &["run", "step", "strategy", "> Cargos", "> compiled", "> one build", "> times", "n"]);
    for arm in &arms {
        let Some(it) = Repeats::of(arm) else { continue };
        let times = it.compiled / it.one;
        grid.row([
            arm.label(),
            arm.step.step.clone(),
            arm.name().to_owned(),
            count(Some(it.builds)),
            count(Some(it.compiled)),
            count(Some(it.one)),
            format!("{times:.2}"),
            n(arm),
        ]);
        if arm.step.step == "same" && arm.store.is_some() {
            let verdict =
                if times > 1.05 { "builds did not wait for each other" } else { "no unit was compiled twice" };
            answer.supports(format!(
                "{}: {} Cargos of {} on the same work compiled each unit {times:.2} times: {verdict} ({})",
                place(arm),
                it.builds,
                arm.name(),
                n(arm),
            ));
        }
    }
    answer.grid(grid);
    let of = |steps: &[&str]| -> Vec<Arm<'_>> {
        arms.iter().filter(|it| steps.contains(&it.step.step.as_str()) && !it.is_baseline()).copied().collect()
    };
    let command = command::compare(SCENARIO, ONE);
    for (what, step) in [
        ("wall time on the same work", "same"),
        ("wall time on the same work from a filled store", "same-warm"),
        ("wall time on overlapping work", "overlapping"),
        ("wall time on disjoint work", "disjoint"),
    ] {
        let state = tell_walls(&mut answer, &of(&[step]));
        answer.part(what, state, &command);
    }
    answer.part("units compiled twice", seen(&of(&["same"])), &command);
    let races = told::families(evidence, &["races"]);
    let races = told::tell(&mut answer, "probes of the family races", &races);
    let kills = told::stories(evidence, |row| row.probe.starts_with("killed-while-"));
    let kills = State::of(kills.iter().any(told::Story::is_told));
    answer.part("builds at once stay right", races, command::probe("races", LINKS));
    answer.part("kill -9", kills, command::probe("killed-while-*", LINKS));
    answer.out_of_reach(
        "file descriptors held by locks",
        "Stores here take one lock for a build, whatever the number of units; no record counts descriptors.",
    );
    if !arms.is_empty() {
        answer.limits(
            "other ways of locking: every caching arm here reads without a lock, and the first publisher wins; none \
             waits for another build's unit",
        );
    }
    answer
}

struct Repeats {
    builds: f64,
    compiled: f64,
    one: f64,
}

impl Repeats {
    fn of(arm: &Arm<'_>) -> Option<Self> {
        let rows = arm.rows();
        let builds = rows.iter().filter_map(|row| row.builds).max()? as f64;
        let units: u64 = rows.iter().filter_map(|row| row.units).sum();
        let compiled: u64 = rows.iter().filter_map(|row| row.compiled).sum();
        let rounds = arm.rounds().max(1) as f64;
        let one = units as f64 / builds / rounds;
        (one > 0.0 && builds > 1.0).then_some(Self { builds, compiled: compiled as f64 / rounds, one })
    }
}
