//! The few things done to files: copying that really copies, writing that is whole or not
//! there, hashing, times.

use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::BuildHasher;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::digest::Digest;

/// How much of a file is read at a time, bytes.
const PIECE: usize = 4 << 20;

/// Size of a piece from which hashing it on several cores pays, bytes.
const PARALLEL_FROM: usize = 256 << 10;

/// What was attempted on which path, and how it failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct FileError {
    /// The action, as a verb.
    pub action: &'static str,
    /// The path it was attempted on.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

/// Attaches action and path to an input/output error.
pub(crate) trait At<T> {
    /// Names what was attempted.
    fn at(self, action: &'static str, path: &Path) -> Result<T, FileError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError { action, path: path.to_owned(), source })
    }
}

/// Copies bytes through user space into a new file and returns how many.
///
/// `std::fs::copy` would not do: on btrfs and xfs the kernel turns it into a reflink, and
/// what is called a copy here must be one.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    let mut source = File::open(from)?;
    let meta = source.metadata()?;
    let mut target = File::options().write(true).create_new(true).open(to)?;
    let mut buffer = vec![0; (meta.len() as usize).clamp(1, 1 << 20)];
    let mut total = 0;
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        target.write_all(&buffer[..read])?;
        total += read as u64;
    }
    set_mode(&target, is_executable(&meta))?;
    Ok(total)
}

/// Writes a file so that it is there whole or not at all, replacing an older one.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let temporary = temporary_beside(path);
    fs::write(&temporary, bytes).at("write", &temporary)?;
    fs::rename(&temporary, path).at("rename into place", path)
}

/// Makes the directory that a file is going to be in.
pub(crate) fn create_parent(path: &Path) -> Result<(), FileError> {
    path.parent().map_or(Ok(()), |parent| fs::create_dir_all(parent).at("create", parent))
}

/// How names of files begin that are still being written.
pub(crate) const TEMPORARY: &str = ".tmp-";

/// How names of files begin that are about to be deleted.
pub(crate) const REMOVED: &str = ".gone-";

/// An unused name in the same directory, for something being made.
pub(crate) fn temporary_beside(path: &Path) -> PathBuf {
    path.with_file_name(unused(TEMPORARY))
}

/// An unused name in the same directory, for something being deleted.
pub(crate) fn removed_beside(path: &Path) -> PathBuf {
    path.with_file_name(unused(REMOVED))
}

