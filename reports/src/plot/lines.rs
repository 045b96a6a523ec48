//! Curves, with bands, and with marks where their values changed.
//!
//! An amount has a linear vertical axis that holds 0, so that twice as high is twice as much; a ratio
//! has a logarithmic one with a line at 1. A point that is not a number breaks its curve. Curves differ
//! in dashes and markers too: colour is never all.

use jiff::Span;
use jiff::civil::Date;

use super::picture::{
    Anchor, BASE, CurveStyle, GRID, Label, LegendSample, Paint, Picture, Point, QUIET, legend, solid,
};
use super::scale::{self, Axis, Tick, drawable, drawable_ratio};
use super::text::{self, LINE, SMALL};
use super::{HorizontalScale, PlotLine, ValueUnit, VerticalScale, WIDTH};

/// A band lets others and the grid show through.
const BAND: f64 = 0.18;
/// Markers of a curve are at least this far apart.
const APART: i32 = 16;
/// By how much the marker of a change is larger than others.
const RIM: i32 = 3;
const HEIGHT: i32 = 280;

pub(super) fn draw(x: &HorizontalScale, y: &str, scale: VerticalScale, lines: &[PlotLine]) -> Picture {
    let mut picture = Picture::new(WIDTH);
    let named = |(at, line): (usize, &PlotLine)| (LegendSample::Curve(CurveStyle::new(at)), text::clean(&line.name));
    let top = legend(&mut picture, &lines.iter().enumerate().map(named).collect::<Vec<_>>(), 2) + 8;
    picture.fitted(Label::new(text::clean(y), (0, top + LINE / 2), Anchor::Start, SMALL), WIDTH, QUIET);
    let top = top + LINE + 8;
    let bottom = top + HEIGHT;

    let rim = if lines.iter().any(|line| !line.changes.is_empty()) { RIM } else { 0 };
    let plane = PlotPlane::new(x, scale, lines, (top, bottom));
    let plane = PlotPlane { horizontal: plane.horizontal.inset(rim), vertical: plane.vertical.inset(rim), ..plane };
    let runs: Vec<Runs> = lines.iter().map(|line| plane.runs(line)).collect();

    plane.frame(&mut picture, x, (top, bottom));
    for (at, runs) in runs.iter().enumerate() {
        shade(&mut picture, runs, CurveStyle::new(at));
    }
    for (at, line) in lines.iter().enumerate() {
        let style = CurveStyle::new(at);
        plane.curve(&mut picture, &line.name, &runs[at], style);
        plane.changes(&mut picture, line, style, bottom);
    }
    let mut y = bottom + LINE + 10;
    if let HorizontalScale::Linear(name) | HorizontalScale::Log(name) = x {
        let middle = (plane.left + WIDTH) / 2;
        let label = Label::new(text::clean(name), (middle, y + LINE / 2), Anchor::Middle, SMALL);
        picture.fitted(label, WIDTH - plane.left, QUIET);
        y += LINE;
    }
    let points = lines.iter().flat_map(|line| &line.points);
    let lost = points.filter(|point| plane.place(**point).is_none()).count();
    let notes = [
        lines.is_empty().then(|| "no curves".to_owned()),
        (lost > 0).then(|| format!("points that cannot be drawn: {lost}")),
    ];
    for note in notes.into_iter().flatten() {
        picture.text(Label::new(note, (0, y + LINE / 2), Anchor::Start, SMALL), QUIET);
        y += LINE;
    }
    picture.height = y + 4;
    picture
}

struct PlotPlane {
    horizontal: Axis,
    vertical: Axis,
    log_x: bool,
    dates: bool,
    counts: bool,
    scale: VerticalScale,
    /// Where the grid begins, right of the names of its lines.
    left: i32,
}

#[derive(Debug, Clone, Copy)]
struct Placed {
    at: Point,
    value: (f64, f64),
    band: Option<(i32, i32)>,
}

/// The points of a curve in runs without gaps.
type Runs = Vec<Vec<Placed>>;

