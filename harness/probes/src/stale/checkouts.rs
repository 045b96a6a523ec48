//! Two trees with members of one name and version: what differs is where they are.

use super::{APP, checkout, stale, word_is};
use crate::bench::Bench;
use crate::materials::package;
use crate::{Probe, Told};

pub(super) const PROBES: &[Probe] = &[
    stale(
        "same-version-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516",
        "Two checkouts hold a path member of one name and version with different sources.",
        same_version_two_checkouts,
    ),
    stale(
        "same-time-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516 https://github.com/rust-lang/cargo/issues/6529",
        "The sources of a member in two checkouts differ, and are of one length and one modification time.",
        same_time_two_checkouts,
    ),
    stale(
        "manifest-dir-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516",
        "A member keeps `env!(\"CARGO_MANIFEST_DIR\")`: each checkout's must be its own.",
        manifest_dir_two_checkouts,
    ),
    stale(
        "out-dir-kept-as-path",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A crate keeps `env!(\"OUT_DIR\")` as a path and reads from it when it runs, after the first tree is gone.",
        out_dir_kept_as_path,
    ),
    stale(
        "file-beside-the-package",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A member includes a file that lies outside its package and is edited.",
        file_beside_the_package,
    ),
    stale(
        "file-outside-the-package-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516",
        "A member of two checkouts includes a file outside its package, which is edited in either of them.",
        file_outside_the_package_two_checkouts,
    ),
    stale(
        "script-watches-outside-package-two-checkouts",
        "https://github.com/rust-lang/cargo/issues/12516 https://github.com/rust-lang/cargo/pull/2134",
        "A build script in two checkouts watches a file beside its package by an absolute path; one is edited.",
        script_watches_outside_package_two_checkouts,
    ),
    stale(
        "script-hands-on-its-place",
        "https://github.com/rust-lang/cargo/issues/12516 https://github.com/rust-lang/cargo/issues/5931",
        "A build script in two checkouts hands on the path of a file that is not the same in both.",
        script_hands_on_its_place,
    ),
    stale(
        "file-below-the-build-directory",
        "https://github.com/rust-lang/cargo/issues/5931",
        "A member includes a file below the build directory that no unit of the build made, and it changes.",
        file_below_the_build_directory,
    ),
];

fn same_version_two_checkouts(bench: &mut Bench<'_>) -> Told {
    for (tree, word) in [("first", "one"), ("second", "two")] {
        checkout(bench, tree, "", &word_is(&format!("\"{word}\"")))?;
    }
    bench.build("first")?;
    bench.prints("first", "one")?;
    bench.build("second")?;
    bench.prints("second", "two")
}

fn same_time_two_checkouts(bench: &mut Bench<'_>) -> Told {
    for (tree, word) in [("first", "one"), ("second", "two")] {
        checkout(bench, tree, "", &word_is(&format!("\"{word}\"")))?;
        // An hour that is past, as an archive or a checkout with times restored would have it.
        bench.set_time(&format!("ws/{tree}/member/src/lib.rs"), 1_700_000_000)?;
        bench.set_time(&format!("ws/{tree}/member/Cargo.toml"), 1_700_000_000)?;
    }
    bench.build("first")?;
    bench.prints("first", "one")?;
    bench.build("second")?;
    bench.prints("second", "two")
}

fn manifest_dir_two_checkouts(bench: &mut Bench<'_>) -> Told {
    for tree in ["first", "second"] {
        checkout(bench, tree, "", &word_is("env!(\"CARGO_MANIFEST_DIR\")"))?;
    }
    for tree in ["first", "second"] {
        bench.build(tree)?;
        let own = bench.at("ws").join(tree).join("member");
        bench.prints(tree, &own.to_string_lossy())?;
    }
    Ok(())
}

