//! Q19: where does the cache live?
//!
//! Looked for: what is lost when store and build directory are on different file systems: no
//! link can be made, so files are copied. A copy arm beside a linking arm is what that costs;
//! a story has the store elsewhere.

use crate::review::answer::Answer;
use crate::review::beside::ALL_PHYSICAL;
use crate::review::command::{self, LINKS};
use crate::review::evidence::{Evidence, differing};
use crate::review::tables::{ALL, RATIO, RESTORE, VERDICT, WALL, table};
use crate::review::told;
use crate::review::words::{place, tell_pairs};

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let links = |link: Option<&str>| matches!(link, Some("hardlink" | "reflink"));
    // The copy first: the fallback against what it stands in for.
    let pairs: Vec<_> = differing(&evidence.steps(None, &["warm"]), 2)
        .into_iter()
        .filter_map(|(a, b)| match (a.link.as_deref(), b.link.as_deref()) {
            (Some("copy"), other) if links(other) => Some((a, b)),
            (other, Some("copy")) if links(other) => Some((b, a)),
            _ => None,
        })
        .collect();
    let mut arms = Vec::new();
    for arm in pairs.iter().flat_map(|(a, b)| [b, a]) {
        if !arms.iter().any(|it: &crate::review::evidence::Arm<'_>| it.is_beside(arm) && it.name() == arm.name()) {
            arms.push(*arm);
        }
    }
    answer.grid(table(
        "Copying in place of linking, on one file system.",
        &arms,
        &[WALL, RESTORE, RATIO, VERDICT, ALL],
    ));
    for (copy, link) in &pairs {
        if let Some(sizes) = copy.bytes_beside(link, ALL_PHYSICAL) {
            let told = copy.bytes_told(link, sizes);
            answer.supports(format!("{}: store and build directories hold {told}", place(copy)));
        } else if copy.numbers.all_physical_bytes.and(link.numbers.all_physical_bytes).is_some() {
            answer.limits(format!("{}: {}", place(copy), copy.no_bytes_told(link)));
        }
    }
    let walls = tell_pairs(&mut answer, &pairs);
    answer.part("the cost of copying where links cannot be made", walls, command::compare("gauntlet", LINKS));
    let stories = told::named(evidence, &["store-on-another-file-system", "store-read-only"]);
    let probes = told::tell(&mut answer, "a store that is elsewhere or read-only", &stories);
    answer.part("right builds with the store elsewhere", probes, command::probe("store-on-another-file-system", LINKS));
    answer.out_of_reach(
        "how many setups have store and project on different file systems",
        "That takes a survey of users; run.json tells the file systems of these machines alone.",
    );
    if !pairs.is_empty() {
        answer.limits("a store on a slower device than the project: both are on one device in every run");
    }
    answer
}
