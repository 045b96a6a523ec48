//! The day a version was published, from the registry index as Cargo has fetched it.
//!
//! Cargo keeps a file for each package in `registry/index/<registry>/.cache/`: after a header, a JSON line for each version,
//! with NUL bytes around, which has a `pubtime` if the registry has one. The format is internal to Cargo, so the day of
//! what cannot be read is unknown.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::Deserialize;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// Days of publication; each package's file is read once.
#[derive(Debug)]
pub(super) struct PublicationDays {
    caches: Vec<PathBuf>,
    days_by_name: Mutex<HashMap<String, HashMap<String, u32>>>,
}

#[derive(Deserialize)]
struct IndexVersion {
    vers: String,
    pubtime: Option<String>,
}

impl PublicationDays {
    pub(super) fn of(cargo_home: &Path) -> PublicationDays {
        let registries = std::fs::read_dir(cargo_home.join("registry/index")).into_iter().flatten().flatten();
        let mut caches: Vec<PathBuf> = registries.map(|it| it.path().join(".cache")).collect();
        caches.sort();
        PublicationDays { caches, days_by_name: Mutex::default() }
    }

    /// The day since the Unix epoch; 0 if it is unknown.
    pub(super) fn day(&self, name: &str, version: &str) -> u32 {
        let Ok(mut days_by_name) = self.days_by_name.lock() else { return 0 };
        let days = days_by_name.entry(name.to_lowercase()).or_insert_with_key(|name| self.read(name));
        days.get(version).copied().unwrap_or(0)
    }

    fn read(&self, name: &str) -> HashMap<String, u32> {
        let file = index_path(name);
        let found = self.caches.iter().find_map(|cache| std::fs::read(cache.join(&file)).ok());
        found.map(|bytes| days(&bytes)).unwrap_or_default()
    }
}

fn days(bytes: &[u8]) -> HashMap<String, u32> {
    let lines = bytes.split(|byte| *byte == 0).filter(|part| part.starts_with(b"{"));
    let versions = lines.filter_map(|line| serde_json::from_slice::<IndexVersion>(line).ok());
    versions.filter_map(|version| Some((version.vers, day(&version.pubtime?)?))).collect()
}

fn day(time: &str) -> Option<u32> {
    let time: jiff::Timestamp = time.parse().ok()?;
    u32::try_from(time.as_second().div_euclid(SECONDS_OF_A_DAY)).ok()
}

fn index_path(name: &str) -> PathBuf {
    let part = |from: usize, to: usize| name.get(from..to).unwrap_or("_").to_owned();
    match name.len() {
        0..=2 => [name.len().to_string(), name.to_owned()].iter().collect(),
        3 => [String::from("3"), part(0, 1), name.to_owned()].iter().collect(),
        _ => [part(0, 2), part(2, 4), name.to_owned()].iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_those_of_damaged_lines_are_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("registry/index/some-0123/.cache");
        let line = |vers: &str, time: &str| format!("{{\"name\":\"Serde\",\"vers\":\"{vers}\",\"deps\":[]{time}}}");
        let text = [
            "\u{3}\u{2}head",
            "1.0.0",
            &line("1.0.0", ",\"pubtime\":\"2026-07-18T23:05:13Z\""),
            "1.0.1",
            &line("1.0.1", ""),
            "1.0.2",
            "{\"vers\":\"1.0.2\",\"pubt",
        ];
        std::fs::create_dir_all(cache.join("se/rd")).unwrap();
        std::fs::write(cache.join("se/rd/serde"), text.join("\0")).unwrap();
        let published = PublicationDays::of(dir.path());
        assert_eq!(published.day("Serde", "1.0.0"), 20_652);
        for unknown in ["1.0.1", "1.0.2", "9.9.9"] {
            assert_eq!(published.day("serde", unknown), 0, "{unknown}");
        }
        assert_eq!(published.day("other", "1.0.0"), 0);
        assert_eq!(PublicationDays::of(Path::new("/no/such/home")).day("serde", "1.0.0"), 0);
    }

    #[test]
    fn short_names_have_paths_of_their_own() {
        let paths: Vec<_> = ["a", "nu", "syn", "libc"].map(index_path).into();
        assert_eq!(paths, ["1/a", "2/nu", "3/s/syn", "li/bc/libc"].map(PathBuf::from));
    }
}
