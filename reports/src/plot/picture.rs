//! A picture before it is SVG: marks with places.
//!
//! In: calls that add marks, from back to front. Out: a [`Picture`], which
//! [`super::svg`] writes. Since it is data, tests ask it where marks stand.

use super::layout;
use super::palette::Paint;

/// A place, in units of the picture, from the top left.
pub type Point = (i32, i32);

/// Marks from back to front.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// In units.
    pub width: i32,
    /// In units.
    pub height: i32,
    /// From back to front.
    pub marks: Vec<Mark>,
}

/// A shape with its paint.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What is drawn.
    pub shape: Shape,
    /// With which colour.
    pub paint: Paint,
    /// Lengths of dashes and gaps, as SVG's `stroke-dasharray`; empty for an unbroken line.
    pub dash: &'static str,
    /// Shown when the pointer rests on it; may be empty.
    pub tip: String,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A filled rectangle: its top left corner and its size.
    Rect(Point, Point),
    /// A line through points, of some width.
    Path(Vec<Point>, u32),
    /// A filled polygon.
    Area(Vec<Point>),
    /// A filled circle: its centre and radius.
    Dot(Point, i32),
    /// A line of text.
    Text(Words),
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// What is written.
    pub text: String,
    /// The place of its anchor; the middle of its height.
    pub at: Point,
    /// Which part of it stands at that place.
    pub anchor: Anchor,
    /// The font size.
    pub size: i32,
    /// Whether it is a heading.
    pub bold: bool,
    /// Whether it rises to the right by 45 degrees.
    pub slanted: bool,
}

/// Which part of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

impl Words {
    /// A line of text of a size.
    pub fn new(text: impl Into<String>, at: Point, anchor: Anchor, size: i32) -> Self {
        Self { text: text.into(), at, anchor, size, bold: false, slanted: false }
    }

    /// As a heading.
    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// Its estimated width.
    pub fn width(&self) -> i32 {
        if self.bold { layout::bold_width(&self.text, self.size) } else { layout::width(&self.text, self.size) }
    }
}

impl Picture {
    /// An empty picture; its height is set when all is placed.
    pub fn new(width: i32) -> Self {
        Self { width, height: 0, marks: Vec::new() }
    }

    fn add(&mut self, shape: Shape, paint: Paint) -> &mut Mark {
        let at = self.marks.len();
        self.marks.push(Mark { shape, paint, dash: "", tip: String::new() });
        &mut self.marks[at]
    }

    /// Adds a rectangle between two places, whichever is left or above.
    pub fn rect(&mut self, (x0, y0): Point, (x1, y1): Point, paint: Paint) -> &mut Mark {
        self.add(Shape::Rect((x0.min(x1), y0.min(y1)), ((x1 - x0).abs(), (y1 - y0).abs())), paint)
    }

    /// Adds a straight line.
    pub fn line(&mut self, from: Point, to: Point, width: u32, paint: Paint) -> &mut Mark {
        self.path(vec![from, to], width, paint)
    }

    /// Adds a line through points.
    pub fn path(&mut self, points: Vec<Point>, width: u32, paint: Paint) -> &mut Mark {
        self.add(Shape::Path(points, width), paint)
    }

    /// Adds a filled polygon.
    pub fn area(&mut self, points: Vec<Point>, paint: Paint) -> &mut Mark {
        self.add(Shape::Area(points), paint)
    }

    /// Adds a filled circle.
    pub fn dot(&mut self, centre: Point, radius: i32, paint: Paint) -> &mut Mark {
        self.add(Shape::Dot(centre, radius), paint)
    }

    /// Adds text.
    pub fn text(&mut self, words: Words, paint: Paint) -> &mut Mark {
        self.add(Shape::Text(words), paint)
    }

    /// Adds text no wider than `room`; if cut, all of it is its tip.
    pub fn fitted(&mut self, mut words: Words, room: i32, paint: Paint) -> &mut Mark {
        let size = words.size;
        // Bold letters are wider: they are fitted into less.
        let room = if words.bold { room * 100 / 112 } else { room };
        let text = layout::fit(&words.text, size, room);
        let full = std::mem::replace(&mut words.text, text);
        let cut = words.text != full;
        let mark = self.text(words, paint);
        if cut {
            mark.tip = full;
        }
        mark
    }

    /// Adds wrapped lines, the middle of the first at `words.at`; the full text is the
    /// tip where the last line was cut.
    pub fn lines(&mut self, lines: &[String], words: Words, paint: Paint) {
        let (x, y) = words.at;
        let cut = lines.last().is_some_and(|line| line.ends_with('…') && !words.text.ends_with('…'));
        for (at, line) in lines.iter().enumerate() {
            let place = (x, y + at as i32 * layout::LINE);
            let mark = self.text(Words { text: line.clone(), at: place, ..words.clone() }, paint);
            if cut {
                mark.tip.clone_from(&words.text);
            }
        }
    }
}

impl Mark {
    /// Says something when the pointer rests on it.
    pub fn tip(&mut self, tip: impl Into<String>) -> &mut Self {
        self.tip = tip.into();
        self
    }

    /// Breaks the line into dashes.
    pub fn dash(&mut self, dash: &'static str) -> &mut Self {
        self.dash = dash;
        self
    }

    /// The estimated box around it: left, top, right, bottom.
    #[cfg(test)]
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
            Shape::Text(words) if words.slanted => {
                let leg = (f64::from(words.width()) * std::f64::consts::FRAC_1_SQRT_2).ceil() as i32;
                (words.at.0 - words.size / 2, words.at.1 - leg, words.at.0 + leg, words.at.1 + words.size / 2)
            }
            Shape::Text(words) => {
                let (x, y) = words.at;
                let left = match words.anchor {
                    Anchor::Start => x,
                    Anchor::Middle => x - words.width() / 2,
                    Anchor::End => x - words.width(),
                };
                (left, y - words.size / 2, left + words.width(), y + words.size / 2)
            }
        }
    }
}
