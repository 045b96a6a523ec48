//! `none` and `shared-target`: Cargo alone, with a build directory for each workspace or one for all of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use exec::filesystem::remove_dir;
use records::Outcome;
use strategies::{NamedStrategy, Strategy};

use super::{Expectations, Integration, IntegrationDirs, NamedIntegration, StepStart, UnitOutcome};
use crate::build::{Build, BuildPhases, Usage, describe_build, run_cargo};
use crate::build_env::{BuildEnv, Phase};
use crate::deadline::BuildError;
use crate::invocation::{BuildOptions, CargoHooks, EnvVariables, Site};

/// Cargo alone: `none`, or `shared-target`, whose shared directory is its store.
#[derive(Debug, Clone, Default)]
pub struct PlainCargo {
    shared: Option<PathBuf>,
    /// Whether the shared directory is emptied with a workspace's own.
    wiped: bool,
    env: &'static [(&'static str, &'static str)],
}

pub(super) static BASELINES: [NamedIntegration; 4] = [
    NamedIntegration {
        strategy: NamedStrategy {
            name: "none",
            about: "Plain Cargo, a build directory for each workspace, no reuse. The baseline; its warm step is a \
                    second uncached build and shows the noise.",
        },
        open: |_| Ok(Arc::new(PlainCargo::default())),
    },
    NamedIntegration {
        strategy: NamedStrategy {
            name: "shared-target",
            about: "Plain Cargo with one build directory (build.build-dir) shared by all workspaces: what people do \
                    today. The shared directory is its store: wiping a workspace keeps it.",
        },
        open: |dirs| Ok(Arc::new(PlainCargo::shared(dirs))),
    },
    NamedIntegration {
        strategy: NamedStrategy {
            name: "none~no-incremental",
            about: "Plain Cargo with CARGO_INCREMENTAL=0: what a tool that turns incremental compilation off is to be \
                    compared with, beside `none`.",
        },
        open: |_| Ok(Arc::new(PlainCargo { env: &[("CARGO_INCREMENTAL", "0")], ..PlainCargo::default() })),
    },
    NamedIntegration {
        strategy: NamedStrategy {
            name: "shared-target~wiped",
            about: "As shared-target, but a step that wipes build directories begins with an empty shared one, too. A \
                    warm step of shared-target itself builds nothing, for its directory was never emptied.",
        },
        open: |dirs| Ok(Arc::new(PlainCargo { wiped: true, ..PlainCargo::shared(dirs) })),
    },
];

/// The strategy `none`.
pub static NONE: Strategy = Strategy::Named(&BASELINES[0].strategy);

impl PlainCargo {
    fn shared(dirs: &IntegrationDirs) -> PlainCargo {
        PlainCargo { shared: Some(dirs.shared_target.clone()), ..PlainCargo::default() }
    }
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
