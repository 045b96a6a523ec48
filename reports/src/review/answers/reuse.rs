//! Q2: is there enough reuse between projects at all?
//!
//! Looked for: a first build of several workspaces in turn on one store that was empty. What
//! the n-th of them reuses, the ones before it have built; the first has nothing to reuse. And
//! simulations, which replay many workspaces in many orders.

use crate::document::Grid;
use crate::plot::{Chart, Line, Plot, Unit};
use crate::review::answer::{Answer, State};
use crate::review::command::{self, ONE};
use crate::review::evidence::{Arm, Evidence};
use crate::review::shares::{one_per_policy, reasons, reasons_table};
use crate::review::simulated::{self, MANY};
use crate::review::words::{place, plural, seen};
use crate::stats::median;
use crate::table::{percent, seconds};
use records::{Outcome, StepRow};

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(None, &["fill"]);
    // Where workspaces are told of alone, none can help another.
    arms.retain(|it| !it.run.analysis.info.alone() && it.workspaces > 1 && it.numbers.hit_rate.is_some());
    let keyed = one_per_policy(&arms);
    arms.retain(|it| it.key.is_none() || keyed.iter().any(|kept| kept.is_beside(it) && kept.name() == it.name()));
    let caption = "First builds in turn, from an empty store: what each workspace reused of those before it.";
    let mut grid = Grid::new(caption, &["run", "strategy", "> place", "workspace", "> hits", "> by cost", "> rounds"]);
    let (mut lines, mut curves) = (Vec::new(), Vec::new());
    for arm in &arms {
        let built = in_order(arm);
        for (at, it) in built.iter().enumerate() {
            let rate = |value: Option<f64>| percent(value);
            let place = (at + 1).to_string();
            let (hits, cost) = (rate(it.hits), rate(it.by_cost));
            let (run, name) = (arm.label(), arm.name().to_owned());
            grid.row([run, name, place, it.workspace.to_owned(), hits, cost, it.rounds.to_string()]);
        }
        let points = |(at, it): (usize, &Built<'_>)| Some(((at + 1) as f64, it.by_cost?));
        let points: Vec<(f64, f64)> = built.iter().enumerate().filter_map(points).collect();
        curves.push((arm.name().to_owned(), arm.label(), points.clone()));
        lines.push(Line { name: format!("{} ({})", arm.name(), arm.label()), points, band: Vec::new() });
        tell(&mut answer, arm, &built);
    }
    answer.grid(grid);
    if lines.iter().any(|line| line.points.len() > 2) {
        answer.plot(Plot {
            id: "review-q2-reuse".into(),
            title: "Reuse between projects".into(),
            finding: finding(&curves),
            chart: Chart::Lines {
                x: "projects built".into(),
                y: "reused, by compile seconds".into(),
                unit: Unit::Share,
                log_x: false,
                lines,
            },
        });
    }
    answer.grid(reasons_table("Why first builds missed, a round.", &keyed, &[Outcome::Miss, Outcome::Dup]));
    let simulated = simulated::reuse(&mut answer, evidence);
    let command = command::compare_many("gauntlet", ONE);
    answer.part("reuse between first builds", seen(&arms), &command);
    let missed = arms.iter().any(|arm| arm.units().iter().any(|unit| unit.outcome == Some(Outcome::Miss)));
    let missed = if missed { seen(&keyed) } else { State::Missing };
    answer.part("why units miss", missed.max(simulated.misses), &command);
    let many: Vec<Arm<'_>> = arms.iter().filter(|it| it.workspaces >= MANY as usize).copied().collect();
    answer.part(&format!("the same over {MANY} projects or more"), seen(&many).max(simulated.many), &command);
    if many.is_empty() && simulated.many == State::Missing && !arms.is_empty() {
        let most = arms.iter().map(|it| it.workspaces).max().unwrap_or(0);
        answer.limits(format!(
            "{most} workspaces are an anecdote: how reuse grows with the number of projects is not shown"
        ));
    }
    answer.part("hit rates averaged over orders of many projects", simulated.curve, command::simulate());
    answer
}

