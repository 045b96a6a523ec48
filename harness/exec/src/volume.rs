//! A file system made for one run: an image in a file, formatted, mounted, and removed.
//!
//! Link modes differ by file system, and few machines have three. With root on Linux any
//! machine does: `btrfs:12G` makes a sparse image, `mkfs.btrfs` on it, and a loop mount to
//! work in. Dropping a [`Volume`] unmounts and removes it, after Ctrl-C and panics, too. A
//! run that was SIGKILLed leaves its volume behind; beside every image stands a file that
//! says which process made it, and the next run removes what has no living owner.
//!
//! Paths are inputs of a build, so volumes are called `volume-1`, `volume-2`, … whatever
//! their kind: one run at a time in a work directory always works in `volume-1/root`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::toolchain::on_path;
pub use super::volume_spec::{Kind, ParseError, VolumeSpec};

/// Names of volume directories start so.
const PREFIX: &str = "volume-";

/// How often, and how patiently, a busy volume is unmounted again.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// A mounted volume. Dropping it unmounts and removes it.
#[derive(Debug)]
pub struct Volume {
    spec: VolumeSpec,
    dir: PathBuf,
}

/// Why there is no volume.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// Loop mounts are made on Linux only.
    #[error("`--volume` needs Linux; use `--work-dir` on a file system of the kind you want")]
    NotLinux,
    /// Mounting is for root only.
    #[error("`--volume` needs root to mount; run as root, or use `--work-dir` on a file system of the kind you want")]
    NotRoot,
    /// A program is missing.
    #[error("`--volume {spec}` needs `{program}`, which is not on PATH; on Debian: apt-get install {package}")]
    Missing {
        /// What was asked for.
        spec: VolumeSpec,
        /// The program.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A file or directory of the volume could not be made.
    #[error("cannot {attempt} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A program failed.
    #[error("`{command}` failed: {reason}")]
    Failed {
        /// The command line.
        command: String,
        /// Its last words.
        reason: String,
    },
}

/// Stands beside the image and says whose it is.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    spec: VolumeSpec,
    process: Identity,
}

