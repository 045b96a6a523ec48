//! First builds: those that had nothing to reuse. Where workspaces share a store, only the
//! first one built finds it empty; the others hit what those before it have published.

use super::is_usable;
use crate::review::Evidence;
use crate::review::evidence::Arm;
use crate::stats::Comparison;

/// First builds of one strategy.
pub(super) struct First<'a> {
    pub arm: Arm<'a>,
    /// The workspace built first, where it alone found an empty store.
    only: Option<&'a str>,
    /// Against the baseline, over those workspaces.
    pub found: Option<Comparison>,
}

impl<'a> First<'a> {
    /// What shows most: all workspaces of the warm build's own run, else the scenario `cold` on the same corpus, machine, toolchain and file system, else the
    /// first workspace of the warm build's own run.
    pub fn of(evidence: &Evidence<'a>, warm: &Arm<'a>, step: &str) -> Option<Self> {
        let own = warm.in_step(step).filter(is_usable);
        let alone = warm.run.analysis.info.alone();
        if let Some(arm) = own.filter(|_| alone) {
            return Some(Self { arm, only: None, found: arm.wall.clone() });
        }
        let mut cold = evidence.steps(Some("cold"), &["cold"]);
        cold.retain(|it| it.name() == warm.name() && is_usable(it) && it.wall.is_some() && is_alike(it, warm));
        // The run that knows most.
        if let Some(arm) = cold.into_iter().max_by_key(Arm::rounds) {
            return Some(Self { arm, only: None, found: arm.wall.clone() });
        }
        let arm = own?;
        let only = arm.run.analysis.info.corpus.workspaces.first()?.as_str();
        let found = arm.against_in(&arm.baseline()?, 1, |workspace| workspace == only);
        found.is_some().then_some(Self { arm, only: Some(only), found })
    }

    /// Whether a workspace was built from an empty store.
    pub fn is_in(&self, workspace: &str) -> bool {
        self.only.is_none_or(|only| only == workspace)
    }

    /// Which builds these are, in words.
    pub fn built(&self) -> String {
        match self.only {
            None => "of every workspace from an empty store".into(),
            Some(only) => {
                format!("of {only} alone: it was built first, and those after it found a store that is filled")
            }
        }
    }
}

/// Whether two runs built the same on the same machine, so that their seconds may be added.
fn is_alike(one: &Arm<'_>, two: &Arm<'_>) -> bool {
    let (a, b) = (&one.run.analysis.info, &two.run.analysis.info);
    let corpus = (&a.corpus.name, &a.corpus.hash) == (&b.corpus.name, &b.corpus.hash);
    corpus
        && a.host == b.host
        && a.toolchain == b.toolchain
        && a.profile == b.profile
        && one.file_system() == two.file_system()
}
