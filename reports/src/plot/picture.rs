//! A picture as marks with places, which tests can ask for, and its SVG.

use super::text;

/// A place, in units of the picture, from the top left.
pub(super) type Point = (i32, i32);

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

/// The colour of a mark; without one it has that of the text around the plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Paint {
    pub rgb: Option<Rgb>,
    /// Above 0, up to 1.
    pub opacity: f64,
}

/// Text and lines that must be seen.
pub(super) const TEXT: Paint = Paint { rgb: None, opacity: 1.0 };
/// Remarks and ticks.
pub(super) const QUIET: Paint = Paint { rgb: None, opacity: 0.72 };
/// Lines that values are read against: 0 and 1.
pub(super) const BASE: Paint = Paint { rgb: None, opacity: 0.6 };
/// Lines of the grid.
pub(super) const GRID: Paint = Paint { rgb: None, opacity: 0.14 };
/// Below 1.
pub(super) const FASTER: Paint = solid(SERIES[0]);
/// Above 1.
pub(super) const SLOWER: Paint = solid(SERIES[1]);
/// Neither.
pub(super) const NEITHER: Paint = solid(SERIES[6]);

/// The hues of Okabe and Ito (<https://jfly.uni-koeln.de/color/>), which colour-blind people can
/// distinguish, without yellow and black. Orange and sky blue are darkened, so that every one has a
/// contrast of 3:1 (WCAG 2.2, 1.4.11) with a white page and with a dark one.
const SERIES: [Rgb; 7] = [
    (0, 114, 178),   // blue
    (213, 94, 0),    // vermillion
    (0, 158, 115),   // bluish green
    (204, 121, 167), // reddish purple
    (47, 150, 207),  // sky blue, darkened from (86, 180, 233)
    (194, 130, 0),   // orange, darkened from (230, 159, 0)
    (118, 118, 118), // grey
];

