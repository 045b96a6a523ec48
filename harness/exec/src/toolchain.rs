//! Finding Cargo and rustc, once and for good.
//!
//! On most machines `cargo` and `rustc` on `PATH` are rustup's proxies, which look up the
//! toolchain on every start. That start-up time belongs to no cache design, so the proxies
//! are resolved here to the binaries behind them and never run again.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use semver::Version;

use super::os;

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

/// The oldest Cargo the harness drives.
///
/// `-Zbuild-dir-new-layout` appeared in 1.91, but the directories inside a unit were renamed
/// until nightlies of March 2026. 1.95 is the first release whose layout has been verified to
/// be the one that became stable in 1.100: `build/<package>/<hash>/{fingerprint,out,run}`.
pub(crate) const MINIMUM_CARGO: Version = Version::new(1, 95, 0);

/// From this Cargo on, every unit having a directory of its own is the default.
const NEW_LAYOUT_DEFAULT: Version = Version::new(1, 100, 0);

/// From this Cargo on `build.fingerprint` says how a changed source is seen (cargo#17382).
pub const CONTENT_FINGERPRINTS: Version = Version::new(1, 100, 0);

/// A Cargo and a rustc that belong together, with what they say about themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The name it was asked for by; `None` for the default.
    pub name: Option<String>,
    /// Cargo itself, not a proxy.
    pub cargo: PathBuf,
    pub rustc: PathBuf,
    /// `rustc --print sysroot`.
    pub sysroot: PathBuf,
    pub cargo_version: Version,
    /// The whole of `cargo -vV`.
    pub cargo_verbose: String,
    /// The whole of `rustc -vV`: what Cargo hashes into every unit.
    pub rustc_verbose: String,
    /// The release channel of Cargo: stable, beta, nightly or dev.
    pub channel: &'static str,
    /// Whether every unit is to have a directory of its own, also where Cargo does not do so by default.
    pub unit_layout: bool,
    pub host: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    #[error("no `{program}` on PATH; install Rust {MINIMUM_CARGO} or newer")]
    NotFound { program: &'static str },
    #[error("toolchain `{name}` is not installed; installed: {}; `rustup toolchain install {name}` adds it", installed.join(", "))]
    Unknown { name: String, installed: Vec<String> },
    #[error("`--toolchain {name}` needs rustup, which is not on PATH; leave it out to use the `cargo` on PATH")]
    NoRustup { name: String },
    #[error("{} is Cargo {found}, but its build directory layout is only usable from {MINIMUM_CARGO} on; update it or name another with `--toolchain`", cargo.display())]
    TooOld { cargo: PathBuf, found: Version },
    #[error(transparent)]
    Failed(#[from] ToolError),
    #[error("cannot read {what} from what `{command}` printed: {text:?}")]
    Unreadable { what: &'static str, command: String, text: String },
}

impl Toolchain {
    /// What rustc says of itself, in a line.
    pub fn rustc_line(&self) -> String {
        self.rustc_verbose.lines().next().unwrap_or_default().to_owned()
    }

    /// Finds the toolchain of that name (as rustup calls it), or the default one.
    /// Fails when there is none, or it is older than `MINIMUM_CARGO`. Each names the remedy.
    pub fn find(name: Option<&str>) -> Result<Self, ToolchainError> {
        let found = match (on_path("rustup"), name) {
            (Some(rustup), _) => through_rustup(&rustup, name)?,
            (None, Some(name)) => return Err(ToolchainError::NoRustup { name: name.to_owned() }),
            (None, None) => None,
        };
        let need = |program| on_path(program).ok_or(ToolchainError::NotFound { program });
        let (cargo, rustc) = match found {
            Some(found) => found,
            None => (need("cargo")?, need("rustc")?),
        };
        Self::at(name, cargo, rustc)
    }

    /// The names of all toolchains rustup has; none without rustup.
    pub fn installed() -> Vec<String> {
        let listed = on_path("rustup").and_then(|rustup| output_of(&rustup, &["toolchain", "list", "-q"]).ok());
        listed.unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// The flag that gives every unit a directory of its own, where that is not the default.
    pub fn layout_flag(&self) -> Option<&'static str> {
        (self.unit_layout && self.cargo_version < NEW_LAYOUT_DEFAULT).then_some("-Zbuild-dir-new-layout")
    }

    /// Whether every unit has a directory of its own.
    pub fn has_unit_dirs(&self) -> bool {
        self.unit_layout || self.cargo_version >= NEW_LAYOUT_DEFAULT
    }

    /// Whether `build.fingerprint` is known to Cargo, and rustc hashes what it reads. Both are unstable.
    pub fn fingerprints_content(&self) -> bool {
        let rustc = field(&self.rustc_verbose, "release").map_or("stable", channel_of);
        self.cargo_version >= CONTENT_FINGERPRINTS && matches!(rustc, "nightly" | "dev")
    }

    /// The variable that unlocks unstable flags for Cargo alone, where they are locked.
    pub fn unlock(&self) -> Option<(&'static str, &'static str)> {
        let locked = !matches!(self.channel, "nightly" | "dev");
        locked.then_some(("__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS", "nightly"))
    }

    /// The same compiler under another Cargo. Fails when that Cargo does not run, cannot be understood, or is too old.
    pub fn with_cargo(&self, cargo: &Path) -> Result<Self, ToolchainError> {
        let found = Self::at(self.name.as_deref(), cargo.to_owned(), self.rustc.clone())?;
        Ok(Self { unit_layout: self.unit_layout, ..found })
    }

    /// What `native` means to the compiler here: the name and the features of the processor, as rustc has them.
    pub fn processor(&self) -> String {
        let args = ["-Ctarget-cpu=native", "--print=cfg", "--print=target-cpus"];
        let said = output_of(&self.rustc, &args).unwrap_or_default();
        let of_it = |line: &&str| !line.starts_with(' ') || line.trim_start().starts_with("native");
        said.lines().filter(of_it).collect::<Vec<_>>().join("\n")
    }

    /// Describes a toolchain whose two programs are known.
    /// Fails when one of them does not run, cannot be understood, or is too old.
    pub fn at(name: Option<&str>, cargo: PathBuf, rustc: PathBuf) -> Result<Self, ToolchainError> {
        let cargo_verbose = output_of(&cargo, &["-vV"])?;
        let unreadable = |what, program: &Path, args: &str, text: &str| ToolchainError::Unreadable {
            what,
            command: format!("{} {args}", program.display()),
            text: text.to_owned(),
        };
        let (cargo_version, channel) = parse_cargo_version(&cargo_verbose)
            .ok_or_else(|| unreadable("a version", &cargo, "-vV", &cargo_verbose))?;
        if cargo_version < MINIMUM_CARGO {
            return Err(ToolchainError::TooOld { cargo, found: cargo_version });
        }
        let rustc_verbose = output_of(&rustc, &["-vV"])?;
        let host = field(&rustc_verbose, "host")
            .ok_or_else(|| unreadable("the host", &rustc, "-vV", &rustc_verbose))?
            .to_owned();
        let sysroot = PathBuf::from(output_of(&rustc, &["--print", "sysroot"])?.trim());
        Ok(Self {
            name: name.map(str::to_owned),
            cargo,
            rustc,
            sysroot,
            cargo_version,
            cargo_verbose,
            rustc_verbose,
            channel,
            unit_layout: true,
            host,
        })
    }
}

/// Reads the release channel from a release such as `1.97.0-nightly`.
fn channel_of(release: &str) -> &'static str {
    match release.split_once('-').map(|(_, rest)| rest) {
        None => "stable",
        Some(rest) if rest.starts_with("beta") => "beta",
        Some(rest) if rest.starts_with("nightly") => "nightly",
        // Somebody's own build.
        Some(_) => "dev",
    }
}

fn number_of(release: &str) -> Option<Version> {
    Version::parse(release.split(['-', '+', ' ']).next()?).ok()
}

/// The value of `name: value` in a `-vV` text.
fn field<'a>(verbose: &'a str, name: &str) -> Option<&'a str> {
    verbose.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn parse_cargo_version(verbose: &str) -> Option<(Version, &'static str)> {
    let release = field(verbose, "release")?;
    // Cargo's own builds say `1.97.0` there; the channel is in the first line as well.
    let first = verbose.lines().next()?.split(' ').nth(1)?;
    let channel = if channel_of(release) == "stable" { channel_of(first) } else { channel_of(release) };
    Some((number_of(release)?, channel))
}

