//! What a build of a probe did, unit by unit, and what a probe may require of it.

use std::time::Duration;

use records::Outcome;

use crate::{ProbeError, ProbeResult};
use runner::build::Build;
use runner::integration::UnitOutcome;

/// A build that succeeded.
#[derive(Debug, Clone)]
pub(crate) struct ProbeBuild {
    pub(crate) units: Vec<ProbeUnit>,
    /// Planning: the unit graph and the keys.
    pub(crate) plan: Option<Duration>,
    /// The part of it that was Cargo's own call for the unit graph.
    pub(crate) graph_call: Option<Duration>,
    pub(crate) restore: Option<Duration>,
    /// Uploading to a remote, where one is connected.
    pub(crate) upload: Duration,
}

/// One unit of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProbeUnit {
    pub(crate) package: String,
    /// Package, kind and mode, for people.
    pub(crate) label: String,
    /// Whether rustc, or the build script, ran for it.
    pub(crate) ran: bool,
    /// What the strategy says about it.
    pub(crate) outcome: Option<Outcome>,
    /// Why it missed or was refused.
    pub(crate) reason: String,
}

impl ProbeUnit {
    fn is_refused(&self) -> bool {
        self.outcome == Some(Outcome::Refused)
    }

    fn not_admitted(&self) -> ProbeResult {
        ProbeError::not_applicable(format!("its key policy does not admit {} ({})", self.label, self.reason))
    }

    fn built_again(&self) -> ProbeResult {
        let why = if self.reason.is_empty() { String::new() } else { format!(" ({})", self.reason) };
        ProbeError::failed(format!("{} was built again{why}", self.label))
    }
}

impl ProbeBuild {
    pub(crate) fn new(build: &Build, outcomes: &[UnitOutcome], upload: Duration) -> ProbeBuild {
        let unit = |outcome: &UnitOutcome| {
            let unit = &build.graph.units[outcome.index];
            let compiled = build.built.compiled.binary_search(&outcome.index).is_ok();
            ProbeUnit {
                package: unit.package.name.clone(),
                label: unit.label(),
                ran: compiled && outcome.outcome != Some(Outcome::Hit),
                outcome: outcome.outcome,
                reason: outcome.reason.clone(),
            }
        };
        ProbeBuild {
            units: outcomes.iter().map(unit).collect(),
            plan: build.phases.plan,
            graph_call: build.phases.graph_call,
            restore: build.phases.restore,
            upload,
        }
    }

    /// What a cache does before and after Cargo, but for publishing.
    pub(crate) fn beside_cargo(&self) -> Duration {
        let plan = self.plan.unwrap_or_default().saturating_sub(self.graph_call.unwrap_or_default());
        plan + self.restore.unwrap_or_default() + self.upload
    }

    /// How many units ran.
    pub(crate) fn ran(&self) -> usize {
        self.units.iter().filter(|unit| unit.ran).count()
    }

    /// How many units came from a cache.
    pub(crate) fn hits(&self) -> usize {
        self.units.iter().filter(|unit| unit.outcome == Some(Outcome::Hit)).count()
    }

    /// Whether a unit of this package ran.
    pub(crate) fn ran_any_of(&self, package: &str) -> bool {
        self.units.iter().any(|unit| unit.ran && unit.package == package)
    }

    /// The units that ran, for messages.
    pub(crate) fn what_ran(&self) -> String {
        let ran: Vec<&str> = self.units.iter().filter(|unit| unit.ran).map(|unit| unit.label.as_str()).collect();
        if ran.is_empty() { "nothing".to_owned() } else { ran.join(", ") }
    }

    /// The units that were restored and then rebuilt.
    pub(crate) fn stale(&self) -> Vec<&str> {
        let stale = self.units.iter().filter(|unit| unit.outcome == Some(Outcome::Stale));
        stale.map(|unit| unit.label.as_str()).collect()
    }

    /// Fails where a unit of this package ran; not applicable where the policy refuses it.
    pub(crate) fn must_reuse(&self, package: &str) -> ProbeResult {
        match self.units.iter().find(|unit| unit.package == package && unit.ran) {
            None => Ok(()),
            Some(unit) if unit.is_refused() => unit.not_admitted(),
            Some(unit) => unit.built_again(),
        }
    }

    /// Fails where anything ran that the strategy says it caches: refused units may run, and so
    /// may those of a tool that gives no reasons.
    pub(crate) fn must_reuse_admitted(&self) -> ProbeResult {
        match self.units.iter().find(|unit| unit.ran && !unit.reason.is_empty() && !unit.is_refused()) {
            Some(unit) => unit.built_again(),
            None => Ok(()),
        }
    }

    /// Not applicable where nothing at all came from the cache.
    pub(crate) fn needs_hits(&self) -> ProbeResult {
        match self.hits() {
            0 => ProbeError::not_applicable("it reuses nothing of this tree"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(outcomes: &[(bool, Outcome)]) -> ProbeBuild {
        let unit = |(ran, outcome): &(bool, Outcome)| {
            let name = format!("{outcome:?}");
            let (package, label, reason) = (name.clone(), name.clone(), name);
            ProbeUnit { package, label, ran: *ran, outcome: Some(*outcome), reason }
        };
        let units = outcomes.iter().map(unit).collect();
        ProbeBuild { units, plan: None, graph_call: None, restore: None, upload: Duration::ZERO }
    }

    #[test]
    fn a_refused_unit_excuses_itself_and_no_other() {
        let mixed = build(&[(true, Outcome::Refused), (false, Outcome::Hit)]);
        assert!(mixed.must_reuse_admitted().is_ok());
        assert!(matches!(mixed.must_reuse("Refused"), Err(ProbeError::NotApplicable(_))));
        assert!(mixed.must_reuse("Hit").is_ok());
        let missed = build(&[(true, Outcome::Refused), (true, Outcome::Miss)]);
        assert!(matches!(missed.must_reuse_admitted(), Err(ProbeError::Failed(_))));
        assert!(matches!(missed.must_reuse("Miss"), Err(ProbeError::Failed(_))));
        assert!(matches!(build(&[(true, Outcome::Refused)]).needs_hits(), Err(ProbeError::NotApplicable(_))));
        assert!(build(&[]).must_reuse_admitted().is_ok());
    }
}
