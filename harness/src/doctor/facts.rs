//! Asks the machine. What can be tried is tried: links, extents, volumes, the layout.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use exec::cargo_home::CargoHome;
use exec::disk;
use exec::environment::Environment;
use exec::filesystem::{FileSystemFacts, LinkSupport};
use exec::host::{self, HostFacts};
use exec::interrupt::Supervisor;
use exec::observer::Observer;
use exec::process::{self, CommandSpec};
use exec::sandbox::{Enforcers, Sandbox};
use exec::toolchain::{Toolchain, on_path};
use exec::volume::{Volume, VolumeSpec};
use exec::workdir::WorkDir;
use runner::build_env::DISK_FLOOR;
use runner::guard::others_share;

/// Everything that was found out.
#[derive(Debug)]
pub struct MachineFacts {
    /// The default toolchain first.
    pub toolchains: Vec<FoundToolchain>,
    pub has_rustup: bool,
    pub work: WorkDirFacts,
    pub host: HostFacts,
    /// Memory programs could still have.
    pub memory_available_bytes: Option<u64>,
    /// What others use of the processors, 0 to 1; `None` where the system does not say.
    pub others: Option<f64>,
    pub c_compiler: Option<PathBuf>,
    pub git: Option<PathBuf>,
    /// What `--volume` can make here, by kind; the reason where not.
    pub volumes: Vec<TriedVolume>,
    /// Whether the caller is root, where that matters.
    pub may_mount: bool,
    /// What the pass-through behind `RUSTC` adds to a call, where that could be tried.
    pub observer: Option<Duration>,
    /// What limits a sandbox, or why there is none.
    pub sandbox: Result<Enforcers, String>,
}

/// A kind of volume, and why it could not be made, if so.
pub type TriedVolume = (String, Result<(), String>);

#[derive(Debug)]
pub struct FoundToolchain {
    /// As `--toolchain` takes it; `None` for one that has no name.
    pub name: Option<String>,
    pub is_default: bool,
    /// What it says about itself, or why it cannot be used.
    pub about: Result<String, String>,
    /// The layout in force: the flag it takes, if any, or why it is not to be had. `None` where it was not tried.
    pub layout: Option<Result<Option<&'static str>, String>>,
}

#[derive(Debug, Default)]
pub struct WorkDirFacts {
    pub path: PathBuf,
    /// Why no run can work there.
    pub problem: Option<String>,
    /// Another run works there now.
    pub in_use: bool,
    pub file_system: Option<FileSystemFacts>,
    pub links: Option<LinkSupport>,
    /// Whether the file system reports extents; `None` where this could not be tried.
    pub extents: Option<bool>,
}

/// The smallest volume of each kind.
const SMALLEST: [&str; 4] = ["btrfs:128M", "xfs:300M", "ext4:16M", "tmpfs:1M"];

/// Finds out everything; calls `show` with what is being done.
pub fn gather(work_dir: &Path, supervisor: &Supervisor, show: &dyn Fn(&str)) -> Result<MachineFacts> {
    show("what others do"); // First: the load must not be our own.
    let others = others_share();
    show("the work directory");
    // Locked to the end: no run starts beside the trials.
    let (work, _lock) = look_at(work_dir);
    let place = work.file_system.as_ref().map(|_| work.path.as_path());
    let mut toolchains = Vec::new();
    for (found, toolchain) in find_toolchains() {
        supervisor.check()?;
        show(&format!("the layout of {}", found.name.as_deref().unwrap_or("cargo")));
        let layout = place
            .zip(toolchain)
            .map(|(place, toolchain)| try_layout(place, &toolchain, supervisor).map(|()| toolchain.layout_flag()));
        toolchains.push(FoundToolchain { layout, ..found });
    }
    supervisor.check()?;
    show("the pass-through behind RUSTC");
    let observer = Toolchain::find(None).ok().zip(place).and_then(|(toolchain, place)| {
        let dir = tempfile::tempdir_in(place).ok()?;
        Observer::install(dir.path(), &toolchain.rustc, &toolchain.sysroot).ok()?.cost().ok()
    });
    supervisor.check()?;
    show("volumes");
    let (may_mount, volumes) = place.map_or((false, Vec::new()), try_volumes);
    supervisor.check()?;
    show("the sandbox");
    let sandbox = Sandbox::probe(supervisor).map_err(|error| error.to_string());
    supervisor.check()?;
    Ok(MachineFacts {
        toolchains,
        has_rustup: on_path("rustup").is_some(),
        work,
        host: HostFacts::detect(),
        others,
        observer,
        memory_available_bytes: host::memory_available_bytes(),
        c_compiler: on_path("cc"),
        git: on_path("git"),
        volumes,
        may_mount,
        sandbox,
    })
}

fn look_at(dir: &Path) -> (WorkDirFacts, Option<WorkDir>) {
    let mut work = WorkDirFacts { path: dir.to_owned(), ..WorkDirFacts::default() };
    let lock = match WorkDir::acquire(dir, DISK_FLOOR) {
        Ok(lock) => {
            work.path = lock.path().to_owned();
            Some(lock)
        }
        Err(error) => {
            work.in_use = error.is_in_use();
            work.problem = Some(error.to_string());
            None
        }
    };
    if lock.is_some() || work.in_use || dir.is_dir() {
        work.file_system = FileSystemFacts::of(&work.path).ok();
        work.links = LinkSupport::try_in(&work.path).ok();
        work.extents = try_extents(&work.path).ok();
    }
    (work, lock)
}

