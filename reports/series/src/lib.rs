//! Runs over time: a database of them, and where their numbers changed.
//!
//! In: run folders that `harness compare` and `harness probe` wrote. Out: their past as
//! tables and plots, with the changes that are no chance. Nothing that was added is ever
//! changed or removed; the database can be made again from the folders that are kept.
//!
//! | module | idea |
//! |---|---|
//! | [`record`] | what is known of a run: conditions, and a point for each track |
//! | [`keep`] | the series on disk: folders, database, adding, checking, rebuilding |
//! | [`change`] | where a track changed: pure statistics |
//! | [`history`] | tracks of comparable runs, judged |
//! | [`page`] | the past as a document |
//! | [`night`] | the newest run against the last good one, and what is said of it |
//! | [`error`] | what can go wrong, and what to do |

pub mod change;
pub mod error;
pub mod history;
pub mod keep;
pub mod night;
pub mod page;
pub mod record;

pub use error::SeriesError;
pub use keep::Series;
