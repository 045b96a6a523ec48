//! Programs and files that flags and configuration name: rustc reads what they contain, and
//! Cargo hashes their paths at most.

use std::path::{Path, PathBuf};

use super::{Digest, FieldHasher};
use crate::files::{self, changed_at};
use crate::parallel;

/// A text that may name programs and files, and the directory that it is relative to.
pub(super) type Named = (String, PathBuf);

/// Values of flags, such as `-Cforce-frame-pointers=yes`, that are also the names of programs.
const YES_OR_NO: [&str; 3] = ["yes", "true", "false"];

/// The digest of every file that the texts name, in hexadecimal; empty where they name none.
/// A word without a slash is looked for on `path`, too.
pub(super) fn digest(named: &[Named], path: &str, is_left_out: &dyn Fn(&Path) -> bool) -> String {
    let on_path = |word: &str| {
        let mut files = std::env::split_paths(path).map(|dir| dir.join(word)).filter(|file| file.is_file());
        files.next().filter(|_| !word.contains(std::path::is_separator))
    };
    let names = named.iter().flat_map(|(text, _)| words(text).flat_map(parts));
    let programs = names.filter(|name| !YES_OR_NO.contains(name)).filter_map(on_path);
    // `-L` and its directory may be two texts.
    let lists = named.chunk_by(|(_, one), (_, other)| one == other);
    let files = lists.flat_map(|list| named_in(list.iter().flat_map(|(text, _)| words(text)), &[&list[0].1]));
    let mut found: Vec<PathBuf> = programs.chain(files).filter(|it| !is_left_out(it)).collect();
    if found.is_empty() {
        return String::new();
    }
    found.sort();
    found.dedup();
    let mut hasher = FieldHasher::new("tools");
    for path in found {
        hasher.field("path", path.as_os_str().as_encoded_bytes());
        let content = |path: &Path| files::hash(path).ok();
        match if path.is_dir() { Some(directory(&path, &content)) } else { content(&path) } {
            Some(content) => hasher.digest("content", &content),
            None => hasher.field("content", "unreadable"),
        };
    }
    hasher.finish().hex()
}

fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c == '\u{1f}').filter(|word| !word.is_empty())
}

/// What may be a path in an argument: all of it, what follows `=`, `,` or `@`, and what is glued to a flag (`-Wl,-T/x.ld`,
/// `-Tx.ld`).
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let after = word.match_indices(['=', ',', '@']).map(|(at, _)| &word[at + 1..]);
    let glued = word.find('/').filter(|at| *at > 0 && word.starts_with('-')).map(|at| &word[at..]);
    let parts = [word].into_iter().chain(after).chain(glued);
    parts.flat_map(|part| {
        let part = part.split(',').next().unwrap_or(part);
        [Some(part), part.get(2..).filter(|_| part.starts_with('-'))].into_iter().flatten().filter(|it| !it.is_empty())
    })
}

/// The files that arguments name, and the directories that they have searched (`-L`, `--sysroot`), relative to any of
/// `bases`; and what the argument files among them name.
pub(super) fn named_in<'a>(arguments: impl DoubleEndedIterator<Item = &'a str>, bases: &[&Path]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open: Vec<String> = arguments.rev().map(str::to_owned).collect();
    let mut searches = false;
    while let Some(word) = open.pop() {
        for path in parts(&word).flat_map(|part| bases.iter().map(move |base| base.join(part))) {
            if path.is_file() && !found.contains(&path) {
                let lists = word.contains('@').then(|| std::fs::read_to_string(&path).unwrap_or_default());
                open.extend(words(&lists.unwrap_or_default()).rev().map(str::to_owned));
                found.push(path);
            } else if path.is_dir() && (searches || word.contains("-L")) {
                found.push(path);
            } else if let Ok(targets) = path.join("lib/rustlib").read_dir() {
                found.extend(targets.flatten().map(|target| target.path().join("lib")));
            }
        }
        searches = word.ends_with("-L");
    }
    found
}

