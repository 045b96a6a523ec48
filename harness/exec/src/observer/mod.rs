//! The pass-through behind `RUSTC`: it counts and times every compile, for every strategy alike.
//!
//! The harness carries a small optimised program (`program.rs`, built by `build.rs`), installs it as
//! `<work>/bin/rustc` and points `RUSTC` there. It runs the real compiler with the same arguments, streams, environment
//! and exit code (or signal), and appends one line to a [`log`]. Tools that wrap or replace the call end up running
//! `$RUSTC`, too. It must not
//!
//! - **change what Cargo sees.** Cargo derives unit hashes from the text of `rustc -vV`, which is passed through; path
//!   and modification time of `RUSTC` decide whether `.rustc_info.json` may be reused, so the path is one per work
//!   directory and an install leaves an identical file alone;
//! - **look unlike a toolchain.** `<work>/lib` is the real one: tools look beside the compiler for `librustc_driver`;
//! - **fail a build.** Nothing that goes wrong with the log reaches the compiler's caller;
//! - **cost time.** No argument parser, no thread, one file opened after the compiler ended; `harness doctor` measures
//!   what is left;
//! - **outlive or end anything.** It stays in the process group it was started in, and asks for no parent-death signal:
//!   that fires when the *thread* that started it ends, and how an external tool uses its threads is not ours to
//!   assume.

#[cfg(test)]
mod args;
mod call;
pub mod log;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::os;
use crate::process::medians;
pub use call::CallKind;
pub(crate) use call::{LOG, REAL, SIDECAR};
pub use log::{Compile, Summary, read_log};

const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/observer"));

#[derive(Debug, thiserror::Error)]
#[error("cannot install the rustc observer at {}: {attempt}: {source}; is the work directory writable?", path.display())]
pub struct ObserverError {
    path: PathBuf,
    attempt: &'static str,
    source: std::io::Error,
}

#[derive(Debug, Clone)]
pub struct Observer {
    pub rustc: PathBuf,
    real: PathBuf,
}

impl Observer {
    /// Installs the program as `<dir>/bin/rustc`, in front of the compiler `real`, whose libraries `<dir>/lib` then shows.
    /// Fails when the directories cannot be made or written to.
    pub fn install(dir: &Path, real: &Path, sysroot: &Path) -> Result<Self, ObserverError> {
        let bin_dir = dir.join("bin");
        let rustc = bin_dir.join(format!("rustc{}", std::env::consts::EXE_SUFFIX));
        let error = |attempt| {
            let path = rustc.clone();
            move |source| ObserverError { path, attempt, source }
        };
        std::fs::create_dir_all(&bin_dir).map_err(error("making the directory"))?;
        if std::fs::read(&rustc).ok().as_deref() != Some(PROGRAM) {
            // Another harness may be running it.
            let staged = bin_dir.join(format!(".rustc-{}", std::process::id()));
            std::fs::write(&staged, PROGRAM).map_err(error("writing it"))?;
            os::make_executable(&staged).map_err(error("making it executable"))?;
            std::fs::rename(&staged, &rustc).map_err(error("renaming it into place"))?;
        }
        let (sidecar, note) = (bin_dir.join(SIDECAR), real.as_os_str().as_encoded_bytes());
        // Another process may be reading it.
        if std::fs::read(&sidecar).ok().as_deref() != Some(note) {
            std::fs::write(&sidecar, note).map_err(error("noting the real compiler"))?;
        }
        let (lib, real_lib) = (dir.join("lib"), sysroot.join("lib"));
        if std::fs::read_link(&lib).ok().as_ref() != Some(&real_lib) {
            let _ = std::fs::remove_file(&lib);
            // Without it a tool asks the compiler: slower, not wrong.
            let _ = os::symlink(&real_lib, &lib);
        }
        Ok(Self { rustc, real: real.to_owned() })
    }

    /// What a call costs: the median of starts of `rustc -vV` through the program less that without it, in turns.
    /// Fails when either does not run.
    pub fn cost(&self) -> std::io::Result<Duration> {
        let wall = |program: &Path| {
            let mut command = Command::new(program);
            command.arg("-vV").env(REAL, &self.real).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let began = Instant::now();
            command.status().map(|_| began.elapsed())
        };
        let [without, through] = medians(|| wall(&self.real), || wall(&self.rustc))?;
        Ok(through.saturating_sub(without))
    }

    /// The environment that makes a build run through the observer and be recorded in `log`.
    pub fn env(&self, log: &Path) -> [(OsString, OsString); 3] {
        [("RUSTC".into(), self.rustc.clone().into()), (REAL.into(), self.real.clone().into()), (LOG.into(), log.into())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installing_twice_keeps_the_file_and_its_time_and_another_program_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let install = || Observer::install(dir.path(), Path::new("/real/rustc"), Path::new("/real")).unwrap();
        let first = install();
        let modified = || std::fs::metadata(&first.rustc).unwrap().modified().unwrap();
        let before = modified();
        install();
        assert_eq!(modified(), before);
        let names = std::fs::read_dir(dir.path().join("bin")).unwrap();
        assert_eq!(names.count(), 2, "rustc and the sidecar only");
        assert_eq!(std::fs::read_link(dir.path().join("lib")).unwrap(), Path::new("/real/lib"));
        std::fs::write(&first.rustc, "older").unwrap();
        install();
        assert_eq!(std::fs::read(&first.rustc).unwrap(), PROGRAM);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_directory_that_cannot_be_made_is_named() {
        let error = Observer::install(Path::new("/proc/no"), Path::new("/r"), Path::new("/s")).unwrap_err().to_string();
        assert!(error.contains("/proc/no/bin/rustc: making the directory"), "{error}");
    }
}
