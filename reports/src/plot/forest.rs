//! The forest plot: ratios with their intervals, a row each, on a logarithmic axis around 1.
//!
//! On a logarithmic axis half and double are equally far from 1. Blue and orange repeat what the place
//! of the interval says: on which side of 1 all of it is.

use super::picture::{
    Anchor, BASE, FASTER, GRID, Label, LegendSample, NEITHER, Paint, Picture, QUIET, SLOWER, TEXT, legend,
};
use super::scale::{self, Axis, Tick, drawable_ratio};
use super::text::{self, LINE, SIZE, SMALL};
use super::{PlotInterval, RatioPanel, RatioRow, WIDTH};

/// The height of what is drawn in a row.
const STRIP: i32 = 14;
/// The axis spans at least this factor, so that noise does not fill it.
const LEAST_SPAN: f64 = 1.2;
const LABEL_ROOM: i32 = 230;
const REMARK_ROOM: i32 = 190;
/// Room for a dot at the end of the axis.
const EDGE: i32 = 8;
/// With more than this above an axis it is out of sight: then each panel has its own.
const SCREEN: i32 = 700;
/// An interval lets its range and the grid show through.
const INTERVAL: f64 = 0.38;

pub(super) fn draw(baseline: &str, panels: &[RatioPanel]) -> Picture {
    let ratios = || panels.iter().flat_map(|panel| &panel.rows);
    let widest = |of: fn(&RatioRow) -> &str, size| {
        ratios().map(|row| text::width(&text::clean(of(row)), size)).max().unwrap_or(0)
    };
    let label = widest(|row| &row.label, SIZE).min(LABEL_ROOM);
    let remark = widest(|row| &row.remark, SMALL).min(REMARK_ROOM);
    let with_gap = |room: i32| if room > 0 { room + 12 } else { 0 };
    let room = (with_gap(label) + EDGE, WIDTH - with_gap(remark) - EDGE);
    let axis = Axis::log(ratios().flat_map(values).chain([1.0]), LEAST_SPAN, room);
    let forest = Forest { ticks: scale::log(&axis, "x"), axis, label, remark };

    let mut picture = Picture::new(WIDTH);
    let mut y = LINE + 4;
    let tall = ratios().count() as i32 * (STRIP + 10) > SCREEN;
    let drawn = ratios().any(|row| values(row).any(f64::is_finite));
    for (at, panel) in panels.iter().enumerate() {
        y = forest.panel(&mut picture, panel, y + if at > 0 { 14 } else { 0 });
        let last = at + 1 == panels.len();
        if drawn && (last || (tall && !panel.rows.is_empty())) {
            for tick in &forest.ticks {
                picture.centred(&tick.text, (tick.at, y + 4 + LINE / 2), QUIET);
            }
            y += LINE + 6;
        }
    }
    if panels.is_empty() {
        y = no_rows(&mut picture, y);
    }
    picture.height = y + 4;
    if ratios().next().is_some() {
        let baseline = text::clean(baseline);
        let name = if baseline.is_empty() { "1x".into() } else { format!("1x = {baseline}") };
        picture.centred(&name, (axis.at(1.0), LINE / 2 + 1), QUIET);
        let items = [
            (LegendSample::Dot(NEITHER), "estimate"),
            (LegendSample::Thick(Paint { opacity: INTERVAL, ..NEITHER }), "its interval"),
            (LegendSample::Thin(NEITHER), "smallest to largest"),
            (LegendSample::Dot(FASTER), "interval below 1x"),
            (LegendSample::Dot(SLOWER), "interval above 1x"),
        ];
        picture.height = legend(&mut picture, &items.map(|(sample, name)| (sample, name.to_owned())), y + 6) + 4;
    }
    picture
}

struct Forest {
    axis: Axis,
    ticks: Vec<Tick>,
    label: i32,
    remark: i32,
}

