//! A run of `harness simulate` on disk: `run.json` and a table for each question.
//!
//! All files are written whole, `run.json` last: it says how many rows each table has, so
//! that a table which lost some is not taken for a short one. A table that is not there was
//! not asked for and reads as empty; one that is there must have its columns.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::trace::TraceInfo;
use records::RunInfo;
use records::run_folder::{RUN_FILE, RunError, STEPS_FILE, read_info, read_rows, replace_file};
use records::simulated::{CurveRow, GrowthRow, MissRow, RelaxationRow, RemoteRow, RetentionRow, SharingRow, Table};

/// `options.command` in `run.json` of a simulation.
pub const COMMAND: &str = "simulate";
/// Where `run.json` describes the trace.
const TRACE: &str = "trace";
/// Where `run.json` says how many rows the tables have.
const TABLES: &str = "tables";

/// A simulation: under which conditions, of what, and what came out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SimulationRun {
    /// Machine, toolchain, versions, options.
    pub info: RunInfo,
    /// What was replayed.
    pub trace: TraceInfo,
    /// Reuse by number of workspaces.
    pub curve: Vec<CurveRow>,
    /// Keys with one input less.
    pub relaxations: Vec<RelaxationRow>,
    /// Why units missed.
    pub misses: Vec<MissRow>,
    /// What commands share.
    pub sharing: Vec<SharingRow>,
    /// Stores of limited size.
    pub retention: Vec<RetentionRow>,
    /// A store without limits, day by day.
    pub growth: Vec<GrowthRow>,
    /// Fetching what others have built.
    pub remote: Vec<RemoteRow>,
}

impl SimulationRun {
    /// A simulation with nothing in it yet.
    pub fn new(mut info: RunInfo, trace: TraceInfo) -> Self {
        info.options.insert("command".into(), COMMAND.into());
        Self { info, trace, ..Self::default() }
    }

    /// Whether no table has a row.
    pub fn is_empty(&self) -> bool {
        let rows = [self.curve.len(), self.relaxations.len(), self.misses.len(), self.sharing.len()];
        let more = [self.retention.len(), self.growth.len(), self.remote.len()];
        rows.iter().chain(&more).all(|rows| *rows == 0)
    }
}

/// Whether a folder holds a simulation, as far as its files say.
pub fn is_one(dir: &Path) -> bool {
    let info = fs::read(dir.join(RUN_FILE)).ok();
    let info: Option<Value> = info.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match info {
        Some(info) => info.pointer("/options/command").and_then(Value::as_str) == Some(COMMAND),
        None => dir.join(CurveRow::FILE).is_file() && !dir.join(STEPS_FILE).exists(),
    }
}

/// Writes the run into `dir`, which is made if needed; each file replaces its predecessor whole.
///
/// # Errors
/// When a file cannot be written, or a row holds what cannot be.
pub fn write(dir: &Path, run: &SimulationRun) -> Result<(), RunError> {
    fs::create_dir_all(dir).map_err(RunError::io("create", dir))?;
    let mut info = run.info.clone();
    info.options.insert("command".into(), COMMAND.into());
    let mut files = Vec::new();
    let mut counts = serde_json::Map::new();
    let mut add = |name: &str, rows: usize, text: Vec<u8>| {
        counts.insert(name.into(), rows.into());
        files.push((name.to_owned(), text));
    };
    add(CurveRow::FILE, run.curve.len(), text(dir, &run.curve)?);
    add(RelaxationRow::FILE, run.relaxations.len(), text(dir, &run.relaxations)?);
    add(MissRow::FILE, run.misses.len(), text(dir, &run.misses)?);
    add(SharingRow::FILE, run.sharing.len(), text(dir, &run.sharing)?);
    add(RetentionRow::FILE, run.retention.len(), text(dir, &run.retention)?);
    add(GrowthRow::FILE, run.growth.len(), text(dir, &run.growth)?);
    add(RemoteRow::FILE, run.remote.len(), text(dir, &run.remote)?);
    let refused = |why: std::io::Error| RunError::io("encode", dir.join(RUN_FILE))(why);
    run.trace.check().map_err(|why| refused(std::io::Error::other(why)))?;
    let trace = serde_json::to_value(&run.trace).map_err(|error| refused(error.into()))?;
    info.other.insert(TRACE.into(), trace);
    info.other.insert(TABLES.into(), counts.into());
    let mut whole = serde_json::to_vec_pretty(&info).map_err(|error| refused(error.into()))?;
    whole.push(b'\n');
    files.push((RUN_FILE.into(), whole));
    for (name, text) in files {
        replace_file(dir, &name, &text)?;
    }
    Ok(())
}

