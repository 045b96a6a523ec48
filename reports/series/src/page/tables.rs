//! What changed, and where things stand.

use reports::document::{Cell, Grid, Tone, heads};
use reports::text::UNMEASURED;

use super::{TrackFilter, day, place, show};
use crate::change::{ChangePoint, TrackOutcome};
use crate::history::{ChangedProbe, Measure, RunLine, Track};

/// Every change, newest first.
pub fn changes(line: &RunLine<'_>, tracks: &[&Track<'_>]) -> Grid {
    let heads = heads(
        "since | step | workspace | strategy | measure | >before | >after | >change | >runs | >p | \
 toolchain",
    );
    let mut all: Vec<(&Track<'_>, usize)> =
        tracks.iter().flat_map(|track| (0..track.changes().len()).map(|nth| (*track, nth))).collect();
    all.sort_by_key(|(track, nth)| std::cmp::Reverse(track.runs.get(track.changes()[*nth].at).copied()));
    let mut grid = Grid::new("What changed, newest first", &heads);
    for (track, nth) in all {
        let ChangePoint { at, before, after, p } = track.changes()[nth];
        let (key, ends) = (track.key, (nth.checked_sub(1), track.changes().get(nth + 1)));
        let from = ends.0.map_or(0, |nth| track.changes()[nth].at);
        let to = ends.1.map_or(track.values.len(), |next| next.at);
        grid.row([
            Cell::from(since(line, track, at)),
            Cell::from(key.step.as_str()),
            Cell::from(place(&key.workspace)),
            Cell::from(key.strategy.as_str()),
            Cell::from(track.measure.as_str()),
            Cell::from(show(track.measure, before)),
            Cell::from(show(track.measure, after)),
            Cell::toned(difference(track.measure, before, after), tone(track.measure, before, after)),
            Cell::from(format!("{}+{}", at - from, to - at)),
            Cell::from(p.map_or(UNMEASURED.into(), |p| if p < 0.001 { "<0.001".into() } else { format!("{p:.3}") })),
            Cell::from(toolchains(line, track, at)),
        ]);
    }
    grid.measured()
}

/// The sentence in place of a table without rows: no change found, or too few runs to find any.
pub fn none_found(tracks: &[&Track<'_>]) -> String {
    let few = tracks.iter().filter(|track| track.outcome == TrackOutcome::TooFew).count();
    match few {
        0 => "No change was found.".into(),
        _ if few == tracks.len() => "Too few runs: no change could be distinguished from noise.".into(),
        _ => format!("No change was found; {few} of {} tracks have too few runs to find any.", tracks.len()),
    }
}

/// The present value of every track; of single workspaces only if asked for.
pub fn present(line: &RunLine<'_>, tracks: &[&Track<'_>], filter: &TrackFilter) -> Grid {
    let heads = ["step", "workspace", "strategy", "measure", ">latest", ">now", ">runs", "last change"];
    let mut grid = Grid::new("Present values", &heads);
    for track in tracks.iter().filter(|track| !filter.workspaces.is_empty() || track.key.workspace.is_empty()) {
        let (measure, current) = (track.measure, track.current());
        let last = match (&track.outcome, track.changes().last()) {
            (TrackOutcome::TooFew, _) => "too few runs".into(),
            (_, Some(change)) => {
                format!("{} {}", since(line, track, change.at), difference(measure, change.before, change.after))
            }
            (_, None) => "none found".into(),
        };
        let shown = |value: Option<f64>| value.map_or(UNMEASURED.into(), |value| show(measure, value));
        grid.row([
            track.key.step.clone(),
            place(&track.key.workspace).into(),
            track.key.strategy.clone(),
            measure.as_str().into(),
            shown(track.values.last().copied()),
            shown(reports::stats::median(current)),
            current.len().to_string(),
            last,
        ]);
    }
    grid.measured()
}

/// Probes that ended otherwise than before.
pub fn changed_probes(changed_probes: &[ChangedProbe<'_>]) -> Grid {
    let mut grid = Grid::new("", &["run", "probe", "strategy", "before", "after"]);
    for it in changed_probes.iter().rev() {
        let tone = if it.after.1 == "fail" { Tone::Bad } else { Tone::Plain };
        grid.row([
            Cell::from(it.after.0),
            Cell::from(it.probe),
            Cell::from(it.strategy),
            Cell::from(it.before.1),
            Cell::toned(it.after.1, tone),
        ]);
    }
    grid
}

/// The day of the first run after a change.
pub fn since(line: &RunLine<'_>, track: &Track<'_>, at: usize) -> String {
    let run = track.runs.get(at).and_then(|at| line.runs.get(*at));
    run.map_or(UNMEASURED.into(), |run| day(&run.started).to_owned())
}

/// By how much, with its sign.
pub fn difference(measure: Measure, before: f64, after: f64) -> String {
    match measure {
        Measure::Ratio | Measure::Bare => format!("{:+.1}%", (after / before - 1.0) * 100.0),
        Measure::HitRate => format!("{:+.1} points", (after - before) * 100.0),
        Measure::Compiled => format!("{:+}", after - before),
    }
}

fn tone(measure: Measure, before: f64, after: f64) -> Tone {
    let more_is_better = measure == Measure::HitRate;
    if (after > before) == more_is_better { Tone::Good } else { Tone::Bad }
}

/// The toolchain, or what it was and what it became with the change.
fn toolchains(line: &RunLine<'_>, track: &Track<'_>, at: usize) -> String {
    let of = |at: Option<usize>| {
        let run = at.and_then(|at| track.runs.get(at)).and_then(|at| line.runs.get(*at));
        run.map_or("", |run| run.toolchain.as_str()).trim_start_matches("rustc ")
    };
    let (before, after) = (of(at.checked_sub(1)), of(Some(at)));
    if before == after { format!("{after}, as before") } else { format!("{before} → {after}") }
}
