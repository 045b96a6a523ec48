//! What can go wrong with a series, and what to do about it.

use std::path::PathBuf;

use records::run_folder::RunError;
use reports::against::Incomparable;

/// A series could not be read or added to. Each is one line; nothing is lost by any.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A run folder cannot be read.
    #[error(transparent)]
    AnalysedRun(#[from] RunError),
    /// There is no series in this directory.
    #[error("there is no series in {}; `harness series add RUN` begins one", .0.display())]
    Missing(PathBuf),
    /// Another harness is writing to it.
    #[error("another harness is writing to the series in {}; try again when it is done", .0.display())]
    Busy(PathBuf),
    /// A run of that name is there, with other numbers.
    #[error("{0} is in the series already, with other content; nothing is overwritten: rename one of the two runs")]
    OtherContent(String),
    /// Two runs of one line that cannot be compared all the same.
    #[error(transparent)]
    Incomparable(#[from] Incomparable),
    /// The second run is of another line than the first: the run, its line, the line of the first.
    #[error("{0} is of line {1}, not {2}: it cannot confirm anything; repeat it with the options of the first run")]
    OtherLine(String, String, String),
    /// The second run is no later than the first: the second, the first.
    #[error("{0} was not made after {1}: it cannot confirm it; make a new run")]
    NoSecondRun(String, String),
    /// A run or verdict that a series cannot have: why, and what to do.
    #[error("{0}")]
    Refused(String),
}