pub(super) const fn solid(rgb: Rgb) -> Paint {
    Paint { rgb: Some(rgb), opacity: 1.0 }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    pub width: i32,
    pub height: i32,
    pub marks: Vec<PlotMark>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlotMark {
    pub shape: Shape,
    pub paint: Paint,
    /// Lengths of dashes and gaps; empty for an unbroken line.
    dash: &'static str,
    /// Shown when the pointer rests on the mark; may be empty.
    pub tip: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// The top left corner and the size.
    Rect(Point, Point),
    /// A line through points, of some width.
    Path(Vec<Point>, u32),
    /// A filled polygon.
    Area(Vec<Point>),
    /// The centre and the radius.
    Dot(Point, i32),
    Text(Label),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    pub text: String,
    /// The place of its anchor; the middle of its height.
    at: Point,
    pub anchor: Anchor,
    size: i32,
    bold: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Label {
    pub fn new(text: impl Into<String>, at: Point, anchor: Anchor, size: i32) -> Self {
        Self { text: text.into(), at, anchor, size, bold: false }
    }

    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

impl Picture {
    /// An empty picture; its height is set when everything is placed.
    pub fn new(width: i32) -> Self {
        Self { width, height: 0, marks: Vec::new() }
    }

    fn add(&mut self, shape: Shape, paint: Paint) -> &mut PlotMark {
        let at = self.marks.len();
        self.marks.push(PlotMark { shape, paint, dash: "", tip: String::new() });
        &mut self.marks[at]
    }

    /// Adds a rectangle between two corners.
    pub fn rect(&mut self, (x0, y0): Point, (x1, y1): Point, paint: Paint) -> &mut PlotMark {
        self.add(Shape::Rect((x0.min(x1), y0.min(y1)), ((x1 - x0).abs(), (y1 - y0).abs())), paint)
    }

    pub fn line(&mut self, from: Point, to: Point, width: u32, paint: Paint) -> &mut PlotMark {
        self.path(vec![from, to], width, paint)
    }

    pub fn path(&mut self, points: Vec<Point>, width: u32, paint: Paint) -> &mut PlotMark {
        self.add(Shape::Path(points, width), paint)
    }

    pub fn area(&mut self, points: Vec<Point>, paint: Paint) -> &mut PlotMark {
        self.add(Shape::Area(points), paint)
    }

    pub fn dot(&mut self, centre: Point, radius: i32, paint: Paint) -> &mut PlotMark {
        self.add(Shape::Dot(centre, radius), paint)
    }

    pub fn text(&mut self, label: Label, paint: Paint) -> &mut PlotMark {
        self.add(Shape::Text(label), paint)
    }

    /// Adds text no wider than `room`; if cut, all of it is its tip.
    pub fn fitted(&mut self, label: Label, room: i32, paint: Paint) {
        let lines = [text::fit(&label.text, label.size, room)];
        self.lines(&lines, label, paint);
    }

    /// Adds wrapped lines, the first at the place of `label`; if the last was cut, all of the text is
    /// its tip.
    pub fn lines(&mut self, lines: &[String], label: Label, paint: Paint) {
        let cut = lines.last().is_some_and(|line| line.ends_with('…') && !label.text.ends_with('…'));
        for (at, line) in lines.iter().enumerate() {
            let place = (label.at.0, label.at.1 + at as i32 * text::LINE);
            let tip = if cut { label.text.clone() } else { String::new() };
            self.text(Label { text: line.clone(), at: place, ..label }, paint).tip(tip);
        }
    }

    /// Adds text centred at `x`, or as near to it as keeps it inside of the picture.
    pub fn centred(&mut self, text: &str, (x, y): Point, paint: Paint) {
        let half = text::width(text, text::SMALL).min(self.width) / 2 + 1;
        let label = Label::new(text, (x.min(self.width - half).max(half), y), Anchor::Middle, text::SMALL);
        self.fitted(label, self.width - 2, paint);
    }

    /// Adds all marks of another picture, moved right and down.
    pub fn append(&mut self, other: Picture, (right, down): Point) {
        let shift = |at: &mut Point| *at = (at.0 + right, at.1 + down);
        for mut mark in other.marks {
            match &mut mark.shape {
                Shape::Rect(at, _) | Shape::Dot(at, _) => shift(at),
                Shape::Path(points, _) | Shape::Area(points) => points.iter_mut().for_each(shift),
                Shape::Text(label) => shift(&mut label.at),
            }
            self.marks.push(mark);
        }
    }

    /// An `<svg>` element for the inside of an HTML page. It has no ids, so that a page can hold many.
    pub fn inline(&self, label: &str) -> String {
        self.element(&format!("role=\"img\" aria-label=\"{}\"", escape(label)), "")
    }

    /// A file of its own: white background, dark text, a title and a description.
    pub fn file(&self, title: &str, description: &str) -> String {
        let attributes = format!("width=\"{}\" height=\"{}\" role=\"img\" color=\"#1f2328\"", self.width, self.height);
        let head = format!(
            "<title>{}</title>\n<desc>{}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
            escape(title),
            escape(description)
        );
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", self.element(&attributes, &head))
    }

    fn element(&self, attributes: &str, head: &str) -> String {
        let marks: String = self.marks.iter().map(PlotMark::svg).collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"system-ui, sans-serif\" \
             {attributes}>\n{head}{marks}</svg>",
            self.width, self.height
        )
    }
}

impl PlotMark {
    pub fn tip(&mut self, tip: impl Into<String>) -> &mut Self {
        self.tip = tip.into();
        self
    }

    pub fn dash(&mut self, dash: &'static str) -> &mut Self {
        self.dash = dash;
        self
    }

    fn svg(&self) -> String {
        let list = |points: &[Point]| points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ");
        let colour = self.paint.rgb.map_or("currentColor".into(), |(r, g, b)| format!("#{r:02x}{g:02x}{b:02x}"));
        let fill = format!("fill=\"{colour}\"");
        let (name, attributes, text) = match &self.shape {
            Shape::Rect((x, y), (w, h)) => {
                ("rect", format!("x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" {fill}"), "")
            }
            Shape::Path(points, width) => (
                "polyline",
                format!(
                    "points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"",
                    list(points)
                ),
                "",
            ),
            Shape::Area(points) => ("polygon", format!("points=\"{}\" {fill}", list(points)), ""),
            Shape::Dot((x, y), radius) => ("circle", format!("cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {fill}"), ""),
            Shape::Text(label) => {
                let anchor = match label.anchor {
                    Anchor::Start => "start",
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                };
                let weight = if label.bold { " font-weight=\"bold\"" } else { "" };
                let ((x, y), size) = (label.at, label.size);
                let place = format!("x=\"{x}\" y=\"{y}\" dy=\"0.35em\" text-anchor=\"{anchor}\" font-size=\"{size}\"");
                ("text", format!("{place}{weight} {fill}"), label.text.as_str())
            }
        };
        let opacity =
            if self.paint.opacity < 1.0 { format!(" opacity=\"{}\"", self.paint.opacity) } else { String::new() };
        let dash = if self.dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", self.dash) };
        let tip = if self.tip.is_empty() { String::new() } else { format!("<title>{}</title>", escape(&self.tip)) };
        // The tip is behind the text: some renderers lose the place of text behind another element.
        format!("<{name} {attributes}{opacity}{dash}>{}{tip}</{name}>\n", escape(text))
    }
}

fn escape(text: &str) -> String {
    let text = text::clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&apos;")
}

/// The look of a curve: colour, and dashes and markers for those who do not see colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CurveStyle {
    pub rgb: Rgb,
    pub dash: &'static str,
    marker: usize,
}

const DASHES: [&str; 3] = ["8 4", "2 3", "10 3 2 3"];
const MARKERS: usize = 5;

impl CurveStyle {
    /// The look of the n-th curve: as 7, 3 and 5 have no common factor, the first 105 differ. Only the
    /// first is unbroken: through the gaps of those drawn later one sees those that they run over.
    pub fn new(at: usize) -> Self {
        let dash = at.checked_sub(1).map_or("", |at| DASHES[at % DASHES.len()]);
        Self { rgb: SERIES[at % SERIES.len()], dash, marker: at % MARKERS }
    }

    /// Draws the marker of this curve at a place, larger by `rim` on all sides.
    pub fn mark(&self, picture: &mut Picture, (x, y): Point, rim: i32, tip: &str) {
        let (less, more) = (4 + rim, 5 + rim);
        let paint = solid(self.rgb);
        let mark = match self.marker {
            0 => picture.dot((x, y), less, paint),
            1 => picture.rect((x - less, y - less), (x + less, y + less), paint),
            2 => picture.area(vec![(x, y - more), (x + more, y + less), (x - more, y + less)], paint),
            3 => picture.area(vec![(x, y - more), (x + more, y), (x, y + more), (x - more, y)], paint),
            _ => picture.area(vec![(x, y + more), (x + more, y - less), (x - more, y - less)], paint),
        };
        mark.tip(tip);
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum LegendSample {
    Dot(Paint),
    Thick(Paint),
    Thin(Paint),
    Curve(CurveStyle),
}

const LEGEND_GAP: i32 = 22;

/// Draws samples and names from `top` on, in as many lines as they need; returns where they end. An
/// item without a name is left out.
pub(super) fn legend(picture: &mut Picture, items: &[(LegendSample, String)], top: i32) -> i32 {
    let (mut x, mut y, mut any) = (0, top, false);
    for (sample, name) in items.iter().filter(|(_, name)| !name.is_empty()) {
        let sample_width = if matches!(sample, LegendSample::Curve(_)) { 36 } else { 20 };
        let room = picture.width - sample_width - 8;
        let wide = sample_width + 8 + text::width(name, text::SMALL).min(room);
        if any && x + wide > picture.width {
            (x, y) = (0, y + text::LINE + 3);
        }
        let (middle, end) = (y + text::LINE / 2, x + sample_width);
        match *sample {
            LegendSample::Dot(paint) => {
                picture.dot((x + 10, middle), 4, paint);
            }
            LegendSample::Thick(paint) => {
                picture.rect((x, middle - 7), (end, middle + 7), paint);
            }
            LegendSample::Thin(paint) => {
                picture.line((x, middle), (end, middle), 2, paint);
            }
            LegendSample::Curve(style) => {
                picture.line((x, middle), (end, middle), 2, solid(style.rgb)).dash(style.dash);
                style.mark(picture, (x + sample_width / 2, middle), 0, "");
            }
        }
        picture.fitted(Label::new(name, (end + 8, middle), Anchor::Start, text::SMALL), room, QUIET);
        x += wide + LEGEND_GAP;
        any = true;
    }
    if any { y + text::LINE } else { top }
}

#[cfg(test)]
impl PlotMark {
    /// The estimated box around it: left, top, right, bottom.
    pub fn bounds(&self) -> (i32, i32, i32, i32) {
        match &self.shape {
            Shape::Rect((x, y), (width, height)) => (*x, *y, x + width, y + height),
            Shape::Dot((x, y), radius) => (x - radius, y - radius, x + radius, y + radius),
            Shape::Path(points, _) | Shape::Area(points) => {
                let x = || points.iter().map(|point| point.0);
                let y = || points.iter().map(|point| point.1);
                let of = |end: Option<i32>| end.expect("no shape is without points");
                (of(x().min()), of(y().min()), of(x().max()), of(y().max()))
            }
            Shape::Text(label) => {
                let ((x, y), half) = (label.at, label.size / 2);
                let width = match label.bold {
                    true => (f64::from(text::width(&label.text, label.size)) * 1.12).ceil() as i32,
                    false => text::width(&label.text, label.size),
                };
                let left = match label.anchor {
                    Anchor::Start => x,
                    Anchor::Middle => x - width / 2,
                    Anchor::End => x - width,
                };
                (left, y - half, left + width, y + half)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_differ_without_colour_too() {
        let all: Vec<CurveStyle> = (0..105).map(CurveStyle::new).collect();
        for (at, curve) in all.iter().enumerate() {
            assert!(!all[..at].contains(curve), "{at}");
            assert_eq!(curve.dash.is_empty(), at == 0, "an unbroken one covers those below it");
        }
        for pair in all[..8].windows(2) {
            assert_ne!((pair[0].dash, pair[0].marker), (pair[1].dash, pair[1].marker));
        }
    }

    #[test]
    fn a_full_line_of_a_legend_is_followed_by_another() {
        let items: Vec<(LegendSample, String)> =
            (0..9).map(|at| (LegendSample::Thick(QUIET), format!("a series called {at}"))).collect();
        let mut picture = Picture::new(340);
        let bottom = legend(&mut picture, &items, 10);
        assert!(bottom > 10 + 3 * text::LINE, "{bottom}");
        for mark in &picture.marks {
            let (left, _, right, low) = mark.bounds();
            assert!(left >= 0 && right <= 340 && low <= bottom, "{mark:?}");
        }
        assert_eq!(legend(&mut picture, &[(LegendSample::Thick(QUIET), String::new())], 10), 10);
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

    fn sample() -> Picture {
        let mut picture = Picture { height: 50, ..Picture::new(100) };
        picture.rect((1, 2), (11, 22), solid((1, 100, 200))).tip("5 < 6 & \"so\"");
        picture.line((0, 0), (9, 9), 2, GRID).dash("4 3");
        picture.area(vec![(0, 0), (5, 5), (0, 5)], solid((9, 9, 9)));
        picture.dot((7, 8), 3, TEXT);
        picture.text(Label::new("fill=\"#010203\" <b>", (20, 20), Anchor::End, 13), TEXT).tip("all of it");
        picture
    }

    #[test]
    fn each_mark_is_an_element_with_all_it_asks_for() {
        let svg = sample().inline("a \"label\"\nof <two> lines");
        let xml = roxmltree::Document::parse(&svg).expect(&svg);
        let tags: Vec<_> = xml.descendants().filter(roxmltree::Node::is_element).collect();
        let names: Vec<&str> = tags.iter().map(|tag| tag.tag_name().name()).collect();
        assert_eq!(names, ["svg", "rect", "title", "polyline", "polygon", "circle", "text", "title"]);
        assert_eq!(tags[0].attribute("viewBox"), Some("0 0 100 50"));
        assert_eq!(tags[0].attribute("aria-label"), Some("a \"label\" of <two> lines"));
        assert_eq!(tags[0].attribute("width"), None);
        assert_eq!([tags[1].attribute("x"), tags[1].attribute("width")], [Some("1"), Some("10")]);
        assert_eq!(tags[1].attribute("fill"), Some("#0164c8"));
        assert_eq!(tags[2].text(), Some("5 < 6 & \"so\""));
        assert_eq!(tags[3].attribute("stroke"), Some("currentColor"));
        assert_eq!(tags[3].attribute("stroke-dasharray"), Some("4 3"));
        assert_eq!(tags[5].attribute("fill"), Some("currentColor"));
        assert_eq!(tags[6].text(), Some("fill=\"#010203\" <b>"));
        assert_eq!(tags[6].attribute("font-size"), Some("13"));
        assert!(!svg.contains("id="));
    }

    #[test]
    fn a_file_needs_nothing_else() {
        let svg = sample().file("T & t", "what it \"shows\"");
        assert!(svg.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "));
        let xml = roxmltree::Document::parse(&svg).expect(&svg);
        let tags: Vec<_> = xml.descendants().filter(roxmltree::Node::is_element).collect();
        assert_eq!((tags[1].tag_name().name(), tags[1].text()), ("title", Some("T & t")));
        assert_eq!((tags[2].tag_name().name(), tags[2].text()), ("desc", Some("what it \"shows\"")));
        assert_eq!(tags[3].attribute("fill"), Some("#ffffff"));
    }

    #[test]
    fn an_empty_picture_is_an_empty_element() {
        let svg = Picture::new(10).inline("");
        let xml = roxmltree::Document::parse(&svg).expect("well-formed");
        assert_eq!(xml.descendants().filter(roxmltree::Node::is_element).count(), 1);
    }
}
