//! The design review: one screen with an answer to each open question, and what folds under it.
//!
//! In: `Evidence`, runs of `compare`, of probes and of simulations. Out: [`Claim`]s, and sections made of them.
//!
//! | file | content |
//! |---|---|
//! | `catalogue` | the questions: bounds, answers, templates, positions, commands |
//! | `measure` | a number that may answer a question, and on which side of its bounds it is |
//! | `measures` | the number that decides each, a function for each question |
//! | `claim` | a question with its number: typed, for `report.json` |
//! | `screen` | claims as text, and the plan for what is missing |
//! | `usage` | minutes a week, and break-even points |
//! | `evidence` | arms by run and step, and comparisons of arms with each other |

mod catalogue;
mod claim;
mod evidence;
mod measure;
mod measures;
mod screen;
mod usage;

pub use claim::Claim;
pub(crate) use evidence::Evidence;
pub use measure::{Population, Side, Unit};
pub use usage::Usage;

use crate::document::Section;

/// The review of some evidence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Review {
    /// One for each question, in order.
    pub claims: Vec<Claim>,
    /// The screen, the week, every question, the plan.
    pub sections: Vec<Section>,
    /// The commands that are missing, with what each settles, as a shell takes them.
    pub script: String,
}

impl Review {
    pub(crate) fn of(evidence: &Evidence<'_>, usage: &Usage) -> Self {
        let answered = claim::answers(evidence);
        let claims: Vec<Claim> = answered.iter().map(|it| it.claim.clone()).collect();
        let plan = screen::plan(&claims);
        let (sentence, week) = usage::week(evidence, usage);
        let mut sections = vec![screen::screen(&answered, &plan, sentence, evidence), week];
        sections.extend(answered.iter().map(|it| screen::question(it, &plan)));
        sections.push(screen::plan_section(&plan));
        sections.retain(|section| !section.blocks.is_empty());
        Self { claims, sections, script: screen::script(&plan) }
    }
}
