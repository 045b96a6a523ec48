//! What may be cached, what is reused, and what distinguishes two artifacts: Q1, Q2, Q3, Q12, Q13.

use super::probed::{self, failures};
use crate::ablation::{AblationRun, NEEDED};
use crate::document::Grid;
use crate::review::evidence::{Evidence, StepArm, UnitShare, ladder, one_per_policy, shares_store};
use crate::review::measure::{Measure, Population, Unit, count, one_per_run, table, wall};
use crate::review::usage::break_even;
use crate::simulation::ablation::{ablations, share};
use crate::simulation::curves::{Curve, curves, is_plain};
use crate::simulation::{SimulationRun, TraceInfo};
use crate::text::percent;
use crate::words::plural;
use records::simulated::AblationRow;
use records::{MissReason, Outcome, UnitRow};

/// Scenarios that change what others depend on.
const EDITS: [&str; 2] = ["edits", "upgrade"];

/// A number of a simulation; on a made-up trace it decides nothing.
pub(super) fn simulated(at: usize, run: &SimulationRun, effect: f64, unit: Unit, what: &str) -> Measure {
    let TraceInfo { workspaces, orders, .. } = run.trace;
    let real = run.trace.is_real();
    let made_up = "the trace was made up";
    Measure {
        run: format!("S{}", at + 1),
        effect,
        unit,
        interval: None,
        side: None,
        n: format!("{workspaces} workspaces in {}", plural(orders as usize, "order")),
        weight: workspaces as usize,
        population: if real { Population::Simulated } else { Population::Assumed },
        what: what.to_owned(),
        assumes: if real { vec![run.trace.seconds_in_short()] } else { vec![made_up.into()] },
        words: vec![("place", format!("{workspaces} workspaces"))],
        table: Grid::default(),
    }
}

/// The number with the side it is on, unless it is assumed.
pub(super) fn unless_assumed(found: Measure, low: f64, high: f64) -> Measure {
    match found.population {
        Population::Assumed => found,
        _ => found.beyond(low, high),
    }
}

/// Q1. A wide key policy against a narrow one, built again from the store; with the price at the next edit.
pub(super) fn eligibility(evidence: &Evidence<'_>) -> Vec<Measure> {
    let warm = evidence.steps(None, &["warm"]);
    let mut pairs = ladder(&warm);
    if pairs.is_empty() {
        let keyed = one_per_policy(&warm);
        pairs = keyed.into_iter().filter_map(|arm| Some((arm, arm.baseline()?))).collect();
    }
    let found = pairs.into_iter().filter_map(|(wide, narrow)| {
        let name = |arm: &StepArm<'_>| arm.key.clone().unwrap_or_else(|| "no cache".into());
        let found = wall(&wide, &narrow)?;
        let wrong = failures(evidence, wide.name());
        let price = break_even(&wide, &narrow);
        // Without its price a policy is half an answer.
        let weight = found.weight + if price.is_some() { 1000 } else { 0 };
        let (condition, edit) = match price {
            _ if !wrong.is_empty() => (
                "but is out: it builds wrongly".into(),
                format!("It fails {} unexplained.", plural(wrong.len(), "probe")),
            ),
            None => ("(edits not measured)".to_owned(), "What the next edit takes was not measured.".into()),
            Some(price) => (price.condition(), price.sentence()),
        };
        Some(
            Measure { weight, ..found }
                .with("wide", name(&wide))
                .with("narrow", name(&narrow))
                .with("condition", condition)
                .with("edit", edit),
        )
    });
    one_per_run(found.collect())
}

/// Q2. What a workspace finds in the store that those before it filled.
pub(super) fn reuse(evidence: &Evidence<'_>) -> Vec<Measure> {
    let mut found = Vec::new();
    for (at, run) in evidence.simulations.iter().enumerate() {
        let plain = curves(run).into_iter().filter(|curve| curve.is_plain() && curve.last().workspaces > 1);
        let Some(best) = plain.max_by(|a, b| a.last().hit_rate_by_cost.total_cmp(&b.last().hit_rate_by_cost)) else {
            continue;
        };
        let row = best.last();
        let mut it = simulated(at, run, row.hit_rate_by_cost, Unit::Share, "share of compile seconds reused");
        it.interval = Some([row.low, row.high]);
        it.words = vec![("arm", best.policy.to_owned()), ("place", row.workspaces.to_string())];
        it.table = Grid::new("", &["> workspaces", "> of compile seconds"]);
        best.named()
            .iter()
            .for_each(|row| it.table.row([row.workspaces.to_string(), percent(Some(row.hit_rate_by_cost))]));
        found.push(unless_assumed(it, 0.5, 0.5));
    }
    let mut first = evidence.steps(None, &["fill"]);
    first.retain(|it| shares_store(it) && it.workspaces > 1 && it.store.is_some());
    let measured = first.iter().filter_map(|arm| {
        let later = arm.later_builds();
        let mean = later.iter().sum::<f64>() / later.len() as f64;
        let ends = [later.iter().copied().reduce(f64::min)?, later.iter().copied().reduce(f64::max)?];
        let mut it = count(arm, mean, Unit::Share, "share of compile seconds reused").beyond(0.5, 0.5);
        it.interval = Some(ends);
        Some(it.with("place", arm.workspaces.to_string()))
    });
    found.extend(one_per_run(measured.collect()));
    found
}

