//! What a build script asked Cargo to watch: its `rerun-if-*` directives
//! (the Cargo book, "Build Scripts", change detection).

/// The directives of one run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// `rerun-if-changed` paths, relative to the package root or absolute.
    pub paths: Vec<String>,
    /// `rerun-if-env-changed` variables.
    pub env: Vec<String>,
}

impl Watched {
    /// Without any directive Cargo watches every file of the package.
    pub fn is_whole_package(&self) -> bool {
        self.paths.is_empty() && self.env.is_empty()
    }
}

/// Reads the directives from a script's standard output.
pub fn parse(stdout: &[u8]) -> Watched {
    let mut watched = Watched::default();
    for line in String::from_utf8_lossy(stdout).lines() {
        let directive = line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:"));
        let Some((name, value)) = directive.and_then(|directive| directive.split_once('=')) else { continue };
        match name {
            "rerun-if-changed" => watched.paths.push(value.trim_end().to_owned()),
            "rerun-if-env-changed" => watched.env.push(value.trim_end().to_owned()),
            _ => {}
        }
    }
    for list in [&mut watched.paths, &mut watched.env] {
        list.sort();
        list.dedup();
    }
    watched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_other_output_is_not() {
        let watched = parse(b"hello\ncargo:rerun-if-changed=build.rs\ncargo::rerun-if-env-changed=CC\ncargo:rustc-cfg=x\ncargo:rerun-if-changed=build.rs\n");
        assert_eq!(watched.paths, ["build.rs"]);
        assert_eq!(watched.env, ["CC"]);
        assert!(parse(b"cargo:rustc-cfg=x\n").is_whole_package());
    }
}
