//! Options of a strategy, written behind its name: `hardlink+aggressive~incremental~verify`.
//!
//! An option is a variant here, and code where it does something. What it does is explained in `strategies/KEYS.md`.

use std::fmt;

use enum_map::{Enum, EnumMap};

/// What a strategy does otherwise than it would by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum StrategyOption {
    /// Bytes are compared before they are used.
    Verify,
    /// One entry for each unit hash.
    SingleSlot,
    /// Incremental sessions of members are stored and restored.
    Incremental,
    /// Members built again in place are not published.
    SkipEdits,
}

impl StrategyOption {
    /// Every option, in the order in which a canonical name has them.
    pub const ALL: [StrategyOption; 4] =
        [StrategyOption::Verify, StrategyOption::SingleSlot, StrategyOption::Incremental, StrategyOption::SkipEdits];

    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            StrategyOption::Verify => "verify",
            StrategyOption::SingleSlot => "single-slot",
            StrategyOption::Incremental => "incremental",
            StrategyOption::SkipEdits => "skip-edits",
        }
    }

    /// What it does and what it costs, in a few sentences.
    pub fn about(self) -> &'static str {
        match self {
            StrategyOption::Verify => {
                "The digest of every stored file is compared while planning, before the file is used. An entry with other \
                 bytes is removed and is a miss (`damaged`). Every file that is published is hashed, whatever the store."
            }
            StrategyOption::SingleSlot => {
                "One entry for each unit hash of Cargo's, guarded by the key: the last publisher wins, and what its entry \
                 took the place of is a miss (`displaced`) for whoever wants it."
            }
            StrategyOption::Incremental => {
                "The incremental session of a member is part of its entry: the first edit after a restore compiles as \
                 little as after a full build. A session is of use only where workspace and build directory have the \
                 paths that they had; elsewhere the entry is restored without it."
            }
            StrategyOption::SkipEdits => {
                "A member that is built again where the build directory had it is not published, nor is what depends on \
                 it: an edit costs no hashing and no disk. After a wipe the last edits are compiled again."
            }
        }
    }
}

/// The options of one strategy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StrategyOptions(EnumMap<StrategyOption, bool>);

impl StrategyOptions {
    /// Whether an option is among them.
    pub fn has(&self, option: StrategyOption) -> bool {
        self.0[option]
    }

    /// Adds an option.
    pub fn add(&mut self, option: StrategyOption) {
        self.0[option] = true;
    }

    /// Those there are, in the order of [`StrategyOption::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = StrategyOption> {
        StrategyOption::ALL.into_iter().filter(|option| self.has(*option))
    }
}

/// As in names: `~verify~incremental`.
impl fmt::Display for StrategyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|option| write!(f, "~{}", option.name()))
    }
}