impl Forest {
    /// Draws a heading and its rows from `top` on; returns where they end.
    fn panel(&self, picture: &mut Picture, panel: &RatioPanel, top: i32) -> i32 {
        let title = text::clean(&panel.title);
        let heading = text::wrap_bold(&title, SIZE, WIDTH, 2);
        let start = top + if heading.is_empty() { 0 } else { heading.len() as i32 * LINE + 4 };
        picture.lines(&heading, Label::new(title, (0, top + LINE / 2), Anchor::Start, SIZE).bold(), TEXT);
        if panel.rows.is_empty() {
            return no_rows(picture, start);
        }
        let texts: Vec<[(String, Vec<String>); 2]> = panel.rows.iter().map(|row| self.texts(row)).collect();
        let height = |[(_, label), (_, remark)]: &[(String, Vec<String>); 2]| {
            STRIP.max(label.len().max(remark.len()) as i32 * LINE) + 8
        };
        let end = start + texts.iter().map(height).sum::<i32>();
        // The grid is behind all rows.
        let base = self.axis.at(1.0);
        for tick in self.ticks.iter().filter(|tick| tick.at != base) {
            picture.line((tick.at, start), (tick.at, end), 1, GRID);
        }
        picture.line((base, start), (base, end), 1, BASE);
        let mut y = start;
        for (row, texts) in panel.rows.iter().zip(texts) {
            let middle = y + height(&texts) / 2;
            y += height(&texts);
            let [label, remark] = texts;
            for ((all, lines), x, size, paint) in [(label, 0, SIZE, TEXT), (remark, WIDTH - self.remark, SMALL, QUIET)]
            {
                let first = middle - (lines.len() as i32 - 1) * LINE / 2;
                picture.lines(&lines, Label::new(all, (x, first), Anchor::Start, size), paint);
            }
            self.row(picture, row, middle);
        }
        end
    }

    fn texts(&self, row: &RatioRow) -> [(String, Vec<String>); 2] {
        let (label, remark) = (text::clean(&row.label), text::clean(&row.remark));
        let lines = [text::wrap(&label, SIZE, self.label, 2), text::wrap(&remark, SMALL, self.remark, 3)];
        let [labels, remarks] = lines;
        [(label, labels), (remark, remarks)]
    }

    fn row(&self, picture: &mut Picture, row: &RatioRow, y: i32) {
        let (paint, tip, at) = (paint(row), tip(row), |value| self.axis.at(value));
        if let Some(range) = row.range.filter(is_drawable) {
            picture.line((at(range.low), y), (at(range.high), y), 2, paint).tip(&tip);
        }
        if let Some(interval) = row.interval.filter(is_drawable) {
            let (low, high) = ((at(interval.low), y - STRIP / 2), (at(interval.high), y + STRIP / 2));
            picture.rect(low, high, Paint { opacity: INTERVAL, ..paint }).tip(&tip);
        }
        if let Some(value) = row.value.and_then(drawable_ratio) {
            picture.dot((at(value), y), 4, paint).tip(&tip);
        }
    }
}

fn no_rows(picture: &mut Picture, top: i32) -> i32 {
    picture.text(Label::new("no rows", (0, top + LINE / 2), Anchor::Start, SMALL), QUIET);
    top + LINE + 4
}

fn values(row: &RatioRow) -> impl Iterator<Item = f64> {
    let intervals = [row.interval, row.range].into_iter().flatten();
    row.value.into_iter().chain(intervals.flat_map(|interval| [interval.low, interval.high]))
}

/// Whether an interval has a place: a lower end of 0 is drawn to the end of the axis, an upper one is nonsense.
fn is_drawable(interval: &PlotInterval) -> bool {
    interval.low.is_finite() && drawable_ratio(interval.high).is_some()
}

fn paint(row: &RatioRow) -> Paint {
    match row.interval {
        Some(interval) if interval.high < 1.0 => FASTER,
        Some(interval) if interval.low > 1.0 => SLOWER,
        _ => NEITHER,
    }
}

fn tip(row: &RatioRow) -> String {
    let bounds = |name: &str, interval: Option<PlotInterval>| {
        interval.map_or_else(String::new, |it| {
            format!(", {name} {} to {}", crate::text::factor(Some(it.low)), crate::text::factor(Some(it.high)))
        })
    };
    let (interval, range) = (bounds("interval", row.interval), bounds("from", row.range));
    format!("{}: {}{interval}{range}", row.label, crate::text::factor(row.value))
}

