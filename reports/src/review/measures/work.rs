//! What builds do beside and after each other: Q8, Q9, Q14, Q16, Q17, Q18, Q21.

use super::key::{simulated, unless_assumed};
use super::probed;
use crate::chapters::ways;
use crate::delivery::Ways;
use crate::review::evidence::{ADDED_PHYSICAL, ALL_PHYSICAL, Evidence, StepArm, UnitShare, one_per_policy};
use crate::review::measure::{Measure, Side, Unit, count, one_per_run, wall};
use crate::simulation::curves::is_plain;
use crate::simulation::remote::faster_from;
use crate::text::{bytes, count as counted, percent};
use records::Outcome;

/// The strategy that shares files and compiles everything (strategies/catalog).
const DEDUP: &str = "dedup";

fn caching<'a>(evidence: &Evidence<'a>, scenario: &str, steps: &[&str]) -> Vec<StepArm<'a>> {
    evidence.steps(Some(scenario), steps).into_iter().filter(|it| it.store.is_some()).collect()
}

/// Q8. How often several Cargos at once compile the same unit. Counts of a row are sums over its Cargos.
pub(super) fn locking(evidence: &Evidence<'_>) -> Vec<Measure> {
    let races = probed::sentence(evidence, "races and kills", |row| {
        row.family == "races" || row.probe.starts_with("killed-while-")
    });
    let found = caching(evidence, "contention", &["same"]).into_iter().filter_map(|arm| {
        let rows = arm.rows();
        let builds = rows.iter().filter_map(|row| row.builds).max().filter(|builds| *builds > 1)? as f64;
        let units: u64 = rows.iter().filter_map(|row| row.units).sum();
        let compiled: u64 = rows.iter().filter_map(|row| row.compiled).sum();
        let (one, all) = (units as f64 / builds / rows.len() as f64, compiled as f64 / rows.len() as f64);
        let it = count(&arm, all / one, Unit::Count, "units compiled ÷ units of one build").beyond(0.0, 1.05);
        let it = Measure { side: it.side.map(|side| if side == Side::Within { Side::Below } else { side }), ..it };
        let it = it.with("builds", counted(Some(builds))).with("compiled", counted(Some(all)));
        (one > 0.0).then(|| it.with("one", counted(Some(one))).with("races", races.clone()))
    });
    one_per_run(found.collect())
}

/// Q9. A check after a build in the same place.
pub(super) fn pipelining(evidence: &Evidence<'_>) -> Vec<Measure> {
    let half = ["partial-build-then-whole", "blobs-missing", "blobs-truncated"];
    let partial = probed::sentence(evidence, "half entries", |row| half.contains(&row.probe.as_str()));
    let found = caching(evidence, "profiles", &["check"]).into_iter().filter_map(|arm| {
        let it = count(&arm, arm.numbers.hit_rate?, Unit::Share, "units of a check that were reused").beyond(0.5, 0.5);
        Some(it.with("compiled", counted(arm.numbers.compiled)).with("partial", partial.clone()))
    });
    one_per_run(found.collect())
}

/// Q14. No-op builds after a restore, which must compile nothing.
pub(super) fn freshness(evidence: &Evidence<'_>) -> Vec<Measure> {
    let all = evidence.all_arms();
    let found = all.iter().filter(|it| it.store.is_some() && it.workspaces > 0).filter_map(|arm| {
        let mine = |row: &&records::StepRow| {
            row.strategy == arm.name() && row.restored > Some(0) && row.noop_compiled.is_some()
        };
        // A no-op that compiles something makes its row invalid, so rows that do not count are looked at, too.
        let rows: Vec<_> = arm.run.folder.steps.iter().filter(mine).collect();
        let busy = rows.iter().filter(|row| row.noop_compiled > Some(0)).count();
        let sum =
            |of: fn(&records::StepRow) -> Option<u64>| rows.iter().filter_map(|row| of(row)).sum::<u64>().to_string();
        let it = count(arm, busy as f64, Unit::Count, "no-op builds that compiled something").beyond(0.0, 0.0);
        let it = Measure { weight: rows.len() + 1000 * busy, n: format!("{} no-op builds", rows.len()), ..it };
        let it = it.with("checked", rows.len().to_string()).with("busy", busy.to_string());
        (!rows.is_empty()).then(|| it.with("stale", sum(|row| row.stale)).with("units", sum(|row| row.restored)))
    });
    one_per_run(found.collect())
}

