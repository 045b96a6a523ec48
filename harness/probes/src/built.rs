//! What a build on the bench did, unit by unit, and what a story may ask of it.

use std::time::Duration;

use records::Outcome;

use super::{Told, Wrong};
use runner::build::Build;
use runner::integration::UnitOutcome;

/// A build that succeeded.
#[derive(Debug, Clone)]
pub struct Built {
    /// Its units.
    pub units: Vec<BuiltUnit>,
    /// Planning: the unit graph and the keys.
    pub plan: Option<Duration>,
    /// Of which Cargo's own call for the unit graph.
    pub graph_call: Option<Duration>,
    /// Restoring.
    pub restore: Option<Duration>,
    /// Everything the user waits for.
    pub wall: Duration,
    /// Files and links placed before Cargo ran.
    pub restored_files: u64,
}

/// One unit of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltUnit {
    /// Name of its package.
    pub package: String,
    /// Package, kind and mode, for people.
    pub label: String,
    /// Whether rustc, or the build script, ran for it.
    pub ran: bool,
    /// What the strategy says became of it.
    pub outcome: Option<Outcome>,
    /// Why it missed or was refused.
    pub reason: String,
}

impl BuiltUnit {
    /// Whether the key policy did not admit it.
    pub fn is_refused(&self) -> bool {
        self.outcome == Some(Outcome::Refused)
    }

    fn not_admitted(&self) -> Wrong {
        Wrong::NotApplicable(format!("its key policy does not admit {} ({})", self.label, self.reason))
    }

    fn built_again(&self) -> Wrong {
        let why = if self.reason.is_empty() { String::new() } else { format!(" ({})", self.reason) };
        Wrong::Failed(format!("{} was built again{why}", self.label))
    }
}

impl Built {
    /// Reads it off a finished build.
    pub fn of(build: &Build, outcomes: &[UnitOutcome]) -> Built {
        let unit = |outcome: &UnitOutcome| {
            let unit = &build.graph.units[outcome.index];
            let compiled = build.built.compiled.binary_search(&outcome.index).is_ok();
            BuiltUnit {
                package: unit.package.name.clone(),
                label: unit.label(),
                ran: compiled && outcome.outcome != Some(Outcome::Hit),
                outcome: outcome.outcome,
                reason: outcome.reason.clone(),
            }
        };
        let restored = build.cached.as_ref().map(|cached| &cached.restored);
        Built {
            units: outcomes.iter().map(unit).collect(),
            plan: build.phases.plan,
            graph_call: build.phases.graph_call,
            restore: build.phases.restore,
            wall: build.phases.wall(),
            restored_files: restored.map_or(0, |it| it.files.values().sum::<u64>() + it.private_files),
        }
    }

    /// How many units ran.
    pub fn ran(&self) -> usize {
        self.units.iter().filter(|unit| unit.ran).count()
    }

    /// How many units came from a cache.
    pub fn hits(&self) -> usize {
        self.units.iter().filter(|unit| unit.outcome == Some(Outcome::Hit)).count()
    }

    /// Whether a unit of this package ran.
    pub fn ran_any_of(&self, package: &str) -> bool {
        self.units.iter().any(|unit| unit.ran && unit.package == package)
    }

    /// The units that ran, for messages.
    pub fn what_ran(&self) -> String {
        let ran: Vec<&str> = self.units.iter().filter(|unit| unit.ran).map(|unit| unit.label.as_str()).collect();
        if ran.is_empty() { "nothing".to_owned() } else { ran.join(", ") }
    }

    /// Nothing of this package may have run, if the strategy says that it caches such units.
    ///
    /// # Errors
    /// When something of it ran; not applicable where the policy refuses it.
    pub fn must_reuse(&self, package: &str) -> Told {
        match self.units.iter().find(|unit| unit.package == package && unit.ran) {
            None => Ok(()),
            Some(unit) if unit.is_refused() => Err(unit.not_admitted()),
            Some(unit) => Err(unit.built_again()),
        }
    }

    /// Nothing may have run but what the policy refuses.
    ///
    /// # Errors
    /// When something else ran; not applicable where the policy refuses everything.
    pub fn must_reuse_all(&self) -> Told {
        match self.units.iter().find(|unit| unit.ran && !unit.is_refused()) {
            Some(unit) => return Err(unit.built_again()),
            None if self.units.iter().any(|unit| !unit.is_refused()) => return Ok(()),
            None => {}
        }
        self.units.first().map_or(Ok(()), |unit| Err(unit.not_admitted()))
    }

    /// Units that were restored and then rebuilt.
    pub fn stale(&self) -> Vec<&str> {
        let stale = self.units.iter().filter(|unit| unit.outcome == Some(Outcome::Stale));
        stale.map(|unit| unit.label.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(ran: bool, outcome: Outcome) -> BuiltUnit {
        let name = format!("{outcome:?}");
        BuiltUnit { package: name.clone(), label: name, ran, outcome: Some(outcome), reason: String::new() }
    }

    fn told(units: Vec<BuiltUnit>) -> Told {
        let built =
            Built { units, plan: None, graph_call: None, restore: None, wall: Duration::ZERO, restored_files: 0 };
        built.must_reuse_all()
    }

    #[test]
    fn a_refused_unit_excuses_itself_and_no_other() {
        let refused = || unit(true, Outcome::Refused);
        assert!(told(vec![refused(), unit(false, Outcome::Hit)]).is_ok());
        assert!(matches!(told(vec![refused(), unit(true, Outcome::Miss)]), Err(Wrong::Failed(_))));
        assert!(matches!(told(vec![refused(), refused()]), Err(Wrong::NotApplicable(_))));
        assert!(told(Vec::new()).is_ok());
    }
}
