//! The store, or a build directory, is where it cannot be used as usual.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{MAIN, PRINTS, builds_go_on, set_up};
use crate::context::ProbeContext;
use crate::fixtures::workspace;
use crate::integrity::FileSnapshot;
use crate::{ProbeError, ProbeResult};
use exec::filesystem::same_file_system;
use exec::identity::is_root;
use exec::volume::{TMPFS, Volume, VolumeSpec, clean_leftovers};

/// What is in it must be used, and nothing of it must change.
pub(super) fn read_only(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    let disk = Disk::mount(cx)?;
    relocate(cx, "store", disk.dir("store"))?;
    cx.open_store()?;
    set_up(cx, &["first", "second"])?;
    cx.build("first")?;
    let before = FileSnapshot::take(cx, &["store/"])?;
    disk.make_writable(false)?;
    cx.note("make the store's file system read-only");
    cx.wipe("first")?;
    cx.survives("first", PRINTS)?;
    cx.survives("second", PRINTS)?;
    if let Some((path, how)) = before.first_difference(&FileSnapshot::take(cx, &["store/"])?) {
        return ProbeError::failed(format!("{} {how} in a store that is read-only", path.display()));
    }
    disk.make_writable(true)?;
    cx.note("make it writable again");
    cx.wipe("second")?;
    builds_go_on(cx)
}

pub(super) fn elsewhere(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    let elsewhere = Elsewhere::find(cx)?;
    relocate(cx, "store", elsewhere.dir("store"))?;
    cx.open_store()?;
    set_up(cx, &["first", "second"])?;
    cx.survives("first", PRINTS)?;
    builds_go_on(cx)
}

/// A compiler that has room must not fail because its cache has none.
pub(super) fn full_store(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    if cx.strategy().as_units().is_some_and(|units| units.link.name() == "reflink") {
        let why = "the small disk is a file system of its own, and nothing can be reflinked to it";
        return ProbeError::not_applicable(why);
    }
    let disk = Disk::mount(cx)?;
    relocate(cx, "store", disk.dir("store"))?;
    cx.open_store()?;
    set_up(cx, &["first", "second"])?;
    disk.fill()?;
    cx.note("fill that file system");
    cx.survives("first", PRINTS)?;
    cx.store_is_whole()?;
    disk.clear()?;
    cx.note("make room on it");
    cx.survives("first", PRINTS)?;
    builds_go_on(cx)?;
    cx.wipe("first")?;
    match cx.build("first")?.must_reuse("plain") {
        // A tool that lives elsewhere, or gave up for good: no wrong build.
        Err(ProbeError::Failed(_)) if cx.store().is_err() => Ok(()),
        result => result,
    }
}

/// Cargo itself cannot build there, so the build may fail; nothing may be left half done.
pub(super) fn full_tree(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let disk = Disk::mount(cx)?;
    set_up(cx, &["first", "second"])?;
    cx.build("first")?;
    relocate(cx, "target/second", disk.dir("second"))?;
    disk.fill()?;
    cx.note("fill that file system; second may or may not build now");
    match cx.try_build("second")? {
        Ok(_) => cx.prints("second", PRINTS)?,
        Err(ProbeError::Failed(_)) => {}
        Err(other) => return Err(other),
    }
    cx.store_is_whole()?;
    disk.clear()?;
    cx.note("make room on it");
    cx.survives("second", PRINTS)?;
    builds_go_on(cx)
}

/// A script holds the build where its dependencies are restored and its program is not linked.
pub(super) fn deleted(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_cache()?;
    set_up(cx, &["first", "second"])?;
    cx.build("first")?;
    gated(cx, "gated")?;
    let store = cx.store_dir();
    cx.build_meanwhile("gated", "delete the store", &mut || Ok(exec::filesystem::remove_dir(&store)?))??;
    cx.prints("gated", PRINTS)?;
    cx.open_store()?;
    cx.survives("gated", PRINTS)?;
    cx.survives("first", PRINTS)?;
    builds_go_on(cx)
}

