//! The part of Cargo's configuration files that reaches rustc.
//!
//! Files are those of Cargo's hierarchy: `.cargo/config.toml` (or `.cargo/config`) in the
//! workspace root and each of its parent directories, then Cargo's home. Tables: `build` without
//! the keys that only name places or counts, `target`, `host`, `env`, `unstable`,
//! `include`. Profiles are left out: the unit graph shows their effect.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::FieldHasher;
use super::tools::Named;

const TABLES: [&str; 6] = ["target", "host", "env", "unstable", "include", "target-applies-to-host"];
const BUILD_PLACES: [&str; 5] = ["build-dir", "target-dir", "jobs", "rustc", "dep-info-basedir"];

/// The parts of the configuration that keys need beyond its text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct EffectiveConfig {
    /// Some `rustflags` are set.
    pub rustflags: bool,
    /// Variables of `[env]` tables with their values in this place, and whether they outrank
    /// the environment. The first to name one wins.
    pub env: HashMap<String, (String, bool)>,
    /// What may name programs and files.
    pub named: Vec<Named>,
    /// A wrapper calls the compiler.
    pub wrapped: bool,
}

impl EffectiveConfig {
    /// Adds a configuration whose relative values are relative to `base`; what was added before
    /// outranks it.
    fn add(&mut self, text: &str, base: &Path) {
        self.rustflags |= text.contains("rustflags");
        let Ok(mut table) = text.parse::<toml::Table>() else { return };
        self.wrapped |= names_wrapper(table.get("build"));
        for key in ["build", "target", "host"] {
            table.get(key).into_iter().for_each(|value| self.add_named(value, base));
        }
        let Some(toml::Value::Table(env)) = table.remove("env") else { return };
        for (name, value) in env {
            let own = |key: &str| value.as_table().and_then(|table| table.get(key));
            let says = |key: &str| own(key).and_then(toml::Value::as_bool).unwrap_or(false);
            let Some(text) = value.as_str().or_else(|| own("value")?.as_str()) else { continue };
            let text = if says("relative") { base.join(text).display().to_string() } else { text.to_owned() };
            self.env.entry(name).or_insert((text, says("force")));
        }
    }

    /// Adds every text in a value, but for places.
    fn add_named(&mut self, value: &toml::Value, base: &Path) {
        match value {
            toml::Value::String(text) => self.named.push((text.clone(), base.to_owned())),
            toml::Value::Array(list) => list.iter().for_each(|value| self.add_named(value, base)),
            toml::Value::Table(table) => {
                let reaching = table.iter().filter(|(key, _)| !BUILD_PLACES.contains(&key.as_str()));
                reaching.for_each(|(_, value)| self.add_named(value, base));
            }
            _ => {}
        }
    }

    /// Adds what is outranked.
    fn merge(&mut self, lower: EffectiveConfig) {
        self.rustflags |= lower.rustflags;
        self.wrapped |= lower.wrapped;
        self.named.extend(lower.named);
        for (name, value) in lower.env {
            self.env.entry(name).or_insert(value);
        }
    }
}

/// Whether a `[build]` table has packages compiled through a wrapper. That of the workspace is for members alone.
fn names_wrapper(build: Option<&toml::Value>) -> bool {
    let wrapper = build.and_then(|build| build.get("rustc-wrapper")?.as_str());
    wrapper.is_some_and(|program| !program.is_empty())
}

/// Adds what `--config` and `-Z` among Cargo's arguments say; `dir` is where Cargo runs.
pub(super) fn hash_arguments(hasher: &mut FieldHasher, config: &mut EffectiveConfig, dir: &Path, args: &[String]) {
    let mut args = args.iter();
    let mut given = EffectiveConfig::default();
    while let Some(arg) = args.next() {
        if let Some(flag) = arg.strip_prefix("-Z") {
            let flag = if flag.is_empty() { args.next().map_or("", String::as_str) } else { flag };
            hasher.field("-Z", flag);
        } else if let Some(value) = arg.strip_prefix("--config") {
            let value = match value.strip_prefix('=') {
                Some(value) => value,
                None => args.next().map_or("", String::as_str),
            };
            let file = dir.join(value);
            // Of two the later one wins.
            let earlier = std::mem::take(&mut given);
            match std::fs::read_to_string(&file) {
                Ok(text) => hash_file(hasher, &mut given, "--config", &file, &text, &mut HashSet::new()),
                Err(_) => {
                    hasher.field("--config", relevant(value));
                    given.add(value, dir);
                }
            }
            given.merge(earlier);
        }
    }
    given.merge(std::mem::take(config));
    *config = given;
}

/// Adds every configuration file that is in force in `workspace_root`.
pub(super) fn hash_into(
    hasher: &mut FieldHasher,
    config: &mut EffectiveConfig,
    workspace_root: &Path,
    cargo_home: &Path,
) {
    let folders = workspace_root.ancestors().map(|dir| dir.join(".cargo"));
    for folder in folders.chain([cargo_home.to_owned()]) {
        // Where both exist Cargo reads the one without the extension.
        let mut files = ["config", "config.toml"].iter().map(|name| folder.join(name));
        let found = files.find_map(|file| Some((std::fs::read_to_string(&file).ok()?, file)));
        let Some((text, file)) = found else { continue };
        hash_file(hasher, config, "config", &file, &text, &mut HashSet::new());
    }
}

