//! The part of Cargo's configuration files that reaches rustc.
//!
//! Files are those of Cargo's hierarchy: `.cargo/config.toml` (or `.cargo/config`) in the
//! workspace root and every directory above it, then Cargo's home. Tables: `build` without
//! the keys that only name places or counts, `target`, `host`, `env`, `unstable`,
//! `include`. Profiles are left out: the unit graph shows their effect.

use std::path::Path;

use super::FieldHasher;

const TABLES: [&str; 5] = ["target", "host", "env", "unstable", "include"];
const BUILD_PLACES: [&str; 5] = ["build-dir", "target-dir", "jobs", "rustc", "dep-info-basedir"];

/// Adds every configuration file that is in force in `workspace_root`.
pub fn hash_into(hasher: &mut FieldHasher, workspace_root: &Path, cargo_home: &Path) {
    let folders = workspace_root.ancestors().map(|dir| dir.join(".cargo"));
    for folder in folders.chain([cargo_home.to_owned()]) {
        // Where both exist Cargo reads the one without the extension.
        let text = ["config", "config.toml"].iter().find_map(|name| std::fs::read_to_string(folder.join(name)).ok());
        let Some(text) = text else { continue };
        hasher.field("config", relevant(&text));
        for included in included(&text) {
            hasher.field("included", std::fs::read(folder.join(included)).unwrap_or_default());
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
    fn only_what_reaches_rustc_counts() {
        assert_eq!(relevant("[build]\njobs = 2\n[net]\noffline = true\n"), "");
        assert_ne!(relevant("[build]\nrustflags = ['-g']\n"), "");
        assert_ne!(relevant("[env]\nA = '1'\n"), relevant("[env]\nA = '2'\n"));
        assert_eq!(relevant("[env]\nA = '1'\n[http]\ntimeout = 1\n"), relevant("# note\n[env]\nA = \"1\"\n"));
        assert_eq!(relevant("not = = toml"), "not = = toml");
    }
}
