//! Values by date, with the moments at which they changed.
//!
//! In: [`Past`]s. Out: a [`Picture`]. Ratios stand on a logarithmic axis with a line at 1, where
//! equal factors are equally far; amounts on a linear one that holds 0. The horizontal axis is time.
//! A change is a larger marker with a line down to its date. Thousands of points cost one path.

use super::axis::{Axis, drawable, drawable_ratio};
use super::chart::{Past, Scale, Unit};
use super::draw::Width;
use super::layout::{self, LINE, SMALL};
use super::legend::{self, Curve, Sample};
use super::palette::{BASE, GRID, Ink, Paint, QUIET};
use super::picture::{Anchor, Picture, Words};
use super::ticks::{self, Tick};

/// Markers of a curve are at least this far apart.
const APART: i32 = 16;
/// By how much the marker of a change is larger.
const RIM: i32 = 3;

/// Draws the chart; `y` names the vertical axis.
pub fn draw(y: &str, scale: Scale, pasts: &[Past], width: Width) -> Picture {
    let mut picture = Picture::new(width.units());
    let named = |(at, past): (usize, &Past)| (Sample::Curve(Curve::new(at)), layout::clean(&past.name));
    let items: Vec<_> = pasts.iter().enumerate().map(named).collect();
    let top = legend::draw(&mut picture, &items, (0, 2)) + 8;
    let name = Words::new(layout::clean(y), (0, top + LINE / 2), Anchor::Start, SMALL);
    picture.fitted(name, width.units(), QUIET);
    let top = top + LINE + 8;
    let bottom = top + if width == Width::Wide { 300 } else { 220 };

    let values = || pasts.iter().flat_map(|past| &past.points).map(|point| point.1);
    let room = (bottom - RIM - 5, top + RIM + 5);
    let vertical = match scale {
        Scale::Ratio => Axis::log(values(), 1.2, room),
        Scale::Amount(_) => Axis::from_zero(values(), room),
    };
    let marks = match scale {
        Scale::Ratio => ticks::log(&vertical, "x"),
        Scale::Amount(unit) => ticks::linear(&vertical, unit, 48),
    };
    let left = marks.iter().map(|tick| layout::width(&tick.text, SMALL)).max().unwrap_or(0) + 8;
    let right = width.units();
    let days = pasts.iter().flat_map(|past| &past.points).map(|point| point.0);
    let horizontal = Axis::linear(days, (left + RIM + 8, right - RIM - 10));
    let base = if scale == Scale::Ratio { 1.0 } else { 0.0 };
    for tick in &marks {
        let paint = if tick.value == base { BASE } else { GRID };
        picture.line((left, tick.at), (right, tick.at), 1, paint);
        picture.text(Words::new(&tick.text, (left - 8, tick.at), Anchor::End, SMALL), QUIET);
    }
    for tick in dates(&horizontal) {
        picture.line((tick.at, top), (tick.at, bottom), 1, GRID);
        let half = layout::width(&tick.text, SMALL) / 2 + 1;
        let x = tick.at.min(right - half).max(half);
        picture.text(Words::new(&tick.text, (x, bottom + 4 + LINE / 2), Anchor::Middle, SMALL), QUIET);
    }
    for (at, past) in pasts.iter().enumerate() {
        curve(&mut picture, past, Curve::new(at), (&horizontal, &vertical), scale, bottom);
    }
    let mut y = bottom + LINE + 8;
    let seen = |value: f64| if scale == Scale::Ratio { drawable_ratio(value) } else { drawable(value) };
    let lost = values().filter(|value| seen(*value).is_none()).count();
    if lost > 0 {
        let text = format!("values that cannot be drawn: {lost}");
        picture.text(Words::new(text, (0, y + LINE / 2), Anchor::Start, SMALL), QUIET);
        y += LINE;
    }
    picture.height = y + 4;
    picture
}

