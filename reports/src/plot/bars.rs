//! Horizontal bars, side by side or stacked.
//!
//! In: panels of [`Bar`], a value for each series. Out: a [`Picture`]: all bars start at
//! 0 and are as long as their values, negative ones to the left; the value stands at the
//! end of its bar, and a stack has its sum there.

use super::axis::{Axis, drawable};
use super::chart::{Bar, Panel, Unit};
use super::draw::Width;
use super::layout::{self, SMALL};
use super::legend::{self, Sample};
use super::palette::{self, QUIET};
use super::picture::{Anchor, Picture, Words};
use super::rows::{Entry, Group, Rows};
use super::ticks;
use crate::table::UNMEASURED;

const THICK: i32 = 14;
const STACK: i32 = 18;
const GAP: i32 = 2;

/// Draws the chart.
pub fn draw(unit: Unit, series: &[String], stacked: bool, panels: &[Panel<Bar>], width: Width) -> Picture {
    let names: Vec<String> = series.iter().map(|name| layout::clean(name)).collect();
    let bars = || panels.iter().flat_map(|panel| &panel.rows);
    let count = bars().map(|bar| bar.values.len()).max().unwrap_or(0).max(names.len()).max(1);
    let strip = if stacked { STACK } else { count as i32 * (THICK + GAP) - GAP };
    let mut picture = Picture::new(width.units());
    let items: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, name)| (Sample::Block(palette::solid(palette::series(at))), name.clone()))
        .collect();
    let top = legend::draw(&mut picture, &items, (0, 2));
    let rows = Rows::lay(&groups(panels, strip), if top > 2 { top + 10 } else { 0 }, width);
    let ends: Vec<f64> =
        bars().flat_map(|bar| if stacked { ends(bar).to_vec() } else { measured(bar).collect() }).collect();
    let chart = Chart { unit, names, count, axis: Axis::from_zero(ends, room(unit, stacked, panels, rows.room)) };
    rows.draw(&mut picture, &ticks::linear(&chart.axis, unit, 90), chart.axis.at(0.0));
    for (panel, middles) in panels.iter().zip(&rows.middles) {
        for (bar, middle) in panel.rows.iter().zip(middles) {
            if stacked { chart.stack(&mut picture, bar, *middle) } else { chart.group(&mut picture, bar, *middle) }
        }
    }
    picture.height = rows.bottom + 4;
    picture
}

fn groups(panels: &[Panel<Bar>], strip: i32) -> Vec<Group> {
    let entry = |bar: &Bar| Entry { label: layout::clean(&bar.label), remark: String::new(), strip };
    let group = |panel: &Panel<Bar>| Group {
        title: layout::clean(&panel.title),
        entries: panel.rows.iter().map(entry).collect(),
    };
    panels.iter().map(group).collect()
}

fn measured(bar: &Bar) -> impl Iterator<Item = f64> {
    bar.values.iter().flatten().copied().filter_map(drawable)
}

/// How far a stack goes to the left and to the right of 0.
fn ends(bar: &Bar) -> [f64; 2] {
    [measured(bar).map(|value| value.min(0.0)).sum(), measured(bar).map(|value| value.max(0.0)).sum()]
}

/// The room of the axis: what `rows` leaves, less that of the values at the ends of bars.
fn room(unit: Unit, stacked: bool, panels: &[Panel<Bar>], (left, right): (i32, i32)) -> (i32, i32) {
    let widest = |negative: bool| {
        let bars = panels.iter().flat_map(|panel| &panel.rows);
        let texts = bars.flat_map(|bar| match stacked {
            true => vec![sum(unit, bar)].into_iter().filter(|_| !negative).collect(),
            false => {
                let of_sign = measured(bar).filter(|value| (*value < 0.0) == negative);
                of_sign.map(|value| ticks::shown(unit, value)).collect::<Vec<_>>()
            }
        });
        texts.map(|text| layout::width(&text, SMALL) + 8).max().unwrap_or(0)
    };
    (left + widest(true), right - widest(false).max(16))
}

/// The sum of a stack; one that lacks a part says so.
fn sum(unit: Unit, bar: &Bar) -> String {
    if measured(bar).next().is_none() {
        return UNMEASURED.into();
    }
    let total = ticks::shown(unit, measured(bar).sum());
    let whole = bar.values.iter().all(|value| value.and_then(drawable).is_some());
    if whole { total } else { format!("{total} in part") }
}

struct Chart {
    unit: Unit,
    names: Vec<String>,
    count: usize,
    axis: Axis,
}

impl Chart {
    /// A bar for each series, one below the other.
    fn group(&self, picture: &mut Picture, bar: &Bar, middle: i32) {
        let top = middle - (self.count as i32 * (THICK + GAP) - GAP) / 2;
        let zero = self.axis.at(0.0);
        for at in 0..self.count {
            let y = top + at as i32 * (THICK + GAP);
            let text_y = y + THICK / 2;
            let Some(value) = bar.values.get(at).copied().flatten().and_then(drawable) else {
                picture.text(Words::new(UNMEASURED, (zero + 5, text_y), Anchor::Start, SMALL), QUIET);
                continue;
            };
            let shown = ticks::shown(self.unit, value);
            let end = self.at_least_one(zero, value);
            let paint = palette::solid(palette::series(at));
            picture.rect((zero, y), (end, y + THICK), paint).tip(self.tip(bar, at, &shown));
            let (x, anchor) = if value < 0.0 { (end - 5, Anchor::End) } else { (end + 5, Anchor::Start) };
            picture.text(Words::new(shown, (x, text_y), anchor, SMALL), QUIET);
        }
    }