/// Q3. The omission from the key that breaks nothing and gains most: as builds and probes say, or by argument.
pub(super) fn inputs(evidence: &Evidence<'_>) -> Vec<Measure> {
    let mut found = Vec::new();
    let cutoff = early_cutoff(evidence);
    for (at, run) in evidence.simulations.iter().enumerate() {
        let groups = ablations(run);
        let gains = groups.iter().filter_map(|group| {
            let most = group.sound().next()?;
            Some((share(most)?, group, most))
        });
        let Some((gain, group, most)) = gains.max_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        let mut it =
            simulated(at, run, gain, Unit::Share, "share of compile seconds gained by the best sound omission");
        let of = format!("in {} under {}: {} of all compile seconds", group.command, group.policy, percent(Some(gain)));
        it.words = vec![
            ("input", most.relaxation.clone()),
            ("found", format!("Of the omissions that cannot cause a wrong hit, {} gains most {of}.", most.relaxation)),
            ("cutoff", cutoff.clone()),
        ];
        it.table = Grid::new("", &["left out", "> gained"]);
        group.sound().take(4).for_each(|row| it.table.row([row.relaxation.clone(), percent(share(row))]));
        found.push(unless_assumed(it, 0.01, 0.01));
    }
    found.extend(
        evidence
            .ablations
            .iter()
            .enumerate()
            .filter_map(|(at, run)| Some(tried(at, run)?.with("cutoff", cutoff.clone()))),
    );
    found
}

/// What keys by outputs instead of inputs could save: units that were compiled again because of a dependency, to the same
/// bytes as before.
fn early_cutoff(evidence: &Evidence<'_>) -> String {
    // It alone has keys for members, which are what is edited.
    let mut arms = evidence.arms();
    arms.retain(|arm| arm.key.as_deref() == Some("aggressive"));
    let sum = |is_meant: &dyn Fn(&StepArm<'_>) -> bool, wanted: &dyn Fn(&UnitRow) -> bool| {
        let mut sum = UnitShare::default();
        let meant: Vec<StepArm<'_>> = arms.iter().copied().filter(is_meant).collect();
        one_per_policy(&meant).iter().for_each(|arm| sum += UnitShare::of(arm, wanted));
        sum
    };
    let edits = |arm: &StepArm<'_>| EDITS.contains(&arm.step.scenario.as_str());
    let all = sum(&edits, &follows);
    let same = sum(&edits, &|unit| follows(unit) && unit.outcome == Some(Outcome::Dup));
    let [with, without] = ["comment", "plain-comment"].map(|step| {
        let meant = |arm: &StepArm<'_>| arm.step.scenario == "cutoff" && arm.step.step == step;
        let edited = |unit: &UnitRow| unit.reason == MissReason::Content.as_str();
        let known = sum(&meant, &|unit| edited(unit) && unit.same_exports.is_some()).units;
        (sum(&meant, &|unit| edited(unit) && unit.same_exports == Some(true)).units, known)
    });
    let sessions = match with.1 > 0.0 && without.1 > 0.0 {
        true => format!(
            " After a comment, rustc wrote the same rmeta for {:.0} of {:.0} edited libraries with incremental sessions, for \
             {:.0} of {:.0} without.",
            with.0, with.1, without.0, without.1
        ),
        false => String::new(),
    };
    if all.units == 0.0 {
        return sessions.trim_start().to_owned();
    }
    format!(
        "Of {:.0} units compiled again after edits and upgrades because of a dependency, {:.0} came out as before, {} of \
         their seconds: early cutoff saves no more.{sessions}",
        all.units,
        same.units,
        percent(Some(same.cost_s / all.cost_s)),
    )
}

/// Built again because of a dependency.
fn follows(unit: &UnitRow) -> bool {
    unit.reason == MissReason::Dependency.as_str()
}

