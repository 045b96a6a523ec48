//! Whether a Cargo gives every unit a directory of its own: tried on a made-up package.
//!
//! Everything that restores units relies on `<profile>/build/<package>/<hash>/{fingerprint,out}`.
//! Before Cargo 1.100 that takes an unstable flag, and on a stable Cargo a variable to unlock
//! it; both may go away, so they are tried, not assumed.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use exec::cargo_home::CargoHome;
use exec::environment::Environment;
use exec::interrupt::Supervisor;
use exec::process::{self, CommandSpec};
use exec::toolchain::Toolchain;

/// The package built; a library, so that no linker is needed.
const NAME: &str = "layout-probe";

/// How long one build of it may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Builds the package below `dir` and looks where its unit went.
///
/// # Errors
/// One line saying why the layout is not in force.
pub fn try_in(dir: &Path, toolchain: &Toolchain, supervisor: &Supervisor) -> Result<(), String> {
    let temp = tempfile::Builder::new().prefix(".layout-").tempdir_in(dir).map_err(|error| error.to_string())?;
    let (package, target) = (temp.path().join("package"), temp.path().join("target"));
    write_package(&package).map_err(|error| format!("cannot write a package to try it on: {error}"))?;
    let home = CargoHome::prepare(temp.path(), None).map_err(|error| error.to_string())?;
    let bin = toolchain.rustc.parent().unwrap_or(Path::new("/"));
    let mut env = Environment::scrub(&home, bin).for_build();
    env.insert("RUSTC".into(), toolchain.rustc.clone().into());
    env.insert("CARGO_TARGET_DIR".into(), target.clone().into());
    env.extend(toolchain.unlock().map(|(name, value)| (name.into(), value.into())));
    let mut spec = CommandSpec::new(&toolchain.cargo, &package).args(["build", "--offline"]).envs(env).timeout(LIMIT);
    spec.args.extend(toolchain.layout_flag().map(OsString::from));
    let (finished, _) = process::run_captured(&spec, supervisor).map_err(|error| error.to_string())?;
    if !finished.status.success() {
        let why = finished.stderr_tail.iter().find(|line| line.starts_with("error"));
        return Err(why.cloned().unwrap_or_else(|| format!("cargo ended with exit code {}", finished.code())));
    }
    match has_unit_directory(&target.join("debug/build").join(NAME)) {
        true => Ok(()),
        false => Err("the build worked, but its unit has no directory of its own".to_owned()),
    }
}

fn write_package(package: &Path) -> std::io::Result<()> {
    fs::create_dir_all(package.join("src"))?;
    let manifest = format!("[package]\nname = \"{NAME}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n");
    fs::write(package.join("Cargo.toml"), manifest)?;
    fs::write(package.join("src/lib.rs"), "pub fn probe() {}\n")
}

/// `<hash>/fingerprint` and `<hash>/out` below the package's directory.
fn has_unit_directory(package: &Path) -> bool {
    let units = fs::read_dir(package).into_iter().flatten().flatten().map(|entry| entry.path());
    units.into_iter().any(|unit| unit.join("fingerprint").is_dir() && unit.join("out").is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_toolchain_has_it_and_another_cargo_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let toolchain = Toolchain::find(None).unwrap();
        let supervisor = Supervisor::new();
        assert_eq!(try_in(dir.path(), &toolchain, &supervisor), Ok(()));
        let other = Toolchain { cargo: "/bin/true".into(), ..toolchain.clone() };
        let why = try_in(dir.path(), &other, &supervisor).unwrap_err();
        assert!(why.contains("no directory of its own"), "{why}");
        let other = Toolchain { cargo: "/bin/false".into(), ..toolchain };
        let why = try_in(dir.path(), &other, &supervisor).unwrap_err();
        assert_eq!(why, "cargo ended with exit code 1");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
