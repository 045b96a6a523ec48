//! Q5: hardlink, reflink, copy, symlink, or in place?
//!
//! Looked for: arms that differ in their link mode alone, by file system: wall time against
//! each other, physical bytes, the mechanism that really happened; stories of isolation.

use std::collections::BTreeSet;

use crate::plot::{Chart, Interval, Panel, Plot, Ratio};
use crate::review::answer::Answer;
use crate::review::beside::ALL_PHYSICAL;
use crate::review::command::{self, LINKS};
use crate::review::evidence::{Arm, Evidence, beside, differing};
use crate::review::tables::{ALL, MECHANISM, RATIO, RESTORE, VERDICT, WALL, n, table};
use crate::review::told;
use crate::review::words::{listed, place, plural, ratio, seen, tell_pairs};
use crate::stats::Verdict;
use crate::table::{UNMEASURED, seconds};

/// What a design needs that wants reflinks.
const COPY_ON_WRITE: [&str; 3] = ["btrfs", "xfs", "apfs"];

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(None, &["warm"]);
    arms.retain(|it| it.link.is_some());
    let caption = "Built again from the store, by link mode and file system. All on disk: store and build \
                   directories, shared extents once.";
    answer.grid(table(caption, &arms, &[WALL, RESTORE, RATIO, VERDICT, ALL, MECHANISM]));
    let pairs = differing(&arms, 2);
    let compared =
        |it: &&Arm<'_>| pairs.iter().any(|(a, b)| [a, b].iter().any(|x| x.is_beside(it) && x.name() == it.name()));
    let arms: Vec<Arm<'_>> = arms.iter().filter(compared).copied().collect();
    if !arms.is_empty() {
        answer.plot(plot(&arms));
    }
    tell_bytes(&mut answer, &to_hardlink(&pairs));
    let walls = tell_pairs(&mut answer, &to_hardlink(&pairs));
    let with_bytes: Vec<Arm<'_>> = arms.iter().filter(|it| it.numbers.all_physical_bytes.is_some()).copied().collect();
    tell_unsupported(&mut answer, evidence);
    answer.part("time by link mode", walls, command::compare("gauntlet", LINKS));
    answer.part("physical bytes by link mode", seen(&with_bytes), command::compare("gauntlet", LINKS));
    let systems: BTreeSet<&str> = arms.iter().map(Arm::file_system).collect();
    let with = arms.iter().filter(|it| COPY_ON_WRITE.contains(&it.file_system())).copied().collect::<Vec<_>>();
    let without = arms.iter().filter(|it| !COPY_ON_WRITE.contains(&it.file_system())).copied().collect::<Vec<_>>();
    let volume = if with.is_empty() { "btrfs:12G" } else { "ext4:12G" };
    let both = seen(&with).min(seen(&without));
    answer.part("file systems with and without reflinks", both, command::compare_on("gauntlet", LINKS, volume));
    let stories = told::families(evidence, &["isolation"]);
    let isolation = told::tell(&mut answer, "probes of the family isolation", &stories);
    answer.part("damage when a consumer writes", isolation, command::probe("isolation", LINKS));
    if !systems.is_empty() {
        let systems: Vec<&str> = systems.into_iter().collect();
        answer.limits(format!(
            "other file systems than {}, cold page caches and other systems than Linux",
            listed(&systems)
        ));
    }
    answer
}

/// Of all pairs, those with a hardlink, which works on most file systems, as the yardstick.
/// The recommendation looks at every pair.
fn to_hardlink<'a>(pairs: &[(Arm<'a>, Arm<'a>)]) -> Vec<(Arm<'a>, Arm<'a>)> {
    let is = |arm: &Arm<'_>| arm.link.as_deref() == Some("hardlink");
    let one = |(a, b): &(Arm<'a>, Arm<'a>)| match (is(a), is(b)) {
        (true, _) => Some((*b, *a)),
        (_, true) => Some((*a, *b)),
        _ => None,
    };
    let found: Vec<_> = pairs.iter().filter_map(one).collect();
    if found.is_empty() { pairs.to_vec() } else { found }
}

