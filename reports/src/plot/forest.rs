//! The forest plot: ratios with their intervals, a row each, on a logarithmic axis around 1.
//!
//! On a logarithmic axis half and double are equally far from 1. Blue and orange repeat what the place
//! of the interval says: on which side of 1 all of it is.

use super::axis::{Axis, plain};
use super::svg::{Anchor, BASE, GRID, Paint, QUIET, SERIES, Svg, TEXT, solid};
use super::{LINE, PlotInterval, RatioPanel, RatioRow, WIDTH};
use crate::text::factor;

const ROW: i32 = 24;
/// The axis is between the labels and the remarks.
const AXIS: (i32, i32) = (250, WIDTH - 200);
/// The axis spans at least this factor, so that noise does not fill it.
const LEAST_SPAN: f64 = 1.2;
const LEGEND: &str = "dot: estimate; thick: its interval; thin: smallest to largest; blue, orange: the interval is \
                      below, above 1x";

pub(super) fn draw(baseline: &str, panels: &[RatioPanel]) -> Svg {
    let mut svg = Svg::new(WIDTH);
    let rows = || panels.iter().flat_map(|panel| &panel.rows);
    let axis = Axis::log(rows().flat_map(values).chain([1.0]), LEAST_SPAN, AXIS);
    let ticks = axis.ticks(60, |value| Some(format!("{}x", plain(value))));
    let mut y = LINE / 2;
    if rows().next().is_some() {
        let base = axis.at(1.0).unwrap_or(AXIS.0);
        svg.text(&format!("1x = {baseline}"), (base, y), Anchor::Middle, WIDTH, QUIET);
    }
    for panel in panels.iter().filter(|panel| !panel.rows.is_empty()) {
        y += LINE;
        svg.text(&panel.title, (0, y), Anchor::Start, WIDTH, TEXT);
        let (top, end) = (y + LINE / 2, y + LINE / 2 + ROW * panel.rows.len() as i32);
        // The grid is behind all rows, and every panel has its axis in sight.
        for tick in &ticks {
            let paint = if tick.value == 1.0 { BASE } else { GRID };
            svg.line(&[(tick.at, top), (tick.at, end)], 1, "", paint, "");
            svg.text(&tick.text, (tick.at, end + LINE / 2), Anchor::Middle, WIDTH, QUIET);
        }
        for (row, at) in panel.rows.iter().zip(0..) {
            draw_row(&mut svg, &axis, row, top + ROW * at + ROW / 2);
        }
        y = end + LINE;
    }
    y += LINE;
    let last = if rows().next().is_some() { LEGEND } else { "no rows" };
    svg.text(last, (0, y), Anchor::Start, WIDTH, QUIET);
    svg.height = y + LINE;
    svg
}

fn draw_row(svg: &mut Svg, axis: &Axis, row: &RatioRow, y: i32) {
    svg.text(&row.label, (0, y), Anchor::Start, AXIS.0 - 12, TEXT);
    svg.text(&row.remark, (AXIS.1 + 12, y), Anchor::Start, WIDTH - AXIS.1 - 12, QUIET);
    let (paint, tip) = (paint(row), tip(row));
    // A lower end of 0 is drawn to the end of the axis, an upper one is nonsense.
    let ends = |it: PlotInterval| Some((axis.at(it.low).or(it.low.is_finite().then_some(AXIS.0))?, axis.at(it.high)?));
    if let Some((low, high)) = row.range.and_then(ends) {
        svg.line(&[(low, y), (high, y)], 2, "", paint, &tip);
    }
    if let Some((low, high)) = row.interval.and_then(ends) {
        // An interval lets its range and the grid show through.
        let corners = [(low, y - 7), (high, y - 7), (high, y + 7), (low, y + 7)];
        svg.area(&corners, Paint { opacity: 0.38, ..paint }, &tip);
    }
    if let Some(at) = row.value.and_then(|value| axis.at(value)) {
        svg.dot((at, y), paint, &tip);
    }
}

fn values(row: &RatioRow) -> impl Iterator<Item = f64> {
    let intervals = [row.interval, row.range].into_iter().flatten();
    row.value.into_iter().chain(intervals.flat_map(|interval| [interval.low, interval.high]))
}

fn paint(row: &RatioRow) -> Paint {
    match row.interval {
        Some(interval) if interval.high < 1.0 => solid(SERIES[0]),
        Some(interval) if interval.low > 1.0 => solid(SERIES[1]),
        _ => solid(SERIES[6]),
    }
}

fn tip(row: &RatioRow) -> String {
    let bounds = |name: &str, interval: Option<PlotInterval>| {
        interval
            .map_or_else(String::new, |it| format!(", {name} {} to {}", factor(Some(it.low)), factor(Some(it.high))))
    };
    let (interval, range) = (bounds("interval", row.interval), bounds("from", row.range));
    format!("{}: {}{interval}{range}", row.label, factor(row.value))
}
