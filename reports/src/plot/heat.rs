//! Ratios as coloured cells: rows by columns.
//!
//! In: panels of [`Bar`], a ratio for each column. Out: a [`Picture`]: each cell has its
//! ratio written on it, and a colour by its logarithm, blue below 1 and orange above, so
//! that half and double are equally strong. What was not measured is a dash.
//!
//! Where columns have too long names for their width these stand slanted (wide), or are
//! numbers with a list below (narrow). Where there are too many columns they go on in a
//! further block below.

use super::axis::drawable_ratio;
use super::chart::{Bar, Panel};
use super::draw::Width;
use super::layout::{self, LINE, SIZE, SMALL};
use super::palette::{self, QUIET, TEXT};
use super::picture::{Anchor, Picture, Words};
use super::ticks;
use crate::table;
use std::ops::Range;

const CELL: i32 = 24;
const GAP: i32 = 2;
const LABEL_ROOM: i32 = 300;
const HEAD_ROOM: i32 = 280;
const HEAD_LINES: usize = 3;
/// Beyond ten times faster or slower colours do not change.
const STRONGEST: f64 = 10.0;
/// The strongest colour stands for this factor at the least, so that noise stays pale.
const LEAST: f64 = 1.5;

/// Draws the chart.
pub fn draw(columns: &[String], panels: &[Panel<Bar>], width: Width) -> Picture {
    let rows = || panels.iter().flat_map(|panel| &panel.rows);
    let count = rows().map(|row| row.values.len()).max().unwrap_or(0).max(columns.len());
    let names: Vec<String> =
        (0..count).map(|at| columns.get(at).map(|name| layout::clean(name)).unwrap_or_default()).collect();
    let texts = rows().flat_map(|row| &row.values).map(|value| layout::width(&shown(*value), SMALL) + 8);
    let least = texts.max().unwrap_or(0).max(40);
    let labels = rows().map(|row| layout::width(&layout::clean(&row.label), SIZE)).max().unwrap_or(0);
    let left = if width == Width::Wide && labels > 0 { labels.min(LABEL_ROOM) + 12 } else { 0 };
    let sheet = Sheet::new(&names, least, left, width);
    let strongest = rows().flat_map(|row| &row.values).flatten().copied().filter_map(drawable_ratio);
    let strongest = strongest.map(|ratio| ratio.ln().abs()).fold(LEAST.ln(), f64::max).min(STRONGEST.ln());

    let mut picture = Picture::new(width.units());
    let mut y = scale(&mut picture, strongest);
    for block in sheet.blocks(count) {
        y += 12;
        if sheet.heads != Heads::Numbered {
            y = sheet.heads(&mut picture, block.clone(), y);
        }
        for panel in panels {
            y = sheet.panel(&mut picture, panel, block.clone(), strongest, y);
        }
    }
    if rows().next().is_none() || count == 0 {
        picture.text(Words::new("no rows", (0, y + LINE), Anchor::Start, SMALL), QUIET);
        y += 2 * LINE;
    }
    picture.height = sheet.names_of_numbers(&mut picture, y + 6) + 4;
    picture
}

/// The legend: from the strongest blue over 1 to the strongest orange. Returns its end.
fn scale(picture: &mut Picture, strongest: f64) -> i32 {
    let middle = LINE / 2 + 1;
    let name = |sign: f64, word: &str, or_more: &str| {
        let ratio = ((sign * strongest).exp() * 100.0).round() / 100.0;
        // Beyond the strongest colour there is no stronger one.
        let or_more = if strongest < STRONGEST.ln() { "" } else { or_more };
        format!("{word} {or_more}{}x", ticks::plain(ratio))
    };
    let faster = Words::new(name(-1.0, "faster", "≤ "), (0, middle), Anchor::Start, SMALL);
    let mut x = faster.width() + 8;
    picture.text(faster, QUIET);
    for step in -4..=4 {
        let rgb = palette::diverging(f64::from(step) / 4.0);
        let wide = if step == 0 { 28 } else { 14 };
        picture.rect((x, middle - 8), (x + wide, middle + 8), palette::solid(rgb));
        if step == 0 {
            picture.text(Words::new("1x", (x + wide / 2, middle), Anchor::Middle, SMALL), palette::text_on(rgb));
        }
        x += wide;
    }
    picture.text(Words::new(name(1.0, "slower", "≥ "), (x + 8, middle), Anchor::Start, SMALL), QUIET);
    2 * middle + 2
}