/// Adds a file and those it includes, and those they include; each once, since Cargo refuses
/// circles and nothing here may run in one.
fn hash_file(
    hasher: &mut FieldHasher,
    config: &mut EffectiveConfig,
    field: &str,
    file: &Path,
    text: &str,
    seen: &mut HashSet<PathBuf>,
) {
    hasher.field(field, relevant(text));
    let folder = file.parent().unwrap_or(file);
    config.add(text, folder.parent().unwrap_or(folder));
    // A file outranks those it includes, and of these the last one the others.
    for path in included(text).into_iter().rev().map(|path| folder.join(path)) {
        if seen.insert(path.clone()) {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            hash_file(hasher, config, "included", &path, &text, seen);
        }
    }
}

/// The files a configuration includes: a path, or a list of paths or of tables with one.
fn included(text: &str) -> Vec<String> {
    let path = |value: &toml::Value| match value {
        toml::Value::String(path) => Some(path.clone()),
        toml::Value::Table(table) => table.get("path").and_then(|path| path.as_str()).map(str::to_owned),
        _ => None,
    };
    let include = text.parse::<toml::Table>().ok().and_then(|mut table| table.remove("include"));
    match include {
        Some(toml::Value::Array(list)) => list.iter().filter_map(path).collect(),
        Some(other) => path(&other).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The tables that matter, in a canonical form; a file that does not parse counts whole.
fn relevant(text: &str) -> String {
    let Ok(mut table) = text.parse::<toml::Table>() else { return text.to_owned() };
    if let Some(toml::Value::Table(build)) = table.get_mut("build") {
        build.retain(|key, _| !BUILD_PLACES.contains(&key));
    }
    table.retain(|key, value| {
        let empty = value.as_table().is_some_and(toml::Table::is_empty);
        !empty && (key == "build" || TABLES.contains(&key))
    });
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn included_files_are_found() {
        assert_eq!(included("include = 'a.toml'"), ["a.toml"]);
        assert_eq!(included("include = ['a.toml', { path = 'b.toml', optional = true }]"), ["a.toml", "b.toml"]);
        assert!(included("[build]\njobs = 1").is_empty());
    }

    #[test]
    fn included_files_include_others() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(".cargo");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), "include = ['a.toml', 'c.toml']\n").unwrap();
        std::fs::write(folder.join("a.toml"), "include = 'b.toml'\n[env]\nD = 'a'\n").unwrap();
        std::fs::write(folder.join("c.toml"), "include = 'c.toml'\n[env]\nD = 'c'\n").unwrap();
        let hash = |word: &str| {
            std::fs::write(folder.join("b.toml"), format!("include = 'a.toml'\n[env]\nWORD = '{word}'\n")).unwrap();
            let (mut hasher, mut config) = (FieldHasher::new("test"), EffectiveConfig::default());
            hash_into(&mut hasher, &mut config, dir.path(), &dir.path().join("home"));
            (hasher.finish(), config)
        };
        let (one, two) = (hash("one"), hash("two"));
        assert_ne!(one.0, two.0);
        assert_eq!(two.1.env["WORD"].0, "two");
        assert_eq!(two.1.env["D"].0, "c");
    }

    #[test]
    fn variables_have_the_value_of_their_place() {
        let mut config = EffectiveConfig::default();
        config.add("[env]\nA = '1'\nB = { value = 'b', relative = true, force = true }\n", Path::new("/near"));
        config.add("[env]\nA = '2'\nC = '3'\n[build]\nrustflags = []\n", Path::new("/far"));
        assert_eq!(config.env["A"], ("1".to_owned(), false));
        assert_eq!(config.env["B"], (Path::new("/near").join("b").display().to_string(), true));
        assert_eq!(config.env["C"].0, "3");
        assert!(config.rustflags && !config.wrapped);
        config.add("[build]\nrustc-wrapper = ''\nrustc-workspace-wrapper = 'w'\n", Path::new("/far"));
        assert!(!config.wrapped);
        config.add("[build]\nrustc-wrapper = 'w'\n", Path::new("/far"));
        assert!(config.wrapped);
    }

    #[test]
    fn arguments_count_and_outrank_files() {
        let hash = |args: &[&str]| {
            let mut hasher = FieldHasher::new("test");
            let mut config = EffectiveConfig::default();
            config.add("[env]\nA = 'file'\n", Path::new("/"));
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            hash_arguments(&mut hasher, &mut config, Path::new("/"), &args);
            (hasher.finish(), config)
        };
        let plain = hash(&["--features=x", "-p", "a"]).0;
        assert_eq!(plain, hash(&[]).0);
        assert_ne!(plain, hash(&["-Zpublic-dependency"]).0);
        assert_eq!(hash(&["-Z", "x"]).0, hash(&["-Zx"]).0);
        let (digest, config) = hash(&["--config", "env.A='1'", "--config=env.A='2'"]);
        assert_ne!(plain, digest);
        assert_eq!(config.env["A"].0, "2");
        assert!(hash(&["--config=build.rustflags=['-g']"]).1.rustflags);
    }

    #[test]
    fn only_what_reaches_rustc_counts() {
        assert_eq!(relevant("[build]\njobs = 2\n[net]\noffline = true\n"), "");
        assert_ne!(relevant("[build]\nrustflags = ['-g']\n"), "");
        assert_ne!(relevant("[env]\nA = '1'\n"), relevant("[env]\nA = '2'\n"));
        assert_eq!(relevant("[env]\nA = '1'\n[http]\ntimeout = 1\n"), relevant("# note\n[env]\nA = \"1\"\n"));
        assert_eq!(relevant("not = = toml"), "not = = toml");
    }
}
