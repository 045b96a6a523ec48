//! What holds for every plot: its SVG is well-formed, says all, and keeps inside of its box.

use super::check;
use super::picture::Picture;
use super::{Bar, Chart, Interval, Line, Panel, Plot, Ratio, Unit, Width};
use proptest::prelude::*;

const WIDTHS: [Width; 2] = [Width::Wide, Width::Narrow];

fn plot(chart: Chart) -> Plot {
    Plot { id: "p".into(), title: "A title".into(), finding: "What it shows.".into(), chart }
}

/// Every mark is inside of the picture, by estimate.
fn assert_inside(picture: &Picture) {
    for mark in &picture.marks {
        let (left, top, right, bottom) = mark.bounds();
        assert!(
            left >= 0 && top >= 0 && right <= picture.width && bottom <= picture.height,
            "{mark:?} of {:?} in {} x {}",
            mark.bounds(),
            picture.width,
            picture.height
        );
    }
}

fn assert_sound(plot: &Plot) {
    for width in WIDTHS {
        assert_inside(&plot.picture(width));
        let svg = plot.svg(width);
        let tags = check::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
        assert_eq!(tags[0].attribute("role"), Some("img"));
        assert!(tags[0].attribute("viewBox").is_some());
        assert!(tags.iter().all(|tag| tag.attribute("id").is_none()));
    }
    let file = plot.svg_file();
    let (_, inside) = file.split_once("?>\n").expect("an XML header");
    check::parse(inside).unwrap_or_else(|error| panic!("{error}\n{file}"));
}

/// All text and tips of a plot.
fn said(plot: &Plot, width: Width) -> Vec<String> {
    check::parse(&plot.svg(width)).expect("well-formed").into_iter().map(|tag| tag.text).collect()
}

#[test]
fn title_and_finding_are_the_label_of_one_and_text_of_the_other() {
    let plot = plot(Chart::Lines { x: "x".into(), y: "y".into(), unit: Unit::Count, log_x: false, lines: vec![] });
    let tags = check::parse(&plot.svg(Width::Wide)).expect("well-formed");
    assert_eq!(tags[0].attribute("aria-label"), Some("A title. What it shows."));
    assert!(!tags.iter().any(|tag| tag.text == "A title"));
    let file = plot.svg_file();
    let tags = check::parse(file.split_once("?>\n").expect("a header").1).expect("well-formed");
    for (name, text) in
        [("title", "A title"), ("desc", "What it shows."), ("text", "A title"), ("text", "What it shows.")]
    {
        assert!(tags.iter().any(|tag| tag.name == name && tag.text == text), "{name} {text}");
    }
}

#[test]
fn every_label_is_said_whatever_it_holds() {
    let odd = ["a < b & c", "\"quoted\", it's", "日本 🦀", "two\nlines"];
    let shown = ["a < b & c", "\"quoted\", it's", "日本 🦀", "two lines"];
    let strings = || odd.map(str::to_owned).to_vec();
    let bars = || {
        vec![Panel {
            title: odd[0].into(),
            rows: odd.map(|label| Bar { label: label.into(), values: vec![Some(1.0)] }).into(),
        }]
    };
    let ratio = |label: &str| Ratio {
        label: label.into(),
        value: Some(1.0),
        interval: None,
        range: None,
        remark: label.into(),
    };
    let line = |name: &str| Line { name: name.into(), points: vec![(1.0, 1.0), (2.0, 2.0)], band: vec![] };
    let charts = [
        Chart::Ratios {
            baseline: odd[0].into(),
            panels: vec![Panel { title: odd[1].into(), rows: odd.map(ratio).into() }],
        },
        Chart::Bars { unit: Unit::Seconds, series: strings(), stacked: false, panels: bars() },
        Chart::Bars { unit: Unit::Seconds, series: strings(), stacked: true, panels: bars() },
        Chart::Heat { columns: strings(), panels: bars() },
        Chart::Lines {
            x: odd[0].into(),
            y: odd[1].into(),
            unit: Unit::Bytes,
            log_x: true,
            lines: odd.map(line).into(),
        },
    ];
    for plot in charts.map(plot) {
        assert_sound(&plot);
        for width in WIDTHS {
            let said = said(&plot, width);
            for label in shown {
                let whole = said.iter().any(|text| text == label);
                // A head of a heat map may be broken into lines; its words are all there.
                let words = label.split(' ').all(|word| said.iter().any(|text| text.contains(word)));
                assert!(whole || words && matches!(plot.chart, Chart::Heat { .. }), "{label} in {said:?}");
            }
        }
    }
}

