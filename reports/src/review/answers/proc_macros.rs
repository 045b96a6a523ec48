//! Q13: proc macros: leave out what stands on them, or trust them?
//!
//! Looked for: proc macros among all units, and what a policy refused because one stands
//! below; stories about macros; hits that two compiles do not agree on.

use crate::review::answer::{Answer, State};
use crate::review::command::{self, POLICIES};
use crate::review::evidence::{Arm, Evidence};
use crate::review::shares::{Kind, Share, kinds, one_per_policy};
use crate::review::tables::n;
use crate::review::told;
use crate::review::words::{place, plural, seen, tell_range};
use crate::table::{percent, seconds};

const MACROS: Kind<'_> = ("proc macros", |unit| unit.kind == "proc-macro");
const BELOW: Kind<'_> = ("refused for a proc macro below", |unit| unit.reason == "below-proc-macro");

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = one_per_policy(&evidence.steps(None, &["warm"]));
    answer.grid(kinds("Proc macros in builds from the store, a round.", &arms, &[MACROS, BELOW]));
    let share = |arm: &Arm<'_>| {
        let all = Share::of(arm, |_| true);
        (all.cost_s > 0.0).then(|| Share::of(arm, MACROS.1).cost_s / all.cost_s)
    };
    tell_range(&mut answer, "proc macros themselves are, of compile seconds,", &arms, share, |it| percent(Some(it)));
    // A wider policy has no rule that could refuse them.
    for arm in arms.iter().filter(|it| it.key.as_deref() == Some("conservative")) {
        let (below, name) = (Share::of(arm, BELOW.1), arm.name());
        let (units, cost) = (plural(below.units.round() as usize, "unit"), seconds(Some(below.cost_s)));
        let place = place(arm);
        answer.supports(format!("{place}: {name} refused {units} for a proc macro below, worth {cost} ({})", n(arm)));
    }
    let mut narrow = arms.clone();
    narrow.retain(|it| it.key.as_deref() == Some("conservative"));
    if !narrow.is_empty() {
        answer.limits(
            "the rule that refuses is the first that applies: a unit above both a build script and a proc macro is \
             counted for one of them",
        );
    }
    answer.part("the share of units downstream", seen(&narrow), command::compare_many("gauntlet", POLICIES));
    let stories = told::stories(evidence, |row| row.probe.starts_with("macro-"));
    let probes = told::tell(&mut answer, "probes about proc macros", &stories);
    answer.part("wrong reuse above macros in probes", probes, command::probe("macro-*", POLICIES));
    let double = evidence.arms().iter().any(|arm| arm.shadow.is_some());
    let state = State::of(double);
    answer.part("expansions that differ between two builds", state, command::shadow("gauntlet", POLICIES));
    if double {
        let sum: u64 =
            evidence.arms().iter().filter_map(|arm| Some(arm.shadow.as_ref()?.nondeterministic)).sum();
        answer.supports(format!("of all hits compiled twice, {sum} came out different each time, for whatever reason"));
        answer.limits(
            "whether a macro or the compiler is behind bytes that differ: with incremental compilation rustc \
                       names objects anew each time",
        );
    }
    answer
}
