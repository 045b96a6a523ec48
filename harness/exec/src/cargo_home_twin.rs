//! A second `CARGO_HOME` with the content of the first, at another path.
//!
//! What Cargo never writes again, unpacked and packed packages, is linked; the rest is copied,
//! so that neither home changes the other.

use std::path::Path;

use anyhow::{Context as _, Result};
use walkdir::WalkDir;

use super::dirs::remove_dir;

/// Folders of a home whose files never change once they are there.
const IMMUTABLE: [&str; 3] = ["registry/src", "registry/cache", "git/checkouts"];

/// Makes `second` a twin of `first`, in place of what was there.
///
/// # Errors
/// When files cannot be linked or copied.
pub fn twin(first: &Path, second: &Path) -> Result<()> {
    remove_dir(second)?;
    for entry in WalkDir::new(first) {
        let entry = entry.with_context(|| format!("cannot read {}", first.display()))?;
        let inner = entry.path().strip_prefix(first).unwrap_or(entry.path());
        let to = second.join(inner);
        let made = if entry.file_type().is_dir() {
            std::fs::create_dir_all(&to)
        } else if entry.file_type().is_symlink() {
            // A file of a git dependency. It is made again as it is, and never followed.
            symlink(&std::fs::read_link(entry.path()).unwrap_or_default(), &to)
        } else if IMMUTABLE.iter().any(|folder| inner.starts_with(folder))
            && std::fs::hard_link(entry.path(), &to).is_ok()
        {
            Ok(())
        } else {
            std::fs::copy(entry.path(), &to).map(drop)
        };
        made.with_context(|| format!("cannot make {}", to.display()))?;
    }
    Ok(())
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_twin_has_the_same_content_and_changes_do_not_reach_it() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (dir.path().join("a"), dir.path().join("b"));
        fs::create_dir_all(first.join("registry/src/x")).unwrap();
        fs::write(first.join("registry/src/x/lib.rs"), "fn x() {}").unwrap();
        fs::write(first.join("config.toml"), "one").unwrap();
        symlink(Path::new("lib.rs"), &first.join("registry/src/x/same.rs")).unwrap();
        fs::create_dir_all(&second).unwrap();
        fs::write(second.join("old"), "").unwrap();
        twin(&first, &second).unwrap();
        assert_eq!(fs::read_to_string(second.join("registry/src/x/lib.rs")).unwrap(), "fn x() {}");
        assert!(!second.join("old").exists());
        #[cfg(unix)]
        assert_eq!(fs::read_link(second.join("registry/src/x/same.rs")).unwrap(), Path::new("lib.rs"));
        fs::write(second.join("config.toml"), "two").unwrap();
        assert_eq!(fs::read_to_string(first.join("config.toml")).unwrap(), "one");
    }
}
