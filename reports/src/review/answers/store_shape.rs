//! Q6: a store by content, or a directory for each unit?
//!
//! Looked for: arms that differ in the shape of their store alone: bytes in the store, wall
//! times cold and warm.

use crate::review::answer::{Answer, State};
use crate::review::beside::STORE_ALLOCATED;
use crate::review::command::{self, STORES};
use crate::review::evidence::{Arm, Evidence, differing};
use crate::review::tables::{ALL, PUBLISH, RATIO, STORE, VERDICT, WALL, table};
use crate::review::told;
use crate::review::words::{place, seen, tell_pairs};
use crate::table::percent;

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let pairs = differing(&evidence.steps(None, &["cold", "fill", "warm"]), 3);
    let mut arms: Vec<Arm<'_>> = Vec::new();
    for arm in pairs.iter().flat_map(|(a, b)| [b, a]) {
        if !arms.iter().any(|it| it.is_beside(arm) && it.name() == arm.name()) {
            arms.push(*arm);
        }
    }
    let caption = "Stores of two shapes under the same policy and links. Store: allocated bytes, each inode once.";
    answer.grid(table(caption, &arms, &[WALL, PUBLISH, RATIO, VERDICT, STORE, ALL]));
    for (a, b) in &pairs {
        let sizes = a.bytes_beside(b, STORE_ALLOCATED);
        if let Some((one, two)) = sizes.filter(|(_, two)| *two > 0.0) {
            let (part, told) = (percent(Some(one / two)), a.bytes_told(b, (one, two)));
            answer.supports(format!("{}: the store holds {told}: the one is {part} of the other", place(a)));
        } else if a.numbers.store_allocated_bytes.and(b.numbers.store_allocated_bytes).is_some() && sizes.is_none() {
            answer.limits(format!("{}: {}", place(a), a.no_bytes_told(b)));
        }
    }
    let walls = tell_pairs(&mut answer, &pairs);
    let command = command::compare("gauntlet", STORES);
    answer.part("bytes by shape", seen(&arms), &command);
    answer.part("time by shape", walls, &command);
    let cold = pairs.iter().any(|(a, _)| a.step.step != "warm" && a.is_timed());
    let hashing = if cold { walls } else { State::Missing };
    answer.part("what hashing costs when a store is filled", hashing, command::compare("cold", STORES));
    let stories = told::stories(evidence, |row| row.strategy.ends_with("@dirs"));
    let probes = told::tell(&mut answer, "probes told to a store of directories", &stories);
    answer.part("safety of both shapes", probes, command::probe("faults,races,identity", STORES));
    if !pairs.is_empty() {
        answer.limits("stores that have grown for months: bytes that are twice in a store grow with its age");
    }
    answer
}
