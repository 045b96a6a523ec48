//! The database: opened and checked, written, read.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Row, TransactionBehavior, params};

use super::schema::{APPLICATION, TABLES, VERSION, check_header};
use crate::error::SeriesError;
use crate::record::{Entry, Key, Kind, Point, ProbePoint, seal};

/// Writers wait for each other at the lock; this is for readers that meet a commit.
const PATIENCE: Duration = Duration::from_secs(10);

/// How thoroughly SQLite looks at its pages before anything is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Pages and cells.
    Quick,
    /// Indexes too.
    Thorough,
}

/// A run with the seal that was put beside it.
type Sealed = (Entry, Vec<u8>);

/// An open database that passed its checks.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    connection: Connection,
}

impl Database {
    /// Makes an empty one; nothing may be at `path`.
    pub fn create(path: &Path) -> Result<Self, SeriesError> {
        let connection = Connection::open(path).map_err(failed("create", path))?;
        let made = connection.execute_batch(&format!(
            "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; BEGIN; PRAGMA application_id = {APPLICATION};
             PRAGMA user_version = {VERSION}; {TABLES} COMMIT;"
        ));
        made.map_err(failed("create", path))?;
        Ok(Self { path: path.into(), connection })
    }

    /// Opens the one at `path`.
    pub fn open(path: &Path, look: Look) -> Result<Self, SeriesError> {
        check_header(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed("open", path))?;
        connection.busy_timeout(PATIENCE).map_err(failed("open", path))?;
        let pragmas = "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
        connection.execute_batch(pragmas).map_err(failed("open", path))?;
        let check = match look {
            Look::Quick => "PRAGMA quick_check(1)",
            Look::Thorough => "PRAGMA integrity_check(1)",
        };
        let found: String = connection.query_row(check, [], |row| row.get(0)).map_err(failed("check", path))?;
        match found.as_str() {
            "ok" => Ok(Self { path: path.into(), connection }),
            what => {
                Err(SeriesError::Damaged { path: path.into(), what: what.lines().last().unwrap_or_default().into() })
            }
        }
    }

    /// Adds a run in one transaction. `before_commit` is where a test cuts it off.
    pub fn insert(&mut self, entry: &Entry, before_commit: &mut dyn FnMut()) -> Result<(), SeriesError> {
        let path = self.path.clone();
        let mut insert = || -> rusqlite::Result<()> {
            let mut tracks = read_tracks(&self.connection)?.into_iter().map(|(id, key)| (key, id)).collect();
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            write(&transaction, entry, &mut tracks)?;
            before_commit();
            transaction.commit()
        };
        insert().map_err(failed("write to", &path))
    }

    /// Adds many runs in one transaction, for a database that is being made.
    pub fn insert_all(&mut self, entries: &[Entry]) -> Result<(), SeriesError> {
        let path = self.path.clone();
        let mut insert = || -> rusqlite::Result<()> {
            let mut tracks = HashMap::new();
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for entry in entries {
                write(&transaction, entry, &mut tracks)?;
            }
            transaction.commit()
        };
        insert().map_err(failed("write to", &path))
    }

    /// Every run, oldest first; each must be what was put there.
    pub fn read(&self) -> Result<Vec<Entry>, SeriesError> {
        let (entries, whole) = self.rows().map_err(|error| match of_code(&error) {
            Some(_) => failed("read", &self.path)(error),
            // Our own questions about our own tables are always answered.
            None => SeriesError::Damaged { path: self.path.clone(), what: one_line(&error) },
        })?;
        let damaged = |what: String| SeriesError::Damaged { path: self.path.clone(), what };
        if !whole {
            return Err(damaged("it has rows that belong to no run".into()));
        }
        let mut out = Vec::with_capacity(entries.len());
        for (entry, sealed) in entries {
            if seal(&entry)[..] != sealed[..] {
                let name: String = entry.name.chars().filter(|c| !c.is_control()).take(80).collect();
                return Err(damaged(format!("what it says of {name} is not what was put there")));
            }
            out.push(entry);
        }
        out.sort_by(|a, b| (&a.started, &a.name).cmp(&(&b.started, &b.name)));
        Ok(out)
    }

    /// Runs with their seals, and whether every point and probe belongs to one.
    fn rows(&self) -> rusqlite::Result<(Vec<Sealed>, bool)> {
        // One state of the file, whatever is committed meanwhile.
        let reading = self.connection.unchecked_transaction()?;
        let tracks = read_tracks(&reading)?;
        let unknown = |id: i64| rusqlite::Error::IntegralValueOutOfRange(0, id);
        let mut places: HashMap<i64, usize> = HashMap::new();
        let mut entries: Vec<Sealed> = Vec::new();
        let mut question = reading.prepare(
            "SELECT id, name, kind, digest, started, line, corpus, toolchain, kernel, scenario, baseline, strategies,
             row_count, ok_rows, seal FROM run NOT INDEXED ORDER BY id",
        )?;
        let mut rows = question.query([])?;
        while let Some(row) = rows.next()? {
            places.insert(row.get(0)?, entries.len());
            entries.push((head(row)?, row.get(14)?));
        }
        let mut whole = true;
        let mut question = reading.prepare(
            "SELECT run, track, pairs, log_ratio, spread, wall_s, hit_rate, by_cost, compiled, physical_bytes
             FROM point ORDER BY run, place",
        )?;
        let mut rows = question.query([])?;
        while let Some(row) = rows.next()? {
            let track: i64 = row.get(1)?;
            let key = tracks.get(&track).ok_or_else(|| unknown(track))?.clone();
            let Some((entry, _)) = places.get(&row.get(0)?).and_then(|at| entries.get_mut(*at)) else {
                whole = false;
                continue;
            };
            entry.points.push(point(row, key)?);
        }
        let mut question = reading.prepare("SELECT run, probe, strategy, verdict FROM probe ORDER BY run, place")?;
        let mut rows = question.query([])?;
        while let Some(row) = rows.next()? {
            match places.get(&row.get(0)?).and_then(|at| entries.get_mut(*at)) {
                Some((entry, _)) => {
                    entry.probes.push(ProbePoint { probe: row.get(1)?, strategy: row.get(2)?, verdict: row.get(3)? })
                }
                None => whole = false,
            }
        }
        Ok((entries, whole))
    }
}

