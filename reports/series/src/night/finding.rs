//! What can be worse in a run than in an older one.

use records::control::repeated_by;
use reports::against::{Change, Changes, ProbeChanges};
use reports::analysis::Analysis;
use reports::stats::DecisionRule;
use reports::text::{factor, percent};
use serde::{Deserialize, Serialize};

/// Smallest relative change of a ratio that is a regression. One machine differs by less from
/// one day to the next: caches, layout of the disk, frequency.
pub const MIN_CHANGE: f64 = 0.05;

/// The newest good runs with which a ratio is compared. A machine differs from night to night, so that one
/// of them alone may have been a lucky one.
pub const GOOD_RUNS: usize = 14;

/// Whether a ratio lies above that of every good run by [`MIN_CHANGE`]; all as logarithms. From four on one
/// may be left out: a slow run that passed for good would otherwise hide all that follow.
pub fn is_beyond(ratio: f64, good: &[f64]) -> bool {
    let within = good.iter().filter(|old| ratio - **old < MIN_CHANGE.ln_1p()).count();
    within <= usize::from(good.len() >= 4)
}

/// Rounds × workspaces from which an exchange between two runs can reach 5 %.
const MIN_PAIRS: usize = 6;

/// Smallest loss of hit rate that is a regression. Hits have no noise.
const MIN_HITS: f64 = 0.005;

/// Something that became worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NightFinding {
    /// A strategy takes more time against its baseline.
    Slower {
        /// Name of the step.
        step: String,
        /// Name of the strategy.
        strategy: String,
        /// New ratio to the baseline ÷ old ratio.
        change: f64,
        /// Its 95 % interval.
        interval: Option<(f64, f64)>,
        /// Ratio to the baseline in the older run.
        old: Option<f64>,
        /// Ratio to the baseline in the newer run.
        new: Option<f64>,
    },
    /// Fewer units are reused.
    FewerHits {
        /// Name of the step.
        step: String,
        /// Name of the strategy.
        strategy: String,
        /// Hits ÷ units in the older run.
        old: f64,
        /// Hits ÷ units in the newer run.
        new: f64,
    },
    /// Workspaces have no row that counts any more.
    NotMeasured {
        /// Name of the step.
        step: String,
        /// Name of the strategy.
        strategy: String,
        /// Workspaces with a row that counts in the older run.
        old: usize,
        /// The same in the newer run.
        new: usize,
    },
    /// A probe fails that did not.
    ProbeFails {
        /// Name of the probe.
        probe: String,
        /// Name of the strategy.
        strategy: String,
        /// What was wrong.
        detail: String,
    },
}

impl NightFinding {
    /// The strategy it is about.
    pub fn strategy(&self) -> &str {
        match self {
            Self::Slower { strategy, .. }
            | Self::FewerHits { strategy, .. }
            | Self::NotMeasured { strategy, .. }
            | Self::ProbeFails { strategy, .. } => strategy,
        }
    }

    /// Whether it is about time, which has noise.
    pub fn is_slower(&self) -> bool {
        matches!(self, Self::Slower { .. })
    }

    /// Where it was found: a step, or a probe.
    pub fn place(&self) -> &str {
        match self {
            Self::Slower { step, .. } | Self::FewerHits { step, .. } | Self::NotMeasured { step, .. } => step,
            Self::ProbeFails { probe, .. } => probe,
        }
    }
}

impl std::fmt::Display for NightFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Slower { step, strategy, change, interval, old, new } => {
                write!(f, "{strategy} got slower in {step}: {:+.1} %", (change - 1.0) * 100.0)?;
                if let Some((low, high)) = interval {
                    write!(f, " ({:+.1} to {:+.1} %)", (low - 1.0) * 100.0, (high - 1.0) * 100.0)?;
                }
                write!(f, ", from {} to {} of the baseline", factor(*old), factor(*new))
            }
            Self::FewerHits { step, strategy, old, new } => {
                write!(
                    f,
                    "{strategy} reuses less in {step}: {} of units, was {}",
                    percent(Some(*new)),
                    percent(Some(*old))
                )
            }
            Self::NotMeasured { step, strategy, old, new } => {
                write!(f, "{strategy} has rows that count in {step} of {new} workspaces, had of {old}")
            }
            Self::ProbeFails { probe, strategy, detail } => write!(f, "{strategy} fails {probe} now: {detail}"),
        }
    }
}

