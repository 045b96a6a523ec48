//! Second lockfiles: their packages are downloaded, and one that does not fit is reported.

use std::fs;
use std::path::PathBuf;

use crate::common::{TestDir, mirror, workspace};
use corpora::check::{CorpusProblem, check_workspace};
use corpora::upgrade::{self, UpgradeError, fetch_upgrade};
use corpora::{Fetcher, PinnedLockfile, Workspace, WorkspaceSource, checkout};

/// A lockfile of the package `app`, in which it depends on this version.
fn lock(version: &str, checksum: &str) -> String {
    format!(
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.0.0\"\ndependencies = [\n \"made-up\",\n]\n\n\
         [[package]]\nname = \"made-up\"\nversion = \"{version}\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{checksum}\"\n"
    )
}

/// The package `app`, locked to the first of two versions, and its second lockfile.
fn app(place: &TestDir) -> (Workspace, String) {
    let (old, new) = (mirror(place, "1.2.3"), mirror(place, "1.2.4"));
    let from = place.join("from");
    fs::create_dir_all(from.join("src")).unwrap();
    fs::write(from.join("src/main.rs"), "fn main() {}\n").unwrap();
    let manifest = "[package]\nname = \"app\"\nversion = \"0.0.0\"\nedition = \"2021\"\n";
    fs::write(from.join("Cargo.toml"), format!("{manifest}[dependencies]\nmade-up = \"1.2\"\n")).unwrap();
    fs::write(from.join("Cargo.lock"), lock("1.2.3", &old)).unwrap();
    let mut app = workspace(WorkspaceSource::Path { path: from });
    app.run = None;
    (app, lock("1.2.4", &new))
}

fn fetcher(place: &TestDir) -> Fetcher {
    Fetcher::new(place.join("sources"), place.cargo_online())
}

fn archives(place: &TestDir) -> Vec<String> {
    let registries = fs::read_dir(place.join("home/registry/cache")).unwrap();
    let all = registries.flat_map(|registry| fs::read_dir(registry.unwrap().path()).unwrap());
    let mut names: Vec<_> = all.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn packages_of_the_second_lockfile_are_downloaded_and_the_tree_left_alone() {
    let place = TestDir::new();
    let (app, second) = app(&place);
    let fetched = fetcher(&place).fetch(&app).unwrap();
    place.cargo_online().fetch_dependencies(&fetched.dir()).unwrap();
    assert_eq!(archives(&place), ["made-up-1.2.3.crate"]);
    let first = fs::read_to_string(fetched.tree.join("Cargo.lock")).unwrap();
    fetch_upgrade(&place.cargo_online(), &fetched, &second).unwrap();
    assert_eq!(archives(&place), ["made-up-1.2.3.crate", "made-up-1.2.4.crate"]);
    assert_eq!(fs::read_to_string(fetched.tree.join("Cargo.lock")).unwrap(), first);
    for same in [first.clone(), first.replace('\n', "\r\n")] {
        let error = fetch_upgrade(&place.cargo_online(), &fetched, &same).unwrap_err();
        assert!(matches!(&error, UpgradeError::Same(_)), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let slot: Vec<_> = fs::read_dir(fetched.tree.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(slot.len(), 2, "{slot:?}");
}

/// There and back in a working copy: Cargo takes each lockfile as it is, without a network.
#[test]
fn a_working_copy_is_upgraded_and_downgraded() {
    let place = TestDir::new();
    let (app, second) = app(&place);
    let fetched = fetcher(&place).fetch(&app).unwrap();
    place.cargo_online().fetch_dependencies(&fetched.dir()).unwrap();
    fetch_upgrade(&place.cargo_online(), &fetched, &second).unwrap();
    let copy = checkout::checkout(&fetched, &place.join("copy")).unwrap();
    let lock = copy.join("Cargo.lock");
    let resolved = || {
        let args = ["metadata", "--locked", "--format-version=1", "--manifest-path"];
        let mut args: Vec<_> = args.map(PathBuf::from).into();
        args.push(copy.join("Cargo.toml"));
        let said = String::from_utf8(place.cargo().run(place.dir.path(), &args).unwrap()).unwrap();
        let id = said.split("made-up@").nth(1).unwrap();
        id.split('"').next().unwrap().to_owned()
    };
    assert_eq!(resolved(), "1.2.3");
    upgrade::apply(&lock, &second).unwrap();
    assert_eq!(resolved(), "1.2.4");
    upgrade::revert(&fetched, &lock).unwrap();
    assert_eq!(resolved(), "1.2.3");
}

#[test]
fn a_second_lockfile_that_does_not_fit_is_reported() {
    let place = TestDir::new();
    let (mut app, second) = app(&place);
    let file = place.join("second.lock");
    app.upgrade = Some(PinnedLockfile::File(file.clone()));
    let found = |text: &str| {
        fs::write(&file, text).unwrap();
        let problems = check_workspace(&app, &fetcher(&place)).problems;
        problems.into_iter().map(|problem| problem.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found(&second), Vec::<String>::new());
    let first = fs::read_to_string(place.join("from/Cargo.lock")).unwrap();
    assert!(found(&first)[0].contains("the same as the first"));
    let other = found(&second.replace("\"app\"", "\"other\""));
    assert!(other[0].starts_with("the second lockfile does not fit: ") && other[0].contains("--locked"), "{other:?}");
    assert!(!found("nonsense")[0].contains('\n'));
    app.upgrade = Some(PinnedLockfile::File(place.join("gone.lock")));
    let problems = check_workspace(&app, &fetcher(&place)).problems;
    assert!(matches!(problems[..], [CorpusProblem::Upgrade(UpgradeError::Io(_))]), "{problems:?}");
    assert!(problems[0].to_string().contains("gone.lock"), "{}", problems[0]);
}
