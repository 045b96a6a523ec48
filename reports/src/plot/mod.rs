//! Plots as SVG: numbers in, one drawing with units and a finding out.
//!
//! A [`Plot`] is data. It is drawn once: text and axes are in `currentColor`, so that light and dark
//! pages show it alike, and it scales by its `viewBox`. `forest` and `lines` draw a kind of chart
//! each; `axis` places and names values; `svg` writes the marks. Nothing here fails: a value that is
//! not a number is left out, text without room ends in `…` and has all of it as a tip.

mod axis;
mod forest;
mod lines;
mod svg;
#[cfg(test)]
mod tests;

use svg::{Anchor, QUIET, Svg, TEXT};

/// A plot before it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Unique in a report, of ASCII letters, digits and `-`: the name of its file.
    pub id: String,
    /// What is shown.
    pub title: String,
    /// The conclusion, with numbers.
    pub finding: String,
    /// The numbers.
    pub chart: Chart,
}

/// The numbers of a plot and the way they are drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Chart {
    /// A forest plot: a dot with its interval a row, on a logarithmic axis with a line at 1.
    Ratios {
        /// The arm that has the ratio 1, e.g. `none`.
        baseline: String,
        /// From top to bottom, with one common axis.
        panels: Vec<RatioPanel>,
    },
    /// Curves.
    Lines {
        /// The horizontal axis.
        x: HorizontalScale,
        /// The name of the vertical axis.
        y: String,
        /// The vertical axis.
        scale: VerticalScale,
        /// The curves.
        lines: Vec<PlotLine>,
    },
}

/// Rows of a forest plot with a common heading, e.g. all strategies in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct RatioPanel {
    /// The heading; may be empty.
    pub title: String,
    /// From top to bottom.
    pub rows: Vec<RatioRow>,
}

/// A row of a forest plot.
#[derive(Debug, Clone, PartialEq)]
pub struct RatioRow {
    /// The name of the arm.
    pub label: String,
    /// The estimate.
    pub value: Option<f64>,
    /// Its interval, drawn thick.
    pub interval: Option<PlotInterval>,
    /// Smallest and largest single value, drawn thin.
    pub range: Option<PlotInterval>,
    /// Text at the end of the row, e.g. `0.39 s, faster`.
    pub remark: String,
}

/// A lower and an upper bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlotInterval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// A curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlotLine {
    /// The name of the curve.
    pub name: String,
    /// By rising x.
    pub points: Vec<(f64, f64)>,
    /// The band around each point; empty where there is none.
    pub band: Vec<PlotInterval>,
    /// Indexes of points that are marked, each with its tip: where the values changed.
    pub changes: Vec<(usize, String)>,
}

/// The horizontal axis of [`Chart::Lines`].
#[derive(Debug, Clone, PartialEq)]
pub enum HorizontalScale {
    /// Things, logarithmic, since most happens at the beginning; the name of the axis.
    Counts(String),
    /// Days since 1970-01-01.
    Dates,
}

/// The vertical axis of [`Chart::Lines`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerticalScale {
    /// Logarithmic, with a line at 1.
    Ratio,
    /// Linear, from 0.
    Amount(ValueUnit),
}

/// The unit of values, and so how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueUnit {
    /// Seconds.
    Seconds,
    /// A part of a whole, 0 to 1, shown in per cent.
    Share,
}

/// The width of a drawing, in its units.
const WIDTH: i32 = 760;
/// The room around the drawing in a file of its own.
const MARGIN: i32 = 20;
/// From one line of text to the next.
const LINE: i32 = 18;

impl Plot {
    /// An `<svg>` element for an HTML page, which takes the width it is given. Title and finding are
    /// its label, not part of the drawing.
    pub fn svg(&self) -> String {
        let label = svg::escape(&format!("{}. {}", self.title, self.finding));
        self.drawing().element(&format!("role=\"img\" aria-label=\"{label}\""))
    }

    /// A file that can be shown by itself, with title and finding above the drawing.
    pub fn svg_file(&self) -> String {
        let chart = self.drawing();
        let mut out = Svg::new(WIDTH + 2 * MARGIN);
        out.height = MARGIN;
        for (text, paint) in [(&self.title, TEXT), (&self.finding, QUIET)] {
            for line in crate::text::wrap(text, 96, 0).lines() {
                out.text(line, (MARGIN, out.height + LINE / 2), Anchor::Start, WIDTH, paint);
                out.height += LINE;
            }
        }
        let place = format!("x=\"{MARGIN}\" y=\"{}\" width=\"{WIDTH}\" height=\"{}\"", out.height + 8, chart.height);
        out.height += 8 + chart.height + MARGIN;
        out.file(&self.title, &self.finding, &chart.element(&place))
    }

    fn drawing(&self) -> Svg {
        match &self.chart {
            Chart::Ratios { baseline, panels } => forest::draw(baseline, panels),
            Chart::Lines { x, y, scale, lines } => lines::draw(x, y, *scale, lines),
        }
    }
}