fn curve(picture: &mut Picture, past: &Past, curve: Curve, axes: (&Axis, &Axis), scale: Scale, bottom: i32) {
    let seen = |value: f64| if scale == Scale::Ratio { drawable_ratio(value) } else { drawable(value) };
    let place = |(day, value): &(f64, f64)| Some((axes.0.at(drawable(*day)?), axes.1.at(seen(*value)?)));
    let paint = |opacity| Paint { ink: Ink::Fixed(curve.rgb), opacity };
    let shown: Vec<_> = past.points.iter().filter_map(|point| Some((place(point)?, *point))).collect();
    if shown.len() > 1 {
        picture.path(shown.iter().map(|point| point.0).collect(), 2, paint(0.75)).dash(curve.dash);
    }
    let mut last: Option<i32> = None;
    for (at, (day, value)) in &shown {
        if last.is_none_or(|last| at.0 - last >= APART) {
            curve.mark(picture, *at, -2, &format!("{}: {}, {}", past.name, date(*day), show(scale, *value)));
            last = Some(at.0);
        }
    }
    for (at, what) in &past.changes {
        if let Some(point) = past.points.get(*at).and_then(place) {
            picture.line(point, (point.0, bottom), 1, paint(0.6));
            curve.mark(picture, point, RIM, &format!("{}: {what}", past.name));
        }
    }
}

fn show(scale: Scale, value: f64) -> String {
    match scale {
        Scale::Ratio => crate::table::factor(Some(value)),
        Scale::Amount(Unit::Count) => ticks::plain(value),
        Scale::Amount(unit) => unit.show(value),
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
    let room = layout::width("2026-11-23", SMALL) + 16;
    let most = f64::from((axis.length() / room).clamp(1, 10));
    let per = (high - low) / most;
    let (from, to) = (low.ceil() as i64, high.floor() as i64);
    let days: Vec<i64> = match [1, 2, 7, 14].into_iter().find(|step| *step as f64 >= per) {
        Some(step) => (from..=to).filter(|day| day.rem_euclid(step) == 0).collect(),
        None => {
            let months =
                [1, 3, 6, 12, 24, 60, 120, 600, 2400, 12_000].into_iter().find(|it| f64::from(*it) * 28.0 >= per);
            let step = i64::from(months.unwrap_or(36_000));
            let first =
                |day: &i64| matches!(civil(*day), (year, month, 1) if (year * 12 + month - 1).rem_euclid(step) == 0);
            (from..=to).filter(first).collect()
        }
    };
    let tick = |day: i64| Tick { value: day as f64, at: axis.at(day as f64), text: date(day as f64) };
    days.into_iter().map(tick).collect()
}

/// `2026-11-23`, from days since 1970-01-01.
fn date(days: f64) -> String {
    if days.is_nan() || days.abs() >= 1e6 {
        return String::new();
    }
    let (year, month, day) = civil(days.floor() as i64);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month, day (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

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
                    assert!(pair[1].at - pair[0].at >= layout::width(&pair[0].text, SMALL), "{span} {room} {ticks:?}");
                }
            }
        }
        assert!(!dates(&Axis::linear([20_000.0, 21_000.0], (0, 1000))).is_empty());
    }

    #[test]
    fn all_marks_are_inside_and_a_change_has_its_tip() {
        let points = (0..1000).map(|day| (20_000.0 + f64::from(day), if day < 500 { 0.1 } else { 0.15 })).collect();
        let past = Past { name: "copy".into(), points, changes: vec![(500, "0.10x to 0.15x".into())] };
        for scale in [Scale::Ratio, Scale::Amount(Unit::Seconds), Scale::Amount(Unit::Share)] {
            for width in [Width::Wide, Width::Narrow] {
                let picture = draw("wall", scale, &[past.clone(), past.clone()], width);
                assert!(picture.marks.iter().any(|mark| mark.tip == "copy: 0.10x to 0.15x"));
                assert!(picture.marks.len() < 400, "{}", picture.marks.len());
                for mark in &picture.marks {
                    let (left, top, right, bottom) = mark.bounds();
                    assert!(left >= 0 && top >= 0 && right <= picture.width && bottom <= picture.height, "{mark:?}");
                }
            }
        }
        draw("", Scale::Ratio, &[], Width::Wide);
        let odd = Past {
            name: String::new(),
            points: vec![(f64::NAN, 1.0), (1e300, f64::INFINITY)],
            changes: vec![(9, String::new())],
        };
        draw("", Scale::Ratio, &[odd], Width::Wide);
    }
}