/// The ratio as it stands on its cell.
fn shown(ratio: Option<f64>) -> String {
    let text = table::factor(ratio);
    match ratio {
        Some(ratio) if text.len() > 8 => format!("{ratio:.0e}x"),
        _ => text,
    }
}

/// How the names of columns stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heads {
    Level,
    Slanted,
    Numbered,
}

/// Columns with places.
struct Sheet<'a> {
    names: &'a [String],
    heads: Heads,
    /// Where cells begin; 0 where labels stand above them.
    left: i32,
    cell: i32,
    /// Columns in a block.
    across: usize,
    width: i32,
}

impl<'a> Sheet<'a> {
    fn new(names: &'a [String], least: i32, left: i32, width: Width) -> Self {
        let room = width.units() - left;
        let widest = if width == Width::Wide { 110 } else { 80 };
        let (across, cell) = split(&vec![0; names.len()], room, least, widest);
        let sheet = Self { names, heads: Heads::Level, left, cell, across, width: width.units() };
        if names.iter().all(|name| is_level(name, cell - 6)) {
            return sheet;
        }
        if width == Width::Narrow {
            return Self { heads: Heads::Numbered, ..sheet };
        }
        let legs: Vec<i32> = names.iter().map(|name| leg(name)).collect();
        let (across, cell) = split(&legs, room, least, widest);
        Self { heads: Heads::Slanted, across, cell, ..sheet }
    }

    fn blocks(&self, count: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let across = self.across;
        (0..count).step_by(across).map(move |from| from..count.min(from + across))
    }

    fn middle(&self, block: &Range<usize>, column: usize) -> i32 {
        self.left + (column - block.start) as i32 * self.cell + self.cell / 2
    }

    /// Draws the names of columns; returns where rows begin.
    fn heads(&self, picture: &mut Picture, block: Range<usize>, top: i32) -> i32 {
        let names = &self.names[block.clone()];
        let lines = |name: &str| layout::wrap(name, SMALL, self.cell - 6, HEAD_LINES);
        let high = match self.heads {
            Heads::Slanted => names.iter().map(|name| leg(name)).max().unwrap_or(0) + 8,
            Heads::Numbered => LINE,
            Heads::Level => names.iter().map(|name| lines(name).len()).max().unwrap_or(0) as i32 * LINE,
        };
        let bottom = top + high;
        for column in block.clone() {
            let (x, name) = (self.middle(&block, column), &self.names[column]);
            let words = |text: String, y| Words::new(text, (x, y), Anchor::Middle, SMALL);
            match self.heads {
                Heads::Slanted => {
                    let words = Words { slanted: true, anchor: Anchor::Start, ..words(name.clone(), bottom - 6) };
                    picture.fitted(words, HEAD_ROOM, TEXT);
                }
                Heads::Numbered => {
                    picture.text(words((column + 1).to_string(), bottom - LINE / 2), TEXT).tip(name);
                }
                // Set at the bottom: a short name stands right above its cells.
                Heads::Level => {
                    let lines = lines(name);
                    let first = bottom - lines.len() as i32 * LINE + LINE / 2;
                    picture.lines(&lines, words(name.clone(), first), TEXT);
                }
            }
        }
        bottom + 4
    }

