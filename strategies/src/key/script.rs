//! What a build script asked Cargo to watch: its `rerun-if-*` directives
//! (the Cargo book, "Build Scripts", change detection).

use std::path::{Path, PathBuf};

/// The directives of one run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// `rerun-if-changed` paths, relative to the package root or absolute.
    pub paths: Vec<String>,
    /// `rerun-if-env-changed` variables.
    pub env: Vec<String>,
    /// Libraries to link that may be static, by name.
    pub libraries: Vec<String>,
    /// Libraries to link by the exact name of the file (`+verbatim`).
    pub verbatim: Vec<String>,
    /// Directories to look for them in, relative to the package root or absolute.
    pub searched: Vec<String>,
    /// Arguments of the linker: files in them are relative to where rustc runs, or absolute.
    pub linked: Vec<String>,
    /// All of the output.
    pub printed: String,
}

impl Watched {
    /// Without any directive Cargo watches every file of the package.
    pub fn is_whole_package(&self) -> bool {
        self.paths.is_empty() && self.env.is_empty()
    }

    /// The first watched path that is not there, if any: Cargo then always runs the script.
    pub fn missing(&self, root: &Path) -> Option<PathBuf> {
        self.paths.iter().map(|path| root.join(path)).find(|path| !path.exists())
    }

    /// Possible paths of the static libraries that rustc has to link.
    pub fn static_libraries(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let names = self.libraries.iter().flat_map(|name| [format!("lib{name}.a"), format!("{name}.lib")]);
        let names = names.chain(self.verbatim.iter().cloned());
        names.flat_map(|file| self.searched.iter().map(move |dir| Path::new(dir).join(&file)))
    }

    fn flags(&mut self, flags: &str) {
        let mut words = flags.split_whitespace();
        while let Some(word) = words.next() {
            let (flag, rest) = word.split_at(word.len().min(2));
            let value = if rest.is_empty() { words.next().unwrap_or_default() } else { rest };
            match flag {
                "-l" => self.library(value),
                "-L" => self.search(value),
                _ => {}
            }
        }
    }

    /// `[KIND[:MODIFIERS]=]NAME[:RENAME]`, as for `rustc -l`.
    fn library(&mut self, value: &str) {
        let (kind, name) = value.split_once('=').unwrap_or(("", value));
        if !kind.starts_with("dylib") && !kind.starts_with("framework") && !kind.starts_with("link-arg") {
            let verbatim = kind.split([':', ',']).any(|modifier| modifier == "+verbatim");
            let list = if verbatim { &mut self.verbatim } else { &mut self.libraries };
            list.push(name.split(':').next().unwrap_or(name).to_owned());
        }
    }

    /// `[KIND=]PATH`, as for `rustc -L`.
    fn search(&mut self, value: &str) {
        let kinds = ["native", "all", "dependency", "crate", "framework"];
        let path = value.split_once('=').filter(|(kind, _)| kinds.contains(kind)).map_or(value, |(_, path)| path);
        self.searched.push(path.to_owned());
    }
}

/// Reads the directives from a script's standard output.
pub fn parse(stdout: &[u8]) -> Watched {
    let printed = String::from_utf8_lossy(stdout).into_owned();
    let mut watched = Watched::default();
    for line in printed.lines() {
        let directive = line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:"));
        let Some((name, value)) = directive.and_then(|directive| directive.split_once('=')) else { continue };
        match name {
            "rerun-if-changed" => watched.paths.push(value.trim_end().to_owned()),
            "rerun-if-env-changed" => watched.env.push(value.trim_end().to_owned()),
            "rustc-link-lib" => watched.library(value.trim_end()),
            "rustc-link-search" => watched.search(value.trim_end()),
            "rustc-flags" => watched.flags(value),
            // For all targets or for some: `rustc-link-arg-bins`, `rustc-cdylib-link-arg`.
            _ if name.contains("link-arg") => watched.linked.push(value.trim_end().to_owned()),
            _ => {}
        }
    }
    let Watched { paths, env, libraries, verbatim, searched, .. } = &mut watched;
    for list in [paths, env, libraries, verbatim, searched] {
        list.sort();
        list.dedup();
    }
    watched.printed = printed;
    watched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_libraries_are_found_where_rustc_looks() {
        let lines = "cargo::rustc-link-lib=static:+whole-archive=a\ncargo:rustc-link-lib=dylib=z\n\
                     cargo:rustc-flags=-l b -Lnative=/flags\ncargo::rustc-link-search=native=/dir\n";
        let watched = parse(lines.as_bytes());
        assert_eq!(watched.libraries, ["a", "b"]);
        assert_eq!(watched.searched, ["/dir", "/flags"]);
        let files: Vec<PathBuf> = watched.static_libraries().collect();
        assert!(files.contains(&"/dir/liba.a".into()) && files.contains(&"/flags/b.lib".into()), "{files:?}");
        assert!(watched.is_whole_package());
    }

    #[test]
    fn libraries_have_exact_names_or_are_arguments() {
        let lines = "cargo::rustc-link-lib=static:+whole-archive,+verbatim=word.o\ncargo:rustc-link-search=/dir\n\
                     cargo::rustc-link-arg=/a/libword.a\ncargo::rustc-link-arg-bins=-Wl,--script=b.ld,-T/c.ld\n\
                     cargo::rustc-link-arg-bin=app=/d.a\n";
        let watched = parse(lines.as_bytes());
        assert_eq!(watched.static_libraries().collect::<Vec<_>>(), [PathBuf::from("/dir/word.o")]);
        assert_eq!(watched.linked, ["/a/libword.a", "-Wl,--script=b.ld,-T/c.ld", "app=/d.a"]);
    }

    #[test]
    fn a_watched_path_may_be_missing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("there"), "").unwrap();
        assert_eq!(parse(b"cargo:rerun-if-changed=there\n").missing(dir.path()), None);
        let watched = parse(b"cargo:rerun-if-changed=there\ncargo:rerun-if-changed=x\n");
        assert_eq!(watched.missing(dir.path()), Some(dir.path().join("x")));
    }

    #[test]
    fn both_spellings_are_read_and_other_output_is_not() {
        let watched = parse(b"hello\ncargo:rerun-if-changed=build.rs\ncargo::rerun-if-env-changed=CC\ncargo:rustc-cfg=x\ncargo:rerun-if-changed=build.rs\n");
        assert_eq!(watched.paths, ["build.rs"]);
        assert_eq!(watched.env, ["CC"]);
        assert!(parse(b"cargo:rustc-cfg=x\n").is_whole_package());
    }
}