impl PlotPlane {
    fn new(x: &HorizontalScale, scale: VerticalScale, lines: &[PlotLine], (top, bottom): (i32, i32)) -> Self {
        let log_x = matches!(x, HorizontalScale::Log(_));
        let seen_x = |x: f64| if log_x { drawable_ratio(x) } else { drawable(x) };
        let points = || lines.iter().flat_map(|line| &line.points);
        let heights = points().filter(|(x, _)| seen_x(*x).is_some()).map(|point| point.1);
        let bands = lines.iter().flat_map(|line| &line.band).flat_map(|band| [band.low, band.high]);
        let vertical = match scale {
            VerticalScale::Ratio => Axis::log(heights.chain(bands), 1.2, (bottom, top)),
            VerticalScale::Amount(_) => Axis::from_zero(heights.chain(bands), (bottom, top)),
        };
        let names = ticks(&vertical, scale);
        let left = names.iter().map(|tick| text::width(&tick.text, SMALL)).max().unwrap_or(0) + 8;
        let room = (left + 6, WIDTH - 10);
        let xs = points().map(|point| point.0);
        let horizontal = if log_x { Axis::log(xs, 1.5, room) } else { Axis::linear(xs, room) };
        let counts = points().filter_map(|point| seen_x(point.0)).all(|x| x.fract() == 0.0);
        let dates = *x == HorizontalScale::Dates;
        Self { horizontal, vertical, log_x, dates, counts, scale, left }
    }

    fn seen_x(&self, x: f64) -> Option<f64> {
        if self.log_x { drawable_ratio(x) } else { drawable(x) }
    }

    fn seen_y(&self, y: f64) -> Option<f64> {
        if self.scale == VerticalScale::Ratio { drawable_ratio(y) } else { drawable(y) }
    }

    fn place(&self, (x, y): (f64, f64)) -> Option<Point> {
        Some((self.horizontal.at(self.seen_x(x)?), self.vertical.at(self.seen_y(y)?)))
    }

    fn frame(&self, picture: &mut Picture, x: &HorizontalScale, (top, bottom): (i32, i32)) {
        let base = if self.scale == VerticalScale::Ratio { 1.0 } else { 0.0 };
        for tick in ticks(&self.vertical, self.scale) {
            let paint = if tick.value == base { BASE } else { GRID };
            picture.line((self.left, tick.at), (WIDTH, tick.at), 1, paint);
            picture.text(Label::new(&tick.text, (self.left - 8, tick.at), Anchor::End, SMALL), QUIET);
        }
        let axis = &self.horizontal;
        let below = match (x, self.counts) {
            (HorizontalScale::Dates, _) => dates(axis),
            (HorizontalScale::Log(_), true) => scale::log_whole(axis),
            (HorizontalScale::Log(_), false) => scale::log(axis, ""),
            (HorizontalScale::Linear(_), true) => scale::whole(axis, 80),
            (HorizontalScale::Linear(_), false) => scale::linear(axis, ValueUnit::Count, 80),
        };
        for tick in below {
            picture.line((tick.at, top), (tick.at, bottom), 1, GRID);
            picture.centred(&tick.text, (tick.at, bottom + 4 + LINE / 2), QUIET);
        }
    }

    fn runs(&self, line: &PlotLine) -> Runs {
        let place = |(at, value): (usize, &(f64, f64))| {
            let height = |value: f64| Some(self.vertical.at(self.seen_y(value)?));
            let band = line.band.get(at).and_then(|band| Some((height(band.low)?, height(band.high)?)));
            Some(Placed { at: self.place(*value)?, value: *value, band })
        };
        let placed: Vec<Option<Placed>> = line.points.iter().enumerate().map(place).collect();
        let runs = placed.split(Option::is_none).map(|run| run.iter().flatten().copied().collect());
        runs.filter(|run: &Vec<Placed>| !run.is_empty()).collect()
    }

    fn curve(&self, picture: &mut Picture, name: &str, runs: &Runs, style: CurveStyle) {
        for run in runs {
            if run.len() > 1 {
                picture.path(run.iter().map(|point| point.at).collect(), 2, solid(style.rgb)).dash(style.dash);
            }
            let mut last: Option<i32> = None;
            for point in run {
                if last.is_none_or(|last| (point.at.0 - last).abs() >= APART) {
                    style.mark(picture, point.at, 0, &format!("{name}: {}", self.show(point.value)));
                    last = Some(point.at.0);
                }
            }
        }
    }

    /// Draws a larger marker with a line down to its date for each change.
    fn changes(&self, picture: &mut Picture, line: &PlotLine, style: CurveStyle, bottom: i32) {
        for (at, what) in &line.changes {
            if let Some(point) = line.points.get(*at).and_then(|point| self.place(*point)) {
                picture.line(point, (point.0, bottom), 1, Paint { opacity: 0.6, ..solid(style.rgb) });
                style.mark(picture, point, RIM, &format!("{}: {what}", line.name));
            }
        }
    }

    fn show(&self, (x, y): (f64, f64)) -> String {
        let y = match self.scale {
            VerticalScale::Ratio => crate::text::factor(Some(y)),
            VerticalScale::Amount(ValueUnit::Count) => scale::plain(y),
            VerticalScale::Amount(unit) => unit.show(y),
        };
        format!("{}, {y}", if self.dates { date(x) } else { scale::plain(x) })
    }
}