fn out_dir_kept_as_path(bench: &mut Bench<'_>) -> Told {
    let script = "use std::path::Path;\nfn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    let out = \
                  std::env::var(\"OUT_DIR\").unwrap();\n    std::fs::write(Path::new(&out).join(\"word\"), \
                  \"kept\").unwrap();\n}\n";
    let lib = "pub fn word() -> String {\n    std::fs::read_to_string(concat!(env!(\"OUT_DIR\"), \
               \"/word\")).unwrap_or_else(|error| error.to_string())\n}\n";
    bench.publish("dep", "1.0.0", "", &[("src/lib.rs", lib), ("build.rs", script)])?;
    for tree in ["first", "second"] {
        let manifest = package(tree, "0.1.0", "[dependencies]\ndep = \"1.0.0\"\n\n[workspace]\n");
        let main = "fn main() { println!(\"{}\", dep::word()); }\n";
        bench.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", main)])?;
    }
    bench.build("first")?;
    bench.prints("first", "kept")?;
    bench.wipe("first")?;
    bench.build("second")?;
    bench.prints("second", "kept")
}

/// Edits a file in the second of two checkouts, then in the first; each must show its own.
fn each_its_own(bench: &mut Bench<'_>, file: &str) -> Told {
    for tree in ["first", "second"] {
        bench.build(tree)?;
        bench.prints(tree, "one")?;
    }
    bench.write(&format!("ws/second/{file}"), "two")?;
    bench.build("second")?;
    bench.prints("second", "two")?;
    bench.wipe("second")?;
    bench.build("second")?;
    bench.prints("second", "two")?;
    // There and back: what the first has, restored, must not be watched in the second.
    bench.write(&format!("ws/second/{file}"), "one")?;
    bench.build("second")?;
    bench.prints("second", "one")?;
    bench.write(&format!("ws/first/{file}"), "three")?;
    bench.build("second")?;
    bench.prints("second", "one")?;
    bench.build("first")?;
    bench.prints("first", "three")
}

fn file_outside_the_package_two_checkouts(bench: &mut Bench<'_>) -> Told {
    for tree in ["first", "second"] {
        bench.write(&format!("ws/{tree}/word.txt"), "one")?;
        checkout(bench, tree, "", &word_is("include_str!(\"../../word.txt\")"))?;
    }
    each_its_own(bench, "word.txt")
}

fn script_watches_outside_package_two_checkouts(bench: &mut Bench<'_>) -> Told {
    let script = "fn main() {\n    let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();\n    let file = \
                  std::path::Path::new(&here).parent().unwrap().join(\"word.txt\");\n    \
                  println!(\"cargo::rerun-if-changed={}\", file.display());\n    let word = \
                  std::fs::read_to_string(&file).unwrap();\n    \
                  println!(\"cargo::rustc-env=SCRIPT_WORD={word}\");\n}\n";
    for tree in ["first", "second"] {
        bench.write(&format!("ws/{tree}/word.txt"), "one")?;
        bench.write(&format!("ws/{tree}/member/build.rs"), script)?;
        checkout(bench, tree, "", &word_is("env!(\"SCRIPT_WORD\")"))?;
    }
    each_its_own(bench, "word.txt")
}

fn script_hands_on_its_place(bench: &mut Bench<'_>) -> Told {
    let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    let here = \
                  std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();\n    \
                  println!(\"cargo::rustc-env=DATA={here}/data.txt\");\n}\n";
    for tree in ["first", "second"] {
        bench.write(&format!("ws/{tree}/member/data.txt"), tree)?;
        bench.write(&format!("ws/{tree}/member/build.rs"), script)?;
        checkout(bench, tree, "", &word_is("include_str!(env!(\"DATA\"))"))?;
    }
    for tree in ["first", "second", "first"] {
        bench.wipe(tree)?;
        bench.build(tree)?;
        bench.prints(tree, tree)?;
    }
    Ok(())
}

fn file_below_the_build_directory(bench: &mut Bench<'_>) -> Told {
    let made = bench.at("target/app/made.txt");
    checkout(bench, APP, "", &word_is(&format!("include_str!({:?})", made.to_string_lossy())))?;
    for word in ["one", "two", "one"] {
        bench.wipe(APP)?;
        bench.write("target/app/made.txt", word)?;
        bench.build(APP)?;
        bench.prints(APP, word)?;
    }
    Ok(())
}

fn file_beside_the_package(bench: &mut Bench<'_>) -> Told {
    bench.write("ws/app/word.txt", "none")?;
    checkout(bench, APP, "", &word_is("include_str!(\"../../word.txt\")"))?;
    super::there_and_back(bench, ["one", "two"], |bench, word| {
        bench.write("ws/app/word.txt", word)?;
        Ok(word.to_owned())
    })
}
