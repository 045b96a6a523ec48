//! Properties of every plot: its SVG is well-formed, says everything, and keeps inside of its box.

use super::picture::Picture;
use super::{Chart, HorizontalScale, Plot, PlotInterval, PlotLine, RatioPanel, RatioRow, ValueUnit, VerticalScale};
use proptest::prelude::*;

fn plot(chart: Chart) -> Plot {
    Plot { id: "p".into(), title: "A title".into(), finding: "A finding.".into(), chart }
}

fn lines(x: HorizontalScale, y: &str, scale: VerticalScale, lines: Vec<PlotLine>) -> Chart {
    Chart::Lines { x, y: y.into(), scale, lines }
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

fn elements(svg: &str) -> Vec<(String, String, Option<String>)> {
    let xml = roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    let element = |node: roxmltree::Node<'_, '_>| {
        assert!(node.attribute("id").is_none());
        let text = node.text().unwrap_or_default().to_owned();
        (node.tag_name().name().to_owned(), text, node.attribute("aria-label").map(str::to_owned))
    };
    xml.descendants().filter(roxmltree::Node::is_element).map(element).collect()
}

fn assert_sound(plot: &Plot) {
    assert_inside(&plot.picture());
    let svg = plot.svg();
    let xml = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    assert_eq!(xml.root_element().attribute("role"), Some("img"));
    assert!(xml.root_element().attribute("viewBox").is_some());
    elements(&svg);
    elements(&plot.svg_file());
}

/// All text and tips of a plot.
fn said(plot: &Plot) -> Vec<String> {
    elements(&plot.svg()).into_iter().map(|element| element.1).collect()
}

#[test]
fn title_and_finding_are_the_label_of_one_and_text_of_the_other() {
    let scale = VerticalScale::Amount(ValueUnit::Count);
    let plot = plot(lines(HorizontalScale::Linear("x".into()), "y", scale, vec![]));
    let tags = elements(&plot.svg());
    assert_eq!(tags[0].2.as_deref(), Some("A title. A finding."));
    assert!(!tags.iter().any(|tag| tag.1 == "A title"));
    let tags = elements(&plot.svg_file());
    for (name, text) in [("title", "A title"), ("desc", "A finding."), ("text", "A title"), ("text", "A finding.")] {
        assert!(tags.iter().any(|tag| tag.0 == name && tag.1 == text), "{name} {text}");
    }
}

fn row(label: &str) -> RatioRow {
    RatioRow { label: label.into(), value: Some(1.0), interval: None, range: None, remark: label.into() }
}

fn forest(title: &str, rows: Vec<RatioRow>) -> Chart {
    Chart::Ratios { baseline: title.into(), panels: vec![RatioPanel { title: title.into(), rows }] }
}

#[test]
fn every_label_is_said_whatever_it_holds() {
    let odd = ["a < b & c", "\"quoted\", it's", "日本 🦀", "two\nlines"];
    let shown = ["a < b & c", "\"quoted\", it's", "日本 🦀", "two lines"];
    let points = vec![(1.0, 1.0), (2.0, 2.0)];
    let line = |name: &str| PlotLine { name: name.into(), points: points.clone(), ..PlotLine::default() };
    let amount = VerticalScale::Amount(ValueUnit::Share);
    let charts = [
        forest(odd[1], odd.map(row).into()),
        lines(HorizontalScale::Log(odd[0].into()), odd[1], amount, odd.map(line).into()),
        lines(HorizontalScale::Dates, odd[1], VerticalScale::Ratio, odd.map(line).into()),
    ];
    for plot in charts.map(plot) {
        assert_sound(&plot);
        let said = said(&plot);
        for label in shown {
            assert!(said.iter().any(|text| text == label), "{label} in {said:?}");
        }
    }
}

#[test]
fn a_cut_label_is_whole_in_its_tip() {
    let label = "word ".repeat(60).trim().to_owned();
    let plot = plot(forest("", vec![row(&label)]));
    assert_sound(&plot);
    assert!(said(&plot).contains(&label));
}

#[test]
fn two_hundred_rows_do_not_touch() {
    let row = |at: usize| RatioRow {
        label: format!("row {at}"),
        value: Some(at as f64),
        interval: Some(PlotInterval { low: at as f64 * 0.9, high: at as f64 * 1.1 }),
        range: None,
        remark: format!("{at} s"),
    };
    let plot = plot(forest("many", (1..=200).map(row).collect()));
    assert_sound(&plot);
    let picture = plot.picture();
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
    let x = prop_oneof![
        text().prop_map(HorizontalScale::Linear),
        text().prop_map(HorizontalScale::Log),
        Just(HorizontalScale::Dates)
    ];
    let units = [ValueUnit::Seconds, ValueUnit::Share, ValueUnit::Count].map(VerticalScale::Amount);
    let scale = prop::sample::select([&units[..], &[VerticalScale::Ratio]].concat());
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
}
