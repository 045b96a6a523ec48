//! The work directory: everything a run writes lives below it, and one run owns it.
//!
//! Store and build directories must share a file system, nothing above may leak into the builds, and two runs must
//! never write into each other's trees. [`WorkDir::acquire`] checks all of it and holds a lock for as long as the value
//! lives. The lock is the operating system's, so it ends with the process and its guardian, however they end; the
//! file's text only says who holds it.
//!
//! Cargo looks upwards from where it is started: for a workspace's `Cargo.toml`, and for `.cargo/config.toml` in *every*
//! directory above, whatever `CARGO_HOME` says, and there is no switch against that. So a work directory that inherits
//! something is refused, unless it cannot change a build: `[alias]`, `[term]` and the like, and the user's own as far as
//! the private `CARGO_HOME` takes it over anyway ([`cargo_home`](super::cargo_home)).

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cargo_home::CargoHome;
use super::filesystem::{FileSystemError, failed, free_bytes};
use super::identity::ProcessIdentity;
use super::leftovers::{self, Guardian, WORK_MARK};

const NAME: &str = "cargo-cache-harness";

const GUARDIAN_PATIENCE: Duration = Duration::from_secs(15);

/// The file that marks a directory as a cache, which backups may skip
/// (<https://bford.info/cachedir/>), and as ours by its text.
const TAG: &str = "CACHEDIR.TAG";
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This directory holds builds and caches of the harness; it can be deleted.\n";

#[derive(Debug)]
pub struct WorkDir {
    path: PathBuf,
    lock: File,
    guardian: Option<Guardian>,
    /// Processes of a killed run that were found and ended.
    pub leftovers_ended: usize,
}

