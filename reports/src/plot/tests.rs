//! What a plot says and where, read from its SVG.

use super::axis::{Axis, plain};
use super::svg::{CurveStyle, Point, Rgb, SERIES, fit, width};
use super::{Chart, HorizontalScale, Plot, PlotInterval, PlotLine, RatioPanel, RatioRow, ValueUnit, VerticalScale};
use proptest::prelude::*;

fn plot(chart: Chart) -> Plot {
    Plot { id: "p".into(), title: "A title".into(), finding: "A finding.".into(), chart }
}

fn curves(x: HorizontalScale, scale: VerticalScale, lines: Vec<PlotLine>) -> Plot {
    plot(Chart::Lines { x, y: "t".into(), scale, lines })
}

fn counts() -> HorizontalScale {
    HorizontalScale::Counts("projects built".into())
}

const SHARE: VerticalScale = VerticalScale::Amount(ValueUnit::Share);

fn forest(rows: Vec<RatioRow>) -> Plot {
    plot(Chart::Ratios { baseline: "none".into(), panels: vec![RatioPanel { title: "fill".into(), rows }] })
}

/// A mark: its element, text, tip, attributes, and the box around it (left, top, right, bottom), by estimate.
#[derive(Debug)]
struct PlotMark {
    name: String,
    text: String,
    tip: String,
    attributes: String,
    places: Vec<Point>,
    bounds: (i32, i32, i32, i32),
}

fn marks(svg: &str) -> Vec<PlotMark> {
    let xml = roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    let is_mark = |it: &roxmltree::Node<'_, '_>| {
        it.is_element() && ["polyline", "polygon", "circle", "text"].contains(&it.tag_name().name())
    };
    xml.descendants().filter(is_mark).map(mark).collect()
}

fn mark(node: roxmltree::Node<'_, '_>) -> PlotMark {
    assert!(node.attribute("id").is_none());
    let number = |name: &str| node.attribute(name).map_or(0, |value| value.parse().unwrap());
    let text = node.text().unwrap_or_default().to_owned();
    let pair = |place: &str| place.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap();
    let points: Option<Vec<Point>> = node.attribute("points").map(|list| list.split(' ').map(pair).collect());
    let places = points.unwrap_or_else(|| vec![(number("cx") + number("x"), number("cy") + number("y"))]);
    let (wide, high) = (width(&text), 6 * i32::from(node.attribute("font-size").is_some()) + number("r"));
    let (before, after) = match node.attribute("text-anchor") {
        Some("start") => (0, wide),
        Some("middle") => (wide / 2, wide / 2),
        Some("end") => (wide, 0),
        _ => (number("r"), number("r")),
    };
    let end = |of: &dyn Fn(&Point) -> i32, sign: i32| places.iter().map(|place| sign * of(place)).max().unwrap() * sign;
    let (x, y) = (|place: &Point| place.0, |place: &Point| place.1);
    PlotMark {
        name: node.tag_name().name().into(),
        tip: node.children().find(|it| it.has_tag_name("title")).and_then(|it| it.text()).unwrap_or_default().into(),
        attributes: node.attributes().map(|it| format!("{}={} ", it.name(), it.value())).collect(),
        bounds: (end(&x, -1) - before, end(&y, -1) - high, end(&x, 1) + after, end(&y, 1) + high),
        text,
        places,
    }
}

fn assert_sound(plot: &Plot) {
    let drawing = plot.drawing();
    let svg = plot.svg();
    for mark in marks(&svg) {
        let (left, top, right, bottom) = mark.bounds;
        assert!(left >= 0 && top >= 0 && right <= super::WIDTH && bottom <= drawing.height, "{mark:?}");
    }
    let xml = roxmltree::Document::parse(&svg).unwrap();
    assert_eq!(xml.root_element().attribute("role"), Some("img"));
    assert!(xml.root_element().attribute("viewBox").is_some());
    marks(&plot.svg_file());
}

