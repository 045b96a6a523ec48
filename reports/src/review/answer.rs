//! An answer under construction, and the section it becomes.
//!
//! What would settle a question is a list of [`Part`]s. How a question stands is decided by
//! them alone, the same way for all:
//!
//! | parts | standing |
//! |---|---|
//! | all shown | answered |
//! | some shown or hinted at | partly |
//! | none | open |
//!
//! A part is *shown* by a verdict of the statistics, by a count taken in at least two rounds
//! of two workspaces, by a simulation of two real workspaces or more (where orders matter, in
//! two orders or more), or by a probe that ended; *hinted at* by fewer rounds than a verdict
//! needs, by a count of fewer, or by a simulation of what was made up.

use super::questions::Question;
use super::words::listed;
use crate::document::{Block, Grid, Section};
use crate::plot::Plot;

/// How a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing at hand speaks to it.
    Open,
    /// Something does, but not all that would settle it.
    Partly,
    /// All that would settle it is at hand.
    Answered,
}

impl Standing {
    /// The word shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Partly => "partly answered",
            Self::Answered => "answered",
        }
    }
}

/// What is at hand of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Missing,
    Hinted,
    Shown,
}

impl State {
    /// Of what is either at hand or not.
    pub fn of(at_hand: bool) -> Self {
        if at_hand { Self::Shown } else { Self::Missing }
    }

    /// Of many: as good as the best.
    pub fn best(states: impl IntoIterator<Item = Self>) -> Self {
        states.into_iter().max().unwrap_or(Self::Missing)
    }
}

/// How to get what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Get {
    /// By a command of the harness.
    Command(String),
    /// No command of the harness does; what comes closest.
    Nothing(String),
}

/// One thing that would settle a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub what: String,
    pub state: State,
    pub get: Get,
}

/// What the evidence has to say to a question.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    pub parts: Vec<Part>,
    blocks: Vec<Block>,
    supports: Vec<String>,
    limits: Vec<String>,
}

impl Answer {
    /// A part that a command gets.
    pub fn part(&mut self, what: &str, state: State, command: impl Into<String>) {
        self.parts.push(Part { what: what.into(), state, get: Get::Command(command.into()) });
    }

    /// A part that no command gets; `closest` says what recorded evidence comes near it.
    pub fn out_of_reach(&mut self, what: &str, closest: &str) {
        let get = Get::Nothing(closest.into());
        self.parts.push(Part { what: what.into(), state: State::Missing, get });
    }

    /// Shows a table, unless it is empty.
    pub fn grid(&mut self, grid: Grid) {
        if !grid.is_empty() {
            self.blocks.push(Block::Grid(grid));
        }
    }

    /// Shows a plot.
    pub fn plot(&mut self, plot: Plot) {
        self.blocks.push(Block::Plot(plot));
    }

    /// Adds to what the runs support.
    pub fn supports(&mut self, sentence: impl Into<String>) {
        self.supports.push(sentence.into());
    }

    /// Adds to what they do not support.
    pub fn limits(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.limits.contains(&sentence) {
            self.limits.push(sentence);
        }
    }

    /// How the question stands.
    pub fn standing(&self) -> Standing {
        let states = || self.parts.iter().map(|part| part.state);
        match (states().min(), states().max()) {
            (Some(State::Shown), _) => Standing::Answered,
            (_, Some(State::Shown | State::Hinted)) => Standing::Partly,
            _ => Standing::Open,
        }
    }

    /// The section of the report.
    pub fn into_section(self, question: &Question) -> Section {
        let name = format!("{} {}: {}", question.id, question.name, question.asks);
        let mut section = Section::new(&format!("review-{}-{}", question.id, question.name), name, 0);
        section.say(self.standing_sentence());
        section.say(format!("Positions so far: {}", question.positions));
        section.say(format!("What would settle it: {}", question.settled_by));
        let lists = [("These runs support:", self.supports), ("They do not support:", self.limits)];
        section.blocks.extend(self.blocks);
        for (head, items) in lists.into_iter().filter(|(_, items)| !items.is_empty()) {
            section.say(head);
            section.push(Block::List(items));
        }
        let mut commands: Vec<(String, Vec<String>)> = Vec::new();
        for part in self.parts.into_iter().filter(|part| part.state != State::Shown) {
            match part.get {
                Get::Nothing(closest) => {
                    let what = part.what;
                    section.push(Block::Note(format!("No command at hand tells {what} yet. {closest}")));
                }
                Get::Command(command) => match commands.iter_mut().find(|(known, _)| *known == command) {
                    Some((_, parts)) => parts.push(part.what),
                    None => commands.push((command, vec![part.what])),
                },
            }
        }
        for (command, parts) in commands {
            section.say(format!("To learn {}:", listed(&parts)));
            section.push(Block::Command(command));
        }
        section
    }

    /// The standing with the parts it was decided by.
    fn standing_sentence(&self) -> String {
        let of = |state: State| -> Vec<&str> {
            self.parts.iter().filter(|part| part.state == state).map(|part| part.what.as_str()).collect()
        };
        let told = [("shown", State::Shown), ("only hinted at", State::Hinted), ("missing", State::Missing)];
        let parts: Vec<String> = told
            .iter()
            .map(|(word, state)| (word, of(*state)))
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(word, parts)| format!("{word}: {}", parts.join(", ")))
            .collect();
        format!("Standing: {} ({}).", self.standing().as_str(), parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standing_is_decided_by_the_parts() {
        let standing = |states: &[State]| {
            let mut answer = Answer::default();
            states.iter().for_each(|state| answer.part("x", *state, "harness compare"));
            answer.standing()
        };
        assert_eq!(standing(&[]), Standing::Open);
        assert_eq!(standing(&[State::Missing, State::Missing]), Standing::Open);
        assert_eq!(standing(&[State::Missing, State::Hinted]), Standing::Partly);
        assert_eq!(standing(&[State::Hinted, State::Hinted]), Standing::Partly);
        assert_eq!(standing(&[State::Shown, State::Hinted]), Standing::Partly);
        assert_eq!(standing(&[State::Shown, State::Shown]), Standing::Answered);
    }
}
