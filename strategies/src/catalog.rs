//! Every strategy there is.

use crate::units::Units;
use crate::{link, policy, store};

/// A complete way of reusing artifacts.
#[derive(Debug, Clone, Copy)]
pub enum Strategy {
    /// Plain Cargo with a build directory for each workspace.
    None,
    /// Plain Cargo with one build directory for all workspaces.
    SharedTarget,
    /// Units restored before and published after Cargo runs.
    Units(Units),
}

impl Strategy {
    /// Words for columns: integration, key policy, link mode, store; empty where there is none.
    pub fn parts(&self) -> [&'static str; 4] {
        match self {
            Strategy::None | Strategy::SharedTarget => [""; 4],
            Strategy::Units(units) => ["units", units.policy.name(), units.link.name(), units.store.name()],
        }
    }

    /// What it is, in a few sentences.
    pub fn about(&self) -> String {
        match self {
            Strategy::None => "Plain Cargo, a build directory for each workspace, no reuse. The baseline; its \
                               warm step is a second uncached build and shows the noise."
                .to_owned(),
            Strategy::SharedTarget => {
                "Plain Cargo with one build directory (build.build-dir) shared by all workspaces: what \
                                       people do today. The shared directory is its store: wiping a workspace keeps it."
                    .to_owned()
            }
            Strategy::Units(units) => format!(
                "Whole units are restored into the build directory before Cargo runs and published after it; \
                 Cargo's own fingerprint check has the last word.\n\nKey policy {}: {}\n\nLink mode {}: {}\n\nStore {}: {}",
                units.policy.name(),
                units.policy.about(),
                units.link.name(),
                units.link.about(),
                units.store.name(),
                units.store.about()
            ),
        }
    }
}

/// Every strategy with its canonical name, baselines first.
pub fn all() -> Vec<(String, Strategy)> {
    let mut strategies =
        vec![("none".to_owned(), Strategy::None), ("shared-target".to_owned(), Strategy::SharedTarget)];
    for store in store::ALL {
        for policy in policy::ALL {
            for link in link::ALL {
                let suffix =
                    if store.name() == store::ALL[0].name() { String::new() } else { format!("@{}", store.name()) };
                let name = format!("{}+{}{suffix}", link.name(), policy.name());
                strategies.push((name, Strategy::Units(Units { policy, link, store, flaw: None })));
            }
        }
    }
    strategies
}