/// The name of an arm, its run, and what the n-th project reused.
type Curve = (String, String, Vec<(f64, f64)>);

/// What the last project reused, under the arm for which that is most, and the range of what
/// all after the first did; then how the other arms of its run end.
fn finding(curves: &[Curve]) -> String {
    let last = |curve: &Curve| curve.2.last().copied();
    // Ends are comparable after the same projects of one run.
    let longest = curves.iter().filter_map(last).map(|it| it.0).fold(0.0, f64::max);
    let Some(run) = curves.iter().find(|it| last(it).is_some_and(|it| it.0 >= longest)).map(|it| &it.1) else {
        return "Nothing was reused between projects here.".into();
    };
    let mut ends: Vec<(&Curve, f64)> = curves
        .iter()
        .filter(|it| it.1 == *run)
        .filter_map(|it| Some((it, last(it).filter(|end| end.0 >= longest)?.1)))
        .collect();
    ends.sort_by(|a, b| b.1.total_cmp(&a.1));
    let Some(((name, _, points), share)) = ends.first() else { return String::new() };
    let later: Vec<f64> = points.iter().filter(|it| it.0 > 1.0).map(|it| it.1).collect();
    let least = later.iter().copied().reduce(f64::min);
    let most = later.iter().copied().reduce(f64::max);
    let end = match ends.last() {
        Some(((other, ..), lowest)) if ends.len() > 1 => {
            format!(". Of {} arms there the lowest end is {} ({other})", ends.len(), percent(Some(*lowest)))
        }
        _ => String::new(),
    };
    format!(
        "As project {longest} in one order ({run}), {name} reused {} of the last one's compile seconds; of all after \
         the first, least {}, most {}{end}.",
        percent(Some(*share)),
        percent(least),
        percent(most),
    )
}

/// One workspace, medians over rounds.
struct Built<'a> {
    workspace: &'a str,
    hits: Option<f64>,
    by_cost: Option<f64>,
    rounds: usize,
}

fn in_order<'a>(arm: &Arm<'a>) -> Vec<Built<'a>> {
    let rows = arm.rows();
    let of = |workspace: &'a String| -> Option<Built<'a>> {
        let rows: Vec<&StepRow> = rows.iter().copied().filter(|row| row.workspace == *workspace).collect();
        let middle =
            |of: fn(&StepRow) -> Option<f64>| median(&rows.iter().filter_map(|row| of(row)).collect::<Vec<_>>());
        (!rows.is_empty()).then(|| Built {
            workspace,
            hits: middle(|row| row.hit_rate),
            by_cost: middle(|row| row.hit_rate_by_cost),
            rounds: rows.len(),
        })
    };
    arm.run.analysis.info.corpus.workspaces.iter().filter_map(of).collect()
}

fn tell(answer: &mut Answer, arm: &Arm<'_>, built: &[Built<'_>]) {
    let later: Vec<f64> = built.iter().skip(1).filter_map(|it| it.by_cost).collect();
    let ends = later.iter().copied().reduce(f64::min).zip(later.iter().copied().reduce(f64::max));
    if let Some((least, most)) = ends {
        let (least, most) = (percent(Some(least)), percent(Some(most)));
        let range = if least == most { least } else { format!("between {least} and {most}") };
        answer.supports(format!(
            "{}: after the first workspace, {} reused {range} of compile seconds, in {} of corpus {} in this order",
            place(arm),
            arm.name(),
            plural(later.len(), "workspace"),
            arm.run.analysis.info.corpus.name,
        ));
    }
    let narrow: Vec<String> = reasons(arm, &[Outcome::Miss, Outcome::Dup])
        .into_iter()
        // A rival tells no reasons.
        .filter(|(why, ..)| arm.key.is_some() && why != "never-seen")
        .map(|(why, units, cost)| format!("{why} {}, {}", plural(units.round() as usize, "unit"), seconds(Some(cost))))
        .collect();
    if !narrow.is_empty() {
        let what = "missed though the package had been stored in some form";
        answer.supports(format!("{}: {} {what}, a round: {}", place(arm), arm.name(), narrow.join("; ")));
    }
}
