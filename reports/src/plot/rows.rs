//! Labelled rows below each other with one axis: the frame of ratios and bars.
//!
//! In: headings, labels, remarks and how high the drawn strip of each row is. Out:
//! [`Rows`]: where each strip stands, and marks for texts, grid and axis.
//!
//! Wide: label, strip and remark side by side. Narrow: label and remark above the strip,
//! which then has all of the width.

use super::draw::Width;
use super::layout::{self, LINE, SIZE, SMALL};
use super::palette::{BASE, GRID, Paint, QUIET, TEXT};
use super::picture::{Anchor, Picture, Words};
use super::ticks::Tick;

/// Rows below a common heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// May be empty.
    pub title: String,
    /// From top to bottom.
    pub entries: Vec<Entry>,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it shows.
    pub label: String,
    /// What stands at its end; may be empty.
    pub remark: String,
    /// Height of what is drawn in it; 0 where there is nothing to draw.
    pub strip: i32,
}

/// Rows with places.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// From where to where the strips and the axis go.
    pub room: (i32, i32),
    /// The middle of each strip, by group and row.
    pub middles: Vec<Vec<i32>>,
    /// Where all ends.
    pub bottom: i32,
    /// Heights the lines of the grid go through.
    spans: Vec<(i32, i32)>,
    /// Middles of lines of ticks.
    axes: Vec<i32>,
    texts: Vec<(Vec<String>, Words, Paint)>,
}

const LABEL_ROOM: i32 = 260;
const REMARK_ROOM: i32 = 320;
/// So that a dot at the end of the axis is not cut.
const EDGE: i32 = 8;
/// With more than this above an axis it is out of sight: then each group has its own.
const SCREEN: i32 = 700;

impl Rows {
    /// Places rows from `top` on.
    pub fn lay(groups: &[Group], top: i32, width: Width) -> Self {
        let entries = || groups.iter().flat_map(|group| &group.entries);
        let widest =
            |text: fn(&Entry) -> &str, size| entries().map(|entry| layout::width(text(entry), size)).max().unwrap_or(0);
        let label = widest(|entry| &entry.label, SIZE).min(LABEL_ROOM);
        let remark = widest(|entry| &entry.remark, SMALL).min(REMARK_ROOM);
        let beside = |room: i32| if room > 0 && width == Width::Wide { room + 12 } else { 0 };
        let room = (beside(label) + EDGE, width.units() - beside(remark) - EDGE);
        let mut rows = Self { room, middles: vec![], bottom: top, spans: vec![], axes: vec![], texts: vec![] };
        let high: i32 = entries().map(|entry| entry.strip + 10).sum();
        for (at, group) in groups.iter().enumerate() {
            rows.heading(&group.title, at == 0, width);
            let start = rows.bottom;
            let middles = group.entries.iter().map(|entry| match width {
                Width::Wide => rows.beside(entry, label, remark),
                Width::Narrow => rows.below(entry, width.units()),
            });
            let middles: Vec<i32> = middles.collect();
            rows.middles.push(middles);
            if group.entries.is_empty() {
                rows.say("no rows", width);
            } else if width == Width::Wide {
                rows.spans.push((start, rows.bottom));
            }
            if at + 1 == groups.len() || (high > SCREEN && !group.entries.is_empty()) {
                rows.axes.push(rows.bottom + 4 + LINE / 2);
                rows.bottom += LINE + 6;
            }
        }
        if groups.is_empty() {
            rows.say("no rows", width);
        }
        rows
    }

    fn say(&mut self, text: &str, width: Width) {
        let words = Words::new(text, (0, self.bottom + LINE / 2), Anchor::Start, SMALL);
        self.texts.push((layout::wrap(text, SMALL, width.units(), 1), words, QUIET));
        self.bottom += LINE + 4;
    }

    fn heading(&mut self, title: &str, first: bool, width: Width) {
        if !first {
            self.bottom += 14;
        }
        // Bold letters are wider than those that are measured.
        let lines = layout::wrap(title, SIZE, width.units() * 100 / 112, 2);
        let high = lines.len() as i32 * LINE;
        self.texts.push((lines, Words::new(title, (0, self.bottom + LINE / 2), Anchor::Start, SIZE).bold(), TEXT));
        self.bottom += if high > 0 { high + 4 } else { 0 };
    }

