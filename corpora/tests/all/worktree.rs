//! Worktrees of working copies, as the `git` command and Cargo see them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::{TestDir, make_executable, run_git as git, write, write_package};
use corpora::worktree::{self, WorktreeError};

fn tree(place: &TestDir, name: &str) -> PathBuf {
    let tree = place.join(name);
    write_package(&tree, "1.0.0");
    fs::write(tree.join(".gitignore"), "Cargo.lock\n/ignored\n").unwrap();
    fs::write(tree.join(".gitattributes"), "* text eol=lf ident filter=shout working-tree-encoding=UTF-16LE\n")
        .unwrap();
    fs::write(tree.join("ignored"), "$Id$ one\r\ntwo\n").unwrap();
    write(&tree.join("src/target/mod.rs"), "// a module\n");
    fs::write(tree.join("run.sh"), "").unwrap();
    make_executable(&tree.join("run.sh"));
    std::os::unix::fs::symlink("src/main.rs", tree.join("link")).unwrap();
    std::os::unix::fs::symlink("src", tree.join("dir-link")).unwrap();
    tree
}

/// A working copy that is a repository already.
fn begun() -> (TestDir, PathBuf) {
    let place = TestDir::new();
    let tree = tree(&place, "tree");
    worktree::begin(&tree).unwrap();
    (place, tree)
}

/// The path, mode and content of every file, without git's own.
fn content(tree: &Path) -> Vec<(PathBuf, &'static str, Vec<u8>)> {
    let walk = walkdir::WalkDir::new(tree).sort_by_file_name().into_iter();
    let walk = walk.filter_entry(|entry| entry.file_name() != ".git").map(Result::unwrap);
    let files = walk.filter(|entry| !entry.file_type().is_dir()).map(|entry| {
        let inner = entry.path().strip_prefix(tree).unwrap().to_owned();
        match entry.path().is_symlink() {
            true => (inner, "link", fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes()),
            false => (inner, mode(entry.path()), fs::read(entry.path()).unwrap()),
        }
    });
    files.collect()
}

fn mode(path: &Path) -> &'static str {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(path).unwrap().permissions().mode() & 0o100 != 0 { "executable" } else { "plain" }
}

#[test]
fn everything_is_in_the_first_commit_and_git_sees_no_change() {
    let place = TestDir::new();
    let tree = tree(&place, "tree");
    let before = content(&tree);
    worktree::begin(&tree).unwrap();
    assert_eq!(content(&tree), before);
    assert_eq!(git(&tree, &["status", "--porcelain", "--ignored"]), "");
    let listed = git(&tree, &["-c", "core.quotePath=false", "ls-files"]);
    let mut listed: Vec<_> = listed.lines().map(PathBuf::from).collect();
    listed.sort();
    let mut names: Vec<_> = before.iter().map(|(name, ..)| name.clone()).collect();
    names.sort();
    assert_eq!(listed, names);
    assert_eq!(git(&tree, &["cat-file", "blob", "HEAD:ignored"]), "$Id$ one\r\ntwo");
    // Also when git looks into the files again.
    let old = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(tree.join("ignored")).unwrap().set_modified(old).unwrap();
    assert_eq!(git(&tree, &["status", "--porcelain"]), "");
    assert_eq!(git(&tree, &["tag"]), "");
}

#[cfg(target_os = "linux")]
#[test]
fn names_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let place = TestDir::new();
    let tree = place.join("tree");
    write_package(&tree, "1.0.0");
    for name in [&b"caf\xe9.rs"[..], b"a\\b", b"a:b", b"new\nline", b"cafe\xcc\x81"] {
        fs::write(tree.join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
    }
    worktree::begin(&tree).unwrap();
    let dest = place.join("a");
    worktree::add(&tree, &dest).unwrap();
    assert_eq!(content(&dest), content(&tree));
    worktree::commit(&dest).unwrap();
    assert_eq!(git(&dest, &["rev-list", "--count", "HEAD"]), "1");
}

#[test]
fn equal_trees_get_equal_commits() {
    let place = TestDir::new();
    let heads = ["one", "two"].map(|name| {
        let tree = tree(&place, name);
        worktree::begin(&tree).unwrap();
        fs::write(tree.join("src/main.rs"), "fn main() { /* more */ }\n").unwrap();
        worktree::commit(&tree).unwrap();
        git(&tree, &["log", "--format=%H %an %ae %at %ct %s"])
    });
    assert_eq!(heads[0], heads[1]);
    assert_eq!(heads[0].lines().count(), 2);
}