fn try_extents(dir: &Path) -> io::Result<bool> {
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(&[7; 64 * 1024])?; // Too much to be kept inline.
    file.as_file().sync_all()?;
    let scan = disk::scan(file.path()).map_err(io::Error::other)?;
    Ok(scan.usage().physical_bytes.is_some_and(|bytes| bytes > 0))
}

/// `cargo 1.97.0-nightly (2026-05-15), rustc …`: versions and dates, which people compare,
/// without the hashes between them.
fn about(toolchain: &Toolchain) -> String {
    let without_hash = |verbose: &str| {
        let line = verbose.lines().next().unwrap_or_default();
        match (line.split_once('('), line.rsplit_once(' ')) {
            (Some((version, _)), Some((_, date))) => format!("{version}({date}"),
            _ => line.to_owned(),
        }
    };
    format!("{}, {}", without_hash(&toolchain.cargo_verbose), without_hash(&toolchain.rustc_verbose))
}

fn find_toolchains() -> Vec<(FoundToolchain, Option<Toolchain>)> {
    let find = |name: Option<&str>| Toolchain::find(name).map_err(|error| error.to_string());
    let found = |name, is_default, found: Result<Toolchain, String>| {
        let about = found.as_ref().map(about).map_err(Clone::clone);
        (FoundToolchain { name, is_default, about, layout: None }, found.ok())
    };
    let default = find(None);
    let named = Toolchain::installed().into_iter().map(|name| {
        let toolchain = find(Some(&name));
        let same = |one: &Toolchain| default.as_ref().is_ok_and(|default| one.cargo == default.cargo);
        let host = toolchain.as_ref().map_or_else(|_| String::new(), |toolchain| format!("-{}", toolchain.host));
        let short = name.strip_suffix(&host).unwrap_or(&name).to_owned();
        found(Some(short), toolchain.as_ref().is_ok_and(same), toolchain)
    });
    let mut all: Vec<_> = named.collect();
    if !all.iter().any(|(fact, _)| fact.is_default) {
        all.push(found(None, true, default));
    }
    all.sort_by_key(|(fact, _)| !fact.is_default);
    all
}

/// Makes the smallest volume of every kind. Whether mounting is allowed at all, and what came of each.
fn try_volumes(dir: &Path) -> (bool, Vec<TriedVolume>) {
    let mut volumes = Vec::new();
    for spec in SMALLEST.iter().filter_map(|text| text.parse::<VolumeSpec>().ok()) {
        match Volume::create(spec, dir) {
            Err(error) if error.is_refused() => return (false, Vec::new()),
            made => volumes.push((spec.kind.to_string(), made.map(drop).map_err(|error| error.to_string()))),
        }
    }
    (true, volumes)
}

/// The package built; a library, so that no linker is needed.
const NAME: &str = "layout-probe";

/// How long one build of it may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Whether a Cargo gives every unit a directory of its own, tried in `dir` on a made-up package;
/// one line saying why not.
///
/// Everything that restores units relies on `<profile>/build/<package>/<hash>/{fingerprint,out}`.
/// Before Cargo 1.100 that takes an unstable flag, and on a stable Cargo a variable to unlock
/// it; both may go away, so they are tried, not assumed.
fn try_layout(dir: &Path, toolchain: &Toolchain, supervisor: &Supervisor) -> Result<(), String> {
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
    let units = fs::read_dir(target.join("debug/build").join(NAME)).into_iter().flatten().flatten();
    match units.map(|unit| unit.path()).any(|unit| unit.join("fingerprint").is_dir() && unit.join("out").is_dir()) {
        true => Ok(()),
        false => Err("the build worked, but its unit has no directory of its own".to_owned()),
    }
}

fn write_package(package: &Path) -> io::Result<()> {
    fs::create_dir_all(package.join("src"))?;
    let manifest = format!("[package]\nname = \"{NAME}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n");
    fs::write(package.join("Cargo.toml"), manifest)?;
    fs::write(package.join("src/lib.rs"), "pub fn probe() {}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_toolchain_has_it_and_another_cargo_has_not() {
        let dir = tempfile::tempdir().unwrap();
        let toolchain = Toolchain::find(None).unwrap();
        let supervisor = Supervisor::new();
        assert_eq!(try_layout(dir.path(), &toolchain, &supervisor), Ok(()));
        let other = Toolchain { cargo: "/bin/true".into(), ..toolchain.clone() };
        let why = try_layout(dir.path(), &other, &supervisor).unwrap_err();
        assert!(why.contains("no directory of its own"), "{why}");
        let other = Toolchain { cargo: "/bin/false".into(), ..toolchain };
        let why = try_layout(dir.path(), &other, &supervisor).unwrap_err();
        assert_eq!(why, "cargo ended with exit code 1");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
