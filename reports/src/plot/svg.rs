//! Marks as SVG elements, one after the other.

use unicode_width::UnicodeWidthChar as _;

/// A place, in units of the drawing, from the top left.
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

/// Text that must be seen.
pub(super) const TEXT: Paint = Paint { rgb: None, opacity: 1.0 };
/// Remarks and ticks.
pub(super) const QUIET: Paint = Paint { rgb: None, opacity: 0.72 };
/// Lines that values are read against: 0 and 1.
pub(super) const BASE: Paint = Paint { rgb: None, opacity: 0.6 };
/// Lines of the grid.
pub(super) const GRID: Paint = Paint { rgb: None, opacity: 0.14 };

/// The hues of Okabe and Ito (<https://jfly.uni-koeln.de/color/>), which colour-blind people can
/// distinguish, without yellow and black. Orange and sky blue are darkened, so that every one has a
/// contrast of 3:1 (WCAG 2.2, 1.4.11) with a white page and with a dark one.
pub(super) const SERIES: [Rgb; 7] = [
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

/// Where text is relative to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

const SIZE: i32 = 13;

/// A drawing; its height is set when everything is placed.
pub(super) struct Svg {
    width: i32,
    pub height: i32,
    body: String,
}

impl Svg {
    pub fn new(width: i32) -> Self {
        Self { width, height: 0, body: String::new() }
    }

    fn put(&mut self, name: &str, attributes: &str, opacity: f64, text: &str, tip: &str) {
        let opacity = if opacity < 1.0 { format!(" opacity=\"{opacity}\"") } else { String::new() };
        let tip = if tip.is_empty() { String::new() } else { format!("<title>{}</title>", escape(tip)) };
        // The tip is behind the text: some renderers lose the place of text behind another element.
        self.body += &format!("<{name} {attributes}{opacity}>{}{tip}</{name}>\n", escape(text));
    }

    /// Adds a line through points; `dash` has lengths of dashes and gaps, and is empty for an unbroken one.
    pub fn line(&mut self, points: &[Point], width: u32, dash: &str, paint: Paint, tip: &str) {
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let points = list(points);
        let stroke = colour(paint);
        let attributes =
            format!("points=\"{points}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"{dash}");
        self.put("polyline", &attributes, paint.opacity, "", tip);
    }

    /// Adds a filled polygon.
    pub fn area(&mut self, points: &[Point], paint: Paint, tip: &str) {
        let attributes = format!("points=\"{}\" fill=\"{}\"", list(points), colour(paint));
        self.put("polygon", &attributes, paint.opacity, "", tip);
    }

    pub fn dot(&mut self, (x, y): Point, paint: Paint, tip: &str) {
        self.put(
            "circle",
            &format!("cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"{}\"", colour(paint)),
            paint.opacity,
            "",
            tip,
        );
    }

    /// Adds text no wider than `room`; if cut, all of it is its tip. Centred text is moved inside of the drawing.
    pub fn text(&mut self, text: &str, (x, y): Point, anchor: Anchor, room: i32, paint: Paint) {
        let text = clean(text);
        let shown = fit(&text, room.min(self.width - 4));
        let half = width(&shown) / 2 + 1;
        let (x, anchor) = match anchor {
            Anchor::Start => (x, "start"),
            Anchor::Middle => (x.min(self.width - half).max(half), "middle"),
            Anchor::End => (x, "end"),
        };
        let fill = colour(paint);
        let attributes =
            format!("x=\"{x}\" y=\"{y}\" dy=\"0.35em\" text-anchor=\"{anchor}\" font-size=\"{SIZE}\" fill=\"{fill}\"");
        let tip = if shown == text { String::new() } else { text };
        self.put("text", &attributes, paint.opacity, &shown, &tip);
    }

    /// An `<svg>` element. It has no ids, so that a page can hold many.
    pub fn element(&self, attributes: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"system-ui, sans-serif\" \
             {attributes}>\n{}</svg>",
            self.width, self.height, self.body
        )
    }

    /// A file of its own around `inner`: white background, dark text, a title and a description.
    pub fn file(mut self, title: &str, description: &str, inner: &str) -> String {
        self.body = format!(
            "<title>{}</title>\n<desc>{}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}{inner}\n",
            escape(title),
            escape(description),
            self.body
        );
        let size = format!("width=\"{}\" height=\"{}\" role=\"img\" color=\"#1f2328\"", self.width, self.height);
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", self.element(&size))
    }
}

fn list(points: &[Point]) -> String {
    points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

fn colour(paint: Paint) -> String {
    paint.rgb.map_or("currentColor".into(), |(r, g, b)| format!("#{r:02x}{g:02x}{b:02x}"))
}

/// `text` on one line, without what XML does not allow or what would turn other text around.
fn clean(text: &str) -> String {
    crate::text::clean(&text.replace(['\u{fffe}', '\u{ffff}'], ""))
}

pub(super) fn escape(text: &str) -> String {
    let text = clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&apos;")
}

/// Width of a character in hundredths of the font size. There is no font to measure with, and readers have
/// different ones, so these are those of DejaVu Sans, which is wider than the usual ones.
fn em(c: char) -> i32 {
    match c {
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 100,
        '+' | '=' | '<' | '>' | '~' | '#' | '&' | '×' | '−' => 84,
        'A'..='Z' => 76,
        _ if c.is_ascii() => 64,
        // An emoji is wider than an em; combining marks take nothing.
        _ => [0, 76, 130][c.width().unwrap_or(0).min(2)],
    }
}

/// The estimated width of text.
pub(super) fn width(text: &str) -> i32 {
    let sum = text.chars().map(em).fold(0i32, i32::saturating_add);
    // A lone combining mark is shown above a circle.
    let least = if text.is_empty() { 0 } else { em('o') };
    sum.max(least).min(1_000_000) * SIZE / 100 + 1
}

/// `text` no wider than `room`, its end replaced by `…` if cut.
pub(super) fn fit(text: &str, room: i32) -> String {
    if width(text) <= room {
        return text.into();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if width(&format!("{out}…")) > room {
            out.pop();
            break;
        }
    }
    out.trim_end().to_owned() + "…"
}

const DASHES: [&str; 3] = ["8 4", "2 3", "10 3 2 3"];
/// Corners of the markers of curves, around their places.
const MARKERS: [&[Point]; 5] = [
    &[(-4, -2), (-2, -4), (2, -4), (4, -2), (4, 2), (2, 4), (-2, 4), (-4, 2)],
    &[(-4, -4), (4, -4), (4, 4), (-4, 4)],
    &[(0, -5), (5, 4), (-5, 4)],
    &[(0, -5), (5, 0), (0, 5), (-5, 0)],
    &[(0, 5), (5, -4), (-5, -4)],
];

/// The look of a curve: colour, and dashes and markers for those who do not see colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CurveStyle {
    pub rgb: Rgb,
    pub dash: &'static str,
    pub marker: &'static [Point],
}

impl CurveStyle {
    /// The look of the n-th curve: as 7, 3 and 5 have no common factor, the first 105 differ. Only the
    /// first is unbroken: through the gaps of those drawn later one sees those that they run over.
    pub fn new(at: usize) -> Self {
        let dash = at.checked_sub(1).map_or("", |at| DASHES[at % DASHES.len()]);
        Self { rgb: SERIES[at % SERIES.len()], dash, marker: MARKERS[at % MARKERS.len()] }
    }

    /// Draws the marker of this curve at a place, `times` as large.
    pub fn mark(&self, svg: &mut Svg, (x, y): Point, times: i32, tip: &str) {
        let corners: Vec<Point> = self.marker.iter().map(|(dx, dy)| (x + times * dx, y + times * dy)).collect();
        svg.area(&corners, solid(self.rgb), tip);
    }
}