/// The two binaries behind rustup's proxies; `None` when the `cargo` on `PATH` is not one of
/// rustup's, so that it would not be what the user runs.
fn through_rustup(rustup: &Path, name: Option<&str>) -> Result<Option<(PathBuf, PathBuf)>, ToolchainError> {
    if name.is_none() && !on_path("cargo").is_some_and(|cargo| is_proxy(&cargo, rustup)) {
        return Ok(None);
    }
    let which = |program: &'static str| {
        let mut args = vec!["which", program];
        if let Some(name) = name {
            args.extend(["--toolchain", name]);
        }
        output_of(rustup, &args).map(|path| PathBuf::from(path.trim()))
    };
    match (which("cargo"), which("rustc")) {
        (Ok(cargo), Ok(rustc)) => Ok(Some((cargo, rustc))),
        (Err(error), _) | (_, Err(error)) => {
            let installed = Toolchain::installed();
            match name {
                Some(name) if !installed.iter().any(|i| is_called(i, name)) => {
                    Err(ToolchainError::Unknown { name: name.to_owned(), installed })
                }
                _ => Err(error.into()),
            }
        }
    }
}

/// rustup lists `nightly-x86_64-unknown-linux-gnu` for what people call `nightly`.
fn is_called(installed: &str, name: &str) -> bool {
    installed == name || installed.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
}

/// A proxy is rustup under another name: a link to it, or a sibling of the same size.
fn is_proxy(program: &Path, rustup: &Path) -> bool {
    let same_target = program.canonicalize().ok().zip(rustup.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    let same_size = program.metadata().ok().zip(rustup.metadata().ok()).is_some_and(|(a, b)| a.len() == b.len());
    same_target || (same_size && program.parent() == rustup.parent())
}

#[cfg(test)]
#[path = "toolchain_tests.rs"]
mod tests;
