//! The private `CARGO_HOME` of a work directory.
//!
//! The user's own configuration may hold profiles, wrappers, target directories and patches, all of which would change
//! what is measured. The private one takes only what says where packages come from: `[source]`, `[registries]`,
//! `[http]`, `[net]`, and `registry.global-credential-providers`, which a replaced source may need. Files named by
//! `include` are followed. Relative paths are made absolute: they are relative to the directory above that of their
//! file.
//!
//! No secret is written: `token` and `secret-key` are kept in memory, with those of `credentials.toml`, as the
//! environment variables that Cargo has for them, which fetching commands get.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use toml::{Table, Value};
use walkdir::WalkDir;

use super::filesystem::remove_dir;
use super::os;

const MAX_INCLUDES: usize = 16;

/// A prepared private home.
#[derive(Debug, Clone)]
pub struct CargoHome {
    pub dir: PathBuf,
    pub(super) tokens: BTreeMap<OsString, OsString>,
}

#[derive(Debug, thiserror::Error)]
pub enum CargoHomeError {
    #[error("cannot read the Cargo configuration {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    // Cargo itself would refuse it, too.
    #[error("{} is not valid TOML: {}; Cargo needs it repaired as well", path.display(), source.message())]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{} is included more than {MAX_INCLUDES} levels deep; look for a circle", path.display())]
    Circle { path: PathBuf },
    #[error("cannot write the private Cargo configuration {}: {source}; is the work directory writable?", path.display())]
    Write { path: PathBuf, source: std::io::Error },
}

impl CargoHome {
    /// Makes `<work>/cargo-home` with a `config.toml` derived from the `CARGO_HOME` at
    /// `user_home`, if there is one. Packages already fetched into it stay.
    /// Fails when the user's configuration cannot be read or the private one not written.
    pub fn prepare(work: &Path, user_home: Option<&Path>) -> Result<Self, CargoHomeError> {
        let dir = work.join("cargo-home");
        let mut imported = ImportedConfig::default();
        if let Some(home) = user_home {
            // As Cargo: the name without an extension is older and wins.
            if let Some(file) = first_file(home, ["config", "config.toml"]) {
                imported.config(&file, 0)?;
            }
            if let Some(file) = first_file(home, ["credentials", "credentials.toml"]) {
                imported.tokens_of(&read(&file)?);
            }
        }
        let text = format!("# Written by the harness: only where packages come from.\n{}", imported.config);
        write_whole(&dir.join("config.toml"), &text)?;
        Ok(Self { dir, tokens: imported.tokens })
    }

    /// The user's own `CARGO_HOME`.
    pub fn of_user() -> Option<PathBuf> {
        std::env::var_os("CARGO_HOME")
            .filter(|home| !home.is_empty())
            .map(PathBuf::from)
            .or_else(|| Some(std::env::home_dir()?.join(".cargo")))
    }
}

#[derive(Default)]
struct ImportedConfig {
    config: Table,
    tokens: BTreeMap<OsString, OsString>,
}

impl ImportedConfig {
    fn config(&mut self, file: &Path, depth: usize) -> Result<(), CargoHomeError> {
        if depth > MAX_INCLUDES {
            return Err(CargoHomeError::Circle { path: file.to_owned() });
        }
        let mut table = read(file)?;
        // The including file wins over what it includes, a later include over an earlier.
        for (path, optional) in includes(&table) {
            let path = file.parent().unwrap_or(Path::new("")).join(path);
            if !optional || path.exists() {
                self.config(&path, depth + 1)?;
            }
        }
        let root = file.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
        self.tokens_of(&table);
        for name in ["source", "registries", "http", "net"] {
            if let Some(mut value) = table.remove(name) {
                drop_secrets(&mut value);
                make_absolute(&mut value, root);
                merge(&mut self.config, name, value);
            }
        }
        if let Some(Value::Table(registry)) = table.get_mut("registry")
            && let Some(providers) = registry.remove("global-credential-providers")
        {
            let kept = Table::from_iter([("global-credential-providers".to_owned(), providers)]);
            merge(&mut self.config, "registry", Value::Table(kept));
        }
        Ok(())
    }

    fn tokens_of(&mut self, table: &Table) {
        let token = |table: &Value| table.get("token")?.as_str().map(OsString::from);
        if let Some(value) = table.get("registry").and_then(token) {
            self.tokens.insert("CARGO_REGISTRY_TOKEN".into(), value);
        }
        let registries = table.get("registries").and_then(Value::as_table);
        for (name, registry) in registries.into_iter().flatten() {
            if let Some(value) = token(registry) {
                let name = name.to_uppercase().replace('-', "_");
                self.tokens.insert(format!("CARGO_REGISTRIES_{name}_TOKEN").into(), value);
            }
        }
    }
}

fn first_file<const N: usize>(dir: &Path, names: [&str; N]) -> Option<PathBuf> {
    names.into_iter().map(|name| dir.join(name)).find(|path| path.is_file())
}

