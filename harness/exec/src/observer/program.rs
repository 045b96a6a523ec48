//! The program that is installed as `<work>/bin/rustc`: see `mod.rs`. It is compiled by `build.rs` and has no dependency.

mod args;
mod call;

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Command, ExitStatus};
use std::time::Instant;

fn main() {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let Some(real) = set(call::REAL).or_else(sidecar) else {
        eprintln!("harness observer: {} does not name a compiler", call::REAL);
        std::process::exit(127);
    };
    let started = Instant::now();
    let status = Command::new(&real).args(&args).status();
    let wall = started.elapsed();
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            eprintln!("harness observer: cannot run {}: {error}", real.display());
            std::process::exit(127);
        }
    };
    if let Some(log) = set(call::LOG) {
        append(&log, &args::CallFacts::of(&args).line(wall.as_secs_f64(), status.code()));
    }
    leave_as(status)
}

/// Names the real compiler for callers that cleared the environment: a file beside ours.
fn sidecar() -> Option<OsString> {
    let beside = std::env::current_exe().ok()?.with_file_name(call::SIDECAR);
    std::fs::read_to_string(beside).ok().map(OsString::from)
}

/// Appends one line. Nothing that goes wrong here may reach the build.
fn append(log: &OsStr, line: &str) {
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(log) {
        let _ = file.write_all(line.as_bytes());
    }
}

fn leave_as(status: ExitStatus) -> ! {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        unsafe extern "C" {
            safe fn raise(signal: i32) -> i32;
        }
        raise(signal);
        std::process::exit(128 + signal);
    }
    std::process::exit(status.code().unwrap_or(101))
}
