//! What is measured.

use serde::Deserialize;

/// The measured part of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// `cargo build`.
    #[default]
    Build,
    /// `cargo check`.
    Check,
    /// `cargo test --no-run`, with the `test-args` of the manifest: tests are built, not run.
    Test,
    /// `cargo clean`: bytes promised against bytes freed.
    Clean,
    /// Collection of the store down to a part of its size.
    Collect {
        /// The part that may stay, percent of the bytes it holds.
        #[serde(rename = "keep-percent")]
        keep_percent: u8,
    },
}

impl Task {
    /// Whether Cargo compiles in it.
    pub fn builds(self) -> bool {
        matches!(self, Self::Build | Self::Check | Self::Test)
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Build => f.pad("cargo build"),
            Self::Check => f.pad("cargo check"),
            Self::Test => f.pad("cargo test --no-run"),
            Self::Clean => f.pad("cargo clean"),
            Self::Collect { keep_percent } => write!(f, "collect the store down to {keep_percent} %"),
        }
    }
}

/// Which CARGO_HOME a step runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Home {
    /// The one of the run.
    #[default]
    Usual,
    /// One with the same content at another path.
    Elsewhere,
}
