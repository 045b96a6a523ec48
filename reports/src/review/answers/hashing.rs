//! Q7: what is hashed when, and with what?
//!
//! Looked for: the part of a cold build that is publishing; a store by content, which hashes,
//! against one of directories, which does not.

use crate::review::answer::Answer;
use crate::review::answers::place::cold;
use crate::review::command::{self, STORES};
use crate::review::evidence::{Arm, Evidence, differing};
use crate::review::tables::{PUBLISH, PUBLISH_SHARE, STORE, WALL, table};
use crate::review::words::{seen, tell_pairs, tell_range};
use crate::table::percent;

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = cold(evidence);
    arms.retain(Arm::is_timed);
    let caption = "Publishing in builds from an empty store: hashing, copying or linking in, and manifests.";
    answer.grid(table(caption, &arms, &[WALL, PUBLISH, PUBLISH_SHARE, STORE]));
    let share = |arm: &Arm<'_>| {
        let known = arm.numbers.publish_s.zip(arm.numbers.wall_s).filter(|(_, wall)| *wall > 0.0);
        known.map(|(time, wall)| time / wall)
    };
    tell_range(&mut answer, "publishing took, of the wall time,", &arms, share, |share| percent(Some(share)));
    if !arms.is_empty() {
        answer.limits("publishing is more than hashing: the parts are not timed apart");
    }
    answer.part("publishing in a cold build", seen(&arms), command::compare("cold", STORES));
    let walls = tell_pairs(&mut answer, &differing(&arms, 3));
    answer.part("a store that hashes against one that does not", walls, command::compare("cold", STORES));
    answer.out_of_reach(
        "other hash algorithms and numbers of threads",
        "Stores here hash with blake3 on as many threads as there are cores; publish_s on this machine is all there is.",
    );
    answer
}
