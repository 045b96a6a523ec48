//! How artifacts are stored, brought back and forgotten: Q4 to Q7, Q10, Q15, Q19, Q20.

use super::key::simulated;
use crate::document::Grid;
use crate::review::evidence::{
    ADDED_PHYSICAL, ALL_PHYSICAL, Evidence, STORE_ALLOCATED, StepArm, differing, one_per_policy,
};
use crate::review::measure::{Measure, Population, Unit, WIDEST, count, filled, one_per_run, wall};
use crate::simulation::growth::store_growth;
use crate::stats::median;
use crate::text::{bytes, limit, percent, seconds};
use crate::words::distinct;

/// Caching arms in steps where nothing could be reused and everything was compiled.
fn cold<'a>(evidence: &Evidence<'a>) -> Vec<StepArm<'a>> {
    let mut arms = evidence.steps(None, &["cold", "fill", "first", "dev", "before"]);
    let linked = |it: &StepArm<'_>| {
        let files = [it.numbers.hardlinked, it.numbers.reflinked, it.numbers.copied, it.numbers.symlinked];
        files.into_iter().flatten().sum::<f64>()
    };
    arms.retain(|it| it.store.is_some() && it.numbers.hit_rate == Some(0.0) && linked(it) == 0.0);
    arms
}

/// The part of the wall time that is publishing.
fn publishing(arm: &StepArm<'_>) -> Option<f64> {
    let known = arm.numbers.publish_s.zip(arm.numbers.wall_s).filter(|(_, wall)| *wall > 0.0 && arm.is_timed());
    known.map(|(time, wall)| time / wall)
}

/// Q4. A first build, which a cache can only make slower.
pub(super) fn place(evidence: &Evidence<'_>) -> Vec<Measure> {
    let found = cold(evidence)
        .into_iter()
        .filter_map(|arm| Some(wall(&arm, &arm.baseline()?)?.with("publish", percent(publishing(&arm)))));
    one_per_run(found.collect())
}

/// Q5. Another link mode against hardlinks, reflink before others.
pub(super) fn link_mode(evidence: &Evidence<'_>) -> Vec<Measure> {
    let found = link_pairs(evidence)
        .into_iter()
        .filter(|(_, hard)| hard.link.as_deref() == Some("hardlink"))
        .filter_map(|(arm, hard)| {
            let mut found = wall(&arm, &hard)?;
            found.weight += usize::from(arm.link.as_deref() == Some("reflink"));
            let sizes = arm
                .common_bytes(&hard, ALL_PHYSICAL)
                .map(|(mine, others)| format!("{} against {} with hardlink", bytes(Some(mine)), bytes(Some(others))));
            Some(
                found
                    .with("link", arm.link.clone()?)
                    .with("bytes", sizes.unwrap_or_else(|| "what was not measured".into())),
            )
        });
    let found = one_per_run(found.collect());
    // Another file system may answer otherwise.
    let say = |it: &Measure| match it.interval.filter(|[low, high]| *high <= WIDEST * low) {
        Some(_) => filled("On {system} {link} takes {effect}, {interval}.", it),
        None => filled("On {system} {link} takes {effect}, in too few rounds to say more.", it),
    };
    let said: Vec<String> = found.iter().map(say).collect();
    let others = |at: usize| -> Vec<String> {
        said.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, text)| text.clone()).collect()
    };
    found.into_iter().enumerate().map(|(at, it)| it.with("others", others(at).join(" "))).collect()
}

/// Pairs that differ in their link alone, in warm builds: each both ways.
fn link_pairs<'a>(evidence: &Evidence<'a>) -> Vec<(StepArm<'a>, StepArm<'a>)> {
    differing(&evidence.steps(None, &["warm"]), 2).into_iter().flat_map(|(a, b)| [(a, b), (b, a)]).collect()
}

/// Q6. Bytes of a store of directories ÷ those of one by content.
pub(super) fn shape(evidence: &Evidence<'_>) -> Vec<Measure> {
    let pairs = differing(&evidence.steps(None, &["cold", "fill", "warm"]), 3);
    let found = pairs.into_iter().filter_map(|(a, b)| {
        let are = |one: &StepArm<'_>, two: &StepArm<'_>| {
            (one.store.as_deref(), two.store.as_deref()) == (Some("dirs"), Some("cas"))
        };
        let (dirs, cas) = if are(&a, &b) { (a, b) } else { Some((b, a)).filter(|(b, a)| are(b, a))? };
        let (mine, others) = dirs.common_bytes(&cas, STORE_ALLOCATED).filter(|it| it.1 > 0.0)?;
        let it = count(&dirs, mine / others, Unit::Ratio, "bytes of a store of directories ÷ one by content");
        Some(it.beyond(0.98, 1.02).with("mine", bytes(Some(mine))).with("others", bytes(Some(others))))
    });
    one_per_run(found.collect())
}

/// Q7. The part of a first build that is publishing, in a store that hashes.
pub(super) fn hashing(evidence: &Evidence<'_>) -> Vec<Measure> {
    let found = cold(evidence).into_iter().filter(|it| it.store.as_deref() == Some("cas")).filter_map(|arm| {
        let it = count(&arm, publishing(&arm)?, Unit::Share, "publishing ÷ wall time of a first build");
        let it = it.beyond(0.05, 0.05).with("publish", seconds(arm.numbers.publish_s));
        Some(it.with("wall", seconds(arm.numbers.wall_s)))
    });
    one_per_run(found.collect())
}

