//! An answer under construction, and the section it becomes.
//!
//! Every question lists the evidence that would answer it. The standing of a question is decided by the state
//! of that evidence alone, the same way for all:
//!
//! | evidence | standing |
//! |---|---|
//! | all shown | answered |
//! | some shown or hinted at | partly |
//! | none | open |
//!
//! Evidence is *shown* by a verdict of the statistics, by a count taken in at least two rounds of two
//! workspaces, by a simulation of two real workspaces or more (where orders matter, in two orders or more),
//! or by a probe that ended; *hinted at* by fewer rounds than a verdict needs, by a count of fewer, or by a
//! simulation of a made-up trace.

use super::catalogue::OpenQuestion;
use super::command::EvidenceSource;
use crate::document::{Block, Grid, Section};
use crate::words::{gathered, listed};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuestionStanding {
    /// No evidence is at hand.
    Open,
    /// Some of the evidence that would answer it is at hand.
    Partly,
    /// All of it is.
    Answered,
}

impl QuestionStanding {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Partly => "partly answered",
            Self::Answered => "answered",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Missing,
    Hinted,
    Shown,
}

impl State {
    pub fn of(at_hand: bool) -> Self {
        if at_hand { Self::Shown } else { Self::Missing }
    }

    /// The best of many.
    pub fn best(states: impl IntoIterator<Item = Self>) -> Self {
        states.into_iter().max().unwrap_or(Self::Missing)
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    /// The state of each piece of evidence of the question, in its order.
    states: Vec<State>,
    blocks: Vec<Block>,
    supports: Vec<String>,
    limits: Vec<String>,
}

impl Answer {
    /// Sets the state of each piece of evidence, in the order of the question.
    pub fn states(mut self, states: &[State]) -> Self {
        self.states = states.to_vec();
        self
    }

    /// Adds a table, unless it is empty.
    pub fn grid(&mut self, grid: Grid) {
        if !grid.is_empty() {
            self.blocks.push(Block::Grid(grid));
        }
    }

    pub fn supports(&mut self, sentence: impl Into<String>) {
        self.supports.push(sentence.into());
    }

    pub fn limits(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.limits.contains(&sentence) {
            self.limits.push(sentence);
        }
    }

    /// The states of all evidence; what no command gets is missing.
    fn parts<'q>(&self, question: &'q OpenQuestion) -> Vec<(&'q str, &'q EvidenceSource, State)> {
        let mut states = self.states.iter();
        let mut state = |source: &EvidenceSource| match source {
            EvidenceSource::Nothing(_) => State::Missing,
            _ => states.next().copied().unwrap_or(State::Missing),
        };
        question.evidence.iter().map(|it| (it.what.as_str(), &it.source, state(&it.source))).collect()
    }

    pub fn standing(&self, question: &OpenQuestion) -> QuestionStanding {
        let parts = self.parts(question);
        let states = || parts.iter().map(|part| part.2);
        match (states().min(), states().max()) {
            (Some(State::Shown), _) => QuestionStanding::Answered,
            (_, Some(State::Shown | State::Hinted)) => QuestionStanding::Partly,
            _ => QuestionStanding::Open,
        }
    }

    pub fn into_section(mut self, question: &OpenQuestion) -> Section {
        let OpenQuestion { id, name, asks, .. } = question;
        let mut section = Section::new(&format!("review-{id}-{name}"), format!("{id} {name}: {asks}"), 0);
        let (parts, standing) = (self.parts(question), self.standing(question));
        let of = |(word, state): (&str, State)| {
            let parts: Vec<&str> = parts.iter().filter(|part| part.2 == state).map(|part| part.0).collect();
            (!parts.is_empty()).then(|| format!("{word}: {}", parts.join(", ")))
        };
        let words = [("shown", State::Shown), ("only hinted at", State::Hinted), ("missing", State::Missing)];
        let known: Vec<String> = words.into_iter().filter_map(of).collect();
        section.say(format!("Standing: {} ({}).", standing.as_str(), known.join("; ")));
        section.say(format!("Positions so far: {}", question.positions));
        if standing > QuestionStanding::Open {
            question.caveats.iter().for_each(|caveat| self.limits(caveat.as_str()));
        }
        section.blocks.extend(self.blocks);
        for (head, items) in [("These runs support:", self.supports), ("They do not support:", self.limits)] {
            if !items.is_empty() {
                section.say(head);
                section.push(Block::List(items));
            }
        }
        let mut commands: Vec<(String, &str)> = Vec::new();
        for (what, source, _) in parts.into_iter().filter(|part| part.2 != State::Shown) {
            match source {
                EvidenceSource::Nothing(closest) => {
                    section.push(Block::Note(format!("No command at hand shows {what} yet. {closest}")));
                }
                source => commands.push((source.command(), what)),
            }
        }
        for (command, parts) in gathered(commands) {
            section.say(format!("To learn {}:", listed(&parts)));
            section.push(Block::Command(command));
        }
        section
    }
}

#[cfg(test)]
mod tests {
    use super::super::answers::ANSWERS;
    use super::super::catalogue::{QUESTIONS, WantedEvidence};
    use super::super::evidence::Evidence;
    use super::*;

    #[test]
    fn the_standing_is_decided_by_the_evidence() {
        let source = EvidenceSource::Simulate(true);
        let piece = |what: &str| WantedEvidence { what: what.into(), source: source.clone() };
        let two = OpenQuestion { evidence: vec![piece("a"), piece("b")], ..OpenQuestion::default() };
        let standing = |states: &[State]| Answer::default().states(states).standing(&two);
        assert_eq!(standing(&[]), QuestionStanding::Open);
        assert_eq!(standing(&[State::Missing, State::Missing]), QuestionStanding::Open);
        assert_eq!(standing(&[State::Missing, State::Hinted]), QuestionStanding::Partly);
        assert_eq!(standing(&[State::Hinted, State::Hinted]), QuestionStanding::Partly);
        assert_eq!(standing(&[State::Shown, State::Hinted]), QuestionStanding::Partly);
        assert_eq!(standing(&[State::Shown, State::Shown]), QuestionStanding::Answered);
    }

    #[test]
    fn every_answer_has_a_state_for_each_piece_of_evidence() {
        assert_eq!(QUESTIONS.len(), ANSWERS.len());
        for (question, answer) in QUESTIONS.iter().zip(ANSWERS) {
            let commands = question.evidence.iter().filter(|it| !matches!(it.source, EvidenceSource::Nothing(_)));
            assert_eq!(answer(&Evidence::default()).states.len(), commands.count(), "{}", question.id);
        }
    }
}
