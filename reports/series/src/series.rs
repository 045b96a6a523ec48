//! A series on disk: a folder for each run.
//!
//! A run is copied into a folder with a temporary name, which is then renamed: it is there whole or not at all,
//! however the copying ends.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use fs_err::{self as fs, File};
use rayon::prelude::*;
use records::run_folder::{RUN_FILE, STEPS_FILE, UNITS_FILE};
use reports::probes;

use crate::error::SeriesError;
use crate::run::{RunKind, SeriesRun, of_folder};

const RUNS: &str = "runs";
/// Prefix of a folder that is being copied.
const STAGED: &str = ".staged-";
/// Holds the path of a run that was linked.
const LINKED: &str = "linked";
/// An add takes well below a second: who waits longer gets an error.
const PATIENCE: Duration = Duration::from_secs(10);

/// A series, by its directory; nothing is opened until it is needed.
#[derive(Debug, Clone)]
pub struct Series {
    dir: PathBuf,
}

/// How a run is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AddMode {
    /// Its tables are copied, units packed.
    #[default]
    Copy,
    /// Only its path is recorded: the series needs it to stay there.
    Link,
}

/// The result of adding a run.
#[derive(Debug, Clone, PartialEq)]
pub enum AddedRun {
    /// It is in the series now.
    New(Box<SeriesRun>),
    /// The very same was there already.
    Present(Box<SeriesRun>),
}

/// The runs of a series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SeriesContents {
    /// Oldest first.
    pub entries: Vec<SeriesRun>,
    /// Runs that could not be read, with the reason.
    pub unreadable: Vec<(String, String)>,
}

