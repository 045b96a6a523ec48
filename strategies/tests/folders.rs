//! Folders a build script made and left empty are there again after a restore.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use support::{Place, Site, units};

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
        let units = units(name);
        let store = units.store.open(&place.at("store")).unwrap();
        place.workspace("top", "", &[("build.rs", script), ("src/main.rs", main)]);
        let site = Site::new(&place, "top");
        site.build(&units, &*store);
        assert_eq!(site.run("top"), "true\n", "{name}");
        site.wipe();
        let done = site.build(&units, &*store);
        assert!(done.built.compiled.is_empty(), "{name}");
        assert_eq!(site.run("top"), "true\n", "{name}");
    }
}
