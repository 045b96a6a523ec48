//! What simulations show, and what they only hint at.

use super::*;
use crate::simulation::{Origin, SimulationRun};

fn review_of(simulations: &[SimulationRun]) -> (Vec<Section>, Vec<(&'static str, QuestionStanding)>) {
    let evidence = Evidence { simulations: simulations.iter().collect(), ..Evidence::default() };
    (review(&evidence), standings(&evidence))
}

fn of<'a>(sections: &'a [Section], id: &str) -> &'a Section {
    sections.iter().find(|section| section.title.starts_with(&format!("{id} "))).unwrap()
}

fn choice(simulations: &[SimulationRun], rule: &str) -> Vec<Result<String, String>> {
    let evidence = Evidence { simulations: simulations.iter().collect(), ..Evidence::default() };
    let advice = recommendation(&evidence).into_iter().filter(|it| it.rule == rule);
    let found = advice.map(|it| match it.finding {
        Finding::Decided { choice, .. } => Ok(choice),
        Finding::Undecided { why, .. } => Err(why),
    });
    found.collect()
}

const SIMULATED: [&str; 7] = ["Q1", "Q2", "Q3", "Q10", "Q16", "Q18", "Q20"];

#[test]
fn a_simulation_answers_its_parts_and_no_more() {
    let (sections, standings) = review_of(&[simulation("aggressive")]);
    for (id, standing) in &standings {
        let expected = if SIMULATED.contains(id) { QuestionStanding::Partly } else { QuestionStanding::Open };
        assert_eq!(*standing, expected, "{id}");
    }
    // What is an exact mean over all orders names no number of them.
    let places = ["S1, 120 workspaces in 20 orders, simulated", "S1, 120 workspaces, all orders, simulated"];
    for id in SIMULATED {
        let section = of(&sections, id);
        let text = format!("{:?}", section.blocks);
        assert!(text.contains("(shown: ") && (text.contains(places[0]) || text.contains(places[1])), "{id} {text}");
        assert!(text.contains("S1: wrong hits and wall times, since keys were looked up"), "{id} {text}");
        assert!(text.contains("35.0% measured, half of the estimates within 1.62x"), "{id} {text}");
        assert!(!commands(std::slice::from_ref(section)).iter().any(|it| it.contains("simulate")), "{id}");
    }
    // Nothing of what only a build can show.
    let text = format!("{:?}", of(&sections, "Q3").blocks);
    assert!(text.contains("missing: ") && text.contains("wrong hits by what is left out"), "{text}");
    let legend = format!("{:?}", sections[0].blocks);
    assert!(legend.contains("simulation, collected trace, 20 orders"), "{legend}");
}

#[test]
fn without_one_the_answers_name_the_command() {
    let (sections, _) = review_of(&[]);
    for id in SIMULATED {
        let commands = commands(std::slice::from_ref(of(&sections, id)));
        assert!(commands.iter().any(|it| it.contains("harness simulate --trace real.trace")), "{id} {commands:?}");
    }
}

#[test]
fn what_is_made_up_or_small_only_hints() {
    let mut made_up = simulation("aggressive");
    made_up.trace.origin = Origin::Generated;
    let mut once = simulation("aggressive");
    once.trace.orders = 1;
    let (sections, _) = review_of(std::slice::from_ref(&made_up));
    for id in SIMULATED {
        let text = format!("{:?}", of(&sections, id).blocks);
        assert!(text.contains("only hinted at: ") && !text.contains("(shown: "), "{id} {text}");
        assert!(text.contains("what projects do: its trace was made up"), "{id} {text}");
    }
    for rule in ["retention", "key inputs"] {
        assert!(choice(&[], rule)[0].as_ref().unwrap_err().starts_with("no simulation"), "{rule}");
        let why = choice(std::slice::from_ref(&made_up), rule);
        assert!(why.iter().all(|it| it.as_ref().is_err_and(|why| why.contains("made up"))), "{rule} {why:?}");
    }
    // Relaxations are exact means over all orders.
    assert_eq!(choice(std::slice::from_ref(&once), "key inputs")[0], Ok("early-cutoff".into()));
    // Retention replays one order of events, and needs no others.
    assert_eq!(choice(&[once], "retention"), [Ok("cost-per-byte".into())]);
    // What hints takes nothing from what shows.
    assert_eq!(choice(&[made_up, simulation("aggressive")], "retention"), [Ok("cost-per-byte".into())]);
}

#[test]
fn a_policy_of_retention_is_chosen_when_it_is_clearly_best() {
    let run = simulation("aggressive");
    assert_eq!(choice(std::slice::from_ref(&run), "retention"), [Ok("cost-per-byte".into())]);
    // Within 5 % of each other nothing is chosen.
    let mut near = run.clone();
    for row in near.retention.iter_mut().filter(|row| row.policy != "offline-farthest") {
        row.rebuilt_s = 6000.0;
    }
    let why = choice(&[near.clone()], "retention");
    assert!(why[0].as_ref().is_err_and(|why| why.contains("within 5% of the fewest")), "{why:?}");
    // What knows the future is no choice; runs that disagree leave it open.
    let mut other = run.clone();
    for row in &mut other.retention {
        row.policy = match row.policy.as_str() {
            "lru" => "cost-per-byte".into(),
            "cost-per-byte" => "lru".into(),
            other => other.into(),
        };
    }
    let why = choice(&[run, other], "retention");
    assert!(why[0].as_ref().is_err_and(|why| why.starts_with("the runs disagree")), "{why:?}");
}

#[test]
fn an_input_is_left_out_when_that_is_sound_and_gains() {
    let mut run = simulation("aggressive");
    let found = choice(std::slice::from_ref(&run), "key inputs");
    assert_eq!(found, [Ok("early-cutoff".into()), found[1].clone()]);
    let nothing =
        |it: &Result<String, String>| it.as_ref().is_err_and(|why| why.starts_with("nothing sound gains more"));
    assert!(nothing(&found[1]), "{found:?}");
    // Neither a what-if nor what is unsound is ever a choice, however much it gains.
    for row in run.relaxations.iter_mut().filter(|row| row.soundness != "sound") {
        row.gained_s *= 5.0;
    }
    assert_eq!(choice(std::slice::from_ref(&run), "key inputs"), found);
    for row in run.relaxations.iter_mut().filter(|row| row.relaxation == "early-cutoff") {
        row.gained_s = 1000.0;
    }
    assert!(nothing(&choice(std::slice::from_ref(&run), "key inputs")[0]));
    // What gains nothing may be what cannot differ within one command.
    run.relaxations.iter_mut().for_each(|row| row.gained_s = 0.0);
    let open = choice(&[run], "key inputs");
    let unjudged =
        |it: &Result<String, String>| it.as_ref().is_err_and(|why| why.contains("no sound relaxation could be"));
    assert!(open.iter().all(unjudged), "{open:?}");
}

#[test]
fn names_of_policies_pass_through_a_review() {
    let name = "a|b<c>&\nx";
    let (sections, _) = review_of(&[simulation(name)]);
    let grids = sections.iter().flat_map(|section| &section.blocks);
    let cells = grids.filter_map(|block| match block {
        Block::Grid(grid) => {
            assert!(grid.rows.iter().all(|row| row.len() == grid.columns.len()), "{}", grid.caption);
            Some(grid.rows.iter().flatten().filter(|cell| cell.text == name).count())
        }
        _ => None,
    });
    assert!(cells.sum::<usize>() > 20);
}
