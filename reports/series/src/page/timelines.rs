//! Plots over time.

use reports::plot::{Chart, HorizontalScale, Plot, PlotLine, ValueUnit, VerticalScale};

use super::tables::{difference, none_found, since};
use super::{TrackFilter, place, show};
use crate::history::{Measure, RunLine, Track};

/// More plots than that nobody looks at: single workspaces are plotted where something changed.
const MOST: usize = 40;

/// A plot for each step and measure over all workspaces, and for each workspace that was asked
/// for or whose wall ratios changed.
pub fn plots(line: &RunLine<'_>, tracks: &[&Track<'_>], filter: &TrackFilter) -> Vec<Plot> {
    let mut groups: Vec<Vec<&Track<'_>>> = Vec::new();
    let same = |a: &Track<'_>, b: &Track<'_>| {
        (a.measure, &a.key.scenario, &a.key.step, &a.key.workspace)
            == (b.measure, &b.key.scenario, &b.key.step, &b.key.workspace)
    };
    for track in tracks.iter().copied().filter(|track| scale(track.measure).is_some()) {
        match groups.iter_mut().find(|group| same(group[0], track)) {
            Some(group) => group.push(track),
            None => groups.push(vec![track]),
        }
    }
    let wanted = |group: &Vec<&Track<'_>>| {
        let (first, changed) = (group[0], group.iter().any(|track| !track.changes().is_empty()));
        first.key.workspace.is_empty() || !filter.workspaces.is_empty() || (first.measure == Measure::Ratio && changed)
    };
    groups.retain(wanted);
    // What changed comes first, all workspaces before single ones.
    let quiet = |group: &Vec<&Track<'_>>| group.iter().all(|track| track.changes().is_empty());
    groups.sort_by_key(|group| (!group[0].key.workspace.is_empty(), group[0].measure, quiet(group)));
    groups.truncate(MOST);
    let numbered = groups.iter().enumerate();
    numbered.filter_map(|(at, group)| plot(line, group, format!("line-{}-{}", line.id, at + 1))).collect()
}

/// The vertical axis of a measure; counts of units have no plot.
fn scale(measure: Measure) -> Option<VerticalScale> {
    match measure {
        Measure::Ratio => Some(VerticalScale::Ratio),
        Measure::Bare => Some(VerticalScale::Amount(ValueUnit::Seconds)),
        Measure::HitRate => Some(VerticalScale::Amount(ValueUnit::Share)),
        Measure::Compiled => None,
    }
}

fn plot(line: &RunLine<'_>, group: &[&Track<'_>], id: String) -> Option<Plot> {
    let (key, measure) = (group[0].key, group[0].measure);
    let scale = scale(measure)?;
    let described = |track: &Track<'_>, at: usize, before: f64, after: f64| {
        let (from, to) = (show(measure, before), show(measure, after));
        format!("{from} to {to} ({}) since {}", difference(measure, before, after), since(line, track, at))
    };
    let of_track = |track: &&Track<'_>| PlotLine {
        name: track.key.strategy.clone(),
        points: track
            .runs
            .iter()
            .map(|at| days(&line.runs[*at].started, *at))
            .zip(track.values.iter().copied())
            .collect(),
        band: Vec::new(),
        changes: track.changes().iter().map(|it| (it.at, described(track, it.at, it.before, it.after))).collect(),
    };
    let changes: Vec<String> = group
        .iter()
        .flat_map(|track| {
            let of = |it: &crate::change::ChangePoint| {
                format!("{} {}", track.key.strategy, described(track, it.at, it.before, it.after))
            };
            track.changes().iter().map(of).collect::<Vec<_>>()
        })
        .collect();
    let what = if changes.is_empty() { none_found(group) } else { format!("{}.", changes.join("; ")) };
    let baseline = line.runs.last().map_or("none", |run| run.baseline.as_str());
    let y = match measure {
        Measure::Ratio => format!("wall time ÷ that of {baseline}"),
        other => other.as_str().to_owned(),
    };
    let title = format!("{}, step {}, workspaces: {}", measure.as_str(), key.step, place(&key.workspace));
    let runs = group.iter().map(|track| track.values.len()).max().unwrap_or(0);
    let finding = format!("{runs} run{}. {what}", if runs == 1 { "" } else { "s" });
    let lines = group.iter().map(of_track).collect();
    Some(Plot { id, title, finding, chart: Chart::Lines { x: HorizontalScale::Dates, y, scale, lines } })
}

/// Days since 1970-01-01; runs without a readable date are numbered.
fn days(started: &str, at: usize) -> f64 {
    started.parse::<jiff::Timestamp>().map_or(at as f64, |time| time.as_second() as f64 / 86_400.0)
}
