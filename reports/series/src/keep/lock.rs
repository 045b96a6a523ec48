//! One writer at a time.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::SeriesError;

/// An add takes well below a second: who waits longer is told.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// Held until dropped; the operating system frees it when the process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock of the series in `dir`, which must be there.
    ///
    /// # Errors
    /// When another process keeps it, or it cannot be made.
    pub fn take(dir: &Path) -> Result<Self, SeriesError> {
        Self::within(dir, PATIENCE)
    }

    pub(super) fn within(dir: &Path, patience: Duration) -> Result<Self, SeriesError> {
        let path = dir.join("lock");
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(SeriesError::io("open", &path))?;
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(error)) => return Err(SeriesError::io("lock", &path)(error)),
                Err(TryLockError::WouldBlock) if since.elapsed() >= patience => {
                    return Err(SeriesError::Busy { dir: dir.into() });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_in_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::take(dir.path()).unwrap();
        let said = Lock::within(dir.path(), Duration::from_millis(50)).unwrap_err().to_string();
        assert!(said.starts_with("another harness is writing to the series in ") && !said.contains('\n'), "{said}");
        drop(first);
        Lock::within(dir.path(), Duration::ZERO).unwrap();
    }
}
