//! What a folder given to `harness report` holds.

use std::path::Path;

use crate::probes::{self, ProbeRun};
use crate::record::RunInfo;
use crate::run_folder::{RunError, RunFolder};

/// A run of either kind, read into memory.
#[derive(Debug, Clone)]
pub enum Source {
    /// What `harness compare` recorded.
    Compare(Box<RunFolder>),
    /// What `harness probe` recorded.
    Probe(Box<ProbeRun>),
}

impl Source {
    /// Reads the folder `dir`; which kind it is, its files tell.
    ///
    /// # Errors
    /// One line that says what to do, when it holds no run that can be understood.
    pub fn read(dir: &Path) -> Result<Self, RunError> {
        match dir.join(probes::WHOLE).is_file() {
            true => probes::read(dir).map(|run| Self::Probe(Box::new(run))),
            false => RunFolder::read(dir).map(|run| Self::Compare(Box::new(run))),
        }
    }

    /// Under which conditions it was taken.
    pub fn info(&self) -> &RunInfo {
        match self {
            Self::Compare(run) => &run.info,
            Self::Probe(run) => &run.info,
        }
    }
}
