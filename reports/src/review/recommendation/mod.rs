//! Named rules, each a pure function from evidence to a [`Finding`]; what each decides is in [`RULES`].
//!
//! A rule that meets one round only, no valid pair, a control that failed, or runs that disagree decides
//! nothing and names the command that would help. Comparisons of arms with each other are paired, and
//! corrected (Bonferroni) for all that the rule goes through in one run; each rule in each run is a family of
//! its own.

mod designs;
mod replayed;
mod safety;
mod section;
mod sharing;
mod worth;

pub(in crate::review) use section::section;

use super::Evidence;
use super::comparisons::extent;
use super::evidence::StepArm;
use crate::stats::{Comparison, Verdict};
use crate::words::{estimate, gathered, listed};
use safety::Safety;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The evidence decides.
    Decided {
        /// What is chosen.
        choice: String,
        /// By which numbers, from which runs; and at what price.
        because: Vec<String>,
    },
    /// It does not.
    Undecided {
        /// What keeps it from deciding.
        why: String,
        /// What would help; `None` where no command of the harness does.
        command: Option<String>,
    },
}

/// A rule: its name, and what it says.
#[derive(Debug, Clone, Copy)]
pub struct RecommendationRule {
    /// A word or two.
    pub name: &'static str,
    /// What it decides, as a reader can check.
    pub says: &'static str,
    apply: fn(&Evidence<'_>, &Safety) -> Vec<(String, Finding)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The name of the rule.
    pub rule: &'static str,
    /// What it is about, e.g. a file system; may be empty.
    pub about: String,
    /// What it comes to.
    pub finding: Finding,
}

/// Every rule, in the order in which they are applied.
pub const RULES: [RecommendationRule; 9] = [
    RecommendationRule {
        name: "safety",
        says: "A strategy is out when it fails a probe without a known explanation, when shadow compiles do not \
               reproduce a hit though they agree with each other, when its store was damaged, or when rows of it are \
               failed or invalid where the baseline's are ok. Only a strategy with a result of a probe of every \
               family, and that is not out, may be chosen by the other rules.",
        apply: |_, safety| safety.findings(),
    },
    RecommendationRule {
        name: "key policy",
        says: "From no cache upwards, with each link mode that has several policies: the next wider safe policy is \
               taken when its warm builds are found faster than those of the one taken so far. A link mode with a \
               policy that is out gives way to one that has the same policies, all of them safe.",
        apply: designs::key_policy,
    },
    RecommendationRule {
        name: "link mode",
        says: "On each file system: of the safe link modes not found slower than the fastest, the one with least \
               physical bytes over what each two have both built (differences up to 1 % are none), then the one with \
               fewest known failures of isolation.",
        apply: designs::link_mode,
    },
    RecommendationRule {
        name: "store shape",
        says: "The shape whose warm builds are found faster; else the one with less on disk over what both have \
               built (more than 1 %); else the one whose first builds are found faster.",
        apply: designs::store_shape,
    },
    RecommendationRule {
        name: "worth",
        says: "Worth it when warm builds are found faster than the baseline's. It pays after as many of them as make \
               up for what a first build from an empty store costs more, in seconds: medians over rounds, summed over \
               the workspaces of both.",
        apply: worth::worth,
    },
    RecommendationRule {
        name: "worktrees",
        says: "Members are to be shared when every further worktree is found faster to build under a safe strategy \
               that shares them.",
        apply: sharing::worktrees,
    },
    RecommendationRule {
        name: "profiles",
        says: "Sharing across profiles and commands is worth it when a step of another profile or command is found \
               faster.",
        apply: sharing::profiles,
    },
    RecommendationRule {
        name: "retention",
        says: "The policy, of those that can be built, which is never more than 5% above the fewest seconds compiled at \
               any size of the store, when each other one is at some size; on a trace of real workspaces.",
        apply: replayed::retention,
    },
    RecommendationRule {
        name: "key inputs",
        says: "What is sound to leave out of the key and gains more than 5% of all compile seconds when every workspace \
               is built once in turn; on a trace of real workspaces.",
        apply: replayed::keys,
    },
];

/// Applies every rule, in order; each has at least one finding.
pub fn recommendation(evidence: &Evidence<'_>) -> Vec<Advice> {
    let safety = Safety::of(evidence);
    let of_rule = |rule: &RecommendationRule| {
        let name = rule.name;
        (rule.apply)(evidence, &safety).into_iter().map(move |(about, finding)| Advice { rule: name, about, finding })
    };
    RULES.iter().flat_map(of_rule).collect()
}

impl Finding {
    pub fn is_decided(&self) -> bool {
        matches!(self, Self::Decided { .. })
    }

    fn undecided(why: impl Into<String>, command: impl Into<String>) -> Self {
        Self::Undecided { why: why.into(), command: Some(command.into()) }
    }
}

/// One from many runs: what all that decide agree on. Runs that cannot decide take nothing
/// from those that can, and runs that disagree leave it open.
fn agreed(findings: Vec<Finding>, nothing: Finding) -> Finding {
    let mut choices = Vec::new();
    let mut open = None;
    for finding in findings {
        match finding {
            Finding::Decided { choice, because } => choices.push((choice, because)),
            // What lacks only rounds is nearer to a decision than what lacks probes.
            undecided if open.as_ref().is_none_or(|it| rank(&undecided) > rank(it)) => open = Some(undecided),
            Finding::Undecided { .. } => {}
        }
    }
    let mut choices: Vec<(String, Vec<String>)> =
        gathered(choices).into_iter().map(|(choice, because)| (choice, because.concat())).collect();
    match choices.len() {
        0 => open.unwrap_or(nothing),
        1 => choices.pop().map_or(nothing, |(choice, because)| Finding::Decided { choice, because }),
        _ => {
            let all: Vec<String> =
                choices.iter().map(|(choice, because)| format!("{choice} ({})", because.join("; "))).collect();
            Finding::Undecided { why: format!("the runs disagree: {}", listed(&all)), command: None }
        }
    }
}

/// How near to a decision a finding is.
fn rank(finding: &Finding) -> u8 {
    match finding {
        Finding::Decided { .. } => 3,
        Finding::Undecided { command: Some(command), .. } if command.starts_with("harness compare") => 2,
        Finding::Undecided { command: Some(_), .. } => 1,
        Finding::Undecided { command: None, .. } => 0,
    }
}

/// `step warm of gauntlet (R1, xfs): a against b 0.9x [0.8, 0.95], faster (15 pairs: …)`.
fn compared(arm: &StepArm<'_>, found: &Comparison) -> String {
    let it = &found.judgement;
    let (place, numbers) = (arm.place(), estimate(it));
    format!("{place}: {} against {} {numbers}, {} ({})", found.strategy, found.baseline, it.verdict, extent(it))
}

fn is_silent(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::OneRound | Verdict::Invalid)
}

/// Where numbers may enter a rule: seconds that may be quoted, and no failed control.
fn is_usable(arm: &StepArm<'_>) -> bool {
    arm.is_timed() && !arm.is_distrusted()
}
