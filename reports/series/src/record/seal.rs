//! Digests: of the tables of a run, and of all that is kept of it in the database.

use std::fs;
use std::path::Path;

use super::{Entry, Point};
use crate::error::SeriesError;

/// BLAKE3 of the tables a run consists of, in hexadecimal: each file's name, length, bytes.
///
/// # Errors
/// When a file cannot be read.
pub fn tables_digest(dir: &Path, files: &[&str]) -> Result<String, SeriesError> {
    let mut hasher = blake3::Hasher::new();
    for name in files {
        let path = dir.join(name);
        let bytes = fs::read(&path).map_err(SeriesError::io("read", &path))?;
        text(&mut hasher, name);
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// BLAKE3 of an entry, field by field, points and probes in order: a database row that is not
/// what was put there has another one.
pub fn seal(entry: &Entry) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let head = [
        &entry.name,
        entry.kind.as_str(),
        &entry.digest,
        &entry.started,
        &entry.line,
        &entry.corpus,
        &entry.toolchain,
        &entry.kernel,
        &entry.scenario,
        &entry.baseline,
        &entry.strategies,
    ];
    head.iter().for_each(|part| text(&mut hasher, part));
    for number in [entry.rows, entry.ok_rows, entry.points.len() as u64, entry.probes.len() as u64] {
        hasher.update(&number.to_le_bytes());
    }
    for point in &entry.points {
        let Point { key, pairs, log_ratio, spread, wall_s, hit_rate, by_cost, compiled, physical_bytes } = point;
        [&key.scenario, &key.step, &key.workspace, &key.strategy].iter().for_each(|part| text(&mut hasher, part));
        hasher.update(&pairs.to_le_bytes());
        for value in [log_ratio, spread, wall_s, hit_rate, by_cost, compiled, physical_bytes] {
            // No measured value is NaN, so its bits stand for none.
            hasher.update(&value.unwrap_or(f64::NAN).to_bits().to_le_bytes());
        }
    }
    for probe in &entry.probes {
        [&probe.probe, &probe.strategy, &probe.verdict].iter().for_each(|part| text(&mut hasher, part));
    }
    *hasher.finalize().as_bytes()
}

fn text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
}
