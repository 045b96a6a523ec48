//! `harness series show`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use reports::document::Block;
use reports::formats::terminal;
use reports::text::WIDTH;
use series::change::ChangeSettings;
use series::history::{RunLine, changed_probes, lines};
use series::page::{PageFormat, TrackFilter, document, write};

use super::{SeriesArgs, note_unreadable};
use crate::cmd::common::choices;

/// Shows what changed in a series and when, and the present values; writes a page with plots.
#[derive(Debug, Args)]
pub struct ShowSeriesArgs {
    /// Only strategies whose name holds one of these, or steps of exactly these names
    #[arg(value_name = "STRATEGY|STEP")]
    about: Vec<String>,
    /// These workspaces, not all together
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    workspaces: Vec<String>,
    /// Every line, not only that of the newest run: other corpora, scenarios, machines
    #[arg(long)]
    all: bool,
    /// Formats to write, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "html,md", value_parser = choices(&FORMATS))]
    format: Vec<PageFormat>,
    /// Where the files go [default: report/ in the series]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    series: SeriesArgs,
}

const FORMATS: [(&str, PageFormat, &str); 4] = [
    ("html", PageFormat::Html, "One page with everything in it"),
    ("md", PageFormat::Markdown, "Markdown, for a CI job summary"),
    ("csv", PageFormat::Csv, "A table with a row for each run and track"),
    ("svg", PageFormat::Svg, "Each plot as a file"),
];

pub(super) fn run(args: &ShowSeriesArgs) -> Result<()> {
    let series = args.series.open()?;
    let contents = series.read()?;
    let lines = lines(&contents.entries, &ChangeSettings::default());
    let filter = filter(args, &lines)?;
    let document = document(&lines, &changed_probes(&contents.entries), &filter);
    let mut short = document.clone();
    for section in &mut short.sections {
        section.blocks.retain(|block| !matches!(block, Block::Plot(_)));
    }
    print!("{}", terminal::render(&short, WIDTH));
    note_unreadable(&contents.unreadable);
    let out = args.out.clone().unwrap_or_else(|| series.dir().join(crate::cmd::common::REPORT_FOLDER));
    let formats: Vec<PageFormat> =
        FORMATS.map(|(_, format, _)| format).into_iter().filter(|format| args.format.contains(format)).collect();
    for path in write(&out, &document, &lines, &filter, &formats)? {
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// A word that is the name of a step is one; any other must be part of a strategy's name.
fn filter(args: &ShowSeriesArgs, lines: &[RunLine<'_>]) -> Result<TrackFilter> {
    let keys = || lines.iter().flat_map(|line| &line.tracks).map(|track| track.key);
    let mut filter = TrackFilter { all_lines: args.all, workspaces: args.workspaces.clone(), ..TrackFilter::default() };
    for word in &args.about {
        if keys().any(|key| key.step == *word) {
            filter.steps.push(word.clone());
        } else if keys().any(|key| key.strategy.contains(word.as_str())) {
            filter.strategies.push(word.clone());
        } else {
            bail!("{word:?} is neither a step nor part of a strategy in this series; without a word all are shown");
        }
    }
    let known: BTreeSet<&str> = keys().map(|key| key.workspace.as_str()).collect();
    match args.workspaces.iter().find(|name| !known.contains(name.as_str())) {
        Some(name) => bail!("no run of this series has a workspace {name:?}"),
        None => Ok(filter),
    }
}
