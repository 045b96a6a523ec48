//! Names users type: `[integration:]link+key[@store][~option…]`, baselines and externals by their own, globs.

use std::fmt;

use crate::catalog::{Catalog, Strategy};
use crate::fault;
use crate::key::KeyOptions;
use crate::option::StrategyOption;

/// The canonical name of a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StrategyName(String);

impl StrategyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StrategyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a list of strategies could not be understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameError {
    /// No strategy has this name.
    #[error("unknown strategy '{name}'; nearest: {}; `harness strategies list` shows all", nearest.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The most similar names.
        nearest: Vec<String>,
    },
    /// A pattern matches nothing.
    #[error("no strategy matches '{0}'; `harness strategies list` shows all")]
    NoMatch(String),
    /// What stands behind the name is no option of it.
    #[error("'{name}': '{word}' is no option of it; our own strategies take {}, ~without-INPUT", StrategyOption::ALL.map(|option| format!("~{}", option.name())).join(", "))]
    NoOption {
        /// What was asked for.
        name: String,
        /// What is no option.
        word: String,
    },
    /// The list is empty.
    #[error("no strategies given; name at least one, for example none,hardlink+aggressive")]
    Empty,
}

/// The prefix that asks for external strategies alone.
const EXTERNAL: &str = "external:";

impl Catalog {
    /// Picks the strategies a comma-separated list of names and globs (`*`, `?`) asks for, in
    /// the list's order, each once. A glob without `@` picks from the default store only, one without `~` no options.
    /// External strategies, which may have to be installed, are named, or matched by
    /// `external:*`; no other glob finds them.
    ///
    /// # Errors
    /// When a name or pattern matches nothing.
    pub fn select(&self, list: &str) -> Result<Vec<(StrategyName, Strategy)>, NameError> {
        let mut chosen: Vec<(StrategyName, Strategy)> = Vec::new();
        for asked in list.split(',').map(str::trim).filter(|asked| !asked.is_empty()) {
            let broken = if asked.starts_with(fault::PREFIX) { fault::all() } else { Vec::new() };
            let find = |asked: &str| -> Vec<_> {
                let asked = canonical(asked);
                self.all().iter().chain(&broken).filter(|(name, strategy)| matches(&asked, name, strategy)).collect()
            };
            // What stands behind the mark is part of a baseline's name, options of any other.
            let (mut found, mut options) = (find(asked), None);
            if let (true, Some((named, words))) = (found.is_empty(), asked.split_once('~')) {
                (found, options) = (find(named), Some(words));
            }
            if found.is_empty() {
                return Err(match asked.contains(['*', '?']) {
                    true => NameError::NoMatch(asked.to_owned()),
                    false => unknown(asked, self.all()),
                });
            }
            for (name, strategy) in found {
                let (name, strategy) = match options {
                    Some(options) => with_options(name, strategy, options)?,
                    None => (name.clone(), strategy.clone()),
                };
                if !chosen.iter().any(|(chosen, _)| *chosen.as_str() == name) {
                    chosen.push((StrategyName(name), strategy));
                }
            }
        }
        if chosen.is_empty() { Err(NameError::Empty) } else { Ok(chosen) }
    }
}

/// The same strategy with options.
fn with_options(name: &str, strategy: &Strategy, options: &str) -> Result<(String, Strategy), NameError> {
    let refused = |word: &str| NameError::NoOption { name: format!("{name}~{options}"), word: word.to_owned() };
    let Strategy::Units(mut units) = strategy.clone() else { return Err(refused(options)) };
    let mut of_keys = Vec::new();
    for word in options.split('~') {
        match StrategyOption::ALL.into_iter().find(|option| option.name() == word) {
            Some(option) => units.options.chosen.add(option),
            None => of_keys.push(word),
        }
    }
    if !of_keys.is_empty() {
        units.options.key = KeyOptions::parse(&of_keys.join("~")).map_err(refused)?;
    }
    let strategy = Strategy::Units(units);
    Ok((format!("{name}{}", strategy.options()), strategy))
}

fn matches(asked: &str, name: &str, strategy: &Strategy) -> bool {
    let is_glob = asked.contains(['*', '?']);
    match (strategy, asked.strip_prefix(EXTERNAL)) {
        (Strategy::External(_), Some(asked)) if is_glob => glob(asked, name),
        (Strategy::External(_), asked_external) => !is_glob && asked_external.unwrap_or(asked) == name,
        (_, Some(_)) => false,
        (_, None) if is_glob && asked.starts_with(fault::PREFIX) => glob(asked, name),
        (_, None) if is_glob => {
            // What is not the default is asked for.
            glob(asked, name) && ['@', '~'].iter().all(|mark| asked.contains(*mark) || !name.contains(*mark))
        }
        (_, None) => asked == name,
    }
}

/// Leaves out what is the default: `units:` and `@cas`.
fn canonical(name: &str) -> String {
    let name = name.strip_prefix("units:").unwrap_or(name);
    name.strip_suffix("@cas").unwrap_or(name).to_owned()
}

fn unknown(asked: &str, known: &[(String, Strategy)]) -> NameError {
    let mut scored: Vec<(usize, &String)> = known.iter().map(|(name, _)| (distance(asked, name), name)).collect();
    scored.sort();
    NameError::Unknown {
        name: asked.to_owned(),
        nearest: scored.into_iter().take(3).map(|(_, name)| name.clone()).collect(),
    }
}

