//! Q16: share across profiles and commands?
//!
//! Looked for: the scenario profiles, where each step finds what the ones before it stored:
//! units reused, units stored twice under two keys, wall time.

use crate::review::answer::{Answer, State};
use crate::review::command::{self, ONE, POLICIES};
use crate::review::evidence::{Arm, Evidence};
use crate::review::shares::{one_per_policy, reasons, reasons_table};
use crate::review::simulated;
use crate::review::tables::{ADDED, COMPILED, HITS, RATIO, VERDICT, WALL, n, table};
use crate::review::told;
use crate::review::words::{place, seen, tell_walls};
use crate::table::percent;
use records::Outcome;

/// Steps of another profile or command than what is in the store by then.
pub(in crate::review) const CROSSING: [&str; 3] = ["release", "test", "check"];

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let names = evidence.steps_of("profiles");
    let arms = evidence.steps(Some("profiles"), &names);
    let caption = "One workspace after the other through dev, release, test and check, with one store.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, HITS, COMPILED, ADDED]));
    let crossing: Vec<Arm<'_>> =
        arms.iter().filter(|it| CROSSING.contains(&it.step.step.as_str()) && !it.is_baseline()).copied().collect();
    let keyed = one_per_policy(&crossing);
    let caption = "Why units of another profile or command missed, a round; dup: the same bytes were stored.";
    answer.grid(reasons_table(caption, &keyed, &[Outcome::Miss, Outcome::Dup]));
    for arm in &keyed {
        let dup = reasons(arm, &[Outcome::Dup]).first().map_or(0.0, |it| it.1);
        answer.supports(format!(
            "{}: {} reused {} of all units from the profiles and commands before; {dup:.0} more were the same bytes \
             under another key ({})",
            place(arm),
            arm.name(),
            arm.numbers.hit_rate.map_or("none".into(), |rate| percent(Some(rate))),
            n(arm),
        ));
    }
    let walls = tell_walls(&mut answer, &crossing);
    let command = command::compare("profiles", ONE);
    answer.part("units the same in another profile or command", seen(&keyed), &command);
    answer.part("wall time across profiles", walls, &command);
    let bytes: Vec<Arm<'_>> = crossing.iter().filter(|it| it.numbers.added_physical_bytes.is_some()).copied().collect();
    answer.part("bytes added by each", seen(&bytes), &command);
    let shared = simulated::commands(&mut answer, evidence);
    answer.part("the same over many workspaces, in seconds and bytes", shared, command::simulate());
    let stories = told::stories(evidence, |row| row.probe == "profiles-in-turn" || row.probe.starts_with("profile-"));
    let probes = told::tell(&mut answer, "probes about profiles", &stories);
    answer.part("right builds of profiles in turn", probes, command::probe("profiles-in-turn", POLICIES));
    if seen(&keyed) > State::Missing {
        answer.limits(
            "what a layout without the level of the profile would share: the profile's directory is in every key here, \
             since Cargo writes it into its fingerprints, so few hits across profiles are a property of the keys",
        );
    }
    answer
}