fn texts(marks: &[PlotMark]) -> Vec<&str> {
    marks.iter().filter(|mark| mark.name == "text").map(|mark| mark.text.as_str()).collect()
}

fn tipped<'a>(marks: &'a [PlotMark], name: &str) -> Vec<&'a PlotMark> {
    marks.iter().filter(|mark| mark.name == name && mark.tip.contains(": ")).collect()
}

#[test]
fn title_and_finding_are_the_label_of_one_and_text_of_the_other() {
    let plot = curves(counts(), SHARE, vec![]);
    let svg = plot.svg();
    let xml = roxmltree::Document::parse(&svg).unwrap();
    assert_eq!(xml.root_element().attribute("aria-label"), Some("A title. A finding."));
    assert_eq!(xml.root_element().attribute("width"), None);
    assert!(!texts(&marks(&svg)).contains(&"A title"));
    let file = plot.svg_file();
    assert!(file.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "));
    let xml = roxmltree::Document::parse(&file).unwrap();
    for (name, text) in [("title", "A title"), ("desc", "A finding."), ("text", "A title"), ("text", "A finding.")] {
        assert!(
            xml.descendants()
                .any(|it| it.has_tag_name(("http://www.w3.org/2000/svg", name)) && it.text() == Some(text))
        );
    }
    assert!(file.contains("fill=\"#ffffff\""));
}

fn ratio(value: f64) -> RatioRow {
    let around = |low, high| Some(PlotInterval { low: value * low, high: value * high });
    let (label, remark) = ("label".into(), "remark".into());
    RatioRow { label, value: Some(value), interval: around(0.9, 1.1), range: around(0.8, 1.25), remark }
}

#[test]
fn half_and_double_are_equally_far_from_the_named_line_at_one() {
    let marks = marks(&forest(vec![ratio(0.5), ratio(1.0), ratio(2.0)]).svg());
    let dots: Vec<Point> = tipped(&marks, "circle").iter().map(|dot| dot.places[0]).collect();
    let base = marks.iter().find(|mark| mark.name == "polyline" && mark.attributes.contains("opacity=0.6 ")).unwrap();
    let base = base.places[0].0;
    assert_eq!(dots[1].0, base);
    assert!(dots[0].0 < base && ((base - dots[0].0) - (dots[2].0 - base)).abs() <= 1, "{dots:?} {base}");
    assert!(dots[0].1 < dots[1].1 && dots[1].1 < dots[2].1);
    assert!(texts(&marks).contains(&"1x = none"));
}

#[test]
fn an_interval_is_inside_of_its_range_holds_its_dot_and_is_beside_the_texts() {
    let marks = marks(&forest(vec![ratio(0.3)]).svg());
    let of = |name: &str| tipped(&marks, name)[0].bounds;
    let (dot, interval, range) = (of("circle"), of("polygon"), of("polyline"));
    assert!(range.0 < interval.0 && interval.0 < dot.0 && dot.2 < interval.2 && interval.2 < range.2);
    let text = |wanted| marks.iter().find(|mark| mark.text == wanted).unwrap().bounds;
    assert!(text("label").2 < range.0 && range.2 < text("remark").0);
    assert!(tipped(&marks, "circle")[0].tip.contains("label: 0.30x, interval 0.27x to 0.33x, from 0.24x to 0.38x"));
}

#[test]
fn colour_says_on_which_side_the_interval_lies() {
    let open = RatioRow { interval: None, ..ratio(0.5) };
    let marks = marks(&forest(vec![ratio(0.5), ratio(2.0), ratio(1.05), open]).svg());
    let colours: Vec<bool> = tipped(&marks, "circle")
        .iter()
        .zip(["#0072b2", "#d55e00", "#767676", "#767676"])
        .map(|(dot, colour)| dot.attributes.contains(colour))
        .collect();
    assert_eq!(colours, [true; 4]);
}

#[test]
fn what_has_no_value_has_no_dot_but_its_remark() {
    let none = RatioRow { value: None, interval: None, range: None, remark: "not supported".into(), ..ratio(1.0) };
    let odd = PlotInterval { low: 0.0, high: f64::INFINITY };
    let odd = RatioRow { value: Some(f64::NAN), interval: Some(odd), ..none.clone() };
    let marks = marks(&forest(vec![none, odd]).svg());
    assert!(tipped(&marks, "circle").is_empty());
    assert_eq!(texts(&marks).iter().filter(|text| **text == "not supported").count(), 2);
    assert!(texts(&self::marks(&forest(vec![]).svg())).contains(&"no rows"));
}

#[test]
fn two_hundred_rows_do_not_touch_and_each_panel_has_its_axis() {
    let rows: Vec<RatioRow> =
        (1..=200).map(|at| RatioRow { label: format!("row {at}"), ..ratio(f64::from(at)) }).collect();
    let panel = RatioPanel { title: "many".into(), rows };
    let plot = plot(Chart::Ratios { baseline: "none".into(), panels: vec![panel.clone(), panel] });
    assert_sound(&plot);
    let marks = marks(&plot.svg());
    let boxes = tipped(&marks, "polygon");
    assert_eq!(boxes.len(), 400);
    assert!(boxes.windows(2).all(|pair| pair[0].bounds.3 < pair[1].bounds.1));
    assert_eq!(texts(&marks).iter().filter(|text| **text == "1x").count(), 2);
}

fn line(points: &[(f64, f64)]) -> PlotLine {
    let band = points.iter().map(|(_, y)| PlotInterval { low: y * 0.9, high: y * 1.1 }).collect();
    PlotLine { name: "lru".into(), points: points.to_vec(), band, changes: vec![] }
}

/// The curves: thick lines behind that of the legend.
fn paths(marks: &[PlotMark]) -> Vec<&[Point]> {
    let thick = marks.iter().filter(|mark| mark.attributes.contains("stroke-width=2 "));
    thick.skip(1).map(|mark| mark.places.as_slice()).collect()
}

#[test]
fn heights_are_proportional_and_equal_factors_equally_apart() {
    let marks = marks(&curves(counts(), SHARE, vec![line(&[(1.0, 0.2), (10.0, 0.4), (100.0, 0.8)])]).svg());
    let path = paths(&marks)[0];
    let zero = marks.iter().find(|mark| mark.attributes.contains("opacity=0.6 ")).unwrap().places[0].1;
    let high = |at: usize| zero - path[at].1;
    assert!((high(1) - 2 * high(0)).abs() <= 2 && (high(2) - 2 * high(1)).abs() <= 2, "{path:?} {zero}");
    assert!((path[2].0 - path[1].0 - (path[1].0 - path[0].0)).abs() <= 1, "{path:?}");
    let band = marks.iter().find(|mark| mark.attributes.contains("opacity=0.18 ")).unwrap().bounds;
    assert!(band.1 < path[2].1 && path[0].1 < band.3, "{band:?} {path:?}");
}

#[test]
fn a_gap_breaks_a_curve_and_is_said() {
    let points = [(1.0, 1.0), (2.0, 2.0), (3.0, f64::NAN), (4.0, 4.0), (5.0, 5.0)];
    let broken = marks(&curves(counts(), SHARE, vec![line(&points)]).svg());
    assert_eq!(paths(&broken).len(), 2);
    assert!(texts(&broken).contains(&"points that cannot be drawn: 1"));
    assert!(paths(&marks(&curves(counts(), SHARE, vec![line(&[(0.0, 1.0), (1.0, 1.0)])]).svg())).is_empty());
}

#[test]
fn values_are_named_at_round_places_with_their_units() {
    let names = |axis: Axis, suffix: &str| -> Vec<String> {
        axis.ticks(60, |value| Some(format!("{}{suffix}", plain(value)))).into_iter().map(|tick| tick.text).collect()
    };
    let log = |low: f64, high: f64| Axis::log([low, high].into_iter(), 1.2, (0, 500));
    assert_eq!(names(log(0.01, 2.0), "x"), ["0.01x", "0.02x", "0.05x", "0.1x", "0.2x", "0.5x", "1x", "2x"]);
    assert_eq!(names(log(0.95, 1.04), "x"), ["0.95x", "1x", "1.05x"]);
    assert!(names(log(1e-60, 1e60), "x").contains(&"1x".into()));
    assert_eq!(names(Axis::from_zero([9.0].into_iter(), (0, 400)), " s"), ["0 s", "2 s", "4 s", "6 s", "8 s"]);
    let marks = marks(&curves(counts(), SHARE, vec![line(&[(1.0, 1.0), (2.0, 0.5), (3.0, 0.5)])]).svg());
    for text in ["0%", "20%", "100%", "1", "2", "3", "projects built", "t", "lru"] {
        assert!(texts(&marks).contains(&text), "{text} in {:?}", texts(&marks));
    }
    assert_eq!(Axis::linear([7.0].into_iter(), (0, 100)).at(7.0), Some(50));
    assert_eq!(Axis::log([3.0].into_iter(), 1.5, (0, 100)).at(3.0), Some(50));
}

#[test]
fn days_have_dates_that_do_not_touch() {
    let date = super::lines::date;
    assert_eq!([0.0, 59.0, 20_780.5, -1.0].map(date), ["1970-01-01", "1970-03-01", "2026-11-23", "1969-12-31"]);
    for span in [0.0, 1.0, 9.0, 40.0, 100.0, 400.0, 3000.0, 1e5] {
        let ticks = Axis::linear([20_000.0, 20_000.0 + span].into_iter(), (0, 760)).days(date);
        assert!((1..=9).contains(&ticks.len()), "{span} {ticks:?}");
        for pair in ticks.windows(2) {
            assert!(pair[1].at - pair[0].at >= width(&pair[0].text) * 8 / 10, "{span} {ticks:?}");
        }
    }
}

#[test]
fn a_change_has_its_tip_and_a_long_curve_few_marks() {
    let points = (0..1000).map(|day| (20_000.0 + f64::from(day), if day < 500 { 0.1 } else { 0.15 })).collect();
    let line = PlotLine { name: "copy".into(), points, band: vec![], changes: vec![(500, "0.10x to 0.15x".into())] };
    for scale in [VerticalScale::Ratio, SHARE, VerticalScale::Amount(ValueUnit::Seconds)] {
        let plot = curves(HorizontalScale::Dates, scale, vec![line.clone(), line.clone()]);
        assert_sound(&plot);
        let marks = marks(&plot.svg());
        assert!(marks.iter().any(|mark| mark.tip == "copy: 0.10x to 0.15x") && marks.len() < 400);
    }
}

#[test]
fn curves_differ_without_colour_too() {
    let all: Vec<CurveStyle> = (0..105).map(CurveStyle::new).collect();
    for (at, curve) in all.iter().enumerate() {
        assert!(!all[..at].contains(curve), "{at}");
        assert_eq!(curve.dash.is_empty(), at == 0, "an unbroken one covers those below it");
    }
    assert!(all[..8].windows(2).all(|pair| (pair[0].dash, pair[0].marker) != (pair[1].dash, pair[1].marker)));
}

/// The contrast of two colours, 1 to 21, as WCAG 2.2 defines it.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = |(r, g, b): Rgb| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_series_shows_on_white_and_on_dark() {
    assert!((contrast((255, 255, 255), (0, 0, 0)) - 21.0).abs() < 1e-9);
    for rgb in SERIES {
        assert!(contrast(rgb, (255, 255, 255)) >= 3.0 && contrast(rgb, (17, 17, 17)) >= 3.0, "{rgb:?}");
    }
}

