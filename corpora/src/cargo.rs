//! Running Cargo: which program, in which environment, and which of its lines an error shows.
//!
//! The caller decides the environment. It is set whole, nothing is inherited, so that a
//! `RUSTC_WRAPPER` or a profile override in somebody's shell reaches no measured build.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

const LAST_LINES: usize = 20;

/// The Cargo to run and the whole environment to run it in.
#[derive(Debug, Clone)]
pub struct CargoProgram {
    /// The executable: an absolute path, or a name to be found on `PATH`.
    pub program: PathBuf,
    /// Every variable the child sees. Nothing else is passed on.
    pub env: Vec<(OsString, OsString)>,
}

impl CargoProgram {
    /// A Cargo in exactly this environment.
    pub fn new(program: impl Into<PathBuf>, env: Vec<(OsString, OsString)>) -> Self {
        Self { program: program.into(), env }
    }

    /// The child's Cargo home: `CARGO_HOME`, else `.cargo` in its `HOME`.
    pub(crate) fn cargo_home(&self) -> Option<PathBuf> {
        let var = |name: &str| self.env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| Path::new(value));
        let home = var("CARGO_HOME").filter(|home| !home.as_os_str().is_empty());
        home.map(Path::to_owned).or_else(|| Some(var("HOME")?.join(".cargo")))
    }

    /// Run `cargo ARGS` in `dir` to its end, standard input closed, and return its standard output.
    /// Fails when it cannot be started, or ends with anything but success.
    pub fn run<S: AsRef<OsStr>>(&self, dir: &Path, args: &[S]) -> Result<Vec<u8>, CargoError> {
        let args: Vec<_> = args.iter().map(AsRef::as_ref).collect();
        let cargo = duct::cmd(&self.program, &args).full_env(self.env.iter().cloned()).dir(dir).stdin_null();
        let output = cargo.stdout_capture().stderr_capture().unchecked().run();
        let output = output.map_err(|source| CargoError::Start(self.program.clone(), source))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        let args = args.join(OsStr::new(" ")).to_string_lossy().into_owned();
        Err(CargoError::Failed { args, summary: summary(&stderr), last_lines: last_lines(&stderr) })
    }

    /// Download every dependency of the workspace in `dir` into Cargo's home, exactly as locked. Fails when the
    /// lockfile is missing or not up to date, or a download fails. The error has Cargo's last lines.
    pub fn fetch_dependencies(&self, dir: &Path) -> Result<(), CargoError> {
        self.run_on_manifest(dir, &["fetch", "--locked"]).map(drop)
    }

    /// Run `cargo ARGS` on the workspace in `dir`, but at the root of the file system: in `dir` Cargo would obey a
    /// `.cargo/config.toml` or `rust-toolchain.toml` of the tree, and those can name programs to run.
    pub(crate) fn run_on_manifest(&self, dir: &Path, args: &[&str]) -> Result<Vec<u8>, CargoError> {
        let manifest = dir.join("Cargo.toml");
        let all: Vec<_> =
            args.iter().map(OsStr::new).chain(["--manifest-path".as_ref(), manifest.as_os_str()]).collect();
        self.run(file_system_root(dir), &all)
    }
}

/// The root directory of the file system, whose configuration is not one of a fetched tree.
pub(crate) fn file_system_root(dir: &Path) -> &Path {
    dir.ancestors().last().filter(|root| root.is_absolute()).unwrap_or(Path::new("."))
}

#[derive(Debug, thiserror::Error)]
pub enum CargoError {
    #[error("cannot run {}: install Cargo or name it by its full path", .0.display())]
    Start(PathBuf, #[source] std::io::Error),
    #[error("`cargo {args}` failed: {summary}")]
    Failed { args: String, summary: String, last_lines: String },
}

/// The first `error:` of Cargo's output with its causes, on one line.
fn summary(stderr: &str) -> String {
    let mut lines = stderr.lines().skip_while(|line| !line.starts_with("error"));
    let Some(first) = lines.next() else {
        let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
        return last.unwrap_or("it said nothing").trim().to_owned();
    };
    let mut parts = vec![first.strip_prefix("error: ").unwrap_or(first).trim()];
    for line in lines.map(str::trim) {
        if !line.is_empty() && line != "Caused by:" {
            parts.push(line);
        }
    }
    let mut text = parts.join("; ");
    if let Some((cut, _)) = text.char_indices().nth(400) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

fn last_lines(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_first_error_with_its_causes_and_the_last_lines() {
        let text = "    Updating index\nerror: no matching package\n\nCaused by:\n  it is gone\n";
        assert_eq!(summary(text), "no matching package; it is gone");
        assert_eq!(summary("warning: x\nkilled\n\n"), "killed");
        assert_eq!(summary(""), "it said nothing");
        assert!(summary(&format!("error: {}", "ä".repeat(900))).ends_with("ä…"));
        let text: String = (0..100).map(|n| format!("{n}\n")).collect();
        assert!(last_lines(&text).starts_with("80\n"));
    }

    #[test]
    fn the_environment_is_the_given_one_alone() {
        let env = vec![("ONLY".into(), "this".into())];
        let shell = CargoProgram::new("/usr/bin/env", env);
        let out = shell.run::<&str>(Path::new("/"), &[]);
        assert_eq!(String::from_utf8(out.unwrap()).unwrap(), "ONLY=this\n");
    }

    #[test]
    fn a_missing_program_says_which() {
        let error = CargoProgram::new("/no/such/cargo", vec![]).run(Path::new("/"), &["build"]).unwrap_err();
        assert!(error.to_string().contains("/no/such/cargo"), "{error}");
    }
}
