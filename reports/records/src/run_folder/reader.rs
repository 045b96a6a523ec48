//! Reading a run folder back: [`RunFolder`].

use super::{RUN_FILE, RunError, STEPS_FILE, UNITS_FILE, whole_rows};
use crate::costs::fill_costs;
use crate::{RunInfo, SCHEMA_VERSION, StepKey, StepRow, UnitRow};
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// A run, read into memory.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFolder {
    /// `run.json`.
    pub info: RunInfo,
    /// The whole rows of `steps.csv`, in file order.
    pub steps: Vec<StepRow>,
    /// The rows of `units.csv` whose step is recorded, in file order.
    pub units: Vec<UnitRow>,
    /// What was left out.
    pub cut: CutOff,
}

/// What reading left out of a run that was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CutOff {
    /// Bytes of unfinished last lines, both tables together.
    pub bytes: u64,
    /// Unit rows whose step was never recorded.
    pub units: u64,
}

impl RunFolder {
    /// The workspaces in the order in which they shared a store in a round; older runs built them in that of their corpus.
    pub fn order_in(&self, round: u32) -> Vec<&str> {
        let place = |name: &&String| {
            let row = self.steps.iter().find(|row| row.round == round && row.workspace == **name);
            row.and_then(|row| row.store_position)
        };
        let mut order: Vec<&String> = self.info.corpus.workspaces.iter().collect();
        order.sort_by_key(place);
        order.into_iter().map(String::as_str).collect()
    }

    /// Reads the folder `dir`, and gives every unit its cost ([`fill_costs`]).
    ///
    /// # Errors
    /// When it holds no run, was written by a newer schema version, or holds a
    /// row that does not fit; each error is one line that says what to do.
    pub fn read(dir: &Path) -> Result<Self, RunError> {
        let mut run = Self::read_recorded(dir)?;
        fill_costs(&mut run.steps, &mut run.units);
        Ok(run)
    }

    /// Reads the folder `dir` as it was recorded, for merging it or going on with it.
    pub fn read_recorded(dir: &Path) -> Result<Self, RunError> {
        let (mut run, recorded) = Self::steps_of(dir)?;
        let designed = &UnitRow::COLUMNS[..UnitRow::DESIGNED];
        let (mut units, cut_units) = read_rows(dir, UNITS_FILE, designed, |_: &UnitRow| Ok(()))?;
        let all = units.len();
        // Rows of one step follow each other: look a key up once per step.
        let mut last: Option<(StepKey, bool)> = None;
        units.retain(|row| match &last {
            Some((key, keep)) if belongs(row, key) => *keep,
            _ => {
                let key = StepKey::of_unit(row);
                let keep = recorded.contains(&key);
                last = Some((key, keep));
                keep
            }
        });
        run.cut = CutOff { bytes: run.cut.bytes + cut_units, units: (all - units.len()) as u64 };
        run.units = units;
        Ok(run)
    }

    /// As [`RunFolder::read`], without the units. `units.csv` need not be there; rates by cost are
    /// then as they were recorded.
    pub fn read_steps(dir: &Path) -> Result<Self, RunError> {
        match dir.join(UNITS_FILE).is_file() {
            true => Self::read(dir).map(|run| Self { units: Vec::new(), ..run }),
            false => Self::steps_of(dir).map(|(run, _)| run),
        }
    }

    fn steps_of(dir: &Path) -> Result<(Self, HashSet<StepKey>), RunError> {
        let info = read_info(dir)?;
        // Columns appended after the first schema read as not measured where they are missing.
        let designed = &StepRow::COLUMNS[..StepRow::DESIGNED];
        let mut recorded: HashSet<StepKey> = HashSet::new();
        let (steps, bytes) = read_rows(dir, STEPS_FILE, designed, |row: &StepRow| {
            sound(row)?;
            match recorded.insert(StepKey::of_step(row)) {
                true => Ok(()),
                false => Err(format!("{} is there twice", StepKey::of_step(row))),
            }
        })?;
        Ok((Self { info, steps, units: Vec::new(), cut: CutOff { bytes, units: 0 } }, recorded))
    }
}

fn belongs(row: &UnitRow, key: &StepKey) -> bool {
    row.round == key.round
        && row.strategy == key.strategy
        && row.workspace == key.workspace
        && row.step == key.step
        && row.scenario == key.scenario
        && row.run == key.run
}

