//! Runs over time: where their numbers changed, and whether the newest became worse.
//!
//! | module | idea |
//! |---|---|
//! | [`run`] | a run as a series knows it: conditions, and a point for each track |
//! | [`series`] | the series on disk: a folder for each run |
//! | [`change`] | where a track changed: pure statistics |
//! | [`history`] | tracks of comparable runs with their changes |
//! | [`page`] | the history as a document |
//! | [`night`] | the newest runs against the last good ones |

pub mod change;
mod error;
pub mod history;
pub mod night;
pub mod page;
pub mod run;
pub mod series;

pub use error::SeriesError;
pub use series::Series;
