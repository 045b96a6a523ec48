//! Q15: what does cargo clean free?
//!
//! Looked for: the steps of the scenario clean that run `cargo clean` or collect the store:
//! bytes promised against bytes freed on disk, and their time.

use crate::review::answer::{Answer, State};
use crate::review::command::{self, ONE};
use crate::review::evidence::{Arm, Evidence};
use crate::review::tables::{FREED, PROMISED, STORE, WALL, n, table};
use crate::review::words::{place, seen};
use crate::table::{bytes, percent};

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.arms();
    arms.retain(|it| it.step.cleans);
    let caption = "Bytes that a cleaning step said it would free, and physical bytes it freed.";
    answer.grid(table(caption, &arms, &[WALL, PROMISED, FREED, STORE]));
    for arm in &arms {
        let known =
            arm.numbers.promised_bytes.zip(arm.numbers.added_physical_bytes).filter(|(promised, _)| *promised > 0.0);
        if let Some((promised, added)) = known {
            answer.supports(format!(
                "{}: under {} it promised {} and freed {}, {} of it ({})",
                place(arm),
                arm.name(),
                bytes(Some(promised)),
                bytes(Some(-added)),
                percent(Some(-added / promised)),
                n(arm),
            ));
        }
    }
    let cleaned: Vec<Arm<'_>> = arms.iter().filter(|it| it.step.step.starts_with("clean")).copied().collect();
    let collected: Vec<Arm<'_>> = arms.iter().filter(|it| it.step.step.starts_with("collect")).copied().collect();
    let command = command::compare("clean", ONE);
    answer.part("bytes promised and freed by cargo clean", seen(&cleaned), &command);
    answer.part("bytes promised and freed by collection", seen(&collected), &command);
    answer.part("their time", seen(&arms.iter().filter(|it| it.is_timed()).copied().collect::<Vec<_>>()), &command);
    if seen(&arms) > State::Missing {
        answer.limits(
            "what cargo clean ought to free: the numbers show what it does. Its promise is rounded to a tenth of its \
             unit and counts a file with two names twice",
        );
    }
    answer
}
