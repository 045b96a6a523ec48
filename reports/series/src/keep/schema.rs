//! The tables, and what a database of a series is told apart by.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::error::SeriesError;

/// Version of the tables that this crate writes; in SQLite's `user_version`.
pub const VERSION: u32 = 1;
/// In SQLite's `application_id`: `CCHs`.
pub const APPLICATION: u32 = 0x4343_4873;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Rows are added, and that is all: the database itself refuses the rest.
pub const TABLES: &str = "
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    started TEXT NOT NULL,
    line TEXT NOT NULL,
    corpus TEXT NOT NULL,
    toolchain TEXT NOT NULL,
    kernel TEXT NOT NULL,
    scenario TEXT NOT NULL,
    baseline TEXT NOT NULL,
    strategies TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    ok_rows INTEGER NOT NULL,
    seal BLOB NOT NULL
) STRICT;
CREATE TABLE track (
    id INTEGER PRIMARY KEY,
    scenario TEXT NOT NULL,
    step TEXT NOT NULL,
    workspace TEXT NOT NULL,
    strategy TEXT NOT NULL
) STRICT;
CREATE TABLE point (
    run INTEGER NOT NULL REFERENCES run,
    place INTEGER NOT NULL,
    track INTEGER NOT NULL REFERENCES track,
    pairs INTEGER NOT NULL,
    log_ratio REAL,
    spread REAL,
    wall_s REAL,
    hit_rate REAL,
    by_cost REAL,
    compiled REAL,
    physical_bytes REAL,
    PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE probe (
    run INTEGER NOT NULL REFERENCES run,
    place INTEGER NOT NULL,
    probe TEXT NOT NULL,
    strategy TEXT NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER run_kept BEFORE UPDATE ON run BEGIN SELECT RAISE(ABORT, 'nothing is overwritten'); END;
CREATE TRIGGER run_stays BEFORE DELETE ON run BEGIN SELECT RAISE(ABORT, 'nothing is removed'); END;
CREATE TRIGGER track_kept BEFORE UPDATE ON track BEGIN SELECT RAISE(ABORT, 'nothing is overwritten'); END;
CREATE TRIGGER track_stays BEFORE DELETE ON track BEGIN SELECT RAISE(ABORT, 'nothing is removed'); END;
CREATE TRIGGER point_kept BEFORE UPDATE ON point BEGIN SELECT RAISE(ABORT, 'nothing is overwritten'); END;
CREATE TRIGGER point_stays BEFORE DELETE ON point BEGIN SELECT RAISE(ABORT, 'nothing is removed'); END;
CREATE TRIGGER probe_kept BEFORE UPDATE ON probe BEGIN SELECT RAISE(ABORT, 'nothing is overwritten'); END;
CREATE TRIGGER probe_stays BEFORE DELETE ON probe BEGIN SELECT RAISE(ABORT, 'nothing is removed'); END;
";

/// Looks at the first 100 bytes alone (<https://www.sqlite.org/fileformat2.html#the_database_header>):
/// a foreign file is never handed to SQLite.
///
/// # Errors
/// When the file is no database of a series, a newer one, or cut off.
pub fn check_header(path: &Path) -> Result<(), SeriesError> {
    let mut head = Vec::with_capacity(100);
    let file = File::open(path).map_err(SeriesError::io("open", path))?;
    file.take(100).read_to_end(&mut head).map_err(SeriesError::io("read", path))?;
    let path = path.to_owned();
    if !MAGIC.starts_with(&head[..head.len().min(16)]) {
        return Err(SeriesError::Foreign { path });
    }
    if head.len() < 100 {
        return Err(SeriesError::Damaged { path, what: "it ends in its first page".into() });
    }
    let number = |at: usize| head[at..at + 4].iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
    match (number(68), number(60)) {
        (APPLICATION, found) if found > VERSION => Err(SeriesError::Newer { path, found }),
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, found) => Err(SeriesError::Damaged { path, what: format!("there is no version {found}") }),
        _ => Err(SeriesError::Foreign { path }),
    }
}
