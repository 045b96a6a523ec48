//! The design review: a recommendation, then the open questions one by one.
//!
//! In: [`Evidence`], runs of `compare`, of probes and of simulations. Out: sections. Each question shows what
//! the runs at hand say with n and intervals, what that supports and what not, and the command that gets what
//! is missing. Nothing is said that the verdict of the statistics does not say.
//!
//! | file | content |
//! |---|---|
//! | `catalogue` | the questions: text, positions, the evidence that would answer each and its command |
//! | `answers` | a function for each question |
//! | `answer` | states of evidence, the standing they decide, and the section |
//! | `evidence` | arms by run and step, and comparisons of arms with each other |
//! | `comparisons`, `probed`, `simulated`, `tables` | sentences and tables that answers share |
//! | `command` | commands that are printed |
//! | `recommendation` | named rules from evidence to a choice |

mod answer;
mod answers;
mod catalogue;
pub(crate) mod command;
mod comparisons;
mod evidence;
mod probed;
mod recommendation;
mod simulated;
mod tables;

pub(crate) use evidence::Evidence;

#[cfg(test)]
pub(crate) use answer::QuestionStanding;
#[cfg(test)]
pub(crate) use recommendation::{Finding, recommendation};

use crate::document::Section;
use answers::ANSWERS;
use catalogue::QUESTIONS;

/// The whole review: the recommendation, then every question in order.
pub(crate) fn review(evidence: &Evidence<'_>) -> Vec<Section> {
    let answers: Vec<_> =
        QUESTIONS.iter().zip(ANSWERS).map(|(question, answer)| (question, answer(evidence))).collect();
    let standings: Vec<_> =
        answers.iter().map(|(question, answer)| (question.id.as_str(), answer.standing(question))).collect();
    let mut sections = vec![recommendation::section(evidence, &standings)];
    sections.extend(answers.into_iter().map(|(question, answer)| answer.into_section(question)));
    sections
}

/// The standing of each question, by its id, in order.
#[cfg(test)]
pub(crate) fn standings(evidence: &Evidence<'_>) -> Vec<(&'static str, QuestionStanding)> {
    let all = QUESTIONS.iter().zip(ANSWERS);
    all.map(|(question, answer)| (question.id.as_str(), answer(evidence).standing(question))).collect()
}
