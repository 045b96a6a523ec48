//! A file system made for one run: an image in a file, formatted, mounted, and removed.
//!
//! Link modes differ by file system, and few machines have three. With root on Linux any machine does: `btrfs:12G`
//! makes a sparse image, `mkfs.btrfs` on it, and a loop mount to work in. Dropping a [`Volume`] unmounts and removes
//! it, after Ctrl-C and panics, too. A run that was SIGKILLed leaves its volume behind; beside every image stands a
//! file that says which process made it, and the next run removes what has no living owner.
//!
//! Paths are inputs of a build, so volumes are called `volume-1`, `volume-2`, … whatever
//! their kind: one run at a time in a work directory always works in `volume-1/root`.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::filesystem::{FileSystemError, FileSystemFacts, failed};
use super::identity::ProcessIdentity;
use super::os;
use super::toolchain::{ToolError, on_path, output_of};

const PREFIX: &str = "volume-";

/// Lives in memory, without an image.
pub const TMPFS: &str = "tmpfs";

/// How often, and how patiently, a busy volume is unmounted again.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

struct VolumeTool {
    kind: &'static str,
    /// The program that formats it, and the Debian package that has it.
    mkfs: (&'static str, &'static str),
    /// Arguments before the image. The defaults of each tool, as users have them, except that ext4 must not format
    /// lazily: the kernel would write beside the measurement.
    mkfs_args: &'static [&'static str],
    minimum_bytes: u64,
}

#[rustfmt::skip]
const TOOLS: [VolumeTool; 4] = [
    VolumeTool { kind: "btrfs", mkfs: ("mkfs.btrfs", "btrfs-progs"), mkfs_args: &["-q"], minimum_bytes: 128 << 20 },
    VolumeTool { kind: "xfs", mkfs: ("mkfs.xfs", "xfsprogs"), mkfs_args: &["-q"], minimum_bytes: 300 << 20 },
    VolumeTool { kind: "ext4", mkfs: ("mkfs.ext4", "e2fsprogs"), mkfs_args: &["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"], minimum_bytes: 16 << 20 },
    VolumeTool { kind: TMPFS, mkfs: ("mount", "mount"), mkfs_args: &[], minimum_bytes: 1 << 20 },
];

/// Kind and size of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
pub struct VolumeSpec {
    /// `btrfs`, `xfs`, `ext4` or `tmpfs`.
    pub kind: &'static str,
    /// Its size in bytes. Images are sparse: they take what is written to them.
    pub size_bytes: u64,
}

impl VolumeSpec {
    /// Whether it takes memory instead of disk.
    pub fn is_in_memory(self) -> bool {
        self.kind == TMPFS
    }

    fn tool(self) -> &'static VolumeTool {
        TOOLS.iter().find(|tool| tool.kind == self.kind).unwrap_or(&TOOLS[0])
    }
}

impl FromStr for VolumeSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || format!("`{text}` is not KIND:SIZE; write for example btrfs:12G");
        let (kind, size) = text.split_once(':').ok_or_else(shape)?;
        let tool = TOOLS.iter().find(|tool| tool.kind == kind);
        let tool =
            tool.ok_or_else(|| format!("`{kind}` is no kind of volume; known are btrfs, xfs, ext4 and tmpfs"))?;
        let unreadable = || format!("`{size}` is not a size; write a whole number and K, M, G or T, for example 12G");
        let size_bytes = parse_size(size).ok_or_else(unreadable)?;
        if size_bytes < tool.minimum_bytes {
            return Err(format!("{kind} needs at least {}M", tool.minimum_bytes >> 20));
        }
        Ok(Self { kind: tool.kind, size_bytes })
    }
}

impl<'de> Deserialize<'de> for VolumeSpec {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        String::deserialize(text)?.parse().map_err(D::Error::custom)
    }
}

impl From<VolumeSpec> for String {
    fn from(spec: VolumeSpec) -> String {
        spec.to_string()
    }
}

