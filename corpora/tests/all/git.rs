//! Git sources on repositories made here.

use std::fs;
use std::path::Path;

use crate::common::{TestDir, commit_all, git, repository, run_git};
use corpora::pins::CommitId;
use corpora::{FetchCause, checkout};

fn url(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_commit_is_checked_out_by_path_and_by_file_url() {
    let place = TestDir::new();
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
    let place = TestDir::new();
    let upstream = place.join("up");
    let old = repository(&upstream);
    fs::write(upstream.join("src/main.rs"), "fn main() { /* new */ }\n").unwrap();
    let new = commit_all(&upstream, "two");
    let read = |commit: &CommitId| {
        let fetched = place.fetcher().fetch(&git(&url(&upstream), commit, "")).unwrap();
        fs::read_to_string(fetched.tree.join("src/main.rs")).unwrap()
    };
    assert_eq!(read(&old), "fn main() {}\n");
    assert!(read(&new).contains("new"));
}

#[test]
fn a_commit_no_branch_leads_to_is_found_or_refused_but_never_replaced() {
    let place = TestDir::new();
    let upstream = place.join("up");
    repository(&upstream);
    fs::write(upstream.join("src/main.rs"), "fn main() { /* loose */ }\n").unwrap();
    let loose = commit_all(&upstream, "loose");
    run_git(&upstream, &["reset", "--quiet", "--hard", "HEAD^"]);
    match place.fetcher().fetch(&git(&url(&upstream), &loose, "")) {
        Ok(fetched) => {
            let text = fs::read_to_string(fetched.tree.join("src/main.rs")).unwrap();
            assert!(text.contains("loose"));
        }
        Err(error) => assert!(matches!(error.cause, FetchCause::NoCommit(..)), "{error}"),
    }
}

#[test]
fn wrong_commit_and_wrong_place_are_distinguished() {
    let place = TestDir::new();
    let upstream = place.join("up");
    let commit = repository(&upstream);
    let missing = CommitId::parse(&"0123456789".repeat(4)).unwrap();
    let error = |url: &str, commit: &CommitId, subdir: &str| {
        let error = place.fetcher().fetch(&git(url, commit, subdir)).unwrap_err();
        assert!(!error.to_string().contains('\n'), "{error}");
        error
    };
    let found = error(&url(&upstream), &missing, "");
    assert!(matches!(found.cause, FetchCause::NoCommit(..)), "{found}");
    assert!(found.to_string().contains(missing.as_str()), "{found}");
    let found = error(&url(&place.join("nowhere")), &commit, "");
    assert!(matches!(found.cause, FetchCause::Unreachable(..)), "{found}");
    assert_eq!(place.left_in_sources(), Vec::<String>::new());
    let found = error(&url(&upstream), &commit, "no/such");
    assert!(matches!(found.cause, FetchCause::NoPackage(_)), "{found}");
}

#[test]
fn a_remote_that_does_not_answer_is_one_line() {
    let place = TestDir::new();
    let commit = CommitId::parse(&"0123456789".repeat(4)).unwrap();
    // Port 1 of this machine: refused at once, no network needed.
    let error = place.fetcher().fetch(&git("git://127.0.0.1:1/x", &commit, "")).unwrap_err();
    assert!(matches!(error.cause, FetchCause::Unreachable(..)), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
    assert_eq!(place.left_in_sources(), Vec::<String>::new());
}

#[test]
fn no_hook_runs() {
    let place = TestDir::new();
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
    let place = TestDir::new();
    let upstream = place.join("up");
    let commit = repository(&upstream);
    let fetched = place.fetcher().fetch(&git(&url(&upstream), &commit, "sub")).unwrap();
    let copy = checkout::checkout(&fetched, &place.join("copy")).unwrap();
    assert!(copy.join("src/main.rs").is_file() && copy.ends_with("copy/sub"));
    assert!(place.join("copy/src/main.rs").is_file());
}

/// Attributes and filters of a repository or user must not change the files.
#[test]
fn files_come_out_byte_for_byte_and_submodules_stay_empty() {
    let place = TestDir::new();
    let upstream = place.join("up");
    repository(&upstream);
    let proof = place.join("filter-ran");
    let text = "$Id$ one\ntwo\r\n";
    fs::write(upstream.join("text"), text).unwrap();
    run_git(&upstream, &["add", "text"]);
    let attributes = "text text eol=crlf ident filter=shout working-tree-encoding=UTF-16LE\n";
    fs::write(upstream.join(".gitattributes"), attributes).unwrap();
    let module = "[submodule \"m\"]\npath = m\nurl = ../other\nupdate = !touch ran\n";
    fs::write(upstream.join(".gitmodules"), module).unwrap();
    let other = repository(&place.join("other"));
    run_git(&upstream, &["update-index", "--add", "--cacheinfo", &format!("160000,{other},m")]);
    run_git(&upstream, &["add", ".gitattributes", ".gitmodules"]);
    let who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];
    run_git(&upstream, &[&who[..], &["commit", "--quiet", "-m", "two"]].concat());
    let commit = CommitId::parse(&run_git(&upstream, &["rev-parse", "HEAD"])).unwrap();
    run_git(&upstream, &["config", "filter.shout.smudge", &format!("touch '{}'; cat", proof.display())]);
    let fetched = place.fetcher().fetch(&git(&url(&upstream), &commit, "")).unwrap();
    assert_eq!(fs::read_to_string(fetched.tree.join("text")).unwrap(), text);
    assert!(!proof.exists());
    let module = fetched.tree.join("m");
    assert!(!module.exists() || fs::read_dir(module).unwrap().next().is_none());
}

#[test]
fn what_is_no_commit_is_refused_whatever_its_id_names() {
    let place = TestDir::new();
    let upstream = place.join("up");
    repository(&upstream);
    let who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];
    run_git(&upstream, &[&who[..], &["tag", "-a", "-m", "x", "release"]].concat());
    for other in ["release", "HEAD^{tree}", "HEAD:Cargo.toml"] {
        let id = CommitId::parse(&run_git(&upstream, &["rev-parse", other])).unwrap();
        let error = place.fetcher().fetch(&git(&url(&upstream), &id, "")).unwrap_err();
        assert!(matches!(error.cause, FetchCause::NoCommit(..)), "{other}: {error}");
    }
}
