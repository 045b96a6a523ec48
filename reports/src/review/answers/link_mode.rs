//! Q5: hardlink, reflink, copy, symlink, or in place?
//!
//! Looked for: arms that differ in their link mode alone, by file system: wall time against
//! each other, physical bytes, the mechanism that really happened; stories of isolation.

use std::collections::BTreeSet;

use crate::plot::{Chart, Interval, Panel, Plot, Ratio};
use crate::review::answer::Answer;
use crate::review::command::{self, LINKS};
use crate::review::evidence::{Arm, Evidence, beside, differing};
use crate::review::tables::{ALL, MECHANISM, RATIO, RESTORE, VERDICT, WALL, n, table};
use crate::review::told;
use crate::review::words::{listed, place, seen, tell_pairs};
use crate::table::{bytes, seconds};

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
    tell_bytes(&mut answer, &arms);
    let walls = tell_pairs(&mut answer, &to_hardlink(&pairs));
    let with_bytes: Vec<Arm<'_>> = arms.iter().filter(|it| it.disk.all_physical.is_some()).copied().collect();
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
            remark: format!("{}, {}", seconds(arm.summary.wall_s), arm.verdict().map_or("", |it| it.as_str())),
        }
    };
    let panel = |group: Vec<Arm<'_>>| Panel {
        title: format!("{} ({}, {})", group[0].file_system(), group[0].label(), n(&group[0])),
        rows: group.iter().map(row).collect(),
    };
    Plot {
        id: "review-q5-links".into(),
        title: "Warm builds by link mode and file system".into(),
        finding: "Wall time of a build from the store against the baseline of its run; below 1 is faster.".into(),
        chart: Chart::Ratios {
            baseline: arms.first().map_or("none", |arm| arm.run.analysis.baseline.as_str()).to_owned(),
            panels: beside(arms).into_iter().map(panel).collect(),
        },
    }
}

fn tell_bytes(answer: &mut Answer, arms: &[Arm<'_>]) {
    for group in beside(arms) {
        let known: Vec<String> = group
            .iter()
            .filter_map(|it| Some(format!("{} {}", it.name(), bytes(Some(it.disk.all_physical?)))))
            .collect();
        if known.len() > 1 {
            let (place, n) = (place(&group[0]), n(&group[0]));
            answer.supports(format!("{place}: store and build directories hold {} ({n})", listed(&known)));
        }
    }
}

/// Arms that a file system cannot serve.
fn tell_unsupported(answer: &mut Answer, evidence: &Evidence<'_>) {
    let mut told = BTreeSet::new();
    for arm in evidence.all_arms().iter().filter(|it| it.summary.workspaces == 0) {
        if let Some(problem) = arm.summary.problems.first() {
            let note = crate::table::fit(&crate::table::clean(&problem.note), 120);
            let (system, status) = (arm.file_system(), problem.status);
            told.insert(format!("{system} ({}): {} is {status}: {note}", arm.label(), arm.name()));
        }
    }
    told.into_iter().for_each(|it| answer.supports(it));
}
