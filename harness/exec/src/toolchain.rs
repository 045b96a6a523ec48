//! Finding Cargo and rustc, once and for good.
//!
//! On most machines `cargo` and `rustc` on `PATH` are rustup's proxies, which look up the
//! toolchain on every start. That start-up time belongs to no cache design, so the proxies
//! are resolved here to the binaries behind them and never run again.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use super::version::{Channel, Version};
use super::version::{field, parse_cargo_version};

/// The oldest Cargo the harness drives.
///
/// `-Zbuild-dir-new-layout` appeared in 1.91, but the directories inside a unit were renamed
/// until nightlies of March 2026. 1.95 is the first release whose layout has been verified to
/// be the one that became stable in 1.100: `build/<package>/<hash>/{fingerprint,out,run}`.
pub const MINIMUM_CARGO: Version = Version { major: 1, minor: 95, patch: 0 };

/// From this Cargo on, every unit having a directory of its own is the default.
const NEW_LAYOUT_DEFAULT: Version = Version { major: 1, minor: 100, patch: 0 };

/// A Cargo and a rustc that belong together, with what they say about themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The name it was asked for by; `None` for the default.
    pub name: Option<String>,
    /// Cargo itself, not a proxy.
    pub cargo: PathBuf,
    /// The compiler itself, not a proxy.
    pub rustc: PathBuf,
    /// `rustc --print sysroot`.
    pub sysroot: PathBuf,
    /// Cargo's version.
    pub cargo_version: Version,
    /// The whole of `cargo -vV`.
    pub cargo_verbose: String,
    /// rustc's version.
    pub rustc_version: Version,
    /// The whole of `rustc -vV`: what Cargo hashes into every unit.
    pub rustc_verbose: String,
    /// The release channel of Cargo.
    pub channel: Channel,
    /// The host platform, for example `x86_64-unknown-linux-gnu`.
    pub host: String,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        write!(f, "{}, {}", line(&self.cargo_verbose), line(&self.rustc_verbose))
    }
}

/// Why there is no usable toolchain.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// Nothing called so on `PATH`.
    #[error("no `{program}` on PATH; install Rust {MINIMUM_CARGO} or newer")]
    NotFound {
        /// The program looked for.
        program: &'static str,
    },
    /// rustup does not have it.
    #[error("toolchain `{name}` is not installed; installed: {}; `rustup toolchain install {name}` adds it", installed.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// Those rustup lists.
        installed: Vec<String>,
    },
    /// A name was given, but only rustup knows names.
    #[error("`--toolchain {name}` needs rustup, which is not on PATH; leave it out to use the `cargo` on PATH")]
    NoRustup {
        /// The name asked for.
        name: String,
    },
    /// Too old for the layout the harness relies on.
    #[error("{} is Cargo {found}, but its build directory layout is only usable from {MINIMUM_CARGO} on; update it or name another with `--toolchain`", cargo.display())]
    TooOld {
        /// The Cargo found.
        cargo: PathBuf,
        /// Its version.
        found: Version,
    },
    /// One of them failed when asked about itself.
    #[error("`{command}` failed: {reason}")]
    Failed {
        /// The command line.
        command: String,
        /// Its last words.
        reason: String,
    },
    /// One of them said something we do not understand.
    #[error("cannot read {what} from what `{command}` printed: {text:?}")]
    Unreadable {
        /// The part that was missing.
        what: &'static str,
        /// The command line.
        command: String,
        /// What it printed.
        text: String,
    },
}

impl Toolchain {
    /// Finds the toolchain of that name (as rustup calls it), or the default one.
    ///
    /// # Errors
    /// When there is none, or it is older than [`MINIMUM_CARGO`]. Each names the remedy.
    pub fn find(name: Option<&str>) -> Result<Self, ToolchainError> {
        let (cargo, rustc) = match (on_path("rustup"), name) {
            (Some(rustup), _) => match through_rustup(&rustup, name)? {
                Some(found) => found,
                None => (need("cargo")?, need("rustc")?),
            },
            (None, Some(name)) => return Err(ToolchainError::NoRustup { name: name.to_owned() }),
            (None, None) => (need("cargo")?, need("rustc")?),
        };
        Self::at(name, cargo, rustc)
    }

