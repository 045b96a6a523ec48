//! Q12: build scripts: leave out, trust, or sandbox?
//!
//! Looked for: scripts and their runs among all units; what each policy made of them; runs
//! reused at another path, in the scenario moved; stories about scripts.

use crate::review::answer::{Answer, State};
use crate::review::answers::eligibility::shadow;
use crate::review::command::{self, ONE, POLICIES};
use crate::review::evidence::{Arm, Evidence};
use crate::review::shares::{Kind, Share, kinds, one_per_policy};
use crate::review::tables::n;
use crate::review::told;
use crate::review::words::{place, plural, seen, tell_range};
use crate::table::{percent, seconds};
use records::UnitRow;

const RUNS: Kind<'_> = ("runs of build scripts", |unit| is_run(unit));
const COMPILES: Kind<'_> = ("compiles of build scripts", |unit| unit.kind == "custom-build" && !is_run(unit));

fn is_run(unit: &UnitRow) -> bool {
    unit.mode == "run-custom-build"
}

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = one_per_policy(&evidence.steps(None, &["warm"]));
    let caption =
        "Build scripts in builds from the store, a round. Compile time: of the baseline, for compiles and runs.";
    answer.grid(kinds(caption, &arms, &[RUNS, COMPILES]));
    let both = |arm: &Arm<'_>, of: fn(Share) -> f64| {
        let all = of(Share::of(arm, |_| true));
        (all > 0.0).then(|| of(Share::of(arm, |unit| RUNS.1(unit) || COMPILES.1(unit))) / all)
    };
    let show = |share: f64| percent(Some(share));
    tell_range(&mut answer, "scripts and their runs are, of all units,", &arms, |it| both(it, |it| it.units), show);
    let cost = |it: &Arm<'_>| both(it, |it| it.cost_s);
    tell_range(&mut answer, "scripts and their runs are, of compile seconds,", &arms, cost, show);
    for arm in &arms {
        let below = Share::of(arm, |unit| unit.reason == "below-build-script");
        if below.units > 0.0 {
            let cost = seconds(Some(below.cost_s));
            let what = plural(below.units.round() as usize, "unit");
            let who = arm.name();
            answer.supports(format!(
                "{}: {who} refused {what} only for what stands below, worth {cost} a round",
                place(arm)
            ));
        }
    }
    answer.part("the share of build scripts", seen(&arms), command::compare("gauntlet", POLICIES));
    let moved = one_per_policy(&evidence.steps(Some("moved"), &["same-place", "other-path", "other-home"]));
    answer.grid(kinds("Runs of build scripts after a move, a round.", &moved, &[RUNS]));
    for arm in moved.iter().filter(|it| it.step.step == "other-path") {
        tell_moved(&mut answer, arm);
    }
    answer.part("reuse at another path", seen(&moved), command::compare("moved", ONE));
    let state = shadow(&mut answer, evidence);
    answer.part("outputs compared byte for byte", state, command::shadow("moved", ONE));
    if state > State::Missing {
        answer.limits("shadow compiles count all units of a row; which of them are runs of scripts is in its notes");
    }
    let stories = told::stories(evidence, |row| row.probe.starts_with("script-"));
    let probes = told::tell(&mut answer, "probes about build scripts", &stories);
    answer.part("wrong reuse of scripts in probes", probes, command::probe("script-*", POLICIES));
    answer.out_of_reach(
        "the share of scripts whose output is the same at another time and in another environment",
        "The shadow check repeats a build at the same path and in the same environment; the scenario moved changes \
         the path.",
    );
    answer
}

fn tell_moved(answer: &mut Answer, arm: &Arm<'_>) {
    let it = Share::of(arm, RUNS.1);
    if it.units > 0.0 {
        answer.supports(format!(
            "{}: {} took over {:.0} of {:.0} runs of build scripts from a build at another path ({})",
            place(arm),
            arm.name(),
            it.hits,
            it.units,
            n(arm),
        ));
        answer
            .limits("that a run was reused at another path does not show that it would have made the same bytes there");
    }
}
