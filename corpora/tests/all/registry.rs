//! A published package through a replaced source: the same way a mirror or a vendored
//! directory is used, without a network.

use std::fs;

use crate::common::{TestDir, mirror, registry, sha256, vendor, write};
use corpora::Fetcher;

const WHOLE: [&str; 3] = ["Cargo.toml", "Cargo.lock", "src/main.rs"];

/// A vendored package of these files, and its checksum.
fn vendored(files: &[&str]) -> (TestDir, String) {
    let (place, sum) = (TestDir::new(), sha256(b"the archive"));
    vendor(&place, "1.2.3", &sum, files);
    (place, sum)
}

/// A mirror with an archive, and what fetches from it.
fn mirrored() -> (TestDir, String, Fetcher) {
    let place = TestDir::new();
    let sum = mirror(&place, "1.2.3");
    let fetcher = Fetcher::new(place.join("sources"), place.cargo_online());
    (place, sum, fetcher)
}

#[test]
fn a_package_is_fetched_once() {
    let (place, sum) = vendored(&WHOLE);
    let fetcher = place.fetcher();
    let workspace = registry("1.2.3", &sum);
    let first = fetcher.fetch(&workspace).unwrap();
    assert!(first.new);
    assert!(first.dir().join("src/main.rs").is_file());
    assert_eq!(first.lockfile().unwrap(), first.tree.join("Cargo.lock"));
    // With the source gone, only what was fetched can answer.
    fs::remove_dir_all(place.join("vendor")).unwrap();
    let second = fetcher.fetch(&workspace).unwrap();
    assert!(!second.new);
    assert_eq!(second.tree, first.tree);
    assert_eq!(place.left_in_sources().len(), 1);
}

#[test]
fn packages_become_members_that_depend_on_each_other_by_path() {
    let place = TestDir::new();
    let sum = sha256(b"the archive");
    vendor(&place, "1.2.3", &sum, &["Cargo.toml", "src/main.rs"]);
    let upper = place.join("vendor/upper-1.0.0");
    fs::create_dir_all(upper.join("src")).unwrap();
    fs::write(upper.join("src/lib.rs"), "").unwrap();
    let head = "[package]\nname = \"upper\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
    fs::write(upper.join("Cargo.toml"), format!("{head}[dependencies.made-up]\nversion = \"1\"\n")).unwrap();
    fs::write(upper.join(".cargo-checksum.json"), format!("{{\"files\":{{}},\"package\":\"{sum}\"}}")).unwrap();
    let package = |name: &str| {
        format!(
            "{{ registry = {name:?}, version = \"{}\", checksum = {sum:?} }}",
            if name == "upper" { "1.0.0" } else { "1.2.3" }
        )
    };
    let manifest = |members: &str| {
        let head =
            "name = \"c\"\nabout = \"x\"\n[[workspace]]\nname = \"both\"\nwhy = \"x\"\nedit = \"upper/src/lib.rs\"\n";
        let text = format!("{head}source = {{ members = [{members}], lockfile = \"both.lock\" }}\n");
        corpora::Corpus::parse(&text, &place.join("c.toml")).map(|corpus| corpus.workspaces[0].clone())
    };
    assert!(manifest("").unwrap_err().to_string().contains("`members` names no package"));
    fs::write(place.join("both.lock"), "version = 4\n").unwrap();
    let workspace = manifest(&[package("made-up"), package("upper")].join(", ")).unwrap();
    let fetched = place.fetcher().fetch(&workspace).unwrap();
    assert_eq!(fs::read_to_string(fetched.lockfile().unwrap()).unwrap(), "version = 4\n");
    let found = corpora::members::members(&place.cargo(), &fetched.dir(), &fetched.tree).unwrap();
    assert_eq!(found.leaf, std::path::Path::new("made-up/src/main.rs"), "what `upper` depends on");
    // Another lockfile is another workspace.
    fs::write(place.join("both.lock"), "version = 3\n").unwrap();
    assert!(place.fetcher().fetch(&workspace).unwrap().new);
}

#[test]
fn another_checksum_is_an_error_that_names_both() {
    let (place, sum) = vendored(&WHOLE);
    let other = sha256(b"another archive");
    let error = place.fetcher().fetch(&registry("1.2.3", &other)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("checksum mismatch for made-up 1.2.3"), "{text}");
    assert!(text.contains(&sum) && text.contains(&other), "{text}");
    assert_eq!(place.left_in_sources(), Vec::<String>::new());
}

#[test]
fn a_changed_version_is_fetched_anew() {
    let place = TestDir::new();
    let fetcher = place.fetcher();
    for version in ["1.0.0", "2.0.0"] {
        let sum = sha256(version.as_bytes());
        vendor(&place, version, &sum, &WHOLE);
        let fetched = fetcher.fetch(&registry(version, &sum)).unwrap();
        let manifest = fs::read_to_string(fetched.dir().join("Cargo.toml")).unwrap();
        assert!(fetched.new && manifest.contains(version));
    }
}

#[test]
fn a_package_without_a_lockfile_is_refused() {
    let (place, sum) = vendored(&["Cargo.toml", "src/main.rs"]);
    let error = place.fetcher().fetch(&registry("1.2.3", &sum)).unwrap_err();
    assert!(error.to_string().contains("has no Cargo.lock"), "{error}");
    assert_eq!(place.left_in_sources(), Vec::<String>::new());
}

#[test]
fn a_version_that_is_not_there_is_one_line() {
    let (place, sum) = vendored(&WHOLE);
    let error = place.fetcher().fetch(&registry("9.9.9", &sum)).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("cannot fetch it: `cargo generate-lockfile` failed: "), "{text}");
    assert!(!text.contains('\n'), "{text}");
}

#[test]
fn a_mirror_is_asked_and_its_archive_downloaded_by_cargo() {
    let (_place, sum, fetcher) = mirrored();
    let fetched = fetcher.fetch(&registry("1.2.3", &sum)).unwrap();
    assert!(fetched.dir().join("src/main.rs").is_file());
    // Cargo marks what it unpacked from an archive; `cargo vendor` would not.
    assert!(fetched.dir().join(".cargo-ok").is_file());
}

#[test]
fn an_archive_with_other_bytes_than_the_index_says_is_refused() {
    let (place, sum, fetcher) = mirrored();
    let archive = place.join("dl/made-up/1.2.3/download");
    let mut bytes = fs::read(&archive).unwrap();
    bytes.push(0);
    fs::write(&archive, bytes).unwrap();
    let error = fetcher.fetch(&registry("1.2.3", &sum)).unwrap_err().to_string();
    assert!(error.contains("failed to verify the checksum"), "{error}");
    assert_eq!(place.left_in_sources(), Vec::<String>::new());
}

#[test]
fn sources_of_another_archive_in_the_cargo_home_are_not_taken() {
    let (place, sum, fetcher) = mirrored();
    // The same name and version from some other registry, unpacked earlier.
    for (kind, file) in [("src", "made-up-1.2.3/.cargo-ok"), ("cache", "made-up-1.2.3.crate")] {
        write(&place.join("home/registry").join(kind).join("other").join(file), "other");
    }
    let fetched = fetcher.fetch(&registry("1.2.3", &sum)).unwrap();
    assert!(fetched.dir().join("src/main.rs").is_file());
}
