//! Ratios with their intervals, on a logarithmic axis around 1.
//!
//! In: panels of [`Ratio`]. Out: a [`Picture`]: a dot for each estimate, a thick bar for
//! its interval and a thin line from the smallest to the largest value. On a logarithmic
//! axis half and double are equally far from 1. Blue and orange say on which side of 1
//! all of the interval lies, as its place does.

use super::axis::{Axis, drawable_ratio};
use super::chart::{Interval, Panel, Ratio};
use super::draw::Width;
use super::layout::{self, LINE, SMALL};
use super::legend::{self, Sample};
use super::palette::{FASTER, NEITHER, Paint, QUIET, SLOWER};
use super::picture::{Anchor, Picture, Words};
use super::rows::{Entry, Group, Rows};
use super::ticks;
use crate::table;

const STRIP: i32 = 14;
const RADIUS: i32 = 4;
/// The axis spans at least this factor, so that noise does not fill it.
const LEAST_SPAN: f64 = 1.2;

/// Draws the chart.
pub fn draw(baseline: &str, panels: &[Panel<Ratio>], width: Width) -> Picture {
    let mut picture = Picture::new(width.units());
    let rows = Rows::lay(&panels.iter().map(group).collect::<Vec<_>>(), LINE + 4, width);
    let ratios = || panels.iter().flat_map(|panel| &panel.rows);
    let axis = Axis::log(ratios().flat_map(values).chain([1.0]), LEAST_SPAN, rows.room);
    let base = axis.at(1.0);
    rows.draw(&mut picture, &ticks::log(&axis, "x"), base);
    for (panel, middles) in panels.iter().zip(&rows.middles) {
        for (ratio, middle) in panel.rows.iter().zip(middles) {
            draw_ratio(&mut picture, ratio, &axis, *middle);
        }
    }
    picture.height = rows.bottom + 4;
    if ratios().next().is_some() {
        name_baseline(&mut picture, &layout::clean(baseline), base);
        picture.height = legend::draw(&mut picture, &legend(), (0, rows.bottom + 6)) + 4;
    }
    picture
}

/// An interval lets its range and the grid show through.
const INTERVAL: f64 = 0.38;

fn legend() -> [(Sample, String); 5] {
    [
        (Sample::Dot(NEITHER), "estimate"),
        (Sample::Thick(Paint { opacity: INTERVAL, ..NEITHER }), "its interval"),
        (Sample::Thin(NEITHER), "smallest to largest"),
        (Sample::Block(FASTER), "interval below 1x"),
        (Sample::Block(SLOWER), "interval above 1x"),
    ]
    .map(|(sample, name)| (sample, name.to_owned()))
}

fn group(panel: &Panel<Ratio>) -> Group {
    let entry = |ratio: &Ratio| Entry {
        label: layout::clean(&ratio.label),
        remark: layout::clean(&ratio.remark),
        strip: if values(ratio).any(f64::is_finite) { STRIP } else { 0 },
    };
    Group { title: layout::clean(&panel.title), entries: panel.rows.iter().map(entry).collect() }
}

fn values(ratio: &Ratio) -> impl Iterator<Item = f64> {
    let ends = |interval: Option<Interval>| interval.map(|interval| [interval.low, interval.high]);
    ratio
        .value
        .into_iter()
        .chain(ends(ratio.interval).into_iter().flatten())
        .chain(ends(ratio.range).into_iter().flatten())
}

/// Says what 1 stands for, above the line at 1 and inside of the picture.
fn name_baseline(picture: &mut Picture, baseline: &str, base: i32) {
    let text = if baseline.is_empty() { "1x".to_owned() } else { format!("1x = {baseline}") };
    let half = layout::width(&text, SMALL).min(picture.width) / 2 + 1;
    let x = base.min(picture.width - half).max(half);
    let room = picture.width - 2;
    picture.fitted(Words::new(text, (x, LINE / 2 + 1), Anchor::Middle, SMALL), room, QUIET);
}

fn draw_ratio(picture: &mut Picture, ratio: &Ratio, axis: &Axis, y: i32) {
    let paint = paint(ratio);
    let tip = tip(ratio);
    if let Some(range) = ratio.range.filter(is_drawable) {
        picture.line((axis.at(range.low), y), (axis.at(range.high), y), 2, paint).tip(&tip);
    }
    if let Some(interval) = ratio.interval.filter(is_drawable) {
        let (low, high) = (axis.at(interval.low), axis.at(interval.high));
        picture.rect((low, y - STRIP / 2), (high, y + STRIP / 2), Paint { opacity: INTERVAL, ..paint }).tip(&tip);
    }
    if let Some(value) = ratio.value.and_then(drawable_ratio) {
        picture.dot((axis.at(value), y), RADIUS, paint).tip(&tip);
    }
}

