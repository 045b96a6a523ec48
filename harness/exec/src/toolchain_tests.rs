use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn the_default_toolchain_is_resolved_behind_the_proxies() {
    let toolchain = Toolchain::find(None).unwrap();
    assert!(toolchain.cargo_version >= MINIMUM_CARGO);
    assert!(toolchain.rustc.starts_with(&toolchain.sysroot), "{toolchain:?}");
    if let Some(rustup) = on_path("rustup") {
        assert!(!is_proxy(&toolchain.cargo, &rustup), "{} is a proxy", toolchain.cargo.display());
    }
    assert!(toolchain.cargo_verbose.starts_with("cargo 1."));
}

#[test]
fn an_unknown_name_lists_the_installed_ones() {
    if on_path("rustup").is_none() {
        skip::skip("toolchains behind rustup", "there is no rustup on PATH: install Rust by rustup");
        return;
    }
    let error = Toolchain::find(Some("1.0.0-nowhere")).unwrap_err();
    let ToolchainError::Unknown { installed, .. } = &error else { panic!("{error}") };
    assert!(!installed.is_empty());
    assert!(error.to_string().contains(&installed[0]), "{error}");
}

#[test]
fn rustups_full_names_are_known_by_their_channel() {
    assert!(is_called("nightly-x86_64-unknown-linux-gnu", "nightly"));
    assert!(is_called("mine", "mine"));
    assert!(!is_called("1.95.1-x86_64", "1.95"), "rustup would say 1.95.1");
}

fn fake(dir: &Path, name: &str, script: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_cargo_too_old_is_refused_with_the_needed_version() {
    let dir = tempfile::tempdir().unwrap();
    let cargo = fake(dir.path(), "cargo", "printf 'cargo 1.94.1 (x)\\nrelease: 1.94.1\\n'");
    let error = Toolchain::at(None, cargo, "/none".into()).unwrap_err().to_string();
    assert!(error.contains("is Cargo 1.94.1") && error.contains("1.95.0"), "{error}");
}

#[test]
fn a_cargo_that_fails_or_babbles_is_quoted() {
    let dir = tempfile::tempdir().unwrap();
    let broken = fake(dir.path(), "broken", "echo first >&2; echo out of luck >&2; exit 3");
    let error = Toolchain::at(None, broken, "/none".into()).unwrap_err().to_string();
    assert!(error.ends_with("failed: out of luck"), "{error}");
    let strange = fake(dir.path(), "strange", "echo hello");
    let error = Toolchain::at(None, strange, "/none".into()).unwrap_err().to_string();
    assert!(error.contains("cannot read a version") && error.contains("hello"), "{error}");
}

#[test]
fn path_is_searched_in_order_for_executables_only() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(first.path().join("cargo"), "not executable").unwrap();
    let cargo = fake(second.path(), "cargo", "");
    let path = std::env::join_paths([first.path(), second.path()]).unwrap();
    assert_eq!(find_in("cargo", &path), Some(cargo));
    assert_eq!(find_in("rustc", &path), None);
}

const STABLE: &str = "cargo 1.95.0 (f2d3ce0bd 2026-03-21)\nrelease: 1.95.0\n\
    commit-hash: f2d3ce0bd\nhost: x86_64-unknown-linux-gnu\nos: Debian 12 [64-bit]\n";
const NIGHTLY: &str = "cargo 1.100.0-nightly (cea272fa3 2026-09-07)\n\
    release: 1.100.0-nightly\nhost: aarch64-apple-darwin\n";

#[test]
fn releases_are_read_and_other_texts_are_not_versions() {
    let version = |minor| Version::new(1, minor, 0);
    assert_eq!(parse_cargo_version(STABLE), Some((version(95), "stable")));
    assert_eq!(parse_cargo_version(NIGHTLY), Some((version(100), "nightly")));
    assert_eq!(channel_of("1.100.0-beta.5"), "beta");
    assert_eq!(channel_of("1.97.0-dev"), "dev");
    assert!(version(95) < version(100), "numbers, not text");
    assert_eq!(field(NIGHTLY, "host"), Some("aarch64-apple-darwin"));
    for text in ["", "1.95", "1.95.x", "1.2.3.4", "cargo 1.95.0"] {
        assert_eq!(number_of(text), None, "{text:?}");
    }
    assert_eq!(parse_cargo_version("something else\n"), None);
}
