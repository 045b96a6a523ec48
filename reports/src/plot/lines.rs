//! Curves, with bands, and with marks where their values changed.
//!
//! An amount has a linear vertical axis that holds 0, so that twice as high is twice as much; a ratio
//! has a logarithmic one with a line at 1. A point that is not a number breaks its curve. Curves differ
//! in dashes and markers too: colour is never all.

use jiff::Span;
use jiff::civil::Date;

use super::axis::{Axis, Tick, plain};
use super::svg::{Anchor, BASE, CurveStyle, GRID, Paint, Point, QUIET, Svg, solid};
use super::{HorizontalScale, LINE, PlotLine, ValueUnit, VerticalScale, WIDTH};
use crate::text::{factor, percent, seconds};

/// Where the grid begins, right of the names of its lines.
const LEFT: i32 = 70;
const HEIGHT: i32 = 280;
/// Markers of a curve are at least this far apart.
const APART: i32 = 16;

pub(super) fn draw(x: &HorizontalScale, y: &str, scale: VerticalScale, lines: &[PlotLine]) -> Svg {
    let mut svg = Svg::new(WIDTH);
    let mut top = LINE / 2;
    for (at, line) in lines.iter().enumerate() {
        // A legend of two columns.
        let (left, style) = (if at % 2 == 0 { 0 } else { WIDTH / 2 }, CurveStyle::new(at));
        svg.line(&[(left, top), (left + 36, top)], 2, style.dash, solid(style.rgb), "");
        style.mark(&mut svg, (left + 18, top), 1, "");
        svg.text(&line.name, (left + 44, top), Anchor::Start, WIDTH / 2 - 56, QUIET);
        if at % 2 == 1 || at + 1 == lines.len() {
            top += LINE;
        }
    }
    svg.text(y, (0, top + LINE / 2), Anchor::Start, WIDTH, QUIET);
    let (top, bottom) = (top + 2 * LINE, top + 2 * LINE + HEIGHT);

    let points = || lines.iter().flat_map(|line| &line.points);
    let heights = points().map(|point| point.1);
    let heights = heights.chain(lines.iter().flat_map(|line| &line.band).flat_map(|band| [band.low, band.high]));
    // Markers at both ends are inside of the drawing.
    let (wide, high) = ((LEFT + 12, WIDTH - 12), (bottom - 12, top + 12));
    let plane = PlotPlane {
        horizontal: match x {
            HorizontalScale::Counts(_) => Axis::log(points().map(|point| point.0), 1.5, wide),
            HorizontalScale::Dates => Axis::linear(points().map(|point| point.0), wide),
        },
        vertical: match scale {
            VerticalScale::Ratio => Axis::log(heights, 1.2, high),
            VerticalScale::Amount(_) => Axis::from_zero(heights, high),
        },
        scale,
        dates: *x == HorizontalScale::Dates,
    };
    plane.frame(&mut svg, (top, bottom));
    for (at, line) in lines.iter().enumerate() {
        plane.band(&mut svg, line, CurveStyle::new(at));
    }
    for (at, line) in lines.iter().enumerate() {
        plane.curve(&mut svg, line, CurveStyle::new(at), bottom);
    }
    let mut y = bottom + LINE + LINE / 2;
    if let HorizontalScale::Counts(name) = x {
        svg.text(name, ((LEFT + WIDTH) / 2, y), Anchor::Middle, WIDTH - LEFT, QUIET);
        y += LINE;
    }
    let lost = points().filter(|point| plane.place(**point).is_none()).count();
    if lost > 0 {
        svg.text(&format!("points that cannot be drawn: {lost}"), (0, y), Anchor::Start, WIDTH, QUIET);
    }
    svg.height = y + LINE;
    svg
}

struct PlotPlane {
    horizontal: Axis,
    vertical: Axis,
    scale: VerticalScale,
    dates: bool,
}

impl PlotPlane {
    fn place(&self, (x, y): (f64, f64)) -> Option<Point> {
        Some((self.horizontal.at(x)?, self.vertical.at(y)?))
    }

