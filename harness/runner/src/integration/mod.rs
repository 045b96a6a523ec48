//! Where a strategy hooks into the builds of an arm: one file for each integration.
//!
//! | integration | file | what it does |
//! |---|---|---|
//! | `none`, `shared-target` | [`plain`] | Cargo alone |
//! | `units` | [`units`] | restores whole units before Cargo runs and publishes after it |
//! | `external` | [`external`] | runs an external tool, described by a file |
//!
//! A further integration without parameters is a file here with its names, and a line in `NAMED`.

pub mod external;
pub mod plain;
pub mod units;

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use records::Outcome;
use strategies::explain::EntryIndex;
use strategies::external::statistics::Counters;
use strategies::graph::UnitIndex;
use strategies::link::LinkMode;
use strategies::store::Store;
use strategies::store::remote::{RemoteCache, RemoteUse};
use strategies::{Catalog, NamedStrategy, Strategy};

use crate::build::{Build, Usage};
use crate::build_env::BuildEnv;
use crate::deadline::BuildError;
use crate::invocation::{BuildOptions, CargoHooks, Site};

/// What a strategy does around the builds of one arm, and what is expected of it.
pub trait Integration: CargoHooks + Debug + Send + Sync {
    /// What validity gates hold its builds to.
    fn expectations(&self) -> Expectations;

    /// The directory whose size counts as the store's.
    fn store_dir(&self) -> Option<&Path> {
        None
    }

    /// Every directory in which it keeps something from build to build: what the columns of the store count.
    fn kept_dirs(&self) -> Vec<&Path> {
        self.store_dir().into_iter().collect()
    }

    /// Whether emptying a workspace's build directory empties what is kept as well.
    fn is_wiped_with_builds(&self) -> bool {
        false
    }

    /// The open store, where it is one of ours.
    fn store(&self) -> Option<&dyn Store> {
        None
    }

    /// The build directory of the workspace at `root`, where that is not the harness's choice.
    fn target_dir(&self, _root: &Path) -> Option<PathBuf> {
        None
    }

    /// The build directory that all working copies share.
    fn shared_build_dir(&self) -> Option<&Path> {
        None
    }

    /// The version of an external tool, as it states it.
    fn version(&self) -> Option<String> {
        None
    }

    /// Called before the builds of a step, outside their time. Without builds it only makes the integration ready.
    fn start_step(&self, _env: &BuildEnv, _builds: &[(&Site, &BuildOptions)]) -> Result<StepStart, BuildError> {
        Ok(StepStart::default())
    }

    /// One measured build.
    fn build(
        &self,
        env: &BuildEnv,
        site: &Site,
        options: &BuildOptions,
        start: &StepStart,
    ) -> Result<Build, BuildError>;

    /// What became of each unit of a build. `cold` says that the build directory of the workspace was empty.
    fn outcomes(&self, build: &Build, cold: bool) -> Vec<UnitOutcome>;

    /// Called after the builds of a step and before anything else is built: hits and misses by
    /// the tool's own account, where it has one.
    fn end_step(&self, _env: &BuildEnv, _builds: &[(&Site, &BuildOptions)], _start: &StepStart) -> Option<OwnCount> {
        None
    }

    /// What is wrong with a process that should serve the builds.
    fn fault(&self) -> Option<String> {
        None
    }

    /// What processes that serve the builds have used so far.
    fn used(&self) -> Usage {
        Usage::default()
    }

    /// Empties the store and everything else that is kept from build to build.
    fn reset(&self) -> Result<()>;

    /// Ends every process that serves the builds; the next build starts them again.
    fn pause(&self) {}

    /// Puts a remote cache behind the store, or takes it away.
    fn connect(&self, _remote: Option<Arc<dyn RemoteCache>>) {}

    /// Uploads what a build has published; how many units did not arrive.
    fn upload(&self, _build: &Build) -> usize {
        0
    }

    /// What came from the remote cache since it was connected.
    fn remote_use(&self) -> RemoteUse {
        RemoteUse::default()
    }
}

/// One measured build, with a log of its own.
pub fn build(
    integration: &dyn Integration,
    env: &BuildEnv,
    site: &Site,
    options: &BuildOptions,
    start: &StepStart,
) -> Result<Build, BuildError> {
    let _ = std::fs::remove_file(&site.log);
    integration.build(env, site, options, start)
}

