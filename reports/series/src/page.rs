//! The history as a document: what changed, present values, plots over time.

mod tables;
mod timelines;
mod write;

pub use write::{PageFormat, write};

use reports::document::{Block, Document, Grid, Section};

use crate::history::{ChangedProbe, Measure, RunLine, Track};

/// Which tracks are shown; an empty word lets all through. The outcomes of those that are shown do
/// not depend on it.
#[derive(Debug, Clone, Default)]
pub struct TrackFilter {
    /// Parts of names of strategies; one of them must fit.
    pub strategies: Vec<String>,
    /// Names of steps.
    pub steps: Vec<String>,
    /// Names of workspaces; without any, all together.
    pub workspaces: Vec<String>,
    /// Every line, not only that of the newest run.
    pub all_lines: bool,
}

impl TrackFilter {
    /// Whether a track is to be shown.
    pub fn lets(&self, track: &Track<'_>) -> bool {
        let key = track.key;
        let fits = |list: &[String], name: &str| list.is_empty() || list.iter().any(|it| it == name);
        let strategy =
            self.strategies.is_empty() || self.strategies.iter().any(|part| key.strategy.contains(part.as_str()));
        strategy && fits(&self.steps, &key.step) && fits(&self.workspaces, &key.workspace)
    }
}

/// The document. Changes of single workspaces are always in it, their present values only if asked for.
pub fn document(lines: &[RunLine<'_>], changed_probes: &[ChangedProbe<'_>], filter: &TrackFilter) -> Document {
    let shown = if filter.all_lines { lines } else { &lines[..lines.len().min(1)] };
    let mut document = Document { title: "Runs over time".into(), ..Document::default() };
    for line in shown {
        document.lead.push(lead(line));
        let tracks: Vec<&Track<'_>> = line.tracks.iter().filter(|track| filter.lets(track)).collect();
        let corpus = line.runs.last().map_or("", |run| run.corpus.as_str());
        let mut section = Section::new(&format!("line-{}", line.id), format!("{corpus}, line {}", line.id), 0);
        section.say(line.conditions);
        match tables::changes(line, &tracks) {
            grid if grid.is_empty() => section.say(tables::none_found(&tracks)),
            grid => section.push(Block::Grid(grid)),
        }
        section.push(Block::Grid(tables::present(line, &tracks, filter)));
        section.say(HOW);
        for plot in timelines::plots(line, &tracks, filter) {
            section.push(Block::Plot(plot));
        }
        document.sections.push(section);
    }
    if lines.len() > shown.len() {
        let more = lines.len() - shown.len();
        document.lead.push(format!("{more} more lines of other corpora, scenarios or machines: --all shows them"));
    }
    if !changed_probes.is_empty() {
        let mut section = Section::new("probes", "Probes that changed", 0);
        section.push(Block::Grid(tables::changed_probes(changed_probes)));
        document.sections.push(section);
    }
    document
}

/// Every change in the past of a line as a table, or why there is none.
///
/// # Errors
/// What to say in place of the table.
pub fn changes_of(line: &RunLine<'_>) -> Result<Grid, String> {
    let tracks: Vec<&Track<'_>> = line.tracks.iter().collect();
    match tables::changes(line, &tracks) {
        grid if grid.is_empty() => Err(tables::none_found(&tracks)),
        grid => Ok(grid),
    }
}

/// How to read the tables.
const HOW: &str = "Change points of wall ratios and bare times: Pettitt's rank test with binary segmentation, \
false discovery rate 5 % over all tracks of a line, changes below 3 % not reported (series/README.md). Hit rates and \
counts that were steady for 3 runs are reported at once. p is uncorrected. now: median since the last change.";

fn lead(line: &RunLine<'_>) -> String {
    let together = |measure: Measure| {
        let tracks = line.tracks.iter().filter(move |it| it.measure == measure && it.key.workspace.is_empty());
        tracks.map(|track| track.changes().len()).sum::<usize>()
    };
    let dates = match (line.runs.first(), line.runs.last()) {
        (Some(first), Some(last)) => format!("{} to {}", day(&first.started), day(&last.started)),
        _ => String::new(),
    };
    format!(
        "line {}: {} run{}, {dates}; changes over all workspaces: {} of wall ratios, {} of bare times",
        line.id,
        line.runs.len(),
        if line.runs.len() == 1 { "" } else { "s" },
        together(Measure::Ratio),
        together(Measure::Bare)
    )
}

/// The date of a time.
fn day(started: &str) -> &str {
    started.get(..10).unwrap_or(started)
}

/// A value with its unit.
fn show(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Ratio if (0.1..10.0).contains(&value) => format!("{value:.3}x"),
        Measure::Ratio => reports::text::factor(Some(value)),
        Measure::Bare => reports::text::seconds(Some(value)),
        Measure::HitRate => reports::text::percent(Some(value)),
        Measure::Compiled => reports::text::count(Some(value)),
    }
}

/// `all` for all workspaces together.
fn place(workspace: &str) -> &str {
    if workspace.is_empty() { "all" } else { workspace }
}
