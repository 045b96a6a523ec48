//! Stores used by many at once, and damaged at random: entries are whole or absent.
use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use strategies::graph::layout::{FileSharing, UnitPlace};
use strategies::key::{BaseKey, ContentDigest, Digest, Key, KeyInputs};
use strategies::link::LinkMode;
use strategies::store::{ALL, Added, Bytes, Entry, FORMAT, FileRecord, Store, check, is_sound};

/// A unit directory with some files, and the entry that describes it.
fn unit(dir: &Path, key: Key, contents: &[Vec<u8>]) -> Entry {
    let mut files = Vec::new();
    for (at, bytes) in contents.iter().enumerate() {
        let path = format!("out/f{at}");
        fs::create_dir_all(dir.join("out")).unwrap();
        fs::write(dir.join(&path), bytes).unwrap();
        files.push(FileRecord {
            path,
            size: bytes.len() as u64,
            mode: None,
            executable: at % 2 == 1,
            share: if at % 3 == 2 { FileSharing::Private } else { FileSharing::Shared },
            bytes: Bytes::Stored(Some(Digest::of(bytes))),
        });
    }
    Entry {
        format: FORMAT,
        key,
        base: BaseKey(*key),
        package: "a".into(),
        slot: "lib a build".into(),
        place: UnitPlace("debug/build/a/0f".into()),
        inputs: (&KeyInputs::default()).into(),
        observed: None,
        content: ContentDigest(*key),
        stamp: Duration::from_secs(1_000_000_000),
        cost_s: None,
        created: 0.0,
        publishers: vec!["w".into()],
        files,
        session: None,
        folders: Vec::new(),
    }
}

/// What planning asks before it restores an entry.
fn found_intact(store: &dyn Store, key: &Key) -> Option<Entry> {
    let entry = store.lookup(key)?;
    entry.files.iter().all(|file| is_sound(&store.stored(&entry, file), &entry, file)).then_some(entry)
}

fn leftovers(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with(".tmp-") {
            found.push(name);
        } else if entry.path().is_dir() {
            found.extend(leftovers(&entry.path()));
        }
    }
    found
}

#[test]
fn many_publishers_of_one_unit_make_one_entry_that_never_goes_away() {
    const PUBLISHERS: usize = 4;
    for kind in ALL {
        for link in [LinkMode::Copy, LinkMode::Hardlink, LinkMode::InPlace] {
            for round in 0..12_u8 {
                let dir = tempfile::tempdir().unwrap();
                let store = kind.open(&dir.path().join("store")).unwrap();
                let key = Key::of(b"k");
                let contents = [vec![1; 3000], vec![2; 10], vec![round; 100]];
                let start = Barrier::new(PUBLISHERS + 1);
                let done = AtomicBool::new(false);
                let (store, dir, contents) = (&*store, dir.path(), &contents);
                std::thread::scope(|scope| {
                    let publishers: Vec<_> = (0..PUBLISHERS)
                        .map(|publisher| {
                            let start = &start;
                            scope.spawn(move || {
                                let unit_dir = dir.join(format!("target-{publisher}"));
                                let entry = unit(&unit_dir, key, contents);
                                start.wait();
                                let added = store.add(&entry, &unit_dir, link).unwrap();
                                // What one has published stays, whoever else publishes it.
                                for _ in 0..20 {
                                    assert!(found_intact(store, &key).is_some(), "{} {}", kind.name, link.name());
                                }
                                added
                            })
                        })
                        .collect();
                    let reader = scope.spawn(|| {
                        start.wait();
                        let mut seen = false;
                        while !done.load(Ordering::Relaxed) {
                            let now = found_intact(store, &key).is_some();
                            assert!(now || !seen, "{} {}: it was there and went away", kind.name, link.name());
                            seen = now;
                        }
                    });
                    let added: Vec<Added> = publishers.into_iter().map(|thread| thread.join().unwrap()).collect();
                    done.store(true, Ordering::Relaxed);
                    reader.join().unwrap();
                    assert!(added.contains(&Added::New), "{added:?}");
                });
                let entries = store.entries();
                assert_eq!(entries.len(), 1);
                assert_eq!(check(store, &entries[0], true), []);
                assert_eq!(leftovers(&dir.join("store")), Vec::<String>::new(), "{} {}", kind.name, link.name());
            }
        }
    }
}

/// One thing done to one file of the store.
#[derive(Debug, Clone)]
enum Blow {
    Cut(u64),
    Overwrite(u64, Vec<u8>),
    Append(Vec<u8>),
    Remove,
}

fn blow() -> impl Strategy<Value = Blow> {
    let bytes = || proptest::collection::vec(any::<u8>(), 1..40);
    prop_oneof![
        (0..4000u64).prop_map(Blow::Cut),
        (0..4000u64, bytes()).prop_map(|(at, bytes)| Blow::Overwrite(at, bytes)),
        bytes().prop_map(Blow::Append),
        Just(Blow::Remove),
    ]
}

