//! Curves with bands.
//!
//! In: [`Line`]s. Out: a [`Picture`]. The vertical axis is linear and holds 0, so that
//! twice as high is twice as much; the horizontal one is linear or logarithmic. A point
//! that is not a number breaks its curve. Colour is never the only carrier: curves differ
//! in dashes and markers too, and where they coincide the lower one is wider.

use super::axis::{Axis, drawable, drawable_ratio};
use super::chart::{Line, Unit};
use super::draw::Width;
use super::layout::{self, LINE, SMALL};
use super::legend::{self, Curve, Sample};
use super::palette::{BASE, GRID, Ink, Paint, QUIET};
use super::picture::{Anchor, Picture, Point, Words};
use super::ticks::{self, Tick};

/// A band lets others and the grid show through.
const BAND: f64 = 0.18;
/// Markers of a curve are at least this far apart.
const APART: i32 = 16;
/// Markers no farther apart than this hide each other.
const NEAR: i32 = 3;
/// By how much a hidden marker is larger than that which hides it.
const RIM: i32 = 3;
/// A curve of more points is thinned in as many columns, of [`OF_COLUMN`] points each.
const COLUMNS: usize = 80;
/// Points that a column keeps: first, last, lowest, highest, and one that cannot be drawn.
const OF_COLUMN: usize = 5;
/// More rims than that would hide what stands beside the marker.
const MOST_RIMS: usize = 6;

/// Draws the chart; `names` are those of the axes.
pub fn draw(names: (&str, &str), unit: Unit, log_x: bool, lines: &[Line], width: Width) -> Picture {
    let mut picture = Picture::new(width.units());
    let items: Vec<_> =
        lines.iter().enumerate().map(|(at, line)| (Sample::Curve(Curve::new(at)), layout::clean(&line.name))).collect();
    let top = legend::draw(&mut picture, &items, (0, 2)) + 8;
    let name = Words::new(layout::clean(names.1), (0, top + LINE / 2), Anchor::Start, SMALL);
    picture.fitted(name, width.units(), QUIET);
    let top = top + LINE + 8;
    let bottom = top + if width == Width::Wide { 320 } else { 220 };

    let seen = |x: f64| if log_x { drawable_ratio(x) } else { drawable(x) };
    let points = || lines.iter().flat_map(|line| &line.points);
    let heights = points().filter(|(x, _)| seen(*x).is_some()).map(|point| point.1);
    let bands = lines.iter().flat_map(|line| &line.band).flat_map(|band| [band.low, band.high]);
    let vertical = Axis::from_zero(heights.chain(bands), (bottom, top));
    let marks = ticks::linear(&vertical, unit, 48);
    let left = marks.iter().map(|tick| layout::width(&tick.text, SMALL)).max().unwrap_or(0) + 8;
    let room = (left + 6, width.units() - 10);
    let xs = points().map(|point| point.0);
    let horizontal = if log_x { Axis::log(xs, 1.5, room) } else { Axis::linear(xs, room) };
    let plane = Plane { horizontal, vertical, seen: &seen, unit, rim: 0 };
    let thin: Vec<Line> = lines.iter().map(|line| plane.thinned(line, room)).collect();
    let runs: Vec<_> = thin.iter().map(|line| plane.runs(line)).collect();
    let plane = plane.inset(deepest(&runs) * RIM);
    let runs: Vec<_> = thin.iter().map(|line| plane.runs(line)).collect();
    let (horizontal, vertical) = (plane.horizontal, plane.vertical);
    let marks: Vec<Tick> = marks.into_iter().map(|tick| Tick { at: vertical.at(tick.value), ..tick }).collect();
    let counts = points().filter_map(|point| seen(point.0)).all(|x| x.fract() == 0.0);
    let below = match (log_x, counts) {
        (true, true) => ticks::log_whole(&horizontal),
        (true, false) => ticks::log(&horizontal, ""),
        (false, true) => ticks::whole(&horizontal, 80),
        (false, false) => ticks::linear(&horizontal, Unit::Count, 80),
    };
    frame(&mut picture, &marks, &below, (left, top, width.units(), bottom), vertical.at(0.0));

    for (at, runs) in runs.iter().enumerate() {
        shade(&mut picture, runs, Curve::new(at));
    }
    for (at, line) in lines.iter().enumerate() {
        plane.curve(&mut picture, &line.name, (&runs[at], &runs[at + 1..]), Curve::new(at));
    }
    let mut y = bottom + LINE + 10;
    let name = Words::new(layout::clean(names.0), ((left + width.units()) / 2, y + LINE / 2), Anchor::Middle, SMALL);
    picture.fitted(name, width.units() - left, QUIET);
    y += LINE;
    let lost = points().filter(|(x, y)| seen(*x).is_none() || drawable(*y).is_none()).count();
    for text in [
        (lines.is_empty()).then(|| "no curves".to_owned()),
        (lost > 0).then(|| format!("points that cannot be drawn: {lost}")),
    ]
    .into_iter()
    .flatten()
    {
        picture.text(Words::new(text, (0, y + LINE / 2), Anchor::Start, SMALL), QUIET);
        y += LINE;
    }
    picture.height = y + 4;
    picture
}

