//! Programs and files that flags and configuration name: rustc reads what they contain, and
//! Cargo hashes their paths at most.

use std::path::{Path, PathBuf};

use super::FieldHasher;
use crate::files;

/// A text that may name programs and files, and the directory that it is relative to.
pub(super) type Named = (String, PathBuf);

/// The digest of every file that the texts name, in hexadecimal; empty where they name none.
/// A word without a slash is looked for on `path`.
pub(super) fn digest(named: &[Named], path: &str) -> String {
    let mut found: Vec<PathBuf> = named.iter().flat_map(|(text, base)| files_in(text, base, path)).collect();
    if found.is_empty() {
        return String::new();
    }
    found.sort();
    found.dedup();
    let mut hasher = FieldHasher::new("tools");
    for file in found {
        hasher.field("path", file.as_os_str().as_encoded_bytes());
        match files::hash(&file) {
            Ok(content) => hasher.digest("content", &content),
            Err(_) => hasher.field("content", "unreadable"),
        };
    }
    hasher.finish().hex()
}

/// The files that a text names: words, and what follows `=`, `,` or `@` in them.
fn files_in(text: &str, base: &Path, path: &str) -> Vec<PathBuf> {
    let words = text.split(|c: char| c.is_whitespace() || c == '\u{1f}').filter(|word| !word.is_empty());
    let parts = words.flat_map(|word| {
        let after = word.match_indices(['=', ',', '@']).map(|(at, _)| &word[at + 1..]);
        // `-Wl,-T/x.ld`: the path is glued to the flag.
        let glued = word.find("/").filter(|at| *at > 0 && word.starts_with('-')).map(|at| &word[at..]);
        [word].into_iter().chain(after).chain(glued)
    });
    let found = parts.filter_map(|part| {
        let part = part.split(',').next().unwrap_or(part);
        match part.contains(std::path::is_separator) {
            true => Some(base.join(part)).filter(|file| file.is_file()),
            false => std::env::split_paths(path).map(|dir| dir.join(part)).find(|file| file.is_file()),
        }
    });
    found.collect()
}

/// The identity of a compiler: what it says of itself, its program, and name and size
/// of each of its libraries, the names of which hold a hash. Two compilers can say the same.
pub fn compiler_identity(rustc: &Path, sysroot: &Path, host: &str, verbose: &str) -> String {
    let mut lines = vec![verbose.to_owned()];
    lines.extend(files::hash(rustc).ok().map(|program| program.hex()));
    let own = sysroot.join("lib/rustlib").join(host).join("lib");
    for (folder, in_rustlib) in [(sysroot.join("lib"), false), (own, true)] {
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let described = files.filter_map(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            // `lib` may be that of the whole system.
            let is_compilers = in_rustlib || ["rustc_driver", "LLVM", "std-"].iter().any(|it| name.contains(it));
            let meta = file.metadata().ok().filter(|meta| is_compilers && meta.is_file())?;
            Some(format!("{name} {}", meta.len()))
        });
        let first = lines.len();
        lines.extend(described);
        lines[first..].sort();
    }
    lines.join("\n")
}

/// Whether a text asks for code that fits the processor it is compiled on.
pub(super) fn is_native((text, _): &Named) -> bool {
    text.split(|c: char| c.is_whitespace() || c == '\u{1f}').any(|word| word.ends_with("cpu=native"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_named_files_counts() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ld.sh"), "one").unwrap();
        let named = |text: &str| vec![(text.to_owned(), dir.path().to_owned())];
        let path = dir.path().display().to_string();
        let texts = ["./ld.sh".to_owned(), "-Clinker=./ld.sh".to_owned(), format!("-Clink-arg=-T{path}/ld.sh")];
        let texts = texts.into_iter().chain(["ld.sh".to_owned(), "-C\u{1f}link-args=-Wl,./ld.sh,-x".to_owned()]);
        for text in texts {
            std::fs::write(dir.path().join("ld.sh"), "one").unwrap();
            let one = digest(&named(&text), &path);
            std::fs::write(dir.path().join("ld.sh"), "two").unwrap();
            assert!(!one.is_empty(), "{text}");
            assert_ne!(one, digest(&named(&text), &path), "{text}");
        }
        assert_eq!(digest(&named("-Copt-level=3 --cfg=x"), &path), "");
    }

    #[test]
    fn native_asks_for_the_processor() {
        let named = |text: &str| (text.to_owned(), PathBuf::new());
        assert!(is_native(&named("-g -Ctarget-cpu=native")) && is_native(&named("-C\u{1f}target-cpu=native")));
        assert!(!is_native(&named("-Ctarget-cpu=x86-64-v3")));
    }
}
