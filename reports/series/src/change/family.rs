//! Many tracks judged together, with one error rate (series/README.md, what counts as a change).

use super::MIN_SEGMENT;
use super::null::{Nulls, smallest_p};
use super::rank::{RankScale, ranks};

/// What counts as a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangeSettings {
    /// False discovery rate of a family.
    pub alpha: f64,
    /// The least difference of medians that is reported, as a logarithm.
    pub least: f64,
}

impl Default for ChangeSettings {
    /// 5 %, and changes by 3 % or more.
    fn default() -> Self {
        Self { alpha: 0.05, least: 1.03_f64.ln() }
    }
}

/// A track: its values by time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrackValues {
    /// Logarithms, one for each run.
    pub values: Vec<f64>,
    /// Orders equal values; a hash of the run's name.
    pub ties: Vec<u64>,
}

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// Index of the first run after it.
    pub at: usize,
    /// Median of the runs since the change before, a logarithm.
    pub before: f64,
    /// Median of the runs until the next change.
    pub after: f64,
    /// The chance of such a cut where nothing changed, before any correction; `None` where values have
    /// no noise.
    pub p: Option<f64>,
}

/// Whether and where a track changed.
#[derive(Debug, Clone, PartialEq)]
pub enum TrackOutcome {
    /// So few runs that no change whatsoever could have been found.
    TooFew,
    /// No change was found; that is not to say that there was none.
    NoneFound,
    /// By time.
    Changed(Vec<ChangePoint>),
}

/// Judges a family; the answers are in the order of `tracks`.
pub fn judge(tracks: &[TrackValues], settings: &ChangeSettings, nulls: &Nulls) -> Vec<TrackOutcome> {
    let first: Vec<Option<FoundCut>> = tracks.iter().map(|track| search(track, 0, track.values.len(), nulls)).collect();
    let mut sorted: Vec<f64> = first.iter().flatten().map(|found| found.p).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let tested = sorted.len().max(1) as f64;
    let holds = |(at, p): &(usize, &f64)| **p <= settings.alpha * (*at as f64 + 1.0) / tested;
    let found = sorted.iter().enumerate().rev().find(holds).map_or(0, |(at, _)| at + 1);
    let level = settings.alpha * found as f64 / tested;
    let outcome = |(track, first): (&TrackValues, &Option<FoundCut>)| {
        let changes = match first {
            Some(cut) if found > 0 && cut.p <= level => {
                let mut cuts = vec![*cut];
                let whole = (0, track.values.len());
                search_on(track, whole, cut.at, level / 2.0, nulls, &mut cuts);
                large_enough(track, cuts, settings.least)
            }
            _ => Vec::new(),
        };
        // Where a cut was found there were enough runs to find it.
        let too_few = smallest_p(track.values.len()) * tested > settings.alpha;
        match (changes.is_empty(), too_few && first.is_none_or(|cut| cut.p > level)) {
            (false, _) => TrackOutcome::Changed(changes),
            (true, true) => TrackOutcome::TooFew,
            (true, false) => TrackOutcome::NoneFound,
        }
    };
    tracks.iter().zip(&first).map(outcome).collect()
}

#[derive(Debug, Clone, Copy)]
struct FoundCut {
    at: usize,
    p: f64,
}

fn search(track: &TrackValues, from: usize, to: usize, nulls: &Nulls) -> Option<FoundCut> {
    let values = &track.values[from..to];
    if values.len() < 2 * MIN_SEGMENT {
        return None;
    }
    let ties = track.ties.get(from..to).unwrap_or(&[]);
    let cut = RankScale::new(values.len()).best(&ranks(values, ties))?;
    Some(FoundCut { at: from + cut.at, p: nulls.p(values.len(), cut.statistic) })
}

fn search_on(
    track: &TrackValues,
    part: (usize, usize),
    cut: usize,
    level: f64,
    nulls: &Nulls,
    cuts: &mut Vec<FoundCut>,
) {
    for part in [(part.0, cut), (cut, part.1)] {
        if let Some(found) = search(track, part.0, part.1, nulls).filter(|found| found.p <= level) {
            cuts.push(found);
            search_on(track, part, found.at, level / 2.0, nulls, cuts);
        }
    }
}

/// The cuts with the levels around them, without those that are too small.
fn large_enough(track: &TrackValues, mut cuts: Vec<FoundCut>, least: f64) -> Vec<ChangePoint> {
    cuts.sort_unstable_by_key(|cut| cut.at);
    loop {
        let ends: Vec<usize> =
            [0].into_iter().chain(cuts.iter().map(|cut| cut.at)).chain([track.values.len()]).collect();
        let levels: Vec<f64> = ends.windows(2).map(|ends| median(&track.values[ends[0]..ends[1]])).collect();
        let steps = levels.windows(2).map(|levels| (levels[1] - levels[0]).abs());
        match steps.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((nearest, step)) if step < least => drop(cuts.remove(nearest)),
            _ => {
                let point = |(cut, levels): (&FoundCut, &[f64])| ChangePoint {
                    at: cut.at,
                    before: levels[0],
                    after: levels[1],
                    p: Some(cut.p),
                };
                return cuts.iter().zip(levels.windows(2)).map(point).collect();
            }
        }
    }
}

fn median(values: &[f64]) -> f64 {
    reports::stats::median(values).unwrap_or(0.0)
}
