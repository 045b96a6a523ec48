//! A damaged store costs a miss, never a build.
use std::fs;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Command;
use std::time::SystemTime;

use crate::support::{Place, Site, built, units};
use strategies::graph::layout::FileSharing;
use strategies::store::{Bytes, Entry, Store, check};

const STRATEGIES: [&str; 2] = ["copy+aggressive", "copy+aggressive@dirs"];

fn place() -> Place {
    let place = Place::new();
    place.publish("plain", "", &[("src/lib.rs", "pub fn plain() -> u32 { 1 }\n")]);
    let main = "fn main() { println!(\"{}\", plain::plain()); }\n";
    place.workspace("top", "[dependencies]\nplain = \"1\"\n", &[("src/main.rs", main)]);
    place
}

/// A file of the store that can be written to, whoever runs the test.
fn writable(path: &Path) -> fs::File {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).unwrap();
    fs::File::options().write(true).open(path).unwrap()
}

/// Where the manifest of an entry is.
fn manifest(store: &dyn Store, entry: &Entry) -> PathBuf {
    let key = entry.key.hex();
    let cas = store.root().sharded("entries", &key);
    if cas.exists() { cas } else { store.root().sharded("units", &key).join("entry.json") }
}

fn entry_of(store: &dyn Store, package: &str) -> Entry {
    store.entries().into_iter().find(|entry| entry.package == package).unwrap()
}

/// The stored library of `plain`.
fn library(store: &dyn Store) -> PathBuf {
    let entry = entry_of(store, "plain");
    let file = entry.files.iter().find(|file| file.path.ends_with(".rlib")).unwrap();
    assert!(matches!(file.bytes, Bytes::Stored(_)) && file.share == FileSharing::Shared);
    store.stored(&entry, file)
}

