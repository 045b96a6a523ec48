//! Which of a run's ratios hold: the comparisons of [`crate::stats`], by step.

use super::Options;
use super::steps::{distinct, strategies};
use crate::stats::power::{minimum_detectable_effect, rounds_needed};
use crate::stats::{Comparison, Question, Rule, Verdict, compare_overall};
use records::Status;
use records::run_folder::RunFolder;

/// All verdicts of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdicts {
    /// What was asked, and by which rule.
    pub question: Question,
    /// How many comparisons of arms the correction took into account.
    pub family: usize,
    /// Steps in the order of their first appearance; those without any arm but the
    /// baseline are left out.
    pub steps: Vec<StepVerdicts>,
}

/// The verdicts of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepVerdicts {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Distinct workspaces with a row.
    pub workspaces: usize,
    /// Whether the baseline is unsupported in all rows it has here, so that there is
    /// nothing to compare with.
    pub baseline_unsupported: bool,
    /// Every arm against the baseline over all workspaces, in the order the run was
    /// asked for.
    pub arms: Vec<Comparison>,
    /// Every control against the arm it repeats.
    pub controls: Vec<Comparison>,
    /// What would have been found in an arm as noisy as the control.
    pub as_control: Option<Detectable>,
    /// The same for the arm in which it is largest, of those without a difference;
    /// of all where every arm has one.
    pub at_worst: Option<Detectable>,
}

/// An effect that would have been found with a chance of
/// [`POWER`](crate::stats::power::POWER), from the noise of one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Detectable {
    /// The arm whose noise it was worked out from.
    pub strategy: String,
    /// Its rounds.
    pub rounds: usize,
    /// The effect, as a part of the baseline's time.
    pub effect: f64,
}

/// Whether there is anything to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is nothing but the baseline.
    NothingToCompare,
    /// No arm has a valid pair of rows.
    NoPair,
    /// Whatever has pairs has too few rounds.
    TooFewRounds,
    /// At least one verdict says something.
    Judged,
}

/// Compares all arms of a run with the baseline, by the rule that its schedule allows
/// and from its seed.
pub fn verdicts(run: &RunFolder, options: &Options) -> Verdicts {
    let question = Question::of_run(&run.info, &options.baseline);
    let order = strategies(run, &options.baseline);
    let mut steps: Vec<StepVerdicts> = Vec::new();
    let comparisons = compare_overall(&run.steps, &question);
    let family = comparisons.iter().filter(|it| !it.control).map(|it| it.family).max().unwrap_or(0);
    for comparison in comparisons {
        let same = |it: &&mut StepVerdicts| it.scenario == comparison.scenario && it.step == comparison.step;
        match steps.iter_mut().find(same) {
            Some(known) => known.list(comparison.control).push(comparison),
            None => {
                let mut step = StepVerdicts::new(&comparison, run, &question.baseline);
                step.list(comparison.control).push(comparison);
                steps.push(step);
            }
        }
    }
    for step in &mut steps {
        for list in [&mut step.arms, &mut step.controls] {
            list.sort_by_key(|it| order.iter().position(|name| *name == it.strategy));
        }
        step.as_control = worst(step.controls.iter(), family, &question.rule);
        let open = || step.arms.iter().filter(|it| it.judgement.verdict == Verdict::NoDifferenceFound);
        step.at_worst =
            worst(open(), family, &question.rule).or_else(|| worst(step.arms.iter(), family, &question.rule));
    }
    Verdicts { question, family, steps }
}

/// The arm in which an effect must be largest to be found.
fn worst<'a>(arms: impl Iterator<Item = &'a Comparison>, family: usize, rule: &Rule) -> Option<Detectable> {
    let effects = arms.filter_map(|it| {
        let effect = minimum_detectable_effect(it.judgement.spread?, it.judgement.blocks, family, rule)?;
        Some(Detectable { strategy: it.strategy.clone(), rounds: it.judgement.rounds, effect })
    });
    effects.max_by(|a, b| a.effect.total_cmp(&b.effect))
}

impl StepVerdicts {
    fn new(first: &Comparison, run: &RunFolder, baseline: &str) -> Self {
        let rows = run.steps.iter().filter(|row| row.scenario == first.scenario && row.step == first.step);
        let mut of_baseline = rows.clone().filter(|row| row.strategy == baseline).peekable();
        Self {
            baseline_unsupported: of_baseline.peek().is_some()
                && of_baseline.all(|row| row.status == Status::Unsupported),
            workspaces: distinct(rows.map(|row| &row.workspace)).len(),
            scenario: first.scenario.clone(),
            step: first.step.clone(),
            arms: Vec::new(),
            controls: Vec::new(),
            as_control: None,
            at_worst: None,
        }
    }

    /// Whether any two rows could be compared.
    pub fn has_pairs(&self) -> bool {
        self.arms.iter().chain(&self.controls).any(|it| it.judgement.pairs > 0)
    }

    /// What a strategy came out at, arm or control.
    pub fn of(&self, strategy: &str) -> Option<&Comparison> {
        self.arms.iter().chain(&self.controls).find(|it| it.strategy == strategy)
    }

    fn list(&mut self, control: bool) -> &mut Vec<Comparison> {
        if control { &mut self.controls } else { &mut self.arms }
    }
}

impl Verdicts {
    /// Every comparison, controls too.
    pub fn all(&self) -> impl Iterator<Item = &Comparison> {
        self.steps.iter().flat_map(|step| step.arms.iter().chain(&step.controls))
    }

    /// Whether there is anything to show.
    pub fn standing(&self) -> Standing {
        let any = |wanted: fn(Verdict) -> bool| self.all().any(|it| wanted(it.judgement.verdict));
        if self.steps.is_empty() {
            Standing::NothingToCompare
        } else if any(|it| !matches!(it, Verdict::Invalid | Verdict::TooFewRounds)) {
            Standing::Judged
        } else if any(|it| it == Verdict::TooFewRounds) {
            Standing::TooFewRounds
        } else {
            Standing::NoPair
        }
    }

    /// How many comparisons the largest family has.
    pub fn comparisons(&self) -> usize {
        self.all().map(|it| it.family).max().unwrap_or(0)
    }

    /// Workspaces of the comparison that has fewest, of those with a pair.
    pub fn workspaces(&self) -> usize {
        self.all().map(|it| it.judgement.workspaces).filter(|count| *count > 0).min().unwrap_or(0)
    }

    /// Rounds of the comparison that has most.
    pub fn rounds(&self) -> usize {
        self.all().map(|it| it.judgement.rounds).max().unwrap_or(0)
    }

    /// Rounds from which every comparison can find a difference.
    pub fn rounds_needed(&self) -> usize {
        rounds_needed(self.comparisons(), self.workspaces(), &self.question.rule)
    }
}
