//! External tools, and other Cargos, as strategies: described by a TOML file.
//!
//! Nothing is started here. A file is read and checked (`schema`, `check`),
//! its parameters are set, its placeholders are filled ([`placeholder`]), and a tool's own
//! counters are read ([`statistics`]). The two designs that need code of ours are here as well,
//! as far as it is about files: [`registry_part`] (what a CI action keeps of a build directory)
//! and [`dedup`] (identical files linked together).

pub mod dedup;
pub mod placeholder;
pub mod registry_part;
pub mod schema;
pub mod statistics;

mod check;

pub use schema::{Caches, Description, Install, Parameter, Pinned};

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
    /// A placeholder that does not exist.
    #[error("{{{name}}} in {template:?} means nothing; known are {known}")]
    Unknown {
        /// Its name.
        name: String,
        /// The text it is in.
        template: String,
        /// Those there are.
        known: String,
    },
    /// A list where one text is wanted.
    #[error("{{{name}}} in {template:?} stands for several arguments and must stand alone")]
    List {
        /// Its name.
        name: String,
        /// The text it is in.
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

    /// This strategy, and the pinned one in its file.
    ///
    /// # Errors
    /// What is wrong with the pinned one.
    pub fn with_pinned(mut self) -> Result<Vec<External>, ExternalError> {
        let Some(Pinned { about, env }) = self.description.pinned.take() else { return Ok(vec![self]) };
        let mut pinned = self.clone();
        let name = format!("{}-pinned", self.name());
        pinned.description = Description { name, about, default_target_dir: false, ..pinned.description };
        pinned.description.env.extend(env);
        check::check(&pinned.description)?;
        Ok(vec![self, pinned])
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
        self.names("tool")
    }

    /// Whether its builds have a CARGO_HOME of their own: something of it is in there.
    pub fn needs_cargo_home(&self) -> bool {
        self.names("cargo-home")
    }

    fn names(&self, name: &str) -> bool {
        check::templates(&self.description).iter().any(|(_, _, text)| placeholder::names(text).any(|it| it == name))
    }
}

