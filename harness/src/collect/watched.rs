//! What a build script watches, as far as its source tells.
//!
//! `rerun-if-changed=` with the path written out beside it is understood; a path that is put
//! together while the script runs is not, and neither is whether the line is reached at all.

/// Watched paths, relative to the package, a line each; `.` for a script that names nothing, since
/// Cargo then runs it again when anything in its package changes.
pub fn watched(source: &str) -> String {
    if !source.contains("rerun-if-") {
        return ".".to_owned();
    }
    let mut paths: Vec<&str> = source
        .split("rerun-if-changed=")
        .skip(1)
        .filter_map(|rest| rest.split_once(['"', '\\', '\n']).map(|(path, _)| path))
        .filter(|path| !path.is_empty() && !path.contains(['{', '}']))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_out_is_understood() {
        assert_eq!(watched("fn main() {}"), ".");
        let script = r#"println!("cargo:rerun-if-changed=src/"); println!("cargo::rerun-if-changed=build.rs\n");"#;
        assert_eq!(watched(script), "build.rs\nsrc/");
        assert_eq!(watched(r#"println!("cargo:rerun-if-changed={path}");"#), "");
        assert_eq!(watched(r#"println!("cargo:rerun-if-env-changed=CC");"#), "");
    }
}
