//! Q21: de-duplicate first, or cache first?
//!
//! Looked for: a design that only shares files (`dedup`, compiles everything) and caching arms
//! beside each other, on worktrees and on many projects: wall time and disk of each.

use crate::review::answer::Answer;
use crate::review::beside::ALL_PHYSICAL;
use crate::review::command;
use crate::review::evidence::{Arm, Evidence, beside};
use crate::review::shares::one_per_policy;
use crate::review::tables::{ADDED, ALL, RATIO, VERDICT, WALL, table};
use crate::review::words::{place, seen, tell_pairs, tell_walls};

/// The design that saves disk and nothing else (strategies/catalog).
const DEDUP: &str = "dedup";
/// What to compare it with.
const ARMS: &str = "none,dedup,hardlink+conservative,hardlink+aggressive";

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(Some("worktrees"), &["same-commit", "diverged", "edited"]);
    arms.extend(evidence.steps(Some("gauntlet"), &["fill", "warm"]));
    let keyed = one_per_policy(&arms);
    let chosen = |it: &Arm<'_>| keyed.iter().any(|arm| arm.is_beside(it) && arm.name() == it.name());
    arms.retain(|it| it.name() == DEDUP || chosen(it) || it.is_baseline());
    let caption = "Sharing files alone and caching, on worktrees and on several projects. All on disk: store and \
                   build directories, shared extents once.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, ALL, ADDED]));
    let dedup: Vec<Arm<'_>> = arms.iter().filter(|it| it.name() == DEDUP).copied().collect();
    let caching: Vec<Arm<'_>> = arms.iter().filter(|it| it.store.is_some()).copied().collect();
    let mut pairs = Vec::new();
    for group in beside(&arms) {
        let Some(sharing) = group.iter().find(|it| it.name() == DEDUP) else { continue };
        pairs.extend(group.iter().filter(|it| it.store.is_some()).map(|it| (*it, *sharing)));
    }
    for (cache, sharing) in &pairs {
        if let Some(sizes) = cache.bytes_beside(sharing, ALL_PHYSICAL) {
            let told = cache.bytes_told(sharing, sizes);
            answer.supports(format!("{}: store and build directories hold {told}", place(cache)));
        } else if cache.numbers.all_physical_bytes.and(sharing.numbers.all_physical_bytes).is_some() {
            answer.limits(format!("{}: {}", place(cache), cache.no_bytes_told(sharing)));
        }
    }
    tell_walls(&mut answer, &dedup);
    let walls = tell_pairs(&mut answer, &pairs);
    tell_walls(&mut answer, &caching);
    let of = |scenario: &str, arms: &[Arm<'_>]| {
        seen(&arms.iter().filter(|it| it.step.scenario == scenario).copied().collect::<Vec<_>>())
    };
    answer.part("de-duplication on worktrees", of("worktrees", &dedup), command::compare("worktrees", ARMS));
    answer.part("de-duplication on several projects", of("gauntlet", &dedup), command::compare("gauntlet", ARMS));
    answer.part("caching on worktrees", of("worktrees", &caching), command::compare("worktrees", ARMS));
    answer.part("caching on several projects", of("gauntlet", &caching), command::compare("gauntlet", ARMS));
    answer.part("caching against de-duplication in wall time", walls, command::compare("worktrees", ARMS));
    if dedup.is_empty() && !caching.is_empty() {
        answer.limits("what de-duplication alone would save: no run here has the strategy dedup");
    }
    answer
}
