//! A report: what it is of, and its files.
//!
//! In: runs, read. Out: a [`Report`], written by [`Report::write`] as one file a format,
//! and plots as one file each.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::against::{self, Changes, Incomparable};
use crate::analysis::{Analysis, Run, Source};
use crate::chapters;
use crate::document::{Block, Document, Section};
use crate::formats::{json, long, markdown, wide};
use crate::page::{self, PageError, Rows};
use crate::probes::ProbeRun;
use crate::review::{self, Evidence};
use crate::simulation::SimulationRun;
use records::run_folder::{RunError, RunFolder};

/// Name of the page.
pub const PAGE: &str = "report.html";
/// Name of the Markdown file.
pub const MARKDOWN: &str = "report.md";
/// Name of the JSON file.
pub const JSON: &str = "report.json";
/// Name of the table with a row for each step and strategy.
pub const WIDE: &str = "summary-wide.csv";
/// Name of the table with a row for each number.
pub const LONG: &str = "summary-long.csv";
/// Name of the folder of plots.
pub const PLOTS: &str = "plots";

/// What a report may be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// One page, with everything in it.
    Html,
    /// For a CI job summary or a forum post.
    Md,
    /// Two tables, wide and long.
    Csv,
    /// A file for each plot.
    Svg,
    /// For programs.
    Json,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 5] = [Format::Html, Format::Md, Format::Csv, Format::Svg, Format::Json];

    /// As it is asked for.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Html => "html",
            Format::Md => "md",
            Format::Csv => "csv",
            Format::Svg => "svg",
            Format::Json => "json",
        }
    }
}

/// Why a report was not written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] RunError),
    /// There is no page.
    #[error(transparent)]
    Page(#[from] PageError),
}

/// Runs understood, ready to be written.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Runs of `harness compare`, in the order given.
    pub runs: Vec<(RunFolder, Analysis)>,
    /// Runs of `harness probe`, in the order given.
    pub probes: Vec<ProbeRun>,
    /// Runs of `harness simulate`, in the order given.
    pub simulations: Vec<SimulationRun>,
    /// The first run against an older one.
    pub changes: Option<Changes>,
    /// Recommendation and open questions; empty where no review was asked for.
    pub review: Vec<Section>,
}

impl Report {
    /// Understands what was read. `baseline` as for [`Analysis::of`].
    pub fn of(sources: Vec<Source>, baseline: Option<&str>) -> Self {
        let mut report = Self::default();
        for source in sources {
            match source {
                Source::Compare(run) => {
                    let analysis = Analysis::of(&run, baseline);
                    report.runs.push((*run, analysis));
                }
                Source::Probe(run) => report.probes.push(*run),
                Source::Simulate(run) => report.simulations.push(*run),
            }
        }
        report
    }

    /// Sets the first run beside an older one.
    ///
    /// # Errors
    /// When the two cannot be compared, or there is no run of `compare`.
    pub fn set_against(&mut self, old: &RunFolder) -> Result<(), Incomparable> {
        let Some((folder, analysis)) = self.runs.first() else {
            let others = self.probes.iter().map(|run| &run.info).chain(self.simulations.iter().map(|run| &run.info));
            let new = others.map(|info| info.name.clone()).next().unwrap_or_else(|| "nothing".into());
            let why = "only runs of harness compare can be set side by side".into();
            return Err(Incomparable { new, old: old.info.name.clone(), why });
        };
        let before = Analysis::of(old, Some(&analysis.baseline));
        let (new, old) = (Run { folder, analysis }, Run { folder: old, analysis: &before });
        self.changes = Some(against::changes(new, old)?);
        Ok(())
    }

    /// Adds the design review of all runs at hand.
    pub fn review(&mut self) {
        let runs = self.runs.iter().map(|(folder, analysis)| Run { analysis, folder }).collect();
        let simulations = self.simulations.iter().collect();
        let evidence = Evidence { runs, probes: self.probes.iter().collect(), simulations };
        self.review = review::review(&evidence);
    }

    /// The report before it has a format.
    pub fn document(&self) -> Document {
        let runs: Vec<&Analysis> = self.runs.iter().map(|(_, run)| run).collect();
        let probes: Vec<&ProbeRun> = self.probes.iter().collect();
        let simulations: Vec<&SimulationRun> = self.simulations.iter().collect();
        chapters::document(&runs, &probes, &simulations, self.changes.as_ref(), self.review.clone())
    }

    /// The raw rows of every run, as the page holds them.
    fn rows(&self) -> Result<Vec<Rows>, PageError> {
        let several = self.runs.len() + self.probes.len() + self.simulations.len() > 1;
        let named = |mut rows: Rows, run: &str| {
            if several {
                rows.title = format!("{} ({run})", rows.title);
            }
            rows
        };
        let steps = self.runs.iter().map(|(run, _)| Ok(named(Rows::of_steps(&run.steps)?, &run.info.name)));
        let probes = self.probes.iter().map(|run| Ok(named(Rows::of_probes(&run.rows)?, &run.info.name)));
        let mut rows: Vec<Rows> = steps.chain(probes).collect::<Result<_, PageError>>()?;
        for run in &self.simulations {
            let tables =
                [Rows::of_table(&run.curve)?, Rows::of_table(&run.relaxations)?, Rows::of_table(&run.retention)?];
            rows.extend(tables.into_iter().filter(|it| !it.is_empty()).map(|it| named(it, &run.info.name)));
        }
        Ok(rows)
    }

    /// Writes the formats into `dir`, which is made if needed, each file replacing its
    /// predecessor whole. Returns the files written, the page first.
    ///
    /// # Errors
    /// When a file cannot be written, or the page not be made.
    pub fn write(&self, dir: &Path, formats: &[Format]) -> Result<Vec<PathBuf>, WriteError> {
        fs::create_dir_all(dir).map_err(RunError::io("create", dir))?;
        let document = self.document();
        let mut written = Vec::new();
        let mut put = |name: &str, text: &str| -> Result<(), RunError> {
            let path = dir.join(name);
            let staged = dir.join(format!("{name}.new"));
            let replaced = fs::write(&staged, text)
                .map_err(RunError::io("write", &staged))
                .and_then(|()| fs::rename(&staged, &path).map_err(RunError::io("replace", &path)));
            if let Err(error) = replaced {
                let _ = fs::remove_file(&staged);
                return Err(error);
            }
            written.push(path);
            Ok(())
        };
        let analyses: Vec<&Analysis> = self.runs.iter().map(|(_, run)| run).collect();
        let asked = |format: Format| formats.contains(&format);
        if asked(Format::Html) {
            put(PAGE, &page::render(&document, &self.rows()?)?)?;
        }
        if asked(Format::Md) {
            put(MARKDOWN, &markdown::render(&document))?;
        }
        if asked(Format::Csv) {
            put(WIDE, &wide::render(&analyses, &self.simulations))?;
            put(LONG, &long::render(&analyses, &self.simulations))?;
        }
        if asked(Format::Json) {
            put(JSON, &json::render(self))?;
        }
        if asked(Format::Svg) {
            let plots = dir.join(PLOTS);
            fs::create_dir_all(&plots).map_err(RunError::io("create", &plots))?;
            for block in document.sections.iter().flat_map(|section| &section.blocks) {
                if let Block::Plot(plot) = block {
                    put(&format!("{PLOTS}/{}.svg", plot.id), &plot.svg_file())?;
                }
            }
        }
        Ok(written)
    }
}