/// Writes one table into a folder, in the place of an older one.
///
/// # Errors
/// When it cannot be written, or a row holds what cannot be.
pub fn write_table<T: Table>(dir: &Path, rows: &[T]) -> Result<(), RunError> {
    replace_file(dir, T::FILE, &text(dir, rows)?)
}

/// Reads one table of a folder; a folder without it has no rows.
///
/// # Errors
/// When it cannot be understood.
pub fn read_table<T: Table>(dir: &Path) -> Result<Vec<T>, RunError> {
    rows(dir, &Value::Null)
}

/// A table as CSV.
fn text<T: Table>(dir: &Path, rows: &[T]) -> Result<Vec<u8>, RunError> {
    let refused = |why: std::io::Error| RunError::io("encode", dir.join(T::FILE))(why);
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(T::COLUMNS).map_err(|error| refused(error.into()))?;
    for row in rows {
        row.check().map_err(|why| refused(std::io::Error::other(why)))?;
        writer.serialize(row).map_err(|error| refused(error.into()))?;
    }
    writer.into_inner().map_err(|error| refused(error.into_error()))
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// When the folder holds no simulation, one of a newer schema version, or one that cannot be
/// understood; each is one line that says what to do.
pub fn read(dir: &Path) -> Result<SimulationRun, RunError> {
    let mut info = read_info(dir)?;
    let bad = |why: String| RunError::not_a_run(dir, why);
    if info.options.get("command").and_then(Value::as_str) != Some(COMMAND) {
        return Err(bad(format!("{RUN_FILE} is not that of a simulation")));
    }
    let trace = info.other.remove(TRACE).ok_or_else(|| bad(format!("{RUN_FILE} does not say what was replayed")))?;
    let trace: TraceInfo = serde_json::from_value(trace)
        .map_err(|error| bad(format!("trace in {RUN_FILE} does not fit its schema ({error})")))?;
    trace.check().map_err(|why| bad(format!("trace in {RUN_FILE}: {why}")))?;
    let counts = info.other.remove(TABLES).unwrap_or_default();
    Ok(SimulationRun {
        curve: rows(dir, &counts)?,
        relaxations: rows(dir, &counts)?,
        misses: rows(dir, &counts)?,
        sharing: rows(dir, &counts)?,
        retention: rows(dir, &counts)?,
        growth: rows(dir, &counts)?,
        remote: rows(dir, &counts)?,
        info,
        trace,
    })
}

/// The rows of a table; none where it is not there and no row of it was counted. A row may not be lost either: the
/// tables are written whole, or not at all.
fn rows<T: Table>(dir: &Path, counts: &Value) -> Result<Vec<T>, RunError> {
    let counted = counts.get(T::FILE).and_then(Value::as_u64);
    let bad = |why: &str| RunError::not_a_run(dir, format!("{} {why}; restore it from a copy", T::FILE));
    if !dir.join(T::FILE).exists() {
        return if counted.unwrap_or(0) == 0 { Ok(Vec::new()) } else { Err(bad("is not there any more")) };
    }
    let (rows, cut) = read_rows(dir, T::FILE, T::COLUMNS, T::check)?;
    let lost = cut > 0 || counted.is_some_and(|counted| counted != rows.len() as u64);
    if lost { Err(bad("is not as it was written")) } else { Ok(rows) }
}
