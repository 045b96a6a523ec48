//! Replacing a file of a working copy whole, so that Cargo sees it has changed.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::slot::{IoError, at};

/// How far a time is moved on when the clock gave no newer one. File systems keep at least
/// this much.
const TICK: Duration = Duration::from_millis(10);

/// Write `text` to `path` by a file beside it that is renamed. What was there gives its mode in
/// `before`, and the new file a modification time strictly newer.
pub(crate) fn replace(path: &Path, text: &str, before: Option<&fs::Metadata>) -> Result<(), IoError> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let staged = tempfile::Builder::new().prefix(".harness-").tempfile_in(dir);
    let mut staged = staged.map_err(at("write beside", path))?;
    staged.write_all(text.as_bytes()).map_err(at("write", path))?;
    let file = staged.as_file();
    match before {
        Some(before) => {
            let kept = file.set_permissions(before.permissions());
            kept.map_err(at("set the mode of", path))?;
            let timed = move_on(file, before.modified().ok());
            timed.map_err(at("set the time of", path))?;
        }
        None => readable(file).map_err(at("set the mode of", path))?,
    }
    let persisted = staged.persist(path);
    persisted.map_err(|error| at("replace", path)(error.error))?;
    Ok(())
}

/// Give a just written file a time strictly newer than `before`.
fn move_on(file: &fs::File, before: Option<SystemTime>) -> std::io::Result<()> {
    let now = file.metadata()?.modified()?;
    match before {
        Some(before) if now <= before => file.set_modified(before + TICK),
        _ => Ok(()),
    }
}

/// Temporary files are private; a source file is not.
#[cfg(unix)]
fn readable(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}
