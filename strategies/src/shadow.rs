//! The shadow check: does a restored unit have the bytes that a compile makes?
//!
//! A hit is compiled anyway, in another build directory, and the two unit directories are
//! compared byte for byte. Only what may be shared is compared: `.d` files, `fingerprint/`
//! and `run/` contain absolute paths and times by design. A difference alone proves nothing:
//! rustc, a proc macro or a build script may make other bytes each time. So a second
//! uncached compile is compared with the first, and only a unit whose compiles agree with
//! each other and not with the cache is wrong ([`judge`]).

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::files::{At, FileError};

/// Two unit directories compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShadowComparison {
    /// Every file that counts has the same bytes.
    Same {
        /// How many files were compared.
        files: usize,
    },
    /// These differ, by path relative to the unit directory.
    Differs(Vec<FileDifference>),
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileDifference {
    /// Path relative to the unit directory.
    pub path: String,
    /// How it differs.
    pub how: DifferenceKind,
}

/// How a file differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// Only the first directory has it.
    OnlyFirst,
    /// Only the second directory has it.
    OnlySecond,
    /// Other lengths, or other bytes.
    Bytes,
    /// One is executable, the other is not.
    Mode,
    /// One is a file, the other something else.
    Kind,
}

/// The result of a shadow check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShadowVerdict {
    /// The restored unit has the bytes that a compile makes.
    Same,
    /// It has not, and compiles agree with each other: a wrong hit.
    Differs,
    /// Compiles do not agree with each other either: nothing can be said.
    NonDeterministic,
}

/// Judges a hit from its comparison with one uncached compile, and that of two uncached
/// compiles with each other, which is asked for only where it matters.
///
/// # Errors
/// When the second comparison fails.
pub fn judge<E>(
    restored_and_compiled: &ShadowComparison,
    compiled_twice: impl FnOnce() -> Result<ShadowComparison, E>,
) -> Result<ShadowVerdict, E> {
    Ok(match restored_and_compiled {
        ShadowComparison::Same { .. } => ShadowVerdict::Same,
        ShadowComparison::Differs(_) => match compiled_twice()? {
            ShadowComparison::Same { .. } => ShadowVerdict::Differs,
            ShadowComparison::Differs(_) => ShadowVerdict::NonDeterministic,
        },
    })
}

/// Whether a file counts, by its path relative to the unit directory.
pub fn counts(path: &str) -> bool {
    path.starts_with("out/") && !path.ends_with(".d")
}

/// Compares two unit directories. Links are followed, so that every link mode can be
/// checked; times are not compared.
///
/// # Errors
/// When a directory or file cannot be read, a link that leads nowhere included.
pub fn compare(first: &Path, second: &Path) -> Result<ShadowComparison, FileError> {
    let (of_first, of_second) = (list(first)?, list(second)?);
    let difference = |path: &String, how| FileDifference { path: path.clone(), how };
    let only = |path: &&String, other: &[String]| other.binary_search(path).is_err();
    let mut differences = Vec::new();
    let mut files = 0;
    for path in &of_first {
        if only(&path, &of_second) {
            differences.push(difference(path, DifferenceKind::OnlyFirst));
            continue;
        }
        files += 1;
        let how = compare_files(&first.join(path), &second.join(path))?;
        differences.extend(how.map(|how| difference(path, how)));
    }
    let missing = of_second.iter().filter(|path| only(path, &of_first));
    differences.extend(missing.map(|path| difference(path, DifferenceKind::OnlySecond)));
    if differences.is_empty() {
        return Ok(ShadowComparison::Same { files });
    }
    differences.sort();
    Ok(ShadowComparison::Differs(differences))
}

