//! `probes.csv` and `probes.json` of a run folder.
//!
//! The table is for spreadsheets, the JSON holds the same rows together with the
//! conditions of the run. Both are written whole, when the run is over.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::row::{ProbeRow, RENAMED};
use records::run_folder::{RunError, replace_file};
use records::{RunInfo, SCHEMA_VERSION};

/// The table.
pub const TABLE: &str = "probes.csv";
/// The same with the conditions of the run.
pub const WHOLE: &str = "probes.json";

/// A run of probes: under which conditions, and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeRun {
    /// Machine, toolchain, file systems, versions, options.
    pub info: RunInfo,
    /// One for each probe and strategy, in the order they were asked for.
    pub rows: Vec<ProbeRow>,
}

/// Writes both files into `dir`, which is made if needed; each replaces its predecessor whole.
pub fn write(dir: &Path, run: &ProbeRun) -> Result<(), RunError> {
    fs::create_dir_all(dir).map_err(RunError::io("create", dir))?;
    let mut table = csv::Writer::from_writer(Vec::new());
    let encoded = |error: csv::Error| RunError::io("encode", &dir.join(TABLE))(std::io::Error::other(error));
    if run.rows.is_empty() {
        table.write_record(ProbeRow::COLUMNS).map_err(encoded)?;
    }
    for row in &run.rows {
        table.serialize(row).map_err(encoded)?;
    }
    let table = table.into_inner().map_err(|error| RunError::io("encode", &dir.join(TABLE))(error.into_error()))?;
    let mut whole =
        serde_json::to_vec_pretty(run).map_err(|error| RunError::io("encode", &dir.join(WHOLE))(error.into()))?;
    whole.push(b'\n');
    for (name, text) in [(TABLE, table), (WHOLE, whole)] {
        replace_file(dir, name, &text)?;
    }
    Ok(())
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// When the folder holds no run of probes, one of a newer schema version, or one that
/// cannot be understood; each is one line that says what to do.
pub fn read(dir: &Path) -> Result<ProbeRun, RunError> {
    let path = dir.join(WHOLE);
    let bad = |why: String| RunError::not_a_run(dir, why);
    let text = fs::read_to_string(&path).map_err(RunError::io("read", &path))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| bad(format!("{WHOLE} is no JSON ({error})")))?;
    // The version first, so that a newer file is not taken for a foreign one.
    match value.pointer("/info/schema_version").and_then(serde_json::Value::as_u64) {
        None | Some(0) => return Err(bad(format!("{WHOLE} states no schema_version"))),
        Some(found) if found > u64::from(SCHEMA_VERSION) => return Err(RunError::Newer(path, found)),
        Some(_) => {}
    }
    let mut run: ProbeRun =
        serde_json::from_value(value).map_err(|error| bad(format!("{WHOLE} does not fit its schema ({error})")))?;
    for row in &mut run.rows {
        if let Some((_, today)) = RENAMED.iter().find(|(old, _)| *old == row.probe) {
            row.probe = (*today).to_owned();
        }
    }
    Ok(run)
}