/// A tree on the dependency whose script says `started` and waits until there is a file `go`.
pub(crate) fn gated(cx: &mut ProbeContext<'_>, tree: &str) -> ProbeResult {
    let (started, go) = (cx.path("started"), cx.path("go"));
    let script = format!(
        "fn main() {{
    println!(\"cargo::rerun-if-changed=build.rs\");
    std::fs::write({started:?}, \"\").unwrap();
    let began = std::time::Instant::now();
    while !std::path::Path::new({go:?}).exists() {{
        assert!(began.elapsed().as_secs() < 60, \"nobody opened the gate\");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }}
}}
"
    );
    let manifest = workspace(tree, "plain = \"1\"");
    cx.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", MAIN), ("build.rs", &script)])
}

/// Room for everything a probe stores, several times over, bytes.
const SIZE: u64 = 32 << 20;

/// What is left on a full one, bytes: a few manifests, and no library.
const LEFT: u64 = 32 << 10;

/// Below the work directory, and not in the probe's directory: if this process is killed, the next
/// run could not empty that.
const DISKS: &str = "probe-disks";

/// Removes the small disks of a run that was killed.
pub fn remove_leftover_disks(work: &Path) {
    for folder in std::fs::read_dir(work.join(DISKS)).into_iter().flatten().flatten() {
        clean_leftovers(&folder.path());
        let _ = std::fs::remove_dir(folder.path());
    }
}

/// A small disk of a probe's own: a file system in memory, mounted by root, gone when dropped.
struct Disk {
    volume: Volume,
    // Dropped after what is in it.
    _folder: Folder,
}

/// Probes that run at the same time have folders of their own.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

impl Disk {
    /// Mounts one; not applicable where this cannot be done.
    fn mount(cx: &ProbeContext<'_>) -> ProbeResult<Disk> {
        let name = strategies::key::Digest::of(cx.path("").as_os_str().as_encoded_bytes()).short();
        let folder = Folder(cx.build_env().work.join(DISKS).join(name));
        let spec = VolumeSpec { kind: TMPFS, size_bytes: SIZE };
        let volume = Volume::create(spec, &folder.0);
        let volume = volume.map_err(|error| match is_root() {
            false => ProbeError::NotApplicable("it takes root to mount a small disk".to_owned()),
            true => ProbeError::NotApplicable(format!("no small disk can be mounted: {error}")),
        })?;
        Ok(Disk { volume, _folder: folder })
    }

    /// A directory on it.
    fn dir(&self, name: &str) -> PathBuf {
        self.volume.mount_point().join(name)
    }

    /// Fills it up but for a little.
    fn fill(&self) -> ProbeResult {
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
    fn clear(&self) -> ProbeResult {
        Ok(std::fs::remove_file(self.dir("filler"))?)
    }

    /// Makes it read-only, or writable again.
    fn make_writable(&self, writable: bool) -> ProbeResult {
        let done = self.volume.remount(writable);
        done.map_err(|error| ProbeError::NotApplicable(format!("the small disk cannot be mounted anew: {error}")))
    }
}

/// A directory on another file system than the probe's.
enum Elsewhere {
    /// On a small disk.
    Disk(Disk),
    /// Below a directory for temporary files.
    Temporary(tempfile::TempDir),
}

impl Elsewhere {
    /// Finds one; not applicable where there is none.
    fn find(cx: &ProbeContext<'_>) -> ProbeResult<Elsewhere> {
        if let Ok(disk) = Disk::mount(cx) {
            return Ok(Elsewhere::Disk(disk));
        }
        let shared = PathBuf::from("/dev/shm");
        let candidates = [Some(shared), std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)];
        let differs = |dir: &PathBuf| same_file_system(dir, &cx.path("")).is_ok_and(|same| !same);
        let made = candidates.into_iter().flatten().filter(differs).find_map(|dir| tempfile::tempdir_in(dir).ok());
        made.map(Elsewhere::Temporary).ok_or_else(|| {
            ProbeError::NotApplicable("this machine has no second file system that can be written to".to_owned())
        })
    }

    /// The directory.
    fn dir(&self, name: &str) -> PathBuf {
        match self {
            Elsewhere::Disk(disk) => disk.dir(name),
            Elsewhere::Temporary(dir) => dir.path().join(name),
        }
    }
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> ProbeResult {
    std::os::unix::fs::symlink(target, link)?;
    Ok(())
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> ProbeResult {
    Err(ProbeError::NotApplicable("directories are not linked on this system".to_owned()))
}

/// Moves a directory of the probe elsewhere, and leaves a link to it where it was.
fn relocate(cx: &mut ProbeContext<'_>, name: &str, target: PathBuf) -> ProbeResult {
    let link = cx.path(name);
    exec::filesystem::remove_dir(&link)?;
    std::fs::create_dir_all(&target)?;
    if let Some(parent) = link.parent() {
        std::fs::create_dir_all(parent)?;
    }
    symlink(&target, &link)?;
    cx.note(&format!("{name} is a link to a directory on another file system"));
    Ok(())
}
