//! The options that add external strategies and set their parameters.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use strategies::Catalog;

use runner::options::StrategyFile;

/// Shared by every command that takes names of strategies.
#[derive(Debug, Default, Clone, Args)]
pub struct ExternalArgs {
    /// Add the strategy that a TOML file describes; may be given several times
    #[arg(long = "strategy-file", value_name = "FILE")]
    strategy_file: Vec<PathBuf>,
    /// Set a parameter of an external strategy, e.g. sccache.tool=/usr/bin or
    /// cargo-z.cargo=/path/to/cargo; may be given several times
    #[arg(long, value_name = "NAME.PARAMETER=VALUE")]
    pub set: Vec<String>,
}

impl ExternalArgs {
    /// The files, read.
    ///
    /// # Errors
    /// When one cannot be.
    pub fn files(&self) -> Result<Vec<StrategyFile>> {
        let absolute = |path: &Path| std::path::absolute(path).with_context(|| format!("resolving {}", path.display()));
        self.strategy_file.iter().map(|path| StrategyFile::read(&absolute(path)?)).collect()
    }

    /// Every strategy there is with these.
    ///
    /// # Errors
    /// When a file is wrong or a setting changes nothing.
    pub fn catalog(&self) -> Result<Catalog> {
        runner::experiment::catalog_of(&self.files()?, &self.set)
    }
}