impl Series {
    /// The series in `dir`, which need not be there.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory with the tables of a run: its folder, or the linked one.
    pub fn tables_of(&self, name: &str) -> Result<PathBuf, SeriesError> {
        let folder = self.dir.join(RUNS).join(name);
        match fs::read_to_string(folder.join(LINKED)) {
            Ok(path) => Ok(PathBuf::from(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(folder),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps other writers away until the file is dropped, in whatever way the process ends.
    pub(crate) fn lock(&self) -> Result<std::fs::File, SeriesError> {
        self.lock_within(PATIENCE)
    }

    fn lock_within(&self, patience: Duration) -> Result<std::fs::File, SeriesError> {
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(self.dir.join("lock"))?;
        let file = file.into_file();
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
                Err(_) if since.elapsed() >= patience => return Err(SeriesError::Busy(self.dir.clone())),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Adds the run in `source`; begins the series if there is none. The run is added whole or
    /// not at all, and nothing that was there is touched.
    ///
    /// # Errors
    /// When the run cannot be read or another one has its name, somebody else is writing, or the
    /// disk is full.
    pub fn add(&self, source: &Path, mode: AddMode) -> Result<AddedRun, SeriesError> {
        let entry = of_folder(source)?;
        check_name(&entry.name)?;
        fs::create_dir_all(self.dir.join(RUNS))?;
        let _lock = self.lock()?;
        self.clear_staged();
        // Names that differ in case only are one folder on some systems.
        if let Some(there) = self.names()?.into_iter().find(|name| name.eq_ignore_ascii_case(&entry.name)) {
            let same = there == entry.name && self.read_run(&there).is_ok_and(|found| found.digest == entry.digest);
            return if same { Ok(AddedRun::Present(Box::new(entry))) } else { Err(SeriesError::OtherContent(there)) };
        }
        let staged = self.dir.join(RUNS).join(format!("{STAGED}{}", entry.name));
        fs::create_dir_all(&staged)?;
        match mode {
            AddMode::Copy => copy_tables(source, &staged, entry.kind)?,
            AddMode::Link => {
                let path = fs::canonicalize(source)?;
                // A path that is no text could not be read back.
                let text =
                    path.to_str().ok_or_else(|| io::Error::other("its path is not UTF-8; add it without --link"))?;
                write_synced(&staged.join(LINKED), |file| file.write_all(text.as_bytes()))?;
            }
        }
        fs::rename(&staged, self.dir.join(RUNS).join(&entry.name))?;
        // Not every system can do this.
        let _ = File::open(self.dir.join(RUNS)).and_then(|folder| folder.sync_all());
        Ok(AddedRun::New(Box::new(entry)))
    }

    /// Every run.
    ///
    /// # Errors
    /// When there is no series, or its directory cannot be read.
    pub fn read(&self) -> Result<SeriesContents, SeriesError> {
        let names = self.names()?;
        if names.is_empty() {
            return Err(SeriesError::Missing(self.dir.clone()));
        }
        let mut contents = SeriesContents::default();
        let read: Vec<_> = names.into_par_iter().map(|name| (self.read_run(&name), name)).collect();
        for (run, name) in read {
            match run {
                Ok(entry) => contents.entries.push(entry),
                Err(error) => contents.unreadable.push((name, in_one_line(&error))),
            }
        }
        contents.entries.sort_by(|a, b| (&a.started, &a.name).cmp(&(&b.started, &b.name)));
        Ok(contents)
    }

    fn read_run(&self, name: &str) -> Result<SeriesRun, SeriesError> {
        let entry = of_folder(&self.tables_of(name)?)?;
        let why = format!("the run in the folder {name} is called {}; rename the folder", entry.name);
        if entry.name == name { Ok(entry) } else { Err(SeriesError::Refused(why)) }
    }

    fn names(&self) -> Result<Vec<String>, SeriesError> {
        let entries = match fs::read_dir(self.dir.join(RUNS)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.retain(|name| check_name(name).is_ok());
        names.sort_unstable();
        Ok(names)
    }

    fn clear_staged(&self) {
        for entry in fs::read_dir(self.dir.join(RUNS)).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(STAGED) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), SeriesError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    match !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(allowed) {
        true => Ok(()),
        false => {
            let name: String = name.chars().take(80).collect();
            let todo = "use letters, digits, `-`, `_`, `+` and `.`, and begin with no `.`";
            Err(SeriesError::Refused(format!("a run cannot be called {name:?} in a series: {todo}")))
        }
    }
}

/// A complete file in the directory of `path`, to be renamed.
pub(crate) fn staged_beside(path: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    // Temporary files are private; a report is not.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut staged = builder.prefix(".new-").tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    staged.write_all(bytes)?;
    staged.as_file().sync_all()?;
    Ok(staged)
}

fn copy_tables(source: &Path, staged: &Path, kind: RunKind) -> Result<(), SeriesError> {
    let files: &[&str] = match kind {
        RunKind::Compare => &[RUN_FILE, STEPS_FILE],
        RunKind::Probe => &[probes::WHOLE, probes::TABLE],
    };
    for name in files {
        let from = source.join(name);
        if *name == probes::TABLE && !from.is_file() {
            continue; // The same rows are in the other file.
        }
        let bytes = fs::read(from)?;
        write_synced(&staged.join(name), |file| file.write_all(&bytes))?;
    }
    let units = source.join(UNITS_FILE);
    if units.is_file() {
        let mut reader = File::open(units)?;
        write_synced(&staged.join(format!("{UNITS_FILE}.gz")), |file| {
            let mut packer = GzEncoder::new(file, Compression::default());
            io::copy(&mut reader, &mut packer)?;
            packer.finish().map(drop)
        })?;
    }
    Ok(())
}

fn write_synced(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = File::create(path)?;
    fill(&mut file)?;
    file.sync_all()
}

fn in_one_line(error: &SeriesError) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(it) = cause {
        line = format!("{line}: {it}");
        cause = it.source();
    }
    line.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_gets_an_error_of_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let series = Series::at(dir.path());
        let first = series.lock().unwrap();
        let said = series.lock_within(Duration::from_millis(50)).unwrap_err().to_string();
        assert!(said.starts_with("another harness is writing to the series in ") && !said.contains('\n'), "{said}");
        drop(first);
        series.lock_within(Duration::ZERO).unwrap();
    }
}