fn ticks(axis: &Axis, scale: VerticalScale) -> Vec<Tick> {
    match scale {
        VerticalScale::Ratio => scale::log(axis, "x"),
        VerticalScale::Amount(unit) => scale::linear(axis, unit, 48),
    }
}

fn shade(picture: &mut Picture, runs: &Runs, style: CurveStyle) {
    for part in runs.iter().flat_map(|run| run.split(|point| point.band.is_none())).filter(|part| part.len() > 1) {
        let upper = part.iter().filter_map(|point| Some((point.at.0, point.band?.1)));
        let lower = part.iter().rev().filter_map(|point| Some((point.at.0, point.band?.0)));
        picture.area(upper.chain(lower).collect(), Paint { opacity: BAND, ..solid(style.rgb) });
    }
}

/// Dates few enough that their texts do not touch: every 1, 2, 7, 14 days, first days of every
/// 1, 3, 6, 12, … months.
fn dates(axis: &Axis) -> Vec<Tick> {
    let (low, high) = axis.ends();
    // A million days are 2,700 years: nothing that was measured.
    if !(low.abs() < 1e6 && high.abs() < 1e6) {
        return Vec::new();
    }
    let room = text::width("2026-11-23", SMALL) + 16;
    let most = f64::from((axis.length() / room).clamp(1, 10));
    let per = (high - low) / most;
    let (from, to) = (low.ceil() as i64, high.floor() as i64);
    let days: Vec<i64> = match [1, 2, 7, 14].into_iter().find(|step| *step as f64 >= per) {
        Some(step) => (from..=to).filter(|day| day.rem_euclid(step) == 0).collect(),
        None => {
            let months =
                [1, 3, 6, 12, 24, 60, 120, 600, 2400, 12_000].into_iter().find(|it| f64::from(*it) * 28.0 >= per);
            let step = i64::from(months.unwrap_or(36_000));
            let month = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
            let first =
                |day: &i64| civil(*day).is_some_and(|date| date.day() == 1 && month(date).rem_euclid(step) == 0);
            (from..=to).filter(first).collect()
        }
    };
    let tick = |day: i64| Tick { value: day as f64, at: axis.at(day as f64), text: date(day as f64) };
    days.into_iter().map(tick).collect()
}

/// `2026-11-23`, from days since 1970-01-01.
fn date(days: f64) -> String {
    civil(days.floor() as i64).filter(|_| days.is_finite()).map_or_else(String::new, |date| date.to_string())
}

