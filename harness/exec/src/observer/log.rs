//! The observer's log: one line of JSON for each run of the compiler.
//!
//! Many compilers end at the same time, so each line is one `write` to a file opened for appending, which a local file
//! system keeps whole. A reader skips what it cannot parse: a line torn by a full disk or a kill costs that line only.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::args::CallKind;

/// One run of the compiler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compile {
    /// What it was for.
    pub kind: CallKind,
    /// How long it took, in seconds.
    pub wall_s: f64,
    /// `--crate-name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crate_name: Option<String>,
    /// `--out-dir`, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_dir: Option<PathBuf>,
    /// Its exit code; `None` when a signal ended it.
    pub exit_code: Option<i32>,
}

/// Appends one line. Nothing that goes wrong here may reach the build.
pub(super) fn append(log: &Path, compile: &Compile) {
    let Ok(mut line) = serde_json::to_string(compile) else { return };
    line.push('\n');
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(log) {
        let _ = file.write_all(line.as_bytes());
    }
}

/// Reads a log. Lines that are not whole are skipped; a log never written is empty.
/// Fails when the file exists and cannot be read.
pub fn read_log(path: &Path) -> Result<Vec<Compile>, ReadError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(ReadError { path: path.to_owned(), source }),
    };
    Ok(bytes.split(|&b| b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// The log exists and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the observer's log {}: {source}", path.display())]
pub struct ReadError {
    path: PathBuf,
    source: std::io::Error,
}

/// What the compiler did during one step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    /// Units compiled or checked, failed ones included.
    pub rustc_runs: u64,
    /// Seconds in those, summed over parallel runs.
    pub rustc_s: f64,
}

impl Summary {
    /// Adds up a log.
    pub fn of(calls: &[Compile]) -> Self {
        let compiles = || calls.iter().filter(|call| call.kind == CallKind::Compile);
        Self { rustc_runs: compiles().count() as u64, rustc_s: compiles().map(|call| call.wall_s).sum() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(kind: CallKind) -> Compile {
        Compile { kind, wall_s: 1.5, crate_name: Some("a".into()), out_dir: Some("/t/out".into()), exit_code: Some(0) }
    }

    #[test]
    fn what_is_written_is_read_and_added_up() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let kinds = [CallKind::Compile, CallKind::Compile, CallKind::DepInfo, CallKind::Query, CallKind::Probe];
        let written = kinds.map(compile);
        written.iter().for_each(|c| append(&log, c));
        let read = read_log(&log).unwrap();
        assert_eq!(read, written);
        assert_eq!(Summary::of(&read), Summary { rustc_runs: 2, rustc_s: 3.0 });
    }

    #[test]
    fn a_torn_line_costs_that_line_only() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        append(&log, &compile(CallKind::Compile));
        let mut text = std::fs::read_to_string(&log).unwrap();
        let torn = text[..40].to_owned();
        text = format!("{text}{torn}\n{text}\u{fffd}\n{text}{torn}");
        std::fs::write(&log, text).unwrap();
        assert_eq!(read_log(&log).unwrap().len(), 3);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_no_error_and_one_never_written_is_empty() {
        append(Path::new("/no/such/dir/log"), &compile(CallKind::Compile));
        assert_eq!(read_log(Path::new("/no/such/dir/log")).unwrap(), []);
        assert!(read_log(Path::new("/")).unwrap_err().to_string().contains("log /:"));
    }

    #[test]
    fn lines_of_many_writers_stay_whole() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..200).for_each(|_| append(&log, &compile(CallKind::Compile))));
            }
        });
        assert_eq!(read_log(&log).unwrap().len(), 1600);
    }
}
