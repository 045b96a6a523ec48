//! How artifacts are stored and brought back: place, link mode, shape of the store, hashing, location.

use crate::review::answer::{Answer, State};
use crate::review::comparisons::seen;
use crate::review::evidence::{ALL_PHYSICAL, Evidence, STORE_ALLOCATED, StepArm, by_step, differing, of_pairs, only};
use crate::review::probed;
use crate::review::tables::{
    ALL, FILES, MECHANISM, PER_FILE, PLAN, PUBLISH, PUBLISH_SHARE, RATIO, RESTORE, STORE, VERDICT, WALL,
    restored_files, table,
};
use crate::stats::Verdict;
use crate::text::{clean, fit, percent};
use crate::words::{plural, ratio};

/// File systems that have reflinks.
const COPY_ON_WRITE: [&str; 3] = ["btrfs", "xfs", "apfs"];

/// Caching arms in steps where nothing could be reused and everything was compiled.
fn cold<'a>(evidence: &Evidence<'a>) -> Vec<StepArm<'a>> {
    let mut arms = evidence.arms();
    let linked = |it: &StepArm<'_>| {
        let files = [it.numbers.hardlinked, it.numbers.reflinked, it.numbers.copied, it.numbers.symlinked];
        files.into_iter().flatten().sum::<f64>()
    };
    arms.retain(|it| it.store.is_some() && it.numbers.hit_rate == Some(0.0) && linked(it) == 0.0);
    // A release or check build with a filled store misses everything too, but not a cache's cost alone.
    arms.retain(|it| ["cold", "fill", "first", "dev", "before"].contains(&it.step.step.as_str()));
    arms
}

/// Q4. Builds from an empty store, where a cache can only cost; warm builds, by file brought back; probes of
/// kills and of long paths.
pub(in crate::review) fn place(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let cold = cold(evidence);
    let caption = "Built from an empty store: what the cache itself costs. Of wall: the part spent publishing.";
    answer.grid(table(caption, &cold, &[WALL, PLAN, PUBLISH, PUBLISH_SHARE, RATIO, VERDICT]));
    let walls = answer.walls(&cold);
    let mut warm = evidence.steps(None, &["warm", "same-place", "same-commit", "dev-cold"]);
    warm.retain(|it| it.is_timed() && it.store.is_some() && restored_files(it).is_some());
    let caption = "Built again from the store: bringing files back, private copies among them.";
    answer.grid(table(caption, &warm, &[RESTORE, FILES, PER_FILE]));
    // An in-place link brings a whole directory.
    let files = only(&warm, |it| it.link.as_deref() != Some("in-place"));
    let each = |arm: &StepArm<'_>| Some(1e3 * arm.numbers.restore_s? / restored_files(arm)?);
    answer.range("a file brought back took", &files, each, |ms| format!("{ms:.2} ms"));
    let kills = probed::cases(evidence, |row| row.probe.starts_with("killed-while-"));
    let kills = answer.probes("builds that are killed", &kills);
    let long = answer.probes("very long paths", &probed::named(evidence, &["very-long-paths"]));
    answer.states(&[walls, seen(&files), kills, long])
}

/// Q5. Arms that differ in their link mode alone, by file system: wall time against each other, physical bytes,
/// the mechanism that really happened; probes of isolation.
pub(in crate::review) fn link_mode(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(None, &["warm"]);
    arms.retain(|it| it.link.is_some());
    let caption = "Built again from the store, by link mode and file system. All on disk: store and build directories, \
                   shared extents once.";
    answer.grid(table(caption, &arms, &[WALL, RESTORE, RATIO, VERDICT, ALL, MECHANISM]));
    let pairs = differing(&arms, 2);
    let compared = of_pairs(&pairs);
    let arms = only(&arms, |it| compared.iter().any(|arm| arm.is_same(it)));
    if !arms.is_empty() {
        answer.supports(link_finding(&arms));
    }
    // A hardlink, which works on most file systems, is the yardstick; the recommendation looks at every pair.
    let is_hardlink = |arm: &StepArm<'_>| arm.link.as_deref() == Some("hardlink");
    let to_hardlink = pairs.iter().filter_map(|(a, b)| match (is_hardlink(a), is_hardlink(b)) {
        (true, _) => Some((*b, *a)),
        (_, true) => Some((*a, *b)),
        _ => None,
    });
    let to_hardlink: Vec<_> = to_hardlink.collect();
    let pairs = if to_hardlink.is_empty() { pairs } else { to_hardlink };
    answer.bytes("store and build directories hold", &pairs, ALL_PHYSICAL);
    let walls = answer.wall_pairs(&pairs);
    let mut unsupported: Vec<String> = Vec::new();
    for arm in evidence.all_arms().iter().filter(|it| it.workspaces == 0) {
        if let Some(problem) = arm.problems.first() {
            let (system, note) = (arm.file_system(), fit(&clean(&problem.note), 120));
            unsupported.push(format!("{system} ({}): {} is {}: {note}", arm.label(), arm.name(), problem.status));
        }
    }
    unsupported.sort();
    unsupported.dedup();
    unsupported.into_iter().for_each(|it| answer.supports(it));
    let has_reflinks = |it: &StepArm<'_>| COPY_ON_WRITE.contains(&it.file_system());
    let isolation = probed::families(evidence, &["isolation"]);
    let isolation = answer.probes("probes of the family isolation", &isolation);
    answer.states(&[
        walls,
        seen(arms.iter().filter(|it| it.numbers.all_physical_bytes.is_some())),
        seen(arms.iter().filter(|it| has_reflinks(it))),
        seen(arms.iter().filter(|it| !has_reflinks(it))),
        isolation,
    ])
}

