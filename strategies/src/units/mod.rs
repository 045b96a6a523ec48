//! The `units` integration: whole units restored before Cargo runs, published after.
//!
//! ```text
//! plan       unit graph + store → what can be restored, key by key, dependencies first
//! restore    put the hits into the build directory, in parallel
//!            (Cargo builds; its own fingerprint check has the last word)
//! outdated   what Cargo would wrongly take for fresh after that
//! publish    put what was built into the store, in parallel
//! installed  what earlier builds left in this build directory
//! sessions   incremental state of members
//! ```
//!
//! This is what a cache inside Cargo would do, done from outside: what it costs more is the
//! extra call that prints the unit graph, which Cargo would have in memory.

mod installed;
mod outdated;
mod plan;
mod publish;
mod restore;
mod scripts;
mod sessions;

pub use installed::{InstalledUnits, forget_installed};
pub(crate) use plan::candidates;
pub use plan::{Decision, PlannedUnit, RestorePlan, plan};
pub use publish::{PublishOutcome, PublishedUnit, publish};
pub use restore::{RestoreOutcome, restore};

use crate::graph::Graph;
use crate::key::{Context, KeyOptions};
use crate::link::LinkMode;
use crate::option::{StrategyOption, StrategyOptions};
use crate::policy::KeyPolicy;
use crate::store::{Store, StoreKind};

/// A strategy of this integration.
#[derive(Debug, Clone, Copy)]
pub struct Units {
    /// What may be cached.
    pub policy: &'static KeyPolicy,
    /// How files get across.
    pub link: LinkMode,
    /// Where they live.
    pub store: &'static StoreKind,
    /// What it does otherwise than most.
    pub options: UnitsOptions,
    /// What is wrong with it on purpose; `None` for every strategy that is meant to be right.
    pub fault: Option<&'static str>,
}

/// What a strategy may do otherwise; the default is right, and `chosen` is too.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnitsOptions {
    /// Those that its name has.
    pub chosen: StrategyOptions,
    /// How keys are made.
    pub key: KeyOptions,
    /// Leave units in the build directory that were compiled against another build of what is restored.
    pub keep_outdated: bool,
    /// Publish whatever Cargo finds fresh under the key that it has now, not only what it built.
    pub publish_fresh: bool,
    /// Give restored fingerprints the time of their outputs, so that sources look newer.
    pub old_fingerprints: bool,
}

/// One build under a strategy: everything its phases look at.
#[derive(Debug, Clone, Copy)]
pub struct Session<'a> {
    /// The strategy.
    pub units: &'a Units,
    /// Its open store.
    pub store: &'a dyn Store,
    /// What Cargo is going to build.
    pub graph: &'a Graph,
    /// In which surroundings.
    pub context: &'a Context,
}

impl Session<'_> {
    pub(crate) fn has(&self, option: StrategyOption) -> bool {
        self.units.options.chosen.has(option)
    }
}