fn items(value: &str) -> Vec<String> {
    let as_array = || {
        let table = format!("list = {value}").parse::<toml::Table>().ok()?;
        table.get("list")?.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let array = value.starts_with('[').then(as_array).flatten();
    array.unwrap_or_else(|| value.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

/// The strategy files that come with the harness, in the order in which they are listed.
const SHIPPED: [(&str, &str); 6] = [
    ("sccache", include_str!("../../catalog/sccache.toml")),
    ("kache", include_str!("../../catalog/kache.toml")),
    ("mbx", include_str!("../../catalog/mbx.toml")),
    ("rust-cache", include_str!("../../catalog/rust-cache.toml")),
    ("dedup", include_str!("../../catalog/dedup.toml")),
    ("cargo-z", include_str!("../../catalog/cargo-z.toml")),
];

/// The strategies that come with the harness. A test reads each file, so none is left out.
pub fn shipped() -> Vec<External> {
    let read = |(_, text): &(&str, &str)| External::parse(text).and_then(External::with_pinned).ok();
    SHIPPED.iter().filter_map(read).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "name = \"x\"\nabout = \"a test\"\n";

    fn parse(more: &str) -> Result<External, ExternalError> {
        External::parse(&format!("{SMALL}{more}"))
    }

    #[track_caller]
    fn refused(more: &str) -> String {
        let error = parse(more).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    }

    #[test]
    fn every_shipped_file_is_sound_and_bears_its_name() {
        for (name, read) in SHIPPED.map(|(name, text)| (name, External::parse(text))) {
            assert_eq!(read.unwrap_or_else(|error| panic!("{name}: {error}")).name(), name);
        }
        let pinned = SHIPPED.iter().filter(|(_, text)| text.contains("[pinned]")).count();
        assert_eq!((shipped().len(), pinned), (SHIPPED.len() + pinned, 2));
        for pinned in shipped().iter().filter(|external| external.name().ends_with("-pinned")) {
            let plain = shipped().into_iter().find(|it| pinned.name() == format!("{}-pinned", it.name())).unwrap();
            assert_eq!(plain.description.install, pinned.description.install, "one program for both");
            assert!(plain.description.env.iter().all(|(name, _)| pinned.description.env.contains_key(name)));
            assert!(plain.description.env != pinned.description.env && !pinned.description.default_target_dir);
        }
    }

    #[test]
    fn every_shipped_file_has_a_page_that_names_what_is_off() {
        let pages = include_str!("../../catalog/FAIRNESS.md");
        for external in shipped() {
            let file = external.name().trim_end_matches("-pinned");
            let page = pages.split("\n## ").find_map(|page| page.strip_prefix(&format!("{file}\n")));
            let page = page.unwrap_or_else(|| panic!("no page on {file}"));
            let plain = shipped().into_iter().find(|it| it.name() == file).unwrap();
            let (here, there) = (&external.description.env, &plain.description.env);
            for name in here.keys().filter(|name| here.get(*name) != there.get(*name)) {
                assert!(page.contains(&format!("`{name}`")), "{name} of {} is not named", external.name());
            }
        }
    }

    #[test]
    fn a_pinned_strategy_is_that_of_its_file_with_something_off() {
        let text = "default-target-dir = true\nenv = { A = \"1\", B = \"1\" }\n[pinned]\nabout = \"B off\"\nenv = { B = \"0\" }";
        let both = parse(text).unwrap().with_pinned().unwrap();
        let of =
            |it: &External| (it.name().to_owned(), it.description.env["A"].clone(), it.description.env["B"].clone());
        assert_eq!(
            both.iter().map(of).collect::<Vec<_>>(),
            [("x", "1", "1"), ("x-pinned", "1", "0")].map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()))
        );
        assert_eq!((both[1].description.about.as_str(), both[1].description.default_target_dir), ("B off", false));
        let wrong = parse("[pinned]\nabout = \"x\"\nenv = { CARGO_HOME = \"x\" }").unwrap().with_pinned();
        assert!(wrong.unwrap_err().to_string().contains("`env.CARGO_HOME` must stay"));
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        assert!(refused("nmae = 1").starts_with("line 3: unknown field `nmae`"), "{}", refused("nmae = 1"));
        assert!(refused("before = \"ls\"").contains("line 3"));
        assert!(External::parse("name = \"a+b\"\nabout = \"x\"").unwrap_err().to_string().contains("`name` must"));
        assert!(External::parse("name = \"x\"\nabout = \" \"").unwrap_err().to_string().contains("`about`"));
        assert!(refused("env = { A = \"{stor}\" }").contains("`env.A` is not usable: {stor}"));
        assert!(refused("reset = [[\"rm\", \"{build-dir}\"]]").contains("`reset`"), "a reset belongs to no build");
        assert!(refused("env = { P = \"{port}\" }").contains("{port}"), "no daemon, no port");
        assert!(refused("env = { RUSTC = \"mine\" }").contains("`env.RUSTC` must stay: the harness counts compiles"));
        for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR", "CARGO_HOME", "HARNESS_ANYTHING"] {
            assert!(refused(&format!("env = {{ {name} = \"x\" }}")).contains(&format!("`env.{name}` must stay")));
        }
        assert!(refused("before = [[]]").contains("`before` has a command without a program"));
        assert!(refused("store = { path = \"/var\" }").contains("store.path"));
        assert!(refused("store = { path = \"{store}/../..\" }").contains("store.path"));
        assert!(refused("store = { path = \"{store}-of-others\" }").contains("store.path"));
        assert!(refused("store = { path = \"{store}/{up}\" }\nparameters = { up = \"../..\" }").contains("store.path"));
        assert!(refused("store = { path = \"{cargo-home}\" }").contains("store.path"));
        assert!(refused("store = { path = \"{cargo-home}/\" }").contains("store.path"));
        assert!(refused("[install]\ncrate = \"--git\"\nversion = \"1.0.0\"").contains("install.crate"));
        assert!(refused("[install]\ncrate = \"a\"\nversion = \"1.0.0 --force\"").contains("install.version"));
        assert!(
            refused("[install]\ncrate = \"a\"\nversion = \"1.0.0\"\nfeatures = [\"-Z\"]").contains("install.features")
        );
        assert!(refused("parameters = { store = \"\" }").contains("parameters.store"));
        assert!(refused("[daemon]\nstart = [\"d\"]").contains("daemon.ready"));
        assert!(refused("[statistics]\nhits = []").contains("either `command` or `file`"));
        assert!(refused("[statistics]\ncommand = [\"s\"]\nhits = [\"hits\"]").contains("begin with '/'"));
    }

    #[test]
    fn parameters_are_set_by_their_shape() {
        let text = "flags = [\"{flags}\", \"{one}\"]\n[parameters]\nflags = [\"-Za\"]\none = \"1\"";
        let mut external = parse(text).unwrap();
        let argv = |external: &External| external.values().argv(&external.description.flags).unwrap();
        assert_eq!(argv(&external), ["-Za", "1"]);
        external.set("flags", "-Zb,-Zc").unwrap();
        external.set("one", "a,b").unwrap();
        assert_eq!(argv(&external), ["-Zb", "-Zc", "a,b"]);
        external.set("flags", "['a=[1,2]']").unwrap();
        assert_eq!(argv(&external), ["a=[1,2]", "a,b"]);
        external.set("tool", "/usr/bin").unwrap();
        external.set("cargo", "/opt/cargo").unwrap();
        assert_eq!((external.tool.as_deref(), external.cargo.as_deref()), (Some("/usr/bin"), Some("/opt/cargo")));
        let error = external.set("flgas", "").unwrap_err().to_string();
        assert_eq!(error, "x has no parameter flgas; it has flags, one, tool, cargo");
    }

    #[test]
    fn what_is_needed_is_what_is_named() {
        let none = parse("").unwrap();
        assert!(!none.needs_tool() && !none.needs_cargo_home());
        assert!(parse("env = { RUSTC_WRAPPER = \"{tool}/x\" }").unwrap().needs_tool());
        assert!(parse("store = { path = \"{cargo-home}/build-cache\" }").unwrap().needs_cargo_home());
    }
}