    /// Draws a heading and its rows; returns where they end.
    fn panel(&self, picture: &mut Picture, panel: &Panel<Bar>, block: Range<usize>, strongest: f64, top: i32) -> i32 {
        let mut y = top;
        let title = layout::clean(&panel.title);
        // Bold letters are wider than those that are measured.
        let lines = layout::wrap(&title, SIZE, self.width * 100 / 112, 2);
        picture.lines(&lines, Words::new(title, (0, y + LINE / 2 + 4), Anchor::Start, SIZE).bold(), TEXT);
        y += if lines.is_empty() { 0 } else { lines.len() as i32 * LINE + 8 };
        // Numbers must be near their cells, which take much height on a telephone.
        if self.heads == Heads::Numbered {
            y = self.heads(picture, block.clone(), y);
        }
        for row in &panel.rows {
            let label = layout::clean(&row.label);
            if self.left > 0 {
                let words = Words::new(label, (0, y + CELL / 2), Anchor::Start, SIZE);
                picture.fitted(words, self.left - 12, TEXT);
            } else {
                let lines = layout::wrap(&label, SIZE, self.width, 2);
                let high = lines.len() as i32 * LINE;
                picture.lines(&lines, Words::new(label, (0, y + LINE / 2), Anchor::Start, SIZE), TEXT);
                y += high + 1;
            }
            for column in block.clone() {
                self.cell(picture, row, column, &block, strongest, y);
            }
            y += CELL + if self.left > 0 { GAP } else { 3 * GAP };
        }
        y + 8
    }

    fn cell(&self, picture: &mut Picture, row: &Bar, column: usize, block: &Range<usize>, strongest: f64, y: i32) {
        let value = row.values.get(column).copied().flatten();
        let text = shown(value);
        let middle = self.middle(block, column);
        let left = middle - self.cell / 2;
        let paint = match value.and_then(drawable_ratio) {
            None => QUIET,
            Some(ratio) => {
                let rgb = palette::diverging(ratio.ln() / strongest);
                let tip = format!("{}, {}: {text}", row.label, self.names[column]);
                picture.rect((left, y), (left + self.cell - GAP, y + CELL), palette::solid(rgb)).tip(tip);
                palette::text_on(rgb)
            }
        };
        picture.text(Words::new(text, (middle - GAP / 2, y + CELL / 2), Anchor::Middle, SMALL), paint);
    }

    /// Says which column has which number; returns where that ends.
    fn names_of_numbers(&self, picture: &mut Picture, top: i32) -> i32 {
        let mut y = top;
        for (at, name) in self.names.iter().enumerate().filter(|_| self.heads == Heads::Numbered) {
            let indent = layout::width("000 ", SMALL);
            let lines = layout::wrap(name, SMALL, self.width - indent, 3);
            let words = |text: String, x, anchor| Words::new(text, (x, y + LINE / 2), anchor, SMALL);
            picture.text(words((at + 1).to_string(), indent - 8, Anchor::End), TEXT);
            picture.lines(&lines, words(name.clone(), indent, Anchor::Start), QUIET);
            y += LINE * lines.len().max(1) as i32;
        }
        y
    }
}

/// How many columns stand side by side in `room`, and how wide a cell is: blocks of
/// nearly equal size. `beyond` says for each column how far its name goes to the right
/// from its middle.
fn split(beyond: &[i32], room: i32, least: i32, widest: i32) -> (usize, i32) {
    let across = |blocks: usize| beyond.len().div_ceil(blocks).max(1);
    let cell = |across: usize| {
        // With cells of this width the name of this column ends at the right edge.
        let named = beyond.iter().enumerate().map(|(at, beyond)| (room - beyond) * 2 / (2 * (at % across) as i32 + 1));
        named.fold(room / across as i32, i32::min).min(widest.max(least))
    };
    let fitting = (1..=beyond.len()).map(|blocks| (across(blocks), cell(across(blocks))));
    fitting.into_iter().find(|(_, cell)| *cell >= least).unwrap_or((1, least))
}

/// Whether a name stands level in `room` without a word torn.
fn is_level(name: &str, room: i32) -> bool {
    let whole =
        name.split_inclusive(['-', '+', '/', '_', ',', ' ']).all(|word| layout::width(word.trim(), SMALL) <= room);
    whole && !layout::wrap(name, SMALL, room, HEAD_LINES).last().is_some_and(|line| line.ends_with('…'))
}

/// How far a slanted name goes up, and to the right.
fn leg(name: &str) -> i32 {
    let width = layout::width(name, SMALL).min(HEAD_ROOM);
    (f64::from(width) * std::f64::consts::FRAC_1_SQRT_2).ceil() as i32 + SMALL / 2
}

#[cfg(test)]
#[path = "heat_tests.rs"]
mod tests;
