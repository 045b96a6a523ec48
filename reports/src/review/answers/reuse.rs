//! What is reused, and why not more: eligibility, reuse between projects, inputs of the key.

use crate::document::Grid;
use crate::review::answer::{Answer, State};
use crate::review::comparisons::seen;
use crate::review::evidence::{Evidence, StepArm, ladder};
use crate::review::probed;
use crate::review::simulated::{self, MANY};
use crate::review::tables::{
    HITS, HITS_BY_COST, RATIO, SHADOW, VERDICT, WALL, one_per_policy, reasons, reasons_table, table,
};
use crate::stats::median;
use crate::text::{percent, seconds};
use crate::words::plural;
use itertools::Itertools as _;
use records::{Outcome, StepRow};

/// Q1. Arms that differ in their key policy alone, built again from their store; what each policy refused;
/// wrong hits, by shadow compiles and by probes.
pub(in crate::review) fn eligibility(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(None, &["warm"]);
    arms.retain(|it| it.key.is_some());
    let caption = "Built again from the store, by key policy. Hits: units reused of all; by cost: weighed by compile \
                   seconds; shadow: hits compiled anyway, summed over rounds.";
    answer.grid(table(caption, &arms, &[HITS, HITS_BY_COST, WALL, RATIO, VERDICT, SHADOW]));
    let each = one_per_policy(&arms);
    answer.grid(reasons_table("What policies refused, by rule, a round.", &each, &[Outcome::Refused]));
    answer.hits(&each);
    for arm in &each {
        let refused = reasons(arm, &[Outcome::Refused]);
        if let Some((rule, units, cost)) = refused.first() {
            let (all, cost) = (seconds(Some(refused.iter().map(|it| it.2).sum())), seconds(Some(*cost)));
            let who = format!("{}: {} refused units worth {all} of compiling a round", arm.place(), arm.name());
            answer.supports(format!("{who}; the costliest rule is {rule} with {units:.0} units and {cost}"));
        }
    }
    let pairs = ladder(&arms);
    let walls = answer.wall_pairs(&pairs);
    if pairs.is_empty() && !arms.is_empty() {
        answer.limits("no run holds two key policies with the same links and store, so none is compared with another");
    }
    let most = if pairs.is_empty() { State::Hinted } else { State::Shown };
    let shadow = shadow(&mut answer, evidence);
    let probes = probed::families(evidence, &["stale", "identity"]);
    let probes = answer.probes("probes of the families stale and identity", &probes);
    let refused = simulated::refusals(&mut answer, evidence);
    answer.states(&[seen(&each).min(most), walls, shadow, probes, refused])
}

pub(super) fn shadow(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let arms = evidence.arms();
    let shadowed = arms.iter().filter_map(|arm| Some((arm, arm.shadow.as_ref()?)));
    let mut state = State::Missing;
    for (arm, it) in shadowed {
        state = State::Shown;
        let all = it.same + it.differs + it.nondeterministic;
        let who = format!("{}: of {all} hits of {} compiled anyway", arm.place(), arm.name());
        answer.supports(format!("{who}, {} came out byte for byte the same", it.same));
        if it.differs > 0 {
            let notes = it.notes.join("; ");
            answer.limits(format!("{who}, no compile reproduces {}, which is not yet \"wrong\": {notes}", it.differs));
        }
        if it.nondeterministic > 0 {
            let n = it.nondeterministic;
            let what = "differ from each other, so nothing can be said of these";
            answer.limits(format!("{who}, two compiles of {n} {what}"));
        }
    }
    state
}