fn head(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let kind: String = row.get(2)?;
    Ok(Entry {
        name: row.get(1)?,
        kind: Kind::parse(&kind).ok_or(rusqlite::Error::InvalidQuery)?,
        digest: row.get(3)?,
        started: row.get(4)?,
        line: row.get(5)?,
        corpus: row.get(6)?,
        toolchain: row.get(7)?,
        kernel: row.get(8)?,
        scenario: row.get(9)?,
        baseline: row.get(10)?,
        strategies: row.get(11)?,
        rows: row.get::<_, i64>(12)?.cast_unsigned(),
        ok_rows: row.get::<_, i64>(13)?.cast_unsigned(),
        points: Vec::new(),
        probes: Vec::new(),
    })
}

fn point(row: &Row<'_>, key: Arc<Key>) -> rusqlite::Result<Point> {
    Ok(Point {
        key,
        pairs: row.get(2)?,
        log_ratio: row.get(3)?,
        spread: row.get(4)?,
        wall_s: row.get(5)?,
        hit_rate: row.get(6)?,
        by_cost: row.get(7)?,
        compiled: row.get(8)?,
        physical_bytes: row.get(9)?,
    })
}

fn read_tracks(connection: &Connection) -> rusqlite::Result<HashMap<i64, Arc<Key>>> {
    let mut question = connection.prepare("SELECT id, scenario, step, workspace, strategy FROM track")?;
    let track = |row: &Row<'_>| {
        let key = Key { scenario: row.get(1)?, step: row.get(2)?, workspace: row.get(3)?, strategy: row.get(4)? };
        Ok((row.get(0)?, Arc::new(key)))
    };
    question.query_map([], track)?.collect()
}

fn write(connection: &Connection, entry: &Entry, tracks: &mut HashMap<Arc<Key>, i64>) -> rusqlite::Result<()> {
    connection.prepare(
        "INSERT INTO run (name, kind, digest, started, line, corpus, toolchain, kernel, scenario, baseline, strategies,
         row_count, ok_rows, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        entry.name,
        entry.kind.as_str(),
        entry.digest,
        entry.started,
        entry.line,
        entry.corpus,
        entry.toolchain,
        entry.kernel,
        entry.scenario,
        entry.baseline,
        entry.strategies,
        entry.rows.cast_signed(),
        entry.ok_rows.cast_signed(),
        seal(entry).as_slice(),
    ])?;
    let run = connection.last_insert_rowid();
    let mut add_track =
        connection.prepare("INSERT INTO track (scenario, step, workspace, strategy) VALUES (?1, ?2, ?3, ?4)")?;
    let mut add_point =
        connection.prepare("INSERT INTO point VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    for (place, point) in (0i64..).zip(&entry.points) {
        let track = match tracks.get(&point.key) {
            Some(track) => *track,
            None => {
                let Key { scenario, step, workspace, strategy } = &*point.key;
                let track = add_track.insert(params![scenario, step, workspace, strategy])?;
                tracks.insert(point.key.clone(), track);
                track
            }
        };
        let Point { pairs, log_ratio, spread, wall_s, hit_rate, by_cost, compiled, physical_bytes, .. } = point;
        add_point.execute(params![
            run,
            place,
            track,
            pairs,
            log_ratio,
            spread,
            wall_s,
            hit_rate,
            by_cost,
            compiled,
            physical_bytes
        ])?;
    }
    let mut add_probe = connection.prepare("INSERT INTO probe VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (place, probe) in (0i64..).zip(&entry.probes) {
        add_probe.execute(params![run, place, probe.probe, probe.strategy, probe.verdict])?;
    }
    Ok(())
}

/// What SQLite refused for, other than the content of the file.
fn of_code(error: &rusqlite::Error) -> Option<ErrorCode> {
    use ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, PermissionDenied, ReadOnly, SystemIoFailure};
    error.sqlite_error_code().filter(|code| {
        let codes = [DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, PermissionDenied, ReadOnly, SystemIoFailure];
        codes.contains(code)
    })
}

fn one_line(error: &rusqlite::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> SeriesError {
    let path = path.to_owned();
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            SeriesError::Busy { dir: path.parent().unwrap_or(&path).to_owned() }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            SeriesError::Damaged { path, what: one_line(&error) }
        }
        // A statement of ours that fails: the tables are not those that were made.
        Some(ErrorCode::Unknown) if action != "create" => SeriesError::Damaged { path, what: one_line(&error) },
        _ => SeriesError::Database { action, path, source: error },
    }
}

/// The journal that SQLite keeps beside a database while it writes.
pub fn journal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-journal");
    name.into()
}

/// Puts a new database in its place, which must be empty; `true` if it is there now, `false` if
/// another process was first.
pub fn put(made: &Path, place: &Path) -> Result<bool, SeriesError> {
    match fs::hard_link(made, place) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            fs::remove_file(made).map_err(SeriesError::io("remove", made))?;
            return Ok(false);
        }
        // A file system without hard links: we hold the lock, so nobody else is at it.
        Err(_) => return fs::rename(made, place).map(|()| true).map_err(SeriesError::io("rename to", place)),
    }
    fs::remove_file(made).map_err(SeriesError::io("remove", made))?;
    Ok(true)
}
