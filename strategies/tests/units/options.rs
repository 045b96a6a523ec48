//! What the options of a strategy do, beside the real Cargo.
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::SystemTime;

use strategies::explain::EntryIndex;
use strategies::key::Digest;
use strategies::retention::StoreLimits;
use strategies::store::collect::{CollectRequest, collect};
use strategies::store::{self, Store};
use strategies::units::plan;

use crate::support::{self, Place, Site, built};

/// A program with enough in it to have a session.
fn place() -> Place {
    let place = Place::new();
    place.publish("plain", "", &[("src/lib.rs", "pub fn plain() -> u32 { 1 }\n")]);
    let main = "mod a;\nfn main() { println!(\"{}\", a::a()); }\n";
    place.workspace("top", "[dependencies]\nplain = \"1\"\n", &[("src/main.rs", main), ("src/a.rs", &body(1))]);
    place
}

fn body(value: u32) -> String {
    format!("pub fn a() -> u32 {{ plain::plain() + {value} }}\n")
}

/// Edits the program a while before it is built: what changes meanwhile is not published. The same site with nothing
/// known of its files.
fn edit(place: &Place, value: u32) -> Site {
    place.write("top/src/a.rs", &body(value));
    std::thread::sleep(std::time::Duration::from_millis(30));
    Site::new(place, "top")
}

/// Digests of every file of every session in a store.
fn sessions(store: &dyn Store) -> Vec<(PathBuf, Digest)> {
    let entries = store.entries();
    let files = entries.iter().flat_map(|entry| entry.stored_files().map(move |(file, _)| (entry, file)));
    let sessions = files.filter(|(_, file)| file.is_of_session()).map(|(entry, file)| store.stored(entry, file));
    let mut sessions: Vec<_> = sessions.map(|path| (path.clone(), strategies::files::hash(&path).unwrap())).collect();
    sessions.sort();
    sessions.dedup();
    sessions
}

#[test]
fn a_session_is_restored_and_edits_leave_the_stored_one_as_it_was() {
    for name in
        ["hardlink+aggressive~incremental", "copy+aggressive@dirs~incremental", "symlink+aggressive~incremental"]
    {
        let place = place();
        let (units, store, site) = built(&place, name);
        let stored = sessions(&*store);
        assert!(stored.len() > 3, "{name}: {stored:?}");
        assert!(store::session_bytes(&*store) > 0);
        site.wipe();
        let warm = site.build(&units, &*store);
        assert!(warm.built.compiled.is_empty(), "{name}");
        let incremental = site.target.join("debug/incremental");
        let before: Vec<_> = walk(&incremental);
        assert!(before.iter().any(|path| path.ends_with("dep-graph.bin")), "{name}: {before:?}");
        for value in 2..5 {
            edit(&place, value).build(&units, &*store);
            assert_eq!(site.run("top"), format!("{}\n", value + 1), "{name}");
        }
        let now: Vec<_> = sessions(&*store).into_iter().filter(|file| stored.contains(file)).collect();
        assert_eq!(now, stored, "{name}");
        let plain = name.replace("~incremental", "");
        site.wipe();
        Site::new(&place, "top").build(&support::units(&plain), &*store);
        assert!(walk(&incremental).is_empty(), "{plain} restores none");
    }
}

fn walk(dir: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(walk(&path)),
            path => found.push(path),
        }
    }
    found
}

#[test]
fn an_edit_in_place_is_not_published_and_a_wipe_brings_back_what_was() {
    let name = "hardlink+aggressive~skip-edits";
    let place = place();
    let (units, store, _) = built(&place, name);
    let entries = store.entries().len();
    for value in 2..4 {
        let edit = edit(&place, value).build(&units, &*store);
        assert_eq!((edit.built.compiled.len(), edit.published.units.len()), (1, 0));
    }
    assert_eq!(store.entries().len(), entries);
    let site = edit(&place, 1);
    site.wipe();
    assert!(site.build(&units, &*store).built.compiled.is_empty());
    assert_eq!(site.run("top"), "2\n");
}

#[test]
fn a_flipped_byte_is_found_before_it_is_used() {
    for name in ["hardlink+aggressive~verify", "copy+aggressive@dirs~verify"] {
        let place = place();
        let (units, store, site) = built(&place, name);
        let entries = store.entries();
        let stored = entries.iter().flat_map(|entry| entry.stored_files().map(move |(file, _)| (entry, file)));
        for (entry, file) in stored.filter(|(_, file)| file.size > 100) {
            let path = store.stored(entry, file);
            let mut bytes = fs::read(&path).unwrap();
            bytes[100] ^= 1;
            fs::write(&path, bytes).unwrap();
            strategies::files::set_time(&path, entry.time()).unwrap();
            assert!(store.is_intact(entry), "{name}: size and time say nothing");
        }
        site.wipe();
        let warm = site.build(&units, &*store);
        assert!(warm.built.compiled.iter().any(|index| site.label(*index).starts_with("plain lib")), "{name}");
        for entry in store.entries() {
            assert!(store::check(&*store, &entry, true).is_empty(), "{name}: {} was published again", entry.package);
        }
        assert_eq!(site.run("top"), "2\n");
    }
}

#[test]
fn the_last_publisher_of_a_unit_hash_displaces_the_one_before() {
    let name = "copy+aggressive~single-slot";
    let place = place();
    let (units, store, _) = built(&place, name);
    let entries = store.entries().len();
    let second = edit(&place, 2).build(&units, &*store);
    assert_eq!(second.published.units.len(), 1, "{:?}", second.published.left_out);
    assert_eq!(store.entries().len(), entries, "one for each unit hash");
    let site = edit(&place, 1);
    site.wipe();
    let session = site.session(&units, &*store);
    let explained = EntryIndex::load(&*store).explain(&session, &plan(&session));
    let reasons: Vec<&str> = explained.values().map(|it| it.reason.as_str()).collect();
    assert_eq!(reasons, ["displaced"]);
    assert_eq!(walk(&store.root().path("slots")).len(), entries);
    let limits = StoreLimits { max_age: None, max_bytes: Some(0) };
    let request =
        CollectRequest { limits, snapshots: false, now: SystemTime::now(), wait: false, dry_run: false, deep: false };
    collect(&*store, &request, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(walk(&store.root().path("slots")).is_empty(), "no slot without an entry");
}
