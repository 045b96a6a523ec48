//! Symbolic links that lead out of a tree which a sandboxed command could write to.
//!
//! The harness would follow such a link with its own rights, and would wait for a pipe. So after every sandboxed
//! command, when nothing of it runs any more, its tree is walked and such files are removed. (Of several commands at
//! once, one may still write while another's end is followed by a walk; its own walk comes after it.)

use std::io;
use std::path::{Component, Path, PathBuf};

/// Removes links in `tree` that lead out of it, and files that are neither files, directories
/// nor links; returns what was there.
pub(super) fn remove_leading_out(tree: &Path) -> io::Result<Vec<PathBuf>> {
    let tree = tree.canonicalize()?;
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&tree) {
        let entry = match entry.map_err(io::Error::from) {
            // Another command of the same tree still runs.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entry => entry?,
        };
        let kind = entry.file_type();
        let bad = if kind.is_symlink() {
            match leads_out(entry.path(), &tree) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                leads_out => leads_out?,
            }
        } else {
            !kind.is_dir() && !kind.is_file()
        };
        if bad {
            std::fs::remove_file(entry.path())?;
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// Whether a link leads out of the tree: a link to a link that does is found as well, and one to
/// nothing would be made by who writes to it.
fn leads_out(link: &Path, tree: &Path) -> io::Result<bool> {
    let end = match link.canonicalize() {
        Ok(end) => Some(end),
        Err(_) => end_of_dangling(link, tree)?,
    };
    Ok(end.is_none_or(|end| !end.starts_with(tree)))
}

/// Where a link to nothing would lead, part by part as the system goes: `..` behind another link is above where that
/// link leads, which no text shows. `None` where a further link to nothing is on the way.
fn end_of_dangling(link: &Path, tree: &Path) -> io::Result<Option<PathBuf>> {
    let mut at = link.parent().unwrap_or(tree).canonicalize()?;
    for part in std::fs::read_link(link)?.components() {
        match part {
            Component::ParentDir => {
                at.pop();
            }
            Component::CurDir => {}
            other => at.push(other),
        }
        match at.canonicalize() {
            Ok(real) => at = real,
            Err(_) if at.is_symlink() => return Ok(None),
            Err(_) => {}
        }
    }
    Ok(Some(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_that_stay_are_kept_and_those_that_lead_out_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        std::fs::create_dir_all(tree.join("a/b")).unwrap();
        std::fs::write(tree.join("a/file"), "").unwrap();
        std::fs::write(dir.path().join("outside"), "kept").unwrap();
        for (link, target) in [
            ("a/b/near", "../file"),
            ("a/b/nothing-near", "../later"),
            ("out", "../outside"),
            ("a/nothing-out", "/no/such"),
            ("a/b/dir-out", "../../.."),
            ("over", "out"),
            // From the text alone this stays inside: a/b/up is the tree, so `..` is above it.
            ("a/b/up", "../.."),
            ("sly", "a/b/up/../later"),
        ] {
            symlink(target, tree.join(link)).unwrap();
        }
        let _socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();
        let root = tree.canonicalize().unwrap();
        let mut found = remove_leading_out(&tree).unwrap();
        found.sort();
        let mut names: Vec<_> = found.iter().map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap()).collect();
        names.retain(|name| *name != "over"); // It dangles, inside, once `out` is gone.
        assert_eq!(names, ["a/b/dir-out", "a/nothing-out", "out", "sly", "socket"]);
        assert!(tree.join("a/b/near").exists() && tree.join("a/b/nothing-near").is_symlink());
        assert_eq!(std::fs::read_to_string(dir.path().join("outside")).unwrap(), "kept");
        assert!(remove_leading_out(&tree).unwrap().is_empty());
    }
}