#[test]
fn every_label_is_said_whatever_it_holds_and_a_cut_one_is_whole_in_its_tip() {
    let odd = ["a < b & c", "\"quoted\", it's", "日本 🦀", "two\nlines"];
    let shown = ["a < b & c", "\"quoted\", it's", "日本 🦀", "two lines"];
    let rows = odd.map(|name| RatioRow { label: name.into(), remark: name.into(), ..ratio(1.0) });
    let lines = odd.map(|name| PlotLine { name: name.into(), ..line(&[(1.0, 1.0), (2.0, 2.0)]) });
    let charts = [
        forest(rows.into()),
        curves(HorizontalScale::Counts(odd[0].into()), SHARE, lines.clone().into()),
        curves(HorizontalScale::Dates, VerticalScale::Ratio, lines.into()),
    ];
    for plot in charts {
        assert_sound(&plot);
        let marks = marks(&plot.svg());
        assert!(shown.iter().all(|label| texts(&marks).contains(label)), "{:?}", texts(&marks));
    }
    let label = "word ".repeat(60).trim().to_owned();
    let plot = forest(vec![RatioRow { label: label.clone(), ..ratio(1.0) }]);
    assert_sound(&plot);
    assert!(marks(&plot.svg()).iter().any(|mark| mark.name == "text" && mark.tip == label));
    assert!(width("mmm") > width("iii") && width("日本") > width("ab") && width("e\u{301}") == width("e"));
    assert_eq!(fit("word word", width("word…")), "word…");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[a-z<>&\"',\n 🦀日\u{202e}\u{0}\u{ffff}-]{0,80}",
        Just(String::new()),
        Just("W".repeat(300))
    ]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), -10.0..1e4, Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(f64::MAX)]
}

