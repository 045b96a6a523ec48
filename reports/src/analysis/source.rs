//! The runs in folders given to `harness report`.

use std::path::Path;

use crate::ablation::{self, AblationRun};
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
    /// What `harness ablate` recorded.
    Ablate(Box<AblationRun>),
}

impl RunSource {
    /// Reads the folder `dir`; its files say of which kind it is. The run is called what the folder is called: a reader can
    /// find it.
    ///
    /// # Errors
    /// One line that says what to do, when there is no run that can be understood, no row,
    /// or a run that was complete once and is no more.
    pub fn read(dir: &Path) -> Result<Self, RunError> {
        Self::named(dir, RunFolder::read)
    }

    /// As [`RunSource::read`], without `units.csv`, which need not be there: enough of a run that another
    /// one is compared with.
    pub fn read_older(dir: &Path) -> Result<Self, RunError> {
        Self::named(dir, RunFolder::read_steps)
    }

    fn named(dir: &Path, compared: fn(&Path) -> Result<RunFolder, RunError>) -> Result<Self, RunError> {
        let mut run = Self::read_by(dir, compared)?;
        if let Some(name) = dir.canonicalize().ok().as_deref().and_then(Path::file_name) {
            run.info_mut().name = name.to_string_lossy().into_owned();
        }
        Ok(run)
    }

    fn read_by(dir: &Path, compared: fn(&Path) -> Result<RunFolder, RunError>) -> Result<Self, RunError> {
        let refuse = |why: &str| Err(RunError::not_a_run(dir, why));
        if simulation::is_one(dir) {
            let run = simulation::read(dir)?;
            return if run.is_empty() { refuse("no table of it has a row") } else { Ok(Self::Simulate(Box::new(run))) };
        }
        if ablation::is_one(dir) {
            return Ok(Self::Ablate(Box::new(ablation::read(dir)?)));
        }
        if dir.join(probes::WHOLE).is_file() {
            let run = probes::read(dir)?;
            return if run.rows.is_empty() {
                refuse("no probe was recorded in it")
            } else {
                Ok(Self::Probe(Box::new(run)))
            };
        }
        let run = compared(dir)?;
        // A run that was cut off may lack the end of a row, and says that it is incomplete.
        if run.info.complete && run.cut != CutOff::default() {
            return refuse(
                "it was complete once, yet its tables end in the middle of a step: restore them from a copy",
            );
        }
        if run.steps.is_empty() { refuse("no step was recorded in it yet") } else { Ok(Self::Compare(Box::new(run))) }
    }

    fn info_mut(&mut self) -> &mut RunInfo {
        match self {
            Self::Compare(run) => &mut run.info,
            Self::Probe(run) => &mut run.info,
            Self::Simulate(run) => &mut run.info,
            Self::Ablate(run) => &mut run.info,
        }
    }

    /// Under which conditions it was taken.
    pub fn info(&self) -> &RunInfo {
        match self {
            Self::Compare(run) => &run.info,
            Self::Probe(run) => &run.info,
            Self::Simulate(run) => &run.info,
            Self::Ablate(run) => &run.info,
        }
    }
}
