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
    /// The folder of a run has another name than the run: the folder, the run.
    #[error("the run in the folder {0} is called {1}; rename the folder")]
    Renamed(String, String),
    /// The run in this folder may still change.
    #[error("{} is not complete; finish it first: harness compare --resume {}", .0, .1.display())]
    Incomplete(String, PathBuf),
    /// A part of a run, without its other rounds: the run, the part.
    #[error("{0} is shard {1} of a run: merge all its shards first with harness merge, and add the merged run")]
    Shard(String, String),
    /// A run that was merged while shards were missing.
    #[error("{0} was merged without all of its shards: merge them all with harness merge, and add the merged run")]
    Partial(String),
    /// Two runs of one line that cannot be compared all the same.
    #[error(transparent)]
    Incomparable(#[from] Incomparable),
    /// More than one run of `compare` or of `probe` was given for one night.
    #[error("a night has one run of {0}; judge the others apart")]
    TwoOfAKind(&'static str),
    /// The second run is of another line than the first: the run, its line, the line of the first.
    #[error("{0} is of line {1}, not {2}: it cannot confirm anything; repeat it with the options of the first run")]
    OtherLine(String, String, String),
    /// The second run is no later than the first: the second, the first.
    #[error("{0} was not made after {1}: it cannot confirm it; make a new run")]
    NoSecondRun(String, String),
    /// No probe of a run could be run to its end.
    #[error("{0}: every probe ended with an error, so nothing is known; see why in its probes.csv, and probe again")]
    OnlyErrors(String),
    /// A verdict cannot be parsed: the file, and why.
    #[error("{} is no verdict ({}); put back a copy: without it its run would count as good", .0.display(), .1)]
    Verdict(PathBuf, String),
    /// There is no run of that name.
    #[error("there is no run {0} in the series; `harness series list` shows all")]
    NoSuchRun(String),
    /// The run of that name has no regression.
    #[error("{0} has no regression that could be accepted")]
    NothingToAccept(String),
    /// The name of a run cannot be that of a folder.
    #[error(
        "a run cannot be called {0:?} in a series: use letters, digits, `-`, `_`, `+` and `.`, and begin with no `.`"
    )]
    Name(String),
}
