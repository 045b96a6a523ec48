//! The `units` integration: whole units restored before Cargo runs, published after.
//!
//! ```text
//! plan      unit graph + store → what can be restored, key by key, dependencies first
//! restore   put the hits into the build directory, in parallel
//!           (Cargo builds; its own fingerprint check has the last word)
//! outdated  what Cargo would wrongly take for fresh after that
//! publish   put what was built into the store, in parallel
//! tree      what an earlier build left in this build directory
//! stamp     the modification times that keep Cargo believing in a mix of builds
//! ```
//!
//! This is what a cache inside Cargo would do, done from outside: what it costs more is the
//! extra call that prints the unit graph, which Cargo would have in memory.

pub mod outdated;
pub mod plan;
pub mod publish;
pub mod restore;
pub mod stamp;
pub mod tree;

pub use plan::{Plan, Planned, Verdict, plan};
pub use publish::{Built, Publication, Published, publish};
pub use restore::{Restored, restore};

use crate::flaw::Flaw;
use crate::graph::Graph;
use crate::key::Context;
use crate::link::LinkMode;
use crate::policy::KeyPolicy;
use crate::store::{Store, StoreKind};

/// A strategy of this integration.
#[derive(Debug, Clone, Copy)]
pub struct Units {
    /// What may be cached.
    pub policy: &'static dyn KeyPolicy,
    /// How files get across.
    pub link: &'static dyn LinkMode,
    /// Where they live.
    pub store: &'static dyn StoreKind,
    /// A deliberate mistake; `None` for every strategy that is meant to be right.
    pub flaw: Option<Flaw>,
}

impl Units {
    /// Whether it makes this mistake.
    pub fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
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
