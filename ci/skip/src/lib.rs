//! How a test says that it could not test something: what it needs is not on this machine.

use std::io::Write as _;

/// Says that a part of a test did not run: what was not tested, what is missing, and how to get
/// it. `ci/check` reads these lines, installs what is missing, and runs the test again.
pub fn skip(what: &str, missing: &str) {
    let program = std::env::current_exe().unwrap_or_default();
    // Cargo names test programs `<target>-<hash>`.
    let target = program.file_stem().unwrap_or_default().to_string_lossy();
    let target = target.rsplit_once('-').map_or(&*target, |(name, _)| name);
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let missing = missing.split_whitespace().collect::<Vec<_>>().join(" ");
    // libtest names threads after tests, but runs one test at a time in the main thread.
    let thread = std::thread::current();
    let test = thread.name().filter(|name| *name != "main").unwrap_or("-");
    let line = format!("SKIPPED {package} {target} {test}: {what}: {missing}\n");
    // Not `eprintln!`: the test harness keeps back what a passing test prints by it.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