/// Q2. First builds of several workspaces in turn on one store that was empty: what the n-th of them reuses,
/// those before it have built.
pub(in crate::review) fn between_projects(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(None, &["fill"]);
    // With a store for each workspace none can help another.
    arms.retain(|it| !it.run.analysis.info.alone() && it.workspaces > 1 && it.numbers.hit_rate.is_some());
    let keyed = one_per_policy(&arms);
    arms.retain(|it| it.key.is_none() || keyed.iter().any(|arm| arm.shares_step(it) && arm.name() == it.name()));
    let caption = "First builds in turn, from an empty store: what each workspace reused of those before it.";
    let mut grid = Grid::new(caption, &["run", "strategy", "> place", "workspace", "> hits", "> by cost", "> rounds"]);
    let mut curves = Vec::new();
    for arm in &arms {
        let built = first_builds(arm);
        for (at, it) in built.iter().enumerate() {
            let names = [arm.label(), arm.name().to_owned(), (at + 1).to_string(), it.workspaces.clone()];
            let numbers = [percent(it.hits), percent(it.by_cost), it.rounds.to_string()];
            grid.row(names.into_iter().chain(numbers));
        }
        let points = built.iter().enumerate().filter_map(|(at, it)| Some(((at + 1) as f64, it.by_cost?)));
        curves.push(ReuseCurve { name: arm.name().to_owned(), run: arm.label(), points: points.collect() });
        later_builds(&mut answer, arm, &built);
    }
    answer.grid(grid);
    if curves.iter().any(|curve| curve.points.len() > 2) {
        answer.supports(reuse_finding(&curves));
    }
    answer.grid(reasons_table("Why first builds missed, a round.", &keyed, &[Outcome::Miss, Outcome::Dup]));
    let simulated = simulated::reuse(&mut answer, evidence);
    let missed = arms.iter().any(|arm| arm.units().iter().any(|unit| unit.outcome == Some(Outcome::Miss)));
    let missed = if missed { seen(&keyed) } else { State::Missing };
    let many = seen(arms.iter().filter(|it| it.workspaces >= MANY as usize)).max(simulated.many);
    if many == State::Missing && !arms.is_empty() {
        let most = arms.iter().map(|it| it.workspaces).max().unwrap_or(0);
        answer.limits(format!(
            "{most} workspaces are an anecdote: how reuse grows with the number of projects is not shown"
        ));
    }
    answer.states(&[seen(&arms), missed.max(simulated.misses), many, simulated.curve])
}

struct ReuseCurve {
    name: String,
    run: String,
    points: Vec<(f64, f64)>,
}

/// What the last project reused under the best arm of a run, the range of all after the first, and the lowest
/// end of the other arms.
fn reuse_finding(curves: &[ReuseCurve]) -> String {
    let end = |it: &ReuseCurve| it.points.last().copied();
    // Ends are comparable after the same projects of one run.
    let longest = curves.iter().filter_map(end).map(|it| it.0).fold(0.0, f64::max);
    let whole = |it: &&ReuseCurve| end(it).is_some_and(|end| end.0 >= longest);
    let Some(run) = curves.iter().find(whole).map(|it| &it.run) else {
        return "nothing was reused between projects here".into();
    };
    let mut ends: Vec<(&ReuseCurve, f64)> =
        curves.iter().filter(|it| it.run == *run && whole(it)).filter_map(|it| Some((it, end(it)?.1))).collect();
    ends.sort_by(|a, b| b.1.total_cmp(&a.1));
    let Some((best, share)) = ends.first() else { return String::new() };
    let later = || best.points.iter().filter(|it| it.0 > 1.0).map(|it| it.1);
    let lowest = ends.last().filter(|_| ends.len() > 1).map_or_else(String::new, |(other, lowest)| {
        format!("; of {} arms there the lowest end is {} ({})", ends.len(), percent(Some(*lowest)), other.name)
    });
    format!(
        "as project {longest} in one order ({run}), {} reused {} of the last one's compile seconds; of all after the \
         first, least {}, most {}{lowest}",
        best.name,
        percent(Some(*share)),
        percent(later().reduce(f64::min)),
        percent(later().reduce(f64::max)),
    )
}

/// What was built at one place of the order in which workspaces share a store.
struct FirstBuild {
    /// Names of those that had it in some round.
    workspaces: String,
    hits: Option<f64>,
    by_cost: Option<f64>,
    rounds: usize,
}

fn first_builds(arm: &StepArm<'_>) -> Vec<FirstBuild> {
    let rows = arm.rows();
    let of = |at: usize| {
        let is_there =
            |row: &StepRow| arm.run.folder.order_in(row.round).get(at).is_some_and(|it| **it == row.workspace);
        let rows: Vec<&StepRow> = rows.iter().copied().filter(|row| is_there(row)).collect();
        let workspaces = rows.iter().map(|row| row.workspace.as_str()).unique().join(", ");
        let middle =
            |of: fn(&StepRow) -> Option<f64>| median(&rows.iter().filter_map(|row| of(row)).collect::<Vec<_>>());
        let (hits, by_cost) = (middle(|row| row.hit_rate), middle(|row| row.hit_rate_by_cost));
        (!rows.is_empty()).then(|| FirstBuild { workspaces, hits, by_cost, rounds: rows.len() })
    };
    (0..arm.run.analysis.info.corpus.workspaces.len()).filter_map(of).collect()
}