impl Volume {
    /// Makes and mounts a volume in a new directory below `dir`, which keeps the image.
    /// Volumes a killed run left there are removed first.
    ///
    /// # Errors
    /// When this is not Linux or not root, a program is missing, or one of the steps fails;
    /// nothing is left behind then.
    pub fn create(spec: VolumeSpec, dir: &Path) -> Result<Self, VolumeError> {
        refuse_unable(spec)?;
        let failed = |attempt: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| VolumeError::Io { attempt, path, source }
        };
        std::fs::create_dir_all(dir).map_err(failed("make", dir))?;
        let dir = dir.canonicalize().map_err(failed("resolve", dir))?;
        clean_leftovers(&dir);
        let own = new_dir(&dir).map_err(failed("make a volume in", &dir))?;
        // From here on, dropping it cleans up whatever exists of it.
        let volume = Self { spec, dir: own };
        let owner = serde_json::to_string(&Owner { spec, process: Identity::own() })
            .map_err(|error| failed("describe", &volume.dir)(error.into()))?;
        let owner_path = volume.dir.join("owner.json");
        std::fs::write(&owner_path, owner).map_err(failed("write", &owner_path))?;
        let mount_point = volume.mount_point();
        std::fs::create_dir(&mount_point).map_err(failed("make", &mount_point))?;
        volume.mount(failed)?;
        Ok(volume)
    }

    fn mount<F>(&self, failed: impl Fn(&'static str, &Path) -> F) -> Result<(), VolumeError>
    where
        F: FnOnce(io::Error) -> VolumeError,
    {
        let (image, mount_point) = (self.dir.join("image"), self.mount_point());
        if self.spec.kind == Kind::Tmpfs {
            let size = format!("size={},mode=0755", self.spec.size_bytes);
            return tool("mount", |c| c.args(["-t", "tmpfs", "-o", &size, "cargo-cache-harness"]).arg(&mount_point));
        }
        let file = std::fs::File::create(&image).map_err(failed("make", &image))?;
        file.set_len(self.spec.size_bytes).map_err(failed("size", &image))?;
        drop(file);
        let (mkfs, _) = self.spec.kind.mkfs();
        tool(mkfs, |c| c.args(self.spec.kind.mkfs_args()).arg(&image))?;
        let kind = self.spec.kind.to_string();
        tool("mount", |c| c.args(["-t", &kind, "-o", "loop"]).arg(&image).arg(&mount_point))
    }

    /// Where to work: the root of the new file system.
    pub fn mount_point(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// Makes it read-only, or writable again.
    ///
    /// # Errors
    /// When it cannot be mounted so, for example because a file is open for writing.
    pub fn remount(&self, writable: bool) -> Result<(), VolumeError> {
        let options = if writable { "remount,rw" } else { "remount,ro" };
        let remount = || tool("mount", |c| c.args(["-o", options]).arg(self.mount_point()));
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

    /// What was asked for.
    pub fn spec(&self) -> VolumeSpec {
        self.spec
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
            Ok(()) => return Ok(own),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Says beforehand what keeps a volume of this kind from being made, as far as can be told
/// without trying.
///
/// # Errors
/// When this is not Linux or not root, or a program is missing.
pub fn refuse_unable(spec: VolumeSpec) -> Result<(), VolumeError> {
    if !cfg!(target_os = "linux") {
        return Err(VolumeError::NotLinux);
    }
    #[cfg(unix)]
    if !rustix::process::geteuid().is_root() {
        return Err(VolumeError::NotRoot);
    }
    for (program, package) in [spec.kind.mkfs(), ("mount", "mount"), ("umount", "mount")] {
        if find_tool(program).is_none() {
            return Err(VolumeError::Missing { spec, program, package });
        }
    }
    Ok(())
}

/// Unmounts and removes the volumes below `dir` whose owner is gone; returns their paths.
pub fn clean_leftovers(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let volumes =
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)).map(|entry| entry.path());
    volumes
        .filter(|volume| {
            let owner = std::fs::read_to_string(volume.join("owner.json")).ok();
            let owner = owner.and_then(|text| serde_json::from_str::<Owner>(&text).ok());
            match owner {
                Some(owner) => !owner.process.is_alive() && remove(volume).is_ok(),
                // Killed before it could say whose it is: nothing in it, or not ours to judge.
                None => std::fs::remove_dir(volume).is_ok(),
            }
        })
        .collect()
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
        last = tool("umount", |c| c.arg(&root));
    }
    if is_mounted(&root) {
        return last;
    }
    // `root` is empty now, and of the image nothing but its name is lost if this is cut off.
    std::fs::remove_dir_all(dir).map_err(|source| VolumeError::Io { attempt: "remove", path: dir.to_owned(), source })
}

/// Whether something is mounted exactly there.
fn is_mounted(root: &Path) -> bool {
    super::filesystem::FileSystem::of(root).is_ok_and(|fs| fs.mount_point.as_deref() == Some(root))
}

/// Directories of administration are not always on the `PATH` of root.
fn find_tool(program: &str) -> Option<PathBuf> {
    let extra = ["/usr/sbin", "/sbin"].map(|dir| Path::new(dir).join(program));
    on_path(program).or_else(|| extra.into_iter().find(|path| path.is_file()))
}

fn tool(program: &'static str, with_args: impl FnOnce(&mut Command) -> &mut Command) -> Result<(), VolumeError> {
    let mut command = Command::new(find_tool(program).unwrap_or_else(|| program.into()));
    with_args(&mut command);
    let output = command.output();
    let failed = |reason: String| {
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
        VolumeError::Failed { command: format!("{program} {}", args.join(" ")), reason }
    };
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr);
            let reason = words.lines().rfind(|line| !line.trim().is_empty());
            Err(failed(reason.map_or_else(|| output.status.to_string(), str::to_owned)))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
#[path = "volume_tests.rs"]
mod tests;
