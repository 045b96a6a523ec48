//! From a plot to SVG.
//!
//! In: a [`Plot`] and a width. Out: SVG for a page, or a file that stands alone.

use super::chart::{Chart, Plot};
use super::layout::{self, LINE, SIZE};
use super::palette::{QUIET, TEXT};
use super::picture::{Anchor, Picture, Shape, Words};
use super::{bars, heat, lines, ratios, svg, timeline};

/// How wide a plot is. A page holds both and shows the one that fits its screen, so that
/// text is as large on a telephone as on a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// For a desk.
    Wide,
    /// For a telephone: labels stand above their rows.
    Narrow,
}

impl Width {
    /// In units of the picture, which are CSS pixels where it is not scaled.
    pub const fn units(self) -> i32 {
        match self {
            Width::Wide => 1080,
            Width::Narrow => 340,
        }
    }
}

/// Around the picture in a file of its own.
const MARGIN: i32 = 20;
const TITLE_SIZE: i32 = 17;

impl Plot {
    /// An `<svg>` element for an HTML page: it takes the width it is given, its text has the
    /// colour of the page and its background is that of the page. Title and finding are its
    /// label, not part of the picture.
    pub fn svg(&self, width: Width) -> String {
        svg::inline(&self.picture(width), &format!("{}. {}", self.title, self.finding))
    }

    /// A file that can be shown by itself, with title and finding above the picture.
    pub fn svg_file(&self) -> String {
        let (title, finding) = (layout::clean(&self.title), layout::clean(&self.finding));
        let mut chart = self.picture(Width::Wide);
        let mut out = Picture::new(chart.width + 2 * MARGIN);
        // Bold letters are wider than those that are measured.
        let heading = layout::wrap(&title, TITLE_SIZE, chart.width * 100 / 112, 3);
        let text = layout::wrap(&finding, SIZE, chart.width, 12);
        let mut y = MARGIN + TITLE_SIZE / 2;
        for line in heading {
            out.text(Words::new(line, (MARGIN, y), Anchor::Start, TITLE_SIZE).bold(), TEXT);
            y += TITLE_SIZE + 7;
        }
        for line in text {
            out.text(Words::new(line, (MARGIN, y), Anchor::Start, SIZE), QUIET);
            y += LINE + 1;
        }
        y += 8;
        out.height = y + chart.height + MARGIN;
        for mark in &mut chart.marks {
            mark.shape.shift(MARGIN, y);
        }
        out.marks.append(&mut chart.marks);
        svg::file(&out, &title, &finding)
    }

    /// The picture without its title.
    pub(super) fn picture(&self, width: Width) -> Picture {
        match &self.chart {
            Chart::Ratios { baseline, panels } => ratios::draw(baseline, panels, width),
            Chart::Bars { unit, series, stacked, panels } => bars::draw(*unit, series, *stacked, panels, width),
            Chart::Heat { columns, panels } => heat::draw(columns, panels, width),
            Chart::Lines { x, y, unit, log_x, lines } => lines::draw((x, y), *unit, *log_x, lines, width),
            Chart::Timeline { y, scale, pasts } => timeline::draw(y, *scale, pasts, width),
        }
    }
}

impl Shape {
    fn shift(&mut self, right: i32, down: i32) {
        let shift = |(x, y): &mut (i32, i32)| {
            *x += right;
            *y += down;
        };
        match self {
            Shape::Rect(corner, _) => shift(corner),
            Shape::Path(points, _) | Shape::Area(points) => points.iter_mut().for_each(shift),
            Shape::Dot(centre, _) => shift(centre),
            Shape::Text(words) => shift(&mut words.at),
        }
    }
}
