//! Tests of [`super`].

use super::super::palette::{Ink, Rgb};
use super::super::picture::{Mark, Shape};
use super::*;
use crate::table::UNMEASURED;

fn panels(values: &[Option<f64>]) -> Vec<Panel<Bar>> {
    vec![Panel { title: "fill".into(), rows: vec![Bar { label: "row".into(), values: values.to_vec() }] }]
}

fn names(count: usize, name: &str) -> Vec<String> {
    (1..=count).map(|at| format!("{name}{at}")).collect()
}

/// Cells: rectangles with a tip, which the legend has not.
fn cells(picture: &Picture) -> Vec<(&Mark, Rgb)> {
    let cells = picture.marks.iter().filter(|mark| matches!(mark.shape, Shape::Rect(..)) && !mark.tip.is_empty());
    let rgb = |mark: &Mark| match mark.paint.ink {
        Ink::Fixed(rgb) => rgb,
        Ink::Page => panic!("a cell has a colour of its own"),
    };
    cells.map(|mark| (mark, rgb(mark))).collect()
}

fn texts(picture: &Picture) -> Vec<&Words> {
    let words = picture.marks.iter().map(|mark| match &mark.shape {
        Shape::Text(words) => Some(words),
        _ => None,
    });
    words.flatten().collect()
}

#[test]
fn faster_is_blue_and_slower_orange() {
    let picture = draw(&names(3, "c"), &panels(&[Some(0.5), Some(1.0), Some(2.0)]), Width::Wide);
    let cells = cells(&picture);
    let (r, _, b) = cells[0].1;
    assert!(b > r, "{cells:?}");
    assert_eq!(cells[1].1, palette::diverging(0.0));
    let (r, _, b) = cells[2].1;
    assert!(r > b, "{cells:?}");
    // Half and double are the ends of this scale.
    assert_eq!((cells[0].1, cells[2].1), (palette::diverging(-1.0), palette::diverging(1.0)));
}

#[test]
fn each_ratio_stands_on_its_cell() {
    for width in [Width::Wide, Width::Narrow] {
        let picture = draw(&names(2, "c"), &panels(&[Some(0.39), Some(1.5)]), width);
        for ((cell, _), ratio) in cells(&picture).into_iter().zip(["0.39x", "1.50x"]) {
            let (left, top, right, bottom) = cell.bounds();
            let words = texts(&picture).into_iter().find(|words| words.text == ratio).expect(ratio);
            assert!(left < words.at.0 && words.at.0 < right && top < words.at.1 && words.at.1 < bottom);
            assert!(words.width() <= right - left);
        }
    }
}

#[test]
fn what_was_not_measured_is_a_dash_without_colour() {
    let picture = draw(&names(3, "c"), &panels(&[None, Some(f64::NAN)]), Width::Wide);
    assert!(cells(&picture).is_empty());
    assert_eq!(texts(&picture).iter().filter(|words| words.text == UNMEASURED).count(), 3);
}

#[test]
fn long_names_are_slanted_or_numbered() {
    let columns = names(12, "units-crate-source-reflink-directory-");
    let values = panels(&[Some(1.0); 12]);
    let wide = draw(&columns, &values, Width::Wide);
    assert_eq!(texts(&wide).iter().filter(|words| words.slanted).count(), 12);
    let narrow = draw(&columns, &values, Width::Narrow);
    let has = |text: &str| texts(&narrow).iter().any(|words| words.text == text);
    assert!(has("12") && has("units-crate-source-reflink-directory-12"));
    let short = draw(&names(3, "c"), &values, Width::Wide);
    assert!(!texts(&short).iter().any(|words| words.slanted));
}

#[test]
fn too_many_columns_go_on_below() {
    let picture = draw(&names(20, "c"), &panels(&[Some(0.5); 20]), Width::Narrow);
    let cells = cells(&picture);
    assert_eq!(cells.len(), 20);
    assert!(cells[19].0.bounds().1 > cells[0].0.bounds().1);
    assert!(cells.iter().all(|(cell, _)| cell.bounds().2 <= 340));
}
