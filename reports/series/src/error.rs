//! What can go wrong with a series, and what to do about it.

use std::path::{Path, PathBuf};

use records::run_folder::RunError;
use reports::against::Incomparable;
use thiserror::Error;

/// A series could not be read or added to. Each is one line; nothing is lost by any.
#[derive(Debug, Error)]
pub enum SeriesError {
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A run folder cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is none.
    #[error("there is no series in {}; `harness series add RUN` begins one", dir.display())]
    None {
        /// Where it would be.
        dir: PathBuf,
    },
    /// The runs are there, the database is not.
    #[error("the database {} is gone, its runs are kept; `harness series rebuild` makes it again", path.display())]
    Gone {
        /// The database.
        path: PathBuf,
    },
    /// Something else is where the database should be.
    #[error(
        "{} is no database of a series; `harness series rebuild` sets it aside and makes one from the kept runs",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer harness wrote it.
    #[error("{} has version {found}, this harness reads up to {}; update the harness", path.display(), crate::keep::VERSION)]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// It does not hold what was put into it.
    #[error(
        "the database {} is damaged: {what}; `harness series rebuild` makes it again from the kept runs",
        path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What does not hold.
        what: String,
    },
    /// Another harness is writing to it.
    #[error("another harness is writing to the series in {}; try again when it is done", dir.display())]
    Busy {
        /// The series.
        dir: PathBuf,
    },
    /// The database refused for another reason, such as a full disk.
    #[error("cannot {action} the database {}", path.display())]
    Database {
        /// What was attempted.
        action: &'static str,
        /// The database.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// A run of that name is there, with other numbers.
    #[error("{name} is in the series already, with other content; nothing is overwritten: rename one of the two runs")]
    OtherContent {
        /// Name of the run.
        name: String,
    },
    /// It may still change.
    #[error("{name} is not complete; finish it first: harness compare --resume {}", dir.display())]
    Incomplete {
        /// Name of the run.
        name: String,
        /// Its folder.
        dir: PathBuf,
    },
    /// A part of a run, whose rounds are not all.
    #[error("{name} is shard {part} of a run: merge all its shards first with harness merge, and add what that makes")]
    Shard {
        /// Name of the run.
        name: String,
        /// Which part.
        part: String,
    },
    /// A run that was merged while shards were missing.
    #[error("{name} was merged without all of its shards: merge them all with harness merge, and add what that makes")]
    Partial {
        /// Name of the run.
        name: String,
    },
    /// Two runs say nothing about each other, though they are of one line.
    #[error(transparent)]
    Incomparable(#[from] Incomparable),
    /// More than one run of a kind was given for one night.
    #[error("a night has one run of {kind}; judge the others apart")]
    TwoOfAKind {
        /// `compare` or `probe`.
        kind: &'static str,
    },
    /// The second look is not like the first.
    #[error(
        "{name} is of line {line}, not {of}: it cannot confirm anything; repeat it with the options of the first run"
    )]
    OtherLine {
        /// Name of the run.
        name: String,
        /// Its line.
        line: String,
        /// The line of the first look.
        of: String,
    },
    /// The second look is no later one.
    #[error("{name} was not made after {of}: it cannot be a second look at it; make a new run")]
    NoSecondLook {
        /// Name of the run.
        name: String,
        /// Name of the first.
        of: String,
    },
    /// Not one story of a run of probes was told to an end.
    #[error("{name}: not one probe could be told, so nothing is known; see why in its probes.csv, and probe again")]
    NothingTold {
        /// Name of the run.
        name: String,
    },
    /// A verdict cannot be understood.
    #[error("{} is no verdict ({why}); put back a copy: without it its run would count as good", path.display())]
    Verdict {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// No run of that name.
    #[error("there is no run {name} in the series; `harness series list` shows all")]
    NoSuchRun {
        /// The name.
        name: String,
    },
    /// It has no regression.
    #[error("{name} has no regression that could be accepted")]
    NothingToAccept {
        /// Name of the run.
        name: String,
    },
    /// Its name cannot be that of a folder.
    #[error(
        "a run cannot be called {name:?} in a series: use letters, digits, `-`, `_`, `+` and `.`, and begin with no `.`"
    )]
    Name {
        /// Name of the run.
        name: String,
    },
}

impl SeriesError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| SeriesError::Io { action, path, source }
    }
}
