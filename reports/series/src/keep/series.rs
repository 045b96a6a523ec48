//! What can be done with a series: add, read, check, rebuild.

use std::collections::btree_map::Entry::Vacant;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::Moment;
use super::database::{self, Database, Look};
use super::folder::{self, How};
use super::lock::Lock;
use super::schema::check_header;
use crate::error::SeriesError;
use crate::record::{Entry, of_folder};

/// Name of the database.
const DATABASE: &str = "series.sqlite";

/// A series, by its directory; nothing is opened until it is needed.
#[derive(Debug, Clone)]
pub struct Series {
    dir: PathBuf,
}

/// What became of a run that was given.
#[derive(Debug, Clone, PartialEq)]
pub enum Added {
    /// It is in the series now.
    New(Box<Entry>),
    /// It was there already, the very same.
    Known(Box<Entry>),
}

/// What is in a series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contents {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Runs that are kept and that the database does not know: an add was cut off.
    pub unknown: Vec<String>,
}

/// What checking found; nothing where all is well.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// Runs looked at.
    pub runs: usize,
    /// A line for each thing that is not as it should be.
    pub wrong: Vec<String>,
}

/// What rebuilding did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rebuilt {
    /// Runs in the database now.
    pub runs: usize,
    /// Where the database that was there is now.
    pub set_aside: Option<PathBuf>,
    /// Kept runs that could not be read, with the reason.
    pub left_out: Vec<(String, String)>,
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

    /// Its database.
    pub fn database(&self) -> PathBuf {
        self.dir.join(DATABASE)
    }

    /// Where the tables of a kept run are.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn tables_of(&self, name: &str) -> Result<PathBuf, SeriesError> {
        folder::tables(&folder::of(&self.dir, name))
    }

    /// Keeps other writers away until it is dropped.
    pub(crate) fn lock(&self) -> Result<Lock, SeriesError> {
        Lock::take(&self.dir)
    }

    /// Adds the run in `source`; begins the series if there is none. The run is added whole or
    /// not at all, and nothing that was there is touched.
    ///
    /// # Errors
    /// When the run cannot be read or another one has its name, the database is damaged or
    /// being written to, or the disk is full.
    pub fn add(&self, source: &Path, how: How) -> Result<Added, SeriesError> {
        self.add_until(source, how, &mut |_| {})
    }

    /// As [`Series::add`], telling where it is.
    ///
    /// # Errors
    /// As [`Series::add`].
    pub fn add_until(&self, source: &Path, how: How, at: &mut dyn FnMut(Moment)) -> Result<Added, SeriesError> {
        let entry = of_folder(source)?;
        folder::check_name(&entry.name)?;
        let runs = self.dir.join(folder::RUNS);
        fs::create_dir_all(&runs).map_err(SeriesError::io("create", &runs))?;
        let _lock = Lock::take(&self.dir)?;
        let mut database = self.open_or_begin()?;
        folder::clear_staged(&self.dir);
        let mut known: BTreeMap<String, Entry> =
            database.read()?.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
        // What an earlier add left between its two steps.
        for name in folder::names(&self.dir)? {
            if let Vacant(free) = known.entry(name) {
                let found = self.kept(free.key())?;
                database.insert(&found, &mut || {})?;
                free.insert(found);
            }
        }
        // Names that differ in case only are one folder on some systems.
        let same_folder = |name: &&String| name.eq_ignore_ascii_case(&entry.name) && **name != entry.name;
        if let Some(name) = known.keys().find(same_folder) {
            return Err(SeriesError::OtherContent { name: name.clone() });
        }
        match known.remove(&entry.name) {
            Some(found) if found.digest == entry.digest => Ok(Added::Known(Box::new(found))),
            Some(_) => Err(SeriesError::OtherContent { name: entry.name }),
            None => {
                folder::take_in(&self.dir, &entry.name, entry.kind, source, how, at)?;
                database.insert(&entry, &mut || at(Moment::Inserted))?;
                Ok(Added::New(Box::new(entry)))
            }
        }
    }

    /// Everything in it.
    ///
    /// # Errors
    /// When there is none, or its database is gone, foreign, newer or damaged.
    pub fn read(&self) -> Result<Contents, SeriesError> {
        let entries = self.open(Look::Quick)?.read()?;
        let known: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let mut unknown = folder::names(&self.dir)?;
        unknown.retain(|name| !known.contains(name.as_str()));
        Ok(Contents { entries, unknown })
    }

    /// Compares the database with the kept runs, byte by byte.
    ///
    /// # Errors
    /// As [`Series::read`].
    pub fn check(&self) -> Result<Checked, SeriesError> {
        let entries = self.open(Look::Thorough)?.read()?;
        let names: BTreeSet<String> = folder::names(&self.dir)?.into_iter().collect();
        let mut wrong = Vec::new();
        for entry in &entries {
            match self.kept(&entry.name) {
                _ if !names.contains(&entry.name) => wrong.push(format!("{}: its folder is gone", entry.name)),
                Ok(found) if found == *entry => {}
                Ok(found) if found.digest != entry.digest => {
                    wrong.push(format!("{}: its folder was changed after it was added", entry.name));
                }
                Ok(_) => wrong.push(format!("{}: this harness understands it otherwise; rebuild", entry.name)),
                Err(error) => wrong.push(format!("{}: {}", entry.name, told(&error))),
            }
        }
        let known: BTreeSet<&String> = entries.iter().map(|entry| &entry.name).collect();
        let missing = names.iter().filter(|name| !known.contains(name));
        wrong.extend(missing.map(|name| format!("{name}: kept, but not in the database; rebuild, or add any run")));
        Ok(Checked { runs: entries.len(), wrong })
    }

    /// Makes the database again from the kept runs. What was there is set aside, not removed.
    ///
    /// # Errors
    /// When there are no runs, the database is of a newer harness, or cannot be written.
    pub fn rebuild(&self) -> Result<Rebuilt, SeriesError> {
        if folder::names(&self.dir)?.is_empty() {
            return Err(SeriesError::None { dir: self.dir.clone() });
        }
        let _lock = Lock::take(&self.dir)?;
        let path = self.database();
        if let Err(error @ SeriesError::Newer { .. }) = check_header(&path) {
            return Err(error);
        }
        let mut rebuilt = Rebuilt::default();
        let mut entries = Vec::new();
        for name in folder::names(&self.dir)? {
            match self.kept(&name) {
                Ok(entry) => entries.push(entry),
                Err(error) => rebuilt.left_out.push((name, told(&error))),
            }
        }
        entries.sort_by(|a, b| (&a.started, &a.name).cmp(&(&b.started, &b.name)));
        let made = self.passing_name();
        Database::create(&made)?.insert_all(&entries)?;
        rebuilt.runs = entries.len();
        rebuilt.set_aside = self.set_aside(&path)?;
        database::put(&made, &path)?;
        Ok(rebuilt)
    }

    /// Understands a kept run anew.
    fn kept(&self, name: &str) -> Result<Entry, SeriesError> {
        let entry = of_folder(&folder::tables(&folder::of(&self.dir, name))?)?;
        // A folder that was renamed by hand is not the run it is called after.
        if entry.name == name { Ok(entry) } else { Err(SeriesError::OtherContent { name: name.into() }) }
    }

    fn open(&self, look: Look) -> Result<Database, SeriesError> {
        let path = self.database();
        match path.try_exists().map_err(SeriesError::io("look at", &path))? {
            true => Database::open(&path, look),
            false if folder::names(&self.dir)?.is_empty() => Err(SeriesError::None { dir: self.dir.clone() }),
            false => Err(SeriesError::Gone { path }),
        }
    }

    /// With the lock.
    fn open_or_begin(&self) -> Result<Database, SeriesError> {
        match self.open(Look::Thorough) {
            Err(SeriesError::None { .. }) => {
                let made = self.passing_name();
                drop(Database::create(&made)?);
                database::put(&made, &self.database())?;
                self.open(Look::Thorough)
            }
            other => other,
        }
    }

    /// Where a database is made; what a kill left there is removed. With the lock.
    fn passing_name(&self) -> PathBuf {
        let made = self.dir.join(format!("{DATABASE}.new"));
        let _ = fs::remove_file(database::journal(&made));
        let _ = fs::remove_file(&made);
        made
    }

    /// Renames the database, and the journal that belongs to it: left behind, SQLite would
    /// play it back into the new one.
    fn set_aside(&self, path: &Path) -> Result<Option<PathBuf>, SeriesError> {
        let free = (1..).map(|n| self.dir.join(format!("{DATABASE}.set-aside-{n}")));
        let Some(aside) = free.into_iter().find(|to| !to.exists() && !database::journal(to).exists()) else {
            return Ok(None);
        };
        let journal = database::journal(path);
        if journal.exists() {
            fs::rename(&journal, database::journal(&aside)).map_err(SeriesError::io("set aside", &journal))?;
        }
        if !path.exists() {
            return Ok(None);
        }
        fs::rename(path, &aside).map_err(SeriesError::io("set aside", path))?;
        Ok(Some(aside))
    }
}

/// An error and its causes as one line.
fn told(error: &SeriesError) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(it) = cause {
        line = format!("{line}: {it}");
        cause = it.source();
    }
    line.replace('\n', " ")
}
