//! A step of an arm: its builds, what was seen of them, and how it ended.

use std::time::Duration;

use corpora::scenario::Machine;
use exec::cpu::CpuTimes;
use records::Outcome;

use super::build::Build;
use super::checks::CheckResult;
use super::delivery::Transfer;
use super::integration::{OwnCount, UnitOutcome};
use super::invocation::{BuildOptions, Site};
use super::ledger::DiskUse;

const NAMED: usize = 3;

#[derive(Debug)]
pub enum StepOutcome {
    Built(Box<BuiltStep>),
    Maintained(Box<Maintenance>),
    Failed(String),
    Unsupported(String),
}

#[derive(Debug, Clone)]
pub(crate) struct StepBuild {
    pub(crate) copy: String,
    pub(crate) site: Site,
    pub(crate) options: BuildOptions,
    pub(crate) cold: bool,
    pub(crate) edits: u32,
    pub(crate) step: String,
    pub(crate) machine: Option<Machine>,
    pub(crate) variant: String,
}

#[derive(Debug)]
pub struct Trial {
    pub build: Build,
    pub checked: CheckResult,
    pub units: Vec<UnitOutcome>,
    pub counts: OutcomeCounts,
}

impl Trial {
    /// Units that Cargo ran and that were not brought back instead.
    pub fn compiled(&self) -> u64 {
        let hits = self.units.iter().filter(|unit| unit.outcome == Some(Outcome::Hit));
        let brought_back = hits.filter(|unit| self.build.is_compiled(unit.index)).count();
        (self.build.built.compiled.len() - brought_back) as u64
    }
}

#[derive(Debug)]
pub struct BuiltStep {
    /// Its Cargos; never empty.
    pub trials: Vec<Trial>,
    /// Wall and processor time of each time it was done.
    pub turns: Vec<(Duration, Duration)>,
    /// The integration brings units back in a way that is seen from outside only.
    pub opaque: bool,
    /// CPU time of the harness itself while they ran: planning, restoring, publishing.
    pub own: Duration,
    pub disk: DiskUse,
    pub shadow: Option<ShadowResult>,
    pub(crate) unchecked: Option<String>,
    pub invalid: Option<String>,
    pub(crate) own_count: Option<OwnCount>,
    pub processors: Option<CpuTimes>,
    /// Starting and warming a daemon before them, where that is no part of the step.
    pub daemon: Option<Duration>,
    /// What travelled between machines.
    pub(crate) transfer: Option<Transfer>,
}

impl BuiltStep {
    /// Both as one step, `next` done after it; the disk is looked at later.
    pub(crate) fn then(mut self, next: BuiltStep) -> BuiltStep {
        self.trials.extend(next.trials);
        self.turns.extend(next.turns);
        BuiltStep {
            own: self.own + next.own,
            shadow: next.shadow,
            unchecked: next.unchecked,
            invalid: self.invalid.or(next.invalid),
            own_count: self.own_count.zip(next.own_count).map(|(a, b)| a.plus(b)),
            processors: self.processors.zip(next.processors).map(|(a, b)| a.plus(&b)),
            daemon: self.daemon.or(next.daemon),
            ..self
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShadowResult {
    /// Hits with the bytes of a compile.
    pub same: u64,
    /// Hits with other bytes than compiles, which agree with each other.
    pub differs: Vec<String>,
    /// Hits on which compiles do not agree.
    pub(crate) nondeterministic: Vec<String>,
}

impl ShadowResult {
    pub(crate) fn add(&mut self, other: ShadowResult) {
        self.same += other.same;
        self.differs.extend(other.differs);
        self.nondeterministic.extend(other.nondeterministic);
    }

    /// What a reader should know; empty when all is the same.
    pub(crate) fn note(&self) -> Option<String> {
        let part = |what: &str, units: &[String]| {
            let named = units.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            (!units.is_empty()).then(|| format!("{} hits {what}, e.g. {named}", units.len()))
        };
        let parts = [
            part("with other bytes than a compile", &self.differs),
            part("that compile to other bytes each time", &self.nondeterministic),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

#[derive(Debug)]
pub struct Maintenance {
    pub wall: Duration,
    pub cpu: (Duration, Duration),
    /// Bytes it said it would free, where it said so.
    pub(crate) promised: Option<u64>,
    pub disk: DiskUse,
    /// What is wrong with the store after it; `None` without one.
    pub damage: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OutcomeCounts {
    pub hits: u64,
    pub refused: u64,
    /// Admitted, not there; with those whose bytes were there under another key.
    pub missed: u64,
    pub stale: u64,
    /// Units that the rates are over.
    pub rated: u64,
    pub hit_rate: f64,
    pub(crate) hit_rate_by_cost: Option<f64>,
}

impl OutcomeCounts {
    /// Counts outcomes; a unit of unknown cost weighs nothing. Whether a tool replayed a build script cannot be seen
    /// from outside, so runs of scripts are in nobody's rate.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a UnitOutcome>) -> OutcomeCounts {
        let mut counts = OutcomeCounts::default();
        let (mut rated_hits, mut hit_s, mut total_s) = (0u64, 0.0, 0.0);
        for unit in outcomes {
            let cost = unit.cost_s.filter(|_| !unit.runs_script).unwrap_or(0.0);
            counts.rated += u64::from(!unit.runs_script);
            total_s += cost;
            match unit.outcome {
                Some(Outcome::Hit) => {
                    counts.hits += 1;
                    rated_hits += u64::from(!unit.runs_script);
                    hit_s += cost;
                }
                Some(Outcome::Refused) => counts.refused += 1,
                Some(Outcome::Miss | Outcome::Dup) => counts.missed += 1,
                Some(Outcome::Stale) => counts.stale += 1,
                None => {}
            }
        }
        counts.hit_rate = rated_hits as f64 / counts.rated.max(1) as f64;
        counts.hit_rate_by_cost = (total_s > 0.0).then(|| hit_s / total_s);
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_count_units_and_seconds() {
        let unit = |outcome, cost_s| UnitOutcome { outcome, cost_s, ..UnitOutcome::default() };
        let counts = OutcomeCounts::of(&[
            unit(Some(Outcome::Hit), Some(9.0)),
            unit(Some(Outcome::Refused), Some(1.0)),
            unit(Some(Outcome::Dup), None),
            unit(None, None),
            UnitOutcome { runs_script: true, ..unit(Some(Outcome::Miss), Some(10.0)) },
            UnitOutcome { runs_script: true, ..unit(Some(Outcome::Hit), Some(10.0)) },
        ]);
        assert_eq!((counts.hits, counts.refused, counts.missed, counts.stale), (2, 1, 2, 0));
        assert_eq!(counts.rated, 4, "runs of build scripts are in no rate");
        assert_eq!(counts.hit_rate, 0.25);
        assert_eq!(counts.hit_rate_by_cost, Some(0.9));
        assert_eq!(OutcomeCounts::of([&unit(None, None)]).hit_rate_by_cost, None);
    }
}
