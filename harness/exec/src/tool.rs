//! Auxiliary programs: asked about themselves, or run to do one thing (mkfs, mount, …). What is
//! measured, or may run for long, goes through [`process`](super::process) instead.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::os;

/// An auxiliary program did not do what it was run for.
#[derive(Debug, thiserror::Error)]
#[error("`{command}` failed: {reason}")]
pub struct ToolError {
    command: String,
    reason: String,
}

/// Runs a program to its end, without the caller's Rust variables; its standard output.
pub(crate) fn output_of<A: AsRef<OsStr>>(program: &Path, args: &[A]) -> Result<String, ToolError> {
    let args: Vec<OsString> = args.iter().map(|arg| arg.as_ref().to_owned()).collect();
    let failed = |reason: String| {
        let words = std::iter::once(program.as_os_str()).chain(args.iter().map(OsString::as_os_str));
        let command = words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ");
        ToolError { command, reason }
    };
    let output = duct::cmd(program, &args)
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTFLAGS")
        .dir(std::env::temp_dir())
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().rfind(|line| !line.trim().is_empty());
    Err(failed(last.map_or_else(|| output.status.to_string(), str::to_owned)))
}

/// The first executable of that name on `PATH`.
pub fn on_path(program: &str) -> Option<PathBuf> {
    find_in(program, &std::env::var_os("PATH")?)
}

/// The first executable of that name in these directories.
pub fn find_in(program: &str, path: &OsStr) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(&name))
        .find(|candidate| os::is_executable(candidate))
}
