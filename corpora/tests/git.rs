//! Git sources on repositories made here, by libgit2 and by the `git` command.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{Place, commit_all, git, repository};
use corpora::checkout;
use corpora::fetch::FetchCause;
use corpora::pins::CommitId;
use git2::Repository;

fn url(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_commit_is_checked_out_by_path_and_by_file_url() {
    let place = Place::new();
    let upstream = place.join("up");
    let commit = repository(&upstream);
    for url in [url(&upstream), format!("file://{}", upstream.display())] {
        let fetched = place.fetcher().fetch(&git(&url, &commit, "sub")).unwrap();
        assert!(fetched.new && fetched.dir().ends_with("tree/sub"));
        let manifest = fs::read_to_string(fetched.dir().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("2.0.0"));
        assert!(!fetched.tree.join(".git").exists() && !fetched.tree.with_file_name("repo.git").exists());
        assert!(!place.fetcher().fetch(&git(&url, &commit, "sub")).unwrap().new);
    }
}

#[test]
fn the_pinned_commit_is_taken_not_the_newest() {
    let place = Place::new();
    let upstream = place.join("up");
    let old = repository(&upstream);
    fs::write(upstream.join("src/main.rs"), "fn main() { /* new */ }\n").unwrap();
    let new = commit_all(&Repository::open(&upstream).unwrap(), Some("HEAD"), "two");
    let read = |commit: &CommitId| {
        let fetched = place.fetcher().fetch(&git(&url(&upstream), commit, "")).unwrap();
        fs::read_to_string(fetched.tree.join("src/main.rs")).unwrap()
    };
    assert_eq!(read(&old), "fn main() {}\n");
    assert!(read(&new).contains("new"));
}

#[test]
fn a_commit_no_branch_leads_to_is_found_or_refused_but_never_replaced() {
    let place = Place::new();
    let upstream = place.join("up");
    repository(&upstream);
    fs::write(upstream.join("src/main.rs"), "fn main() { /* loose */ }\n").unwrap();
    let loose = commit_all(&Repository::open(&upstream).unwrap(), None, "loose");
    match place.fetcher().fetch(&git(&url(&upstream), &loose, "")) {
        Ok(fetched) => {
            let text = fs::read_to_string(fetched.tree.join("src/main.rs")).unwrap();
            assert!(text.contains("loose"));
        }
        Err(error) => assert!(matches!(error.cause, FetchCause::NoCommit { .. }), "{error}"),
    }
}

#[test]
fn wrong_commit_and_wrong_place_are_told_apart() {
    let place = Place::new();
    let upstream = place.join("up");
    let commit = repository(&upstream);
    let missing = CommitId::parse(&"0123456789".repeat(4)).unwrap();
    let error = |url: &str, commit: &CommitId, subdir: &str| {
        let error = place.fetcher().fetch(&git(url, commit, subdir)).unwrap_err();
        assert!(!error.to_string().contains('\n'), "{error}");
        error
    };
    let found = error(&url(&upstream), &missing, "");
    assert!(matches!(found.cause, FetchCause::NoCommit { .. }), "{found}");
    assert!(found.to_string().contains(missing.as_str()), "{found}");
    let found = error(&url(&place.join("nowhere")), &commit, "");
    assert!(matches!(found.cause, FetchCause::Unreachable { .. }), "{found}");
    assert_eq!(place.left_in_sources(), Vec::<String>::new());
    let found = error(&url(&upstream), &commit, "no/such");
    assert!(matches!(found.cause, FetchCause::NoPackage(_)), "{found}");
}

#[test]
fn a_remote_that_does_not_answer_is_one_line() {
    let place = Place::new();
    let commit = CommitId::parse(&"0123456789".repeat(4)).unwrap();
    // Port 1 of this machine: refused at once, no network needed.
    let error = place.fetcher().fetch(&git("git://127.0.0.1:1/x", &commit, "")).unwrap_err();
    assert!(matches!(error.cause, FetchCause::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
    assert_eq!(place.left_in_sources(), Vec::<String>::new());
}

#[test]
fn a_stage_left_by_an_interruption_is_swept() {
    let place = Place::new();
    let upstream = place.join("up");
    let commit = repository(&upstream);
    let workspace = git(&url(&upstream), &commit, "");
    let fetched = place.fetcher().fetch(&workspace).unwrap();
    // As if the fetch had stopped half way: a stage, and no slot.
    let slot = fetched.tree.parent().unwrap();
    let name = slot.file_name().unwrap().to_str().unwrap();
    let stage = place.join("sources").join(format!(".stage-{name}"));
    fs::rename(slot, &stage).unwrap();
    fs::remove_file(stage.join("tree/Cargo.toml")).unwrap();
    fs::write(stage.join("tree/half"), "").unwrap();
    assert!(!place.fetcher().is_fetched(&workspace));
    let again = place.fetcher().fetch(&workspace).unwrap();
    assert!(again.new && again.tree.join("Cargo.toml").is_file());
    assert!(!again.tree.join("half").exists() && !stage.exists());
}

#[test]
fn no_hook_runs() {
    let place = Place::new();
    let upstream = place.join("up");
    let commit = repository(&upstream);
    let proof = place.join("hook-ran");
    for hook in ["post-checkout", "post-merge", "reference-transaction", "pre-auto-gc"] {
        let path = upstream.join(".git/hooks").join(hook);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\ntouch '{}'\n", proof.display())).unwrap();
        make_executable(&path);
    }
    let fetched = place.fetcher().fetch(&git(&url(&upstream), &commit, "")).unwrap();
    assert!(fetched.new && !proof.exists());
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn make_executable(_: &Path) {}

#[test]
fn a_working_copy_has_the_whole_repository() {
    let place = Place::new();
    let upstream = place.join("up");
    let commit = repository(&upstream);
    let fetched = place.fetcher().fetch(&git(&url(&upstream), &commit, "sub")).unwrap();
    let copy = checkout::checkout(&fetched, &place.join("copy")).unwrap();
    assert!(copy.dir.join("src/main.rs").is_file() && copy.tree.join("src/main.rs").is_file());
    assert!(copy.escaping.is_empty());
}
