//! `harness tool`: what the shipped strategies `rust-cache` and `dedup` run around a build. Not
//! meant for people, and not shown.
//!
//! An archive may come from anywhere, so it is unpacked beside the build directory first, and
//! taken over only when nothing in it leads out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use strategies::external::{dedup, registry_part};
use walkdir::WalkDir;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum ToolCommand {
    /// Pack what came from registry and git packages into an archive, unless it is there
    Pack {
        #[command(flatten)]
        dirs: ToolDirs,
        #[arg(long)]
        key: String,
        #[arg(long)]
        lockfile: PathBuf,
    },
    /// Unpack an archive into an empty build directory, or the newest whose name begins with the fallback
    Unpack {
        #[command(flatten)]
        dirs: ToolDirs,
        #[arg(long)]
        key: String,
        #[arg(long)]
        fallback: String,
    },
    /// Link identical outputs of registry and git packages together
    Dedup {
        #[command(flatten)]
        dirs: ToolDirs,
        #[arg(long)]
        lockfile: PathBuf,
    },
}

/// Where archives or deduplicated contents are, and the build directory.
#[derive(Debug, Args)]
pub struct ToolDirs {
    #[arg(long)]
    store: PathBuf,
    #[arg(long)]
    build_dir: PathBuf,
}

const SUFFIX: &str = ".tar.zst";

pub fn run(command: ToolCommand) -> Result<ExitCode> {
    match command {
        ToolCommand::Pack { dirs, key, lockfile } => pack(&dirs, &key, &lockfile)?,
        ToolCommand::Unpack { dirs, key, fallback } => unpack(&dirs, &key, &fallback)?,
        ToolCommand::Dedup { dirs: ToolDirs { store, build_dir }, lockfile } => {
            dedup::dedup(&store, &build_dir, &read(&lockfile)?)
                .with_context(|| format!("cannot deduplicate {}", build_dir.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(lockfile: &Path) -> Result<String> {
    fs::read_to_string(lockfile).with_context(|| format!("cannot read {}", lockfile.display()))
}

fn pack(ToolDirs { store, build_dir }: &ToolDirs, key: &str, lockfile: &Path) -> Result<()> {
    let archive = store.join(format!("{key}{SUFFIX}"));
    if archive.exists() {
        return Ok(());
    }
    let packages = registry_part::foreign_packages(&read(lockfile)?);
    let mut paths = registry_part::unit_dirs(build_dir, &packages)
        .with_context(|| format!("cannot read {}", build_dir.display()))?;
    if paths.is_empty() {
        return Ok(());
    }
    paths.extend(
        [".rustc_info.json", "CACHEDIR.TAG"].map(PathBuf::from).into_iter().filter(|it| build_dir.join(it).exists()),
    );
    fs::create_dir_all(store).with_context(|| format!("cannot create {}", store.display()))?;
    let temporary =
        || tempfile::NamedTempFile::new_in(store).with_context(|| format!("cannot write in {}", store.display()));
    let (staged, list) = (temporary()?, temporary()?);
    let names: Vec<u8> = paths.iter().flat_map(|path| [path.as_os_str().as_encoded_bytes(), b"\0"].concat()).collect();
    fs::write(list.path(), names).context("cannot list what to pack")?;
    let mut tar = Process::new("tar");
    // Posix archives keep the parts of seconds, by which Cargo judges.
    tar.args(["--create", "--format=posix", "--zstd", "--null", "--verbatim-files-from", "--file"]).arg(staged.path());
    tar.arg("--directory").arg(build_dir).arg("--files-from").arg(list.path());
    finish(&mut tar)?;
    staged.persist(&archive).with_context(|| format!("cannot write {}", archive.display()))?;
    Ok(())
}

fn unpack(ToolDirs { store, build_dir }: &ToolDirs, key: &str, fallback: &str) -> Result<()> {
    let is_empty = fs::read_dir(build_dir).map_or(true, |mut entries| entries.next().is_none());
    let exact = store.join(format!("{key}{SUFFIX}"));
    let archive = if exact.is_file() { Some(exact) } else { newest(store, fallback) };
    let (true, Some(archive)) = (is_empty, archive) else { return Ok(()) };
    let parent = build_dir.parent().context("a build directory without a parent")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let staged = tempfile::tempdir_in(parent).with_context(|| format!("cannot write in {}", parent.display()))?;
    let mut tar = Process::new("tar");
    tar.args(["--extract", "--zstd", "--no-same-owner", "--file"]).arg(&archive).arg("--directory").arg(staged.path());
    finish(&mut tar)?;
    refuse_links(&archive, staged.path())?;
    if build_dir.exists() {
        fs::remove_dir(build_dir).with_context(|| format!("cannot replace {}", build_dir.display()))?;
    }
    let staged = staged.keep();
    fs::rename(&staged, build_dir).with_context(|| format!("cannot create {}", build_dir.display()))?;
    // A temporary directory is for its owner alone, a build directory is not.
    #[cfg(unix)]
    let _ = fs::set_permissions(build_dir, std::os::unix::fs::PermissionsExt::from_mode(0o755));
    Ok(())
}

/// The newest archive whose name begins so.
fn newest(store: &Path, start: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(store).ok()?.flatten();
    let fits = entries.filter(|entry| {
        entry.file_name().to_str().is_some_and(|name| name.starts_with(start) && name.ends_with(SUFFIX))
    });
    fits.max_by_key(|entry| entry.metadata().and_then(|meta| meta.modified()).ok()).map(|entry| entry.path())
}

/// Build outputs hold plain files and directories, and links to neighbours. Anything that leads
/// elsewhere did not come from us. (tar itself keeps names inside.)
fn refuse_links(archive: &Path, root: &Path) -> Result<()> {
    for entry in WalkDir::new(root) {
        let entry = entry.with_context(|| format!("cannot read what {} holds", archive.display()))?;
        let kind = entry.file_type();
        let leads_out = kind.is_symlink()
            && fs::read_link(entry.path()).map_or(true, |target| registry_part::escapes(&target.to_string_lossy()));
        if leads_out || !(kind.is_file() || kind.is_dir() || kind.is_symlink()) {
            let (archive, entry) = (archive.display(), entry.path().display());
            bail!("{archive} holds {entry}, which is no build output; remove the archive");
        }
    }
    Ok(())
}

/// Runs it in our own process group, so that it ends with us.
fn finish(command: &mut Process) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().context("cannot run tar; install it")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("tar failed: {}", said.lines().last().unwrap_or("it said nothing"));
    }
    Ok(())
}