/// What an ablation says of Q3: each input left out in replays, real builds and probes.
fn tried(at: usize, run: &AblationRun) -> Option<Measure> {
    let gain = |row: &AblationRow| row.replayed_s / row.replayed_of_s;
    let (needed, others): (Vec<_>, Vec<_>) = run.inputs().partition(|row| row.verdict == NEEDED);
    let most = others.iter().copied().max_by(|a, b| gain(a).total_cmp(&gain(b)))?;
    let mut by_gain: Vec<_> = run.inputs().collect();
    by_gain.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
    let mut table = Grid::new("", &["left out", "> gained", "verdict"]);
    by_gain.iter().take(8).for_each(|row| {
        table.row([row.input.clone(), percent(Some(gain(row))), row.verdict.clone()]);
    });
    let all = needed.len() + others.len();
    let rest = match gain(most) {
        gain if gain > 0.0 => format!("{} gains most: {} of all compile seconds", most.input, percent(Some(gain))),
        _ => "none gains anything".to_owned(),
    };
    let found = format!(
        "Without {} of {all} inputs a probe breaks, bytes differ, or Cargo builds again what was restored; of the other \
         {}, in a replay of the census, {rest}.",
        needed.len(),
        others.len()
    );
    let it = Measure {
        run: format!("A{}", at + 1),
        effect: gain(most),
        unit: Unit::Share,
        interval: None,
        side: None,
        n: format!("{all} inputs"),
        weight: all,
        population: Population::Simulated,
        what: "share of compile seconds gained by the best omission that breaks nothing".to_owned(),
        assumes: Vec::new(),
        words: vec![("input", most.input.clone()), ("found", found)],
        table,
    };
    Some(it.beyond(0.01, 0.01))
}

/// Q12. What a policy gives up that refuses build scripts and all that depends on them.
pub(super) fn build_scripts(evidence: &Evidence<'_>) -> Vec<Measure> {
    refused(evidence, ["build-script", "below-build-script"], "script-")
}

/// Q13. The same of proc macros.
pub(super) fn proc_macros(evidence: &Evidence<'_>) -> Vec<Measure> {
    refused(evidence, ["proc-macro", "below-proc-macro"], "macro-")
}

fn refused(evidence: &Evidence<'_>, rules: [&str; 2], probes: &str) -> Vec<Measure> {
    let what = format!("share of compile seconds refused by {}", rules[1]);
    let probes = probed::sentence(evidence, &format!("{probes}*"), |row| row.probe.starts_with(probes));
    let mut found = Vec::new();
    for (at, run) in evidence.simulations.iter().enumerate() {
        let rows: Vec<_> =
            run.misses.iter().filter(|row| is_plain(&row.policy) && rules.contains(&row.reason.as_str())).collect();
        let Some(first) = rows.first() else { continue };
        let here = rows.iter().filter(|row| row.policy == first.policy && row.command == first.command);
        let (units, lost) = here.fold((0.0, 0.0), |sum, row| (sum.0 + row.units, sum.1 + row.seconds));
        let total = run.relaxations.iter().find(|row| row.command == first.command).map_or(0.0, |row| row.total_s);
        if total > 0.0 {
            let it = simulated(at, run, lost / total, Unit::Share, &what).with("units", format!("{units:.0}"));
            let it = it.with("probes", probes.clone()).with("reuse", lost_reuse(run, &first.policy));
            found.push(unless_assumed(it, 0.05, 0.05));
        }
    }
    let narrow = evidence.steps(None, &["warm"]).into_iter().filter(|it| it.key.as_deref() == Some("conservative"));
    let measured = narrow.filter_map(|arm| {
        let of = |wanted: &dyn Fn(&UnitRow) -> bool| UnitShare::of(&arm, wanted);
        let (all, lost) = (of(&|_| true), of(&|unit| rules.contains(&unit.reason.as_str())));
        if all.cost_s <= 0.0 {
            return None;
        }
        let it = count(&arm, lost.cost_s / all.cost_s, Unit::Share, &what).beyond(0.05, 0.05);
        let it = Measure { table: table(&[arm]), ..it };
        Some(
            it.with("units", format!("{:.0}", lost.units))
                .with("place", arm.n())
                .with("probes", probes.clone())
                .with("reuse", ""),
        )
    });
    found.extend(one_per_run(measured.collect()));
    found
}

/// What a refusing policy finds of a last workspace's seconds, beside what the widest finds: what is refused is no loss
/// where it would not be found.
fn lost_reuse(run: &SimulationRun, refusing: &str) -> String {
    let all = curves(run);
    let end = |curve: &Curve<'_>| (curve.last().hit_rate_by_cost, curve.last().workspaces);
    let Some(narrow) = all.iter().find(|it| it.policy == refusing) else { return String::new() };
    let others = all.iter().filter(|it| it.is_plain() && it.command == narrow.command);
    let Some(wide) = others.max_by(|a, b| end(a).0.total_cmp(&end(b).0)) else { return String::new() };
    let ((finds, workspaces), (best, _)) = (end(narrow), end(wide));
    format!(
        "Project {workspaces} finds {} of its seconds in the store under {refusing}, which refuses scripts and macros, \
         and {} under {}.",
        percent(Some(finds)),
        percent(Some(best)),
        wide.policy
    )
}