impl fmt::Display for VolumeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shift, unit) = [(40, "T"), (30, "G"), (20, "M"), (10, "K"), (0, "")]
            .into_iter()
            .find(|(shift, _)| self.size_bytes.trailing_zeros() >= *shift)
            .unwrap_or((0, ""));
        write!(f, "{}:{}{unit}", self.kind, self.size_bytes >> shift)
    }
}

/// `12G` in bytes; the units are powers of 1024.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KIB" => 10,
        "M" | "MIB" => 20,
        "G" | "GIB" => 30,
        "T" | "TIB" => 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// A mounted volume. Dropping it unmounts and removes it.
#[derive(Debug)]
pub struct Volume {
    spec: VolumeSpec,
    dir: PathBuf,
}

impl VolumeError {
    /// Whether this user of this system may make none at all.
    pub fn is_refused(&self) -> bool {
        matches!(self, VolumeError::NotLinux | VolumeError::NotRoot)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    #[error("`--volume` needs Linux; use `--work-dir` on a file system of the kind you want")]
    NotLinux,
    #[error("`--volume` needs root to mount; run as root, or use `--work-dir` on a file system of the kind you want")]
    NotRoot,
    #[error("`--volume {spec}` needs `{program}`, which is not on PATH; on Debian: apt-get install {package}")]
    Missing { spec: VolumeSpec, program: &'static str, package: &'static str },
    #[error(transparent)]
    File(#[from] FileSystemError),
    #[error(transparent)]
    Failed(#[from] ToolError),
}

#[derive(Debug, Serialize, Deserialize)]
struct VolumeOwner {
    process: ProcessIdentity,
}

impl Volume {
    /// Makes and mounts a volume in a new directory below `dir`, which keeps the image. Volumes a killed run left there
    /// are removed first. Fails when this is not Linux or not root, a program is missing, or one of the steps fails;
    /// nothing is left behind then.
    pub fn create(spec: VolumeSpec, dir: &Path) -> Result<Self, VolumeError> {
        refuse_unable(spec)?;
        std::fs::create_dir_all(dir).map_err(failed("make", dir))?;
        let dir = dir.canonicalize().map_err(failed("resolve", dir))?;
        clean_leftovers(&dir);
        let own = new_dir(&dir).map_err(failed("make a volume in", &dir))?;
        // From here on, dropping it cleans up whatever exists of it.
        let volume = Self { spec, dir: own };
        let owner = serde_json::to_string(&VolumeOwner { process: ProcessIdentity::own() })
            .map_err(|error| failed("describe", &volume.dir)(error.into()))?;
        let owner_path = volume.dir.join("owner.json");
        std::fs::write(&owner_path, owner).map_err(failed("write", &owner_path))?;
        let mount_point = volume.mount_point();
        std::fs::create_dir(&mount_point).map_err(failed("make", &mount_point))?;
        volume.mount()?;
        Ok(volume)
    }

    fn mount(&self) -> Result<(), VolumeError> {
        let (image, mount_point) = (self.dir.join("image"), self.mount_point());
        if self.spec.is_in_memory() {
            let size = format!("size={},mode=0755", self.spec.size_bytes);
            let words = ["-t", "tmpfs", "-o", &size, "cargo-cache-harness"].map(OsStr::new);
            return run("mount", &[&words[..], &[mount_point.as_os_str()]].concat());
        }
        let file = std::fs::File::create(&image).map_err(failed("make", &image))?;
        file.set_len(self.spec.size_bytes).map_err(failed("size", &image))?;
        drop(file);
        let VolumeTool { kind, mkfs, mkfs_args, .. } = self.spec.tool();
        let options = mkfs_args.iter().map(OsStr::new);
        run(mkfs.0, &options.chain([image.as_os_str()]).collect::<Vec<_>>())?;
        let words = ["-t", kind, "-o", "loop"].map(OsStr::new);
        run("mount", &[&words[..], &[image.as_os_str(), mount_point.as_os_str()]].concat())
    }

    /// Where to work: the root of the new file system.
    pub fn mount_point(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// Makes it read-only, or writable again.
    /// Fails when it cannot be mounted so, for example because a file is open for writing.
    pub fn remount(&self, writable: bool) -> Result<(), VolumeError> {
        let options = if writable { "remount,rw" } else { "remount,ro" };
        let mount_point = self.mount_point();
        let remount = || run("mount", &["-o".as_ref(), options.as_ref(), mount_point.as_os_str()]);
        let mut last = remount();
        // A process that is being started holds every open file for a moment.
        for _ in 1..TRIES {
            if last.is_ok() {
                break;
            }
            std::thread::sleep(PAUSE);
            last = remount();
        }
        last
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.dir) {
            eprintln!(
                "warning: the volume in {} is left behind ({error}); once nothing uses it: \
                 umount {root} && rm -r {}",
                self.dir.display(),
                self.dir.display(),
                root = self.mount_point().display(),
            );
        }
    }
}

/// The first free `volume-<n>` below `dir`, made.
fn new_dir(dir: &Path) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let own = dir.join(format!("{PREFIX}{number}"));
        match std::fs::create_dir(&own) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            made => return made.map(|()| own),
        }
    }
}