/// What is worse in a comparison. Changes of bare times are none: machine and compiler are in them.
pub(super) fn of_changes(changes: &Changes, looks: RequiredRuns) -> Vec<NightFinding> {
    let mut found = Vec::new();
    // What a control differs by is noise.
    let judged = |it: &&Change| !it.bare && repeated_by(&it.strategy).is_none();
    for it in changes.arms.iter().filter(judged) {
        let (step, strategy) = (it.step.clone(), it.strategy.clone());
        if let Some(change) = slower_by(it, looks) {
            let interval = it.judgement.interval.map(|it| (it.low, it.high));
            let (step, strategy) = (step.clone(), strategy.clone());
            found.push(NightFinding::Slower { step, strategy, change, interval, old: it.ratio.old, new: it.ratio.new });
        }
        if let (Some(old), Some(new)) = (it.old.hit_rate, it.new.hit_rate)
            && old - new >= MIN_HITS
        {
            found.push(NightFinding::FewerHits { step, strategy, old, new });
        }
    }
    found
}

/// How often something is looked at before it counts, which sets how sure a look has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequiredRuns {
    /// Once: the p-value is corrected over all strategies and steps.
    One,
    /// Twice, the second time against another good run: p is at most 0.05 in each, on the same side.
    Two,
}

/// The change of a strategy that is slower by the night's own rule: by p, and by enough.
pub(super) fn slower_by(change: &Change, looks: RequiredRuns) -> Option<f64> {
    let p = match looks {
        RequiredRuns::One => change.judgement.p_corrected,
        RequiredRuns::Two => change.judgement.p,
    };
    let unlikely = !change.bare && p.is_some_and(|p| p <= DecisionRule::default().alpha);
    change.judgement.ratio.filter(|ratio| unlikely && *ratio >= 1.0 + MIN_CHANGE)
}

/// Whether a look of two could have found anything: pairs that all agree would have been enough.
pub(super) fn could_be_found(change: &Change) -> bool {
    change.judgement.pairs >= MIN_PAIRS
}

/// What was measured in the older run and is no more, of strategies that take part in the newer.
pub(super) fn lost(new: &Analysis, old: &Analysis) -> Vec<NightFinding> {
    let mut found = Vec::new();
    for step in &old.steps {
        let twin = new.steps.iter().find(|it| it.scenario == step.scenario && it.step == step.step);
        for arm in step.arms.iter().filter(|arm| new.info.strategies.iter().any(|name| name == arm.name())) {
            let now = twin.and_then(|it| it.arm(arm.name())).map_or(0, |it| it.workspaces);
            if now < arm.workspaces {
                let (step, strategy) = (step.step.clone(), arm.name().to_owned());
                found.push(NightFinding::NotMeasured { step, strategy, old: arm.workspaces, new: now });
            }
        }
    }
    found
}

/// Whether two nights found the same; how much may differ.
pub(super) fn same(these: &[NightFinding], those: &[NightFinding]) -> bool {
    these.len() == those.len() && these.iter().zip(those).all(|(a, b)| same_place(a, b))
}

/// Whether both say the same of one strategy in one place.
pub(super) fn same_place(a: &NightFinding, b: &NightFinding) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b) && (a.place(), a.strategy()) == (b.place(), b.strategy())
}

pub(super) fn of_probes(changes: &ProbeChanges) -> Vec<NightFinding> {
    let failing = changes.newly_failing.iter().map(|row| NightFinding::ProbeFails {
        probe: row.probe.clone(),
        strategy: row.strategy.clone(),
        detail: row.detail.clone(),
    });
    failing.collect()
}
