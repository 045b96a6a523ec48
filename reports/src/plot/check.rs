//! A reader of SVG for tests: what is not well-formed is an error.
//!
//! In: SVG without an XML header. Out: its elements in order, text and attributes unescaped.

/// An element.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// Its own text, not that of elements inside of it.
    pub text: String,
}

impl Tag {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn number(&self, name: &str) -> f64 {
        self.attribute(name).and_then(|value| value.parse().ok()).unwrap_or(f64::NAN)
    }
}

const NUMBERS: [&str; 13] =
    ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "opacity", "font-size"];

/// All elements, or what is wrong.
pub fn parse(svg: &str) -> Result<Vec<Tag>, String> {
    let mut tags: Vec<Tag> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut rest = svg.trim();
    while let Some(start) = rest.find('<') {
        let text = unescape(&rest[..start])?;
        match open.last() {
            Some(at) => tags[*at].text.push_str(text.trim_matches('\n')),
            None if text.trim().is_empty() => {}
            None => return Err(format!("text outside: {text}")),
        }
        let end = rest.find('>').ok_or("an open tag")?;
        let (inside, after) = (&rest[start + 1..end], &rest[end + 1..]);
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            let at = open.pop().ok_or("an end without a start")?;
            if tags[at].name != name {
                return Err(format!("<{}> ended by </{name}>", tags[at].name));
            }
            continue;
        }
        let (inside, closed) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        let tag = tag(inside)?;
        if !closed {
            open.push(tags.len());
        }
        if open.is_empty() && !tags.is_empty() {
            return Err("a second root".into());
        }
        tags.push(tag);
    }
    if !open.is_empty() || !rest.trim().is_empty() {
        return Err(format!("not ended: {rest}"));
    }
    Ok(tags)
}

fn tag(inside: &str) -> Result<Tag, String> {
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes: Vec<(String, String)> = Vec::new();
    while !rest.trim().is_empty() {
        let (key, after) = rest.trim_start().split_once("=\"").ok_or_else(|| format!("no value: {rest}"))?;
        let (value, after) = after.split_once('"').ok_or_else(|| format!("no end of value: {after}"))?;
        if attributes.iter().any(|(own, _)| own == key) {
            return Err(format!("twice: {key}"));
        }
        if NUMBERS.contains(&key) && !finite(value.trim_end_matches('%')) {
            return Err(format!("{key} is {value}"));
        }
        if key == "points" && !value.split([' ', ',']).filter(|part| !part.is_empty()).all(finite) {
            return Err(format!("points are {value}"));
        }
        attributes.push((key.into(), unescape(value)?));
        rest = after;
    }
    Ok(Tag { name: name.into(), attributes, text: String::new() })
}

fn finite(value: &str) -> bool {
    value.parse::<f64>().is_ok_and(f64::is_finite)
}

fn unescape(text: &str) -> Result<String, String> {
    if text.chars().any(|c| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}')) {
        return Err(format!("not allowed in XML: {text:?}"));
    }
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';').ok_or_else(|| format!("a bare &: {text}"))?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => return Err(format!("an unknown entity: {entity}")),
        });
        out.push_str(after);
    }
    Ok(out)
}

#[test]
fn what_is_wrong_is_an_error() {
    assert!(parse("<a b=\"1\"><c/>x &lt; y</a>").is_ok());
    for wrong in [
        "<a>",
        "<a></b>",
        "<a b=1/>",
        "<a>&</a>",
        "<a>&x;</a>",
        "<a/><b/>",
        "<a/>x",
        "<a x=\"NaN\"/>",
        "<a points=\"1,inf\"/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a>\u{1}</a>",
        "<a b=\"1/>",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}
