//! Edits are new every time, do not pile up, and can be taken back to the byte.

use std::collections::HashSet;
use std::process::Command;

use proptest::prelude::*;

use super::*;

fn any_edit() -> impl Strategy<Value = Edit> {
    prop::sample::select(Edit::ALL.to_vec())
}

proptest! {
    #[test]
    fn the_original_comes_back(
        text in "(\\PC|\n|\r){0,80}",
        edits in prop::collection::vec((any_edit(), any::<u64>()), 1..6),
    ) {
        let mut now = text.clone();
        for (edit, nonce) in edits {
            now = edited(&now, "x.rs", edit, Nonce(nonce)).text;
        }
        prop_assert_eq!(edited(&now, "x.rs", Edit::Back, Nonce(0)).text, text);
    }

    #[test]
    fn content_is_never_the_same_twice(
        text in "(\\PC|\n){0,80}",
        edit in any_edit().prop_filter("adds", |edit| *edit != Edit::Back),
        nonces in prop::collection::hash_set(any::<u64>(), 2..6),
    ) {
        let count = nonces.len();
        let mut seen = HashSet::from([text.clone()]);
        let mut now = text;
        for nonce in nonces {
            let new = edited(&now, "x.rs", edit, Nonce(nonce));
            now = new.text.clone();
            seen.insert(new.text);
        }
        prop_assert_eq!(seen.len(), count + 1);
    }

    #[test]
    fn edits_do_not_pile_up(text in "(\\PC|\n){0,80}", edit in any_edit(), a: u64, b: u64) {
        let once = edited(&text, "x.rs", edit, Nonce(b));
        let first = edited(&text, "x.rs", Edit::NewFile, Nonce(a));
        prop_assert_eq!(edited(&first.text, "x.rs", edit, Nonce(b)), once);
    }

    #[test]
    fn the_file_beside_is_found_again(stem in "[a-z_]{1,9}", nonce: u64) {
        let name = format!("{stem}.rs");
        let new = edited("", &name, Edit::NewFile, Nonce(nonce));
        let (beside, _) = new.beside.unwrap();
        prop_assert_eq!(beside_of(&new.text, &name), Some(beside.into()));
    }
}

#[test]
fn names_are_those_of_serde() {
    for edit in Edit::ALL {
        let text = serde_json::to_string(&edit).unwrap();
        assert_eq!(text, format!("\"{}\"", edit.name()));
    }
}

#[test]
fn fresh_nonces_differ() {
    let drawn: HashSet<_> = (0..10_000).map(|_| Nonce::fresh()).collect();
    assert_eq!(drawn.len(), 10_000);
}

#[test]
fn a_foreign_path_line_names_no_file_of_ours() {
    for named in ["../x.rs", "x.rs", "x__harness_edit_zz.rs"] {
        let text = format!("{BEGIN}#[path = \"{named}\"]\nmod m;\n{END}");
        assert_eq!(beside_of(&text, "x.rs"), None, "{named}");
    }
}

#[test]
fn applied_edits_are_newer_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lib.rs");
    fs::write(&file, "fn f() {}").unwrap();
    let time = || fs::metadata(&file).unwrap().modified().unwrap();
    // A file from the future is no excuse.
    let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
    fs::File::options().append(true).open(&file).unwrap().set_modified(ahead).unwrap();
    for (n, edit) in Edit::ALL.into_iter().enumerate() {
        let before = time();
        assert!(apply(dir.path(), Path::new("lib.rs"), edit, Nonce(n as u64)).unwrap());
        assert!(time() > before, "{edit:?}");
        let files = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(files, if edit == Edit::NewFile { 2 } else { 1 }, "{edit:?}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"fn f() {}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    let before = time();
    assert!(!apply(dir.path(), Path::new("lib.rs"), Edit::Back, Nonce(9)).unwrap() && time() == before);
}

#[test]
fn a_file_outside_the_tree_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(dir.path().join("out.rs"), "x").unwrap();
    std::os::unix::fs::symlink("../out.rs", tree.join("in.rs")).unwrap();
    for file in ["../out.rs", "in.rs"] {
        let error = apply(&tree, Path::new(file), Edit::Comment, Nonce(1)).unwrap_err();
        assert!(matches!(error, EditError::Outside(..)), "{error}");
    }
    assert_eq!(fs::read(dir.path().join("out.rs")).unwrap(), b"x");
}

/// Every edit compiles where all lints are denied, in a library and in a binary, and in a
/// module that is not the crate root.
#[test]
fn edits_compile_under_the_strictest_lints() {
    let lints = "missing_docs, warnings, unreachable_pub, unused, unused_qualifications";
    let head = format!("//! Docs.\n#![deny({lints})]\n#![forbid(unsafe_code, dead_code)]\n");
    for edit in Edit::ALL {
        for (kind, edition) in [("lib", "2015"), ("bin", "2018"), ("lib", "2024")] {
            let dir = tempfile::tempdir().unwrap();
            let main = if kind == "bin" { "mod part;\nfn main() {}" } else { "mod part;" };
            fs::write(dir.path().join("root.rs"), format!("{head}{main}")).unwrap();
            fs::write(dir.path().join("part.rs"), "//! Part. // no newline at its end").unwrap();
            for file in ["root.rs", "part.rs"] {
                apply(dir.path(), Path::new(file), edit, Nonce::fresh()).unwrap();
            }
            let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
            let output = Command::new(rustc)
                .args(["--crate-type", kind, "--edition", edition, "root.rs"])
                .current_dir(dir.path())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{edit:?} in a {kind}: {said}");
        }
    }
}