/// Files that count, relative to the unit directory and sorted.
fn list(unit_dir: &Path) -> Result<Vec<String>, FileError> {
    let mut found = Vec::new();
    let mut open = vec!["out".to_owned()];
    while let Some(folder) = open.pop() {
        let dir = unit_dir.join(&folder);
        for entry in fs::read_dir(&dir).at("list", &dir)? {
            let entry = entry.at("list", &dir)?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().at("look at", &entry.path())?.is_dir() {
                open.push(path);
            } else if counts(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn compare_files(first: &Path, second: &Path) -> Result<Option<DifferenceKind>, FileError> {
    let (a, b) = (fs::metadata(first).at("look at", first)?, fs::metadata(second).at("look at", second)?);
    if !a.is_file() || !b.is_file() {
        return Ok((a.is_file() != b.is_file()).then_some(DifferenceKind::Kind));
    }
    if a.len() != b.len() || !same_bytes(first, second)? {
        return Ok(Some(DifferenceKind::Bytes));
    }
    let executable = crate::files::is_executable;
    Ok((executable(&a) != executable(&b)).then_some(DifferenceKind::Mode))
}

/// Whether two files have the same bytes.
pub(crate) fn same_bytes(first: &Path, second: &Path) -> Result<bool, FileError> {
    const CHUNK: usize = 64 << 10;
    let mut a = File::open(first).at("open", first)?;
    let mut b = File::open(second).at("open", second)?;
    let (mut of_a, mut of_b) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
    let fill = |file: &mut File, buffer: &mut Vec<u8>| -> io::Result<usize> {
        buffer.clear();
        file.take(CHUNK as u64).read_to_end(buffer)
    };
    loop {
        let read = fill(&mut a, &mut of_a).at("read", first)?;
        fill(&mut b, &mut of_b).at("read", second)?;
        if of_a != of_b {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A unit directory with these files.
    fn unit(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("out")).unwrap();
        for (path, bytes) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        dir
    }

    fn differences(first: &[(&str, &[u8])], second: &[(&str, &[u8])]) -> Vec<(String, DifferenceKind)> {
        match compare(unit(first).path(), unit(second).path()).unwrap() {
            ShadowComparison::Same { .. } => vec![],
            ShadowComparison::Differs(files) => files.into_iter().map(|file| (file.path, file.how)).collect(),
        }
    }

    #[test]
    fn notes_of_cargo_and_rustc_do_not_count() {
        let first = unit(&[("out/a.rlib", b"x"), ("out/a.d", b"/one"), ("run/output", b"1"), ("fingerprint/f", b"1")]);
        let second = unit(&[("out/a.rlib", b"x"), ("out/a.d", b"/two"), ("fingerprint/f", b"2")]);
        assert_eq!(compare(first.path(), second.path()).unwrap(), ShadowComparison::Same { files: 1 });
    }

    #[test]
    fn every_difference_is_named() {
        let found = differences(
            &[("out/same", b"x"), ("out/bytes", b"abc"), ("out/length", b"a"), ("out/first", b""), ("out/d/x", b"1")],
            &[("out/same", b"x"), ("out/bytes", b"abd"), ("out/length", b"aa"), ("out/second", b""), ("out/d/x", b"2")],
        );
        let expected = [
            ("out/bytes", DifferenceKind::Bytes),
            ("out/d/x", DifferenceKind::Bytes),
            ("out/first", DifferenceKind::OnlyFirst),
            ("out/length", DifferenceKind::Bytes),
            ("out/second", DifferenceKind::OnlySecond),
        ];
        assert_eq!(found, expected.map(|(path, how)| (path.to_owned(), how)));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_modes_count_and_dangling_links_are_errors() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let (stored, first, second) = (unit(&[("out/a", b"x")]), unit(&[]), unit(&[("out/a", b"x")]));
        symlink(stored.path().join("out/a"), first.path().join("out/a")).unwrap();
        assert_eq!(compare(first.path(), second.path()).unwrap(), ShadowComparison::Same { files: 1 });
        fs::set_permissions(second.path().join("out/a"), fs::Permissions::from_mode(0o755)).unwrap();
        let mode = FileDifference { path: "out/a".into(), how: DifferenceKind::Mode };
        assert_eq!(compare(first.path(), second.path()).unwrap(), ShadowComparison::Differs(vec![mode]));
        fs::remove_file(stored.path().join("out/a")).unwrap();
        assert!(compare(first.path(), second.path()).is_err());
    }

    #[test]
    fn a_difference_is_a_wrong_hit_only_when_compiles_agree() {
        let same = ShadowComparison::Same { files: 1 };
        let differs = ShadowComparison::Differs(vec![]);
        let judged =
            |hit: &ShadowComparison, twice: &ShadowComparison| judge(hit, || Ok::<_, ()>(twice.clone())).unwrap();
        assert_eq!(judged(&same, &differs), ShadowVerdict::Same);
        assert_eq!(judged(&differs, &same), ShadowVerdict::Differs);
        assert_eq!(judged(&differs, &differs), ShadowVerdict::NonDeterministic);
        assert_eq!(judge(&same, || Err("not asked")), Ok(ShadowVerdict::Same));
        assert_eq!(judge(&differs, || Err("asked")), Err("asked"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn one_flipped_byte_is_found_anywhere(len in 1usize..200_000, at in any::<prop::sample::Index>(), flip in 1u8..) {
            let bytes = vec![7u8; len];
            let mut other = bytes.clone();
            other[at.index(len)] ^= flip;
            prop_assert_eq!(differences(&[("out/a", &bytes)], &[("out/a", &bytes)]), vec![]);
            let found = differences(&[("out/a", &bytes)], &[("out/a", &other)]);
            prop_assert_eq!(found, vec![("out/a".to_owned(), DifferenceKind::Bytes)]);
        }
    }
}