    /// A row whose texts stand beside its strip; returns the middle of the strip.
    fn beside(&mut self, entry: &Entry, label: i32, remark: i32) -> i32 {
        let labels = layout::wrap(&entry.label, SIZE, label, 2);
        let remarks = layout::wrap(&entry.remark, SMALL, remark, 3);
        let lines = labels.len().max(remarks.len()) as i32;
        let high = entry.strip.max(lines * LINE) + 8;
        let middle = self.bottom + high / 2;
        let first = |lines: &[String]| middle - (lines.len() as i32 - 1) * LINE / 2;
        let words = Words::new(&entry.label, (0, first(&labels)), Anchor::Start, SIZE);
        let remark = Words::new(&entry.remark, (self.room.1 + EDGE + 12, first(&remarks)), Anchor::Start, SMALL);
        self.texts.push((labels, words, TEXT));
        self.texts.push((remarks, remark, QUIET));
        self.bottom += high;
        middle
    }

    /// A row whose strip stands below its texts; returns the middle of the strip.
    fn below(&mut self, entry: &Entry, width: i32) -> i32 {
        let labels = layout::wrap(&entry.label, SIZE, width, 3);
        let words = Words::new(&entry.label, (0, self.bottom + LINE / 2), Anchor::Start, SIZE);
        let (label, remark) = (layout::width(&entry.label, SIZE), layout::width(&entry.remark, SMALL));
        let same_line = labels.len() == 1 && label + remark + 12 <= width;
        self.bottom += labels.len() as i32 * LINE;
        self.texts.push((labels, words, TEXT));
        if same_line {
            let at = (width, self.bottom - LINE + LINE / 2);
            self.texts.push((vec![entry.remark.clone()], Words::new(&entry.remark, at, Anchor::End, SMALL), QUIET));
        } else {
            let remarks = layout::wrap(&entry.remark, SMALL, width, 4);
            let words = Words::new(&entry.remark, (0, self.bottom + LINE / 2), Anchor::Start, SMALL);
            self.bottom += remarks.len() as i32 * LINE;
            self.texts.push((remarks, words, QUIET));
        }
        let middle = self.bottom + 2 + entry.strip / 2;
        if entry.strip > 0 {
            self.bottom += entry.strip + 4;
            // A line of the grid through text would make it hard to read.
            self.spans.push((middle - entry.strip / 2 - 2, self.bottom));
        }
        self.bottom += 8;
        middle
    }

    /// Draws grid, axis and texts; `base` is the value that others are read against.
    pub fn draw(&self, picture: &mut Picture, ticks: &[Tick], base: i32) {
        for (top, bottom) in &self.spans {
            for tick in ticks.iter().filter(|tick| tick.at != base) {
                picture.line((tick.at, *top), (tick.at, *bottom), 1, GRID);
            }
            picture.line((base, *top), (base, *bottom), 1, BASE);
        }
        for y in self.axes.iter().filter(|_| !self.spans.is_empty()) {
            for tick in ticks {
                let half = layout::width(&tick.text, SMALL) / 2 + 1;
                let x = tick.at.min(picture.width - half).max(half);
                picture.text(Words::new(&tick.text, (x, *y), Anchor::Middle, SMALL), QUIET);
            }
        }
        for (lines, words, paint) in &self.texts {
            picture.lines(lines, words.clone(), *paint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(label: &str, remark: &str) -> Entry {
        Entry { label: label.into(), remark: remark.into(), strip: 14 }
    }

    fn group(entries: Vec<Entry>) -> Group {
        Group { title: "a step".into(), entries }
    }

    #[test]
    fn wide_rows_have_their_texts_beside_them_narrow_ones_above() {
        let groups = [group(vec![entry("label", "remark")])];
        let wide = Rows::lay(&groups, 0, Width::Wide);
        assert!(wide.room.0 > layout::width("label", SIZE));
        assert!(wide.room.1 < 1080 - layout::width("remark", SMALL));
        let narrow = Rows::lay(&groups, 0, Width::Narrow);
        assert_eq!(narrow.room, (EDGE, 340 - EDGE));
        assert!(narrow.middles[0][0] > wide.middles[0][0]);
        // A remark beside its label takes no room of its own.
        let long = Rows::lay(&[group(vec![entry("label", &"remark ".repeat(9))])], 0, Width::Narrow);
        assert!(long.middles[0][0] > narrow.middles[0][0]);
    }

    #[test]
    fn an_axis_is_never_out_of_sight() {
        let few = [group(vec![entry("a", "")]), group(vec![entry("b", "")])];
        assert_eq!(Rows::lay(&few, 0, Width::Wide).axes.len(), 1);
        let many = [group(vec![entry("a", ""); 40]), group(vec![entry("b", ""); 40])];
        assert_eq!(Rows::lay(&many, 0, Width::Wide).axes.len(), 2);
    }

    #[test]
    fn no_rows_are_said() {
        for groups in [vec![], vec![group(vec![])]] {
            let rows = Rows::lay(&groups, 0, Width::Narrow);
            assert!(rows.texts.iter().any(|(_, words, _)| words.text == "no rows"), "{rows:?}");
        }
    }
}
