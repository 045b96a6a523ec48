//! Q4: build in the cache, copy in, move in, or link out?
//!
//! Looked for: builds from an empty store, where a cache can only cost; warm builds, by file
//! brought back; stories of kills and of long paths.

use crate::review::answer::Answer;
use crate::review::command::{self, LINKS};
use crate::review::evidence::{Arm, Evidence};
use crate::review::tables::{
    FILES, PER_FILE, PLAN, PUBLISH, PUBLISH_SHARE, RATIO, RESTORE, VERDICT, WALL, restored_files, table,
};
use crate::review::told;
use crate::review::words::{seen, tell_range, tell_walls};

/// Caching arms in steps where nothing could be reused and everything was compiled.
pub(in crate::review) fn cold<'a>(evidence: &Evidence<'a>) -> Vec<Arm<'a>> {
    let mut arms = evidence.arms();
    arms.retain(|it| it.store.is_some() && it.numbers.hit_rate == Some(0.0) && it.files_came() == 0.0);
    // A release or check build beside a filled store misses everything too, but not a cache's cost alone.
    arms.retain(|it| ["cold", "fill", "first", "dev", "before"].contains(&it.step.step.as_str()));
    arms
}

impl Arm<'_> {
    fn files_came(&self) -> f64 {
        let files = &self.numbers;
        [files.hardlinked, files.reflinked, files.copied, files.symlinked].into_iter().flatten().sum()
    }
}

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let cold = cold(evidence);
    let caption = "Built from an empty store: what the cache itself costs. Of wall: the part spent publishing.";
    answer.grid(table(caption, &cold, &[WALL, PLAN, PUBLISH, PUBLISH_SHARE, RATIO, VERDICT]));
    let walls = tell_walls(&mut answer, &cold);
    let mut warm = evidence.steps(None, &["warm", "same-place", "same-commit", "dev-cold"]);
    warm.retain(|it| it.is_timed() && it.store.is_some() && restored_files(it).is_some());
    let caption = "Built again from the store: bringing files back, private copies among them.";
    answer.grid(table(caption, &warm, &[RESTORE, FILES, PER_FILE]));
    let each = |arm: &Arm<'_>| Some(1e3 * arm.numbers.restore_s? / restored_files(arm)?);
    // An in-place link stands for a whole directory.
    warm.retain(|it| it.link.as_deref() != Some("in-place"));
    tell_range(&mut answer, "a file brought back took", &warm, each, |ms| format!("{ms:.2} ms"));
    answer.part("the cost of a cold build", walls, command::compare("cold", LINKS));
    answer.part("the cost of a file brought back", seen(&warm), command::compare("gauntlet", LINKS));
    let kills = told::stories(evidence, |row| row.probe.starts_with("killed-while-"));
    let killed = told::tell(&mut answer, "builds that are killed", &kills);
    answer.part("safety when killed", killed, command::probe("killed-while-*", LINKS));
    let long = told::named(evidence, &["very-long-paths"]);
    let paths = told::tell(&mut answer, "very long paths", &long);
    answer.part("long paths", paths, command::probe("very-long-paths", LINKS));
    answer.out_of_reach(
        "what it is to build in the cache itself, or to move finished outputs into it",
        "Every store here copies or links outputs in after the build; in-place arms link whole unit directories out.",
    );
    if !cold.is_empty() {
        answer.limits(
            "publishing comes after the build here; inside Cargo it could run while other units compile, and the plan \
             would not be asked for twice",
        );
    }
    answer
}