fn later_builds(answer: &mut Answer, arm: &StepArm<'_>, built: &[FirstBuild]) {
    let later: Vec<f64> = built.iter().skip(1).filter_map(|it| it.by_cost).collect();
    if let Some((least, most)) = later.iter().copied().reduce(f64::min).zip(later.iter().copied().reduce(f64::max)) {
        let (least, most) = (percent(Some(least)), percent(Some(most)));
        let range = if least == most { least } else { format!("between {least} and {most}") };
        let who = format!("{}: after the first workspace, {}", arm.place(), arm.name());
        let (n, corpus) = (plural(later.len(), "workspace"), &arm.run.analysis.info.corpus.name);
        answer.supports(format!("{who} reused {range} of compile seconds, in {n} of corpus {corpus} in this order"));
    }
    let narrow: Vec<String> = reasons(arm, &[Outcome::Miss, Outcome::Dup])
        .into_iter()
        // An external tool gives no reasons.
        .filter(|(why, ..)| arm.key.is_some() && why != "never-seen")
        .map(|(why, units, cost)| format!("{why} {}, {}", plural(units.round() as usize, "unit"), seconds(Some(cost))))
        .collect();
    if !narrow.is_empty() {
        let what = "missed though the package had been stored in some form";
        answer.supports(format!("{}: {} {what}, a round: {}", arm.place(), arm.name(), narrow.join("; ")));
    }
}

/// Q3. Misses by reason (a key too wide to hit), `dup` (missed though the same bytes were stored), wrong hits
/// in probes (a key that leaves something out), and simulations of keys with one input less.
pub(in crate::review) fn key_inputs(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let all = one_per_policy(&evidence.arms());
    // Nothing is new in a warm step, and everything in one that begins from an empty store.
    let may_miss = |arm: &&StepArm<'_>| {
        arm.units().iter().any(|unit| {
            unit.outcome == Some(Outcome::Dup) || (unit.outcome == Some(Outcome::Miss) && unit.reason != "never-seen")
        })
    };
    let arms: Vec<StepArm<'_>> = all.iter().filter(may_miss).copied().collect();
    let caption =
        "Misses by the nearest entry of the store, a round; dup: the same bytes were stored under another key.";
    answer.grid(reasons_table(caption, &arms, &[Outcome::Miss, Outcome::Dup, Outcome::Stale]));
    for arm in &arms {
        if let Some((_, units, cost)) = reasons(arm, &[Outcome::Dup]).first() {
            let (units, cost) = (plural(units.round() as usize, "unit"), seconds(Some(*cost)));
            answer.supports(format!(
                "{}: under {} {units} worth {cost} a round missed although the same bytes were in the store: the key \
                 holds something that did not change them",
                arm.place(),
                arm.name(),
            ));
        }
    }
    if !arms.is_empty() && evidence.simulations.is_empty() {
        answer.limits(
            "a miss reason names what differs from the nearest entry, not whether the outputs would differ: which input \
             could be dropped safely is not shown",
        );
    }
    let with_units = seen(all.iter().filter(|arm| !arm.units().is_empty()));
    let probes = probed::families(evidence, &["stale", "identity"]);
    let probes = answer.probes("probes of what must not be reused", &probes);
    let stale: Vec<&StepArm<'_>> = all.iter().filter(|arm| arm.numbers.stale > Some(0.0)).collect();
    for arm in &stale {
        let what = "units were restored and then rebuilt by Cargo: the key was too wide for Cargo's own check";
        answer.supports(format!("{}: under {} {} {what}", arm.place(), arm.name(), arm.numbers.stale.unwrap_or(0.0)));
    }
    if stale.is_empty() && with_units > State::Missing {
        answer.supports("Cargo's own fingerprint check rebuilt none of the units restored in these runs");
    }
    let gained = simulated::keys(&mut answer, evidence);
    answer.states(&[seen(&arms), with_units, probes, gained])
}