/// The files of a directory that is searched for libraries, in a fixed order: any of them may be what is looked for.
pub(super) fn files_of(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// Bytes of a searched directory up to which its files are read; of a larger one, times of change stand for contents.
const READ_LIMIT: u64 = 256 << 20;

/// The digest of the files in a searched directory.
pub(super) fn directory(dir: &Path, content: &dyn Fn(&Path) -> Option<Digest>) -> Digest {
    let files: Vec<_> = files_of(dir).into_iter().filter_map(|file| Some((file.metadata().ok()?, file))).collect();
    let is_read = files.iter().map(|(meta, _)| meta.len()).sum::<u64>() <= READ_LIMIT;
    let mut hasher = FieldHasher::new("searched directory");
    for (meta, file) in &files {
        hasher.field("name", file.file_name().unwrap_or_default().as_encoded_bytes());
        match is_read.then(|| content(file)).flatten() {
            Some(content) => hasher.digest("content", &content),
            None => hasher.field("changed", format!("{} {:?}", meta.len(), changed_at(meta))),
        };
    }
    hasher.finish()
}

/// The identity of a compiler: what it says of itself, its program, and name and size
/// of each of its libraries, the names of which hold a hash. Two compilers can say the same.
pub fn compiler_identity(rustc: &Path, sysroot: &Path, host: &str, verbose: &str) -> String {
    let mut lines = vec![verbose.to_owned()];
    lines.extend(files::hash(rustc).ok().map(|program| program.hex()));
    lines.extend(libraries(sysroot, host).iter().map(|(path, size)| format!("{} {size}", name_of(path))));
    lines.join("\n")
}

/// What a compiler's libraries contain, half a gigabyte.
pub fn compiler_contents(sysroot: &Path, host: &str) -> Digest {
    let mut hasher = FieldHasher::new("libraries");
    for (path, content) in parallel::map(&libraries(sysroot, host), |(path, _)| (name_of(path), files::hash(path).ok()))
    {
        hasher.field("name", path);
        content.iter().for_each(|content| _ = hasher.digest("content", content));
    }
    hasher.finish()
}

/// The libraries of a compiler and of what it compiles for its host, with their sizes.
fn libraries(sysroot: &Path, host: &str) -> Vec<(PathBuf, u64)> {
    let own = sysroot.join("lib/rustlib").join(host).join("lib");
    let of_folder = |(folder, in_rustlib): (PathBuf, bool)| {
        let paths = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
        // `lib` may be that of the whole system.
        let is_compilers =
            |path: &PathBuf| in_rustlib || ["rustc_driver", "LLVM", "std-"].iter().any(|it| name_of(path).contains(it));
        let sized = paths.filter(is_compilers).filter_map(|path| {
            let meta = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
            Some((path, meta.len()))
        });
        let mut found: Vec<(PathBuf, u64)> = sized.collect();
        found.sort();
        found
    };
    [(sysroot.join("lib"), false), (own, true)].into_iter().flat_map(of_folder).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
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
            let one = digest(&named(&text), &path, &|_| false);
            std::fs::write(dir.path().join("ld.sh"), "two").unwrap();
            assert!(!one.is_empty(), "{text}");
            assert_ne!(one, digest(&named(&text), &path, &|_| false), "{text}");
        }
        std::fs::write(dir.path().join("yes"), "a program").unwrap();
        assert_eq!(digest(&[("-Cforce-frame-pointers=yes".to_owned(), "/".into())], &path, &|_| false), "");
        assert_eq!(digest(&named("-Copt-level=3 --cfg=x"), &path, &|_| false), "");
    }

    #[test]
    fn what_is_searched_or_listed_counts() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("lib")).unwrap();
        for (file, text) in [("lib/liba.a", ""), ("b.a", ""), ("list", "b.a -Llib"), ("c.ld", "")] {
            std::fs::write(dir.path().join(file), text).unwrap();
        }
        let named = |arguments: &[&str]| {
            let mut found = named_in(arguments.iter().copied(), &[dir.path()]);
            found.sort();
            found.iter().map(|it| it.strip_prefix(dir.path()).unwrap().display().to_string()).collect::<Vec<_>>()
        };
        for searching in [&["-Llib"][..], &["-Lnative=lib"], &["-L", "lib"], &["-Clink-arg=-Llib"]] {
            assert_eq!(named(searching), ["lib"], "{searching:?}");
        }
        assert_eq!(named(&["-Wl,-Tc.ld"]), ["c.ld"]);
        assert_eq!(named(&["@list"]), ["b.a", "lib", "list"]);
        assert!(named(&["lib", "-C", "-nostdlib"]).is_empty());
        let two = ["-L", "lib"].map(|text| (text.to_owned(), dir.path().to_owned()));
        assert!(!digest(&two, "", &|_| false).is_empty());
        let digest = || directory(&dir.path().join("lib"), &|file| files::hash(file).ok());
        let before = digest();
        std::fs::write(dir.path().join("lib/liba.a"), "x").unwrap();
        assert_ne!(before, digest());
    }

    #[test]
    fn native_asks_for_the_processor() {
        let named = |text: &str| (text.to_owned(), PathBuf::new());
        assert!(is_native(&named("-g -Ctarget-cpu=native")) && is_native(&named("-C\u{1f}target-cpu=native")));
        assert!(!is_native(&named("-Ctarget-cpu=x86-64-v3")));
    }
}