fn plot(arms: &[Arm<'_>]) -> Plot {
    let row = |arm: &Arm<'_>| {
        let found = arm.wall.as_ref().filter(|_| arm.is_timed()).map(|it| &it.judgement);
        Ratio {
            label: arm.name().to_owned(),
            value: found.and_then(|it| it.ratio),
            interval: found.and_then(|it| it.interval).map(|it| Interval { low: it.low, high: it.high }),
            range: found.and_then(|it| it.min.zip(it.max)).map(|(low, high)| Interval { low, high }),
            // Seconds are a sum over the arm's own workspaces.
            remark: format!(
                "{}, {} ({})",
                if arm.is_timed() { seconds(arm.numbers.wall_s) } else { UNMEASURED.into() },
                arm.verdict().filter(|_| arm.is_timed()).map_or("", |it| it.as_str()),
                n(arm)
            ),
        }
    };
    let panel = |group: Vec<Arm<'_>>| Panel {
        title: format!("{} ({}, {})", group[0].file_system(), group[0].label(), group[0].step.scenario),
        rows: group.iter().map(row).collect(),
    };
    Plot {
        id: "review-q5-links".into(),
        title: "Warm builds by link mode and file system".into(),
        finding: finding(arms),
        chart: Chart::Ratios {
            baseline: arms.first().map_or("none", |arm| arm.run.analysis.baseline.as_str()).to_owned(),
            panels: beside(arms).into_iter().map(panel).collect(),
        },
    }
}

/// The least and the most of what the panels show.
fn finding(arms: &[Arm<'_>]) -> String {
    let of_place = |group: Vec<Arm<'_>>| {
        let known = |arm: &Arm<'_>| {
            let wall = arm.wall.clone().filter(|_| arm.is_timed() && !arm.is_distrusted())?.judgement;
            Some((wall.ratio?, wall.verdict, arm.name().to_owned()))
        };
        let mut known: Vec<(f64, Verdict, String)> = group.iter().filter_map(known).collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (least, most) = known.first().zip(known.last())?;
        let faster = known.iter().filter(|it| it.1 == Verdict::Faster).count();
        Some(format!(
            "on {} ({}, {}) from {} under {} to {} under {}, {faster} of {} found faster",
            group[0].file_system(),
            group[0].label(),
            group[0].step.scenario,
            ratio(least.0),
            least.2,
            ratio(most.0),
            most.2,
            plural(known.len(), "arm"),
        ))
    };
    let told: Vec<String> = beside(arms).into_iter().filter_map(of_place).collect();
    match told.as_slice() {
        [] => "No wall time of a build from the store can be used here.".into(),
        told => format!(
            "Wall time of a build from the store, as a part of the baseline's in the same rounds and workspaces: {}.",
            told.join("; ")
        ),
    }
}

/// Bytes of each pair over what both have, a sentence for each place.
fn tell_bytes(answer: &mut Answer, pairs: &[(Arm<'_>, Arm<'_>)]) {
    let mut places: Vec<(String, Vec<String>)> = Vec::new();
    for (arm, other) in pairs {
        let Some(sizes) = arm.bytes_beside(other, ALL_PHYSICAL) else {
            if arm.numbers.all_physical_bytes.and(other.numbers.all_physical_bytes).is_some() {
                answer.limits(format!("{}: {}", place(arm), arm.no_bytes_told(other)));
            }
            continue;
        };
        let told = arm.bytes_told(other, sizes);
        match places.iter_mut().find(|(known, _)| *known == place(arm)) {
            Some((_, list)) => list.push(told),
            None => places.push((place(arm), vec![told])),
        }
    }
    for (place, told) in places {
        answer.supports(format!("{place}: store and build directories hold {}", told.join("; ")));
    }
}

/// Arms that a file system cannot serve.
fn tell_unsupported(answer: &mut Answer, evidence: &Evidence<'_>) {
    let mut told = BTreeSet::new();
    for arm in evidence.all_arms().iter().filter(|it| it.workspaces == 0) {
        if let Some(problem) = arm.problems.first() {
            let note = crate::table::fit(&crate::table::clean(&problem.note), 120);
            let (system, status) = (arm.file_system(), problem.status);
            told.insert(format!("{system} ({}): {} is {status}: {note}", arm.label(), arm.name()));
        }
    }
    told.into_iter().for_each(|it| answer.supports(it));
}
