//! One key, two identities: an rmeta that holds the absolute `OUT_DIR`.
//!
//! `embedder` is built in two workspaces at once under one key, before either publishes.
//! Each has an rmeta, and so a crate hash, of its own. What was compiled against one must
//! never be linked with the other: rustc would say E0460 or E0463.
use std::collections::HashMap;

use crate::support::{Place, Site, units};
use strategies::store::Added;
use strategies::units::{plan, publish};

fn place() -> Place {
    let place = Place::new();
    let script = "fn main() { println!(\"cargo::rerun-if-changed=build.rs\"); }\n";
    let embeds = "pub const PLACE: &str = env!(\"OUT_DIR\");\n#[inline]\npub fn of<T>(_: T) -> usize { PLACE.len() }\n";
    place.publish("embedder", "", &[("build.rs", script), ("src/lib.rs", embeds)]);
    for (name, dependency) in [("above", "embedder"), ("beside", "embedder")] {
        let lib = format!("#[inline]\npub fn {name}<T>(t: T) -> usize {{ {dependency}::of(t) }}\n");
        place.publish(name, &format!("[dependencies]\n{dependency} = \"1\"\n"), &[("src/lib.rs", &lib)]);
    }
    let program = |deps: &[&str]| {
        let manifest: String = deps.iter().map(|dep| format!("{dep} = \"1\"\n")).collect();
        let sum: Vec<String> = deps.iter().map(|dep| format!("({dep}::{dep}(1) > 0) as u32")).collect();
        (format!("[dependencies]\n{manifest}"), format!("fn main() {{ println!(\"{{}}\", {}); }}\n", sum.join(" + ")))
    };
    for (name, deps) in [("first", &["above"][..]), ("second", &["beside"]), ("third", &["above", "beside"])] {
        let (manifest, main) = program(deps);
        place.workspace(name, &manifest, &[("src/main.rs", &main)]);
    }
    place
}

#[test]
fn dependents_of_two_identities_are_never_mixed() {
    for name in ["hardlink+aggressive", "copy+non-local@dirs", "in-place+aggressive"] {
        let place = place();
        let units = units(name);
        let store = units.store.open(&place.at("store")).unwrap();
        let [first, second, third] = ["first", "second", "third"].map(|workspace| Site::new(&place, workspace));
        // Both look before either publishes, as two builds at one time do.
        let mut plans = [&first, &second].map(|site| plan(&site.session(&units, &*store)));
        let built = [&first, &second].map(Site::cargo);
        for ((site, plan), built) in [&first, &second].into_iter().zip(&mut plans).zip(&built) {
            let published = publish(&site.session(&units, &*store), plan, built, &HashMap::new(), "t").unwrap();
            assert_eq!(published.left_out, [], "{name}");
            for unit in &published.units {
                let twin = std::ptr::eq(site, &second) && site.graph.units[unit.index].package.name == "embedder";
                let added = if twin { Added::AlreadyThere } else { Added::New };
                assert_eq!(unit.added, added, "{name} {}", site.label(unit.index));
            }
        }
        // The store has embedder as `first` built it and `above` with that; `beside` is
        // keyed on an embedder that is in no store any more.
        let done = third.build(&units, &*store);
        let hits: Vec<String> = done.restored.units.iter().map(|(index, _)| third.label(*index)).collect();
        assert!(hits.contains(&"above lib build".to_owned()), "{name} {hits:?}");
        assert!(hits.contains(&"embedder lib build".to_owned()), "{name} {hits:?}");
        assert!(!hits.contains(&"beside lib build".to_owned()), "{name} {hits:?}");
        assert_eq!(third.run("third"), "2\n");
        // All there now, in every workspace; what the second built itself stays its own.
        for (site, bin, prints) in [(&first, "first", "1\n"), (&second, "second", "1\n"), (&third, "third", "2\n")] {
            site.wipe();
            let done = site.build(&units, &*store);
            let compiled: Vec<String> = done.built.compiled.iter().map(|index| site.label(*index)).collect();
            let stale = done.restored.units.iter().filter(|(index, _)| done.built.compiled.contains(index)).count();
            assert_eq!(stale, 0, "{name} {bin}: {compiled:?}");
            assert_eq!(site.run(bin), prints, "{name}");
            assert!(site.cargo().compiled.is_empty(), "{name} {bin}");
        }
    }
}
