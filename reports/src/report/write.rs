//! The files of a report.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Report;
use crate::analysis::Analysis;
use crate::document::Block;
use crate::formats::{json, long, markdown, wide};
use crate::page::{self, PageError, Rows};
use records::run_folder::{RunError, replace_file};

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

impl Report {
    /// The raw rows of every run, for the page.
    fn rows(&self) -> Result<Vec<Rows>, PageError> {
        let several = self.runs.len() + self.probes.len() + self.simulations.len() + self.ablations.len() > 1;
        let named = |mut rows: Rows, run: &str| {
            if several {
                rows.title = format!("{} ({run})", rows.title);
            }
            rows
        };
        let steps = self.runs.iter().map(|(run, _)| Ok(named(Rows::of_steps(&run.steps)?, &run.info.name)));
        let probes = self.probes.iter().map(|run| Ok(named(Rows::of_probes(&run.rows)?, &run.info.name)));
        let mut rows: Vec<Rows> = steps.chain(probes).collect::<Result<_, PageError>>()?;
        for run in &self.ablations {
            rows.push(named(Rows::of_table(&run.rows)?, &run.info.name));
        }
        for run in &self.simulations {
            let tables = [
                Rows::of_table(&run.curve)?,
                Rows::of_table(&run.relaxations)?,
                Rows::of_table(&run.misses)?,
                Rows::of_table(&run.sharing)?,
                Rows::of_table(&run.retention)?,
                Rows::of_table(&run.growth)?,
                Rows::of_table(&run.remote)?,
            ];
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
            replace_file(dir, name, text.as_bytes())?;
            written.push(dir.join(name));
            Ok(())
        };
        let analyses: Vec<&Analysis> = self.runs.iter().map(|(_, run)| run).collect();
        let wanted = |format: Format| formats.contains(&format);
        if wanted(Format::Html) {
            put(PAGE, &page::render(&document, &self.rows()?)?)?;
        }
        if wanted(Format::Md) {
            put(MARKDOWN, &markdown::render(&document))?;
        }
        if wanted(Format::Csv) {
            put(WIDE, &wide::render(&analyses, &self.simulations))?;
            put(LONG, &long::render(&analyses, &self.simulations))?;
        }
        if wanted(Format::Json) {
            put(JSON, &json::render(self))?;
        }
        if wanted(Format::Svg) {
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
