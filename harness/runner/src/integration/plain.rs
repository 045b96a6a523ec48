//! `none` and `shared-target`: Cargo alone, with a build directory for each workspace or one for all of them.

use std::path::{Path, PathBuf};

use anyhow::Result;
use exec::filesystem::remove_dir;
use records::Outcome;

use super::{Expectations, Integration, StepStart, UnitOutcome};
use crate::build::{Build, BuildPhases, Usage, describe_build, run_cargo};
use crate::build_env::{BuildEnv, Phase};
use crate::deadline::BuildError;
use crate::invocation::{BuildOptions, CargoHooks, EnvVariables, Site};

/// Cargo alone: `none`, or `shared-target`, whose shared directory is its store.
#[derive(Debug, Clone, Default)]
pub struct PlainCargo {
    pub(super) shared: Option<PathBuf>,
    pub(super) wiped: bool,
    pub(super) env: &'static [(&'static str, &'static str)],
}

impl CargoHooks for PlainCargo {
    fn set_variables(&self, variables: &mut EnvVariables, _: &BuildEnv, _: &Site, _: &BuildOptions) {
        variables.extend(self.env.iter().map(|(name, value)| (name.into(), value.into())));
    }
}

impl Integration for PlainCargo {
    fn expectations(&self) -> Expectations {
        Expectations { baseline: true, cacheless: self.shared.is_none(), ..Expectations::default() }
    }

    fn store_dir(&self) -> Option<&Path> {
        self.shared.as_deref()
    }

    fn is_wiped_with_builds(&self) -> bool {
        self.wiped
    }

    fn shared_build_dir(&self) -> Option<&Path> {
        self.shared.as_deref()
    }

    fn build(&self, env: &BuildEnv, site: &Site, options: &BuildOptions, _: &StepStart) -> Result<Build, BuildError> {
        env.enter(Phase::Cargo);
        let mut usage = Usage::default();
        let cargo = run_cargo(env, site, options, &mut usage, env.deadline())?;
        describe_build((env, site, options), cargo, usage, BuildPhases::default(), false)
    }

    /// What a shared directory had counts as a hit where the workspace's own was empty.
    fn outcomes(&self, build: &Build, cold: bool) -> Vec<UnitOutcome> {
        let found = |index| if build.is_fresh(index) { Outcome::Hit } else { Outcome::Miss };
        let asked = self.shared.is_some() && cold;
        (0..build.graph.units.len()).map(|index| outcome(build, index, asked.then(|| found(index)))).collect()
    }

    fn reset(&self) -> Result<()> {
        self.shared.as_deref().map_or(Ok(()), remove_dir)
    }
}

/// A unit of which nothing is known but what Cargo did.
pub(super) fn outcome(build: &Build, index: usize, outcome: Option<Outcome>) -> UnitOutcome {
    let runs_script = build.graph.units[index].is_script_run();
    UnitOutcome { index, runs_script, outcome, cost_s: build.cost(index), ..UnitOutcome::default() }
}