/// Reads `run.json`, its version first, so that a newer file is not taken
/// for a foreign one.
pub fn read_info(dir: &Path) -> Result<RunInfo, RunError> {
    let not_a_run = |why: String| RunError::not_a_run(dir, why);
    let path = dir.join(RUN_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(not_a_run(what_is_there(dir)));
        }
        Err(error) => return Err(RunError::io("read", path)(error)),
    };
    let value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| not_a_run(format!("{RUN_FILE} is no JSON ({error})")))?;
    match value.get("schema_version").and_then(serde_json::Value::as_u64) {
        None | Some(0) => return Err(not_a_run(format!("{RUN_FILE} states no schema_version"))),
        Some(found) if found > u64::from(SCHEMA_VERSION) => {
            return Err(RunError::Newer(path, found));
        }
        Some(_) => {}
    }
    serde_json::from_value(value).map_err(|error| not_a_run(format!("{RUN_FILE} does not fit its schema ({error})")))
}

fn what_is_there(dir: &Path) -> String {
    match fs::read_dir(dir) {
        Err(_) if dir.exists() => "it is no folder".into(),
        Err(_) => "there is no such folder".into(),
        Ok(mut entries) => match entries.next() {
            None => "it is empty".into(),
            Some(_) => format!("it has no {RUN_FILE}"),
        },
    }
}

/// Reads the whole rows of a table; also returns how many bytes were left out.
///
/// # Errors
/// When the table is not there, lacks a column, or has a row that does not fit or pass the check.
pub fn read_rows<T: DeserializeOwned>(
    dir: &Path,
    file: &str,
    columns: &[&str],
    mut check: impl FnMut(&T) -> Result<(), String>,
) -> Result<(Vec<T>, u64), RunError> {
    let path = dir.join(file);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(RunError::not_a_run(dir, format!("it has no {file}")));
        }
        Err(error) => return Err(RunError::io("read", path)(error)),
    };
    let whole = whole_rows(&bytes);
    let cut = (bytes.len() - whole) as u64;
    if whole == 0 {
        return Ok((Vec::new(), cut));
    }
    let mut reader = csv::Reader::from_reader(&bytes[..whole]);
    let bad_row = |error: csv::Error| {
        RunError::Row(path.clone(), error.position().map_or(1, csv::Position::line), one_line(&error))
    };
    let header = reader.headers().map_err(bad_row)?.clone();
    if let Some(missing) = columns.iter().find(|column| !header.iter().any(|it| it == **column)) {
        return Err(RunError::not_a_run(dir, format!("{file} has no column `{missing}`")));
    }
    let mut rows = Vec::new();
    let mut found = reader.into_deserialize();
    loop {
        let line = found.reader().position().line();
        let Some(row) = found.next() else { return Ok((rows, cut)) };
        let row = row.map_err(bad_row)?;
        check(&row).map_err(|why| RunError::Row(path.clone(), line, why))?;
        rows.push(row);
    }
}

/// Whether a row holds what can be measured: no time below 0, no part above the whole.
fn sound(row: &StepRow) -> Result<(), String> {
    let seconds = [
        ("wall_s", row.wall_s),
        ("user_s", row.user_s),
        ("sys_s", row.sys_s),
        ("plan_s", row.plan_s),
        ("restore_s", row.restore_s),
        ("cargo_s", row.cargo_s),
        ("publish_s", row.publish_s),
        ("rustc_s", row.rustc_s),
        ("noop_s", row.noop_s),
        ("foreign_cpu_s", row.foreign_cpu_s),
        ("graph_call_s", row.graph_call_s),
        ("daemon_s", row.daemon_s),
        ("wall_p50_s", row.wall_p50_s),
        ("wall_p95_s", row.wall_p95_s),
        ("cpu_p50_s", row.cpu_p50_s),
        ("cpu_p95_s", row.cpu_p95_s),
        ("start_s", row.start_s),
        ("deliver_s", row.deliver_s),
        ("unpack_s", row.unpack_s),
        ("pack_s", row.pack_s),
        ("upload_s", row.upload_s),
    ];
    if let Some((name, _)) = seconds.iter().find(|(_, value)| value.is_some_and(|value| value < 0.0)) {
        return Err(format!("{name} is below 0 s"));
    }
    let rates = [("hit_rate", row.hit_rate), ("hit_rate_by_cost", row.hit_rate_by_cost)];
    match rates.iter().find(|(_, value)| value.is_some_and(|value| !(0.0..=1.0 + 1e-6).contains(&value))) {
        Some((name, _)) => Err(format!("{name} is not between 0 and 1")),
        None => Ok(()),
    }
}

/// The heart of a CSV error, without the position that the caller states.
fn one_line(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields instead of {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".into(),
        _ => error.to_string().replace('\n', " "),
    }
}