    fn frame(&self, svg: &mut Svg, (top, bottom): (i32, i32)) {
        let name = |value| match self.scale {
            VerticalScale::Ratio => format!("{}x", plain(value)),
            VerticalScale::Amount(ValueUnit::Seconds) => format!("{} s", plain(value)),
            VerticalScale::Amount(ValueUnit::Share) => format!("{}%", plain(value * 100.0)),
        };
        let base = if self.scale == VerticalScale::Ratio { 1.0 } else { 0.0 };
        for tick in self.vertical.ticks(24, |value| Some(name(value))) {
            let paint = if tick.value == base { BASE } else { GRID };
            svg.line(&[(LEFT, tick.at), (WIDTH, tick.at)], 1, "", paint, "");
            svg.text(&tick.text, (LEFT - 8, tick.at), Anchor::End, LEFT - 8, QUIET);
        }
        let below: Vec<Tick> = match self.dates {
            true => self.horizontal.days(date),
            false => self.horizontal.ticks(60, |value| (value.fract() == 0.0).then(|| plain(value))),
        };
        for tick in below {
            svg.line(&[(tick.at, top), (tick.at, bottom)], 1, "", GRID, "");
            svg.text(&tick.text, (tick.at, bottom + LINE / 2), Anchor::Middle, WIDTH, QUIET);
        }
    }

    fn band(&self, svg: &mut Svg, line: &PlotLine, style: CurveStyle) {
        let edge = |(point, band): (&(f64, f64), &super::PlotInterval)| {
            let x = self.place(*point)?.0;
            Some(((x, self.vertical.at(band.low)?), (x, self.vertical.at(band.high)?)))
        };
        let edges: Vec<Option<(Point, Point)>> = line.points.iter().zip(&line.band).map(edge).collect();
        for part in edges.split(Option::is_none).filter(|part| part.len() > 1) {
            let upper = part.iter().flatten().map(|edge| edge.1);
            let lower = part.iter().rev().flatten().map(|edge| edge.0);
            let corners: Vec<Point> = upper.chain(lower).collect();
            svg.area(&corners, Paint { opacity: 0.18, ..solid(style.rgb) }, "");
        }
    }

    /// Draws a curve, and a larger marker with a line down to its date for each change.
    fn curve(&self, svg: &mut Svg, line: &PlotLine, style: CurveStyle, bottom: i32) {
        let places: Vec<Option<Point>> = line.points.iter().map(|point| self.place(*point)).collect();
        for part in places.split(Option::is_none).filter(|part| part.len() > 1) {
            let part: Vec<Point> = part.iter().copied().flatten().collect();
            svg.line(&part, 2, style.dash, solid(style.rgb), "");
        }
        let mut last = i32::MIN / 2;
        for (place, value) in places.iter().zip(&line.points) {
            if let Some(place) = place.filter(|place| place.0 - last >= APART) {
                style.mark(svg, place, 1, &format!("{}: {}", line.name, self.show(*value)));
                last = place.0;
            }
        }
        for (at, what) in &line.changes {
            if let Some(Some(place)) = places.get(*at) {
                svg.line(&[*place, (place.0, bottom)], 1, "", Paint { opacity: 0.6, ..solid(style.rgb) }, "");
                style.mark(svg, *place, 2, &format!("{}: {what}", line.name));
            }
        }
    }

    fn show(&self, (x, y): (f64, f64)) -> String {
        let y = match self.scale {
            VerticalScale::Ratio => factor(Some(y)),
            VerticalScale::Amount(ValueUnit::Seconds) => seconds(Some(y)),
            VerticalScale::Amount(ValueUnit::Share) => percent(Some(y)),
        };
        format!("{}, {y}", if self.dates { date(x) } else { plain(x) })
    }
}

/// `2026-11-23`, from days since 1970-01-01.
pub(super) fn date(days: f64) -> String {
    let civil = |days| Date::constant(1970, 1, 1).checked_add(Span::new().try_days(days).ok()?).ok();
    civil(days.floor() as i64).map_or_else(String::new, |date| date.to_string())
}
