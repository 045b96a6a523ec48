//! A run taken in: its tables copied under a passing name, then renamed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use records::run_folder::{RUN_FILE, STEPS_FILE, UNITS_FILE};
use reports::probes;

use super::Moment;
use crate::error::SeriesError;
use crate::record::Kind;

/// Where the runs are kept.
pub const RUNS: &str = "runs";
/// What a folder under way is called.
const STAGED: &str = ".staged-";
/// Holds the path of a run that was linked.
const LINKED: &str = "linked";

/// How a run is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum How {
    /// Its tables are copied, units packed.
    #[default]
    Copy,
    /// Only where it is: rebuilding needs it to stay there.
    Link,
}

/// The folder of a run in the series in `dir`.
pub fn of(dir: &Path, name: &str) -> PathBuf {
    dir.join(RUNS).join(name)
}

/// Whether a name can be that of a folder anywhere.
pub fn check_name(name: &str) -> Result<(), SeriesError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    match !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(allowed) {
        true => Ok(()),
        false => Err(SeriesError::Name { name: name.chars().take(80).collect() }),
    }
}

/// Takes in the run in `source`; the folder is there whole or not at all.
pub fn take_in(
    dir: &Path,
    name: &str,
    kind: Kind,
    source: &Path,
    how: How,
    at: &mut dyn FnMut(Moment),
) -> Result<(), SeriesError> {
    let staged = dir.join(RUNS).join(format!("{STAGED}{name}"));
    fs::create_dir_all(&staged).map_err(SeriesError::io("create", &staged))?;
    match how {
        How::Copy => copy_tables(source, &staged, kind)?,
        How::Link => {
            let path = source.canonicalize().map_err(SeriesError::io("resolve", source))?;
            // A path that is no text could not be read back.
            let text = path.to_str().ok_or_else(|| io::Error::other("its path is not UTF-8; add it without --link"));
            let text = text.map_err(SeriesError::io("link", &path))?;
            write(&staged.join(LINKED), |file| file.write_all(text.as_bytes()))?;
        }
    }
    at(Moment::Staged);
    let kept = of(dir, name);
    fs::rename(&staged, &kept).map_err(SeriesError::io("rename to", &kept))?;
    // The name must be on disk before the database relies on it. Not every system can do this.
    let _ = File::open(dir.join(RUNS)).and_then(|folder| folder.sync_all());
    at(Moment::Renamed);
    Ok(())
}

fn copy_tables(source: &Path, staged: &Path, kind: Kind) -> Result<(), SeriesError> {
    let files: &[&str] = match kind {
        Kind::Compare => &[RUN_FILE, STEPS_FILE],
        Kind::Probe => &[probes::WHOLE, probes::TABLE],
    };
    for name in files {
        let from = source.join(name);
        if *name == probes::TABLE && !from.is_file() {
            continue; // The same rows are in the other file.
        }
        let bytes = fs::read(&from).map_err(SeriesError::io("read", &from))?;
        write(&staged.join(name), |file| file.write_all(&bytes))?;
    }
    let units = source.join(UNITS_FILE);
    if units.is_file() {
        let mut reader = File::open(&units).map_err(SeriesError::io("read", &units))?;
        write(&staged.join(format!("{UNITS_FILE}.gz")), |file| {
            let mut packer = GzEncoder::new(file, Compression::default());
            io::copy(&mut reader, &mut packer)?;
            packer.finish().map(drop)
        })?;
    }
    Ok(())
}

fn write(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), SeriesError> {
    let mut file = File::create(path).map_err(SeriesError::io("create", path))?;
    fill(&mut file).and_then(|()| file.sync_all()).map_err(SeriesError::io("write", path))
}

/// Where the tables of a kept run are: in its folder, or where that points to.
pub fn tables(kept: &Path) -> Result<PathBuf, SeriesError> {
    let linked = kept.join(LINKED);
    match fs::read_to_string(&linked) {
        Ok(path) => Ok(PathBuf::from(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(kept.to_owned()),
        Err(error) => Err(SeriesError::io("read", &linked)(error)),
    }
}

/// Names of the runs kept in `dir`, sorted. What was staged is none of them.
pub fn names(dir: &Path) -> Result<Vec<String>, SeriesError> {
    let runs = dir.join(RUNS);
    let entries = match fs::read_dir(&runs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(SeriesError::io("read", &runs)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(SeriesError::io("read", &runs))?.file_name().to_string_lossy().into_owned();
        if check_name(&name).is_ok() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Removes what an add that was cut off had staged. Only with the lock.
pub fn clear_staged(dir: &Path) {
    for entry in fs::read_dir(dir.join(RUNS)).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