impl WorkDirError {
    pub fn is_in_use(&self) -> bool {
        matches!(self, WorkDirError::InUse { .. })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum WorkDirError {
    #[error("cannot find a cache directory: neither XDG_CACHE_HOME nor HOME is set; name one with `--work-dir`")]
    NoDefault,
    #[error("{} is inside the Cargo workspace of {}; choose a `--work-dir` outside any workspace", path.display(), manifest.display())]
    InsideWorkspace { path: PathBuf, manifest: PathBuf },
    #[error("{} would leak {} into every build in {}; choose a `--work-dir` that is not below it", config.display(), tables.join(", "), path.display())]
    ConfigAbove { path: PathBuf, config: PathBuf, tables: Vec<String> },
    #[error("{} is not empty and not a work directory of ours; choose a new or empty `--work-dir`", .0.display())]
    Foreign(PathBuf),
    #[error("{0}; choose a writable `--work-dir`")]
    NotWritable(#[from] FileSystemError),
    #[error("{} has {} MiB free, this run needs {}; free some or choose another `--work-dir`", path.display(), free >> 20, needed >> 20)]
    Full { path: PathBuf, free: u64, needed: u64 },
    #[error("{} is in use by another run (process {}); wait for it, or choose another `--work-dir`", path.display(), holder.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string()))]
    InUse { path: PathBuf, holder: Option<u32> },
}

/// A work directory is emptied and written to at will: one with files in it must be one that was made here before.
fn refuse_foreign(path: &Path) -> Result<(), WorkDirError> {
    let is_ours = std::fs::read_to_string(path.join(TAG)).is_ok_and(|text| text == CACHEDIR_TAG);
    let is_empty = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    if is_ours || is_empty { Ok(()) } else { Err(WorkDirError::Foreign(path.to_owned())) }
}

/// The default work directory and, when it is not the usual one, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultDir {
    /// The directory; it need not exist.
    pub path: PathBuf,
    /// A line for the user.
    pub note: Option<String>,
}

/// `$XDG_CACHE_HOME/cargo-cache-harness` or `~/.cache/cargo-cache-harness`; where a Cargo configuration above those
/// would leak into the builds, a directory in `/var/tmp`. Fails when there is no home directory.
pub fn default_dir() -> Result<DefaultDir, WorkDirError> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let cache = absolute("XDG_CACHE_HOME")
        .or_else(|| Some(std::env::home_dir()?.join(".cache")))
        .ok_or(WorkDirError::NoDefault)?;
    Ok(default_below(&cache, &inherited))
}

fn default_below(cache: &Path, inherited: &dyn Fn(&Path) -> Option<InheritedConfig>) -> DefaultDir {
    let usual = DefaultDir { path: cache.join(NAME), note: None };
    let Some(above) = inherited(cache) else { return usual };
    let shared = PathBuf::from("/var/tmp");
    if inherited(&shared).is_some() {
        return usual; // No better: let `acquire` refuse and say why.
    }
    let owner = std::env::var("USER").unwrap_or_else(|_| "user".to_owned());
    let (InheritedConfig::Workspace(leak) | InheritedConfig::Config(leak, _)) = above;
    let [leak, below, place] = [&leak, cache, &shared].map(Path::display);
    let note = format!("{leak} would leak into builds below {below}, so the work directory is in {place}");
    DefaultDir { path: shared.join(format!("{NAME}-{owner}")), note: Some(note) }
}

impl WorkDir {
    /// Makes the directory if needed, checks it, and takes it for this process. Processes left over from a killed run
    /// in it are ended. Fails when it is inside a workspace, inherits a configuration, is not writable, has less than
    /// `floor_bytes` free, or belongs to another run.
    pub fn acquire(path: &Path, floor_bytes: u64) -> Result<Self, WorkDirError> {
        let absolute = std::path::absolute(path).map_err(failed("resolve", path))?;
        // Where it will be, if it does not exist yet.
        let existing = absolute.ancestors().find(|above| above.exists()).unwrap_or(&absolute);
        refuse_inherited(existing, &absolute)?;
        std::fs::create_dir_all(&absolute).map_err(failed("make", &absolute))?;
        let path = absolute.canonicalize().map_err(failed("resolve", &absolute))?;
        refuse_inherited(&path, &path)?;

        refuse_foreign(&path)?;
        let lock_path = path.join("lock");
        let lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(failed("write", &lock_path))?;
        let tag = path.join(TAG);
        std::fs::write(&tag, CACHEDIR_TAG).map_err(failed("write", &tag))?;
        let began = Instant::now();
        let previous = loop {
            match lock.try_lock() {
                Ok(()) => break read_record(&lock),
                Err(TryLockError::WouldBlock) => {
                    let holder = read_record(&lock);
                    // That of a killed run has its lock until it has ended what is left.
                    let guardian_works = holder.as_ref().is_some_and(|holder| !holder.is_alive());
                    if !guardian_works || began.elapsed() > GUARDIAN_PATIENCE {
                        return Err(WorkDirError::InUse { path, holder: holder.map(|holder| holder.pid) });
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::Error(source)) => return Err(failed("lock", &lock_path)(source).into()),
            }
        };
        // A run that ended by itself empties the record.
        let leftovers_ended = previous.map_or(0, |_| leftovers::end(WORK_MARK, path.as_os_str()));
        write_record(&lock).map_err(failed("write", &lock_path))?;
        let free = free_bytes(&path).unwrap_or(u64::MAX);
        if free < floor_bytes {
            return Err(WorkDirError::Full { path, free, needed: floor_bytes });
        }
        let guardian = Guardian::start(&path, &lock);
        Ok(Self { path, lock, guardian, leftovers_ended })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        // It has a share of the lock, which must not outlive this value.
        drop(self.guardian.take());
        // The file stays: removing it would let two runs lock two files of one name.
        let _ = self.lock.set_len(0);
        let _ = self.lock.unlock();
    }
}

fn refuse_inherited(dir: &Path, path: &Path) -> Result<(), WorkDirError> {
    let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let path = path.to_owned();
    match inherited(&real) {
        None => Ok(()),
        Some(InheritedConfig::Workspace(manifest)) => Err(WorkDirError::InsideWorkspace { path, manifest }),
        Some(InheritedConfig::Config(config, tables)) => Err(WorkDirError::ConfigAbove { path, config, tables }),
    }
}

fn read_record(mut lock: &File) -> Option<ProcessIdentity> {
    let mut text = String::new();
    lock.rewind().ok()?;
    lock.read_to_string(&mut text).ok()?;
    serde_json::from_str(text.lines().next()?).ok()
}

/// One write of one line; only the first line counts, so that a longer one which stood there
/// before does no harm should we be killed before it is cut off.
fn write_record(mut lock: &File) -> io::Result<()> {
    let line = serde_json::to_string(&ProcessIdentity::own())? + "\n";
    lock.rewind()?;
    lock.write_all(line.as_bytes())?;
    lock.set_len(line.len() as u64)
}

const HARMLESS: &[&str] = &["alias", "term", "cargo-new", "future-incompat-report", "cache"];

/// Tables the private `CARGO_HOME` takes from the user's.
const TAKEN_OVER: &[&str] = &["source", "registries", "registry", "http", "net"];

/// Something above a directory that would change what is built below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InheritedConfig {
    Workspace(PathBuf),
    Config(PathBuf, Vec<String>),
}

pub(crate) fn inherited(dir: &Path) -> Option<InheritedConfig> {
    inherited_beside(dir, CargoHome::of_user().as_deref())
}

fn inherited_beside(dir: &Path, user_home: Option<&Path>) -> Option<InheritedConfig> {
    let user_home = user_home.and_then(|home| home.canonicalize().ok());
    for above in dir.ancestors() {
        let manifest = above.join("Cargo.toml");
        if manifest.exists() {
            return Some(InheritedConfig::Workspace(manifest));
        }
        let folder = above.join(".cargo");
        let is_users = folder.canonicalize().is_ok_and(|f| Some(&f) == user_home.as_ref());
        for file in ["config", "config.toml"].map(|name| folder.join(name)) {
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            let tables = harmful(&text, is_users);
            if !tables.is_empty() {
                return Some(InheritedConfig::Config(file, tables));
            }
        }
    }
    None
}

/// The top-level keys that may change a build; a file that cannot be read may do anything.
fn harmful(config: &str, is_users: bool) -> Vec<String> {
    let Ok(table) = config.parse::<toml::Table>() else {
        return vec!["unreadable TOML".to_owned()];
    };
    let known = |key: &str| HARMLESS.contains(&key) || (is_users && TAKEN_OVER.contains(&key));
    table.keys().filter(|key| !known(key)).map(|key| format!("[{key}]")).collect()
}

#[cfg(test)]
#[path = "workdir_tests.rs"]
mod tests;
