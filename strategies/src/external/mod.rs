//! Somebody else's tool, or another Cargo, as a strategy: described by a TOML file.
//!
//! Nothing is started here. A file is read and checked (`schema`, `check`),
//! its parameters are set, its placeholders are filled ([`placeholder`]), and what a tool says
//! of itself is read ([`statistics`]). The two designs that need code of ours are here as well,
//! as far as it is about files: [`registry_part`] (what a CI action keeps of a build directory)
//! and [`dedup`] (identical files linked together).

pub mod dedup;
pub mod placeholder;
pub mod registry_part;
pub mod schema;
pub mod statistics;

mod check;
mod shipped;

pub use schema::{Caches, Description, Install, Parameter};
pub use shipped::shipped;

use placeholder::PlaceholderValues;

/// Parameters that every strategy has: where its programs are, and which Cargo it drives.
pub const COMMON: [&str; 2] = ["tool", "cargo"];

/// A strategy file that was read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct External {
    /// What it says.
    pub description: Description,
    /// The directory of its programs, where the user named one.
    pub tool: Option<String>,
    /// Another Cargo, where the user named one.
    pub cargo: Option<String>,
}

/// Why a strategy file, or a parameter given for one, cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ExternalError {
    /// Not TOML, or not the fields there are.
    #[error("line {line}: {message}")]
    Syntax {
        /// Where.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A field that says something impossible.
    #[error("`{field}` {problem}")]
    Field {
        /// Which.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// A placeholder nobody knows.
    #[error("{{{name}}} in {template:?} means nothing; known are {known}")]
    Unknown {
        /// Its name.
        name: String,
        /// Where it stands.
        template: String,
        /// Those there are.
        known: String,
    },
    /// A list where one text is wanted.
    #[error("{{{name}}} in {template:?} stands for several arguments and must stand alone")]
    List {
        /// Its name.
        name: String,
        /// Where it stands.
        template: String,
    },
    /// A parameter the strategy does not have.
    #[error("{strategy} has no parameter {asked}; it has {}", known.join(", "))]
    NoParameter {
        /// The strategy.
        strategy: String,
        /// What was asked for.
        asked: String,
        /// Those it has.
        known: Vec<String>,
    },
}

impl External {
    /// Reads and checks a strategy file.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<External, ExternalError> {
        let description: Description = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.get(..at).map_or(0, |before| before.matches('\n').count()) + 1;
            ExternalError::Syntax { line, message: error.message().lines().next().unwrap_or("unreadable").to_owned() }
        })?;
        check::check(&description)?;
        Ok(External { description, tool: None, cargo: None })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// Sets a parameter: a list's value is split at commas, or read as a TOML array.
    ///
    /// # Errors
    /// When there is no such parameter.
    pub fn set(&mut self, parameter: &str, value: &str) -> Result<(), ExternalError> {
        match (parameter, self.description.parameters.get_mut(parameter)) {
            (_, Some(Parameter::Text(text))) => value.clone_into(text),
            (_, Some(Parameter::List(list))) => *list = items(value),
            ("tool", None) => self.tool = Some(value.to_owned()),
            ("cargo", None) => self.cargo = Some(value.to_owned()),
            _ => {
                let own = self.description.parameters.keys().cloned();
                let known = own.chain(COMMON.map(str::to_owned)).collect();
                let (strategy, asked) = (self.name().to_owned(), parameter.to_owned());
                return Err(ExternalError::NoParameter { strategy, asked, known });
            }
        }
        Ok(())
    }

    /// Its parameters as values.
    pub fn values(&self) -> PlaceholderValues {
        let parameters = self.description.parameters.iter();
        parameters.fold(PlaceholderValues::default(), |values, (name, value)| values.with_parameter(name, value))
    }

    /// Whether it runs programs of a tool that has to be installed.
    pub fn needs_tool(&self) -> bool {
        check::templates(&self.description).iter().any(|(_, _, text)| placeholder::names(text).any(|it| it == "tool"))
    }
}

fn items(value: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Wrapped {
        list: Vec<String>,
    }
    let as_array = || toml::from_str::<Wrapped>(&format!("list = {value}")).ok().map(|wrapped| wrapped.list);
    let array = value.starts_with('[').then(as_array).flatten();
    array.unwrap_or_else(|| value.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
#[path = "external_tests.rs"]
mod tests;
