//! Path sources, checks, and what Cargo may not be talked into.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{TestDir, make_executable, workspace, write, write_package};
use corpora::check::{CorpusProblem, check_workspace};
use corpora::{Workspace, WorkspaceSource};

fn path(path: &Path) -> Workspace {
    workspace(WorkspaceSource::Path { path: path.to_owned() })
}

fn package() -> (TestDir, PathBuf) {
    let place = TestDir::new();
    let from = place.join("from");
    write_package(&from, "1.0.0");
    (place, from)
}

#[test]
fn a_directory_is_copied_without_its_build_output() {
    let (place, from) = package();
    ["target/x", ".git/x"].iter().for_each(|left_out| fs::create_dir_all(from.join(left_out)).unwrap());
    let fetched = place.fetcher().fetch(&path(&from)).unwrap();
    assert!(fetched.tree.join("src/main.rs").is_file());
    assert!(!fetched.tree.join("target").exists() && !fetched.tree.join(".git").exists());
    // Build output does not make it another source; an edit does, and takes its place.
    fs::write(from.join("target/y"), "").unwrap();
    assert!(!place.fetcher().fetch(&path(&from)).unwrap().new);
    fs::write(from.join("src/main.rs"), "fn main() { /* other */ }\n").unwrap();
    let again = place.fetcher().fetch(&path(&from)).unwrap();
    assert!(again.new && again.tree == fetched.tree);
    assert!(fs::read_to_string(again.tree.join("src/main.rs")).unwrap().contains("other"));
    assert_eq!(place.left_in_sources().len(), 1);
}

#[test]
fn a_link_out_of_the_directory_is_refused() {
    let (place, from) = package();
    std::os::unix::fs::symlink("main.rs", from.join("src/inside.rs")).unwrap();
    let fetched = place.fetcher().fetch(&path(&from)).unwrap();
    assert!(fetched.tree.join("src/inside.rs").is_symlink());
    std::os::unix::fs::symlink("/etc/hostname", from.join("src/outside")).unwrap();
    let error = place.fetcher().fetch(&path(&from)).unwrap_err().to_string();
    assert!(error.contains("src/outside leads out of it"), "{error}");
}

#[test]
fn a_directory_that_is_missing_or_no_package_is_named() {
    let place = TestDir::new();
    let error = place.fetcher().fetch(&path(&place.join("no"))).unwrap_err();
    assert!(error.to_string().contains("/no: "), "{error}");
    let error = place.fetcher().fetch(&path(place.dir.path())).unwrap_err();
    assert!(error.to_string().contains("no Cargo.toml"), "{error}");
    write_package(place.dir.path(), "1.0.0");
    fs::create_dir_all(place.join("sources")).unwrap();
    let error = place.fetcher().fetch(&path(place.dir.path())).unwrap_err();
    assert!(error.to_string().contains("contains the directory"), "{error}");
}

#[test]
fn a_sound_workspace_has_no_problems() {
    let (place, from) = package();
    let checked = check_workspace(&path(&from), &place.fetcher());
    assert!(checked.is_ok(), "{:?}", checked.problems);
    assert_eq!(checked.packages, Some(1));
}

#[test]
fn every_kind_of_problem_is_found() {
    let place = TestDir::new();
    let from = place.join("from");
    let problems = |change: &dyn Fn(&mut Workspace)| {
        write_package(&from, "1.0.0");
        let mut workspace = path(&from);
        change(&mut workspace);
        check_workspace(&workspace, &place.fetcher()).problems
    };
    assert!(matches!(problems(&|w| w.edit = "src/gone.rs".into())[..], [CorpusProblem::NoEditFile(_)]));
    assert!(matches!(problems(&|w| w.run.as_mut().unwrap().bin = "other".into())[..], [CorpusProblem::NoBinary(_)]));
    let no_lockfile = |_: &mut Workspace| fs::remove_file(from.join("Cargo.lock")).unwrap();
    assert!(matches!(problems(&no_lockfile)[..], [CorpusProblem::NoLockfile]));
    let manifest = from.join("Cargo.toml");
    let edited = |edit: &dyn Fn(String) -> String| {
        problems(&|_| fs::write(&manifest, edit(fs::read_to_string(&manifest).unwrap())).unwrap())
    };
    let found = edited(&|text| text.replace("1.0.0", "3.0.0"));
    assert!(matches!(found[..], [CorpusProblem::Locked(_)]), "{found:?}");
    assert!(found[0].to_string().contains("--locked"), "{}", found[0]);
    assert!(matches!(edited(&|text| text + "rust-version = \"1.999\"\n")[..], [CorpusProblem::RustTooOld(..)]));
    let gone = |w: &mut Workspace| w.source = WorkspaceSource::Path { path: place.join("no") };
    assert!(matches!(problems(&gone)[..], [CorpusProblem::Fetch(_)]));
}

/// A tree may bring a Cargo configuration that names programs to run. Nothing may obey it.
#[test]
fn a_configuration_in_the_tree_is_not_obeyed() {
    let (place, from) = package();
    let proof = place.join("ran");
    let evil = from.join("evil.sh");
    write(&evil, &format!("#!/bin/sh\ntouch '{}'\nexec rustc \"$@\"\n", proof.display()));
    make_executable(&evil);
    write(&from.join(".cargo/config.toml"), "[build]\nrustc = \"./evil.sh\"\n");
    write(&from.join("rust-toolchain.toml"), "[toolchain]\nchannel = \"no-such-toolchain\"\n");
    let checked = check_workspace(&path(&from), &place.fetcher());
    assert!(checked.is_ok(), "{:?}", checked.problems);
    place.cargo().fetch_dependencies(&place.fetcher().fetch(&path(&from)).unwrap().dir()).unwrap();
    assert!(!proof.exists());
}

#[test]
fn a_lockfile_out_of_date_is_an_error_with_cargos_own_words() {
    let (place, from) = package();
    let text = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    fs::write(from.join("Cargo.toml"), text.replace("1.0.0", "1.0.1")).unwrap();
    let error = place.cargo().fetch_dependencies(&from).unwrap_err();
    let corpora::cargo::CargoError::Failed { last_lines, .. } = &error else { panic!("{error}") };
    assert!(last_lines.contains("--locked"), "{last_lines}");
}