/// What validity gates hold the builds of an integration to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expectations {
    /// It restores nothing: a baseline.
    pub baseline: bool,
    /// Nothing may be fresh in an empty build directory.
    pub cacheless: bool,
    pub(crate) claims_hits: bool,
    /// The link mode by which files have to come.
    pub link: Option<LinkMode>,
    /// Which units it brings back, and how, is seen from outside only.
    pub opaque: bool,
}

/// What an integration notes before the builds of a step.
#[derive(Debug, Default)]
pub struct StepStart {
    /// What the store held, where several builds fill it at the same time.
    pub(crate) index: Option<Arc<EntryIndex>>,
    pub(crate) counters: Option<Counters>,
    /// Starting and warming a daemon, where that was done.
    pub(crate) daemon: Option<Duration>,
}

/// Hits and misses of a step by an external tool's own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnCount {
    /// Its hits.
    pub hits: u64,
    /// Its misses, where it states them.
    pub misses: Option<u64>,
}

impl OwnCount {
    pub(crate) fn plus(self, other: OwnCount) -> OwnCount {
        OwnCount { hits: self.hits + other.hits, misses: self.misses.zip(other.misses).map(|(a, b)| a + b) }
    }
}

/// One unit of one step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnitOutcome {
    /// Its index in the graph.
    pub index: UnitIndex,
    /// Whether it is a run of a build script.
    pub runs_script: bool,
    /// What became of it; `None` where the strategy had nothing to do with it: the build
    /// directory held it already, or there is no cache.
    pub outcome: Option<Outcome>,
    /// Why it missed or was refused.
    pub reason: String,
    /// What the reason points at.
    pub because: String,
    /// Seconds it takes to build, where this step or its store entry knows.
    pub cost_s: Option<f64>,
    /// Size of its files in the store, bytes.
    pub bytes: Option<u64>,
    /// Whether a library that missed exports what was stored under another key.
    pub same_exports: Option<bool>,
}

/// Where an integration keeps things.
#[derive(Debug, Clone)]
pub struct IntegrationDirs {
    /// The directory of the arm, or of a probe.
    pub root: PathBuf,
    /// The store.
    pub store: PathBuf,
    /// The build directory that working copies share.
    pub shared_target: PathBuf,
}

impl IntegrationDirs {
    /// The usual places below a directory.
    pub fn below(root: &Path) -> IntegrationDirs {
        IntegrationDirs { root: root.to_owned(), store: root.join("store"), shared_target: root.join("shared") }
    }
}

/// An integration that was opened, or why it cannot work here.
#[derive(Debug)]
pub enum OpenedIntegration {
    /// It works.
    Ready(Arc<dyn Integration>),
    /// It does not, for this reason.
    Unsupported(String),
}

/// Strategies that have a name and no parts, by integration.
static NAMED: [&[NamedIntegration]; 1] = [&plain::BASELINES];

/// A strategy without parts, and what opens it.
#[derive(Debug)]
struct NamedIntegration {
    strategy: NamedStrategy,
    open: fn(&IntegrationDirs) -> Result<Arc<dyn Integration>>,
}

/// Every strategy that can be named without a file of the user's.
pub fn catalog() -> Catalog {
    Catalog::with(NAMED.into_iter().flatten().map(|it| &it.strategy))
}

/// Opens the integration of a strategy in these directories, which it makes.
pub fn open(strategy: &Strategy, env: &BuildEnv, dirs: &IntegrationDirs) -> Result<OpenedIntegration> {
    Ok(match strategy {
        Strategy::Units(_) if !env.toolchain.has_unit_dirs() => OpenedIntegration::Unsupported(
            "it restores directories of units, which this Cargo's default layout has not; leave out --layout default"
                .into(),
        ),
        Strategy::Named(named) => {
            let found = NAMED.iter().copied().flatten().find(|it| it.strategy.name == named.name);
            let found = found.with_context(|| format!("nothing opens the strategy {}", named.name))?;
            OpenedIntegration::Ready((found.open)(dirs)?)
        }
        Strategy::Units(units) => units::UnitCache::open(units, dirs)?,
        Strategy::External(external) => external::ExternalTool::open(env, external, dirs)?,
    })
}
