//! Git sources on repositories made here.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{TestDir, WHO, commit_all, commit_staged, git, make_executable, repository, run_git};
use corpora::fetch::FetchError;
use corpora::pins::CommitId;
use corpora::{FetchCause, FetchedSource, checkout};

/// A repository with the package, and its commit.
fn upstream() -> (TestDir, PathBuf, CommitId) {
    let place = TestDir::new();
    let upstream = place.join("up");
    let commit = repository(&upstream);
    (place, upstream, commit)
}

fn fetch(place: &TestDir, from: &Path, commit: &CommitId, subdir: &str) -> Result<FetchedSource, FetchError> {
    place.fetcher().fetch(&git(from.to_str().unwrap(), commit, subdir))
}

/// That the error is one line, and its cause.
fn cause(fetched: Result<FetchedSource, FetchError>) -> FetchCause {
    let error = fetched.unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
    error.cause
}

#[test]
fn a_commit_is_checked_out_by_path_and_by_file_url() {
    let (place, upstream, commit) = upstream();
    for url in [upstream.clone(), format!("file://{}", upstream.display()).into()] {
        let fetched = fetch(&place, &url, &commit, "sub").unwrap();
        assert!(fetched.new && fetched.dir().ends_with("tree/sub"));
        let manifest = fs::read_to_string(fetched.dir().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("2.0.0"));
        assert!(!fetched.tree.join(".git").exists() && !fetched.tree.with_file_name("repo.git").exists());
        assert!(!fetch(&place, &url, &commit, "sub").unwrap().new);
    }
}

#[test]
fn the_pinned_commit_is_taken_not_the_newest() {
    let (place, upstream, old) = upstream();
    fs::write(upstream.join("src/main.rs"), "fn main() { /* new */ }\n").unwrap();
    let new = commit_all(&upstream, "two");
    let read = |commit: &CommitId| {
        let fetched = fetch(&place, &upstream, commit, "").unwrap();
        fs::read_to_string(fetched.tree.join("src/main.rs")).unwrap()
    };
    assert_eq!(read(&old), "fn main() {}\n");
    assert!(read(&new).contains("new"));
}

#[test]
fn a_commit_no_branch_leads_to_is_found_or_refused_but_never_replaced() {
    let (place, upstream, _) = upstream();
    fs::write(upstream.join("src/main.rs"), "fn main() { /* loose */ }\n").unwrap();
    let loose = commit_all(&upstream, "loose");
    run_git(&upstream, &["reset", "--quiet", "--hard", "HEAD^"]);
    match fetch(&place, &upstream, &loose, "") {
        Ok(fetched) => {
            let text = fs::read_to_string(fetched.tree.join("src/main.rs")).unwrap();
            assert!(text.contains("loose"));
        }
        Err(error) => assert!(matches!(error.cause, FetchCause::NoCommit(..)), "{error}"),
    }
}

#[test]
fn wrong_commit_and_wrong_place_are_distinguished() {
    let (place, upstream, commit) = upstream();
    let missing = CommitId::parse(&"0123456789".repeat(4)).unwrap();
    let error = fetch(&place, &upstream, &missing, "").unwrap_err();
    assert!(error.to_string().contains(missing.as_str()), "{error}");
    let wrong = |from: &Path, commit: &CommitId, subdir: &str| cause(fetch(&place, from, commit, subdir));
    assert!(matches!(wrong(&upstream, &missing, ""), FetchCause::NoCommit(..)));
    assert!(matches!(wrong(&place.join("nowhere"), &commit, ""), FetchCause::Unreachable(..)));
    // Port 1 of this machine: refused at once, no network needed.
    assert!(matches!(wrong(Path::new("git://127.0.0.1:1/x"), &commit, ""), FetchCause::Unreachable(..)));
    assert_eq!(place.left_in_sources(), Vec::<String>::new());
    assert!(matches!(wrong(&upstream, &commit, "no/such"), FetchCause::NoPackage(_)));
}

#[test]
fn no_hook_runs() {
    let (place, upstream, commit) = upstream();
    let proof = place.join("hook-ran");
    for hook in ["post-checkout", "post-merge", "reference-transaction", "pre-auto-gc"] {
        let path = upstream.join(".git/hooks").join(hook);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\ntouch '{}'\n", proof.display())).unwrap();
        make_executable(&path);
    }
    let fetched = fetch(&place, &upstream, &commit, "").unwrap();
    assert!(fetched.new && !proof.exists());
}

#[test]
fn a_working_copy_has_the_whole_repository() {
    let (place, upstream, commit) = upstream();
    let fetched = fetch(&place, &upstream, &commit, "sub").unwrap();
    let copy = checkout::checkout(&fetched, &place.join("copy")).unwrap();
    assert!(copy.join("src/main.rs").is_file() && copy.ends_with("copy/sub"));
    assert!(place.join("copy/src/main.rs").is_file());
}

/// Attributes and filters of a repository or user must not change the files.
#[test]
fn files_come_out_byte_for_byte_and_submodules_stay_empty() {
    let (place, upstream, _) = upstream();
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
    let commit = commit_staged(&upstream, "two");
    run_git(&upstream, &["config", "filter.shout.smudge", &format!("touch '{}'; cat", proof.display())]);
    let fetched = fetch(&place, &upstream, &commit, "").unwrap();
    assert_eq!(fs::read_to_string(fetched.tree.join("text")).unwrap(), text);
    assert!(!proof.exists());
    let module = fetched.tree.join("m");
    assert!(!module.exists() || fs::read_dir(module).unwrap().next().is_none());
}

#[test]
fn what_is_no_commit_is_refused_whatever_its_id_names() {
    let (place, upstream, _) = upstream();
    run_git(&upstream, &[&WHO[..], &["tag", "-a", "-m", "x", "release"]].concat());
    for other in ["release", "HEAD^{tree}", "HEAD:Cargo.toml"] {
        let id = CommitId::parse(&run_git(&upstream, &["rev-parse", other])).unwrap();
        assert!(matches!(cause(fetch(&place, &upstream, &id, "")), FetchCause::NoCommit(..)), "{other}");
    }
}