fn strike(path: &Path, blow: &Blow) {
    if matches!(blow, Blow::Remove) {
        return fs::remove_file(path).unwrap();
    }
    let mut bytes = fs::read(path).unwrap();
    match blow {
        Blow::Cut(size) => bytes.truncate(*size as usize),
        Blow::Overwrite(at, new) => {
            let at = (*at as usize).min(bytes.len());
            let end = (at + new.len()).min(bytes.len());
            bytes.splice(at..end, new.iter().copied());
        }
        Blow::Append(new) => bytes.extend(new),
        Blow::Remove => {}
    }
    let mut permissions = fs::metadata(path).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).unwrap();
    fs::write(path, bytes).unwrap();
}

fn all_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(all_files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// What is linked whole is a directory of hard links, each to a blob.
#[test]
fn a_repaired_entry_is_not_linked_whole_as_it_was_before() {
    for link in [LinkMode::Copy, LinkMode::InPlace] {
        for blow in [Blow::Overwrite(5, vec![9; 3]), Blow::Cut(4), Blow::Remove] {
            for in_tree in [true, false] {
                let dir = tempfile::tempdir().unwrap();
                let store = ALL[0].open(&dir.path().join("store")).unwrap();
                let (key, unit_dir) = (Key::of(b"k"), dir.path().join("unit"));
                let entry = unit(&unit_dir, key, &[vec![1; 30], vec![2; 20]]);
                store.add(&entry, &unit_dir, link).unwrap();
                let tree = store.out_dir(&entry).unwrap();
                let at = if in_tree { tree.join("f0") } else { store.stored(&entry, &entry.files[0]) };
                strike(&at, &blow);
                fs::remove_file(store.manifest(&key)).unwrap();
                // Built again, with other bytes of the same length for one of the two.
                let unit_dir = dir.path().join("again");
                let entry = unit(&unit_dir, key, &[vec![1; 30], vec![3; 20]]);
                assert_eq!(store.add(&entry, &unit_dir, link).unwrap(), Added::New);
                let tree = store.out_dir(&entry).unwrap();
                let read = ["f0", "f1"].map(|name| fs::read(tree.join(name)).unwrap());
                assert_eq!(read, [vec![1; 30], vec![3; 20]], "{} {blow:?} {in_tree}", link.name());
                #[cfg(unix)]
                for (file, name) in entry.files.iter().zip(["f0", "f1"]) {
                    use std::os::unix::fs::MetadataExt;
                    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
                    assert_eq!(inode(&tree.join(name)), inode(&store.stored(&entry, file)), "{}", link.name());
                }
                assert_eq!(leftovers(&dir.path().join("store")), Vec::<String>::new());
            }
        }
    }
}

#[test]
fn folders_without_a_file_are_kept() {
    for kind in ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = kind.open(&dir.path().join("store")).unwrap();
        let (key, unit_dir) = (Key::of(b"k"), dir.path().join("unit"));
        let folders = vec!["out/a/b".to_owned(), "out/c".to_owned()];
        let entry = Entry { folders: folders.clone(), ..unit(&unit_dir, key, &[vec![1]]) };
        store.add(&entry, &unit_dir, LinkMode::Copy).unwrap();
        let found = store.lookup(&key).unwrap();
        assert_eq!(found.folders, folders, "{}", kind.name);
        let out = store.out_dir(&found).unwrap();
        assert!(out.join("a/b").is_dir() && out.join("c").is_dir(), "{}", kind.name);
        let sly = Entry { folders: vec!["out/../../x".to_owned()], ..entry };
        assert!(Entry::read(&sly.encode().unwrap(), &key).is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens to the store's files, what is found is what was published.
    #[test]
    fn what_is_found_is_what_was_published(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 1..5),
        blows in proptest::collection::vec((any::<prop::sample::Index>(), blow()), 0..3),
        kind in 0..ALL.len(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let store = ALL[kind].open(&dir.path().join("store")).unwrap();
        let key = Key::of(b"k");
        let unit_dir = dir.path().join("unit");
        let entry = unit(&unit_dir, key, &contents);
        prop_assert_eq!(store.add(&entry, &unit_dir, LinkMode::Copy).unwrap(), Added::New);
        prop_assert_eq!(store.add(&entry, &unit_dir, LinkMode::Copy).unwrap(), Added::AlreadyThere);
        for (which, blow) in &blows {
            let files = all_files(&dir.path().join("store"));
            strike(which.get(files.as_slice()).as_path(), blow);
        }
        if let Some(found) = found_intact(&*store, &key) {
            for file in &found.files {
                let at: usize = file.path.strip_prefix("out/f").unwrap().parse().unwrap();
                prop_assert_eq!(&fs::read(store.stored(&found, file)).unwrap(), &contents[at]);
            }
        } else {
            prop_assert!(!blows.is_empty());
        }
        // And publishing again repairs it.
        store.add(&entry, &unit_dir, LinkMode::Copy).unwrap();
        let repaired = found_intact(&*store, &key);
        prop_assert!(repaired.is_some());
        prop_assert_eq!(check(&*store, &repaired.unwrap(), true), vec![]);
    }
}