fn read(path: &Path) -> Result<Table, CargoHomeError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| CargoHomeError::Read { path: path.to_owned(), source })?;
    text.parse().map_err(|source| CargoHomeError::Parse { path: path.to_owned(), source: Box::new(source) })
}

/// `include = "a.toml"`, `["a.toml", …]` or `[{ path = "a.toml", optional = true }, …]`.
fn includes(table: &Table) -> Vec<(String, bool)> {
    let one = |value: &Value| match value {
        Value::String(path) => Some((path.clone(), false)),
        Value::Table(table) => {
            let optional = table.get("optional").and_then(Value::as_bool).unwrap_or(false);
            Some((table.get("path")?.as_str()?.to_owned(), optional))
        }
        _ => None,
    };
    match table.get("include") {
        Some(Value::Array(list)) => list.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Tables are merged key by key; anything else replaces what was there.
fn merge(into: &mut Table, key: &str, value: Value) {
    match (into.get_mut(key), value) {
        (Some(Value::Table(old)), Value::Table(new)) => {
            for (key, value) in new {
                merge(old, &key, value);
            }
        }
        (_, value) => {
            into.insert(key.to_owned(), value);
        }
    }
}

fn drop_secrets(value: &mut Value) {
    if let Value::Table(table) = value {
        table.retain(|key, _| key != "token" && key != "secret-key");
        table.iter_mut().for_each(|(_, value)| drop_secrets(value));
    }
}

fn make_absolute(value: &mut Value, root: &Path) {
    let Value::Table(table) = value else { return };
    for (key, value) in table.iter_mut() {
        match (key.as_str(), &mut *value) {
            ("directory" | "local-registry" | "cainfo" | "proxy-cainfo", Value::String(path)) => {
                *path = root.join(&*path).to_string_lossy().into_owned();
            }
            (_, value) => make_absolute(value, root),
        }
    }
}

fn write_whole(path: &Path, text: &str) -> Result<(), CargoHomeError> {
    let error = |source| CargoHomeError::Write { path: path.to_owned(), source };
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(error)?;
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let staged = tempfile::NamedTempFile::new_in(dir).map_err(error)?;
    std::fs::write(staged.path(), text).map_err(error)?;
    staged.persist(path).map_err(|failed| error(failed.error))?;
    Ok(())
}

const IMMUTABLE: [&str; 3] = ["registry/src", "registry/cache", "git/checkouts"];

/// Makes `second` a `CARGO_HOME` with the content of `first`, in place of what was there. What Cargo never writes
/// again, unpacked and packed packages, is linked; the rest is copied, so that neither home changes the other. Fails
/// when files cannot be linked or copied.
pub fn duplicate(first: &Path, second: &Path) -> anyhow::Result<()> {
    remove_dir(second)?;
    for entry in WalkDir::new(first) {
        let entry = entry.with_context(|| format!("cannot read {}", first.display()))?;
        let inner = entry.path().strip_prefix(first).unwrap_or(entry.path());
        let to = second.join(inner);
        let made = if entry.file_type().is_dir() {
            std::fs::create_dir_all(&to)
        } else if entry.file_type().is_symlink() {
            // A file of a git dependency. It is made again as it is, and never followed.
            os::symlink(&std::fs::read_link(entry.path()).unwrap_or_default(), &to)
        } else if IMMUTABLE.iter().any(|folder| inner.starts_with(folder))
            && std::fs::hard_link(entry.path(), &to).is_ok()
        {
            Ok(())
        } else {
            std::fs::copy(entry.path(), &to).map(drop)
        };
        made.with_context(|| format!("cannot make {}", to.display()))?;
    }
    Ok(())
}

/// What the homes of one user share: what says where packages come from, what was downloaded, and Cargo's own records of
/// and locks over it.
pub const SHARED: [&str; 9] = [
    "registry",
    "git",
    "config",
    "config.toml",
    "credentials",
    "credentials.toml",
    ".package-cache",
    ".package-cache-mutate",
    ".global-cache",
];

/// Makes `own` a `CARGO_HOME` that has these in common with `first`, by links, and nothing else. What is there besides
/// stays. Fails when a link cannot be made.
pub fn share(first: &Path, own: &Path) -> anyhow::Result<()> {
    // Cargo does not make a directory that a link without an end stands for; it does make a file.
    for dir in [own, &first.join("registry"), &first.join("git")] {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    for (common, link) in SHARED.map(|name| (first.join(name), own.join(name))) {
        if std::fs::read_link(&link).is_ok_and(|old| old == common) {
            continue;
        }
        let _ = std::fs::remove_file(&link);
        self::link(&common, &link)?;
    }
    Ok(())
}

/// Makes `path` another way to `original`. Fails when there is something, or the file system has no links.
pub fn link(original: &Path, path: &Path) -> anyhow::Result<()> {
    os::symlink(original, path).with_context(|| format!("cannot link {} as {}", original.display(), path.display()))
}

#[cfg(test)]
#[path = "cargo_home_tests.rs"]
mod tests;