fn interval() -> impl Strategy<Value = PlotInterval> {
    (value(), value()).prop_map(|(low, high)| PlotInterval { low, high })
}

fn chart() -> impl Strategy<Value = Chart> {
    let bounds = || prop::option::of(interval());
    let row = (text(), prop::option::of(value()), bounds(), bounds(), text())
        .prop_map(|(label, value, interval, range, remark)| RatioRow { label, value, interval, range, remark });
    let panel = (text(), prop::collection::vec(row, 0..5)).prop_map(|(title, rows)| RatioPanel { title, rows });
    let points = prop::collection::vec((value(), value()), 0..9);
    let changes = prop::collection::vec((0..9usize, text()), 0..3);
    let line = (text(), points, prop::collection::vec(interval(), 0..9), changes)
        .prop_map(|(name, points, band, changes)| PlotLine { name, points, band, changes });
    let x = prop_oneof![text().prop_map(HorizontalScale::Counts), Just(HorizontalScale::Dates)];
    let scale = prop::sample::select(vec![VerticalScale::Amount(ValueUnit::Seconds), SHARE, VerticalScale::Ratio]);
    prop_oneof![
        (text(), prop::collection::vec(panel, 0..3)).prop_map(|(baseline, panels)| Chart::Ratios { baseline, panels }),
        (x, text(), scale, prop::collection::vec(line, 0..9)).prop_map(|(x, y, scale, lines)| Chart::Lines {
            x,
            y,
            scale,
            lines
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn no_data_breaks_a_plot(chart in chart(), title in text(), finding in text()) {
        assert_sound(&Plot { title, finding, ..plot(chart) });
    }

    #[test]
    fn every_place_and_tick_is_on_the_axis(values in prop::collection::vec(any::<f64>(), 0..9), value in any::<f64>()) {
        let values = || values.iter().copied();
        for axis in [Axis::from_zero(values(), (10, 90)), Axis::linear(values(), (10, 90)), Axis::log(values(), 1.2, (10, 90))] {
            prop_assert!(axis.at(value).is_none_or(|at| (10..=90).contains(&at)));
            let ticks = axis.ticks(20, |value| Some(plain(value)));
            prop_assert!(ticks.len() <= 5 && ticks.windows(2).all(|pair| pair[1].at - pair[0].at >= 20), "{ticks:?}");
            prop_assert!(ticks.iter().all(|tick| tick.text.len() < 16), "{ticks:?}");
        }
    }
}
