//! Replacing the tables of a complete run, each whole.

use std::path::Path;

use serde::Serialize;

use super::{RunError, RunFolder, STEPS_FILE, UNITS_FILE};

impl RunFolder {
    /// Writes both tables anew beside the old ones and renames them into place.
    ///
    /// # Errors
    /// When a table cannot be written; the old one is then still there.
    pub fn rewrite(&self, dir: &Path) -> Result<(), RunError> {
        replace(dir, UNITS_FILE, &self.units)?;
        replace(dir, STEPS_FILE, &self.steps)
    }
}

fn replace<T: Serialize>(dir: &Path, name: &str, rows: &[T]) -> Result<(), RunError> {
    let path = dir.join(name);
    let staged = dir.join(format!("{name}.new"));
    let write = || -> csv::Result<()> {
        let mut writer = csv::Writer::from_path(&staged)?;
        rows.iter().try_for_each(|row| writer.serialize(row))?;
        Ok(writer.flush()?)
    };
    // A table without rows keeps the header it has.
    if rows.is_empty() {
        return Ok(());
    }
    write().map_err(|error| RunError::io("write", &staged)(std::io::Error::other(error)))?;
    std::fs::rename(&staged, &path).map_err(RunError::io("replace", &path))
}
