//! `{store}` and its like: what a strategy file leaves open until a build.

use std::collections::BTreeMap;

use super::ExternalError;
use super::schema::Parameter;

/// When a placeholder has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// In every command and variable.
    Always,
    /// While a daemon is described; its port.
    Serving,
    /// Only in what belongs to one build.
    Building,
}

/// The placeholders of every strategy file, and when each has a value. What replaces them: `strategies/catalog/README.md`.
pub const ALL: &[(&str, When)] = &[
    ("store", When::Always),
    ("state", When::Always),
    ("home", When::Always),
    ("cargo-home", When::Always),
    ("work", When::Always),
    ("tool", When::Always),
    ("harness", When::Always),
    ("cargo", When::Always),
    ("rustc", When::Always),
    ("target", When::Always),
    ("port", When::Serving),
    ("workspace", When::Building),
    ("site", When::Building),
    ("workspace-root", When::Building),
    ("build-dir", When::Building),
    ("profile", When::Building),
    ("lockfile-hash", When::Building),
    ("environment-hash", When::Building),
];

/// The value of each placeholder.
#[derive(Debug, Clone, Default)]
pub struct PlaceholderValues(BTreeMap<String, Parameter>);

impl PlaceholderValues {
    /// Gives a placeholder its text.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<String>) -> PlaceholderValues {
        self.0.insert(name.to_owned(), Parameter::Text(text.into()));
        self
    }

    /// Gives a parameter its value.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, value: &Parameter) -> PlaceholderValues {
        self.0.insert(name.to_owned(), value.clone());
        self
    }

    /// One text with everything in its place.
    ///
    /// # Errors
    /// When something in braces has no value.
    pub fn text(&self, template: &str) -> Result<String, ExternalError> {
        let mut text = String::new();
        for part in parts(template) {
            match part {
                TemplatePart::Text(plain) => text.push_str(plain),
                TemplatePart::Name(name) => match self.0.get(name) {
                    Some(Parameter::Text(value)) => text.push_str(value),
                    Some(Parameter::List(_)) => {
                        return Err(ExternalError::List { name: name.to_owned(), template: template.to_owned() });
                    }
                    None => return Err(unknown(name, template, self.0.keys().map(String::as_str))),
                },
            }
        }
        Ok(text)
    }

    /// An argument list; an argument that is nothing but a list's placeholder becomes its items.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn argv(&self, templates: &[String]) -> Result<Vec<String>, ExternalError> {
        let mut argv = Vec::new();
        for template in templates {
            match sole(template).and_then(|name| self.0.get(name)) {
                Some(Parameter::List(items)) => {
                    argv.extend(items.iter().map(|item| self.text(item)).collect::<Result<Vec<_>, _>>()?);
                }
                _ => argv.push(self.text(template)?),
            }
        }
        Ok(argv)
    }
}

/// The names in braces in a text.
pub fn names(template: &str) -> impl Iterator<Item = &str> {
    parts(template).into_iter().filter_map(|part| match part {
        TemplatePart::Name(name) => Some(name),
        TemplatePart::Text(_) => None,
    })
}

/// The name, of a text that is one placeholder and nothing else.
fn sole(template: &str) -> Option<&str> {
    match parts(template).as_slice() {
        [TemplatePart::Name(name)] => Some(name),
        _ => None,
    }
}

pub(super) fn unknown<'a>(name: &str, template: &str, known: impl Iterator<Item = &'a str>) -> ExternalError {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    ExternalError::Unknown { name: name.to_owned(), template: template.to_owned(), known: known.join(", ") }
}

#[derive(Debug, PartialEq)]
enum TemplatePart<'t> {
    Text(&'t str),
    Name(&'t str),
}

/// Splits at `{name}`. Braces around anything but a plain name are text, so that TOML and JSON
/// can be arguments.
fn parts(template: &str) -> Vec<TemplatePart<'_>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let inside = &rest[open + 1..];
        let name = inside.find('}').map(|close| &inside[..close]);
        match name.filter(|name| is_name(name)) {
            Some(name) => {
                if open > 0 {
                    parts.push(TemplatePart::Text(&rest[..open]));
                }
                parts.push(TemplatePart::Name(name));
                rest = &inside[name.len() + 1..];
            }
            None => {
                parts.push(TemplatePart::Text(&rest[..=open]));
                rest = inside;
            }
        }
    }
    if !rest.is_empty() {
        parts.push(TemplatePart::Text(rest));
    }
    parts
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> PlaceholderValues {
        let flags = Parameter::List(vec!["-Za".into(), "--dir={store}".into()]);
        PlaceholderValues::default().with("store", "/s").with("port", "77").with_parameter("flags", &flags)
    }

    #[test]
    fn names_are_replaced_and_other_braces_stay() {
        assert_eq!(values().text("x={store}/{port}").unwrap(), "x=/s/77");
        assert_eq!(values().text("a = { b = 1 }, {}, {A}").unwrap(), "a = { b = 1 }, {}, {A}");
        assert_eq!(values().text("{{store}}").unwrap(), "{/s}");
        assert_eq!(values().text("{store").unwrap(), "{store");
    }

    #[test]
    fn a_name_without_a_value_is_an_error_that_lists_those_with() {
        let error = values().text("{stor}").unwrap_err().to_string();
        assert_eq!(error, "{stor} in \"{stor}\" means nothing; known are flags, port, store");
    }

    #[test]
    fn a_list_becomes_arguments_and_is_no_text() {
        let argv = values().argv(&["run".into(), "{flags}".into(), "{port}".into()]).unwrap();
        assert_eq!(argv, ["run", "-Za", "--dir=/s", "77"]);
        assert!(values().text("x{flags}").unwrap_err().to_string().contains("stands for several"));
    }
}