#[test]
fn a_cut_label_is_whole_in_its_tip() {
    let label = "word ".repeat(60).trim().to_owned();
    let bars = vec![Panel { title: String::new(), rows: vec![Bar { label: label.clone(), values: vec![Some(1.0)] }] }];
    let heat = Chart::Heat { columns: vec!["a".into()], panels: bars.clone() };
    for chart in [heat, Chart::Bars { unit: Unit::Count, series: vec!["a".into()], stacked: false, panels: bars }] {
        let plot = plot(chart);
        assert_sound(&plot);
        for width in WIDTHS {
            assert!(said(&plot, width).contains(&label));
        }
    }
}

#[test]
fn two_hundred_rows_do_not_touch() {
    let row = |at: usize| Ratio {
        label: format!("row {at}"),
        value: Some(at as f64),
        interval: Some(Interval { low: at as f64 * 0.9, high: at as f64 * 1.1 }),
        range: None,
        remark: format!("{at} s"),
    };
    let panels = vec![Panel { title: "many".into(), rows: (1..=200).map(row).collect() }];
    let plot = plot(Chart::Ratios { baseline: "none".into(), panels });
    assert_sound(&plot);
    for width in WIDTHS {
        let picture = plot.picture(width);
        let boxes: Vec<_> = picture
            .marks
            .iter()
            .filter(|mark| mark.tip.starts_with("row "))
            .map(|mark| (&mark.tip, mark.bounds()))
            .collect();
        assert_eq!(boxes.len(), 400);
        for pair in boxes.windows(2).filter(|pair| pair[0].0 != pair[1].0) {
            assert!(pair[0].1.3 < pair[1].1.1, "{pair:?}");
        }
    }
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

fn interval() -> impl Strategy<Value = Interval> {
    (value(), value()).prop_map(|(low, high)| Interval { low, high })
}

fn panels<R: std::fmt::Debug + Clone>(row: impl Strategy<Value = R> + Clone) -> impl Strategy<Value = Vec<Panel<R>>> {
    let panel = (text(), prop::collection::vec(row, 0..5)).prop_map(|(title, rows)| Panel { title, rows });
    prop::collection::vec(panel, 0..3)
}

fn bars() -> impl Strategy<Value = Vec<Panel<Bar>>> {
    let values = || prop::collection::vec(prop::option::of(value()), 0..15);
    panels((text(), prop_oneof![values()]).prop_map(|(label, values)| Bar { label, values }).boxed())
}

fn unit() -> impl Strategy<Value = Unit> {
    prop::sample::select(vec![Unit::Seconds, Unit::Bytes, Unit::Share, Unit::Count])
}

fn chart() -> impl Strategy<Value = Chart> {
    let ratio = (text(), prop::option::of(value()), prop::option::of(interval()), prop::option::of(interval()), text())
        .prop_map(|(label, value, interval, range, remark)| Ratio { label, value, interval, range, remark })
        .boxed();
    let names = || prop::collection::vec(text(), 0..15);
    let line = (text(), prop::collection::vec((value(), value()), 0..9), prop::collection::vec(interval(), 0..9))
        .prop_map(|(name, points, band)| Line { name, points, band });
    prop_oneof![
        (text(), panels(ratio)).prop_map(|(baseline, panels)| Chart::Ratios { baseline, panels }),
        (unit(), names(), any::<bool>(), bars()).prop_map(|(unit, series, stacked, panels)| Chart::Bars {
            unit,
            series,
            stacked,
            panels
        }),
        (names(), bars()).prop_map(|(columns, panels)| Chart::Heat { columns, panels }),
        (text(), text(), unit(), any::<bool>(), prop::collection::vec(line, 0..9))
            .prop_map(|(x, y, unit, log_x, lines)| Chart::Lines { x, y, unit, log_x, lines }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn no_data_breaks_a_plot(chart in chart(), title in text(), finding in text()) {
        assert_sound(&Plot { title, finding, ..plot(chart) });
    }
}