#[cfg(unix)]
type Damage = (&'static str, fn(&dyn Store));

#[cfg(unix)]
const DAMAGE: [Damage; 12] = [
    ("a truncated file", |store| writable(&library(store)).set_len(10).unwrap()),
    ("an empty file", |store| writable(&library(store)).set_len(0).unwrap()),
    ("a longer file", |store| {
        let path = library(store);
        let size = fs::metadata(&path).unwrap().len();
        writable(&path).set_len(size + 1).unwrap();
    }),
    ("a file written to", |store| {
        let path = library(store);
        let bytes = fs::read(&path).unwrap();
        std::io::Write::write_all(&mut writable(&path), &bytes).unwrap();
    }),
    ("a file gone", |store| fs::remove_file(library(store)).unwrap()),
    ("a directory instead of a file", |store| {
        let path = library(store);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
    }),
    ("a dangling link instead of a file", |store| {
        let path = library(store);
        fs::remove_file(&path).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/nowhere", &path).unwrap();
    }),
    ("a manifest gone", |store| fs::remove_file(manifest(store, &entry_of(store, "plain"))).unwrap()),
    ("an empty manifest", |store| fs::write(manifest(store, &entry_of(store, "plain")), "").unwrap()),
    ("garbage for a manifest", |store| {
        fs::write(manifest(store, &entry_of(store, "plain")), [0xff, 0, b'{', b'"', 0xc3]).unwrap();
    }),
    ("half a manifest", |store| {
        let path = manifest(store, &entry_of(store, "plain"));
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("another unit's manifest", |store| {
        let [plain, top] = ["plain", "top"].map(|package| manifest(store, &entry_of(store, package)));
        fs::copy(top, plain).unwrap();
    }),
];

/// Copies a store with its times.
#[cfg(unix)]
fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_damaged_entry_is_a_miss_and_the_next_build_repairs_it() {
    for name in STRATEGIES {
        let place = place();
        let (units, store, site) = built(&place, name);
        site.wipe();
        let dir = place.at("store");
        copy(&dir, &place.at("good"));
        let both = ["plain lib build", "top bin build"].map(str::to_owned);
        assert_eq!(site.planned(&units, &*store), (both.to_vec(), vec![]), "{name}");
        for (what, damage) in DAMAGE {
            copy(&place.at("good"), &dir);
            damage(&*store);
            // Its dependent has no key any more: both are misses.
            assert_eq!(site.planned(&units, &*store), (vec![], both.to_vec()), "{name}, {what}");
        }
        for (what, damage) in [DAMAGE[0], DAMAGE[4], DAMAGE[9]] {
            copy(&place.at("good"), &dir);
            damage(&*store);
            site.wipe();
            let done = site.build(&units, &*store);
            assert_eq!((done.built.compiled.len(), done.published.left_out.len()), (2, 0), "{name}, {what}");
            site.wipe();
            assert_eq!(site.planned(&units, &*store), (both.to_vec(), vec![]), "{name}, {what}: repaired");
            for entry in store.entries() {
                assert_eq!(check(&*store, &entry, true), [], "{name}, {what}");
            }
            let done = site.build(&units, &*store);
            assert_eq!((done.built.compiled, site.run("top").as_str()), (vec![], "1\n"), "{name}, {what}");
        }
    }
}

/// Changes the last byte and keeps size and time.
fn flip(path: &Path) {
    let time: SystemTime = fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let mut file = writable(path);
    std::io::Write::write_all(&mut file, &bytes).unwrap();
    file.set_modified(time).unwrap();
}

#[test]
fn only_a_deep_check_finds_a_byte_changed_behind_an_unchanged_time() {
    for name in STRATEGIES {
        let place = place();
        let (units, store, site) = built(&place, name);
        site.wipe();
        let entry = entry_of(&*store, "plain");
        // Both stores know the digest of what dependents read.
        let file = entry.files.iter().find(|file| file.path.ends_with(".rmeta")).unwrap();
        flip(&store.stored(&entry, file));
        assert_eq!(site.planned(&units, &*store).0.len(), 2, "{name}: not seen by sizes and times");
        assert_eq!(check(&*store, &entry, false), []);
        let damage = check(&*store, &entry, true);
        assert_eq!(damage.len(), 1, "{name} {damage:?}");
        assert_eq!((damage[0].what, &damage[0].path), ("bytes changed", &store.stored(&entry, file)));
    }
}

#[test]
fn a_restore_that_fails_half_way_leaves_a_miss() {
    for name in STRATEGIES {
        let place = place();
        let (units, store, site) = built(&place, name);
        site.wipe();
        let session = site.session(&units, &*store);
        let mut plan = strategies::units::plan(&session);
        // Collected between planning and restoring.
        fs::remove_file(library(&*store)).unwrap();
        let restored = strategies::units::restore(&session, &mut plan).unwrap();
        let failed: Vec<String> = restored.failed.iter().map(|(index, _)| site.label(*index)).collect();
        assert_eq!(failed, ["plain lib build"], "{name}");
        let built = site.cargo();
        assert!(built.compiled.iter().any(|index| site.label(*index) == "plain lib build"), "{name}");
        assert_eq!(site.run("top"), "1\n");
        assert!(site.cargo().compiled.is_empty(), "{name}");
    }
}

#[test]
fn stores_of_other_versions_are_left_alone() {
    for name in STRATEGIES {
        let place = place();
        let units = units(name);
        for version in ["v1", "v9", "v3.bak"] {
            place.write(&format!("store/{version}/entries/00/note"), version);
            place.write(&format!("store/{version}/lock"), "");
        }
        let store = units.store.open(&place.at("store")).unwrap();
        let site = Site::new(&place, "top");
        assert_eq!(site.planned(&units, &*store).0.len(), 0, "{name}");
        site.build(&units, &*store);
        site.wipe();
        assert_eq!(site.planned(&units, &*store).0.len(), 2, "{name}");
        assert_eq!(store.entries().len(), 2);
        for version in ["v1", "v9", "v3.bak"] {
            let note = place.at(&format!("store/{version}/entries/00/note"));
            assert_eq!(fs::read_to_string(note).unwrap(), version);
        }
        // An entry written by a later version in our own directory: a miss, not deleted.
        let entry = entry_of(&*store, "plain");
        let path = manifest(&*store, &entry);
        let later = Entry { format: entry.format + 1, ..entry }.encode().unwrap();
        fs::write(&path, &later).unwrap();
        assert_eq!(site.planned(&units, &*store).0.len(), 0, "{name}");
        assert_eq!(fs::read(&path).unwrap(), later);
    }
}

/// Folders that a build script made and left empty are there again after a restore.
#[test]
fn a_restored_script_has_the_empty_folders_it_made() {
    let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
                  let out = std::path::PathBuf::from(std::env::var_os(\"OUT_DIR\").unwrap());\n    \
                  std::fs::create_dir_all(out.join(\"include/deep\")).unwrap();\n    \
                  std::fs::create_dir_all(out.join(\"made\")).unwrap();\n    \
                  std::fs::write(out.join(\"made/file\"), \"1\").unwrap();\n}\n";
    let main = "fn main() {\n    let out = std::path::Path::new(env!(\"OUT_DIR\"));\n    \
                println!(\"{}\", out.join(\"include/deep\").is_dir());\n}\n";
    for name in ["copy+aggressive", "hardlink+aggressive@dirs", "in-place+aggressive", "in-place+aggressive@dirs"] {
        let place = Place::new();
        place.workspace("top", "", &[("build.rs", script), ("src/main.rs", main)]);
        let (units, store, site) = built(&place, name);
        assert_eq!(site.run("top"), "true\n", "{name}");
        site.wipe();
        let done = site.build(&units, &*store);
        assert!(done.built.compiled.is_empty(), "{name}");
        assert_eq!(site.run("top"), "true\n", "{name}");
    }
}