    /// The bars of a row end to end, negative ones to the left of 0, and their sum.
    fn stack(&self, picture: &mut Picture, bar: &Bar, middle: i32) {
        let (mut below, mut above) = (0.0, 0.0);
        let y = middle - STACK / 2;
        for (at, value) in bar.values.iter().enumerate() {
            let Some(value) = value.and_then(drawable) else { continue };
            let side = if value < 0.0 { &mut below } else { &mut above };
            let (from, to) = (self.axis.at(*side), self.axis.at(*side + value));
            *side += value;
            // A hair of the page between two parts tells them apart without colour.
            let to = if (to - from).abs() > 2 { to - (to - from).signum() } else { to };
            let shown = ticks::shown(self.unit, value);
            let rgb = palette::series(at);
            picture.rect((from, y), (to, y + STACK), palette::solid(rgb)).tip(self.tip(bar, at, &shown));
            if layout::width(&shown, SMALL) + 10 <= (to - from).abs() {
                let words = Words::new(shown, ((from + to) / 2, middle), Anchor::Middle, SMALL);
                picture.text(words, palette::text_on(rgb));
            }
        }
        let x = self.axis.at(above) + 5;
        picture.text(Words::new(sum(self.unit, bar), (x, middle), Anchor::Start, SMALL), QUIET);
    }

    /// The end of a bar; one of a value other than 0 can be seen.
    fn at_least_one(&self, zero: i32, value: f64) -> i32 {
        let end = self.axis.at(value);
        if end == zero && value != 0.0 { zero + value.signum() as i32 } else { end }
    }

    fn tip(&self, bar: &Bar, at: usize, shown: &str) -> String {
        let name = self.names.get(at).filter(|name| !name.is_empty());
        name.map_or_else(|| format!("{}: {shown}", bar.label), |name| format!("{}, {name}: {shown}", bar.label))
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::Shape;
    use super::*;

    fn panel(rows: &[&[Option<f64>]]) -> Vec<Panel<Bar>> {
        let rows = rows.iter().map(|values| Bar { label: "row".into(), values: values.to_vec() });
        vec![Panel { title: "size".into(), rows: rows.collect() }]
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).into()).collect()
    }

    /// Left and width of bars: those with a tip, which squares of the legend have not.
    fn rects(picture: &Picture) -> Vec<(i32, i32)> {
        let rect = |mark: &super::super::picture::Mark| match mark.shape {
            Shape::Rect((x, _), (width, _)) if !mark.tip.is_empty() => Some((x, width)),
            _ => None,
        };
        picture.marks.iter().filter_map(rect).collect()
    }

    fn texts(picture: &Picture) -> Vec<&str> {
        let texts = picture.marks.iter().map(|mark| match &mark.shape {
            Shape::Text(words) => Some(words.text.as_str()),
            _ => None,
        });
        texts.flatten().collect()
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        for width in [Width::Wide, Width::Narrow] {
            let picture = draw(Unit::Seconds, &names(&["a", "b"]), false, &panel(&[&[Some(2.0), Some(8.0)]]), width);
            let rects = rects(&picture);
            assert_eq!(rects[0].0, rects[1].0);
            assert!((rects[0].1 * 4 - rects[1].1).abs() <= 4, "{rects:?}");
            assert!(texts(&picture).contains(&"8.00 s"));
        }
    }

    #[test]
    fn a_negative_bar_ends_where_a_positive_one_starts() {
        let values = panel(&[&[Some(-1024.0)], &[Some(1024.0)], &[Some(1e-3)], &[Some(0.0)]]);
        let picture = draw(Unit::Bytes, &names(&["a"]), false, &values, Width::Narrow);
        let rects = rects(&picture);
        assert_eq!(rects[0].0 + rects[0].1, rects[1].0);
        assert_eq!((rects[2].1, rects[3].1), (1, 0));
        assert!(texts(&picture).contains(&"-1.0 KiB"));
    }

    #[test]
    fn a_stack_is_as_long_as_its_sum() {
        let values = panel(&[&[Some(2.0), Some(6.0)], &[Some(8.0), None]]);
        let picture = draw(Unit::Seconds, &names(&["a", "b"]), true, &values, Width::Wide);
        let rects = rects(&picture);
        let end = |(x, width): (i32, i32)| x + width;
        assert!((end(rects[1]) - end(rects[2])).abs() <= 1, "{rects:?}");
        assert!((end(rects[0]) - rects[1].0).abs() <= 1, "{rects:?}");
        assert!(texts(&picture).contains(&"8.00 s"));
        assert!(texts(&picture).contains(&"8.00 s in part"));
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        for stacked in [true, false] {
            let values = panel(&[&[None, Some(f64::NAN)]]);
            let picture = draw(Unit::Count, &names(&["a", "b"]), stacked, &values, Width::Wide);
            assert!(rects(&picture).is_empty());
            assert!(texts(&picture).contains(&UNMEASURED));
        }
    }
}
