//! A series on disk.
//!
//! ```text
//! series.sqlite    what list and show read; one file, nothing beside it when at rest
//! runs/<name>/     the tables of every run, from which the database can be made again
//! lock             taken while something is added or rebuilt; freed by the system on a crash
//! ```
//!
//! | file | idea |
//! |---|---|
//! | `series.rs` | the operations: add, read, check, rebuild |
//! | `database.rs` | the database: opened and checked, written, read |
//! | `schema.rs` | its tables, its version, what it is told apart by |
//! | `folder.rs` | a run taken in: staged, then renamed |
//! | `lock.rs` | one writer |
//!
//! **A kill at any moment** leaves one of three states: the run is not there; its folder is
//! there and the database knows nothing of it, which [`Series::read`] tells and the next
//! [`Series::add`] mends; or it was added.

mod database;
mod folder;
mod lock;
mod schema;
mod series;

pub use folder::{How, check_name};
pub use schema::VERSION;
pub use series::{Added, Checked, Contents, Rebuilt, Series};

/// Where an add can be cut off; tests do so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The copy is whole, under a passing name.
    Staged,
    /// The folder has its name, the database knows nothing of it.
    Renamed,
    /// Rows are in the transaction, which is not committed.
    Inserted,
}
