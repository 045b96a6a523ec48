//! Every strategy there is: our own, those described by shipped files, and those of the user's
//! files.

use std::sync::Arc;

use crate::external::{self, External, ExternalError};
use crate::link::LinkMode;
use crate::option::StrategyOption;
use crate::units::{Units, UnitsOptions};
use crate::{policy, store};

/// A complete way of reusing artifacts.
#[derive(Debug, Clone)]
pub enum Strategy {
    /// One without parts, such as plain Cargo. What it does is the runner's affair.
    Named(&'static NamedStrategy),
    /// Units restored before and published after Cargo runs.
    Units(Units),
    /// An external tool, or another Cargo.
    External(Arc<External>),
}

/// A strategy of which nothing but this is known here.
#[derive(Debug)]
pub struct NamedStrategy {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a few sentences.
    pub about: &'static str,
}

impl Strategy {
    /// The parts of a strategy that restores units.
    pub fn as_units(&self) -> Option<&Units> {
        match self {
            Strategy::Units(units) => Some(units),
            _ => None,
        }
    }

    /// The description of an external strategy.
    pub fn as_external(&self) -> Option<&Arc<External>> {
        match self {
            Strategy::External(external) => Some(external),
            _ => None,
        }
    }

    /// Words for columns: integration, key policy, link mode, store; empty where there is none.
    pub fn parts(&self) -> [&'static str; 4] {
        match self {
            Strategy::Named(_) => [""; 4],
            Strategy::External(_) => ["external", "", "", ""],
            Strategy::Units(units) => ["units", units.policy.name, units.link.name(), units.store.name],
        }
    }

    /// Its options as its name has them, `~verify~incremental`; empty where it has none.
    pub fn options(&self) -> String {
        match self {
            Strategy::Units(units) => format!("{}{}", units.options.chosen, units.options.key),
            Strategy::Named(named) => named.name.find('~').map_or("", |at| &named.name[at..]).to_owned(),
            _ => String::new(),
        }
    }

    /// What it is, in a few sentences.
    pub fn about(&self) -> String {
        match self {
            Strategy::Named(named) => named.about.to_owned(),
            Strategy::External(external) => external.description.about.trim().to_owned(),
            Strategy::Units(units) => format!(
                "{}Whole units are restored into the build directory before Cargo runs and published after it; \
                 Cargo's own fingerprint check has the last word.\n\nKey policy {}: {}\n\nLink mode {}: {}\n\nStore {}: {}{}",
                units.fault.map(|fault| format!("Wrong on purpose: {fault}.\n\n")).unwrap_or_default(),
                units.policy.name,
                units.policy.about,
                units.link.name(),
                units.link.about(),
                units.store.name,
                units.store.about,
                units
                    .options
                    .chosen
                    .iter()
                    .map(|option| format!("\n\nOption ~{}: {}", option.name(), option.about()))
                    .collect::<String>()
            ),
        }
    }
}

/// Every strategy that can be named.
#[derive(Debug, Clone)]
pub struct Catalog {
    strategies: Vec<(String, Strategy)>,
}

/// Why a strategy could not be added or changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CatalogError {
    /// The file is wrong.
    #[error(transparent)]
    File(#[from] ExternalError),
    /// Its name is taken.
    #[error("the name {0} is taken; choose another `name`")]
    NameTaken(String),
    /// Not `NAME.PARAMETER=VALUE`.
    #[error("'{0}' sets nothing; write NAME.PARAMETER=VALUE, for example sccache.tool=/usr/bin")]
    NoSetting(String),
    /// No external strategy has that name.
    #[error("--set {asked}: {name} is no external strategy; there are {}", known.join(", "))]
    NotExternal {
        /// The whole setting.
        asked: String,
        /// The name in it.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
}

impl Catalog {
    /// These, our own strategies and the shipped files.
    pub fn with(named: impl IntoIterator<Item = &'static NamedStrategy>) -> Catalog {
        let named = named.into_iter().map(|it| (it.name.to_owned(), Strategy::Named(it)));
        let external = external::shipped().into_iter();
        let external = external.map(|it| (it.name().to_owned(), Strategy::External(Arc::new(it))));
        Catalog { strategies: named.chain(with_units()).chain(external).collect() }
    }

    /// Each with its canonical name: baselines, our own, external ones.
    pub fn all(&self) -> &[(String, Strategy)] {
        &self.strategies
    }

    /// The external ones.
    pub fn externals(&self) -> impl Iterator<Item = &Arc<External>> {
        self.strategies.iter().filter_map(|(_, strategy)| match strategy {
            Strategy::External(external) => Some(external),
            _ => None,
        })
    }

    /// Adds the strategy of a file's text.
    ///
    /// # Errors
    /// When the text is wrong or the name is taken.
    pub fn add(&mut self, text: &str) -> Result<(), CatalogError> {
        for external in External::parse(text)?.with_pinned()? {
            let name = external.name().to_owned();
            if self.strategies.iter().any(|(known, _)| *known == name) {
                return Err(CatalogError::NameTaken(name));
            }
            self.strategies.push((name, Strategy::External(Arc::new(external))));
        }
        Ok(())
    }

    /// Sets a parameter of an external strategy: `NAME.PARAMETER=VALUE`.
    ///
    /// # Errors
    /// When there is no such strategy or parameter.
    pub fn set(&mut self, setting: &str) -> Result<(), CatalogError> {
        let parts = setting.split_once('=').and_then(|(path, value)| Some((path.split_once('.')?, value)));
        let ((name, parameter), value) = parts.ok_or_else(|| CatalogError::NoSetting(setting.to_owned()))?;
        let found = self.strategies.iter_mut().find_map(|(_, strategy)| match strategy {
            Strategy::External(external) if external.name() == name => Some(external),
            _ => None,
        });
        match found {
            Some(external) => Ok(Arc::make_mut(external).set(parameter, value)?),
            None => Err(CatalogError::NotExternal {
                asked: setting.to_owned(),
                name: name.to_owned(),
                known: self.externals().map(|external| external.name().to_owned()).collect(),
            }),
        }
    }
}

/// The strategies that restore units, with their canonical names.
fn with_units() -> Vec<(String, Strategy)> {
    let mut strategies = Vec::new();
    for store in store::ALL {
        for policy in policy::ALL {
            for link in LinkMode::ALL {
                let suffix = if store.name == store::ALL[0].name { String::new() } else { format!("@{}", store.name) };
                let name = format!("{}+{}{suffix}", link.name(), policy.name);
                strategies.push((
                    name,
                    Strategy::Units(Units { policy, link, store, options: Default::default(), fault: None }),
                ));
            }
        }
    }
    strategies.push(cargo_prototype());
    strategies
}

/// What Cargo's prototype of shared blob storage does (ranger-ross/cargo, September 2026), as far as it can be done from
/// outside. Where there are reflinks it takes them: `reflink+non-local~verify~single-slot`.
fn cargo_prototype() -> (String, Strategy) {
    let mut options = UnitsOptions::default();
    options.chosen.add(StrategyOption::Verify);
    options.chosen.add(StrategyOption::SingleSlot);
    let units = Units { policy: &policy::NON_LOCAL, link: LinkMode::Copy, store: store::ALL[0], options, fault: None };
    ("cargo-prototype".to_owned(), Strategy::Units(units))
}
