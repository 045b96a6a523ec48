//! The document as files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use records::run_folder::replace_file;
use reports::document::{Block, Document};
use reports::formats::markdown;
use reports::page;

use super::TrackFilter;
use crate::error::SeriesError;
use crate::history::RunLine;

/// What the past may be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageFormat {
    /// One page.
    Html,
    /// Markdown.
    Markdown,
    /// A row for each run and track.
    Csv,
    /// A file for each plot.
    Svg,
}

/// Writes into `dir`, which is made if needed, each file replacing its predecessor whole.
pub fn write(
    dir: &Path,
    document: &Document,
    lines: &[RunLine<'_>],
    filter: &TrackFilter,
    outputs: &[PageFormat],
) -> Result<Vec<PathBuf>, SeriesError> {
    fs::create_dir_all(dir)?;
    let mut written = Vec::new();
    let mut put = |name: &str, text: &str| -> Result<(), SeriesError> {
        replace_file(dir, name, text.as_bytes())?;
        written.push(dir.join(name));
        Ok(())
    };
    for output in outputs {
        match output {
            PageFormat::Html => {
                put("series.html", &page::render(document, &[]).map_err(std::io::Error::other)?)?;
            }
            PageFormat::Markdown => put("series.md", &markdown::render(document))?,
            PageFormat::Csv => put("series.csv", &csv(lines, filter))?,
            PageFormat::Svg => {
                for block in document.sections.iter().flat_map(|section| &section.blocks) {
                    if let Block::Plot(plot) = block {
                        put(&format!("series-{}.svg", plot.id), &plot.svg_file())?;
                    }
                }
            }
        }
    }
    Ok(written)
}

/// `changed` is 1 in the first run after a change.
fn csv(lines: &[RunLine<'_>], filter: &TrackFilter) -> String {
    let mut out = "line,run,started,toolchain,scenario,step,workspace,strategy,measure,value,changed\n".to_owned();
    let quoted = |text: &str| match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    for line in lines.iter().take(if filter.all_lines { lines.len() } else { 1 }) {
        for track in line.tracks.iter().filter(|track| filter.lets(track)) {
            let key = track.key;
            for (nth, (at, value)) in track.runs.iter().zip(&track.values).enumerate() {
                let run = line.runs[*at];
                let changed = u8::from(track.changes().iter().any(|change| change.at == nth));
                let names = [
                    &line.id,
                    &run.name,
                    &run.started,
                    &run.toolchain,
                    &key.scenario,
                    &key.step,
                    &key.workspace,
                    &key.strategy,
                ];
                let names: Vec<String> = names.into_iter().map(|text| quoted(text)).collect();
                let _ = writeln!(out, "{},{},{value},{changed}", names.join(","), track.measure.as_str());
            }
        }
    }
    out
}
