//! What colours, dashes and markers mean.
//!
//! In: samples with names. Out: marks, in as many lines as they need, and where they end.

use super::layout::{self, LINE, SMALL};
use super::palette::{self, Paint, QUIET, Rgb};
use super::picture::{Anchor, Picture, Point, Words};

/// What stands before a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// A filled square.
    Block(Paint),
    /// A dot.
    Dot(Paint),
    /// A bar of an interval.
    Thick(Paint),
    /// A thin line.
    Thin(Paint),
    /// A curve.
    Curve(Curve),
}

/// How a curve is told from others: by colour, and by dashes and markers without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Curve {
    /// The colour.
    pub rgb: Rgb,
    /// See [`super::picture::Mark::dash`].
    pub dash: &'static str,
    marker: usize,
}

const DASHES: [&str; 3] = ["8 4", "2 3", "10 3 2 3"];
const MARKERS: usize = 5;
const GAP: i32 = 22;

impl Curve {
    /// The look of the curve with this number: as 7, 3 and 5 have no common factor, the
    /// first 105 differ. Only the first is unbroken: through the gaps of those drawn later
    /// one sees those that they run over.
    pub fn new(at: usize) -> Self {
        let dash = at.checked_sub(1).map_or("", |at| DASHES[at % DASHES.len()]);
        Self { rgb: palette::series(at), dash, marker: at % MARKERS }
    }

    /// Draws the marker of this curve at a place, larger by `rim` on all sides.
    pub fn mark(&self, picture: &mut Picture, (x, y): Point, rim: i32, tip: &str) {
        let (less, more) = (4 + rim, 5 + rim);
        let paint = palette::solid(self.rgb);
        let mark = match self.marker {
            0 => picture.dot((x, y), less, paint),
            1 => picture.rect((x - less, y - less), (x + less, y + less), paint),
            2 => picture.area(vec![(x, y - more), (x + more, y + less), (x - more, y + less)], paint),
            3 => picture.area(vec![(x, y - more), (x + more, y), (x, y + more), (x - more, y)], paint),
            _ => picture.area(vec![(x, y + more), (x + more, y - less), (x - more, y - less)], paint),
        };
        mark.tip(tip);
    }
}

impl Sample {
    fn width(self) -> i32 {
        match self {
            Sample::Block(_) | Sample::Dot(_) => 12,
            Sample::Thick(_) | Sample::Thin(_) => 22,
            Sample::Curve(_) => 36,
        }
    }

    fn draw(self, picture: &mut Picture, x: i32, y: i32) {
        let end = x + self.width();
        match self {
            Sample::Block(paint) => {
                picture.rect((x, y - 6), (end, y + 6), paint);
            }
            Sample::Dot(paint) => {
                picture.dot((x + 6, y), 4, paint);
            }
            Sample::Thick(paint) => {
                picture.rect((x, y - 7), (end, y + 7), paint);
            }
            Sample::Thin(paint) => {
                picture.line((x, y), (end, y), 2, paint);
            }
            Sample::Curve(curve) => {
                picture.line((x, y), (end, y), 2, palette::solid(curve.rgb)).dash(curve.dash);
                curve.mark(picture, (x + self.width() / 2, y), 0, "");
            }
        }
    }
}

/// Draws samples and names from `(left, top)` on, below each other where a line is full;
/// says where they end. Names may be empty, then their sample is left out.
pub fn draw(picture: &mut Picture, items: &[(Sample, String)], (left, top): Point) -> i32 {
    let (mut x, mut y, mut any) = (left, top, false);
    for (sample, name) in items.iter().filter(|(_, name)| !name.is_empty()) {
        let room = picture.width - left - sample.width() - 8;
        let wide = sample.width() + 8 + layout::width(name, SMALL).min(room);
        if any && x + wide > picture.width {
            (x, y) = (left, y + LINE + 3);
        }
        sample.draw(picture, x, y + LINE / 2);
        picture.fitted(Words::new(name, (x + sample.width() + 8, y + LINE / 2), Anchor::Start, SMALL), room, QUIET);
        x += wide + GAP;
        any = true;
    }
    if any { y + LINE } else { top }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_differ_without_colour_too() {
        let all: Vec<Curve> = (0..105).map(Curve::new).collect();
        for (at, curve) in all.iter().enumerate() {
            assert!(!all[..at].contains(curve), "{at}");
            assert_eq!(curve.dash.is_empty(), at == 0, "an unbroken one covers those below it");
        }
        for pair in all[..8].windows(2) {
            assert_ne!((pair[0].dash, pair[0].marker), (pair[1].dash, pair[1].marker));
        }
    }

    #[test]
    fn a_full_line_is_followed_by_another() {
        let items: Vec<(Sample, String)> =
            (0..9).map(|at| (Sample::Block(QUIET), format!("a series called {at}"))).collect();
        let mut picture = Picture::new(340);
        let bottom = draw(&mut picture, &items, (0, 10));
        assert!(bottom > 10 + 3 * LINE, "{bottom}");
        for mark in &picture.marks {
            let (left, _, right, low) = mark.bounds();
            assert!(left >= 0 && right <= 340 && low <= bottom, "{mark:?}");
        }
        assert_eq!(draw(&mut picture, &[(Sample::Block(QUIET), String::new())], (0, 10)), 10);
    }
}