#[cfg(test)]
mod tests {
    use super::super::picture::{Point, Shape};
    use super::*;

    fn ratio(value: f64) -> RatioRow {
        let around = |low, high| Some(PlotInterval { low: value * low, high: value * high });
        let remark = String::new();
        RatioRow { label: "a".into(), value: Some(value), interval: around(0.9, 1.1), range: around(0.8, 1.25), remark }
    }

    fn panel(rows: Vec<RatioRow>) -> Vec<RatioPanel> {
        vec![RatioPanel { title: "fill".into(), rows }]
    }

    /// Dots of estimates: those of the legend have no tip.
    fn dots(picture: &Picture) -> Vec<Point> {
        let dots = picture.marks.iter().filter(|mark| !mark.tip.is_empty()).filter_map(|mark| match mark.shape {
            Shape::Dot(centre, _) => Some(centre),
            _ => None,
        });
        dots.collect()
    }

    fn texts<'a>(picture: &'a Picture, wanted: &str) -> Vec<&'a super::super::picture::PlotMark> {
        let is = |shape: &Shape| matches!(shape, Shape::Text(label) if label.text == wanted);
        picture.marks.iter().filter(|mark| is(&mark.shape)).collect()
    }

    #[test]
    fn half_and_double_are_equally_far_from_the_line_at_one() {
        let picture = draw("none", &panel(vec![ratio(0.5), ratio(1.0), ratio(2.0)]));
        let dots = dots(&picture);
        let base = picture.marks.iter().find(|mark| mark.paint == BASE).expect("a line at 1").bounds().0;
        assert_eq!(dots[1].0, base);
        assert!(dots[0].0 < base);
        assert!(((base - dots[0].0) - (dots[2].0 - base)).abs() <= 1, "{dots:?} {base}");
        assert!(dots[0].1 < dots[1].1 && dots[1].1 < dots[2].1);
    }

    #[test]
    fn an_interval_is_inside_of_its_range_and_holds_its_dot() {
        let picture = draw("none", &panel(vec![ratio(0.3)]));
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
        assert_eq!(paint(&RatioRow { interval: None, ..ratio(0.5) }), NEITHER);
    }

    #[test]
    fn what_has_no_value_has_no_dot_but_its_remark() {
        let none = RatioRow { value: None, interval: None, range: None, remark: "not supported".into(), ..ratio(1.0) };
        let odd = PlotInterval { low: 0.0, high: f64::INFINITY };
        let odd = RatioRow { value: Some(f64::NAN), interval: Some(odd), ..none.clone() };
        let picture = draw("none", &panel(vec![none, odd]));
        assert!(dots(&picture).is_empty());
        assert_eq!(texts(&picture, "not supported").len(), 2);
    }

    #[test]
    fn the_baseline_is_named() {
        assert_eq!(texts(&draw("none", &panel(vec![ratio(1.0)])), "1x = none").len(), 1);
    }

    #[test]
    fn texts_are_beside_the_strip() {
        let mut row = ratio(1.0);
        (row.label, row.remark) = ("label".into(), "remark".into());
        let picture = draw("none", &panel(vec![row]));
        let range = picture.marks.iter().find(|mark| !mark.tip.is_empty()).expect("a range").bounds();
        let place = |wanted| texts(&picture, wanted)[0].bounds();
        assert!(place("label").2 < range.0 && range.2 < place("remark").0);
    }

    #[test]
    fn an_axis_is_never_out_of_sight() {
        let axes = |rows: usize| {
            let panel = RatioPanel { title: "fill".into(), rows: vec![ratio(1.0); rows] };
            texts(&draw("none", &[panel.clone(), panel]), "1x").len()
        };
        assert_eq!(axes(1), 1);
        assert_eq!(axes(40), 2);
    }

    #[test]
    fn no_rows_are_said() {
        for panels in [vec![], panel(vec![])] {
            assert_eq!(texts(&draw("none", &panels), "no rows").len(), 1);
        }
    }
}