#[test]
fn a_worktree_is_the_first_commit_whatever_was_committed_later() {
    let (place, tree) = begun();
    let before = content(&tree);
    let first = git(&tree, &["rev-parse", "HEAD"]);
    fs::write(tree.join("src/main.rs"), "fn main() { /* later */ }\n").unwrap();
    worktree::commit(&tree).unwrap();
    let old = SystemTime::now() - Duration::from_secs(1);
    let dest = place.join("deep/down");
    worktree::add(&tree, &dest).unwrap();
    assert_eq!(content(&dest), before);
    assert!(fs::metadata(dest.join("src/main.rs")).unwrap().modified().unwrap() > old);
    assert_eq!(git(&dest, &["rev-parse", "HEAD"]), first);
    assert_eq!(git(&dest, &["branch", "--show-current"]), "");
    assert_eq!(git(&dest, &["status", "--porcelain", "--ignored"]), "");
    assert_eq!(git(&tree, &["branch", "--format=%(refname:short)"]), "main");
    let listed = git(&tree, &["worktree", "list", "--porcelain"]);
    assert!(listed.contains("deep/down") && listed.contains("\ndetached"), "{listed}");
    assert!(!listed.contains("prunable"), "{listed}");
}

/// A name that git refuses as a part of a reference is a fine name of a directory.
#[test]
fn a_worktree_may_have_any_name() {
    let (place, tree) = begun();
    for name in ["feature.lock", "a..b", "a.", "a-", "a", "HEAD", "1.0", "1-0", "-x", &"long".repeat(25)] {
        let dest = place.join("many").join(name);
        worktree::add(&tree, &dest).unwrap();
        fs::write(dest.join("src/main.rs"), "fn main() { /* more */ }\n").unwrap();
        worktree::commit(&dest).unwrap();
        assert_eq!(git(&dest, &["rev-list", "--count", "HEAD"]), "2", "{name}");
        assert_eq!(git(&dest, &["status", "--porcelain"]), "", "{name}");
    }
    assert_eq!(git(&tree, &["branch", "--format=%(refname:short)"]), "main");
    let listed = git(&tree, &["worktree", "list", "--porcelain"]);
    assert_eq!(listed.matches("\ndetached").count(), 10, "{listed}");
    assert_eq!(git(&tree, &["fsck", "--strict"]), "");
}

#[test]
fn cargo_builds_in_a_worktree_and_git_sees_no_change() {
    let place = TestDir::new();
    let tree = place.join("tree");
    write_package(&tree, "1.0.0");
    worktree::begin(&tree).unwrap();
    let dest = place.join("a");
    worktree::add(&tree, &dest).unwrap();
    place.cargo().run(&dest, &["build", "--locked", "--offline"]).unwrap();
    assert!(dest.join("target/debug/made-up").with_extension(std::env::consts::EXE_EXTENSION).is_file());
    assert_eq!(git(&dest, &["status", "--porcelain"]), "");
    worktree::commit(&dest).unwrap();
    assert_eq!(git(&dest, &["rev-list", "--count", "HEAD"]), "1");
}

