//! `dup`: missed by key although the same bytes were stored already, final binaries too.

use crate::support::{Place, Site, units};
use strategies::explain::EntryIndex;
use strategies::store::Store;
use strategies::units::Units;

const STRATEGIES: [&str; 3] = ["copy+aggressive", "hardlink+aggressive@dirs", "in-place+aggressive"];

/// The units that a build of `top` from nothing compiles, and whether each is a dup.
fn dups(place: &Place, units: &Units, store: &dyn Store) -> Vec<(String, bool)> {
    let site = Site::new(place, "top");
    site.wipe();
    let before = EntryIndex::load(store);
    let done = site.build(units, store);
    assert_eq!(done.published.left_out, []);
    let session = site.session(units, store);
    let compiled = done.built.compiled.iter();
    compiled.map(|index| (site.label(*index), before.is_dup(&session, &done.published, *index))).collect()
}

fn of(labels: &[(&str, bool)]) -> Vec<(String, bool)> {
    labels.iter().map(|(label, dup)| ((*label).to_owned(), *dup)).collect()
}

#[test]
fn binaries_of_other_bytes_are_no_dups_and_of_the_same_are() {
    for name in STRATEGIES {
        let place = Place::new();
        let units = units(name);
        let store = units.store.open(&place.at("store")).unwrap();
        // Of one length, so that only the bytes differ.
        let main = |say: &str| format!("fn main() {{ println!(\"{say}\"); }}\n");
        place.workspace("top", "", &[("src/main.rs", &main("one"))]);
        assert_eq!(dups(&place, &units, &*store), of(&[("top bin build", false)]), "{name}: an empty store");
        place.write("top/src/main.rs", &main("two"));
        assert_eq!(dups(&place, &units, &*store), of(&[("top bin build", false)]), "{name}: other bytes");
        // A comment at the end moves no line: another key, and what rustc makes is the same.
        place.write("top/src/main.rs", &format!("{}// no more\n", main("two")));
        assert_eq!(dups(&place, &units, &*store), of(&[("top bin build", true)]), "{name}: the same bytes");
        assert_eq!(store.entries().len(), 3);
    }
}

#[test]
fn a_script_that_wrote_nothing_is_no_dup_and_what_it_says_counts() {
    let script = |says: &str, writes: &str| {
        format!(
            "fn main() {{ let _ = \"{writes}\"; println!(\"cargo::rerun-if-changed=build.rs\"); \
             println!(\"cargo::rustc-env=SAYS={says}\"); \
             if !\"{writes}\".is_empty() {{ let out = std::env::var(\"OUT_DIR\").unwrap(); \
             std::fs::write(out + \"/made\", \"{writes}\").unwrap(); }} }}\n"
        )
    };
    for name in &STRATEGIES[..2] {
        for (writes, again, dup) in [("", "x", false), ("text", "x", true), ("text", "y", false)] {
            let place = Place::new();
            let units = units(name);
            let store = units.store.open(&place.at("store")).unwrap();
            place.workspace("top", "", &[("build.rs", &script("x", writes)), ("src/lib.rs", "")]);
            dups(&place, &units, &*store);
            place.write("top/build.rs", &format!("{}// no more\n", script(again, writes)));
            let found = dups(&place, &units, &*store);
            let run = found.iter().find(|(label, _)| label.contains("run-custom-build"));
            assert_eq!(run.unwrap().1, dup, "{name} {writes:?} {again} {found:?}");
        }
    }
}
