//! `none` and `shared-target`: Cargo alone, with a build directory for each workspace or one for all of them.

use std::path::{Path, PathBuf};

use anyhow::Result;
use exec::filesystem::remove_dir;
use records::Outcome;

use super::{Expectations, Integration, IntegrationDirs, StepStart, UnitOutcome};
use crate::build::{Build, BuildPhases, Usage, describe_build, run_cargo};
use crate::build_env::{BuildEnv, Phase};
use crate::deadline::BuildError;
use crate::invocation::{BuildOptions, CargoHooks, Site};

/// `none`.
#[derive(Debug, Clone, Copy)]
pub struct PlainCargo;

impl CargoHooks for PlainCargo {}

impl Integration for PlainCargo {
    fn expectations(&self) -> Expectations {
        Expectations { baseline: true, cacheless: true, ..Expectations::default() }
    }

    fn build(&self, env: &BuildEnv, site: &Site, options: &BuildOptions, _: &StepStart) -> Result<Build, BuildError> {
        env.enter(Phase::Cargo);
        let mut usage = Usage::default();
        let cargo = run_cargo(env, site, options, &mut usage, env.deadline())?;
        describe_build((env, site, options), cargo, usage, BuildPhases::default(), false)
    }

    fn outcomes(&self, build: &Build, _cold: bool) -> Vec<UnitOutcome> {
        (0..build.graph.units.len()).map(|index| outcome(build, index, None)).collect()
    }

    fn reset(&self) -> Result<()> {
        Ok(())
    }
}

/// `shared-target`: the shared directory is its store.
#[derive(Debug, Clone)]
pub struct SharedTarget {
    dir: PathBuf,
}

impl SharedTarget {
    pub(super) fn new(dirs: &IntegrationDirs) -> SharedTarget {
        SharedTarget { dir: dirs.shared_target.clone() }
    }
}

impl CargoHooks for SharedTarget {}

impl Integration for SharedTarget {
    fn expectations(&self) -> Expectations {
        Expectations { baseline: true, ..Expectations::default() }
    }

    fn store_dir(&self) -> Option<&Path> {
        Some(&self.dir)
    }

    fn shared_build_dir(&self) -> Option<&Path> {
        Some(&self.dir)
    }

    fn build(
        &self,
        env: &BuildEnv,
        site: &Site,
        options: &BuildOptions,
        start: &StepStart,
    ) -> Result<Build, BuildError> {
        PlainCargo.build(env, site, options, start)
    }

    /// What the shared directory had counts as a hit where the workspace's own was empty.
    fn outcomes(&self, build: &Build, cold: bool) -> Vec<UnitOutcome> {
        let judge = |index| {
            let found = if build.is_fresh(index) { Outcome::Hit } else { Outcome::Miss };
            outcome(build, index, cold.then_some(found))
        };
        (0..build.graph.units.len()).map(judge).collect()
    }

    fn reset(&self) -> Result<()> {
        remove_dir(&self.dir)
    }
}

/// A unit of which nothing is known but what Cargo did.
pub(super) fn outcome(build: &Build, index: usize, outcome: Option<Outcome>) -> UnitOutcome {
    UnitOutcome { index, outcome, cost_s: build.cost(index), ..UnitOutcome::default() }
}
