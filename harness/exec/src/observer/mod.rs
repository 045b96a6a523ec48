//! The pass-through behind `RUSTC`: it counts and times every compile, for every strategy alike.
//!
//! The harness installs its own executable as `<work>/bin/rustc` and points `RUSTC` there. Started under that name,
//! [`main_if_invoked`] runs the real compiler with the same arguments, streams, environment and exit code (or signal),
//! and appends one line to a [`log`]. Tools that wrap or replace the call end up running `$RUSTC`, too. It must not
//!
//! - **change what Cargo sees.** Cargo derives unit hashes from the text of `rustc -vV`, which is passed through; path
//!   and modification time of `RUSTC` decide whether `.rustc_info.json` may be reused, so the path is one per work
//!   directory and an install leaves an identical file alone;
//! - **fail a build.** Nothing that goes wrong with the log reaches the compiler's caller;
//! - **cost time.** No argument parser, no thread, one file opened after the compiler ended;
//! - **outlive or end anything.** It stays in the process group it was started in, and asks for no parent-death signal:
//!   that fires when the *thread* that started it ends, and how an external tool uses its threads is not ours to
//!   assume.
//!
//! The file is a hard link (or a copy), not a symlink: tools that resolve the compiler's path must end at a file called
//! `rustc`.

mod args;
pub mod log;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Instant;

use crate::os;
pub use args::CallKind;
pub use log::{Compile, Summary, read_log};

/// The environment variable that names the log; without it nothing is recorded.
pub(crate) const LOG: &str = "HARNESS_OBSERVER_LOG";

pub(crate) const REAL: &str = "HARNESS_REAL_RUSTC";

/// Names the real compiler for callers that cleared the environment: a file beside ours.
const SIDECAR: &str = "rustc.real";

/// The observer could not be put in place.
#[derive(Debug, thiserror::Error)]
#[error("cannot install the rustc observer at {}: {attempt}: {source}; is the work directory writable?", path.display())]
pub struct ObserverError {
    path: PathBuf,
    attempt: &'static str,
    source: std::io::Error,
}

/// An installed observer.
#[derive(Debug, Clone)]
pub struct Observer {
    rustc: PathBuf,
    real: PathBuf,
}

impl Observer {
    /// Installs the running executable as `<bin_dir>/rustc`, in front of the compiler `real`.
    /// Fails when the directory cannot be made or written to.
    pub fn install(bin_dir: &Path, real: &Path) -> Result<Self, ObserverError> {
        let error = |attempt| {
            let path = bin_dir.to_owned();
            move |source| ObserverError { path, attempt, source }
        };
        let exe = std::env::current_exe().map_err(error("finding our own executable"))?;
        Self::install_from(&exe, bin_dir, real)
    }

    /// As [`install`](Self::install), from another executable whose `main` calls [`main_if_invoked`]. Fails when the
    /// directory cannot be made or written to.
    pub fn install_from(exe: &Path, bin_dir: &Path, real: &Path) -> Result<Self, ObserverError> {
        let rustc = bin_dir.join(format!("rustc{}", std::env::consts::EXE_SUFFIX));
        let error = |attempt| {
            let path = rustc.clone();
            move |source| ObserverError { path, attempt, source }
        };
        std::fs::create_dir_all(bin_dir).map_err(error("making the directory"))?;
        if !is_same_program(exe, &rustc) {
            let staged = bin_dir.join(format!(".rustc-{}", std::process::id()));
            let _ = std::fs::remove_file(&staged);
            if std::fs::hard_link(exe, &staged).is_err() {
                copy_with_time(exe, &staged).map_err(error("copying the harness"))?;
            }
            std::fs::rename(&staged, &rustc).map_err(error("renaming it into place"))?;
            // Renaming one link over another of the same file leaves both: no harm if gone.
            let _ = std::fs::remove_file(&staged);
        }
        let (sidecar, note) = (bin_dir.join(SIDECAR), real.as_os_str().as_encoded_bytes());
        // Another process may be reading it.
        if std::fs::read(&sidecar).ok().as_deref() != Some(note) {
            std::fs::write(&sidecar, note).map_err(error("noting the real compiler"))?;
        }
        Ok(Self { rustc, real: real.to_owned() })
    }