/// Process numbers come again after a crash, and two containers on one store may have the
/// same; so each process draws a random number once.
fn unused(prefix: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static DRAWN: OnceLock<u64> = OnceLock::new();
    let drawn = DRAWN.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    format!("{prefix}{drawn:016x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Bytes a file occupies: its blocks, where the system says, else its length.
#[cfg(unix)]
pub fn allocated(meta: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    // In units of 512 bytes whatever the file system's block size is.
    meta.blocks() * 512
}

/// Bytes a file occupies: its length.
#[cfg(not(unix))]
pub fn allocated(meta: &fs::Metadata) -> u64 {
    meta.len()
}

/// The digest of a file's bytes.
///
/// Read piece by piece and never mapped: a file that is truncated meanwhile, or that has
/// holes on a full disk, would end this process with SIGBUS.
///
/// # Errors
/// When the file cannot be read.
pub fn hash(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let size = usize::try_from(file.metadata()?.len()).unwrap_or(PIECE);
    // Most files are small: one read, and one more that finds the end.
    let mut piece = vec![0; size.saturating_add(1).min(PIECE)];
    let mut hasher = blake3::Hasher::new();
    loop {
        let mut filled = 0;
        while filled < piece.len() {
            match file.read(&mut piece[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if filled < PARALLEL_FROM {
            hasher.update(&piece[..filled]);
        } else {
            hasher.update_rayon(&piece[..filled]);
        }
        if filled < piece.len() {
            return Ok(hasher.finalize().into());
        }
    }
}

/// The permission bits.
#[cfg(unix)]
pub(crate) fn mode_of(meta: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(meta.permissions().mode() & 0o777)
}

/// The permission bits: not a notion of this system.
#[cfg(not(unix))]
pub(crate) fn mode_of(_: &fs::Metadata) -> Option<u32> {
    None
}

/// Whether the owner may execute it.
#[cfg(unix)]
pub(crate) fn is_executable(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o100 != 0
}

/// Whether the owner may execute it: not a notion of this system.
#[cfg(not(unix))]
pub(crate) fn is_executable(_: &fs::Metadata) -> bool {
    false
}

/// Sets the permissions of an open file: `0644` or `0755`.
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub(crate) fn set_mode(file: &File, executable: bool) -> io::Result<()> {
    set_exact_mode(file, if executable { 0o755 } else { 0o644 })
}

/// Sets the permissions of an open file.
#[cfg(unix)]
pub(crate) fn set_exact_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// Makes a file writable.
///
/// # Errors
/// When the system refuses.
#[cfg(not(unix))]
pub(crate) fn set_mode(file: &File, _: bool) -> io::Result<()> {
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(false);
    file.set_permissions(permissions)
}

/// Modes are not a notion of this system.
#[cfg(not(unix))]
pub(crate) fn set_exact_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

/// When content or attributes last changed: unlike the modification time nobody can set it.
#[cfg(unix)]
pub(crate) fn changed_at(meta: &fs::Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let (seconds, nanoseconds) = (u64::try_from(meta.ctime()).ok()?, u32::try_from(meta.ctime_nsec()).ok()?);
    Some(UNIX_EPOCH + Duration::new(seconds, nanoseconds))
}

/// When content last changed.
#[cfg(not(unix))]
pub(crate) fn changed_at(meta: &fs::Metadata) -> Option<SystemTime> {
    meta.modified().ok()
}

/// What to do with a path in a directory that is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// It counts, and what is in it is looked at.
    Count,
    /// What is in it is looked at.
    Pass,
    /// Neither.
    Skip,
}

/// What changed since a time at a path or below, and when. Links are not followed.
pub(crate) fn changed_below(
    root: &Path,
    since: SystemTime,
    visit: &dyn Fn(&Path) -> Visit,
) -> Vec<(PathBuf, SystemTime)> {
    let mut changed = Vec::new();
    let mut open = vec![(root.to_owned(), fs::metadata(root))];
    while let Some((path, meta)) = open.pop() {
        let (visit, Ok(meta)) = (visit(&path), meta) else { continue };
        if visit == Visit::Skip {
            continue;
        }
        if meta.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            open.extend(entries.map(|entry| (entry.path(), entry.metadata())));
        }
        if let Some(at) = changed_at(&meta).filter(|at| visit == Visit::Count && *at >= since) {
            changed.push((path, at));
        }
    }
    changed
}

/// Opens a file, read-only ones too, to change its mode or its times, not its bytes.
#[cfg(unix)]
pub(crate) fn open_for_attributes(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens a file, read-only ones too, to change its mode or its times, not its bytes.
#[cfg(windows)]
pub(crate) fn open_for_attributes(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    // FILE_READ_ATTRIBUTES and FILE_WRITE_ATTRIBUTES: the right to write would be refused for a
    // read-only file, the right to read is not enough here. The flag lets directories be opened.
    const ATTRIBUTES: u32 = 0x80 | 0x100;
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    File::options().access_mode(ATTRIBUTES).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)
}

/// Sets a file's modification time.
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub fn set_time(path: &Path, time: SystemTime) -> io::Result<()> {
    filetime::set_file_mtime(path, time.into())
}

/// Sets a file's modification time.
///
/// # Errors
/// When the system refuses.
#[cfg(windows)]
pub fn set_time(path: &Path, time: SystemTime) -> io::Result<()> {
    open_for_attributes(path)?.set_modified(time)
}

/// Kernels stamp files from a clock that ticks every few milliseconds: a file may carry a time this much before the one
/// at which it was written.
pub(crate) const CLOCK_TICK: Duration = Duration::from_millis(10);

/// A time that no file written from now on is older than, and no file written more than a tick ago is newer than: what
/// a new file in `dir` is stamped with, but for the last bit, since one written in the same tick carries the same time.
pub(crate) fn stamp_of_now(dir: &Path) -> SystemTime {
    let stamped = tempfile::tempfile_in(dir).and_then(|file| file.metadata()?.modified());
    stamped.map_or_else(|_| SystemTime::now() - CLOCK_TICK, |time| time - Duration::from_nanos(1))
}

/// Whether Cargo builds in a directory called `target`: sources may have one of that name, too.
pub(crate) fn is_build_dir(path: &Path) -> bool {
    path.ends_with("target") && ["CACHEDIR.TAG", ".rustc_info.json"].iter().any(|file| path.join(file).exists())
}

/// Seconds and nanoseconds since the Unix epoch, as entries store times.
pub fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_hashed_whole_whatever_its_size() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for size in [0, 1, PARALLEL_FROM, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 7] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            assert_eq!(hash(&path).unwrap(), Digest::of(&bytes), "{size}");
        }
    }

    #[test]
    fn a_copy_is_a_new_file_with_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&from, vec![7; 3 << 20]).unwrap();
        assert_eq!(copy(&from, &to).unwrap(), 3 << 20);
        assert_eq!(hash(&from).unwrap(), hash(&to).unwrap());
        assert_eq!(copy(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
