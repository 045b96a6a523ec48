//! Runs of `harness ablate`: what keys without an input would reuse, and what that breaks.

use std::path::Path;

use records::RunInfo;
use records::run_folder::{RunError, read_info};
use records::simulated::{AblationRow, Table as _};

use crate::simulation::read_table;

/// The verdict on an input without which something breaks.
pub const NEEDED: &str = "needed";
/// The verdict on an input without which nothing is gained.
pub const FREE: &str = "free";
/// The verdict on an input without which something is gained, and nothing was seen to break.
pub const CANDIDATE: &str = "candidate";

/// A run of `harness ablate`.
#[derive(Debug, Clone)]
pub struct AblationRun {
    /// Under which conditions its builds were made.
    pub info: RunInfo,
    /// A row for each input, and for sets of them.
    pub rows: Vec<AblationRow>,
}

impl AblationRun {
    /// The rows of single inputs, as far as something was said of them.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &AblationRow> {
        self.rows.iter().filter(|row| !row.verdict.is_empty() && !row.input.contains('+'))
    }
}

/// Whether the folder is that of such a run.
pub fn is_one(dir: &Path) -> bool {
    dir.join(AblationRow::FILE).is_file()
}

/// Reads the run in `dir`.
///
/// # Errors
/// When its table cannot be understood.
pub fn read(dir: &Path) -> Result<AblationRun, RunError> {
    let built = std::fs::read_dir(dir.join("built")).into_iter().flatten().flatten();
    let mut folders: Vec<_> = built.map(|entry| entry.path()).collect();
    folders.sort();
    let info = folders.iter().find_map(|folder| read_info(folder).ok()).unwrap_or_else(|| RunInfo::new("ablation"));
    Ok(AblationRun { info, rows: read_table(dir)? })
}
