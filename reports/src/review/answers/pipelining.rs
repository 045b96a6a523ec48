//! Q9: how does a cache get along with metadata before code?
//!
//! Looked for: a check after a build, and a build after a check, in the scenario profiles;
//! entries that are only half there, in stories of damage and of partial builds.

use crate::review::answer::Answer;
use crate::review::command::{self, ONE, POLICIES};
use crate::review::evidence::Evidence;
use crate::review::tables::{COMPILED, HITS, RATIO, VERDICT, WALL, n, table};
use crate::review::told;
use crate::review::words::{place, seen, tell_walls};
use crate::table::{count, percent};

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = evidence.steps(Some("profiles"), &["check", "check-cold", "dev-cold"]);
    let caption = "check: after a build in the same place, so metadata was made already; check-cold and dev-cold: in \
                   an empty build directory, after all that came before.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, HITS, COMPILED]));
    let mut caching = arms.clone();
    caching.retain(|it| !it.is_baseline());
    for arm in caching.iter().filter(|it| it.step.step == "check") {
        if let Some(rate) = arm.numbers.hit_rate {
            let none = arm.baseline().and_then(|it| it.numbers.compiled);
            answer.supports(format!(
                "{}: after a build had made all metadata, {} reused {} of all units for a check, and Cargo ran {} units \
                 ({} for the baseline; {})",
                place(arm),
                arm.name(),
                percent(Some(rate)),
                count(arm.numbers.compiled),
                count(none),
                n(arm),
            ));
        }
    }
    let walls = tell_walls(&mut answer, &caching);
    if caching.iter().any(|it| it.step.step == "check-cold") {
        answer.limits(
            "what check-cold and dev-cold hit was stored by a step of their own command before: they do not show \
             metadata of a build serving a check, or the other way round",
        );
    }
    let command = command::compare("profiles", ONE);
    answer.part("reuse between check and build", seen(&caching), &command);
    answer.part("wall time of both", walls, &command);
    let partial = told::named(evidence, &["partial-build-then-whole", "blobs-missing", "blobs-truncated"]);
    let partial = told::tell(&mut answer, "entries that are only half there", &partial);
    answer.part("entries that are only half there", partial, command::probe("identity,blobs-missing", POLICIES));
    answer.out_of_reach(
        "the critical path with pipelining, warm and cold",
        "Wall times contain it; compile seconds do not tell metadata and code apart.",
    );
    answer
}