    /// The names of all toolchains rustup has; none without rustup.
    pub fn installed() -> Vec<String> {
        let listed = on_path("rustup").and_then(|rustup| ask(&rustup, &["toolchain", "list", "-q"]).ok());
        listed.unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// The flag that gives every unit a directory of its own, where that is not the default.
    pub fn layout_flag(&self) -> Option<&'static str> {
        (self.cargo_version < NEW_LAYOUT_DEFAULT).then_some("-Zbuild-dir-new-layout")
    }

    /// The variable that unlocks unstable flags for Cargo alone, where they are locked.
    pub fn unlock(&self) -> Option<(&'static str, &'static str)> {
        let locked = !self.channel.takes_unstable_flags();
        locked.then_some(("__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS", "nightly"))
    }

    /// The same compiler under another Cargo.
    ///
    /// # Errors
    /// When that Cargo does not run, cannot be understood, or is too old.
    pub fn with_cargo(&self, cargo: &Path) -> Result<Self, ToolchainError> {
        Self::at(self.name.as_deref(), cargo.to_owned(), self.rustc.clone())
    }

    /// Describes a toolchain whose two programs are known.
    ///
    /// # Errors
    /// When one of them does not run, cannot be understood, or is too old.
    pub fn at(name: Option<&str>, cargo: PathBuf, rustc: PathBuf) -> Result<Self, ToolchainError> {
        let cargo_verbose = ask(&cargo, &["-vV"])?;
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
        let rustc_verbose = ask(&rustc, &["-vV"])?;
        let rustc_version = field(&rustc_verbose, "release")
            .and_then(Version::parse)
            .ok_or_else(|| unreadable("a version", &rustc, "-vV", &rustc_verbose))?;
        let host = field(&rustc_verbose, "host")
            .ok_or_else(|| unreadable("the host", &rustc, "-vV", &rustc_verbose))?
            .to_owned();
        let sysroot = PathBuf::from(ask(&rustc, &["--print", "sysroot"])?.trim());
        Ok(Self {
            name: name.map(str::to_owned),
            cargo,
            rustc,
            sysroot,
            cargo_version,
            cargo_verbose,
            rustc_version,
            rustc_verbose,
            channel,
            host,
        })
    }
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
        ask(rustup, &args).map(|path| PathBuf::from(path.trim()))
    };
    match (which("cargo"), which("rustc")) {
        (Ok(cargo), Ok(rustc)) => Ok(Some((cargo, rustc))),
        (Err(error), _) | (_, Err(error)) => {
            let installed = ask(rustup, &["toolchain", "list", "-q"]).unwrap_or_default();
            let installed: Vec<String> = installed.lines().map(str::to_owned).collect();
            match name {
                Some(name) if !installed.iter().any(|i| is_called(i, name)) => {
                    Err(ToolchainError::Unknown { name: name.to_owned(), installed })
                }
                _ => Err(error),
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
    let same_target = matches!(
        (program.canonicalize(), rustup.canonicalize()),
        (Ok(a), Ok(b)) if a == b
    );
    let same_size = matches!(
        (program.metadata(), rustup.metadata()),
        (Ok(a), Ok(b)) if a.len() == b.len()
    );
    same_target || (same_size && program.parent() == rustup.parent())
}

fn need(program: &'static str) -> Result<PathBuf, ToolchainError> {
    on_path(program).ok_or(ToolchainError::NotFound { program })
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
        .find(|candidate| is_executable(candidate))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Runs a program that only tells about itself, without the caller's Rust variables.
fn ask(program: &Path, args: &[&str]) -> Result<String, ToolchainError> {
    let command = || format!("{} {}", program.display(), args.join(" "));
    let output = Command::new(program)
        .args(args)
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTFLAGS")
        .current_dir(std::env::temp_dir())
        .output()
        .map_err(|error| ToolchainError::Failed { command: command(), reason: error.to_string() })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let words = String::from_utf8_lossy(&output.stderr);
        let reason = words.lines().rfind(|line| !line.trim().is_empty());
        Err(ToolchainError::Failed {
            command: command(),
            reason: reason.map_or_else(|| output.status.to_string(), str::to_owned),
        })
    }
}

#[cfg(test)]
#[path = "toolchain_tests.rs"]
mod tests;