fn civil(days: i64) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(Span::new().try_days(days).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::PlotInterval;
    use super::super::picture::{PlotMark, Shape};
    use super::*;

    fn line(points: &[(f64, f64)]) -> PlotLine {
        let band = points.iter().map(|(_, y)| PlotInterval { low: y * 0.9, high: y * 1.1 }).collect();
        PlotLine { name: "lru".into(), points: points.to_vec(), band, changes: vec![] }
    }

    fn amounts(unit: ValueUnit, log_x: bool, lines: &[PlotLine]) -> Picture {
        let name = "projects built".to_owned();
        let x = if log_x { HorizontalScale::Log(name) } else { HorizontalScale::Linear(name) };
        draw(&x, "t", VerticalScale::Amount(unit), lines)
    }

    /// The curves: paths that are not straight lines of grid or legend.
    fn paths(picture: &Picture) -> Vec<Vec<Point>> {
        let path = |shape: &Shape| match shape {
            Shape::Path(points, 2) => Some(points.clone()),
            _ => None,
        };
        // The first of them is that of the legend.
        picture.marks.iter().filter_map(|mark| path(&mark.shape)).skip(1).collect()
    }

    #[test]
    fn heights_are_proportional() {
        let picture = amounts(ValueUnit::Seconds, false, &[line(&[(1.0, 2.0), (2.0, 4.0), (3.0, 8.0)])]);
        let path = &paths(&picture)[0];
        let zero = picture.marks.iter().find(|mark| mark.paint == BASE).expect("a line at 0").bounds().1;
        let high = |at: usize| zero - path[at].1;
        assert!((high(1) - 2 * high(0)).abs() <= 2 && (high(2) - 2 * high(1)).abs() <= 2, "{path:?} {zero}");
        assert!((path[2].0 - path[1].0 - (path[1].0 - path[0].0)).abs() <= 1);
    }

    #[test]
    fn a_logarithmic_axis_puts_equal_factors_equally_apart() {
        let picture = amounts(ValueUnit::Count, true, &[line(&[(1.0, 1.0), (10.0, 1.0), (100.0, 1.0)])]);
        let path = &paths(&picture)[0];
        assert!((path[2].0 - path[1].0 - (path[1].0 - path[0].0)).abs() <= 1, "{path:?}");
    }

    #[test]
    fn a_gap_breaks_a_curve_and_is_said() {
        let points = [(1.0, 1.0), (2.0, 2.0), (3.0, f64::NAN), (4.0, 4.0), (5.0, 5.0)];
        let picture = amounts(ValueUnit::Count, false, &[line(&points)]);
        assert_eq!(paths(&picture).len(), 2);
        let said = |text: &str| {
            picture.marks.iter().any(|mark| matches!(&mark.shape, Shape::Text(words) if words.text == text))
        };
        assert!(said("points that cannot be drawn: 1"));
        let whole = amounts(ValueUnit::Count, true, &[line(&[(0.0, 1.0), (1.0, 1.0)])]);
        assert!(paths(&whole).is_empty());
    }

    #[test]
    fn what_is_counted_is_named_in_whole_numbers() {
        let frame = |points: &[(f64, f64)], log_x| {
            let picture = amounts(ValueUnit::Seconds, log_x, &[line(points)]);
            let text = |mark: &PlotMark| match &mark.shape {
                Shape::Text(words) if words.anchor == Anchor::Middle => Some(words.text.clone()),
                _ => None,
            };
            picture.marks.iter().filter_map(text).collect::<Vec<_>>()
        };
        for log_x in [false, true] {
            assert_eq!(frame(&[(1.0, 1.0), (2.0, 2.0), (3.0, 2.5)], log_x), ["1", "2", "3", "projects built"]);
        }
        assert!(frame(&[(1.0, 1.0), (1.5, 2.0), (3.0, 2.5)], false).contains(&"1.5".into()));
    }

    #[test]
    fn a_band_is_around_its_curve() {
        let picture = amounts(ValueUnit::Count, false, &[line(&[(1.0, 4.0), (9.0, 8.0)])]);
        let band = picture.marks.iter().find(|mark| mark.paint.opacity == BAND).expect("a band").bounds();
        let path = &paths(&picture)[0];
        assert!(band.1 < path[1].1 && path[0].1 < band.3, "{band:?} {path:?}");
    }

    #[test]
    fn days_have_dates() {
        assert_eq!([0.0, 59.0, 20_780.5, -1.0].map(date), ["1970-01-01", "1970-03-01", "2026-11-23", "1969-12-31"]);
    }

    #[test]
    fn dates_do_not_touch() {
        for span in [0.0, 1.0, 9.0, 40.0, 100.0, 400.0, 3000.0, 1e5] {
            for room in [280, 1000] {
                let ticks = dates(&Axis::linear([20_000.0, 20_000.0 + span], (0, room)));
                assert!(ticks.len() <= 12, "{span} {room} {ticks:?}");
                for pair in ticks.windows(2) {
                    assert!(pair[1].at - pair[0].at >= text::width(&pair[0].text, SMALL), "{span} {room} {ticks:?}");
                }
            }
        }
        assert!(!dates(&Axis::linear([20_000.0, 21_000.0], (0, 1000))).is_empty());
    }

    #[test]
    fn all_marks_are_inside_and_a_change_has_its_tip() {
        let points = (0..1000).map(|day| (20_000.0 + f64::from(day), if day < 500 { 0.1 } else { 0.15 })).collect();
        let changes = vec![(500, "0.10x to 0.15x".into())];
        let line = PlotLine { name: "copy".into(), points, band: vec![], changes };
        let amounts = [ValueUnit::Seconds, ValueUnit::Share].map(VerticalScale::Amount);
        for scale in [VerticalScale::Ratio].into_iter().chain(amounts) {
            let picture = draw(&HorizontalScale::Dates, "wall", scale, &[line.clone(), line.clone()]);
            assert!(picture.marks.iter().any(|mark| mark.tip == "copy: 0.10x to 0.15x"));
            assert!(picture.marks.len() < 400, "{}", picture.marks.len());
            for mark in &picture.marks {
                let (left, top, right, bottom) = mark.bounds();
                assert!(left >= 0 && top >= 0 && right <= picture.width && bottom <= picture.height, "{mark:?}");
            }
        }
        let dates = |lines: &[PlotLine]| draw(&HorizontalScale::Dates, "", VerticalScale::Ratio, lines);
        dates(&[]);
        let points = vec![(f64::NAN, 1.0), (1e300, f64::INFINITY)];
        dates(&[PlotLine { points, changes: vec![(9, String::new())], ..PlotLine::default() }]);
    }
}
