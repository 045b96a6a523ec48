//! Checksums and git commits from `Cargo.lock`.
//!
//! The file is written by Cargo in one fixed shape, a `[[package]]` table with one key a
//! line; reading just these lines takes a tenth of a TOML parser's time, and planning pays
//! it on every build.

use std::collections::HashMap;

/// `(name, version)` → checksum, or for git packages the source with its commit.
pub fn checksums(lock: &str) -> HashMap<(String, String), String> {
    let mut found = HashMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'))
        };
        let (Some(name), Some(version)) = (value("name"), value("version")) else { continue };
        let git = value("source").filter(|source| source.starts_with("git+"));
        if let Some(identity) = value("checksum").or(git) {
            // Two sources may offer the same name and version; then both identities count.
            let known: &mut String = found.entry((name.to_owned(), version.to_owned())).or_default();
            known.push_str(identity);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_and_commits_are_found() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"00ff\"\ndependencies = [\n \"b\",\n]\n\n\
                    [[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"git+file:///r#abc\"\n\n[[package]]\nname = \"me\"\nversion = \"0.1.0\"\n";
        let found = checksums(lock);
        assert_eq!(found[&("a".to_owned(), "1.0.0".to_owned())], "00ff");
        assert_eq!(found[&("b".to_owned(), "2.0.0".to_owned())], "git+file:///r#abc");
        assert_eq!(found.len(), 2);
    }
}
