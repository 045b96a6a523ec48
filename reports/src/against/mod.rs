//! One run against an older one: what differs in the conditions, and what changed.
//!
//! In: two runs of `harness compare`. Out: [`Changes`], or the reason why they cannot be
//! compared. A strategy is judged by its *ratio to the baseline of its own run*, the new
//! ratio ÷ the old one: a machine that was busier, or simply another, slows both arms of a
//! run and cancels. The baseline itself has no such ratio. Its bare times are compared
//! too, as a family of their own, and whoever reads them must know that compiler, machine
//! and load are all in them.
//!
//! Nothing ties round 3 of one run to round 3 of another: they are two samples in each
//! workspace, judged by [`crate::stats::judge_changes`].

mod conditions;
mod pairing;
mod probes;

use thiserror::Error;

use crate::analysis::{AnalysedRun, ArmAnalysis, ArmNumbers};
use crate::stats::{DecisionRule, FlipUnit, Judgement, judge_changes};

pub use conditions::Difference;
pub use probes::{ProbeChanges, probe_changes};

/// What changed from the old run to the new one.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Name of the older run.
    pub old: String,
    /// Name of the newer run.
    pub new: String,
    /// The baseline of both.
    pub baseline: String,
    /// Conditions that differ; those that can move a ratio come first.
    pub differences: Vec<Difference>,
    /// Strategies that only the old run has.
    pub only_old: Vec<String>,
    /// Strategies that only the new run has.
    pub only_new: Vec<String>,
    /// Every step and strategy that both runs have.
    pub arms: Vec<Change>,
}

/// One strategy in one step of both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Full name of the strategy.
    pub strategy: String,
    /// Whether it is the baseline, judged by its bare times.
    pub bare: bool,
    /// New ÷ old: of ratios to the baseline, or of bare times. Below 1 is an improvement.
    pub judgement: Judgement,
    /// How many changes the correction took into account.
    pub family: usize,
    /// Old and new ratio to the baseline.
    pub ratio: OldAndNew,
    /// All numbers of the older run.
    pub old: ArmNumbers,
    /// All numbers of the newer run.
    pub new: ArmNumbers,
}

/// One number in both runs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OldAndNew {
    /// In the older run.
    pub old: Option<f64>,
    /// In the newer run.
    pub new: Option<f64>,
}

/// Two runs say nothing about each other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{new} cannot be compared with {old}: {why}")]
pub struct Incomparable {
    /// Name of the newer run.
    pub new: String,
    /// Name of the older run.
    pub old: String,
    /// What forbids it, and what to do.
    pub why: String,
}

/// Compares `new` with `old`.
///
/// # Errors
/// When the two did not build the same sources, in the same scenario and profile, or have
/// no step of one strategy in common.
pub fn changes(new: AnalysedRun<'_>, old: AnalysedRun<'_>) -> Result<Changes, Incomparable> {
    let refuse = |why: String| {
        Err(Incomparable { new: new.analysis.info.name.clone(), old: old.analysis.info.name.clone(), why })
    };
    // Whatever their folders are called.
    let recorded = |run: &AnalysedRun<'_>| {
        (run.analysis.info.started.clone(), run.folder.steps.first().map(|row| row.run.clone()))
    };
    if !new.analysis.info.started.is_empty() && recorded(&new) == recorded(&old) {
        return refuse("they are the same run; give an older one".into());
    }
    if let Some(why) = conditions::against(new.analysis, old.analysis) {
        return refuse(why);
    }
    let baseline = new.analysis.baseline.clone();
    let found = pairing::pairs(new, old, &baseline, false);
    let of_all = pairing::pairs(new, old, &baseline, true);
    if of_all.iter().all(|it| it.samples.0.pairs() == 0 || it.samples.1.pairs() == 0) {
        return refuse("they have no step, strategy and workspace in common; compare runs that do".into());
    }
    let rule = rule(new, old);
    let mut arms: Vec<Change> = Vec::new();
    for bare in [false, true] {
        let family: Vec<&pairing::Pairs<'_>> = found.iter().filter(|it| it.bare == bare).collect();
        let samples: Vec<_> = family.iter().map(|it| it.samples.clone()).collect();
        let judged = judge_changes(&samples, &rule, new.analysis.info.seed);
        let size = judged.iter().filter(|it| it.pairs > 0).count();
        arms.extend(family.iter().zip(judged).map(|(pairs, judgement)| change(pairs, judgement, size)));
    }
    // In the order of the new run: steps, then strategies.
    let place = |it: &Change| {
        found
            .iter()
            .position(|pairs| pairs.scenario == it.scenario && pairs.step == it.step && pairs.new.name() == it.strategy)
    };
    arms.sort_by_key(place);
    let names = |run: AnalysedRun<'_>| pairing::strategies(run.analysis);
    let only = |these: &[String], those: &[String]| these.iter().filter(|it| !those.contains(it)).cloned().collect();
    let (of_new, of_old) = (names(new), names(old));
    Ok(Changes {
        old: old.analysis.info.name.clone(),
        new: new.analysis.info.name.clone(),
        baseline,
        differences: conditions::differences(&new.analysis.info, &old.analysis.info),
        only_old: only(&of_old, &of_new),
        only_new: only(&of_new, &of_old),
        arms,
    })
}

/// Single values may be exchanged only where both schedules drew them singly.
fn rule(new: AnalysedRun<'_>, old: AnalysedRun<'_>) -> DecisionRule {
    let both = [new, old].iter().all(|run| FlipUnit::of_run(&run.analysis.info) == FlipUnit::Pair);
    DecisionRule { block: if both { FlipUnit::Pair } else { FlipUnit::Round }, ..DecisionRule::default() }
}

fn change(pairs: &pairing::Pairs<'_>, judgement: Judgement, family: usize) -> Change {
    let ratio = |arm: &ArmAnalysis| arm.wall.as_ref()?.judgement.ratio;
    Change {
        scenario: pairs.scenario.to_owned(),
        step: pairs.step.to_owned(),
        strategy: pairs.new.name().to_owned(),
        bare: pairs.bare,
        judgement,
        family,
        ratio: OldAndNew { old: ratio(pairs.old), new: ratio(pairs.new) },
        old: pairs.old.numbers,
        new: pairs.new.numbers,
    }
}
