//! Numbers, judgements and lists as words, the same in every chapter and in the design review.

use crate::document::{Cell, Tone};
use crate::stats::{Interval, Judgement, Verdict};
use crate::text::{UNMEASURED, part};

/// A ratio to a thousandth, or to a tenth of a thousandth where it is small.
pub(crate) fn ratio(value: f64) -> String {
    match value {
        r if !r.is_finite() => UNMEASURED.into(),
        r if r < 0.1 => format!("{r:.4}x"),
        r if r < 9.9995 => format!("{r:.3}x"),
        r if r < 999.95 => format!("{r:.1}x"),
        r => format!("{r:.0}x"),
    }
}

/// [`ratio`], or a dash where there is none.
pub(crate) fn ratio_or_dash(value: Option<f64>) -> String {
    value.map_or(UNMEASURED.into(), ratio)
}

/// `0.0123x–0.0160x`, or a dash.
pub(crate) fn bounds(ends: Option<(f64, f64)>) -> String {
    ends.map_or(UNMEASURED.into(), |(low, high)| format!("{}–{}", ratio(low), ratio(high)))
}

/// `0.012x [0.010x, 0.015x]`, without an interval where there is none.
pub(crate) fn estimate(found: &Judgement) -> String {
    let value = ratio_or_dash(found.ratio);
    match found.interval {
        Some(it) => format!("{value} [{}, {}]", ratio(it.low), ratio(it.high)),
        None => value,
    }
}

/// `between 12 % faster and 5 % slower`: what an interval that decides nothing leaves open.
pub(crate) fn left_open(it: &Interval) -> String {
    let (low, high) = (it.low - 1.0, it.high - 1.0);
    let side = |way: f64| if way < 0.0 { "faster" } else { "slower" };
    let first = if side(low) == side(high) { String::new() } else { format!(" {}", side(low)) };
    format!("between {}{first} and {} {}", part(low.abs()), part(high.abs()), side(high))
}

pub(crate) fn verdict_cell(verdict: Verdict) -> Cell {
    Cell::toned(verdict.as_str(), verdict_tone(verdict))
}

pub(crate) fn verdict_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Faster => Tone::Good,
        Verdict::Slower => Tone::Bad,
        Verdict::NoDifferenceFound => Tone::Plain,
        Verdict::OneRound | Verdict::Invalid => Tone::Quiet,
    }
}

/// `1 round`, `2 rounds`, `2 strategies`.
pub(crate) fn plural(n: usize, one: &str) -> String {
    match one.strip_suffix('y') {
        _ if n == 1 => format!("1 {one}"),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{n} {stem}ies"),
        _ => format!("{n} {one}s"),
    }
}

/// `a, b and c`.
pub(crate) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [init @ .., last] => {
            let init: Vec<&str> = init.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", init.join(", "), last.as_ref())
        }
    }
}

/// The first line of a text: a note may hold the end of a log.
pub(crate) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

pub(crate) fn distinct<T: PartialEq>(names: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// The values of every key, in the order of its first appearance.
pub(crate) fn gathered<K: PartialEq, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_agree_with_their_numbers() {
        assert_eq!(plural(1, "policy"), "1 policy");
        assert_eq!(plural(2, "policy"), "2 policies");
        assert_eq!(plural(2, "Q-day"), "2 Q-days");
        assert_eq!(plural(0, "round"), "0 rounds");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(ratio(0.012_34), "0.0123x");
        assert_eq!(ratio(12.34), "12.3x");
        assert_eq!(ratio_or_dash(Some(f64::NAN)), "-");
    }

    #[test]
    fn what_is_left_open_has_two_ends() {
        let said = |low, high| left_open(&Interval { low, high, confidence: 0.95 });
        assert_eq!(said(0.88, 1.05), "between 12 % faster and 5 % slower");
        assert_eq!(said(1.004, 1.05), "between 0.4 % and 5 % slower");
        assert_eq!(said(0.95, 0.995), "between 5 % and 0.5 % faster");
    }

    #[test]
    fn numbers_keep_what_a_verdict_turns_on() {
        let shown: Vec<String> =
            [0.00123, 0.0954, 0.1, 1.0124, 9.9994, 9.9996, 123.44, 999.96, 12_345.0].map(ratio).into();
        assert_eq!(shown, ["0.0012x", "0.0954x", "0.100x", "1.012x", "9.999x", "10.0x", "123.4x", "1000x", "12345x"]);
    }
}