#[test]
fn a_commit_holds_what_was_changed_added_and_removed() {
    let (place, tree) = begun();
    let first = git(&tree, &["rev-parse", "HEAD"]);
    let [a, b] = ["a", "b"].map(|name| {
        let dest = place.join(name);
        worktree::add(&tree, &dest).unwrap();
        dest
    });
    worktree::commit(&a).unwrap();
    assert_eq!(git(&a, &["rev-parse", "HEAD"]), first);
    fs::write(a.join("src/main.rs"), "fn main() { /* a */ }\n").unwrap();
    fs::write(a.join("src/target/new.rs"), "").unwrap();
    fs::write(a.join("Cargo.lock"), "# ignored, and changed\n").unwrap();
    fs::remove_file(a.join("ignored")).unwrap();
    write(&a.join("build-dir/CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55");
    fs::write(a.join("build-dir/large"), "").unwrap();
    worktree::commit(&a).unwrap();
    let changes = git(&a, &["show", "--format=", "--name-status", "--no-renames"]);
    assert_eq!(changes, "M\tCargo.lock\nD\tignored\nM\tsrc/main.rs\nA\tsrc/target/new.rs");
    for other in [&tree, &b] {
        assert_eq!(git(other, &["rev-parse", "HEAD"]), first);
        assert_eq!(git(other, &["status", "--porcelain"]), "");
    }
    // The second one follows the first.
    fs::write(a.join("src/main.rs"), "fn main() { /* b */ }\n").unwrap();
    worktree::commit(&a).unwrap();
    assert_eq!(git(&a, &["rev-list", "--count", "HEAD"]), "3");
}

#[test]
fn a_switch_goes_back_and_forth_between_two_commits_and_writes_only_what_differs() {
    let place = TestDir::new();
    let a = tree(&place, "a");
    worktree::begin(&a).unwrap();
    assert!(worktree::switch(&a).is_err(), "there is one commit");
    let first = content(&a);
    fs::write(a.join("src/main.rs"), "fn main() { /* second */ }\n").unwrap();
    worktree::commit(&a).unwrap();
    let second = content(&a);
    let time = |file: &str| fs::metadata(a.join(file)).unwrap().modified().unwrap();
    let (edited, other) = (time("src/main.rs"), time("Cargo.toml"));
    for expected in [&first, &second, &first, &second] {
        worktree::switch(&a).unwrap();
        assert_eq!(&content(&a), expected);
    }
    assert!(time("src/main.rs") > edited && time("Cargo.toml") == other);
    fs::write(a.join("src/main.rs"), "fn main() { /* not committed */ }\n").unwrap();
    assert!(worktree::switch(&a).unwrap_err().to_string().contains("switch commits"));
}

#[test]
fn a_git_that_is_not_ours_is_refused() {
    let place = TestDir::new();
    for (name, file) in [("a", ".git/config"), ("b", "sub/.git/config"), ("c", ".git")] {
        let tree = tree(&place, name);
        write(&tree.join(file), "[core]\nfsmonitor = \"touch ran\"\n");
        let error = worktree::begin(&tree).unwrap_err();
        assert!(matches!(error, WorktreeError::HasGit(_)), "{error}");
        assert!(!tree.join(".git/HEAD").exists());
    }
    let tree = tree(&place, "d");
    worktree::begin(&tree).unwrap();
    assert!(matches!(worktree::begin(&tree), Err(WorktreeError::HasGit(_))));
    fs::create_dir_all(tree.join("sub/.git")).unwrap();
    assert!(matches!(worktree::commit(&tree), Err(WorktreeError::HasGit(_))));
}

#[test]
fn mistakes_are_reported_and_leave_nothing() {
    let place = TestDir::new();
    let tree = tree(&place, "tree");
    let error = worktree::add(&tree, &place.join("a")).unwrap_err().to_string();
    assert!(error.contains("tree") && !error.contains('\n'), "{error}");
    assert!(worktree::commit(&tree).is_err());
    worktree::begin(&tree).unwrap();
    assert!(matches!(worktree::add(&tree, &place.join("home/..")), Err(WorktreeError::Occupied(_))));
    fs::create_dir(place.join("a")).unwrap();
    worktree::add(&tree, &place.join("a")).unwrap();
    // Removed, yet still a worktree of this repository.
    fs::remove_dir_all(place.join("a")).unwrap();
    let error = worktree::add(&tree, &place.join("a")).unwrap_err().to_string();
    assert!(error.contains("add a worktree") && !error.contains('\n') && !place.join("a").exists(), "{error}");
    assert_eq!(git(&tree, &["branch", "--format=%(refname:short)"]), "main");
    worktree::add(&tree, &place.join("b")).unwrap();
}

#[test]
fn no_hook_runs() {
    let (place, tree) = begun();
    let hooks = tree.join(".git/hooks");
    assert!(!hooks.exists(), "hooks of a template");
    fs::create_dir(&hooks).unwrap();
    let proof = place.join("hook-ran");
    for hook in ["post-checkout", "pre-commit", "post-commit", "reference-transaction", "post-index-change"] {
        fs::write(hooks.join(hook), format!("#!/bin/sh\ntouch '{}'\n", proof.display())).unwrap();
        make_executable(&hooks.join(hook));
    }
    worktree::add(&tree, &place.join("a")).unwrap();
    fs::write(place.join("a/src/main.rs"), "fn main() { /* a */ }\n").unwrap();
    worktree::commit(&place.join("a")).unwrap();
    assert!(!proof.exists());
}
