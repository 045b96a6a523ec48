//! `harness store` from outside: what it prints, and its exit codes.

use std::path::Path;

use crate::support::{CommandOutput, harness_command};
use strategies::store::ALL;

fn harness(args: &[&str], store: &Path) -> (Option<i32>, String) {
    let said = CommandOutput::of(harness_command().args(args).arg("--store").arg(store).output().unwrap());
    (said.code, said.stdout + &said.stderr)
}

#[test]
fn a_directory_without_a_store_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for command in ["stats", "verify", "collect"] {
        let (code, text) = harness(&["store", command], dir.path());
        assert_eq!(code, Some(2), "{text}");
        assert!(text.starts_with("error: ") && text.contains("is not a store") && text.lines().count() == 1, "{text}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn damage_is_exit_code_one_until_it_is_collected() {
    for kind in ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = kind.open(dir.path()).unwrap();
        assert_eq!(harness(&["store", "verify"], dir.path()).0, Some(0));
        let key = strategies::key::Key::of(b"key");
        let manifest = store.manifest(&key);
        std::fs::create_dir_all(manifest.parent().unwrap()).unwrap();
        std::fs::write(&manifest, "{").unwrap();
        let (code, text) = harness(&["store", "verify"], dir.path());
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(&key.hex()), "{text}");

        for limit in [&["--max-size", "1GiB"][..], &["--snapshots"]] {
            let args = [&["store", "collect", "--dry-run"], limit].concat();
            let (code, text) = harness(&args, dir.path());
            assert_eq!(code, Some(0), "{text}");
        }
        assert!(manifest.exists(), "a dry run removes nothing");
        let (code, text) = harness(&["store", "collect", "--max-age", "30d"], dir.path());
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("1 damaged removed"), "{text}");
        assert_eq!(harness(&["store", "verify"], dir.path()).0, Some(0));
        assert_eq!(harness(&["store", "stats"], dir.path()).0, Some(0));
    }
}

#[test]
fn a_store_in_use_is_said_to_be() {
    let dir = tempfile::tempdir().unwrap();
    let store = ALL[0].open(dir.path()).unwrap();
    let _lock = store.root().lock_shared().unwrap();
    let (code, text) = harness(&["store", "collect", "--no-wait"], dir.path());
    assert_eq!(code, Some(2));
    assert!(text.contains("a build is using the store"), "{text}");
    assert_eq!(harness(&["store", "stats"], dir.path()).0, Some(0), "looking needs no waiting");
}

#[test]
fn quantities_need_units() {
    let dir = tempfile::tempdir().unwrap();
    for args in [["--max-size", "5"], ["--max-age", "30"]] {
        let (code, text) = harness(&["store", "collect", args[0], args[1]], dir.path());
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("a number and a unit"), "{text}");
    }
}
