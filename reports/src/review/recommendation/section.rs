//! The recommendation as a section: findings, how the questions stand, rules, runs.

use super::{Finding, RULES, recommendation};
use crate::document::{Block, Section};
use crate::review::answer::Standing;
use crate::review::legend::legend;
use crate::review::words::listed;
use crate::review::{Evidence, evidence::Arm};

/// The first section of a review.
pub(in crate::review) fn section(evidence: &Evidence<'_>, standings: &[(&str, Standing)]) -> Section {
    let mut section = Section::new("review-recommendation", "Recommendation", 0);
    let advice = recommendation(evidence);
    let decided = advice.iter().filter(|it| it.finding.is_decided() && it.rule != "safety").count();
    let all = advice.iter().filter(|it| it.rule != "safety").count();
    section.say(format!(
        "By rules written down below, {decided} of {all} choices are decided by the runs at hand. A choice holds for \
         the machine, the workspaces and the file systems of its runs."
    ));
    section.push(Block::List(of_standings(standings)));
    for advice in &advice {
        let about = if advice.about.is_empty() { String::new() } else { format!(" ({})", advice.about) };
        match &advice.finding {
            Finding::Decided { choice, because } => {
                section.say(format!("{}{about}: {choice}", capital(advice.rule)));
                section.push(Block::List(because.clone()));
            }
            Finding::Undecided { why, command } => {
                section.say(format!("{}{about}: undecided, {why}", capital(advice.rule)));
                if let Some(command) = command {
                    section.push(Block::Command(command.clone()));
                }
            }
        }
    }
    // Sentences are cut in the cells of a terminal's table.
    section.say("The rules, in the order they are applied:");
    section.push(Block::List(RULES.iter().map(|rule| format!("{}: {}", rule.name, rule.says)).collect()));
    section.blocks.extend(legend(evidence));
    if evidence.all_arms().iter().any(Arm::is_distrusted) {
        section.push(Block::Note("A control failed: verdicts of its step decide nothing.".into()));
    }
    section
}

/// Which questions stand how.
fn of_standings(standings: &[(&str, Standing)]) -> Vec<String> {
    let of = |wanted: Standing| -> Vec<&str> {
        standings.iter().filter(|(_, standing)| *standing == wanted).map(|(id, _)| *id).collect()
    };
    [Standing::Answered, Standing::Partly, Standing::Open]
        .into_iter()
        .map(|standing| (standing, of(standing)))
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(standing, ids)| format!("{}: {}", capital(standing.as_str()), listed(&ids)))
        .collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + chars.as_str())
}