fn link_finding(arms: &[StepArm<'_>]) -> String {
    let of_panel = |group: Vec<StepArm<'_>>| {
        let usable = |arm: &&StepArm<'_>| arm.is_timed() && !arm.is_distrusted();
        let mut known: Vec<(f64, &StepArm<'_>)> =
            group.iter().filter(usable).filter_map(|arm| Some((arm.wall.as_ref()?.judgement.ratio?, arm))).collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (least, most) = known.first().zip(known.last())?;
        let faster = known.iter().filter(|it| it.1.verdict() == Some(Verdict::Faster)).count();
        Some(format!(
            "on {} ({}, {}) from {} under {} to {} under {}, {faster} of {} found faster",
            group[0].file_system(),
            group[0].label(),
            group[0].step.scenario,
            ratio(least.0),
            least.1.name(),
            ratio(most.0),
            most.1.name(),
            plural(known.len(), "arm"),
        ))
    };
    let panels: Vec<String> = by_step(arms).into_iter().filter_map(of_panel).collect();
    match panels.as_slice() {
        [] => "no wall time of a build from the store can be used here".into(),
        panels => format!(
            "wall time of a build from the store, as a part of the baseline's in the same rounds and workspaces: {}",
            panels.join("; ")
        ),
    }
}

/// Q6. Arms that differ in the shape of their store alone: bytes in the store, wall times cold and warm.
pub(in crate::review) fn store_shape(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let pairs = differing(&evidence.steps(None, &["cold", "fill", "warm"]), 3);
    let arms = of_pairs(&pairs);
    let caption = "Stores of two shapes under the same policy and links. Store: allocated bytes, each inode once.";
    answer.grid(table(caption, &arms, &[WALL, PUBLISH, RATIO, VERDICT, STORE, ALL]));
    answer.bytes("the store holds", &pairs, STORE_ALLOCATED);
    let walls = answer.wall_pairs(&pairs);
    let filled = pairs.iter().any(|(a, _)| a.step.step != "warm" && a.is_timed());
    let probes = probed::cases(evidence, |row| row.strategy.ends_with("@dirs"));
    let probes = answer.probes("probes of a store of directories", &probes);
    answer.states(&[seen(&arms), walls, if filled { walls } else { State::Missing }, probes])
}

/// Q7. The part of a cold build that is publishing; a store by content, which hashes, against one of
/// directories, which does not.
pub(in crate::review) fn hashing(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = only(&cold(evidence), StepArm::is_timed);
    let caption = "Publishing in builds from an empty store: hashing, copying or linking in, and manifests.";
    answer.grid(table(caption, &arms, &[WALL, PUBLISH, PUBLISH_SHARE, STORE]));
    let share = |arm: &StepArm<'_>| {
        let known = arm.numbers.publish_s.zip(arm.numbers.wall_s).filter(|(_, wall)| *wall > 0.0);
        known.map(|(time, wall)| time / wall)
    };
    answer.range("publishing took, of the wall time,", &arms, share, |share| percent(Some(share)));
    let walls = answer.wall_pairs(&differing(&arms, 3));
    answer.states(&[seen(&arms), walls])
}

/// Q19. With store and build directory on different file systems no link can be made, so files are copied:
/// a copy arm against a linking arm is what that costs; a probe has the store elsewhere.
pub(in crate::review) fn location(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let links = |link: Option<&str>| matches!(link, Some("hardlink" | "reflink"));
    // The copy first: the fallback against what it replaces.
    let pairs = differing(&evidence.steps(None, &["warm"]), 2).into_iter().filter_map(|(a, b)| {
        match (a.link.as_deref(), b.link.as_deref()) {
            (Some("copy"), other) if links(other) => Some((a, b)),
            (other, Some("copy")) if links(other) => Some((b, a)),
            _ => None,
        }
    });
    let pairs: Vec<_> = pairs.collect();
    let caption = "Copying in place of linking, on one file system.";
    answer.grid(table(caption, &of_pairs(&pairs), &[WALL, RESTORE, RATIO, VERDICT, ALL]));
    answer.bytes("store and build directories hold", &pairs, ALL_PHYSICAL);
    let walls = answer.wall_pairs(&pairs);
    let probes = probed::named(evidence, &["store-on-another-file-system", "store-read-only"]);
    let probes = answer.probes("probes of a store that is elsewhere or read-only", &probes);
    answer.states(&[walls, probes])
}
