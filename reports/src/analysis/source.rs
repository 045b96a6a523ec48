//! The runs in folders given to `harness report`.

use std::path::Path;

use crate::probes::{self, ProbeRun};
use crate::simulation::{self, SimulationRun};
use records::RunInfo;
use records::run_folder::{CutOff, RunError, RunFolder};

/// A run of any kind, read into memory.
#[derive(Debug, Clone)]
pub enum RunSource {
    /// What `harness compare` recorded.
    Compare(Box<RunFolder>),
    /// What `harness probe` recorded.
    Probe(Box<ProbeRun>),
    /// What `harness simulate` recorded.
    Simulate(Box<SimulationRun>),
}

impl RunSource {
    /// Reads the folder `dir`; its files say of which kind it is.
    ///
    /// # Errors
    /// One line that says what to do, when there is no run that can be understood, no row,
    /// or a run that was complete once and is no more.
    pub fn read(dir: &Path) -> Result<Self, RunError> {
        if simulation::is_one(dir) {
            return simulation::read(dir).and_then(|run| replayed(dir, run)).map(|run| Self::Simulate(Box::new(run)));
        }
        match dir.join(probes::WHOLE).is_file() {
            true => probes::read(dir).and_then(|run| probed(dir, run)).map(|run| Self::Probe(Box::new(run))),
            false => RunFolder::read(dir).and_then(|run| whole(dir, run)).map(|run| Self::Compare(Box::new(run))),
        }
    }

    /// As [`RunSource::read`], without `units.csv`, which need not be there: enough of a run that another
    /// one is compared with.
    pub fn read_older(dir: &Path) -> Result<Self, RunError> {
        match simulation::is_one(dir) || dir.join(probes::WHOLE).is_file() {
            true => Self::read(dir),
            false => RunFolder::read_steps(dir).and_then(|run| whole(dir, run)).map(|run| Self::Compare(Box::new(run))),
        }
    }

    /// Under which conditions it was taken.
    pub fn info(&self) -> &RunInfo {
        match self {
            Self::Compare(run) => &run.info,
            Self::Probe(run) => &run.info,
            Self::Simulate(run) => &run.info,
        }
    }
}

fn probed(dir: &Path, run: ProbeRun) -> Result<ProbeRun, RunError> {
    match run.rows.is_empty() {
        true => Err(RunError::not_a_run(dir, "no probe was recorded in it")),
        false => Ok(run),
    }
}

fn replayed(dir: &Path, run: SimulationRun) -> Result<SimulationRun, RunError> {
    match run.is_empty() {
        true => Err(RunError::not_a_run(dir, "no table of it has a row")),
        false => Ok(run),
    }
}

/// A run that was cut off may lack the end of a row, and says that it is incomplete; one that
/// calls itself complete has lost something since.
fn whole(dir: &Path, run: RunFolder) -> Result<RunFolder, RunError> {
    let not_whole = |why: &str| Err(RunError::not_a_run(dir, why));
    if run.info.complete && run.cut != CutOff::default() {
        return not_whole("it was complete once, yet its tables end in the middle of a step: restore them from a copy");
    }
    if run.steps.is_empty() {
        return not_whole("no step was recorded in it yet");
    }
    Ok(run)
}