/// A lower end of 0 is drawn to the end of the axis; an upper one is nonsense.
fn is_drawable(interval: &Interval) -> bool {
    interval.low.is_finite() && drawable_ratio(interval.high).is_some()
}

fn paint(ratio: &Ratio) -> Paint {
    match ratio.interval {
        Some(interval) if interval.high < 1.0 => FASTER,
        Some(interval) if interval.low > 1.0 => SLOWER,
        _ => NEITHER,
    }
}

fn tip(ratio: &Ratio) -> String {
    let mut tip = format!("{}: {}", ratio.label, table::factor(ratio.value));
    let mut add = |name: &str, interval: Option<Interval>| {
        if let Some(Interval { low, high }) = interval {
            tip.push_str(&format!(", {name} {} to {}", table::factor(Some(low)), table::factor(Some(high))));
        }
    };
    add("interval", ratio.interval);
    add("from", ratio.range);
    tip
}

#[cfg(test)]
mod tests {
    use super::super::palette::BASE;
    use super::super::picture::{Point, Shape};
    use super::*;

    fn ratio(value: f64) -> Ratio {
        let around = |low, high| Some(Interval { low: value * low, high: value * high });
        let remark = String::new();
        Ratio { label: "a".into(), value: Some(value), interval: around(0.9, 1.1), range: around(0.8, 1.25), remark }
    }

    fn panel(rows: Vec<Ratio>) -> Vec<Panel<Ratio>> {
        vec![Panel { title: "fill".into(), rows }]
    }

    /// Dots of estimates: that of the legend is the last one.
    fn dots(picture: &Picture) -> Vec<Point> {
        let dots = picture.marks.iter().filter_map(|mark| match mark.shape {
            Shape::Dot(centre, _) => Some(centre),
            _ => None,
        });
        let mut dots: Vec<Point> = dots.collect();
        dots.pop();
        dots
    }

    fn base(picture: &Picture) -> i32 {
        let line = picture.marks.iter().find(|mark| mark.paint == BASE).expect("a line at 1");
        line.bounds().0
    }

    #[test]
    fn half_and_double_are_equally_far_from_the_line_at_one() {
        for width in [Width::Wide, Width::Narrow] {
            let picture = draw("none", &panel(vec![ratio(0.5), ratio(1.0), ratio(2.0)]), width);
            let dots = dots(&picture);
            let base = base(&picture);
            assert_eq!(dots[1].0, base);
            assert!(dots[0].0 < base);
            assert!(((base - dots[0].0) - (dots[2].0 - base)).abs() <= 1, "{dots:?} {base}");
            assert!(dots[0].1 < dots[1].1 && dots[1].1 < dots[2].1);
        }
    }

    #[test]
    fn an_interval_is_inside_of_its_range_and_holds_its_dot() {
        let picture = draw("none", &panel(vec![ratio(0.3)]), Width::Wide);
        let interval = picture.marks.iter().find(|mark| matches!(mark.shape, Shape::Rect(..))).expect("an interval");
        let range = picture.marks.iter().find(|mark| mark.tip.starts_with("a: ")).expect("a range");
        let (dot, interval, range) = (dots(&picture)[0], interval.bounds(), range.bounds());
        assert!(range.0 < interval.0 && interval.0 < dot.0 && dot.0 < interval.2 && interval.2 < range.2);
    }

    #[test]
    fn colour_says_on_which_side_the_interval_lies() {
        assert_eq!(paint(&ratio(0.5)), FASTER);
        assert_eq!(paint(&ratio(2.0)), SLOWER);
        assert_eq!(paint(&ratio(1.05)), NEITHER);
        assert_eq!(paint(&Ratio { interval: None, ..ratio(0.5) }), NEITHER);
    }

    #[test]
    fn what_has_no_value_has_no_dot_but_its_remark() {
        let none = Ratio { value: None, interval: None, range: None, remark: "not supported".into(), ..ratio(1.0) };
        let odd =
            Ratio { value: Some(f64::NAN), interval: Some(Interval { low: 0.0, high: f64::INFINITY }), ..none.clone() };
        let picture = draw("none", &panel(vec![none, odd]), Width::Narrow);
        assert!(dots(&picture).is_empty());
        let remarks = picture
            .marks
            .iter()
            .filter(|mark| matches!(&mark.shape, Shape::Text(words) if words.text == "not supported"));
        assert_eq!(remarks.count(), 2);
    }

    #[test]
    fn the_baseline_is_named() {
        let picture = draw("none", &panel(vec![ratio(1.0)]), Width::Wide);
        assert!(
            picture.marks.iter().any(|mark| matches!(&mark.shape, Shape::Text(words) if words.text == "1x = none"))
        );
    }
}