/// Grid and ticks around a box: left, top, right, bottom.
fn frame(picture: &mut Picture, vertical: &[Tick], below: &[Tick], sides: (i32, i32, i32, i32), zero: i32) {
    let (left, top, right, bottom) = sides;
    for tick in vertical {
        let paint = if tick.at == zero { BASE } else { GRID };
        picture.line((left, tick.at), (right, tick.at), 1, paint);
        picture.text(Words::new(&tick.text, (left - 8, tick.at), Anchor::End, SMALL), QUIET);
    }
    for tick in below {
        picture.line((tick.at, top), (tick.at, bottom), 1, GRID);
        let half = layout::width(&tick.text, SMALL) / 2 + 1;
        let x = tick.at.min(right - half).max(half);
        picture.text(Words::new(&tick.text, (x, bottom + 4 + LINE / 2), Anchor::Middle, SMALL), QUIET);
    }
}

struct Plane<'a> {
    horizontal: Axis,
    vertical: Axis,
    seen: &'a dyn Fn(f64) -> Option<f64>,
    unit: Unit,
    /// The widest rim there is room for.
    rim: i32,
}

/// A point of a curve with its place.
#[derive(Debug, Clone, Copy)]
struct Placed {
    at: Point,
    value: (f64, f64),
    band: Option<(i32, i32)>,
}

impl Plane<'_> {
    fn runs(&self, line: &Line) -> Runs {
        let place = |(at, (x, y)): (usize, &(f64, f64))| {
            let point = (self.horizontal.at((self.seen)(*x)?), self.vertical.at(drawable(*y)?));
            let band = line
                .band
                .get(at)
                .and_then(|band| Some((self.vertical.at(drawable(band.low)?), self.vertical.at(drawable(band.high)?))));
            Some(Placed { at: point, value: (*x, *y), band })
        };
        let placed: Vec<Option<Placed>> = line.points.iter().enumerate().map(place).collect();
        let runs = placed.split(Option::is_none).map(|run| run.iter().flatten().copied().collect());
        runs.filter(|run: &Vec<Placed>| !run.is_empty()).collect()
    }

    /// Few enough points to draw: of each column of the plane the ends and the extremes.
    fn thinned(&self, line: &Line, (left, right): (i32, i32)) -> Line {
        if line.points.len() <= COLUMNS * OF_COLUMN {
            return line.clone();
        }
        let wide = (right - left).max(1) as usize;
        let mut columns: Vec<[Option<usize>; OF_COLUMN]> = vec![[None; OF_COLUMN]; COLUMNS];
        let mut column = 0;
        for (at, (x, y)) in line.points.iter().enumerate() {
            let x = (self.seen)(*x);
            if let Some(x) = x {
                column = ((self.horizontal.at(x) - left).max(0) as usize * COLUMNS / wide).min(COLUMNS - 1);
            }
            let [first, last, low, high, gap] = &mut columns[column];
            if x.is_none() || drawable(*y).is_none() {
                gap.get_or_insert(at);
                continue;
            }
            first.get_or_insert(at);
            *last = Some(at);
            if low.is_none_or(|low| *y < line.points[low].1) {
                *low = Some(at);
            }
            if high.is_none_or(|high| *y > line.points[high].1) {
                *high = Some(at);
            }
        }
        let mut kept: Vec<usize> = columns.into_iter().flatten().flatten().collect();
        kept.sort_unstable();
        kept.dedup();
        Line {
            name: line.name.clone(),
            points: kept.iter().map(|at| line.points[*at]).collect(),
            band: kept.iter().map_while(|at| line.band.get(*at).copied()).collect(),
        }
    }

    /// With room for larger markers at the edges.
    fn inset(&self, by: i32) -> Self {
        Self { horizontal: self.horizontal.inset(by), vertical: self.vertical.inset(by), rim: by, ..*self }
    }

    /// A curve and its markers; those that the `later` ones hide show a rim around them.
    fn curve(&self, picture: &mut Picture, name: &str, (runs, later): (&Runs, &[Runs]), curve: Curve) {
        let paint = Paint { ink: Ink::Fixed(curve.rgb), opacity: 1.0 };
        for run in runs {
            if run.len() > 1 {
                picture.path(run.iter().map(|point| point.at).collect(), 2, paint).dash(curve.dash);
            }
            let mut last: Option<i32> = None;
            for point in run {
                if last.is_none_or(|last| (point.at.0 - last).abs() >= APART) {
                    let (x, y) = (ticks::plain(point.value.0), self.unit.show(point.value.1));
                    let rim = hidden(point.at, later) as i32 * RIM;
                    curve.mark(picture, point.at, rim.min(self.rim), &format!("{name}: {x}, {y}"));
                    last = Some(point.at.0);
                }
            }
        }
    }
}

