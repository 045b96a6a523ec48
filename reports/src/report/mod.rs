//! A report: what it is of, and its files.
//!
//! In: runs, read. Out: a [`Report`], written by [`Report::write`] as one file a format,
//! and plots as one file each.

mod write;

pub use write::{Format, JSON, LONG, MARKDOWN, PAGE, PLOTS, WIDE, WriteError};

use crate::ablation::AblationRun;
use crate::against::{self, Changes, Incomparable};
use crate::analysis::{AnalysedRun, Analysis, RunSource};
use crate::chapters;
use crate::delivery::Ways;
use crate::document::Document;
use crate::probes::ProbeRun;
use crate::review::{Evidence, Review, Usage};
use crate::simulation::SimulationRun;
use crate::summary;
use records::run_folder::RunFolder;

/// Runs understood, ready to be written.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Runs of `harness compare`, in the order given.
    pub runs: Vec<(RunFolder, Analysis)>,
    /// Runs of `harness probe`, in the order given.
    pub probes: Vec<ProbeRun>,
    /// Runs of `harness simulate`, in the order given.
    pub simulations: Vec<SimulationRun>,
    /// Runs of `harness ablate`, in the order given.
    pub ablations: Vec<AblationRun>,
    /// The first run against an older one.
    pub changes: Option<Changes>,
    /// Answers to the open questions; empty where no review was asked for.
    pub review: Review,
}

impl Report {
    /// Understands what was read. `baseline` as for [`Analysis::of`].
    pub fn of(sources: Vec<RunSource>, baseline: Option<&str>) -> Self {
        let mut report = Self::default();
        for source in sources {
            match source {
                RunSource::Compare(run) => {
                    let analysis = Analysis::of(&run, baseline);
                    report.runs.push((*run, analysis));
                }
                RunSource::Probe(run) => report.probes.push(*run),
                RunSource::Simulate(run) => report.simulations.push(*run),
                RunSource::Ablate(run) => report.ablations.push(*run),
            }
        }
        report
    }

    /// Compares the first run with an older one.
    ///
    /// # Errors
    /// When the two cannot be compared, or there is no run of `compare`.
    pub fn set_against(&mut self, old: &RunFolder) -> Result<(), Incomparable> {
        let Some((folder, analysis)) = self.runs.first() else {
            let others = self.probes.iter().map(|run| &run.info).chain(self.simulations.iter().map(|run| &run.info));
            let new = others.map(|info| info.name.clone()).next().unwrap_or_else(|| "nothing".into());
            let why = "only runs of harness compare can be compared with each other".into();
            return Err(Incomparable { new, old: old.info.name.clone(), why });
        };
        let before = Analysis::of(old, Some(&analysis.baseline));
        let (new, old) = (AnalysedRun { folder, analysis }, AnalysedRun { folder: old, analysis: &before });
        self.changes = Some(against::changes(new, old)?);
        Ok(())
    }

    /// Adds the design review of all runs at hand.
    pub fn review(&mut self, usage: &Usage) {
        let runs = self.runs.iter().map(|(folder, analysis)| AnalysedRun { analysis, folder }).collect();
        let (simulations, ablations) = (self.simulations.iter().collect(), self.ablations.iter().collect());
        let evidence = Evidence { runs, probes: self.probes.iter().collect(), simulations, ablations };
        self.review = Review::of(&evidence, usage);
    }

    /// The tables of every run as `harness compare` and `harness simulate` end with them, without what
    /// explains them.
    pub fn summary(&self) -> Vec<Document> {
        let runs = self.runs.iter().map(|(_, run)| summary::document(run));
        runs.chain(self.simulations.iter().map(chapters::brief)).collect()
    }

    /// The report before it has a format.
    pub fn document(&self) -> Document {
        let runs: Vec<&Analysis> = self.runs.iter().map(|(_, run)| run).collect();
        let probes: Vec<&ProbeRun> = self.probes.iter().collect();
        let simulations: Vec<&SimulationRun> = self.simulations.iter().collect();
        let ablations: Vec<&AblationRun> = self.ablations.iter().collect();
        chapters::document(
            (&runs, &Ways::of(self.runs.iter().map(|(folder, _)| folder))),
            &probes,
            &simulations,
            &ablations,
            self.changes.as_ref(),
            self.review.sections.clone(),
        )
    }
}
