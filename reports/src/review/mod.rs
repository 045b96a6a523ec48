//! The design review: the open questions one by one, and what to do about them.
//!
//! In: [`Evidence`], runs of `compare`, of probes and of simulations. Out: a list of sections, first the
//! recommendation, then Q1 to Q21. Each question shows what the runs at hand say with n and
//! intervals, what that supports and what not, and the command that would tell what is
//! missing. Nothing is said that the verdict of the statistics does not say.
//!
//! | file | what is in it |
//! |---|---|
//! | `evidence` | arms by run and step; comparisons of arms with each other |
//! | `questions` | the questions: text, positions, what would settle them |
//! | `answers` | a file for each question |
//! | `answer` | parts, the standing they decide, and the section |
//! | `recommendation` | named rules from evidence to a choice |
//! | `beside` | numbers of two arms over what both have |
//! | `words` | sentences on comparisons, by verdict |
//! | `told` | sentences on probes |
//! | `tables` | columns of the tables |
//! | `shares` | shares of units and compile seconds |
//! | `command` | commands that are printed |
//! | `simulated` | what simulations have to say to the questions |
//! | `legend` | which run is meant by `R1`, `P1` and `S1` |

mod answer;
mod answers;
mod beside;
mod command;
mod evidence;
mod legend;
mod questions;
mod recommendation;
mod shares;
mod simulated;
mod tables;
mod told;
mod words;

pub use answer::Standing;
pub use command::{CORPORA, PROBES, SCENARIOS, TRACED};
pub use evidence::Evidence;
pub use recommendation::{Advice, Finding, RULES, Rule, recommendation};

use crate::document::Section;

/// The whole review: the recommendation, then every question in order.
pub fn review(evidence: &Evidence<'_>) -> Vec<Section> {
    let answers: Vec<_> = questions::ALL.iter().map(|question| (question, (question.answer)(evidence))).collect();
    let standings: Vec<(&str, Standing)> = answers.iter().map(|(it, answer)| (it.id, answer.standing())).collect();
    let mut sections = vec![recommendation::section(evidence, &standings)];
    sections.extend(answers.into_iter().map(|(question, answer)| answer.into_section(question)));
    sections
}

/// How each question stands, by its id, in order.
pub fn standings(evidence: &Evidence<'_>) -> Vec<(&'static str, Standing)> {
    questions::ALL.iter().map(|question| (question.id, (question.answer)(evidence).standing())).collect()
}