/// Says beforehand what keeps a volume of this kind from being made, as far as that shows without trying.
fn refuse_unable(spec: VolumeSpec) -> Result<(), VolumeError> {
    if !cfg!(target_os = "linux") {
        return Err(VolumeError::NotLinux);
    }
    if !os::is_root() {
        return Err(VolumeError::NotRoot);
    }
    for (program, package) in [spec.tool().mkfs, ("mount", "mount"), ("umount", "mount")] {
        if find_tool(program).is_none() {
            return Err(VolumeError::Missing { spec, program, package });
        }
    }
    Ok(())
}

/// Unmounts and removes the volumes below `dir` whose owner is gone; returns their paths.
pub fn clean_leftovers(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let volumes = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    let is_removed = |volume: &PathBuf| {
        let owner = std::fs::read_to_string(volume.join("owner.json")).ok();
        match owner.and_then(|text| serde_json::from_str::<VolumeOwner>(&text).ok()) {
            Some(owner) => !owner.process.is_alive() && remove(volume).is_ok(),
            // Killed before it could say whose it is: nothing in it, or not ours to judge.
            None => std::fs::remove_dir(volume).is_ok(),
        }
    };
    volumes.map(|entry| entry.path()).filter(is_removed).collect()
}

fn remove(dir: &Path) -> Result<(), VolumeError> {
    let root = dir.join("root");
    let mut last = Ok(());
    for attempt in 0..TRIES {
        if !is_mounted(&root) {
            break;
        }
        if attempt > 0 {
            std::thread::sleep(PAUSE); // Somebody may still be leaving.
        }
        last = run("umount", &[root.as_os_str()]);
    }
    if is_mounted(&root) {
        return last;
    }
    // `root` is empty now, and of the image nothing but its name is lost if this is cut off.
    Ok(std::fs::remove_dir_all(dir).map_err(failed("remove", dir))?)
}

fn is_mounted(root: &Path) -> bool {
    FileSystemFacts::of(root).is_ok_and(|fs| fs.mount_point.as_deref() == Some(root))
}

/// Directories of administration are not always on the `PATH` of root.
fn find_tool(program: &str) -> Option<PathBuf> {
    let extra = ["/usr/sbin", "/sbin"].map(|dir| Path::new(dir).join(program));
    on_path(program).or_else(|| extra.into_iter().find(|path| path.is_file()))
}

fn run(program: &'static str, args: &[&OsStr]) -> Result<(), VolumeError> {
    output_of(&find_tool(program).unwrap_or_else(|| program.into()), args)?;
    Ok(())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
#[path = "volume_tests.rs"]
mod tests;
