//! A picture as SVG.
//!
//! In: a [`Picture`]. Out: text. Plotters writes the elements, one for each mark and in
//! their order, and escapes text and attributes. What it does not know is added to its
//! elements afterwards: colours of the page, dashes, slanted text, tips.

use plotters::backend::SVGBackend;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBAColor, RGBColor, ShapeStyle};

use super::layout;
use super::palette::{Ink, Paint};
use super::picture::{Anchor, Mark, Picture, Shape};

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn<T> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// Stands for the colour of the page until plotters is done; no other paint has it.
const PAGE: RGBColor = RGBColor(1, 2, 3);
const PAGE_TEXT: &str = "\"#010203\"";
const FONTS: &str = "system-ui, sans-serif";
/// Plotters writes a font size divided by this.
const FONT_SCALE: f64 = 1.24;

/// An `<svg>` element for the inside of an HTML page. It has no ids, so that a page can
/// hold many, and no colours of its own but those of data.
pub fn inline(picture: &Picture, label: &str) -> String {
    let label = escape(&layout::clean(label));
    let attributes = format!("style=\"width:100%;height:auto\" role=\"img\" aria-label=\"{label}\"");
    element(picture, &attributes, &body(picture))
}

/// A file of its own: white background, dark text, a title and a description.
pub fn file(picture: &Picture, title: &str, description: &str) -> String {
    let attributes =
        format!("width=\"{}\" height=\"{}\" role=\"img\" color=\"#1f2328\"", picture.width, picture.height);
    let inside = format!(
        "<title>{}</title>\n<desc>{}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}",
        escape(&layout::clean(title)),
        escape(&layout::clean(description)),
        body(picture)
    );
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", element(picture, &attributes, &inside))
}

fn element(picture: &Picture, attributes: &str, inside: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"{FONTS}\" {attributes}>\n{inside}</svg>",
        picture.width, picture.height
    )
}

/// The elements of all marks. Writing into memory cannot fail, but plotters' types say it
/// might; then the picture says that it is missing, and the page around it stays whole.
fn body(picture: &Picture) -> String {
    draw(picture).map(|raw| finish(&raw, &picture.marks)).unwrap_or_else(|error| {
        let why = escape(&layout::clean(&error.to_string()));
        format!(
            "<text x=\"0\" y=\"14\" font-size=\"12\" fill=\"currentColor\">This plot could not be drawn: {why}</text>\n"
        )
    })
}

fn draw(picture: &Picture) -> Drawn<String> {
    let mut out = String::new();
    let size = (picture.width.unsigned_abs(), picture.height.unsigned_abs());
    let area = SVGBackend::with_string(&mut out, size).into_drawing_area();
    for mark in &picture.marks {
        draw_mark(&area, mark)?;
    }
    area.present()?;
    drop(area);
    Ok(out)
}

fn draw_mark(area: &Area<'_>, mark: &Mark) -> Drawn<()> {
    let color = color(mark.paint);
    let filled = ShapeStyle { color, filled: true, stroke_width: 0 };
    match &mark.shape {
        Shape::Rect((x, y), (width, height)) => area.draw(&Rectangle::new([(*x, *y), (x + width, y + height)], filled)),
        Shape::Path(points, width) => {
            area.draw(&PathElement::new(points.clone(), ShapeStyle { color, filled: false, stroke_width: *width }))
        }
        Shape::Area(points) => area.draw(&Polygon::new(points.clone(), filled)),
        Shape::Dot(centre, radius) => area.draw(&Circle::new(*centre, *radius, filled)),
        Shape::Text(words) => {
            let style = if words.bold { FontStyle::Bold } else { FontStyle::Normal };
            let anchor = match words.anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let font = FontDesc::new(FontFamily::Name(FONTS), f64::from(words.size) * FONT_SCALE, style);
            area.draw(&Text::new(words.text.as_str(), words.at, font.color(&color).pos(Pos::new(anchor, VPos::Center))))
        }
    }
}

fn color(paint: Paint) -> RGBAColor {
    match paint.ink {
        Ink::Page => PAGE.mix(paint.opacity),
        Ink::Fixed((r, g, b)) => RGBColor(r, g, b).mix(paint.opacity),
    }
}

