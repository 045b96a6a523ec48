//! The estimated width of text, and lines that fit.
//!
//! There is no font to measure with, and readers have different ones, so widths are those of DejaVu
//! Sans, which is wider than the usual `system-ui` fonts: text may end early, but is not cut.

use crate::text::plain;
use unicode_width::UnicodeWidthChar;

/// Size of text that must be read, in units of the picture.
pub(super) const SIZE: i32 = 13;
/// Size of text that explains: ticks, legends, values in cells.
pub(super) const SMALL: i32 = 12;
/// From one line of text to the next.
pub(super) const LINE: i32 = 17;

/// Width of a character in hundredths of the font size: whole numbers, so that the parts
/// of a text are never wider together than the text.
fn em(c: char) -> i32 {
    match c {
        ' ' | 'i' | 'j' | 'l' | 'I' | '\'' | '.' | ',' | '|' | ':' | ';' | '/' | '\\' => 34,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '!' | '·' => 42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 100,
        '+' | '=' | '<' | '>' | '~' | '#' | '&' | '×' | '≤' | '≥' | '−' => 84,
        'A'..='Z' => 76,
        // An emoji is wider than an em, an ideograph just as wide; variation selectors
        // and combining marks take nothing.
        _ if !c.is_ascii() => [0, 76, 130][c.width().unwrap_or(0).min(2)],
        _ => 64,
    }
}

fn units(hundredths: i32, size: i32) -> i32 {
    (hundredths * size + 99) / 100
}

/// The width of `text` at a font size.
pub(super) fn width(text: &str, size: i32) -> i32 {
    // A lone combining mark is shown above a circle.
    let least = if text.is_empty() { 0 } else { em('o') };
    let sum = text.chars().map(em).fold(0i32, i32::saturating_add).min(1_000_000);
    units(if sum == 0 { least } else { sum }, size)
}

/// `text` on one line, without what XML does not allow or what would turn other text around.
pub(super) fn clean(text: &str) -> String {
    crate::text::clean(&plain(text).replace(['\u{fffe}', '\u{ffff}'], ""))
}

/// `text` no wider than `room`, its end replaced by `…` if cut.
pub(super) fn fit(text: &str, size: i32, room: i32) -> String {
    if width(text, size) <= room {
        return text.into();
    }
    let mut out = String::new();
    let mut used = em('…');
    for c in text.chars() {
        used += em(c);
        if units(used, size) > room {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// `text` in at most `most` lines no wider than `room`; the last one ends with `…` if cut.
///
/// Lines break at blanks, and after `-`, `+`, `/`, `_`, `,` where a word is too long.
pub(super) fn wrap(text: &str, size: i32, room: i32, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && lines.len() + 1 < most && width(rest, size) > room {
        let end = break_point(rest, size, room);
        if end == 0 {
            break;
        }
        lines.push(rest[..end].trim_end().into());
        rest = rest[end..].trim_start();
    }
    if !rest.is_empty() {
        lines.push(fit(rest, size, room));
    }
    lines
}

/// [`wrap`] for bold letters, which are wider than those that are measured.
pub(super) fn wrap_bold(text: &str, size: i32, room: i32, most: usize) -> Vec<String> {
    wrap(text, size, room * 100 / 112, most)
}

/// Where the first line of `text` ends, in bytes: at the last blank that leaves it no
/// wider than `room`, else after the last joint, else inside of a word.
fn break_point(text: &str, size: i32, room: i32) -> usize {
    let (mut blank, mut joint, mut anywhere) = (0, 0, 0);
    let mut used = 0;
    for (at, c) in text.char_indices() {
        if c == ' ' {
            blank = at;
        }
        used += em(c);
        if units(used, size) > room {
            break;
        }
        anywhere = at + c.len_utf8();
        if matches!(c, '-' | '+' | '/' | '_' | ',') {
            joint = anywhere;
        }
    }
    [blank, joint, anywhere].into_iter().find(|end| *end > 0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_letters_take_more_room() {
        assert!(width("mmm", 13) > width("iii", 13));
        assert!(width("日本", 13) > width("ab", 13));
        assert_eq!(width("e\u{301}", 13), width("e", 13));
        assert_eq!(width("", 13), 0);
        assert_eq!(width("\u{301}", 13), width("o", 13));
        assert!(width("abc", 26) > width("abc", 13));
    }

    #[test]
    fn lines_break_at_blanks_then_at_joints_then_anywhere() {
        let room = width("one two", 13);
        assert_eq!(wrap("one two three", 13, room, 3), ["one two", "three"]);
        assert_eq!(wrap("one-two-three", 13, room, 3), ["one-", "two-", "three"]);
        assert_eq!(wrap("abcdefghijklm", 13, room, 1), [fit("abcdefghijklm", 13, room)]);
        assert!(wrap("abcdefghijklm", 13, room, 2)[1].ends_with('m'));
        assert!(wrap("one two three four five", 13, room, 2)[1].ends_with('…'));
        assert!(wrap("  ", 13, room, 2).is_empty());
    }

    #[test]
    fn nothing_that_breaks_xml_stays() {
        assert_eq!(clean("a\nb\u{0}\tc\u{ffff}\u{202e}d"), "a b c\u{fffd}d");
    }

    proptest! {
        #[test]
        fn what_was_fitted_fits(text in "\\PC{0,60}", room in 20i32..400, most in 1usize..5) {
            let text = clean(&text);
            prop_assert!(width(&fit(&text, 13, room), 13) <= room);
            let lines = wrap(&text, 13, room, most);
            prop_assert!(lines.len() <= most);
            for line in &lines {
                prop_assert!(width(line, 13) <= room, "{line}");
            }
        }
    }
}