/// Q10. The best policy of retention against lru at the tightest limit. Which commands run when is assumed.
pub(super) fn retention(evidence: &Evidence<'_>) -> Vec<Measure> {
    let mut found = Vec::new();
    for (at, run) in evidence.simulations.iter().enumerate() {
        for key in distinct(run.retention.iter().map(|row| row.key.as_str())) {
            let here: Vec<_> = run.retention.iter().filter(|row| row.key == key).collect();
            let Some(cap) = here.iter().filter_map(|row| row.cap_bytes).min() else { continue };
            let mut tight: Vec<_> = here.into_iter().filter(|row| row.cap_bytes == Some(cap)).collect();
            tight.sort_by(|a, b| a.rebuilt_s.total_cmp(&b.rebuilt_s));
            let Some(lru) = tight.iter().find(|row| row.policy == "lru" && row.rebuilt_s > 0.0) else { continue };
            let Some(best) = tight.iter().find(|row| !row.policy.starts_with("offline") && row.policy != "lru") else {
                continue;
            };
            let mut it =
                simulated(at, run, best.rebuilt_s / lru.rebuilt_s, Unit::Ratio, "seconds compiled ÷ those of lru");
            it.population = Population::Assumed;
            it.assumes.push("which commands run when, and what is edited between".into());
            it.table = Grid::new("", &["policy", "> compiled"]);
            tight.iter().take(4).for_each(|row| it.table.row([row.policy.clone(), seconds(Some(row.rebuilt_s))]));
            let it = it.with("best", best.policy.clone()).with("cap", limit(Some(cap))).with("key", key);
            found.push(it.with("bound", Unit::Ratio.show(best.bound_s / lru.rebuilt_s)));
        }
    }
    found
}

/// Q15. What cargo clean frees ÷ what it promises.
pub(super) fn clean(evidence: &Evidence<'_>) -> Vec<Measure> {
    let cleaned = evidence.steps(None, &["clean"]).into_iter().filter(|it| it.store.is_some());
    let found = cleaned.filter_map(|arm| {
        let promised = arm.numbers.promised_bytes.filter(|bytes| *bytes > 0.0)?;
        let freed = -arm.numbers.added_physical_bytes?;
        let plain = arm.baseline().and_then(|plain| {
            let freed = Some(-plain.numbers.added_physical_bytes?);
            Some(format!("plain Cargo's frees {} of {}", bytes(freed), bytes(plain.numbers.promised_bytes)))
        });
        let it = count(&arm, freed / promised, Unit::Share, "bytes freed ÷ bytes promised").beyond(0.9, 1.1);
        let it = it.with("plain", plain.unwrap_or_else(|| "plain Cargo's was not measured".into()));
        Some(it.with("promised", bytes(Some(promised))).with("freed", bytes(Some(freed))))
    });
    one_per_run(found.collect())
}

/// Q19. Copying, which a store on another file system takes, against a link.
pub(super) fn location(evidence: &Evidence<'_>) -> Vec<Measure> {
    let links = |it: &StepArm<'_>| matches!(it.link.as_deref(), Some("hardlink" | "reflink"));
    let pairs =
        link_pairs(evidence).into_iter().filter(|(copy, other)| copy.link.as_deref() == Some("copy") && links(other));
    one_per_run(pairs.filter_map(|(copy, other)| Some(wall(&copy, &other)?.with("other", other.name()))).collect())
}

/// Q20. What an edit adds to the store; without a run of one, what a day of an assumed trace adds.
pub(super) fn growth(evidence: &Evidence<'_>) -> Vec<Measure> {
    let edits = evidence.arms().into_iter().filter(|arm| {
        arm.step.step == "edit" || (arm.step.scenario == "edits" && arm.step.step.ends_with("private-body"))
    });
    let edits: Vec<StepArm<'_>> = edits.filter(|it| it.store.is_some()).collect();
    let found = one_per_policy(&edits).into_iter().filter_map(|arm| {
        let rows = arm.rows();
        let all = |of: fn(&records::StepRow) -> Option<f64>| {
            median(&rows.iter().filter_map(|row| of(row)).collect::<Vec<_>>())
        };
        let it = count(&arm, all(ADDED_PHYSICAL)?, Unit::Bytes, "bytes that an edit adds to store and build directory");
        let it = it.beyond(0.0, 0.0).with("event", "edit").with("before", bytes(all(STORE_ALLOCATED)));
        Some(it.with("policy", arm.key.clone()?).with("narrow", ""))
    });
    let mut found = one_per_run(found.collect());
    for (at, run) in evidence.simulations.iter().enumerate() {
        for growth in store_growth(run).iter().filter(|it| it.bytes.is_finite()) {
            let mut it = simulated(at, run, growth.bytes, Unit::Bytes, "bytes that a day adds");
            it.population = Population::Assumed;
            it.assumes.push("how often what is edited".into());
            let it =
                it.with("event", "day").with("policy", growth.key).with("before", bytes(Some(growth.stored_bytes)));
            found.push(it.with(
                "narrow",
                format!("Members are {} of it.", percent(Some(growth.local_bytes / growth.bytes.max(1.0)))),
            ));
        }
    }
    found
}
