//! Numbers and judgements as words, the same in every chapter.

use crate::document::{Cell, Tone};
use crate::stats::{Judgement, Verdict};
use crate::table::{UNMEASURED, factor};

/// A ratio that is judged: three digits near 1, where they matter.
pub(super) fn precise(value: Option<f64>) -> String {
    match value.filter(|ratio| ratio.is_finite()) {
        Some(ratio) if (0.1..10.0).contains(&ratio) => format!("{ratio:.3}x"),
        value => factor(value),
    }
}

/// `0.014x (0.012x–0.016x)`, or the estimate alone where there is no interval.
pub(super) fn ratio(found: &Judgement) -> String {
    match found.interval {
        Some(interval) => format!("{} ({})", precise(found.ratio), between(interval.low, interval.high)),
        None => precise(found.ratio),
    }
}

/// `0.012x–0.016x`.
pub(super) fn between(low: f64, high: f64) -> String {
    format!("{}–{}", precise(Some(low)), precise(Some(high)))
}

/// What a comparison comes to, in a cell.
pub(super) fn verdict(verdict: Verdict) -> Cell {
    Cell::toned(verdict.as_str(), tone(verdict))
}

/// How a verdict is meant.
pub(super) fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Faster => Tone::Good,
        Verdict::Slower => Tone::Bad,
        Verdict::NoDifferenceFound => Tone::Plain,
        Verdict::TooFewRounds | Verdict::Invalid => Tone::Quiet,
    }
}

/// A probability; what is too small to print is told so.
pub(super) fn probability(p: Option<f64>) -> String {
    match p {
        None => UNMEASURED.into(),
        Some(p) if p < 0.001 => "<0.001".into(),
        Some(p) => format!("{p:.3}"),
    }
}

/// `1 round`, `3 rounds`.
pub(super) fn plural(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// `a, b and c`.
pub(super) fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).into(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// The first line of a text, since a note may hold the end of a log.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
