//! Aligned text tables that fit a terminal, and how numbers look in them.
//!
//! In: column heads and cells as text. Out: lines no wider than asked for, in
//! terminal columns (wide and combining characters counted as they show). There
//! is no colour. Every number comes with its unit: [`seconds`], [`bytes`],
//! [`percent`], [`factor`]; what was not measured shows as `-`.

use crate::plain::plain;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The width every table of this crate fits by default, in terminal columns.
pub const WIDTH: usize = 100;
/// What stands for a value that was not measured.
pub const UNMEASURED: &str = "-";

const GAP: &str = "  ";
const NARROWEST: usize = 8;

/// How a column is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
    /// Text that gives way, with `…`, when the table would be too wide.
    Flexible,
}

/// A table under construction.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<(Vec<String>, Align)>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
enum Row {
    Cells(Vec<String>),
    /// A first cell, then text across all other columns.
    Across(String, String),
}

impl Table {
    /// A table with these heads; a line feed in a head starts a second line.
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let columns =
            columns.iter().map(|(head, align)| (head.split('\n').map(str::to_owned).collect(), *align)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row. Missing cells are blank, further ones are left out.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().map(|cell| clean(&cell)).collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(Row::Cells(cells));
    }

    /// Adds a row whose second cell spans the rest of the table.
    pub fn across(&mut self, first: &str, text: &str) {
        self.rows.push(Row::Across(clean(first), clean(text)));
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines of at most `width` terminal columns, each ended by a
    /// line feed. Only [`Align::Flexible`] columns shrink, to 8 at the least; what
    /// is still too wide then stays so, since a cut number would be a wrong one.
    pub fn render(&self, width: usize) -> String {
        let widths = self.widths(width);
        let lines = self.columns.iter().map(|(head, _)| head.len()).max().unwrap_or(0);
        let mut out = String::new();
        for line in 0..lines {
            // Heads are set at the bottom: a short one stands on the last line.
            let cell = |(head, _): &(Vec<String>, Align)| {
                (line + head.len()).checked_sub(lines).map_or("", |at| &head[at]).to_owned()
            };
            let cells: Vec<String> = self.columns.iter().map(cell).collect();
            self.line(&mut out, &cells, &widths);
        }
        for row in &self.rows {
            match row {
                Row::Cells(cells) => self.line(&mut out, cells, &widths),
                Row::Across(first, text) => {
                    let own = widths.first().copied().unwrap_or(0);
                    let rest = width.saturating_sub(own + GAP.len());
                    let line = format!("{}{GAP}{}", pad(&fit(first, own), own, Align::Left), fit(text, rest));
                    push_line(&mut out, &line);
                }
            }
        }
        out
    }

    fn widths(&self, width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let heads = self.columns[at].0.iter().map(|head| head.width());
                let cells = self.rows.iter().filter_map(|row| match row {
                    Row::Cells(cells) => Some(cells[at].width()),
                    Row::Across(first, _) if at == 0 => Some(first.width()),
                    Row::Across(..) => None,
                });
                heads.chain(cells).max().unwrap_or(0)
            })
            .collect();
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(width);
        // The last flexible column gives way first, then the ones before it.
        for (at, (_, align)) in self.columns.iter().enumerate().rev() {
            if *align == Align::Flexible {
                let give = excess.min(widths[at].saturating_sub(NARROWEST));
                widths[at] -= give;
                excess -= give;
            }
        }
        widths
    }

    fn line(&self, out: &mut String, cells: &[String], widths: &[usize]) {
        let cells: Vec<String> = cells
            .iter()
            .zip(widths)
            .zip(&self.columns)
            .map(|((cell, width), (_, align))| pad(&fit(cell, *width), *width, *align))
            .collect();
        push_line(out, &cells.join(GAP));
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

fn pad(text: &str, width: usize, align: Align) -> String {
    let blank = " ".repeat(width.saturating_sub(text.width()));
    match align {
        Align::Right => format!("{blank}{text}"),
        Align::Left | Align::Flexible => format!("{text}{blank}"),
    }
}

/// One line without characters that steer what stands beside them, runs of blanks made one.
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
    fn columns_line_up_by_what_the_terminal_shows() {
        let mut table = Table::new(&[("name", Align::Flexible), ("wall", Align::Right), ("n\nunits", Align::Right)]);
        table.row(["日本語".into(), "1.00 s".into(), "10".into()]);
        table.row(["e\u{301}tude".into(), "12.00 s".into(), "9".into()]);
        table.across("reflink", "unsupported: ext4\nhas none");
        insta::assert_snapshot!(table.render(40), @r"
                              n
        name        wall  units
        日本語    1.00 s     10
        étude    12.00 s      9
        reflink  unsupported: ext4 has none
        ");
    }

    #[test]
    fn a_line_never_exceeds_the_width() {
        let mut table = Table::new(&[("name", Align::Flexible), ("wall", Align::Right)]);
        table.row(["a name that is much too long".into(), "1.00 s".into()]);
        table.across("x", &"words ".repeat(20));
        table.row(["日本語日本語日本語".into(), "1.00 s".into()]);
        for line in table.render(24).lines() {
            assert!(line.width() <= 24, "{line}");
        }
        for line in wrap(&"words and more ".repeat(9), 24, 2).lines() {
            assert!(line.width() <= 24, "{line}");
        }
        assert_eq!(fit("日本", 3), "日…");
        assert_eq!(fit("ab", 0), "");
    }
}