/// The points of a curve in runs without gaps.
type Runs = Vec<Vec<Placed>>;

/// How many of the curves drawn later hide a marker at a place.
fn hidden(at: Point, later: &[Runs]) -> usize {
    let near = |point: &Placed| (point.at.0 - at.0).abs() <= NEAR && (point.at.1 - at.1).abs() <= NEAR;
    later.iter().filter(|runs| runs.iter().flatten().any(near)).count().min(MOST_RIMS)
}

/// The most that hide one marker.
fn deepest(curves: &[Runs]) -> i32 {
    let hidden = curves
        .iter()
        .enumerate()
        .flat_map(|(at, runs)| runs.iter().flatten().map(move |point| hidden(point.at, &curves[at + 1..])));
    hidden.max().unwrap_or(0) as i32
}

fn shade(picture: &mut Picture, runs: &Runs, curve: Curve) {
    for run in runs {
        for part in run.split(|point| point.band.is_none()).filter(|part| part.len() > 1) {
            let upper = part.iter().filter_map(|point| Some((point.at.0, point.band?.1)));
            let lower = part.iter().rev().filter_map(|point| Some((point.at.0, point.band?.0)));
            let paint = Paint { ink: Ink::Fixed(curve.rgb), opacity: BAND };
            picture.area(upper.chain(lower).collect(), paint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::chart::Interval;
    use super::super::picture::Shape;
    use super::*;

    fn line(points: &[(f64, f64)]) -> Line {
        let band = points.iter().map(|(_, y)| Interval { low: y * 0.9, high: y * 1.1 }).collect();
        Line { name: "lru".into(), points: points.to_vec(), band }
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
        let picture =
            draw(("n", "time"), Unit::Seconds, false, &[line(&[(1.0, 2.0), (2.0, 4.0), (3.0, 8.0)])], Width::Wide);
        let path = &paths(&picture)[0];
        let zero = picture.marks.iter().find(|mark| mark.paint == BASE).expect("a line at 0").bounds().1;
        let high = |at: usize| zero - path[at].1;
        assert!((high(1) - 2 * high(0)).abs() <= 2 && (high(2) - 2 * high(1)).abs() <= 2, "{path:?} {zero}");
        assert!((path[2].0 - path[1].0 - (path[1].0 - path[0].0)).abs() <= 1);
    }

    #[test]
    fn a_logarithmic_axis_puts_equal_factors_equally_apart() {
        let picture =
            draw(("n", "t"), Unit::Count, true, &[line(&[(1.0, 1.0), (10.0, 1.0), (100.0, 1.0)])], Width::Narrow);
        let path = &paths(&picture)[0];
        assert!((path[2].0 - path[1].0 - (path[1].0 - path[0].0)).abs() <= 1, "{path:?}");
    }

    #[test]
    fn a_gap_breaks_a_curve_and_is_said() {
        let points = [(1.0, 1.0), (2.0, 2.0), (3.0, f64::NAN), (4.0, 4.0), (5.0, 5.0)];
        let picture = draw(("n", "t"), Unit::Count, false, &[line(&points)], Width::Wide);
        assert_eq!(paths(&picture).len(), 2);
        let said = |text: &str| {
            picture.marks.iter().any(|mark| matches!(&mark.shape, Shape::Text(words) if words.text == text))
        };
        assert!(said("points that cannot be drawn: 1"));
        let whole = draw(("n", "t"), Unit::Count, true, &[line(&[(0.0, 1.0), (1.0, 1.0)])], Width::Wide);
        assert!(paths(&whole).is_empty());
    }

    #[test]
    fn what_is_counted_is_named_in_whole_numbers() {
        let frame = |points: &[(f64, f64)], log_x| {
            let picture = draw(("projects built", "t"), Unit::Seconds, log_x, &[line(points)], Width::Wide);
            let text = |mark: &super::super::picture::Mark| match &mark.shape {
                Shape::Text(words) if words.anchor == Anchor::Middle => Some(words.text.clone()),
                _ => None,
            };
            picture.marks.iter().filter_map(text).collect::<Vec<_>>()
        };
        for log_x in [false, true] {
            assert_eq!(frame(&[(1.0, 1.0), (2.0, 2.0), (3.0, 2.5)], log_x), ["1", "2", "3", "projects built"]);
        }
        assert!(frame(&[(1.0, 1.0), (1.5, 2.0), (3.0, 2.5)], false).contains(&"1.2".into()));
    }

    #[test]
    fn curves_that_coincide_all_show() {
        let lines = vec![line(&[(1.0, 2.0), (2.0, 4.0), (3.0, 4.0)]); 6];
        for width in [Width::Wide, Width::Narrow] {
            let picture = draw(("n", "t"), Unit::Count, false, &lines, width);
            let markers: Vec<_> = picture.marks.iter().filter(|mark| mark.tip.contains(": 2,")).collect();
            assert_eq!(markers.len(), lines.len());
            for pair in markers.windows(2) {
                let (below, above) = (pair[0].bounds(), pair[1].bounds());
                assert!(below.0 < above.0 && below.1 < above.1 && below.2 > above.2 && below.3 > above.3, "{pair:?}");
            }
            for mark in &picture.marks {
                let (left, top, right, bottom) = mark.bounds();
                assert!(left >= 0 && top >= 0 && right <= picture.width && bottom <= picture.height, "{mark:?}");
            }
        }
    }

    #[test]
    fn a_curve_of_many_points_is_thinned() {
        let mut points: Vec<(f64, f64)> = (1..=60_000).map(|x| (f64::from(x), f64::from(x % 1000))).collect();
        points[30_000].1 = 9999.0;
        for log_x in [false, true] {
            let picture = draw(("day", "bytes"), Unit::Bytes, log_x, &vec![line(&points); 6], Width::Wide);
            assert!(picture.marks.len() < 1000, "{}", picture.marks.len());
            for path in paths(&picture).iter().filter(|path| path.len() > 4) {
                assert!(path.len() <= COLUMNS * OF_COLUMN, "{}", path.len());
                // The peak is kept, and so are the ends.
                let top = path.iter().map(|point| point.1).min().expect("points");
                assert_eq!(path.iter().filter(|point| point.1 == top).count(), 1);
                let ends = (path.first().expect("points").0, path.last().expect("points").0);
                assert!(path.iter().all(|point| (ends.0..=ends.1).contains(&point.0)), "{ends:?}");
            }
        }
    }

    #[test]
    fn a_band_is_around_its_curve() {
        let picture = draw(("n", "t"), Unit::Count, false, &[line(&[(1.0, 4.0), (9.0, 8.0)])], Width::Wide);
        let band = picture.marks.iter().find(|mark| mark.paint.opacity == BAND).expect("a band").bounds();
        let path = &paths(&picture)[0];
        assert!(band.1 < path[1].1 && path[0].1 < band.3, "{band:?} {path:?}");
    }
}