/// How unlike two names are: edits, with neighbours swapped counted once.
pub fn distance(a: &str, b: &str) -> usize {
    strsim::damerau_levenshtein(a, b)
}

/// Shell-style matching with `*` and `?`.
pub fn glob(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            glob(&pattern[1..], text) || text.chars().next().is_some_and(|c| glob(pattern, &text[c.len_utf8()..]))
        }
        (Some('?'), Some(c)) => glob(&pattern[1..], &text[c.len_utf8()..]),
        (Some(p), Some(c)) if p == c => glob(&pattern[p.len_utf8()..], &text[c.len_utf8()..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NamedStrategy;

    static NAMED: [NamedStrategy; 2] =
        [NamedStrategy { name: "none", about: "" }, NamedStrategy { name: "none~no-incremental", about: "" }];

    fn select(list: &str) -> Result<Vec<(StrategyName, Strategy)>, NameError> {
        Catalog::with(&NAMED).select(list)
    }

    fn names(list: &str) -> Vec<String> {
        select(list).unwrap().into_iter().map(|(name, _)| name.0).collect()
    }

    #[test]
    fn names_defaults_and_globs() {
        assert_eq!(names("none, units:hardlink+aggressive@cas"), ["none", "hardlink+aggressive"]);
        assert_eq!(
            names("hardlink+*,none,hardlink+aggressive"),
            ["hardlink+conservative", "hardlink+non-local", "hardlink+aggressive", "none"]
        );
        assert_eq!(names("copy+aggressive@dirs"), ["copy+aggressive@dirs"]);
        assert_eq!(names("none*,none~*"), ["none", "none~no-incremental"]);
        assert_eq!(names("copy+aggressive@*"), ["copy+aggressive@dirs"]);
        assert_eq!(names("*").len(), 1 + 15 + 1, "no external one");
    }

    #[test]
    fn options_follow_a_name_or_a_glob_in_any_order() {
        assert_eq!(names("copy+aggressive@dirs~incremental~verify"), ["copy+aggressive@dirs~verify~incremental"]);
        assert_eq!(names("copy+non-local~verify,copy+*local~verify").len(), 1);
        let refused = |list: &str| select(list).unwrap_err().to_string();
        assert!(
            refused("copy+aggressive~verfy").contains("'verfy' is no option of it; our own strategies take ~verify")
        );
        assert!(refused("none~verify").contains("'verify' is no option of it"));
        assert!(refused("none~no-incremental~verify").contains("is no option of it"));
    }

    #[test]
    fn an_option_leaves_an_input_out() {
        let (name, strategy) = select("copy+*ive~without-files~verify~without-cpu").unwrap().remove(1);
        assert_eq!(name.as_str(), "copy+aggressive~verify~without-cpu~without-files");
        assert!(!strategy.as_units().unwrap().options.key.has(crate::key::Input::Files));
        let refused = |list: &str| select(list).unwrap_err().to_string();
        assert!(refused("copy+aggressive~without-x").contains("'without-x' is no option"));
        assert!(refused("none~without-files").contains("'without-files' is no option of it"));
    }

    #[test]
    fn external_ones_are_named_or_asked_for_as_such() {
        assert_eq!(names("none,sccache,external:mbx"), ["none", "sccache", "mbx"]);
        assert_eq!(
            names("external:*"),
            ["sccache", "kache", "kache-pinned", "mbx", "mbx-pinned", "rust-cache", "dedup", "cargo-z"]
        );
        assert_eq!(names("external:s*"), ["sccache"]);
        assert_eq!(select("s*cache").unwrap_err(), NameError::NoMatch("s*cache".into()));
        assert!(matches!(select("external:none"), Err(NameError::Unknown { .. })));
    }

    #[test]
    fn a_file_adds_a_strategy_and_a_setting_changes_one() {
        let mut catalog = Catalog::with(&NAMED);
        catalog.add("name = \"mine\"\nabout = \"a test\"").unwrap();
        assert_eq!(catalog.select("mine").unwrap().len(), 1);
        let taken = catalog.add("name = \"mbx\"\nabout = \"a test\"").unwrap_err();
        assert_eq!(taken.to_string(), "the name mbx is taken; choose another `name`");
        catalog.set("sccache.tool=/usr/bin").unwrap();
        let tools: Vec<_> = catalog.externals().filter_map(|external| external.tool.clone()).collect();
        assert_eq!(tools, ["/usr/bin"]);
        assert!(catalog.set("none.tool=x").unwrap_err().to_string().contains("none is no external strategy"));
        assert!(catalog.set("sccache").unwrap_err().to_string().contains("NAME.PARAMETER=VALUE"));
        assert!(catalog.set("mbx.x=1").unwrap_err().to_string().contains("no parameter x"));
    }

    #[test]
    fn a_typo_is_answered_with_the_nearest_names() {
        match select("hardlnk+aggresive") {
            Err(NameError::Unknown { nearest, .. }) => assert_eq!(nearest[0], "hardlink+aggressive"),
            other => panic!("{other:?}"),
        }
        assert_eq!(select("x*").unwrap_err(), NameError::NoMatch("x*".into()));
        assert_eq!(select(" , ").unwrap_err(), NameError::Empty);
    }
}
