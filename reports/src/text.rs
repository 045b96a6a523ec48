//! Text on its way to a reader: made harmless, cut and wrapped, and how numbers look in it.
//!
//! Every number comes with its unit: [`seconds`], [`bytes`], [`percent`], [`factor`];
//! what was not measured shows as `-`. Widths are terminal columns, wide and
//! combining characters counted as they show.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The width that every text of this crate fits by default, in terminal columns.
pub const WIDTH: usize = 100;
/// The mark of a value that was not measured.
pub const UNMEASURED: &str = "-";

/// `text` without characters that act on what is beside them; line feeds stay.
///
/// Names and messages come from crates, compilers and file systems. A control character, with
/// which a terminal is steered, is left out, a tab becomes a blank. A character that turns the
/// direction of text, and can reverse the rest of a line, is replaced by `U+FFFD`, so that two
/// names which differ only by it do not look alike.
pub fn plain(text: &str) -> String {
    text.chars().filter_map(harmless).collect()
}

/// Whether [`plain`] would change nothing.
pub(crate) fn is_plain(text: &str) -> bool {
    // Of ASCII, the bulk of any text, a look at the bytes is enough.
    let ordinary = |byte: u8| matches!(byte, b' '..=b'~' | b'\n');
    text.bytes().all(ordinary) || text.chars().all(|c| harmless(c) == Some(c))
}

fn harmless(c: char) -> Option<char> {
    match c {
        '\n' => Some(c),
        '\t' => Some(' '),
        _ if c.is_control() => None,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(char::REPLACEMENT_CHARACTER)
        }
        _ => Some(c),
    }
}

/// One line of [`plain`] text, runs of blanks made one.
pub fn clean(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain(&shown).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` in at most `width` terminal columns, its end replaced by `…` if cut.
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.into();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// `text` in lines of at most `width`, further lines indented by `indent` blanks.
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in clean(text).split(' ') {
        if !line.trim().is_empty() && line.width() + 1 + word.width() > width {
            push_line(&mut out, &line);
            line = " ".repeat(indent);
        } else if !line.trim().is_empty() {
            line.push(' ');
        }
        line.push_str(&fit(word, width.saturating_sub(indent)));
    }
    push_line(&mut out, &line);
    out
}

pub(crate) fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

fn measured(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| UNMEASURED.into(), show)
}

/// `12.34 s`.
pub fn seconds(value: Option<f64>) -> String {
    measured(value, |s| if s.abs() < 100.0 { format!("{s:.2} s") } else { format!("{s:.1} s") })
}

/// A part of a whole, 0 to 1, as `95.5%`. Only a whole shows as `100.0%`.
pub fn percent(value: Option<f64>) -> String {
    measured(value, |part| {
        let percent = part * 100.0;
        let shown = if part < 1.0 { percent.min(99.9) } else { percent };
        format!("{shown:.1}%")
    })
}

/// A ratio as `0.123x`: three digits below 1, two decimals up to 10.
pub fn factor(value: Option<f64>) -> String {
    measured(value, |ratio| match ratio {
        r if r < 0.1 => format!("{r:.3}x"),
        r if r < 10.0 => format!("{r:.2}x"),
        r => format!("{r:.1}x"),
    })
}

/// A part of 1 as `3.1 %`, with no more digits than it has.
pub fn part(value: f64) -> String {
    format!("{} %", (value * 1000.0).round() / 10.0)
}

/// A count: whole where it is whole, else one decimal (a mean or a median).
pub fn count(value: Option<f64>) -> String {
    measured(value, |n| if n.fract() == 0.0 { format!("{n:.0}") } else { format!("{n:.1}") })
}

/// A limit of size: asked for in decimal units, and shown as it was asked for.
pub fn limit(cap: Option<u64>) -> String {
    let Some(cap) = cap else { return "no limit".into() };
    let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    let whole = units.iter().find(|(_, size)| cap >= *size && cap % size == 0);
    match whole.or_else(|| units.iter().find(|(_, size)| cap >= *size)) {
        Some((unit, size)) if cap % size == 0 => format!("{} {unit}", cap / size),
        Some((unit, size)) => format!("{:.1} {unit}", cap as f64 / *size as f64),
        None => format!("{cap} B"),
    }
}

/// A size as `12.3 MiB`, with a minus sign where it is what was lost.
pub fn bytes(value: Option<f64>) -> String {
    measured(value, records::quantity::bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_carry_their_units() {
        assert_eq!(seconds(Some(0.1)), "0.10 s");
        assert_eq!(seconds(Some(1234.56)), "1234.6 s");
        assert_eq!(seconds(None), "-");
        assert_eq!(seconds(Some(f64::NAN)), "-");
        assert_eq!(percent(Some(0.9554)), "95.5%");
        assert_eq!(percent(Some(0.9999)), "99.9%");
        assert_eq!(percent(Some(1.0)), "100.0%");
        assert_eq!(factor(Some(0.0123)), "0.012x");
        assert_eq!(factor(Some(1.0)), "1.00x");
        assert_eq!(factor(Some(12.3)), "12.3x");
        assert_eq!(count(Some(3.0)), "3");
        assert_eq!(count(Some(3.5)), "3.5");
        assert_eq!(bytes(Some(512.0)), "512 B");
        assert_eq!(bytes(Some(1_048_575.0)), "1.0 MiB");
        assert_eq!(bytes(Some(-5_242_880.0)), "-5.0 MiB");
        assert_eq!(bytes(Some(3.5 * 1024.0 * 1024.0 * 1024.0)), "3.5 GiB");
    }

    #[test]
    fn a_line_never_exceeds_the_width() {
        for line in wrap(&"words and more ".repeat(9), 24, 2).lines() {
            assert!(line.width() <= 24, "{line}");
        }
        assert_eq!(fit("日本", 3), "日…");
        assert_eq!(fit("ab", 0), "");
    }

    #[test]
    fn parts_have_no_more_digits_than_they_have() {
        assert_eq!([0.01, 0.0314, 0.95].map(part), ["1 %", "3.1 %", "95 %"]);
    }

    #[test]
    fn neither_a_terminal_nor_the_direction_of_text_is_steered() {
        assert_eq!(plain("a\u{1b}[31mb\r\nc\td\u{0}\u{7f}\u{85}\u{9b}e"), "a[31mb\nc de");
        for turns in ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'] {
            assert_eq!(plain(&format!("a{turns}b")), "a\u{fffd}b");
        }
        // What makes words and emoji stays: letters of any direction, joiners, soft hyphens.
        let words = "שלום مرحبا 👩\u{200d}💻 e\u{301} a\u{ad}b\u{a0}c\u{2028}";
        assert_eq!(plain(words), words);
    }

    proptest! {
        #[test]
        fn what_is_plain_stays_as_it_is(text in "[a-z\n\t é\u{1b}\u{85}\u{202e}\u{200f}]{0,20}") {
            prop_assert_eq!(is_plain(&text), plain(&text) == text);
            prop_assert!(is_plain(&plain(&text)));
        }
    }
}
