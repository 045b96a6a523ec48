//! What the schedule of a run drew at random: which [`Block`] its record asks for.
//!
//! `run.json` says under `options` how the arms were ordered. A test may flip only
//! what was drawn: whole rounds where each arm went through all workspaces in one
//! go, single pairs where the order was drawn anew for every workspace and step.
//! A record that does not say so, as older ones, or says something unknown is
//! taken as the former, which claims less.

use super::comparison::Question;
use super::sample::Block;
use super::verdict::Rule;
use records::RunInfo;

/// The key in [`RunInfo::options`] that says how the arms were ordered.
pub const ORDER: &str = "order";
/// Its value where the order of the arms was drawn anew for every workspace and
/// step of every round.
pub const INTERLEAVED: &str = "interleaved";
/// Its value where the order was drawn once a round and every arm then went
/// through all workspaces.
pub const ARM_BY_ARM: &str = "arm-by-arm";

impl Block {
    /// What the schedule of a run randomised.
    pub fn of_run(info: &RunInfo) -> Self {
        match info.options.get(ORDER).and_then(|order| order.as_str()) {
            Some(INTERLEAVED) => Block::Pair,
            _ => Block::Round,
        }
    }
}

impl Rule {
    /// The rule for a run: the default one with the run's [`Block`].
    pub fn of_run(info: &RunInfo) -> Self {
        Self { block: Block::of_run(info), ..Self::default() }
    }
}

impl Question {
    /// The question asked of a run: wall times against `baseline` by the rule of
    /// its schedule, drawn from its own seed.
    pub fn of_run(info: &RunInfo, baseline: &str) -> Self {
        Self { baseline: baseline.into(), rule: Rule::of_run(info), seed: info.seed, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_interleaved_order_lets_pairs_be_flipped() {
        let block = |order: Option<serde_json::Value>| {
            let mut info = RunInfo::new("r");
            info.seed = 7;
            info.options.extend(order.map(|order| (ORDER.to_owned(), order)));
            let question = Question::of_run(&info, "shared-target");
            assert_eq!((question.baseline.as_str(), question.seed), ("shared-target", 7));
            question.rule.block
        };
        assert_eq!(block(Some(INTERLEAVED.into())), Block::Pair);
        assert_eq!(block(Some(ARM_BY_ARM.into())), Block::Round);
        assert_eq!(block(Some("by lot".into())), Block::Round);
        assert_eq!(block(Some(1.into())), Block::Round);
        assert_eq!(block(None), Block::Round);
    }
}