/// Q16. What a build in another profile finds in the store; without a run, what it would by simulation.
pub(super) fn profiles(evidence: &Evidence<'_>) -> Vec<Measure> {
    let best_of = |scenario: &str, steps: &[&str]| {
        let crossing = one_per_policy(&caching(evidence, scenario, steps));
        let rates = crossing.into_iter().filter_map(|arm| Some((arm.numbers.hit_rate?, arm)));
        rates.max_by(|a, b| a.0.total_cmp(&b.0))
    };
    let best = |steps: &[&str]| best_of("profiles", steps);
    let commands = |rate: Option<f64>, of: &str| {
        rate.map_or("was not measured".to_owned(), |rate| format!("{of} finds {}", percent(Some(rate))))
    };
    let mut found: Vec<Measure> = Vec::new();
    let hosts = best_of("hosts", &["release"]).map(|it| alike(&it.1)).unwrap_or_default();
    if let Some((rate, arm)) = best(&["release"]) {
        let other = best(&["test", "check"]);
        let other = commands(other.as_ref().map(|it| it.0), other.as_ref().map_or("", |it| &it.1.step.step));
        let it = count(&arm, rate, Unit::Share, "units that another profile finds").beyond(0.05, 0.05);
        found.push(it.with("then", arm.step.step.clone()).with("commands", other).with("hosts", hosts));
    }
    // What was compiled says more than keys that were looked up.
    let simulations = if found.is_empty() { evidence.simulations.as_slice() } else { &[] };
    for (at, run) in simulations.iter().enumerate() {
        let best = |across: bool| {
            let is_release = |command: &str| command.contains("release");
            let rows = run.sharing.iter().filter(|row| is_plain(&row.policy));
            let rows = rows.filter(|row| (is_release(&row.first) != is_release(&row.then)) == across);
            // Of equals the first.
            rows.rev().max_by(|a, b| a.hit_rate_by_cost.total_cmp(&b.hit_rate_by_cost))
        };
        if let Some(row) = best(true) {
            let other = best(false);
            let of = other.map_or(String::new(), |row| format!("{} after {}", row.then, row.first));
            let it = simulated(at, run, row.hit_rate, Unit::Share, "units that another profile finds");
            let it = it.with("then", format!("{} after {}", row.then, row.first)).with("arm", row.policy.clone());
            let it = it.with("commands", commands(other.map(|row| row.hit_rate), &of)).with("hosts", "");
            found.push(unless_assumed(it, 0.05, 0.05));
        }
    }
    found
}

/// What of a release build has the bytes of dev when build scripts and macros are compiled alike.
fn alike(arm: &StepArm<'_>) -> String {
    let all = UnitShare::of(arm, |_| true);
    let same = UnitShare::of(arm, |unit| unit.outcome == Some(Outcome::Dup));
    format!(
        "With build scripts and macros compiled as in dev, {:.0} of its {:.0} units, {} of its seconds, had the bytes of dev.",
        same.units,
        all.units,
        percent(Some(same.cost_s / all.cost_s)),
    )
}

/// Q17. A further worktree at the same commit.
pub(super) fn worktrees(evidence: &Evidence<'_>) -> Vec<Measure> {
    let probes = probed::sentence(evidence, "two checkouts", |row| row.probe.contains("two-checkouts"));
    let found = caching(evidence, "worktrees", &["same-commit"]).into_iter().filter_map(|arm| {
        let base = arm.baseline()?;
        let sizes = arm.common_sums(&base, ADDED_PHYSICAL);
        let sizes = sizes.map_or("bytes that were not measured".into(), |(mine, others)| {
            format!("{} where plain Cargo adds {}", bytes(Some(mine)), bytes(Some(others)))
        });
        Some(wall(&arm, &base)?.with("bytes", sizes).with("probes", probes.clone()))
    });
    one_per_run(found.collect())
}

/// Q18. Units reused with another CARGO_HOME ÷ those reused in the same place.
pub(super) fn remote(evidence: &Evidence<'_>) -> Vec<Measure> {
    let ways = Ways::of(evidence.runs.iter().map(|run| run.folder));
    let network = ways::sentence(&ways).or_else(|| {
        let words = evidence.simulations.iter().find_map(|run| faster_from(&run.remote))?;
        Some(format!("By a model of transfers fetching beats compiling {words}."))
    });
    let found = caching(evidence, "moved", &["other-home"]).into_iter().filter_map(|arm| {
        let same = arm.in_step("same-place")?.numbers.hit_rate.filter(|rate| *rate > 0.0)?;
        let it = count(
            &arm,
            arm.numbers.hit_rate? / same,
            Unit::Share,
            "units reused with another CARGO_HOME ÷ in the same place",
        );
        Some(it.beyond(0.9, 0.9).with("network", network.clone().unwrap_or_default()))
    });
    one_per_run(found.collect())
}

/// Q21. Caching against de-duplication alone.
pub(super) fn order(evidence: &Evidence<'_>) -> Vec<Measure> {
    let mut arms = evidence.steps(Some("worktrees"), &["same-commit", "diverged", "edited"]);
    arms.extend(evidence.steps(Some("gauntlet"), &["warm"]));
    let found = arms.iter().filter(|it| it.store.is_some() && it.name() != DEDUP).filter_map(|arm| {
        let dedup = arms.iter().find(|it| it.shares_step(arm) && it.name() == DEDUP)?;
        let sizes = arm
            .common_bytes(dedup, ALL_PHYSICAL)
            .map(|(mine, others)| format!("{} against {}", bytes(Some(mine)), bytes(Some(others))));
        let found = wall(arm, dedup)?;
        Some(found.with("bytes", sizes.unwrap_or_else(|| "how many bytes was not measured".into())))
    });
    one_per_run(found.collect())
}
