//! The observer's log: one line for each run of the compiler, as `CallFacts::line` in `args.rs` makes it.
//!
//! Many compilers end at the same time, so each line is one `write` to a file opened for appending, which a local file
//! system keeps whole. A reader skips what it cannot parse: a line torn by a full disk or a kill costs that line only.

use std::path::{Path, PathBuf};

use super::call::{CallKind, END};

#[derive(Debug, Clone, PartialEq)]
pub struct Compile {
    pub kind: CallKind,
    pub wall_s: f64,
    /// Its exit code; `None` when a signal ended it.
    pub exit_code: Option<i32>,
    /// `--crate-name`.
    pub crate_name: Option<String>,
    /// `--out-dir`, as it was given.
    pub out_dir: Option<PathBuf>,
}

impl Compile {
    fn parse(line: &str) -> Option<Compile> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [kind, wall_s, code, name, out_dir, END] = fields[..] else { return None };
        let (kind, _) = CallKind::NAMES.iter().find(|(_, of)| *of == kind)?;
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some(Compile {
            kind: *kind,
            wall_s: wall_s.parse().ok()?,
            exit_code: code.parse().ok(),
            crate_name: given(name),
            out_dir: given(out_dir).map(PathBuf::from),
        })
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
    Ok(String::from_utf8_lossy(&bytes).lines().filter_map(Compile::parse).collect())
}

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
    pub fn of(calls: &[Compile]) -> Self {
        let compiles = || calls.iter().filter(|call| call.kind == CallKind::Compile);
        Self { rustc_runs: compiles().count() as u64, rustc_s: compiles().map(|call| call.wall_s).sum() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::args::CallFacts;

    fn line(args: &str) -> String {
        let args: Vec<std::ffi::OsString> = args.split(' ').map(Into::into).collect();
        CallFacts::of(&args).line(1.5, Some(0))
    }

    const COMPILE: &str = "--crate-name a -C metadata=1 --out-dir /t/out a.rs";

    #[test]
    fn what_is_written_is_read_and_added_up() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let calls = [COMPILE, COMPILE, "--crate-name a --emit=dep-info", "-vV", "--crate-name a -"];
        std::fs::write(&log, calls.map(line).concat()).unwrap();
        let read = read_log(&log).unwrap();
        let kinds = [CallKind::Compile, CallKind::Compile, CallKind::DepInfo, CallKind::Query, CallKind::Probe];
        assert_eq!(read.iter().map(|call| call.kind).collect::<Vec<_>>(), kinds);
        let (crate_name, out_dir) = (Some("a".into()), Some("/t/out".into()));
        let compile = Compile { kind: CallKind::Compile, wall_s: 1.5, exit_code: Some(0), crate_name, out_dir };
        assert_eq!(read[0], compile);
        assert_eq!(Summary::of(&read), Summary { rustc_runs: 2, rustc_s: 3.0 });
    }

    #[test]
    fn a_torn_line_costs_that_line_only() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let whole = line(COMPILE);
        for length in 1..whole.len() - 1 {
            let torn = &whole[..length];
            std::fs::write(&log, format!("{whole}{torn}\n{whole}\u{fffd}\n{whole}{torn}")).unwrap();
            assert_eq!(read_log(&log).unwrap().len(), 3, "{torn}");
        }
    }

    #[test]
    fn a_log_never_written_is_empty_and_one_that_cannot_be_read_is_named() {
        assert_eq!(read_log(Path::new("/no/such/dir/log")).unwrap(), []);
        assert!(read_log(Path::new("/")).unwrap_err().to_string().contains("log /:"));
    }
}