    /// What to set `RUSTC` to.
    pub fn rustc(&self) -> &Path {
        &self.rustc
    }

    /// The environment that makes a build run through the observer and be recorded in `log`.
    pub fn env(&self, log: &Path) -> [(OsString, OsString); 3] {
        [("RUSTC".into(), self.rustc.clone().into()), (REAL.into(), self.real.clone().into()), (LOG.into(), log.into())]
    }
}

fn is_same_program(exe: &Path, installed: &Path) -> bool {
    let (Ok(a), Ok(b)) = (std::fs::metadata(exe), std::fs::metadata(installed)) else {
        return false;
    };
    a.len() == b.len() && matches!((a.modified(), b.modified()), (Ok(a), Ok(b)) if a == b)
}

fn copy_with_time(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::copy(from, to)?;
    let modified = std::fs::metadata(from)?.modified()?;
    std::fs::File::options().write(true).open(to)?.set_modified(modified)
}

/// Acts as the compiler when this process was started as `rustc`, and then never returns.
/// The very first call of `main`.
pub fn main_if_invoked() {
    let mut args = std::env::args_os();
    let Some(own_name) = args.next() else { return };
    if Path::new(&own_name).file_stem() != Some(OsStr::new("rustc")) {
        return;
    }
    let log = std::env::var_os(LOG).filter(|log| !log.is_empty());
    let Some(real) = std::env::var_os(REAL).filter(|real| !real.is_empty()).or_else(sidecar) else {
        return;
    };
    let args: Vec<OsString> = args.collect();
    let started = Instant::now();
    let status = Command::new(&real).args(&args).status();
    let wall = started.elapsed();
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            eprintln!("harness observer: cannot run {}: {error}", Path::new(&real).display());
            std::process::exit(127);
        }
    };
    if let Some(log) = log {
        let facts = args::CallFacts::of(&args);
        let compile = Compile {
            kind: facts.kind(),
            wall_s: wall.as_secs_f64(),
            crate_name: facts.crate_name,
            out_dir: facts.out_dir.map(PathBuf::from),
            exit_code: status.code(),
        };
        log::append(Path::new(&log), &compile);
    }
    leave_as(status)
}

fn sidecar() -> Option<OsString> {
    let beside = std::env::current_exe().ok()?.with_file_name(SIDECAR);
    std::fs::read_to_string(beside).ok().map(OsString::from)
}

fn leave_as(status: ExitStatus) -> ! {
    if let Some(signal) = os::ending_signal(status) {
        os::end_by_signal(signal);
    }
    std::process::exit(status.code().unwrap_or(101))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installing_twice_keeps_the_file_and_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let exe = dir.path().join("harness");
        std::fs::write(&exe, "a program").unwrap();
        let bin = dir.path().join("bin");
        let first = Observer::install_from(&exe, &bin, Path::new("/real/rustc")).unwrap();
        let before = std::fs::metadata(first.rustc()).unwrap().modified().unwrap();
        let second = Observer::install_from(&exe, &bin, Path::new("/real/rustc")).unwrap();
        assert_eq!(std::fs::metadata(second.rustc()).unwrap().modified().unwrap(), before);
        assert_eq!(std::fs::read_dir(&bin).unwrap().count(), 2, "rustc and the sidecar only");
    }

    #[test]
    fn a_rebuilt_harness_replaces_the_installed_one() {
        let dir = tempfile::tempdir().unwrap();
        let exe = dir.path().join("harness");
        let bin = dir.path().join("bin");
        std::fs::write(&exe, "old").unwrap();
        let observer = Observer::install_from(&exe, &bin, Path::new("/real")).unwrap();
        std::fs::remove_file(&exe).unwrap();
        std::fs::write(&exe, "newer").unwrap();
        Observer::install_from(&exe, &bin, Path::new("/real")).unwrap();
        assert_eq!(std::fs::read(observer.rustc()).unwrap(), b"newer");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_directory_that_cannot_be_made_is_named() {
        let error = Observer::install_from(Path::new("/proc/self/exe"), Path::new("/proc/no"), Path::new("/r"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("/proc/no/rustc: making the directory"), "{error}");
    }
}
