//! A small disk of a story's own: a file system in memory, mounted by root, gone when dropped.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::bench::Bench;
use crate::{Told, Wrong};
use exec::filesystem::same_file_system;
use exec::identity::is_root;
use exec::volume::{Volume, VolumeKind, VolumeSpec, clean_leftovers};

/// Room for everything a story stores, several times over, bytes.
const SIZE: u64 = 32 << 20;

/// What is left on a full one, bytes: a few manifests, and no library.
const LEFT: u64 = 32 << 10;

/// Below the work directory, and not in the story's place: if this process is killed, the next
/// run could not empty that.
const DISKS: &str = "probe-disks";

/// Removes the disks of a run that was killed.
pub(crate) fn clear_leftovers(work: &Path) {
    for folder in std::fs::read_dir(work.join(DISKS)).into_iter().flatten().flatten() {
        clean_leftovers(&folder.path());
        let _ = std::fs::remove_dir(folder.path());
    }
}

/// A disk that can be filled and made read-only.
pub(super) struct Disk {
    volume: Volume,
    // Dropped after what is in it.
    _folder: Folder,
}

/// Stories that are told at the same time have folders of their own.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

impl Disk {
    /// Mounts one.
    ///
    /// # Errors
    /// Not applicable where this cannot be done.
    pub(super) fn mount(bench: &Bench<'_>) -> Result<Disk, Wrong> {
        let name = strategies::key::Digest::of(bench.at("").as_os_str().as_encoded_bytes()).short();
        let folder = Folder(bench.build_env().work.join(DISKS).join(name));
        let spec = VolumeSpec { kind: VolumeKind::Tmpfs, size_bytes: SIZE };
        let volume = Volume::create(spec, &folder.0);
        let volume = volume.map_err(|error| match is_root() {
            false => Wrong::NotApplicable("it takes root to mount a small disk".to_owned()),
            true => Wrong::NotApplicable(format!("no small disk can be mounted: {error}")),
        })?;
        Ok(Disk { volume, _folder: folder })
    }

    /// A directory on it.
    pub(super) fn dir(&self, name: &str) -> PathBuf {
        self.volume.mount_point().join(name)
    }

    /// Fills it up but for a little.
    pub(super) fn fill(&self) -> Told {
        let mut filler = std::fs::File::create(self.dir("filler"))?;
        let page = [0; 4096];
        let mut written = 0;
        // It ends with the disk.
        while filler.write_all(&page).is_ok() {
            written += page.len() as u64;
        }
        Ok(filler.set_len(written.saturating_sub(LEFT))?)
    }

    /// Makes room again.
    pub(super) fn clear(&self) -> Told {
        Ok(std::fs::remove_file(self.dir("filler"))?)
    }

    /// Makes it read-only, or writable again.
    pub(super) fn make_writable(&self, writable: bool) -> Told {
        let done = self.volume.remount(writable);
        done.map_err(|error| Wrong::NotApplicable(format!("the small disk cannot be mounted anew: {error}")))
    }
}

/// A directory on some other file system than the story's.
pub(super) enum Elsewhere {
    /// On a small disk.
    Disk(Disk),
    /// Below a directory for temporary files.
    Temporary(tempfile::TempDir),
}

impl Elsewhere {
    /// Finds one.
    ///
    /// # Errors
    /// Not applicable where there is none.
    pub(super) fn find(bench: &Bench<'_>) -> Result<Elsewhere, Wrong> {
        if let Ok(disk) = Disk::mount(bench) {
            return Ok(Elsewhere::Disk(disk));
        }
        let shared = PathBuf::from("/dev/shm");
        let candidates = [Some(shared), std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)];
        let differs = |dir: &PathBuf| same_file_system(dir, &bench.at("")).is_ok_and(|same| !same);
        let made = candidates.into_iter().flatten().filter(differs).find_map(|dir| tempfile::tempdir_in(dir).ok());
        made.map(Elsewhere::Temporary).ok_or_else(|| {
            Wrong::NotApplicable("this machine has no second file system that can be written to".to_owned())
        })
    }

    /// The directory.
    pub(super) fn dir(&self, name: &str) -> PathBuf {
        match self {
            Elsewhere::Disk(disk) => disk.dir(name),
            Elsewhere::Temporary(dir) => dir.path().join(name),
        }
    }
}

#[cfg(unix)]
fn lead_to(target: &Path, link: &Path) -> Told {
    std::os::unix::fs::symlink(target, link)?;
    Ok(())
}

#[cfg(not(unix))]
fn lead_to(_: &Path, _: &Path) -> Told {
    Err(Wrong::NotApplicable("directories are not put elsewhere on this system".to_owned()))
}

/// Puts a directory of the place elsewhere, and a link to it where it was.
pub(super) fn put(bench: &mut Bench<'_>, name: &str, target: PathBuf) -> Told {
    let link = bench.at(name);
    exec::dirs::remove_dir(&link)?;
    std::fs::create_dir_all(&target)?;
    if let Some(parent) = link.parent() {
        std::fs::create_dir_all(parent)?;
    }
    lead_to(&target, &link)?;
    bench.note(&format!("{name} is a link to a directory on another file system"));
    Ok(())
}