/// Plotters' elements without its root, each with what its mark asks for beyond plotters.
fn finish(raw: &str, marks: &[Mark]) -> String {
    // The first line is the root, the last one its end; text has a line of its own, and no
    // line feed of its own, as `clean` sees to.
    let mut lines = raw.lines().skip(1);
    let mut out = String::new();
    for mark in marks {
        let Some(head) = lines.next() else { break };
        let name = head.trim_start_matches('<').split(' ').next().unwrap_or_default();
        let text = if name == "text" { lines.next().unwrap_or_default() } else { "" };
        if name == "text" {
            lines.next();
        }
        out.push_str(&opened(head, mark));
        let tip = layout::clean(&mark.tip);
        match (tip.is_empty(), text.is_empty()) {
            (true, true) => out.push_str("/>\n"),
            (true, false) => out.push_str(&format!(">{text}</{name}>\n")),
            // Behind the text: some renderers lose the place of text behind another element.
            (false, _) => out.push_str(&format!(">{text}<title>{}</title></{name}>\n", escape(&tip))),
        }
    }
    out
}

/// The start of an element, without its `>`.
fn opened(head: &str, mark: &Mark) -> String {
    let head = head.trim_end_matches('>').trim_end_matches('/');
    // Quotes inside of attributes are escaped, so these strings are whole attributes.
    let mut head = head
        .replace(PAGE_TEXT, "\"currentColor\"")
        .replace(&format!(" font-family=\"{FONTS}\""), "")
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" stroke-width=\"0\"", "");
    if !mark.dash.is_empty() {
        head.push_str(&format!(" stroke-dasharray=\"{}\"", mark.dash));
    }
    if let Shape::Path(..) = mark.shape {
        head.push_str(" stroke-linejoin=\"round\"");
    }
    if let Shape::Text(words) = &mark.shape
        && words.slanted
    {
        head.push_str(&format!(" transform=\"rotate(-45 {} {})\"", words.at.0, words.at.1));
    }
    head
}

/// Text as it stands in XML, in an attribute too.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::super::palette::{GRID, TEXT, solid};
    use super::super::picture::Words;
    use super::*;

    fn sample() -> Picture {
        let mut picture = Picture { height: 50, ..Picture::new(100) };
        picture.rect((1, 2), (11, 22), solid((1, 100, 200))).tip("5 < 6 & \"so\"");
        picture.line((0, 0), (9, 9), 2, GRID).dash("4 3");
        picture.area(vec![(0, 0), (5, 5), (0, 5)], solid((9, 9, 9)));
        picture.dot((7, 8), 3, TEXT);
        let words = Words::new("fill=\"#010203\" <b>", (20, 20), Anchor::End, 13);
        picture.text(Words { slanted: true, ..words }, TEXT).tip("all of it");
        picture
    }

    #[test]
    fn each_mark_is_an_element_with_all_it_asks_for() {
        let svg = inline(&sample(), "a \"label\"\nof <two> lines");
        let tags = check::parse(&svg).expect(&svg);
        let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(names, ["svg", "rect", "title", "polyline", "polygon", "circle", "text", "title"]);
        assert_eq!(tags[0].attribute("viewBox"), Some("0 0 100 50"));
        assert_eq!(tags[0].attribute("aria-label"), Some("a \"label\" of <two> lines"));
        assert_eq!(tags[0].attribute("width"), None);
        assert_eq!([tags[1].number("x"), tags[1].number("width")], [1.0, 10.0]);
        assert_eq!(tags[1].attribute("fill"), Some("#0164C8"));
        assert_eq!(tags[2].text, "5 < 6 & \"so\"");
        assert_eq!(tags[3].attribute("stroke"), Some("currentColor"));
        assert_eq!(tags[3].attribute("stroke-dasharray"), Some("4 3"));
        assert_eq!(tags[5].attribute("fill"), Some("currentColor"));
        assert_eq!(tags[6].text, "fill=\"#010203\" <b>");
        assert_eq!(tags[6].attribute("transform"), Some("rotate(-45 20 20)"));
        assert!((tags[6].number("font-size") - 13.0).abs() < 1e-6);
        assert!(!svg.contains("id="));
    }

    #[test]
    fn a_file_stands_alone() {
        let svg = file(&sample(), "T & t", "what it \"shows\"");
        assert!(svg.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "));
        let tags = check::parse(svg.split_once("?>").expect("a header").1).expect(&svg);
        assert_eq!((tags[1].name.as_str(), tags[1].text.as_str()), ("title", "T & t"));
        assert_eq!((tags[2].name.as_str(), tags[2].text.as_str()), ("desc", "what it \"shows\""));
        assert_eq!(tags[3].attribute("fill"), Some("#ffffff"));
    }

    #[test]
    fn an_empty_picture_is_an_empty_element() {
        let tags = check::parse(&inline(&Picture::new(10), "")).expect("well-formed");
        assert_eq!(tags.len(), 1);
    }
}
